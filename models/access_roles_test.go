package models

import "testing"

// Columns of the tables: what nobody, a stranger, a viewer, a developer, an
// administrator, an operator without role and the system are answered.
var (
	forMembers = [7]Code{CodeUnauthenticated, CodeNotFound, "", "", "", CodeNotFound, ""}
	forAdmins  = [7]Code{CodeUnauthenticated, CodeNotFound, CodeForbidden, CodeForbidden, "", CodeNotFound, ""}
	forBuilder = [7]Code{CodeUnauthenticated, CodeNotFound, CodeForbidden, "", "", CodeNotFound, ""}
)

func TestWhatEachRoleMayDoInItsOwnApp(t *testing.T) {
	facts := AppFacts{App: shop, OwnEnvironments: []Environment{shopEnv}}
	own := EnvironmentView{Environment: shopEnv, Through: shop}
	share := *lent(AllPermissions)
	for _, row := range []struct {
		action string
		decide func(Standing) Decision
		want   [7]Code
	}{
		{"see the app", MaySeeApp, forMembers},
		{"open the console", func(s Standing) Decision { return MayOpenConsole(s, facts, now) }, forMembers},
		{"see shares", MaySeeShares, forMembers},
		{"see an own environment", func(s Standing) Decision { return MaySeeEnvironment(s, own, now) }, forMembers},
		{"read the audit log", func(s Standing) Decision {
			return MayReadAudit(s, shop.AppID, AuditEvent{AppID: shop.AppID})
		}, forMembers},
		{"change a function", func(s Standing) Decision { return MayChangeFunction(s, own, "hello", now) }, forBuilder},
		{"change cloudbase_auth", func(s Standing) Decision { return MayChangeFunction(s, own, AuthFunction, now) }, forBuilder},
		{"create an environment", MayCreateEnvironment, forAdmins},
		{"configure an environment", func(s Standing) Decision { return MayConfigureEnvironment(s, own) }, forAdmins},
		{"issue credentials", MayIssueCredential, forAdmins},
		{"enable sharing", func(s Standing) Decision { return MayEnableSharing(s, facts, now) }, forAdmins},
		{"disable sharing", func(s Standing) Decision { return MayDisableSharing(s, facts, 0, false) }, forAdmins},
		{"share", func(s Standing) Decision {
			return MayShare(ShareFacts{Standing: s, Owner: facts, Grantee: &diner, Environments: map[string]string{shopEnv.ID: shop.AppID}}, now)
		}, forAdmins},
		{"manage a share", func(s Standing) Decision { return MayManageShare(s, share, shop.AppID) }, forAdmins},
		{"leave a share", func(s Standing) Decision { return MayLeaveShare(s, share, diner.AppID) }, forAdmins},
	} {
		for i, w := range everyone() {
			t.Run(row.action+"/"+w.name, func(t *testing.T) { wantDecision(t, row.decide(w.standing), row.want[i]) })
		}
	}
}

func TestOnlyOperatorsAndTheSystemAdministerTheInstallation(t *testing.T) {
	want := [7]Code{CodeUnauthenticated, CodeForbidden, CodeForbidden, CodeForbidden, CodeForbidden, "", ""}
	for i, w := range everyone() {
		t.Run(w.name, func(t *testing.T) { wantDecision(t, MayAdministerInstallation(w.standing.Actor), want[i]) })
	}
}

func TestAnUnknownRoleIsRefusedWhatAdministratorsMay(t *testing.T) {
	wantDecision(t, MaySeeApp(standingOf(Role(-1))), CodeForbidden)
	if got := Permitted(standingOf(Role(99)), EnvironmentView{Environment: shopEnv, Through: shop}, now); got != 0 {
		t.Fatalf("a role that does not exist permits %v", got.Keys())
	}
}

func TestTheRefusalNamesTheRoleThatIsNeeded(t *testing.T) {
	d := MayCreateEnvironment(standingOf(RoleDeveloper))
	wantRefusal(t, d, CodeForbidden, "error.role_needed")
	if d.Msg.Args["role"] != RoleAdmin {
		t.Fatalf("the refusal names %v", d.Msg.Args)
	}
	wantRefusal(t, MayCreateEnvironment(standingOf(RoleNone)), CodeNotFound, "error.not_found")
	wantRefusal(t, MayCreateEnvironment(Standing{}), CodeUnauthenticated, "error.unauthenticated")
}

func TestTheZeroDecisionDenies(t *testing.T) {
	if err := (Decision{}).Err(); !IsCode(err, CodeForbidden) || MsgOf(err).Key != "error.forbidden" {
		t.Fatalf("the zero decision is %v", err)
	}
	if err := Allow().Err(); err != nil {
		t.Fatalf("a positive decision is %v", err)
	}
}
