package models

import (
	"slices"
	"time"
)

// AppFacts is what decides whether and where an app enters the console (S11).
type AppFacts struct {
	App App
	// OwnEnvironments are the app's environments, oldest first: the oldest one, and
	// as many more as somebody needs.
	OwnEnvironments []Environment
	// Incoming are the shares granted to the app, in any order: the oldest one that
	// works, the oldest one that has not ended, and as many more as somebody needs.
	Incoming []Share
}

// Activated reports whether the app owns at least one environment.
func (f AppFacts) Activated() bool { return len(f.OwnEnvironments) > 0 }

// LiveIncoming returns the incoming shares that have not ended, oldest first. A
// paused share has not ended: its owner may resume it.
func (f AppFacts) LiveIncoming(now time.Time) []Share {
	var live []Share
	for _, s := range f.Incoming {
		if !s.Expired(now) {
			live = append(live, s)
		}
	}
	slices.SortStableFunc(live, func(a, b Share) int {
		if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
			return c
		}
		return cmpString(a.ID, b.ID)
	})
	return live
}

func cmpString(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// HasConsoleEntry reports whether the app may open the console at all: it is
// activated, or an app shares an environment with it.
func (f AppFacts) HasConsoleEntry(now time.Time) bool {
	return f.Activated() || len(f.LiveIncoming(now)) > 0
}

// SharingOn reports whether environment sharing is on. For an app that owns
// nothing it follows its incoming shares, so an expiry needs no clean-up to
// take effect.
func (f AppFacts) SharingOn(now time.Time) bool {
	if f.Activated() {
		return f.App.Sharing
	}
	return len(f.LiveIncoming(now)) > 0
}

// DefaultEnvironment returns the id of the environment that the console opens
// on: the oldest own one, else the first environment of the oldest incoming
// share that works, else "" (S11).
func (f AppFacts) DefaultEnvironment(now time.Time) string {
	if f.Activated() {
		return f.OwnEnvironments[0].ID
	}
	for _, s := range f.LiveIncoming(now) {
		if s.Status(now) == ShareActive && len(s.Grants) > 0 {
			return s.Grants[0].EnvironmentID
		}
	}
	return ""
}

// SharingAfterIncoming returns the stored sharing flag of a grantee after a
// share was granted to it: the first incoming share turns sharing on for an app
// that never activated cloud development; others keep what they chose.
func SharingAfterIncoming(f AppFacts) bool {
	return f.App.Sharing || !f.Activated()
}

// SharingAfterLeaving returns the stored sharing flag of a grantee after an
// incoming share ended; f holds the shares that remain. When none is left and
// the app owns nothing, sharing goes off.
func SharingAfterLeaving(f AppFacts, now time.Time) bool {
	return f.App.Sharing && f.HasConsoleEntry(now)
}

// SharingAfterActivation returns the stored sharing flag of an app that created
// an environment: what was on stays on. The flag that an expired share left
// behind does not count.
func SharingAfterActivation(before AppFacts, now time.Time) bool {
	return before.SharingOn(now)
}
