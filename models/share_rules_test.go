package models

import (
	"testing"
	"time"
)

func shopFacts() AppFacts { return AppFacts{App: shop, OwnEnvironments: []Environment{shopEnv}} }

func sharing(environments map[string]string) ShareFacts {
	return ShareFacts{Standing: standingOf(RoleAdmin), Owner: shopFacts(), Grantee: &diner, Environments: environments}
}

func ownOnly() map[string]string { return map[string]string{shopEnv.ID: shop.AppID} }

func TestS1_NothingIsSharedBeforeSharingIsOn(t *testing.T) {
	f := sharing(ownOnly())
	f.Owner.App.Sharing = false
	wantRefusal(t, MayShare(f, now), CodeConflict, "error.sharing_off")
	wantDecision(t, MayEnableSharing(f.Standing, f.Owner, now), "")
	f.Owner.App.Sharing = true
	wantDecision(t, MayShare(f, now), "")
}

func TestS1_AnAppWithoutConsoleEntryCannotEnableSharing(t *testing.T) {
	wantRefusal(t, MayEnableSharing(standingOf(RoleAdmin), AppFacts{App: diner}, now), CodeForbidden, "error.no_console_entry")
}

func TestS2_TheGranteeQualifies(t *testing.T) {
	miniProgram, activated := diner, diner
	miniProgram.Kind = MiniProgram
	activated.Sharing = true
	for _, c := range []struct {
		name    string
		grantee *App
		key     string
	}{
		{"official account of the principal", &diner, ""},
		{"mini program of the principal", &miniProgram, ""},
		{"app that shares already", &activated, ""},
		{"app that does not exist", nil, "error.grantee_unknown"},
		{"the owner itself", &shop, "error.grantee_self"},
		{"app of another principal", &rival, "error.grantee_principal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := CodeInvalid
			if c.key == "" {
				want = ""
			}
			wantRefusal(t, CheckGrantee(shop, c.grantee), want, c.key)
			f := sharing(ownOnly())
			f.Grantee = c.grantee
			wantRefusal(t, MayShare(f, now), want, c.key)
		})
	}
}

func TestS3_OnlyOwnEnvironmentsAreShared(t *testing.T) {
	for _, c := range []struct {
		name         string
		environments map[string]string
		refused      string
	}{
		{"own", ownOnly(), ""},
		{"several own", map[string]string{"shop-000001": shop.AppID, "shop-000002": shop.AppID}, ""},
		{"borrowed", map[string]string{kitchenEnv.ID: kitchen.AppID}, kitchenEnv.ID},
		{"somebody else's", map[string]string{"rival-000001": rival.AppID}, "rival-000001"},
		{"the grantee's own", map[string]string{dinerEnv.ID: diner.AppID}, dinerEnv.ID},
		{"not existing", map[string]string{"gone-000001": ""}, "gone-000001"},
		{"own and borrowed", map[string]string{shopEnv.ID: shop.AppID, kitchenEnv.ID: kitchen.AppID}, kitchenEnv.ID},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := MayShare(sharing(c.environments), now)
			if c.refused == "" {
				wantDecision(t, d, "")
				return
			}
			wantRefusal(t, d, CodeInvalid, "error.environment_not_own")
			if d.Msg.Args["environment"] != c.refused {
				t.Fatalf("the refusal names %v, want %q", d.Msg.Args, c.refused)
			}
		})
	}
}

func TestS4_ABorrowedEnvironmentIsNotLentOn(t *testing.T) {
	f := sharing(map[string]string{kitchenEnv.ID: kitchen.AppID})
	f.Owner.Incoming = []Share{{ID: "s", OwnerAppID: kitchen.AppID, GranteeAppID: shop.AppID,
		Grants: []Grant{{ID: "g", EnvironmentID: kitchenEnv.ID, Permissions: AllPermissions}}}}
	wantRefusal(t, MayShare(f, now), CodeInvalid, "error.environment_not_own")
	f.Owner.OwnEnvironments = nil // nor by an app that owns nothing
	wantRefusal(t, MayShare(f, now), CodeInvalid, "error.environment_not_own")
}

