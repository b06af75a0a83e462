package service

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// denied counts a refusal of an app's code in shop-1, as a call would.
func (w *world) denied(caller string, shared bool, resource string, err error) {
	w.denials.note(refusedCall{
		env: "shop-1", owner: shop, caller: caller, shared: shared, plane: models.PlaneServer, operation: string(models.DatabaseRead), resource: resource,
	}, err)
}

// listed returns the denials that somebody reads in an app.
func (w *world) listed(t testing.TB, actor models.Actor, app string, f models.DenialFilter) DenialList {
	t.Helper()
	list, err := w.Denials.List(t.Context(), actor, app, f, models.PageRequest{Size: models.MaxPageSize})
	must(t, err)
	return list
}

var noRead = models.E(models.CodePermissionMissing, "call.permission_missing", "environment", "shop-1", "permission", models.DatabaseRead, "key", "database.read")

func TestDenials_RealCallsAreCountedByKind(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		share, err := w.Sharing.Share(t.Context(), shopAdmin, shop, with(ShareInput{GranteeAppID: diner}, models.NewPermissionSet(models.FunctionsInvoke), "shop-1"))
		must(t, err)
		cred := w.session(t, diner, share, "shop-1")
		for range 3 {
			_, err := w.Documents.Find(t.Context(), DocumentCall{Credential: cred, Collection: "todos"}, DocumentQuery{})
			wantError(t, err, models.CodePermissionMissing, "call.permission_missing")
			w.clock.advance(time.Second)
		}
		must(t, w.Sharing.Pause(t.Context(), shopAdmin, shop, share.ID))
		_, err = w.Calls.Invoke(t.Context(), cred, CallInfo{}, "hello", nil)
		wantError(t, err, models.CodeEnvNotShared, "call.env_not_shared")

		for side, list := range map[string]DenialList{
			"owner":    w.listed(t, shopViewer, shop, models.DenialFilter{}),
			"borrower": w.listed(t, dinerViewer, diner, models.DenialFilter{Borrowed: true}),
		} {
			if list.Total != 2 {
				t.Fatalf("%s reads %d lines: %+v", side, list.Total, list.Denials)
			}
			d := list.Denials[1]
			if d.Count != 3 || d.Resource != "todos" || d.Operation != "database.read" || d.Code != models.CodePermissionMissing ||
				d.Caller.AppID != diner || d.Owner.AppID != shop || d.Environment.ID != "shop-1" || d.Fix != models.FixOwnerAdmin || d.Plane != models.PlaneServer {
				t.Errorf("%s: %+v", side, d)
			}
			if d.LastAt.Sub(d.FirstAt) != 2*time.Second || d.Msg.Args["permission"] != models.DatabaseRead {
				t.Errorf("%s: %v to %v, %+v", side, d.FirstAt, d.LastAt, d.Msg)
			}
			if list.Denials[0].Resource != "hello" {
				t.Errorf("%s: the latest is %+v", side, list.Denials[0])
			}
		}
		one := w.listed(t, shopAdmin, shop, models.DenialFilter{Code: models.CodeEnvNotShared, EnvironmentID: "shop-1", CallerAppID: diner})
		same(t, int64(1), one.Total)
		same(t, int64(0), w.listed(t, shopAdmin, shop, models.DenialFilter{EnvironmentID: "kitchen-1"}).Total)
	})
}

