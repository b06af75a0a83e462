package service

import (
	"fmt"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func TestS1_SharingMustBeOnBeforeAnythingIsLent(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		lend := func() error {
			_, err := w.Sharing.Share(ctx, kitchenAdmin, kitchen, input(diner, "kitchen-1"))
			return err
		}
		wantError(t, lend(), models.CodeConflict, "error.sharing_off")
		wantError(t, w.Sharing.Enable(ctx, shopDeveloper, shop), models.CodeForbidden, "error.role_needed")
		wantError(t, w.Sharing.Enable(ctx, outsider, kitchen), models.CodeNotFound, "error.not_found")
		wantError(t, w.Sharing.Enable(ctx, models.Actor{}, kitchen), models.CodeUnauthenticated, "error.unauthenticated")
		must(t, w.Sharing.Enable(ctx, kitchenAdmin, kitchen))
		must(t, w.Sharing.Enable(ctx, kitchenAdmin, kitchen))
		must(t, lend())
		same(t, "sharing.enabled share.created", actions(w.audit(t, kitchen)))
	})
}

func TestS2_S3_S5_EachRefusalNamesTheConditionThatFailed(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must(t, w.Sharing.Enable(ctx, kitchenAdmin, kitchen))
		_, err := w.Sharing.Share(ctx, kitchenAdmin, kitchen, input(shop, "kitchen-1"))
		must(t, err)
		before := w.counts(t)
		past := w.clock.now()
		for _, c := range []struct {
			name       string
			change     func(*ShareInput)
			field, key string
		}{
			{"S2 an app that is not registered", func(in *ShareInput) { in.GranteeAppID = nobodys }, "to", "error.grantee_unknown"},
			{"S2 itself", func(in *ShareInput) { in.GranteeAppID = shop }, "to", "error.grantee_self"},
			{"S2 an app of another principal", func(in *ShareInput) { in.GranteeAppID = stranger }, "to", "error.grantee_principal"},
			{"S2 no AppID", func(in *ShareInput) { in.GranteeAppID = "" }, "to", "error.grantee_unknown"},
			{"S3 an environment that was lent to it", func(in *ShareInput) { in.Grants[0].EnvironmentID = "kitchen-1" }, "env", "error.environment_not_own"},
			{"S3 an environment of a stranger", func(in *ShareInput) { in.Grants[0].EnvironmentID = "stranger-1" }, "env", "error.environment_not_own"},
			{"S3 an environment of nobody", func(in *ShareInput) { in.Grants[0].EnvironmentID = "gone" }, "env", "error.environment_not_own"},
			{"S5 no environment", func(in *ShareInput) { in.Grants = nil }, "env", "error.share_no_environment"},
			{"S5 no permission", func(in *ShareInput) { in.Grants[0].Permissions = 0 }, "perm.shop-1", "error.share_no_permission"},
			{"one environment twice", func(in *ShareInput) { in.Grants = append(in.Grants, in.Grants[0]) }, "env", "error.share_environment_twice"},
			{"S7 an end that has come", func(in *ShareInput) { in.Until = &past }, "until", "error.share_until_past"},
			{"S7 a note that is no text", func(in *ShareInput) { in.Note = "a\xffb" }, "note", "error.control_characters"},
		} {
			t.Run(c.name, func(t *testing.T) {
				in := input(diner, "shop-1")
				c.change(&in)
				_, err := w.Sharing.Share(ctx, shopAdmin, shop, in)
				wantField(t, err, c.field, c.key)
			})
		}
		for name, actor := range map[string]models.Actor{"developer": shopDeveloper, "viewer": shopViewer} {
			_, err := w.Sharing.Share(ctx, actor, shop, input(diner, "shop-1"))
			if !models.IsCode(err, models.CodeForbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, actor := range map[string]models.Actor{"stranger": outsider, "the grantee's administrator": dinerAdmin, "operator": operator} {
			_, err := w.Sharing.Share(ctx, actor, shop, input(diner, "shop-1"))
			if !models.IsCode(err, models.CodeNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		same(t, before, w.counts(t)) // no refusal left anything behind
	})
}

func TestS2_LookupTellsWhoMayBeGivenAShare(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	found, err := w.Sharing.Lookup(ctx, shopAdmin, shop, press)
	must(t, err)
	if !found.Allowed.Allowed || found.App.AppID != press || found.Principal.ID != "acme" || found.Activated || found.Existing != nil {
		t.Fatalf("an official account: %+v", found)
	}
	share := w.lend(t, kitchen, "shop-1")
	found, err = w.Sharing.Lookup(ctx, shopAdmin, shop, kitchen)
	must(t, err)
	if !found.Activated || found.Existing == nil || found.Existing.ID != share.ID {
		t.Fatalf("an app that has a share: %+v", found)
	}
	for app, key := range map[string]string{nobodys: "error.grantee_unknown", shop: "error.grantee_self", stranger: "error.grantee_principal"} {
		found, err := w.Sharing.Lookup(ctx, shopAdmin, shop, app)
		must(t, err)
		if found.Allowed.Allowed || found.Allowed.Msg.Key != key || found.App.AppID != "" || found.App.Name != "" {
			t.Errorf("%s: %+v, want %s and nothing of the app", app, found, key)
		}
	}
	_, err = w.Sharing.Lookup(ctx, shopDeveloper, shop, diner)
	wantError(t, err, models.CodeForbidden, "error.role_needed")
	_, err = w.Sharing.Lookup(ctx, kitchenAdmin, kitchen, diner)
	wantError(t, err, models.CodeConflict, "error.sharing_off")
}

func TestS5_OperateImpliesView(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		in := with(input(diner), models.NewPermissionSet(models.FunctionsOperate, models.FunctionsInvoke), "shop-1")
		share, err := w.Sharing.Share(t.Context(), shopAdmin, shop, in)
		must(t, err)
		got, err := w.store.Shares.ByID(t.Context(), shop, share.ID)
		must(t, err)
		same(t, []string{"functions.view", "functions.operate", "functions.invoke"}, got.Grants[0].Permissions.Keys())
	})
}

