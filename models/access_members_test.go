package models

import (
	"testing"
	"time"
)

func TestMayChangeMember(t *testing.T) {
	const me, other = "me", "other"
	as := func(r Role) Standing { return Standing{Actor: Actor{UserID: me}, Role: r} }
	for name, c := range map[string]struct {
		f    MemberFacts
		to   Role
		code Code
		key  string
	}{
		"nobody": {MemberFacts{UserID: other, Role: RoleViewer, Admins: 1}, RoleAdmin, CodeUnauthenticated, "error.unauthenticated"},
		"a stranger does not learn that it exists":   {MemberFacts{Standing: as(RoleNone), UserID: other, Role: RoleViewer, Admins: 1}, RoleAdmin, CodeNotFound, "error.not_found"},
		"a viewer changes nobody":                    {MemberFacts{Standing: as(RoleViewer), UserID: other, Role: RoleAdmin, Admins: 2}, RoleViewer, CodeForbidden, "error.role_needed"},
		"a developer changes nobody":                 {MemberFacts{Standing: as(RoleDeveloper), UserID: other, Role: RoleViewer, Admins: 2}, RoleNone, CodeForbidden, "error.role_needed"},
		"a viewer does not raise themselves":         {MemberFacts{Standing: as(RoleViewer), UserID: me, Role: RoleViewer, Admins: 1}, RoleAdmin, CodeForbidden, "error.own_role"},
		"a developer does not raise themselves":      {MemberFacts{Standing: as(RoleDeveloper), UserID: me, Role: RoleDeveloper, Admins: 1}, RoleAdmin, CodeForbidden, "error.own_role"},
		"a developer does not lower themselves":      {MemberFacts{Standing: as(RoleDeveloper), UserID: me, Role: RoleDeveloper, Admins: 1}, RoleViewer, CodeForbidden, "error.role_needed"},
		"a viewer leaves":                            {MemberFacts{Standing: as(RoleViewer), UserID: me, Role: RoleViewer, Admins: 1}, RoleNone, "", ""},
		"an admin raises another":                    {MemberFacts{Standing: as(RoleAdmin), UserID: other, Role: RoleViewer, Admins: 1}, RoleAdmin, "", ""},
		"an admin removes another admin":             {MemberFacts{Standing: as(RoleAdmin), UserID: other, Role: RoleAdmin, Admins: 2}, RoleNone, "", ""},
		"an admin steps down beside another":         {MemberFacts{Standing: as(RoleAdmin), UserID: me, Role: RoleAdmin, Admins: 2}, RoleViewer, "", ""},
		"the last admin does not step down":          {MemberFacts{Standing: as(RoleAdmin), UserID: me, Role: RoleAdmin, Admins: 1}, RoleDeveloper, CodeConflict, "error.last_admin"},
		"the last admin does not leave":              {MemberFacts{Standing: as(RoleAdmin), UserID: me, Role: RoleAdmin, Admins: 1}, RoleNone, CodeConflict, "error.last_admin"},
		"the last admin stays one":                   {MemberFacts{Standing: as(RoleAdmin), UserID: me, Role: RoleAdmin, Admins: 1}, RoleAdmin, "", ""},
		"a command does not remove the last admin":   {MemberFacts{Standing: Standing{Actor: SystemActor("x")}, UserID: other, Role: RoleAdmin, Admins: 1}, RoleNone, CodeConflict, "error.last_admin"},
		"who is no member is not found":              {MemberFacts{Standing: as(RoleAdmin), UserID: other, Admins: 1}, RoleViewer, CodeNotFound, "error.not_found"},
		"an operator without role is a stranger too": {MemberFacts{Standing: Standing{Actor: Actor{UserID: me, Operator: true}}, UserID: other, Role: RoleViewer, Admins: 1}, RoleAdmin, CodeNotFound, "error.not_found"},
	} {
		t.Run(name, func(t *testing.T) { wantRefusal(t, MayChangeMember(c.f, c.to), c.code, c.key) })
	}
}