func TestDenials_C7_AreReadByWhoMayKnow(t *testing.T) {
	w := sqliteWorld(t)
	share := w.lend(t, diner, "shop-1")
	w.denied(diner, true, "todos", noRead)
	w.denied(kitchen, false, "secrets", models.E(models.CodeEnvUnknown, "call.env_unknown", "environment", "shop-1"))

	same(t, int64(1), w.listed(t, dinerAdmin, diner, models.DenialFilter{Borrowed: true}).Total)
	same(t, int64(0), w.listed(t, kitchenAdmin, kitchen, models.DenialFilter{Borrowed: true}).Total)
	same(t, int64(0), w.listed(t, kitchenAdmin, kitchen, models.DenialFilter{Borrowed: true, EnvironmentID: "shop-1"}).Total)
	same(t, int64(0), w.listed(t, dinerAdmin, diner, models.DenialFilter{Borrowed: true, CallerAppID: kitchen}).Total-1) // a forged caller is one's own
	same(t, int64(2), w.listed(t, shopAdmin, shop, models.DenialFilter{}).Total)
	for _, actor := range []models.Actor{outsider, operator, dinerAdmin} {
		_, err := w.Denials.List(t.Context(), actor, shop, models.DenialFilter{}, models.PageRequest{})
		wantError(t, err, models.CodeNotFound, "error.not_found")
	}
	_, err := w.Denials.List(t.Context(), models.Actor{}, shop, models.DenialFilter{}, models.PageRequest{})
	wantError(t, err, models.CodeUnauthenticated, "error.unauthenticated")

	must(t, w.Sharing.Remove(t.Context(), shopAdmin, shop, share.ID))
	same(t, int64(0), w.listed(t, dinerAdmin, diner, models.DenialFilter{Borrowed: true}).Total)
}

func TestDenials_StrangersAreOneLineWithoutNames(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		for i := range 300 {
			w.denied(kitchen, false, fmt.Sprint("guess-", i), models.E(models.CodeEnvUnknown, "call.env_unknown", "environment", "shop-1"))
			w.denied(stranger, false, fmt.Sprint("guess-", i), models.E(models.CodeEnvNotShared, "call.env_not_shared", "environment", "shop-1"))
			w.denied(nobodys, false, "x", models.E(models.CodeEnvNotShared, "call.env_not_shared", "environment", "shop-1"))
		}
		list := w.listed(t, shopAdmin, shop, models.DenialFilter{})
		same(t, int64(2), list.Total)
		seen := map[string]int64{}
		for _, d := range list.Denials {
			seen[d.CallerAppID+"/"+d.MsgKey] = d.Count
			if d.Resource != "" || d.Operation != "" || strings.Contains(d.MsgArgs, "guess") {
				t.Errorf("%+v", d)
			}
		}
		same(t, map[string]int64{kitchen + "/denial.one_line": 300, "/denial.unknown_app": 600}, seen)
	})
}

func TestDenials_AreBoundedInMemoryAndPerDay(t *testing.T) {
	w := sqliteWorld(t)
	w.lend(t, diner, "shop-1")
	const kinds = 700
	for i := range kinds {
		w.denied(diner, true, fmt.Sprint("collection-", i), noRead)
		if i == kinds/2 {
			must(t, w.denials.flush(t.Context()))
		}
	}
	list := w.listed(t, shopAdmin, shop, models.DenialFilter{})
	if list.Total > denialsPerApp+1 {
		t.Errorf("%d lines", list.Total)
	}
	var count int64
	inShop1 := store.DenialSearch{AppID: shop, Filter: models.DenialFilter{EnvironmentID: "shop-1"}}
	all, _, err := w.store.Denials.List(t.Context(), inShop1, models.PageRequest{Page: 1, Size: 100})
	must(t, err)
	for page := 2; len(all) < int(list.Total); page++ {
		more, _, err := w.store.Denials.List(t.Context(), inShop1, models.PageRequest{Page: page, Size: 100})
		must(t, err)
		all = append(all, more...)
	}
	for _, d := range all {
		count += d.Count
	}
	same(t, int64(kinds), count)

	for i := range 3 * denialsInMind { // visitors choose names too
		w.denials.note(refusedCall{env: "shop-1", owner: shop, plane: models.PlaneClient, operation: "database.read", resource: fmt.Sprint(i)},
			models.E(models.CodeRuleDenied, "call.rule_denied", "collection", fmt.Sprint(i), "environment", "shop-1"))
	}
	w.denials.mu.Lock()
	held := len(w.denials.lines)
	w.denials.mu.Unlock()
	if held > denialsPerApp+1 {
		t.Errorf("%d lines in memory", held)
	}
	for i := range denialsInMind {
		w.denials.note(refusedCall{env: fmt.Sprint("env-", i), owner: shop, caller: diner, shared: true, plane: models.PlaneServer, operation: "init"}, noRead)
	}
	must(t, w.denials.flush(t.Context())) // environments that are gone are left out
}