func TestS6_SharingAgainEditsTheShareThatIsThere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		first := w.lend(t, diner, "shop-1", "shop-2")
		must(t, w.Sharing.Pause(ctx, shopAdmin, shop, first.ID))
		w.clock.advance(time.Minute)
		in := with(input(diner), models.NewPermissionSet(models.StorageRead), "shop-2")
		in.Note = "only files"
		second, err := w.Sharing.Share(ctx, shopAdmin, shop, in)
		must(t, err)
		if second.ID != first.ID || second.Version != 3 || !second.CreatedAt.Equal(first.CreatedAt) || second.PausedAt == nil {
			t.Fatalf("edited to %+v", second)
		}
		if kept, _ := first.Grant("shop-2"); len(second.Grants) != 1 || second.Grants[0].ID != kept.ID {
			t.Fatalf("the environment that stayed has another grant: %+v", second.Grants)
		}
		stored, err := w.store.Shares.AllOutgoing(ctx, shop)
		must(t, err)
		same(t, []models.Share{second}, stored)
	})
}

func TestS6_AFormOpenedOnAnOlderVersionIsAConflict(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	share := w.lend(t, diner, "shop-1")
	in := input(diner, "shop-2")
	in.Version = share.Version
	_, err := w.Sharing.Share(ctx, shopAdmin, shop, in)
	must(t, err)
	_, err = w.Sharing.Share(ctx, shopAdmin, shop, in)
	wantError(t, err, models.CodeConflict, "error.share_changed_meanwhile")
	must(t, w.Sharing.Remove(ctx, shopAdmin, shop, share.ID))
	_, err = w.Sharing.Share(ctx, shopAdmin, shop, in)
	wantError(t, err, models.CodeConflict, "error.share_ended_meanwhile")
}

func TestS6_ManyAdministratorsAtOnceMakeOneShare(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		const n = 8
		worlds := []*world{w, w.another(t)}
		for _, err := range atOnce(n, func(i int) error {
			in := input(diner, "shop-1", "shop-2")
			in.Note = fmt.Sprint(i)
			_, err := worlds[i%2].Sharing.Share(t.Context(), shopAdmin, shop, in)
			return err
		}) {
			must(t, err)
		}
		list, err := w.store.Shares.AllOutgoing(t.Context(), shop)
		must(t, err)
		if len(list) != 1 || list[0].Version != n || len(list[0].Grants) != 2 {
			t.Fatalf("stored %+v", list)
		}
		created := 0
		for _, e := range w.audit(t, shop) {
			if e.Action == models.AuditShareCreated {
				created++
			}
		}
		same(t, 1, created)
	})
}

