package service

import (
	"context"
	"io"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// countKey names a counter: what an app did in an environment in an hour, or, with
// a name, the runs of a function.
type countKey struct {
	environmentID, callerAppID, function string
	operation                            models.Permission
	hour                                 int64 // since 1970
}

// How long counts are kept: by the hour, and by day and month.
const (
	keepHours = 14 * 24 * time.Hour
	keepDays  = 400 * 24 * time.Hour
	// countTicks is how many ticks counts wait in memory when nothing else is
	// written: a crash loses no more than that.
	countTicks = 10
)

// tally returns a counter, nil when there is no room for another one. Hold mu.
func (r *recorder) tally(k countKey) *models.Tally {
	k.hour = r.clock().Unix() / 3600
	if t := r.counts[k]; t != nil {
		return t
	}
	if len(r.counts) >= recordAtMost {
		r.dropped++
		return nil
	}
	if r.counts == nil {
		r.counts = map[countKey]*models.Tally{}
	}
	t := &models.Tally{}
	r.counts[k] = t
	return t
}

// count counts a call that ran no function.
func (r *recorder) count(environmentID, callerAppID string, operation models.Permission, o models.Outcome) {
	r.mu.Lock()
	if t := r.tally(countKey{environmentID: environmentID, callerAppID: callerAppID, operation: operation}); t != nil {
		t.Count(o)
	}
	r.mu.Unlock()
}

// transferred counts bytes of files.
func (r *recorder) transferred(environmentID, callerAppID string, operation models.Permission, bytes int64) {
	if bytes <= 0 {
		return
	}
	r.mu.Lock()
	if t := r.tally(countKey{environmentID: environmentID, callerAppID: callerAppID, operation: operation}); t != nil {
		t.Bytes += bytes
	}
	r.mu.Unlock()
}

// ran counts a run of a function, for its caller and for the function. Hold mu.
func (r *recorder) ran(i models.Invocation) {
	for _, key := range [...]countKey{
		{environmentID: i.EnvironmentID, callerAppID: i.CallerAppID, operation: models.FunctionsInvoke},
		{environmentID: i.EnvironmentID, function: i.FunctionName, operation: models.FunctionsInvoke},
	} {
		if t := r.tally(key); t != nil {
			t.CountRun(i)
		}
	}
}

// countRows are counts as the store adds them.
func countRows(counts map[countKey]*models.Tally) []store.UsageCount {
	out := make([]store.UsageCount, 0, len(counts))
	for k, t := range counts {
		out = append(out, store.UsageCount{
			EnvironmentID: k.environmentID, FunctionName: k.function, CallerAppID: k.callerAppID, Operation: k.operation,
			Period: time.Unix(k.hour*3600, 0).UTC().Format(models.HourLayout), Tally: *t,
		})
	}
	return out
}

// putCountsBack keeps counts that the database did not take. Hold mu.
func (r *recorder) putCountsBack(counts map[countKey]*models.Tally) {
	for k, t := range counts {
		switch newer := r.counts[k]; {
		case newer != nil:
			newer.Add(*t)
		case len(r.counts) >= recordAtMost:
			r.dropped++
		default:
			if r.counts == nil {
				r.counts = map[countKey]*models.Tally{}
			}
			r.counts[k] = t
		}
	}
}

// clean drops what is kept no longer.
func (r *recorder) clean(ctx context.Context) error {
	now := r.clock().UTC()
	for _, step := range []func() error{
		func() error { return r.store.Invocations.DeleteBefore(ctx, now.Add(-keepInvocations)) },
		func() error { return r.store.Sessions.DeleteExpired(ctx, now) },
		func() error {
			return r.store.Usage.DropCounts(ctx, now.Add(-keepHours), now.Add(-keepDays))
		},
		func() error {
			return r.store.Clients.DropVisitors(ctx, now.Add(-models.KeepVisitors), models.MaxVisitors)
		},
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// concerns reports whether a call of an app, "" for a visitor without login, is
// counted in an environment: by its owner, by who borrows it, and by visitors
// where they are let in. Nobody else can write into its statistics.
func (f *facts) concerns(callerAppID, environmentID string) bool {
	owner := f.Owners[environmentID]
	if owner == "" {
		return false
	}
	if callerAppID == "" {
		return f.Policies[environmentID].Unauthenticated
	}
	if owner == callerAppID {
		return true
	}
	_, borrows := f.Grants[store.GrantKey{GranteeAppID: callerAppID, EnvironmentID: environmentID}]
	return borrows
}

// counted counts a call of the data plane by how it ended.
func (s *Calls) counted(environmentID, callerAppID string, operation models.Permission, err error) {
	if f := s.facts.current.Load(); f != nil && f.concerns(callerAppID, environmentID) {
		s.recorder.count(environmentID, callerAppID, operation, models.OutcomeOf(err))
	}
}

// countedFor is counted for the holder of a credential. Defer it with the address
// of the call's error.
func (s *Calls) countedFor(cred *Credential, info *CallInfo, operation models.Permission, err *error) {
	environmentID := info.EnvironmentID
	if environmentID == "" {
		environmentID = cred.EnvironmentID()
	}
	s.counted(environmentID, cred.AppID(), operation, *err)
}

func (s *Documents) counted(c *DocumentCall, operation models.Permission, err *error) {
	s.calls.countedFor(&c.Credential, &c.Info, operation, err)
}

// countedFor is counted for a client.
func (s *Clients) countedFor(c *ClientCall, operation models.Permission, err *error) {
	s.calls.counted(c.EnvironmentID, c.Client.AppID(), operation, *err)
}

// countedBody counts the bytes that are read of a file.
type countedBody struct {
	io.ReadCloser
	read int64
	done func(bytes int64)
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	return n, err
}

// Close implements io.Closer.
func (b *countedBody) Close() error {
	b.done(b.read)
	b.read = 0
	return b.ReadCloser.Close()
}
