package service

import (
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// callersOf are the apps that a report names.
func callersOf(r UsageReport) (out []string) {
	for _, c := range r.Callers {
		out = append(out, c.AppID)
	}
	return out
}

func TestS9_StatisticsOfABorrowedEnvironment(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.lend(t, diner, "shop-1")
		w.lend(t, kitchen, "shop-1")
		for caller, n := range map[string]int{shop: 4, diner: 3, kitchen: 2, "": 1} {
			for range n {
				w.recorder.count("shop-1", caller, models.DatabaseRead, models.OutcomeOK)
			}
		}
		q := UsageQuery{Range: models.Range24Hours}
		side := func(r UsageReport, s models.UsageSide) int64 {
			return Sum(r.Points, func(p models.UsagePoint) bool { return p.Side == s }).Calls
		}

		owner, err := w.Statistics.Report(ctx, shopViewer, shop, "shop-1", q)
		must(t, err)
		same(t, []string{shop, diner, kitchen, ""}, callersOf(owner))
		same(t, []int64{4, 5, 1}, []int64{side(owner, models.SideSelf), side(owner, models.SideOthers), side(owner, models.SideVisitor)})
		q.Caller = kitchen
		owner, err = w.Statistics.Report(ctx, shopViewer, shop, "shop-1", q)
		must(t, err)
		same(t, int64(2), Sum(owner.Points, nil).Calls)

		_, err = w.Statistics.Report(ctx, dinerViewer, diner, "shop-1", q) // who else borrows it
		wantError(t, err, models.CodeNotFound, "error.not_found")
		_, err = w.Statistics.Table(ctx, dinerViewer, diner, "shop-1", q)
		wantError(t, err, models.CodeNotFound, "error.not_found")
		q.Caller = ""
		borrower, err := w.Statistics.Report(ctx, dinerViewer, diner, "shop-1", q)
		must(t, err)
		same(t, []string{diner}, callersOf(borrower))
		same(t, int64(1), borrower.CallerCount)
		same(t, int64(10), Sum(borrower.Points, nil).Calls)
		same(t, int64(3), side(borrower, models.SideSelf))
		rows, err := w.Statistics.Table(ctx, dinerViewer, diner, "shop-1", q)
		must(t, err)
		same(t, 2, len(rows))
		for _, row := range rows {
			same(t, row.Side == models.SideSelf, row.Caller == diner)
			if row.Caller != diner && (row.Caller != "" || row.CallerAppID != "" || row.Calls != 7) {
				t.Errorf("%+v", row)
			}
		}
		rows, err = w.Statistics.Table(ctx, shopViewer, shop, "shop-1", q)
		must(t, err)
		same(t, 4, len(rows))

		for name, ask := range map[string]struct {
			actor    models.Actor
			app, env string
		}{"another app": {outsider, stranger, "shop-1"}, "an environment that is not lent": {dinerViewer, diner, "shop-2"}, "nobody": {models.Actor{}, shop, "shop-1"}, "an operator": {operator, shop, "shop-1"}} {
			if _, err := w.Statistics.Report(ctx, ask.actor, ask.app, ask.env, q); err == nil {
				t.Errorf("%s sees statistics", name)
			}
		}
		_, err = w.Sharing.Share(ctx, shopAdmin, shop, with(ShareInput{GranteeAppID: diner}, models.NewPermissionSet(models.UsersView), "shop-1"))
		must(t, err)
		_, err = w.Statistics.Report(ctx, dinerViewer, diner, "shop-1", q)
		same(t, models.CodeForbidden, models.CodeOf(err))
	})
}

func TestStatistics_SizeIsCountedOnceAMinute(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	size := func() EnvironmentSize {
		r, err := w.Statistics.Report(ctx, shopViewer, shop, "shop-1", UsageQuery{})
		must(t, err)
		return r.Size
	}
	same(t, EnvironmentSize{}, size())
	for _, name := range []string{"a", "b"} {
		must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", name))
		for range 3 {
			_, err := w.Documents.AddDocument(ctx, shopAdmin, shop, "shop-1", name, `{"x":1}`)
			must(t, err)
		}
		must(t, w.Documents.AddIndex(ctx, shopAdmin, shop, "shop-1", name, Index{Fields: "x:1"}))
	}
	must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-2", "a"))
	_, err := w.Files.Store(ctx, shopAdmin, shop, "shop-1", "a.txt", strings.NewReader("hello"))
	must(t, err)
	same(t, EnvironmentSize{}, size())
	w.clock.advance(sizeAge)
	got := size()
	same(t, []int64{2, 6, 1, 5}, []int64{got.Collections, got.Documents, got.Files, got.Bytes})
}