func TestS13_DisablingWhileOthersShareNeverLeavesAShare(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, other := t.Context(), w.another(t)
		for range 5 {
			must(t, w.Sharing.Enable(ctx, shopAdmin, shop))
			errs := atOnce(4, func(i int) error {
				if i == 0 {
					return other.Sharing.Disable(ctx, shopAdmin, shop, true)
				}
				_, err := w.Sharing.Share(ctx, shopAdmin, shop, input([]string{"", diner, kitchen, press}[i], "shop-1"))
				return err
			})
			must(t, errs[0])
			for _, err := range errs[1:] {
				if err != nil {
					wantError(t, err, models.CodeConflict, "error.sharing_off")
				}
			}
			list, err := w.store.Shares.AllOutgoing(ctx, shop)
			must(t, err)
			app, err := w.store.Apps.ByID(ctx, shop)
			must(t, err)
			if len(list) != 0 || app.Sharing {
				t.Fatalf("sharing %v with %d shares", app.Sharing, len(list))
			}
			f, err := w.facts.fresh(ctx)
			must(t, err)
			same(t, 0, len(f.Grants))
		}
	})
}

func TestS13_DisableAsksForConfirmationWhileAnythingIsLent(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.lend(t, diner, "shop-1")
		w.lend(t, kitchen, "shop-1")
		wantError(t, w.Sharing.Disable(ctx, shopDeveloper, shop, true), models.CodeForbidden, "error.role_needed")
		err := w.Sharing.Disable(ctx, shopAdmin, shop, false)
		wantError(t, err, models.CodeConflict, "error.sharing_off_unconfirmed")
		same(t, any(2), models.MsgOf(err).Args["count"])
		wantError(t, w.Sharing.Disable(ctx, dinerAdmin, diner, true), models.CodeConflict, "error.sharing_follows_shares")
		must(t, w.Sharing.Disable(ctx, shopAdmin, shop, true))
		list, err := w.store.Shares.AllOutgoing(ctx, shop)
		must(t, err)
		same(t, 0, len(list))
		same(t, "share.created share.created share.removed share.removed sharing.disabled", actions(w.audit(t, shop)))
	})
}

func TestS8_S9_TheGranteeSeesWhatItBorrows(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		share, err := w.Sharing.Share(ctx, shopAdmin, shop, with(input(diner), models.NewPermissionSet(models.FunctionsView, models.DatabaseOperate), "shop-2"))
		must(t, err)
		incoming, err := w.Sharing.Incoming(ctx, dinerViewer, diner, models.PageRequest{})
		must(t, err)
		if len(incoming.Shares) != 1 || incoming.Shares[0].Other.AppID != shop || incoming.TotalIncoming != 1 || incoming.TotalOutgoing != 0 || incoming.MayLeave.Allowed {
			t.Fatalf("a viewer of the grantee sees %+v", incoming)
		}
		outgoing, err := w.Sharing.Outgoing(ctx, shopViewer, shop, models.PageRequest{})
		must(t, err)
		if len(outgoing.Shares) != 1 || outgoing.Shares[0].Other.AppID != diner || outgoing.TotalOutgoing != 1 || outgoing.MayShare.Allowed {
			t.Fatalf("a viewer of the owner sees %+v", outgoing)
		}
		opened, err := w.Apps.Open(ctx, dinerViewer, diner, "shop-2")
		must(t, err)
		same(t, []string{"functions.view", "database.view"}, opened.Permitted.Keys())
		same(t, shop, opened.Owner.AppID)
		_, err = w.Apps.Open(ctx, dinerAdmin, diner, "shop-1")
		wantError(t, err, models.CodeNotFound, "error.not_found")
		must(t, w.Sharing.Pause(ctx, shopAdmin, shop, share.ID))
		_, err = w.Apps.Open(ctx, dinerAdmin, diner, "shop-2")
		wantError(t, err, models.CodeForbidden, "error.share_paused")
		for _, actor := range []models.Actor{kitchenAdmin, outsider, operator} {
			_, err := w.Sharing.Get(ctx, actor, shop, share.ID)
			wantError(t, err, models.CodeNotFound, "error.not_found")
			_, err = w.Sharing.Get(ctx, actor, roles[actor.UserID].AppID, share.ID)
			wantError(t, err, models.CodeNotFound, "error.not_found")
		}
	})
}