func TestMayAcceptInvitation(t *testing.T) {
	now := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	admin := Standing{Actor: Actor{UserID: "boss"}, Role: RoleAdmin}
	open := Invitation{Role: RoleDeveloper, ExpiresAt: now.Add(time.Millisecond)}
	with := func(change func(*Invitation)) Invitation { i := open; change(&i); return i }
	for name, c := range map[string]struct {
		f    InvitationFacts
		code Code
		key  string
	}{
		"open":                  {InvitationFacts{open, admin, RoleNone}, "", ""},
		"for more than one has": {InvitationFacts{open, admin, RoleViewer}, "", ""},
		"for what one has":      {InvitationFacts{open, admin, RoleDeveloper}, CodeConflict, "error.invitation_member"},
		"for less than one has": {InvitationFacts{open, admin, RoleAdmin}, CodeConflict, "error.invitation_member"},
		"its time is over":      {InvitationFacts{with(func(i *Invitation) { i.ExpiresAt = now }), admin, RoleNone}, CodeNotFound, "error.invitation_expired"},
		"used":                  {InvitationFacts{with(func(i *Invitation) { i.AcceptedAt = &now }), admin, RoleNone}, CodeNotFound, "error.invitation_accepted"},
		"revoked":               {InvitationFacts{with(func(i *Invitation) { i.RevokedAt = &now }), admin, RoleNone}, CodeNotFound, "error.invitation_revoked"},
		"by somebody who may not invite any more": {InvitationFacts{open, Standing{Actor: Actor{UserID: "boss"}, Role: RoleDeveloper}, RoleNone}, CodeNotFound, "error.invitation_revoked"},
		"by somebody who is gone":                 {InvitationFacts{open, Standing{Actor: Actor{UserID: "boss"}}, RoleNone}, CodeNotFound, "error.invitation_revoked"},
	} {
		t.Run(name, func(t *testing.T) { wantRefusal(t, MayAcceptInvitation(c.f, now), c.code, c.key) })
	}
}

func TestMayRestoreEnvironment(t *testing.T) {
	const app, other = "wx00000000000000a1", "wx00000000000000b2"
	kept := DeletedEnvironment{Environment: Environment{ID: "e-1", AppID: app}}
	as := func(r Role) Standing { return Standing{Actor: Actor{UserID: "me"}, Role: r} }
	wantRefusal(t, MayRestoreEnvironment(as(RoleAdmin), app, kept), "", "")
	wantRefusal(t, MayRestoreEnvironment(Standing{}, app, kept), CodeUnauthenticated, "error.unauthenticated")
	wantRefusal(t, MayRestoreEnvironment(as(RoleNone), app, kept), CodeNotFound, "error.not_found")
	wantRefusal(t, MayRestoreEnvironment(as(RoleDeveloper), app, kept), CodeForbidden, "error.role_needed")
	wantRefusal(t, MayRestoreEnvironment(as(RoleAdmin), other, kept), CodeNotFound, "error.not_found")
	kept.Purging = true
	wantRefusal(t, MayRestoreEnvironment(as(RoleAdmin), app, kept), CodeConflict, "error.environment_purging")
}

// S11: the flag after an app lost an environment.
func TestS11_SharingAfterDeletion(t *testing.T) {
	now := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	left, incoming := []Environment{{ID: "e"}}, []Share{{ID: "s"}}
	for name, c := range map[string]struct {
		f    AppFacts
		want bool
	}{
		"another environment is left, on":  {AppFacts{App: App{Sharing: true}, OwnEnvironments: left}, true},
		"another environment is left, off": {AppFacts{OwnEnvironments: left, Incoming: incoming}, false},
		"nothing is left":                  {AppFacts{App: App{Sharing: true}}, false},
		"others share with it":             {AppFacts{Incoming: incoming}, true},
		"others shared with it once":       {AppFacts{App: App{Sharing: true}, Incoming: []Share{{ID: "s", Until: &now}}}, false},
	} {
		if got := SharingAfterDeletion(c.f, now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
