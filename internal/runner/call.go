package runner

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// call is an invocation on its way through a worker. Fields below the blank line are guarded by Runner.mu.
type call struct {
	id      string // known to the worker only while it runs this call
	depth   int
	timeout time.Duration
	done    chan struct{}

	worker    *worker
	started   time.Time
	timer     *time.Timer
	finished  bool
	cold      bool
	peak      int64
	logs      []LogLine
	logBytes  int
	truncated bool
	result    Result
	err       error
}

// lineCost is what an empty log line counts for; worker.cjs counts the same.
const lineCost = 32

// Invoke runs a function once and returns how that ended. What the function does wrong is a Result; an error means
// that the runner failed, is closed, or that the context ended. A function that has begun runs on when the context
// ends: its callers may have shorter patience than its timeout.
func (r *Runner) Invoke(ctx context.Context, v Version, in Invocation) (Result, error) {
	if err := v.normalize(); err != nil {
		return Result{}, err
	}
	if in.Timeout <= 0 {
		in.Timeout = DefaultTimeout
	}
	c := &call{id: rand.Text(), depth: in.Depth, timeout: in.Timeout, done: make(chan struct{})}
	frame, err := invocationFrame(c.id, v, in)
	if err != nil {
		return Result{}, err
	}
	w, err := r.acquire(ctx, v, c)
	if err != nil {
		return Result{}, err
	}
	if w != nil {
		if err := w.send(frame); err != nil {
			r.mu.Lock()
			r.end(w, fate{StatusCrashed, "The function's process ended before it could be called."})
			r.mu.Unlock()
		}
	}
	select {
	case <-c.done:
		return c.result, c.err
	case <-ctx.Done():
	}
	select {
	case <-c.done: // both at once: there is a result
		return c.result, c.err
	default:
		return Result{}, ctx.Err()
	}
}

// normalize fills in defaults and refuses what no worker can serve.
func (v *Version) normalize() error {
	if v.MemoryMB == 0 {
		v.MemoryMB = DefaultMemoryMB
	}
	if v.Concurrency == 0 {
		v.Concurrency = 1
	}
	known := false
	for _, size := range MemorySizes() {
		known = known || size == v.MemoryMB
	}
	switch {
	case !known:
		return fmt.Errorf("version %s: %d MB is not a memory size", v.ID, v.MemoryMB)
	case v.Concurrency < 0:
		return fmt.Errorf("version %s: concurrency %d is negative", v.ID, v.Concurrency)
	case v.ID == "" || v.Dir == "":
		return errors.New("version without id or folder")
	}
	return nil
}

func invocationFrame(id string, v Version, in Invocation) ([]byte, error) {
	event := in.Event
	if len(event) == 0 {
		event = json.RawMessage("{}")
	}
	return encodeFrame(invokeFrame{
		Type: "invoke", ID: id, Event: event, Env: in.Env,
		Context: invokeContext{
			RequestID: in.RequestID, MemoryLimitInMB: v.MemoryMB, TimeLimitInMS: in.Timeout.Milliseconds(),
			FunctionVersion: strconv.Itoa(v.Number), FunctionName: v.FunctionName, Namespace: v.EnvironmentID,
		},
	})
}

// begin gives c to w; mu is held. Whoever waits for c sends the frame.
func (r *Runner) begin(w *worker, c *call) {
	c.worker, c.started, c.cold = w, time.Now(), w.served == 0
	if c.cold && w.loading != nil { // what the code printed while it was loaded
		c.logs, c.truncated = w.loading.logs, w.loading.truncated
	}
	w.loading = nil
	w.served++
	w.calls[c.id] = c
	if c.depth <= 0 {
		if w.outside++; w.outside == 1 {
			r.claim(w.pool.version.EnvironmentID)
		}
	}
	r.running++
	c.timer = time.AfterFunc(c.timeout, func() { r.expire(c) })
}

// expire ends a call that ran too long. Nothing can stop JavaScript but the end of its process, which waits for
// other calls in it: they have timeouts of their own.
func (r *Runner) expire(c *call) {
	r.mu.Lock()
	defer r.mu.Unlock()

	if c.finished {
		return
	}
	w := c.worker
	w.retiring = true
	if len(w.calls) == 1 {
		r.end(w, fate{StatusTimedOut, ""})
	} else {
		w.abandoned[c.id] = true
	}
	seconds := strconv.FormatFloat(c.timeout.Seconds(), 'f', -1, 64)
	r.finish(c, Result{Status: StatusTimedOut, Error: "Invoking task timed out after " + seconds + " seconds"}, nil)
}