func TestS10_CloudbaseAuthIsNeverTheBorrowersToChange(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.deploy(t, "shop-1", models.AuthFunction, "gate")
		w.lend(t, kitchen, "shop-1")
		_, err := w.Functions.Deploy(ctx, kitchenAdmin, kitchen, "shop-1", Deployment{Name: models.AuthFunction, Source: source(t, "open")})
		wantError(t, err, models.CodeForbidden, "error.auth_function_owner_only")
		err = w.Functions.Delete(ctx, kitchenAdmin, kitchen, "shop-1", models.AuthFunction)
		wantError(t, err, models.CodeForbidden, "error.auth_function_owner_only")
		err = w.Functions.RollBack(ctx, kitchenAdmin, kitchen, "shop-1", models.AuthFunction, 1, "")
		wantError(t, err, models.CodeForbidden, "error.auth_function_owner_only")
		_, err = w.Functions.Deploy(ctx, kitchenAdmin, kitchen, "shop-1", Deployment{Name: "hello", Source: source(t, "hi")})
		must(t, err)
		last := w.audit(t, shop)
		e := last[len(last)-1]
		if e.Action != models.AuditFunctionDeployed || e.OtherAppID != kitchen || e.ActorID != kitchenAdmin.UserID {
			t.Fatalf("the owner reads %+v", e)
		}
		offered, err := w.Sharing.Offered(ctx, shopAdmin, shop)
		must(t, err)
		same(t, []string{"shop-1", "shop-2"}, []string{offered[0].ID, offered[1].ID})
		same(t, []bool{true, false}, []bool{offered[0].AuthDeployed, offered[1].AuthDeployed})
		_, err = w.Sharing.Offered(ctx, shopViewer, shop)
		wantError(t, err, models.CodeForbidden, "error.role_needed")
	})
}

func TestS15_UsageIsCountedPerShare(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		share := w.lend(t, diner, "shop-1", "shop-2")
		w.lend(t, kitchen, "shop-1")
		calls := func(days int, caller string, environment string, n int, denied bool) {
			at := w.clock.now().AddDate(0, 0, -days)
			r := &recorder{store: w.store, logger: silent(), clock: func() time.Time { return at }, usage: map[store.UsageDay]*store.UsageDay{}}
			for range n {
				r.call(environment, caller, denied)
			}
			must(t, r.flush(ctx))
		}
		calls(0, diner, "shop-1", 2, false)
		calls(6, diner, "shop-2", 3, false)
		calls(7, diner, "shop-1", 10, false)
		calls(29, diner, "shop-1", 20, false)
		calls(30, diner, "shop-1", 100, false)
		calls(0, diner, "shop-1", 4, true)
		calls(0, kitchen, "shop-1", 1000, false)
		got, err := w.Sharing.Get(ctx, shopViewer, shop, share.ID)
		must(t, err)
		last := start
		same(t, models.ShareUsage{Calls7Days: 5, Calls30Days: 35, Denied7Days: 4, LastCallAt: &last}, got.Usage)

		cred := w.session(t, diner, share, "shop-2")
		same(t, models.Code(""), w.callCode(t, cred, models.StorageRead))
		must(t, w.Sharing.Pause(ctx, shopAdmin, shop, share.ID))
		same(t, models.CodeEnvNotShared, w.callCode(t, cred, models.StorageRead))
		outgoing, err := w.Sharing.Outgoing(ctx, shopAdmin, shop, models.PageRequest{})
		must(t, err)
		for _, listed := range outgoing.Shares {
			want := models.ShareUsage{Calls7Days: 6, Calls30Days: 36, Denied7Days: 5, LastCallAt: &last}
			if listed.Share.GranteeAppID == kitchen {
				want = models.ShareUsage{Calls7Days: 1000, Calls30Days: 1000, LastCallAt: &last}
			}
			same(t, want, listed.Usage)
		}
	})
}
