package models

import "time"

// AuthFunction is the function that a cross-account caller must pass. It belongs
// to the owner alone (S10).
const AuthFunction = "cloudbase_auth"

// EnvironmentView is an environment as somebody sees it through an app: as its
// owner, or as a borrower through a share.
type EnvironmentView struct {
	Environment Environment
	// Through is the app whose console is open.
	Through App
	// Share is the share that lends the environment to Through; nil when it is
	// Through's own.
	Share *Share
}

// Borrowed reports whether the environment belongs to another app.
func (v EnvironmentView) Borrowed() bool { return v.Environment.AppID != v.Through.AppID }

// lent reports whether a share names the environment, at work or at rest. Who
// has no such share does not learn that the environment exists.
func (v EnvironmentView) lent() bool {
	if v.Share == nil || v.Share.GranteeAppID != v.Through.AppID || v.Share.OwnerAppID != v.Environment.AppID {
		return false
	}
	_, ok := v.Share.Grant(v.Environment.ID)
	return ok
}

// Granted returns the permissions that the view gives at a time, before the
// person's role is looked at: all for the owner, the grant's while the share is
// active, none otherwise.
func (v EnvironmentView) Granted(now time.Time) PermissionSet {
	if !v.Borrowed() {
		return AllPermissions
	}
	if !v.lent() || v.Share.Status(now) != ShareActive {
		return 0
	}
	g, _ := v.Share.Grant(v.Environment.ID)
	return g.Permissions
}

// rolePermissions is what a role may do in the console of an environment.
var rolePermissions = map[Role]PermissionSet{
	RoleViewer: NewPermissionSet(FunctionsView, DatabaseView, StorageView, UsersView, StatisticsView, SettingsView),
	RoleDeveloper: NewPermissionSet(FunctionsView, FunctionsOperate, FunctionsInvoke, DatabaseView, DatabaseOperate,
		StorageView, StorageOperate, UsersView, StatisticsView, SettingsView),
	RoleAdmin: AllPermissions,
}

// Permitted returns what the actor may do in the console of an environment: the
// intersection of their role in the app and what the app holds (S9).
func Permitted(s Standing, v EnvironmentView, now time.Time) PermissionSet {
	if !s.Actor.Known() {
		return 0
	}
	return rolePermissions[s.rank()] & v.Granted(now)
}

// MaySeeEnvironment reports whether the actor may open an environment through an
// app. Who has no way to it does not learn that it exists; a borrower whose
// share rests is told.
func MaySeeEnvironment(s Standing, v EnvironmentView, now time.Time) Decision {
	if d := s.need(RoleViewer); !d.Allowed {
		return d
	}
	if !v.Borrowed() {
		return Allow()
	}
	if !v.lent() {
		return Deny(CodeNotFound, "error.not_found")
	}
	switch v.Share.Status(now) {
	case SharePaused:
		return Deny(CodeForbidden, "error.share_paused", "environment", v.Environment.ID)
	case ShareExpired:
		return Deny(CodeForbidden, "error.share_expired", "environment", v.Environment.ID)
	}
	return Allow()
}

// MayUse reports whether the actor may do in the console what a permission
// gates. The refusal says whether the role or the grant is in the way, and who
// can change it.
func MayUse(s Standing, v EnvironmentView, p Permission, now time.Time) Decision {
	return decide(func(a Answer) { UseSteps(s, v, p, now, a) })
}

// MayChangeFunction reports whether the actor may create, change, deploy or
// delete a function. cloudbase_auth of a borrowed environment is never the
// borrower's to change: it decides what the borrower may do (S10).
func MayChangeFunction(s Standing, v EnvironmentView, name string, now time.Time) Decision {
	if d := MaySeeEnvironment(s, v, now); !d.Allowed {
		return d
	}
	if v.Borrowed() && name == AuthFunction {
		return Deny(CodeForbidden, "error.auth_function_owner_only")
	}
	return MayUse(s, v, FunctionsOperate, now)
}

// MayConfigureEnvironment reports whether the actor may change an environment's
// settings, members, rules or switches: the owner's administrators alone (S10).
func MayConfigureEnvironment(s Standing, v EnvironmentView) Decision {
	if d := s.need(RoleViewer); !d.Allowed {
		return d
	}
	switch {
	case v.Borrowed() && !v.lent():
		return Deny(CodeNotFound, "error.not_found")
	case v.Borrowed():
		return Deny(CodeForbidden, "error.owner_only")
	}
	return s.need(RoleAdmin)
}
