package models

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Share lends environments of one owner app to one grantee app (S6: there is at
// most one per pair). It holds one grant per environment.
type Share struct {
	ID           string
	OwnerAppID   string
	GranteeAppID string
	Note         string
	Until        *time.Time // exclusive end, nil for no end
	PausedAt     *time.Time
	CreatedAt    time.Time
	UpdatedAt    time.Time
	// Version grows with every change; a form that was opened on an older one
	// is refused instead of overwriting somebody else's change.
	Version int
	Grants  []Grant
}

// Grant is the permissions given on one environment of a share. Its id is new
// whenever the environment is added to the share, so that a session opened under
// an earlier grant does not come back to life with a later one.
type Grant struct {
	ID            string
	EnvironmentID string
	Permissions   PermissionSet
}

// ShareStatus is what people see of a share.
type ShareStatus string

// The statuses of a share.
const (
	ShareActive  ShareStatus = "active"
	SharePaused  ShareStatus = "paused"
	ShareExpired ShareStatus = "expired"
)

// Status returns the state of the share at a time. Expired goes before paused:
// resuming would not bring it back.
func (s Share) Status(now time.Time) ShareStatus {
	switch {
	case s.Expired(now):
		return ShareExpired
	case s.PausedAt != nil:
		return SharePaused
	}
	return ShareActive
}

// Expired reports whether the share's end has come (S7).
func (s Share) Expired(now time.Time) bool { return s.Until != nil && !now.Before(*s.Until) }

// Grant returns the grant on an environment.
func (s Share) Grant(environmentID string) (Grant, bool) {
	for _, g := range s.Grants {
		if g.EnvironmentID == environmentID {
			return g, true
		}
	}
	return Grant{}, false
}

// maxNote bounds the note of a share, in characters.
const maxNote = 200

// maxGrants bounds the environments of one share.
const maxGrants = 100

// Validate checks what the form of a share can get wrong: nothing to share, an
// environment without permission (S5), an end that has passed, a long note.
// Facts about apps and environments are MayShare's business.
func (s Share) Validate(now time.Time) error {
	f := Fields{}
	if !ValidAppID(s.GranteeAppID) {
		f.Add("to", "error.appid")
	}
	switch {
	case len(s.Grants) == 0:
		f.Add("env", "error.share_no_environment")
	case len(s.Grants) > maxGrants:
		f.Add("env", "error.share_many_environments", "max", maxGrants)
	}
	seen := map[string]bool{}
	for _, g := range s.Grants {
		if seen[g.EnvironmentID] {
			f.Add("env", "error.share_environment_twice", "environment", g.EnvironmentID)
		}
		seen[g.EnvironmentID] = true
		if g.Permissions.Len() == 0 {
			f.Add("perm."+g.EnvironmentID, "error.share_no_permission")
		}
	}
	if s.Until != nil && !now.Before(*s.Until) {
		f.Add("until", "error.share_until_past")
	}
	if utf8.RuneCountInString(s.Note) > maxNote {
		f.Add("note", "error.too_long", "max", maxNote)
	}
	if !utf8.ValidString(s.Note) || strings.ContainsFunc(s.Note, func(r rune) bool { return isControl(r) && r != '\n' && r != '\r' && r != '\t' }) {
		f.Add("note", "error.control_characters")
	}
	return f.Err()
}

// ShareUsage is how much a grantee used what was lent to it (S15).
type ShareUsage struct {
	Calls7Days  int64
	Calls30Days int64
	Denied7Days int64
	LastCallAt  *time.Time
}

// UseDay is how much a share was used on one day (UTC).
type UseDay struct {
	Day           string // YYYY-MM-DD
	Calls, Denied int64
}
