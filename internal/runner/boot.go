package runner

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// loadTimeout bounds the loading of a function's code, which its own timeout does not count.
	loadTimeout = 8 * time.Second
	// spareDelay keeps new spares from competing with the call that took the last one.
	spareDelay = 100 * time.Millisecond
	// spareRetry is the first pause after a spare failed to start; it doubles up to 64 times that.
	spareRetry = time.Second
)

var errStart = errors.New("the worker process did not start")

// boot makes a spare, or a new process if there is none, a worker of p.
// The generation is that of the pool when this was decided: Retire may come in between.
func (r *Runner) boot(p *pool, spare *worker, generation int) {
	defer r.background.Done()

	w, loading, err := r.prepare(p, spare)

	r.mu.Lock()
	defer r.mu.Unlock()

	p.starting--
	r.unclaim(p.version.EnvironmentID)
	p.lastGrowth = time.Now()
	r.booting--
	if w == nil {
		r.assigned-- // nobody took the place that grow reserved
	}
	r.replenishSoon()
	switch {
	case err != nil && r.closed: // its process was killed while it started
	case err != nil:
		r.log.Error("start worker", "version", p.version.ID, "error", err)
		r.settleWaiting(p, nil, fmt.Errorf("start worker for version %s: %w", p.version.ID, err))
	case loading.result.Status != StatusOK:
		r.end(w, fate{})
		r.settleWaiting(p, loading, nil)
	case r.closed || w.ended || w.retiring:
		r.end(w, fate{})
	default:
		w.loadedAt, w.lastUsed = time.Now(), time.Now()
		p.workers = append(p.workers, w)
		r.rebalance()
		if p.generation != generation {
			r.retire(w)
		}
	}
	r.forget(p)
	r.rebalance()
}

// prepare returns a worker with p's code loaded, or with the result that says why the code cannot be loaded.
func (r *Runner) prepare(p *pool, w *worker) (*worker, *call, error) {
	if w == nil {
		var err error
		if w, err = r.spawn(p.version.MemoryMB); err != nil {
			return nil, nil, err
		}
	}
	loading := &call{id: rand.Text(), done: make(chan struct{}), worker: w, started: time.Now()}
	r.mu.Lock()
	r.dropSpare(w)
	w.pool = p
	w.counted = true // it takes the place that grow reserved
	if w.ended {
		r.detach(w)
	}
	r.mu.Unlock()

	select {
	case <-w.ready:
	case <-w.gone:
		return w, nil, errStart
	case <-time.After(startLimit):
		r.abort(w)
		return w, nil, errStart
	}
	if err := copyCode(p.version.Dir, filepath.Join(w.dir, "code")); err != nil {
		r.abort(w)
		return w, nil, err
	}
	frame, err := encodeFrame(loadFrame{
		Type: "load", ID: loading.id, Env: r.loadedEnv(w, p.version),
		Settings: loadSettings{LogLimit: r.cfg.LogLimit, ResultLimit: r.cfg.ResultLimit, Concurrency: p.version.Concurrency},
	})
	if err != nil {
		r.abort(w)
		return w, nil, err
	}
	r.mu.Lock()
	w.loading = loading
	r.mu.Unlock()
	r.load(w, loading, frame)
	return w, loading, nil
}

func (r *Runner) abort(w *worker) {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.end(w, fate{})
}

// load sends the frame and waits until the code is loaded, has failed to, or has ended its process.
func (r *Runner) load(w *worker, loading *call, frame []byte) {
	_ = w.send(frame) // fails only when the process is ending, which finishes the call
	select {
	case <-loading.done:
		return
	case <-w.gone:
	case <-time.After(loadTimeout):
	}
	r.mu.Lock()
	defer r.mu.Unlock()

	text := fmt.Sprintf("Loading the function timed out after %g seconds", loadTimeout.Seconds())
	r.finish(loading, Result{Status: StatusTimedOut, Error: text}, nil)
}

// loadedEnv is what every run of a version sees: its own variables and over them what every worker has. Only the time
// zone is the author's to choose.
func (r *Runner) loadedEnv(w *worker, v Version) map[string]string {
	env := map[string]string{}
	maps.Copy(env, v.Variables)
	for _, pair := range r.baseEnv(w) {
		key, value, _ := strings.Cut(pair, "=")
		if _, own := v.Variables[key]; own && key == "TZ" {
			continue
		}
		env[key] = value
	}
	return env
}

// settleWaiting ends the calls that waited for a worker that cannot be had: all of them where the next attempt would
// end alike, else the first.
func (r *Runner) settleWaiting(p *pool, loading *call, err error) {
	for len(p.waiters) > 0 {
		q := r.dequeue(p, 0)
		if err != nil {
			q.granted <- outcome{err: err}
		} else {
			q.call.result = loading.result
			q.call.result.Cold = true
			q.call.finished = true
			close(q.call.done)
			q.granted <- outcome{}
			if loading.result.Status != StatusNotLoadable {
				return
			}
		}
	}
}

// takeSpare returns a spare of the size, a ready one first, or nil; mu is held.
func (r *Runner) takeSpare(memoryMB int) *worker {
	list := r.spares[memoryMB]
	if len(list) == 0 {
		return nil
	}
	i := max(slices.IndexFunc(list, func(w *worker) bool { return w.isReady }), 0)
	w := list[i]
	r.dropSpare(w)
	return w
}

func (r *Runner) dropSpare(w *worker) {
	list := r.spares[w.memoryMB]
	if i := slices.Index(list, w); i >= 0 {
		r.spares[w.memoryMB] = slices.Delete(list, i, i+1)
	}
}

// replenishSoon lets spares be started when the present call is likely over; mu is held.
func (r *Runner) replenishSoon() {
	if r.closed {
		return
	}
	delay := spareDelay
	if r.spareFailures > 0 {
		delay = spareRetry << min(r.spareFailures-1, 6)
	}
	if r.spareTimer != nil {
		r.spareTimer.Reset(delay)
		return
	}
	r.spareTimer = time.AfterFunc(delay, func() {
		r.mu.Lock()
		defer r.mu.Unlock()

		r.replenish()
	})
}

// replenish starts one missing spare; its readiness brings the next. mu is held.
func (r *Runner) replenish() {
	if r.closed || r.spareStarting {
		return
	}
	for _, size := range MemorySizes() {
		if r.sizes[size] && len(r.spares[size]) < r.cfg.Spares {
			r.spareStarting = true
			r.background.Add(1)
			go r.startSpare(size)
			return
		}
	}
}

func (r *Runner) startSpare(size int) {
	defer r.background.Done()

	w, err := r.spawn(size)
	if err == nil {
		r.mu.Lock()
		if !r.closed {
			r.spares[size] = append(r.spares[size], w)
		} else {
			r.end(w, fate{})
		}
		r.mu.Unlock()
		select {
		case <-w.ready:
		case <-w.gone:
			err = errors.New(strings.TrimSpace(errStart.Error() + lastWords(w.output.String(), w.dir)))
		case <-time.After(startLimit):
			r.abort(w)
			err = errStart
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()

	r.spareStarting = false
	if err == nil || r.closed {
		r.spareFailures = 0
		r.replenish()
		return
	}
	r.spareFailures++
	r.log.Error("start spare worker", "memory_mb", size, "error", err)
	r.replenishSoon()
}
