package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// pair is an app that calls in an environment.
type pair struct{ callerAppID, environmentID string }

// denialRecorder counts refusals in memory and writes them in batches, off the
// path of calls. What strangers choose (names, environments, how often) bounds
// neither the memory nor the rows of a day: beyond the bounds refusals are still
// counted, in one line per app.
type denialRecorder struct {
	store  *store.Store
	logger *slog.Logger
	clock  func() time.Time

	mu      sync.Mutex
	lines   map[denialKey]*models.Denial
	perApp  map[pair]int // lines in memory
	dropped int64

	flushing sync.Mutex
	quit     chan struct{}
	done     chan struct{}
	once     sync.Once
}

type denialKey struct{ env, day, key string }

const (
	denialsEvery   = time.Second
	denialsInMind  = 5_000 // lines in memory between two writings
	denialsPerApp  = 200   // lines of one app in one environment on one day
	denialsPerDay  = 1_000 // lines of one environment on one day; those that stand for many come on top
	denialArgBytes = 120
	keepDenialDays = 30
)

func newDenialRecorder(s *store.Store, logger *slog.Logger, clock func() time.Time) *denialRecorder {
	r := &denialRecorder{store: s, logger: logger, clock: clock, quit: make(chan struct{}), done: make(chan struct{})}
	r.reset()
	go r.run()
	return r
}

// reset forgets what was counted. The caller holds the lock, or nobody else knows r.
func (r *denialRecorder) reset() {
	r.lines, r.perApp, r.dropped = map[denialKey]*models.Denial{}, map[pair]int{}, 0
}

// refusedCall is a refusal as the place knows it where it is decided.
type refusedCall struct {
	env, owner string // owner "" when there is no such environment
	caller     string // "" for a visitor
	shared     bool   // some share names caller and environment
	plane      models.Plane
	endUser    bool
	operation  string
	resource   string
}

// note counts a refusal; nil and errors of other kinds are not counted, nor is
// anything about an environment that does not exist: it has no owner to tell.
func (r *denialRecorder) note(c refusedCall, err error) {
	if err == nil || r == nil || c.owner == "" || !models.CountsAsDenial(c.operation, models.CodeOf(err)) && c.plane != models.PlaneConsole {
		return
	}
	d := denialOf(c, err)
	if c.caller != c.owner && !c.shared && (c.caller != "" || d.Code != models.CodeRuleDenied) {
		d = d.InOneLine()
	}
	now := r.clock().UTC().Truncate(time.Millisecond)
	d.Day, d.FirstAt, d.LastAt, d.Count = now.Format(time.DateOnly), now, now, 1
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(d)
}

// denialOf is the line of a refusal, without its times.
func denialOf(c refusedCall, err error) models.Denial {
	msg := models.MsgOf(err)
	var refusal *models.Error
	if errors.As(err, &refusal) && refusal.Refusal != nil {
		msg = models.M("denial.auth_refused", "number", refusal.Refusal.ErrCode.String())
	}
	args := make(map[string]string, len(msg.Args))
	for name, v := range msg.Args {
		args[name] = clip(fmt.Sprint(v), denialArgBytes)
	}
	text, err2 := json.Marshal(args)
	if err2 != nil {
		text = []byte("{}")
	}
	return models.Denial{
		EnvironmentID: c.env, CallerAppID: c.caller, Plane: c.plane, EndUser: c.endUser, Operation: c.operation,
		Resource: clip(c.resource, denialArgBytes), Code: models.CodeOf(err), MsgKey: msg.Key, MsgArgs: string(text),
	}
}

// lineKey is a digest of what makes a line one.
func lineKey(d models.Denial) string {
	text := fmt.Sprintf("%q", []string{d.CallerAppID, string(d.Plane), fmt.Sprint(d.EndUser), d.Operation, d.Resource, string(d.Code), d.MsgKey, d.MsgArgs})
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// add counts a line within the bounds. The caller holds the lock.
func (r *denialRecorder) add(d models.Denial) {
	d.Key = lineKey(d)
	key, app := denialKey{d.EnvironmentID, d.Day, d.Key}, pair{d.CallerAppID, d.EnvironmentID}
	if there := r.lines[key]; there != nil {
		there.Count += d.Count
		there.FirstAt, there.LastAt = earlier(there.FirstAt, d.FirstAt), later(there.LastAt, d.LastAt)
		return
	}
	full := len(r.lines) >= denialsInMind
	if d.Operation != "" && (full || r.perApp[app] >= denialsPerApp) {
		r.add(d.InOneLine())
		return
	}
	if full && len(r.lines) >= 2*denialsInMind {
		r.dropped += d.Count
		return
	}
	line := d
	r.lines[key] = &line
	r.perApp[app]++
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (r *denialRecorder) run() {
	defer close(r.done)
	tick := time.NewTicker(denialsEvery)
	defer tick.Stop()
	clean := time.NewTicker(time.Hour)
	defer clean.Stop()
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		var err error
		select {
		case <-r.quit:
			cancel()
			return
		case <-clean.C:
			err = r.store.Denials.DeleteBefore(ctx, r.clock().AddDate(0, 0, -keepDenialDays))
		case <-tick.C:
			err = r.flush(ctx)
		}
		cancel()
		if err != nil {
			r.logger.Error("record denials", "error", err)
		}
	}
}

// flush writes out everything counted before the call. What a failing database
// did not take is kept for the next time.
func (r *denialRecorder) flush(ctx context.Context) error {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	r.mu.Lock()
	if len(r.lines) == 0 && r.dropped == 0 {
		r.mu.Unlock()
		return nil
	}
	lines, dropped := r.lines, r.dropped
	r.reset()
	r.mu.Unlock()
	if dropped > 0 {
		r.logger.Warn("denials not counted: too many kinds at once", "count", dropped)
	}
	if len(lines) == 0 {
		return nil
	}
	rows, err := r.bounded(ctx, lines)
	if err == nil {
		err = r.store.Denials.Add(ctx, rows)
	}
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, d := range lines {
			r.add(*d)
		}
	}
	return err
}

// close stops the recorder after a last flush.
func (r *denialRecorder) close(ctx context.Context) error {
	r.once.Do(func() { close(r.quit) })
	<-r.done
	return r.flush(ctx)
}
