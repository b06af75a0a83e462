package models

import (
	"math/bits"
	"time"
)

// CountedOperations are what calls are counted by: the permissions of the data plane.
func CountedOperations() []Permission {
	return []Permission{FunctionsInvoke, DatabaseRead, DatabaseWrite, StorageRead, StorageWrite}
}

// Tally is what was counted of calls of one kind.
type Tally struct {
	Calls  int64 // let through, failed ones included
	Errors int64 // let through, and failed
	Denied int64 // refused; not among the calls
	Bytes  int64 // of files, that came in or went out
	// The rest is of functions alone.
	DurationMS  int64 // of all runs together
	LongestMS   int64
	MemoryBytes int64 // the most that a run used
	Durations   Histogram
}

// Outcome is how a call ended.
type Outcome int

// The ways in which a call ends, as they are counted.
const (
	OutcomeOK Outcome = iota
	OutcomeError
	OutcomeDenied
)

// OutcomeOf tells refusals from failures.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return OutcomeOK
	}
	switch CodeOf(err) {
	case CodeUnauthenticated, CodeForbidden, CodeEnvUnknown, CodeEnvNotShared, CodeSessionInvalid, CodePermissionMissing, CodeRuleDenied:
		return OutcomeDenied
	}
	return OutcomeError
}

// Count counts one call.
func (t *Tally) Count(o Outcome) {
	switch o {
	case OutcomeDenied:
		t.Denied++
		return
	case OutcomeError:
		t.Errors++
	}
	t.Calls++
}

// CountRun counts one run of a function.
func (t *Tally) CountRun(i Invocation) {
	outcome := OutcomeOK
	if i.Status != InvocationOK {
		outcome = OutcomeError
	}
	t.Count(outcome)
	t.DurationMS += i.DurationMS
	t.LongestMS = max(t.LongestMS, i.DurationMS)
	t.MemoryBytes = max(t.MemoryBytes, i.MemoryBytes)
	t.Durations.Count(i.DurationMS)
}

// Add adds what was counted elsewhere.
func (t *Tally) Add(o Tally) {
	t.Calls += o.Calls
	t.Errors += o.Errors
	t.Denied += o.Denied
	t.Bytes += o.Bytes
	t.DurationMS += o.DurationMS
	t.LongestMS = max(t.LongestMS, o.LongestMS)
	t.MemoryBytes = max(t.MemoryBytes, o.MemoryBytes)
	for i, n := range o.Durations {
		t.Durations[i] += n
	}
}

// Percentile estimates below which duration a share of the runs stayed, in
// milliseconds; -1 without runs. It is exact to the bucket, in which runs are
// taken to be spread evenly, and never more than the longest.
func (t Tally) Percentile(share float64) int64 {
	total := t.Durations.total()
	if total == 0 {
		return -1
	}
	rank, before := share*float64(total), int64(0)
	for i, n := range t.Durations {
		if n == 0 || float64(before+n) < rank {
			before += n
			continue
		}
		from, to := t.Durations.bounds(i)
		to = min(to, max(from, t.LongestMS))
		return from + int64(float64(to-from)*(rank-float64(before))/float64(n))
	}
	return t.LongestMS
}

// Histogram counts durations in buckets, each twice as wide as the one before: up
// to 8 ms, 16 ms, 32 ms and so on; the last one is open.
type Histogram [HistogramBuckets]int64

// HistogramBuckets is how many buckets a histogram has; the last begins at 32.8 s.
const (
	HistogramBuckets = 14
	firstBucketBits  = 3 // the first bucket ends before 1<<3 ms
)

// Count counts a duration in milliseconds.
func (h *Histogram) Count(ms int64) {
	i := bits.Len64(uint64(max(ms, 0))) - firstBucketBits
	h[min(max(i, 0), HistogramBuckets-1)]++
}

func (h *Histogram) total() (n int64) {
	for _, one := range h {
		n += one
	}
	return n
}

// bounds returns where a bucket begins and ends; the last one ends with the
// longest timeout of a function.
func (h *Histogram) bounds(i int) (from, to int64) {
	if i > 0 {
		from = 1 << (firstBucketBits + i - 1)
	}
	if i == HistogramBuckets-1 {
		return from, max(from, MaxTimeoutSeconds*time.Second.Milliseconds())
	}
	return from, 1 << (firstBucketBits + i)
}

// UsageSide is who made calls, from where somebody looks at them.
type UsageSide string

// The sides.
const (
	SideSelf    UsageSide = "self"    // the app that looks
	SideOthers  UsageSide = "others"  // other apps
	SideVisitor UsageSide = "visitor" // visitors without login
)

// UsagePoint is what one side did in one period.
type UsagePoint struct {
	Period    string // as one of the layouts writes it
	Operation Permission
	Side      UsageSide
	Tally
}

// NamesCaller reports whether somebody who sees an environment's statistics learns
// that an app called in it: its owner learns of all, a borrower of itself alone.
// All others are one sum for a borrower: who else borrows is the owner's to know.
func (v EnvironmentView) NamesCaller(appID string) bool {
	return !v.Borrowed() || appID == v.Through.AppID
}

// MayMonitorFunction reports whether the actor may see how a function does: who
// may see the function, and the statistics.
func MayMonitorFunction(s Standing, v EnvironmentView, now time.Time) Decision {
	if d := MayUse(s, v, FunctionsView, now); !d.Allowed {
		return d
	}
	return MayUse(s, v, StatisticsView, now)
}