func TestDenials_LongAndBrokenNames(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.lend(t, diner, "shop-1")
		w.denied(diner, true, strings.Repeat("集合\x00\xff", 400), noRead)
		w.denied(diner, true, "x", errors.New("a failure of ours"))
		w.denied(diner, true, "x", nil)
		w.denials.note(refusedCall{env: "nowhere", caller: diner, plane: models.PlaneServer, operation: "database.read"}, noRead)
		list := w.listed(t, shopAdmin, shop, models.DenialFilter{})
		same(t, int64(1), list.Total)
	})
}

func TestDenials_AreForgottenAfterThirtyDays(t *testing.T) {
	w := sqliteWorld(t)
	w.denied(shop, true, "old", models.E(models.CodeRuleDenied, "call.rule_denied", "collection", "old", "environment", "shop-1"))
	must(t, w.denials.flush(t.Context()))
	w.clock.advance(31 * 24 * time.Hour)
	w.denied(shop, true, "new", models.E(models.CodeRuleDenied, "call.rule_denied", "collection", "new", "environment", "shop-1"))
	must(t, w.denials.flush(t.Context()))
	must(t, w.store.Denials.DeleteBefore(t.Context(), w.clock.now().AddDate(0, 0, -keepDenialDays)))
	list := w.listed(t, shopAdmin, shop, models.DenialFilter{})
	if list.Total != 1 || list.Denials[0].Resource != "new" {
		t.Errorf("%+v", list.Denials)
	}
}

func TestDenials_ManyAtOnceLoseNone(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.lend(t, diner, "shop-1")
		second := w.another(t)
		for _, err := range atOnce(20, func(i int) error {
			at := []*world{w, second}[i%2]
			for range 50 {
				at.denied(diner, true, "todos", noRead)
			}
			return at.denials.flush(t.Context())
		}) {
			must(t, err)
		}
		must(t, second.denials.flush(t.Context()))
		list := w.listed(t, shopAdmin, shop, models.DenialFilter{})
		if list.Total != 1 || list.Denials[0].Count != 1000 {
			t.Errorf("%+v", list.Denials)
		}
	})
}

func TestDenials_ConsoleOfABorrower(t *testing.T) {
	w := sqliteWorld(t)
	_, err := w.Sharing.Share(t.Context(), shopAdmin, shop, with(ShareInput{GranteeAppID: diner}, models.NewPermissionSet(models.FunctionsView), "shop-1"))
	must(t, err)
	_, refused := w.Documents.Collections(t.Context(), dinerAdmin, diner, "shop-1")
	wantError(t, refused, models.CodeForbidden, "error.permission_not_granted")
	w.Denials.Refused(t.Context(), dinerAdmin, diner, "shop-1", refused)
	w.Denials.Refused(t.Context(), dinerAdmin, diner, "kitchen-1", refused)                                           // not lent
	w.Denials.Refused(t.Context(), outsider, diner, "shop-1", refused)                                                // no member
	w.Denials.Refused(t.Context(), dinerViewer, diner, "shop-1", models.E(models.CodeForbidden, "error.role_needed")) // the person's own role
	list := w.listed(t, shopAdmin, shop, models.DenialFilter{})
	if list.Total != 1 || list.Denials[0].Count != 1 || list.Denials[0].Plane != models.PlaneConsole || list.Denials[0].Operation != "database.view" {
		t.Errorf("%+v", list.Denials)
	}
}
