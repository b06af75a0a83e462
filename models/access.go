package models

import "time"

// Decision is the answer to "may they?". The zero value denies.
type Decision struct {
	Allowed bool
	Code    Code
	Msg     Msg
}

// Allow is the positive decision.
func Allow() Decision { return Decision{Allowed: true} }

// Deny is a negative decision with its reason for people.
func Deny(code Code, key string, namesAndValues ...any) Decision {
	return Decision{Code: code, Msg: M(key, namesAndValues...)}
}

// Err returns nil for a positive decision and the reason as an error otherwise.
func (d Decision) Err() error {
	if d.Allowed {
		return nil
	}
	if d.Code == "" {
		return E(CodeForbidden, "error.forbidden")
	}
	return &Error{Code: d.Code, Msg: d.Msg}
}

// Standing is an actor's place in an app.
type Standing struct {
	Actor Actor
	Role  Role // the actor's role in the app
}

// rank returns the role that counts: a command on this machine acts as the
// app's administrator, nobody has no role, and an operator's office gives none.
func (s Standing) rank() Role {
	switch {
	case !s.Actor.Known():
		return RoleNone
	case s.Actor.System:
		return RoleAdmin
	}
	return s.Role
}

// need decides that the actor has at least role in the app. Strangers do not
// learn that the app exists.
func (s Standing) need(role Role) Decision {
	switch rank := s.rank(); {
	case !s.Actor.Known():
		return Deny(CodeUnauthenticated, "error.unauthenticated")
	case rank == RoleNone:
		return Deny(CodeNotFound, "error.not_found")
	case rank < role:
		return Deny(CodeForbidden, "error.role_needed", "role", role)
	}
	return Allow()
}

// MayOpenConsole reports whether the actor may open an app's console: members
// only, and only while the app has a console entry (S11).
func MayOpenConsole(s Standing, f AppFacts, now time.Time) Decision {
	if d := s.need(RoleViewer); !d.Allowed {
		return d
	}
	if !f.HasConsoleEntry(now) {
		return Deny(CodeForbidden, "error.no_console_entry")
	}
	return Allow()
}

// MaySeeApp reports whether the actor may know an app at all.
func MaySeeApp(s Standing) Decision { return s.need(RoleViewer) }

// MayAdministerInstallation reports whether the actor may register principals,
// apps and users.
func MayAdministerInstallation(a Actor) Decision {
	switch {
	case !a.Known():
		return Deny(CodeUnauthenticated, "error.unauthenticated")
	case a.Operator || a.System:
		return Allow()
	}
	return Deny(CodeForbidden, "error.operator_needed")
}

// MayCreateEnvironment reports whether the actor may create an environment in
// an app, its first one included, which activates the app (S11).
func MayCreateEnvironment(s Standing) Decision { return s.need(RoleAdmin) }

// MayAdministerSharing reports whether the actor's role lets them turn sharing on and
// off, and share, whatever the state of the app is.
func MayAdministerSharing(s Standing) Decision { return s.need(RoleAdmin) }

// MayLeaveShares reports whether the actor's role lets them leave what others share
// with the app (S12).
func MayLeaveShares(s Standing) Decision { return s.need(RoleAdmin) }

// MayEnableSharing reports whether the actor may turn environment sharing on
// (S1). An app without console entry has no page to do it on.
func MayEnableSharing(s Standing, f AppFacts, now time.Time) Decision {
	if d := s.need(RoleAdmin); !d.Allowed {
		return d
	}
	return MayOpenConsole(s, f, now)
}

// MayDisableSharing reports whether the actor may turn sharing off. All outgoing
// shares end with it, so it must have been confirmed when there are any (S13).
// An app that owns nothing has sharing because others share with it; it turns
// off by leaving those shares.
func MayDisableSharing(s Standing, f AppFacts, outgoing int, confirmed bool) Decision {
	if d := s.need(RoleAdmin); !d.Allowed {
		return d
	}
	if !f.Activated() {
		return Deny(CodeConflict, "error.sharing_follows_shares")
	}
	if outgoing > 0 && !confirmed {
		return Deny(CodeConflict, "error.sharing_off_unconfirmed", "count", outgoing)
	}
	return Allow()
}

// CheckGrantee reports whether an app may be given a share by owner (S2). Each
// refusal says which condition failed. grantee is nil when no such app exists.
func CheckGrantee(owner App, grantee *App) Decision {
	switch {
	case grantee == nil:
		return Deny(CodeInvalid, "error.grantee_unknown")
	case grantee.AppID == owner.AppID:
		return Deny(CodeInvalid, "error.grantee_self")
	case grantee.PrincipalID != owner.PrincipalID:
		return Deny(CodeInvalid, "error.grantee_principal")
	}
	return Allow()
}

// ShareFacts is what decides whether environments may be lent.
type ShareFacts struct {
	Standing Standing // the actor's place in the owner app
	Owner    AppFacts
	Grantee  *App // nil when no such app exists
	// Environments maps each environment that the form names to its owner's
	// AppID, "" for one that does not exist.
	Environments map[string]string
}

// MayShare reports whether the actor may create or change a share. Only
// administrators share (S10), sharing must be on (S1), the grantee must qualify
// (S2), and every environment must be the owner's own (S3, S4): one that was
// borrowed is refused whatever the form says.
func MayShare(f ShareFacts, now time.Time) Decision {
	if d := f.Standing.need(RoleAdmin); !d.Allowed {
		return d
	}
	if !f.Owner.SharingOn(now) {
		return Deny(CodeConflict, "error.sharing_off")
	}
	if d := CheckGrantee(f.Owner.App, f.Grantee); !d.Allowed {
		return d
	}
	for env, owner := range f.Environments {
		if owner != f.Owner.App.AppID {
			return Deny(CodeInvalid, "error.environment_not_own", "environment", env)
		}
	}
	return Allow()
}

// MayManageShare reports whether the actor may pause, resume or remove an
// outgoing share. Removing works even while sharing is off.
func MayManageShare(s Standing, share Share, app string) Decision {
	if d := s.need(RoleViewer); !d.Allowed {
		return d
	}
	if share.OwnerAppID != app {
		return Deny(CodeNotFound, "error.not_found")
	}
	return s.need(RoleAdmin)
}

// MayLeaveShare reports whether the actor may let the grantee app leave a share
// (S12).
func MayLeaveShare(s Standing, share Share, app string) Decision {
	if d := s.need(RoleViewer); !d.Allowed {
		return d
	}
	if share.GranteeAppID != app {
		return Deny(CodeNotFound, "error.not_found")
	}
	return s.need(RoleAdmin)
}

// MaySeeShares reports whether the actor may list what an app lends and borrows.
func MaySeeShares(s Standing) Decision { return s.need(RoleViewer) }