// finish settles c once, and frees its place in the worker; mu is held.
func (r *Runner) finish(c *call, result Result, err error) {
	if c.finished {
		return
	}
	c.finished = true
	c.err = err
	result.Logs, result.LogsTruncated = c.logs, c.truncated
	result.Cold, result.MemoryBytes = c.cold, c.peak
	result.Duration = time.Since(c.started)
	c.result = result
	close(c.done)

	w := c.worker
	if w.calls[c.id] != c {
		return // a call that stood for loading
	}
	c.timer.Stop()
	delete(w.calls, c.id)
	if c.depth <= 0 {
		if w.outside--; w.outside == 0 {
			r.unclaim(w.pool.version.EnvironmentID)
		}
	}
	r.running--
	if r.closed && r.running == 0 && !r.killed {
		close(r.quiet)
	}
	w.lastUsed = time.Now()
	if (w.retiring || r.closed) && len(w.calls) == 0 {
		r.end(w, fate{})
	}
	if r.queued > 0 {
		r.rebalance()
	}
}

// handle acts on one frame of a worker; an error means that the worker does not keep to the protocol.
func (r *Runner) handle(w *worker, f workerFrame) error {
	var resident int64
	if f.Type == "result" {
		resident = w.residentBytes()
	}
	r.mu.Lock()
	defer r.mu.Unlock()

	switch f.Type {
	case "ready":
		if w.isReady {
			return errors.New("ready twice")
		}
		w.isReady = true
		close(w.ready)
	case "retire":
		if w.retireAsked {
			return errors.New("retire twice")
		}
		w.retireAsked = true
		r.retire(w)
	case "loaded":
		c := w.loading
		if c == nil || c.finished || f.ID != c.id || !loadStatus(f.Status) {
			return errors.New("loaded out of turn")
		}
		r.finish(c, Result{Status: f.Status, Error: f.Error}, nil)
	case "log":
		return w.keepLog(f, r.cfg.LogLimit)
	case "result":
		return r.handleResult(w, f, resident)
	default:
		return fmt.Errorf("frame of unknown type %q", f.Type)
	}
	return nil
}

func (r *Runner) handleResult(w *worker, f workerFrame, resident int64) error {
	c := w.calls[f.ID]
	if c == nil {
		if w.abandoned[f.ID] {
			delete(w.abandoned, f.ID)
			return nil
		}
		return errors.New("result of an unknown invocation")
	}
	c.peak = max(c.peak, resident)
	result := Result{Status: f.Status, Error: f.Error}
	switch f.Status {
	case StatusOK:
		if len(f.Value) > r.cfg.ResultLimit || len(f.Value) == 0 {
			return errors.New("result over its limit")
		}
		result.Value, result.Error = f.Value, ""
	case StatusFailed, StatusExited, StatusResultTooLarge, StatusNotJSON:
	default:
		return fmt.Errorf("result with status %q", f.Status)
	}
	r.finish(c, result, nil)
	return nil
}

func loadStatus(s Status) bool {
	return s == StatusOK || s == StatusNotLoadable || s == StatusExited
}

// keepLog adds a line to the call it belongs to; mu is held.
func (w *worker) keepLog(f workerFrame, limit int) error {
	c := w.calls[f.ID]
	if c == nil && w.loading != nil && w.loading.id == f.ID {
		c = w.loading
	}
	if c == nil {
		if w.abandoned[f.ID] {
			return nil
		}
		return errors.New("log of an unknown invocation")
	}
	c.logBytes += len(f.Text) + lineCost
	if c.logBytes > limit+2*lineCost {
		c.truncated = true
		return nil
	}
	c.truncated = c.truncated || f.Truncated
	stream := "stdout"
	if f.Stream == "stderr" {
		stream = "stderr"
	}
	c.logs = append(c.logs, LogLine{Time: time.UnixMilli(f.Time).UTC(), Stream: stream, Text: f.Text})
	return nil
}
