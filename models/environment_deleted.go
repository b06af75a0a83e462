package models

import "time"

// DeletedEnvironment is an environment that was deleted and is kept for a while.
type DeletedEnvironment struct {
	Environment Environment
	DeletedAt   time.Time
	DeletedBy   string // user name
	// Purging says that what it holds is being removed: it cannot come back.
	Purging bool
}

// MayRestoreEnvironment reports whether the actor may bring a deleted environment
// back to an app: the owner's administrators, until its removal has begun.
func MayRestoreEnvironment(s Standing, app string, e DeletedEnvironment) Decision {
	if d := s.need(RoleViewer); !d.Allowed {
		return d
	}
	if e.Environment.AppID != app {
		return Deny(CodeNotFound, "error.not_found")
	}
	if d := s.need(RoleAdmin); !d.Allowed {
		return d
	}
	if e.Purging {
		return Deny(CodeConflict, "error.environment_purging", "environment", e.Environment.ID)
	}
	return Allow()
}

// MaySeeDeletedEnvironments reports whether the actor may list the deleted
// environments of an app: who could bring them back.
func MaySeeDeletedEnvironments(s Standing) Decision { return s.need(RoleAdmin) }

// SharingAfterDeletion returns the stored sharing flag of an app after one of its
// environments was deleted; f holds what remains. An app that owns nothing any
// more has sharing while others share with it (S11).
func SharingAfterDeletion(f AppFacts, now time.Time) bool { return f.SharingOn(now) }