func TestS10_OnlyTheOwnersAdministratorsShare(t *testing.T) {
	for i, w := range everyone() {
		t.Run(w.name, func(t *testing.T) {
			f := sharing(ownOnly())
			f.Standing = w.standing
			wantDecision(t, MayShare(f, now), forAdmins[i])
		})
	}
}

func TestS12_TheGranteeMayLeave(t *testing.T) {
	share := *lent(AllPermissions)
	for _, app := range []struct {
		name, id string
		leaves   bool
		manages  bool
	}{
		{"grantee", diner.AppID, true, false},
		{"owner", shop.AppID, false, true},
		{"third app", kitchen.AppID, false, false},
		{"no app", "", false, false},
	} {
		for i, w := range everyone() {
			t.Run(app.name+"/"+w.name, func(t *testing.T) {
				wantDecision(t, MayLeaveShare(w.standing, share, app.id), onlyIf(app.leaves, i))
				wantDecision(t, MayManageShare(w.standing, share, app.id), onlyIf(app.manages, i))
			})
		}
	}
}

// onlyIf is the answer to somebody in a column of forAdmins, not found when the
// app is on the wrong side of the share.
func onlyIf(side bool, column int) Code {
	if !side && forMembers[column] == "" {
		return CodeNotFound
	}
	return forAdmins[column]
}

func TestS12_APausedOrExpiredShareCanBeLeftAndRemoved(t *testing.T) {
	share := *lent(AllPermissions)
	share.PausedAt, share.Until = at(-time.Hour), at(-time.Minute)
	wantDecision(t, MayLeaveShare(standingOf(RoleAdmin), share, diner.AppID), "")
	wantDecision(t, MayManageShare(standingOf(RoleAdmin), share, shop.AppID), "")
}

func TestS13_SharingGoesOffOnlyWhenConfirmed(t *testing.T) {
	for _, c := range []struct {
		name      string
		facts     AppFacts
		outgoing  int
		confirmed bool
		want      Code
		key       string
	}{
		{"nothing lent", shopFacts(), 0, false, "", ""},
		{"nothing lent, confirmed", shopFacts(), 0, true, "", ""},
		{"two shares, unconfirmed", shopFacts(), 2, false, CodeConflict, "error.sharing_off_unconfirmed"},
		{"two shares, confirmed", shopFacts(), 2, true, "", ""},
		{"owns nothing", AppFacts{App: diner, Incoming: []Share{*lent(AllPermissions)}}, 0, true, CodeConflict, "error.sharing_follows_shares"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantRefusal(t, MayDisableSharing(standingOf(RoleAdmin), c.facts, c.outgoing, c.confirmed), c.want, c.key)
		})
	}
	for i, w := range everyone() {
		t.Run(w.name, func(t *testing.T) {
			wantDecision(t, MayDisableSharing(w.standing, shopFacts(), 2, true), forAdmins[i])
		})
	}
	d := MayDisableSharing(standingOf(RoleAdmin), shopFacts(), 2, false)
	if d.Msg.Args["count"] != 2 {
		t.Fatalf("the refusal counts %v shares, want 2", d.Msg.Args["count"])
	}
}

func TestS14_BothSidesReadWhatConcernsThem(t *testing.T) {
	lending := AuditEvent{AppID: shop.AppID, OtherAppID: diner.AppID, Action: AuditShareCreated}
	installation := AuditEvent{Action: AuditUserCreated}
	operators := [7]Code{CodeUnauthenticated, CodeForbidden, CodeForbidden, CodeForbidden, CodeForbidden, "", ""}
	hidden := [7]Code{CodeNotFound, CodeNotFound, CodeNotFound, CodeNotFound, CodeNotFound, CodeNotFound, CodeNotFound}
	for _, row := range []struct {
		name, app string
		event     AuditEvent
		want      [7]Code
	}{
		{"owner", shop.AppID, lending, forMembers},
		{"grantee", diner.AppID, lending, forMembers},
		{"third app", kitchen.AppID, lending, hidden},
		{"change of the installation", shop.AppID, installation, operators},
	} {
		for i, w := range everyone() {
			t.Run(row.name+"/"+w.name, func(t *testing.T) {
				wantDecision(t, MayReadAudit(w.standing, row.app, row.event), row.want[i])
			})
		}
	}
}