func TestVisitors_WhoIsSeenBySomebody(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.lend(t, diner, "shop-1")
		people := map[string]string{shop: "of-shop", diner: "of-diner", kitchen: "of-kitchen"}
		for app, openID := range people {
			must(t, w.store.Clients.See(ctx, models.Visitor{EnvironmentID: "shop-1", AppID: app, OpenID: openID, FirstSeenAt: start, LastSeenAt: start}))
		}
		seen := func(actor models.Actor, app string, q VisitorQuery) map[string]bool {
			t.Helper()
			list, err := w.Visitors.List(ctx, actor, app, "shop-1", q)
			must(t, err)
			same(t, int64(len(list.Visitors)), list.Total)
			out := map[string]bool{}
			for _, v := range list.Visitors {
				out[v.OpenID] = true
				if list.Apps[v.AppID].AppID != v.AppID {
					t.Errorf("%s has no name", v.AppID)
				}
			}
			return out
		}
		same(t, map[string]bool{"of-shop": true, "of-diner": true, "of-kitchen": true}, seen(shopViewer, shop, VisitorQuery{}))
		same(t, map[string]bool{"of-shop": true, "of-diner": true}, seen(dinerViewer, diner, VisitorQuery{}))
		same(t, map[string]bool{}, seen(dinerViewer, diner, VisitorQuery{AppID: kitchen}))
		same(t, map[string]bool{}, seen(dinerViewer, diner, VisitorQuery{Search: "kitchen"}))
		same(t, map[string]bool{}, seen(shopViewer, shop, VisitorQuery{Search: strings.Repeat("x", 5000)}))
		same(t, map[string]bool{"of-kitchen": true}, seen(shopViewer, shop, VisitorQuery{AppID: kitchen, Search: "of-"}))

		key := func(app string) string { return models.Visitor{AppID: app, OpenID: people[app]}.Key() }
		_, err := w.Visitors.Get(ctx, dinerViewer, diner, "shop-1", key(kitchen))
		wantError(t, err, models.CodeNotFound, "error.not_found")
		_, err = w.Visitors.Get(ctx, shopViewer, shop, "shop-1", "forged")
		wantError(t, err, models.CodeNotFound, "error.not_found")
		_, err = w.Visitors.Get(ctx, shopViewer, shop, "shop-2", key(shop))
		wantError(t, err, models.CodeNotFound, "error.not_found")
		_, err = w.Visitors.List(ctx, outsider, stranger, "shop-1", VisitorQuery{})
		wantError(t, err, models.CodeNotFound, "error.not_found")
	})
}

func TestVisitors_SignOut(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.lend(t, diner, "shop-1")
		keys := map[string]string{}
		for _, app := range []string{shop, diner} {
			v := models.Visitor{EnvironmentID: "shop-1", AppID: app, OpenID: "ming", FirstSeenAt: start, LastSeenAt: start}
			keys[app] = v.Key()
			must(t, w.store.Clients.See(ctx, v))
			c := models.ClientSession{ID: "s-" + app, AppID: app, OpenID: "ming", CreatedAt: start, AccessUntil: start.Add(time.Hour), RefreshUntil: start.Add(2 * time.Hour)}
			must(t, w.store.Tx(ctx, func(tx *store.Store) error { return tx.Clients.InsertSession(ctx, c, 10) }))
		}
		for _, env := range []string{"shop-1", "kitchen-1"} {
			must(t, w.store.Clients.SaveVerdict(ctx, models.Verdict{AppID: diner, OpenID: "ming", EnvironmentID: env, ExpiresAt: start.Add(time.Hour)}))
		}
		got, err := w.Visitors.Get(ctx, shopViewer, shop, "shop-1", keys[diner])
		must(t, err)
		same(t, 0, len(got.Sessions)) // they are the diner's to see
		same(t, true, got.Verdict != nil)
		got, err = w.Visitors.Get(ctx, dinerViewer, diner, "shop-1", keys[diner])
		must(t, err)
		same(t, 1, len(got.Sessions))

		for name, actor := range map[string]models.Actor{"a developer": shopDeveloper, "a viewer": shopViewer, "an operator": operator, "nobody": {}} {
			if w.Visitors.SignOut(ctx, actor, shop, "shop-1", keys[shop]) == nil {
				t.Errorf("%s signed somebody out", name)
			}
		}
		wantError(t, w.Visitors.SignOut(ctx, dinerAdmin, diner, "shop-1", keys[diner]), models.CodeForbidden, "error.owner_only")

		must(t, w.Visitors.SignOut(ctx, shopAdmin, shop, "shop-1", keys[diner]))
		_, err = w.store.Clients.Verdict(ctx, diner, "ming", "shop-1")
		same(t, models.CodeNotFound, models.CodeOf(err))
		_, err = w.store.Clients.Verdict(ctx, diner, "ming", "kitchen-1")
		must(t, err)
		_, err = w.store.Clients.Session(ctx, "s-"+diner)
		must(t, err)
		must(t, w.Visitors.SignOut(ctx, shopAdmin, shop, "shop-1", keys[shop]))
		_, err = w.store.Clients.Session(ctx, "s-"+shop)
		same(t, models.CodeNotFound, models.CodeOf(err))
		if got := actions(w.audit(t, diner)); !strings.HasSuffix(got, "visitor.signed_out") {
			t.Errorf("the diner reads %s", got)
		}
		if got := actions(w.audit(t, shop)); !strings.HasSuffix(got, "visitor.signed_out visitor.signed_out") {
			t.Errorf("the shop reads %s", got)
		}
	})
}
