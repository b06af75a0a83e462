package handlers_test

import (
	"fmt"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"envshare/handlers"
	"envshare/internal/paths"
	"envshare/internal/store"
	"envshare/internal/testkit"
	"envshare/models"
	"envshare/web"
)

// manyShares is a console in which shop lends to n apps, each of which called it
// on each of the last days, and counts the statements that its pages ask.
func manyShares(t testing.TB, n int) (*console, *atomic.Int64) {
	t.Helper()
	var statements atomic.Int64
	k := &console{t: t, kit: testkit.New(t, testkit.Options{NoRunner: true, Statements: func() { statements.Add(1) }})}
	s := k.kit.Services
	e, err := web.New(web.Config{}, web.Deps{
		Sessions: s.Accounts, Static: fstest.MapFS{}, Ready: s.Ready, SetLanguage: s.Accounts.SetLanguage, Logger: k.kit.Logger,
	})
	must(t, err)
	handlers.Register(e, s, handlers.Options{Zone: zone})
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	k.url, k.routes = server.URL, e.Routes()
	k.kit.Apply(t, manifest, nil)
	ctx, now := t.Context(), time.Now().UTC().Truncate(time.Millisecond)
	must(t, s.Sharing.Enable(ctx, testkit.Actor, shop))
	until := now.Add(72 * time.Hour)
	must(t, k.kit.Store.Tx(ctx, func(tx *store.Store) error {
		var days []store.UsageDay
		for i := range n {
			app := fmt.Sprintf("wx%016x", 0x10000+i)
			must(t, tx.Apps.Insert(ctx, models.App{AppID: app, Name: fmt.Sprintf("应用 %04d", i), Kind: models.MiniProgram, PrincipalID: "acme", CreatedAt: now}))
			share := models.Share{ID: fmt.Sprintf("share-%05d", i), OwnerAppID: shop, GranteeAppID: app, Note: fmt.Sprint("备注 ", i%7), CreatedAt: now, UpdatedAt: now, Version: 1}
			if i%5 == 0 {
				share.PausedAt = &now
			}
			if i%3 == 0 {
				share.Until = &until
			}
			for _, env := range []string{shopTest, shopProd} {
				share.Grants = append(share.Grants, models.Grant{ID: share.ID + env, EnvironmentID: env, Permissions: models.NewPermissionSet(models.DatabaseRead)})
			}
			must(t, tx.Shares.Insert(ctx, share))
			for d := range 7 {
				days = append(days, store.UsageDay{EnvironmentID: shopTest, CallerAppID: app, Day: now.AddDate(0, 0, -d).Format(time.DateOnly), Calls: int64(i + 1), LastAt: &now})
			}
		}
		return tx.Usage.Add(ctx, days)
	}))
	return k, &statements
}

// sharesPages are the addresses of lists, with and without filters.
func sharesPages() map[string]string {
	list := map[string]string{"map": paths.ShareMap(shop)}
	for name, q := range map[string]paths.ShareQuery{
		"all": {}, "text": {Text: "应用 00"}, "note": {Text: "备注 3"}, "paused": {State: "paused"}, "environment and permission": {Environment: shopProd, Permission: "database.read"},
		"by name": {Sort: "name"}, "by calls": {Sort: "calls"}, "by end": {Sort: "ending"}, "with me": {WithMe: true},
	} {
		list[name] = paths.SharesQuery(shop, q)
	}
	return list
}

// However many shares there are, a page asks the same number of questions.
func TestShareListsAskAFixedNumberOfQuestions(t *testing.T) {
	const most = 60
	asked := map[int]map[string]int64{}
	for _, n := range []int{10, 1000} {
		k, statements := manyShares(t, n)
		b := k.admin(shop)
		asked[n] = map[string]int64{}
		for name, address := range sharesPages() {
			b.get(address).want(200)
			before := statements.Load()
			b.get(address).want(200)
			asked[n][name] = statements.Load() - before
		}
	}
	for name, few := range asked[10] {
		if many := asked[1000][name]; many > few || few > most || few == 0 {
			t.Errorf("%s: %d statements for 10 shares, %d for 1000, at most %d", name, few, many, most)
		}
	}
}

// BenchmarkSharesPage5000 is what a list page costs the server with 5,000 shares,
// from the request to the last byte.
func BenchmarkSharesPage5000(b *testing.B) {
	k, _ := manyShares(b, 5000)
	browser := k.admin(shop)
	for name, address := range sharesPages() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if p := browser.do("GET", address, "", nil); p.status != 200 {
					b.Fatalf("status %d", p.status)
				}
			}
		})
	}
}
