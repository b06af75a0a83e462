package service

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// recorder writes invocations and counts in batches, off the path of calls.
type recorder struct {
	store  *store.Store
	logger *slog.Logger
	clock  func() time.Time

	mu          sync.Mutex
	invocations []models.Invocation
	usage       map[store.UsageDay]*store.UsageDay // keyed by its three ids
	counts      map[countKey]*models.Tally
	dropped     int
	today       int64 // days since 1970 of date
	date        string

	flushing sync.Mutex // one flush at a time, so that flush returns after older ones
	wake     chan struct{}
	quit     chan struct{}
	done     chan struct{}
	once     sync.Once
}

const (
	recordEvery  = 200 * time.Millisecond
	recordMany   = 200    // invocations that are written without waiting
	recordAtMost = 10_000 // more are dropped and counted: a slow database must not eat the memory
	// keepInvocations is how long runs and their logs are kept.
	keepInvocations = 30 * 24 * time.Hour
)

func newRecorder(s *store.Store, logger *slog.Logger, clock func() time.Time) *recorder {
	r := &recorder{
		store: s, logger: logger, clock: clock, usage: map[store.UsageDay]*store.UsageDay{},
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go r.run()
	return r
}

// invocation takes note of a run.
func (r *recorder) invocation(i models.Invocation) {
	r.mu.Lock()
	if len(r.invocations) < recordAtMost {
		r.invocations = append(r.invocations, i)
	} else {
		r.dropped++
	}
	many := len(r.invocations) >= recordMany
	r.ran(i)
	r.mu.Unlock()
	if many {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// call counts a call of an app in another app's environment.
func (r *recorder) call(environmentID, callerAppID string, denied bool) {
	now := r.clock().UTC().Truncate(time.Millisecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	if today := now.Unix() / 86400; r.date == "" || r.today != today {
		r.today, r.date = today, now.Format(time.DateOnly)
	}
	key := store.UsageDay{EnvironmentID: environmentID, CallerAppID: callerAppID, Day: r.date}
	day := r.usage[key]
	if day == nil {
		if len(r.usage) >= recordAtMost {
			r.dropped++
			return
		}
		entry := key
		day = &entry
		r.usage[key] = day
	}
	if denied {
		day.Denied++
		return
	}
	day.Calls++
	if day.LastAt == nil {
		day.LastAt = new(time.Time)
	}
	*day.LastAt = now
}

func (r *recorder) run() {
	defer close(r.done)
	tick := time.NewTicker(recordEvery)
	defer tick.Stop()
	clean := time.NewTicker(time.Hour)
	defer clean.Stop()
	for ticks := 0; ; {
		select {
		case <-r.quit:
			return
		case <-clean.C:
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			err := r.clean(ctx)
			cancel()
			if err != nil {
				r.logger.Error("clean up old records", "error", err)
			}
		case <-tick.C:
			if ticks++; ticks%countTicks == 0 || r.hurries() {
				r.flushLogged()
			}
		case <-r.wake:
			r.flushLogged()
		}
	}
}

// hurries reports whether there is more to write than counts.
func (r *recorder) hurries() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.invocations) > 0 || len(r.usage) > 0
}

func (r *recorder) flushLogged() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := r.flush(ctx); err != nil {
		r.logger.Error("record invocations and usage", "error", err)
	}
}

// flush writes out everything noted before the call. What a failing database
// did not take is kept for the next time.
func (r *recorder) flush(ctx context.Context) error {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	r.mu.Lock()
	invocations, usage, counts, dropped := r.invocations, r.usage, r.counts, r.dropped
	r.invocations, r.usage, r.counts, r.dropped = nil, map[store.UsageDay]*store.UsageDay{}, nil, 0
	r.mu.Unlock()
	if dropped > 0 {
		r.logger.Warn("records dropped: the database is too slow", "count", dropped)
	}
	if len(invocations) == 0 && len(usage) == 0 && len(counts) == 0 {
		return nil
	}
	days := make([]store.UsageDay, 0, len(usage))
	for _, day := range usage {
		days = append(days, *day)
	}
	err := r.write(ctx, invocations, days, countRows(counts))
	if err != nil {
		r.putBack(invocations, usage, counts)
	}
	return err
}

// write adds everything or nothing, without what is of an environment that is being
// removed, or was by another process: nothing would ever drop it.
func (r *recorder) write(ctx context.Context, invocations []models.Invocation, days []store.UsageDay, counts []store.UsageCount) error {
	var ids []string
	for _, i := range invocations {
		ids = append(ids, i.EnvironmentID)
	}
	for _, d := range days {
		ids = append(ids, d.EnvironmentID)
	}
	for _, c := range counts {
		ids = append(ids, c.EnvironmentID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return r.store.Batch(ctx, func(tx *store.Store) error {
		kept, err := tx.Environments.Keep(ctx, ids)
		if err != nil {
			return err
		}
		// Copies: what a failing database does not take is put back as it was.
		invocations := slices.DeleteFunc(slices.Clone(invocations), func(i models.Invocation) bool { return !kept[i.EnvironmentID] })
		days := slices.DeleteFunc(slices.Clone(days), func(d store.UsageDay) bool { return !kept[d.EnvironmentID] })
		counts := slices.DeleteFunc(slices.Clone(counts), func(c store.UsageCount) bool { return !kept[c.EnvironmentID] })
		if err := tx.Invocations.InsertBatch(ctx, invocations); err != nil {
			return err
		}
		if err := tx.Usage.Add(ctx, days); err != nil {
			return err
		}
		return tx.Usage.AddCounts(ctx, counts)
	})
}

func (r *recorder) putBack(invocations []models.Invocation, usage map[store.UsageDay]*store.UsageDay, counts map[countKey]*models.Tally) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.putCountsBack(counts)
	room := min(len(invocations), max(0, recordAtMost-len(r.invocations)))
	r.dropped += len(invocations) - room
	r.invocations = append(invocations[:room], r.invocations...)
	for key, day := range usage {
		newer := r.usage[key]
		if newer == nil && len(r.usage) >= recordAtMost {
			r.dropped++
			continue
		}
		if newer == nil {
			r.usage[key] = day
			continue
		}
		newer.Calls += day.Calls
		newer.Denied += day.Denied
		if newer.LastAt == nil {
			newer.LastAt = day.LastAt
		}
	}
}

// close stops the recorder after a last flush.
func (r *recorder) close(ctx context.Context) error {
	r.once.Do(func() { close(r.quit) })
	<-r.done
	return r.flush(ctx)
}
