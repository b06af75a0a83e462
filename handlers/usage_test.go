package handlers_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"envshare/internal/paths"
	"envshare/internal/store"
	"envshare/internal/testkit"
	"envshare/models"
)

// used is what an app did in the current hour.
func used(app, function string, op models.Permission, t models.Tally) store.UsageCount {
	return store.UsageCount{EnvironmentID: shopTest, CallerAppID: app, FunctionName: function, Operation: op, Period: time.Now().UTC().Format(models.HourLayout), Tally: t}
}

func (k *console) count(list ...store.UsageCount) {
	k.t.Helper()
	must(k.t, k.kit.Store.Usage.AddCounts(k.t.Context(), list))
}

func TestStatisticsPage(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	at := paths.Statistics(shop, shopTest)
	b.get(at).want(200).wantCount(`[data-testid="chart"]`, 0).wantText(`[data-testid="empty"]`, text("statistics.empty_title"))

	k.share(shop, diner, shopTest, models.StatisticsView)
	k.count(
		used(shop, "", models.DatabaseRead, models.Tally{Calls: 1200, Errors: 3}), used(diner, "", models.DatabaseRead, models.Tally{Calls: 34, Denied: 5}),
		used(shop, "", models.FunctionsInvoke, models.Tally{Calls: 2, LongestMS: 12, Durations: models.Histogram{1: 2}}),
		used(depot, "", models.StorageRead, models.Tally{Calls: 6, Bytes: 3 << 20}),
	)
	p := b.get(at).want(200)
	for key, want := range map[string]string{"statistics.calls": "1,242", "statistics.errors": "3", "statistics.denied": "5", "statistics.function_p95": "11 ms"} {
		if got := p.stat(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	p.wantCount(`[data-testid="chart"]`, 4).wantCount(`[data-testid="operation-row"]`, 5).wantCount(`[data-testid="caller-row"]`, 3)
	p.wantText(`[data-testid="operation-row"]:nth-child(2)`, text("permission.database.read"), "1,234", "3", "5")
	p.wantText(`[data-testid="caller-row"]:nth-child(3)`, "仓库", depot, text("statistics.borrower"), "3.0 MB")
	p.wantText(`#calls-by-operation tbody tr:nth-child(2)`, text("permission.database.read"), "1,200", "34")
	if got := p.Find(`#calls-by-operation thead th[data-tone="lent"]`).Text(); got != text("statistics.borrowed_calls") {
		t.Errorf("violet is %q", got)
	}
	p.wantCount(`#calls-over-time tbody tr`, 7)
	for r, n := range map[string]int{"24h": 24, "30d": 30, "12m": 12, "nonsense": 7} {
		b.get(paths.Usage(at, r, "")).want(200).wantCount(`#calls-over-time tbody tr`, n)
	}
	b.get(paths.Usage(at, "24h", diner)).want(200).wantText(`[role="note"]`, "食堂").wantCount(`[data-testid="caller-row"]`, 3).
		wantText(`[data-testid="operation-row"]:nth-child(2)`, "34")

	t.Run("S9 a borrower sees sums and itself", func(t *testing.T) {
		borrower := k.admin(diner)
		at := paths.Statistics(diner, shopTest)
		p := borrower.get(at).want(200).wantCount(`[data-testid="caller-row"]`, 1).wantText(`[data-testid="operation-row"]:nth-child(2)`, "1,234")
		if strings.Contains(p.body, depot) {
			t.Error("the page names another borrower")
		}
		borrower.get(paths.Usage(at, "", depot)).want(404)
		borrower.get(paths.Usage(paths.StatisticsTable(diner, shopTest), "", depot)).want(404)
		table := borrower.get(paths.StatisticsTable(diner, shopTest)).want(200)
		if strings.Contains(table.body, depot) || strings.Contains(table.body, "仓库") || !strings.Contains(table.body, text("statistics.other_callers")) {
			t.Errorf("the file says %s", table.body)
		}
		borrower.get(paths.Visitors(diner, shopTest)).want(403)
		borrower.get(paths.FunctionMonitoring(diner, shopTest, "hello")).want(403)
	})
}

func TestStatisticsTable(t *testing.T) {
	k := newWorld(t)
	k.count(
		used(shop, "", models.FunctionsInvoke, models.Tally{Calls: 4, Errors: 1, Denied: 2, Bytes: 3, LongestMS: 1000, Durations: models.Histogram{7: 4}}),
		used("", "", models.DatabaseRead, models.Tally{Calls: 1}), used("", "hello", models.FunctionsInvoke, models.Tally{Calls: 99}),
	)
	p := k.admin(shop).get(paths.Usage(paths.StatisticsTable(shop, shopTest), "24h", "")).want(200)
	if got := p.header.Get("Content-Disposition"); got != "attachment; filename=shop-test-24h.csv" {
		t.Error(got)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.body, "\ufeff"))).ReadAll()
	must(t, err)
	hour := time.Now().UTC().Format(models.HourLayout)
	want := [][]string{
		rows[0],
		{hour, shopTest, text("statistics.visitor_calls"), "database.read", "1", "0", "0", "0", "", ""},
		{hour, shopTest, shop, "functions.invoke", "4", "1", "2", "3", "756", "975"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

func TestFunctionMonitoring(t *testing.T) {
	k := newWorld(t)
	k.deploy(shopTest, "hello", "exports.main = async () => 1")
	b := k.admin(shop)
	at := paths.FunctionMonitoring(shop, shopTest, "hello")
	b.get(at).want(200).wantText(`[data-testid="empty"]`, text("monitoring.empty_title"))
	k.count(used("", "hello", models.FunctionsInvoke, models.Tally{Calls: 8, Errors: 2, LongestMS: 3000, MemoryBytes: 50 << 20, Durations: models.Histogram{0: 4, 9: 4}}))
	p := b.get(at).want(200).wantCount(`[data-testid="chart"]`, 3).wantText("dl", "8", "2", "8 ms / ", "50.0 MB", text("monitoring.memory_of", "limit", "256 MB"))
	p.wantText(`#memory tbody tr:last-child`, "50.0 MB").wantText(`#memory tbody tr:first-child`, "–")
	if got := p.Find(`#runs tbody tr:last-child td:last-child`).AttrOr("data-value", ""); got != "2" {
		t.Errorf("errors %q", got)
	}
	b.get(paths.FunctionMonitoring(shop, shopTest, "nothing")).want(404)

	share := func(permissions ...models.Permission) *page {
		k.share(shop, diner, shopTest, permissions...)
		return k.browserOf(diner).get(paths.Function(diner, shopTest, "hello"))
	}
	link := `a[href="` + paths.FunctionMonitoring(diner, shopTest, "hello") + `"]`
	share(models.FunctionsView).want(200).wantCount(link, 0)
	share(models.FunctionsView, models.StatisticsView).want(200).wantCount(link, 1)
}

// browserOf signs in the administrator of an app, once.
func (k *console) browserOf(app string) *browser {
	k.t.Helper()
	name := "again-" + app[len(app)-2:]
	if _, err := k.kit.Services.Accounts.CreateUser(k.t.Context(), testkit.Actor, name, password, false, map[string]models.Role{app: models.RoleAdmin}); err != nil && !models.IsCode(err, models.CodeInvalid) && !models.IsCode(err, models.CodeConflict) {
		k.t.Fatal(err)
	}
	b := k.browser()
	b.submit(b.get("/login"), "/login", "username", name, "password", password).wantRedirect("/")
	return b
}

func TestVisitorPages(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	at := paths.Visitors(shop, shopTest)
	b.get(at).want(200).wantText(`[data-testid="empty"]`, "traceUser").wantCount("main form[method=get]", 0)
	seen := time.Date(2026, 11, 22, 8, 30, 0, 0, time.UTC)
	see := func(app, openID string, n int) models.Visitor {
		v := models.Visitor{EnvironmentID: shopTest, AppID: app, OpenID: openID, UnionID: "u-" + openID, FirstSeenAt: seen, LastSeenAt: seen}
		for i := range n {
			v.LastSeenAt = seen.Add(time.Duration(i) * time.Hour)
			must(t, k.kit.Store.Clients.See(t.Context(), v))
		}
		return v
	}
	ming, hong := see(shop, "ming", 3), see(diner, "hong<b>", 1)
	p := b.get(at).want(200).wantCount(`[data-testid="visitor-row"]`, 2)
	p.wantText(`[data-testid="visitor-row"]:nth-child(1)`, "ming", "商城", shop, text("visitors.channel_miniprogram"), "3", "2026-11-22 16:30", "2026-11-22 18:30")
	p.wantText(`[data-testid="visitor-row"]:nth-child(2)`, "hong<b>", "食堂", text("visitors.channel_web"), text("statistics.borrower"))
	b.get(paths.VisitorsQuery(shop, shopTest, diner, "")).want(200).wantCount(`[data-testid="visitor-row"]`, 1)
	b.get(paths.VisitorsQuery(shop, shopTest, "", "in")).want(200).wantCount(`[data-testid="visitor-row"]`, 1)
	b.get(paths.VisitorsQuery(shop, shopTest, diner, "ming")).want(200).wantText(`[data-testid="empty"]`, text("visitors.none_title"))

	must(t, k.kit.Store.Tx(t.Context(), func(tx *store.Store) error {
		return tx.Clients.InsertSession(t.Context(), models.ClientSession{ID: "s", AppID: shop, OpenID: "ming", CreatedAt: seen, AccessUntil: time.Now().Add(time.Hour), RefreshUntil: time.Now().Add(2 * time.Hour)}, 5)
	}))
	one := paths.Visitor(shop, shopTest, ming.Key())
	b.get(one).want(200).wantCount(`[data-testid="visitor-session"]`, 1).wantText(`[data-testid="visitor"]`, "u-ming", "3")
	b.get(paths.Visitor(shop, shopTest, hong.Key())).want(200).wantText("main", text("visitor.sessions_of_app", "app", "食堂"), text("visitor.not_allowed"))
	ask := b.get(paths.SignOutVisitor(shop, shopTest, ming.Key())).want(200).wantText(`[data-testid="impact"]`, text("visitor.sign_out_own", "app", "商城", "sessions", 1))
	b.submit(ask, paths.SignOutVisitor(shop, shopTest, ming.Key())).wantRedirect(one).follow().
		wantFlash(text("flash.visitor_signed_out")).wantCount(`[data-testid="visitor-session"]`, 0)

	viewer := k.signIn("viewer", map[string]models.Role{shop: models.RoleViewer})
	viewer.get(one).want(200).wantCount(`a[href$="/signout"]`, 0)
	viewer.get(paths.SignOutVisitor(shop, shopTest, ming.Key())).want(403)
	for n := range 25 {
		see(shop, fmt.Sprint("more-", n), 1)
	}
	b.get(at).want(200).wantCount(`[data-testid="visitor-row"]`, 20).wantCount(`a[rel="next"]`, 1)
	b.get(paths.Page(at, 2)).want(200).wantCount(`[data-testid="visitor-row"]`, 7)
}

func TestFunctionsTellWhatTheyDidThisWeek(t *testing.T) {
	k := newWorld(t)
	k.deploy(shopTest, "hello", mainOne)
	k.deploy(shopTest, "idle", mainOne)
	now := time.Now()
	must(t, k.kit.Store.Usage.AddCounts(t.Context(), []store.UsageCount{
		{EnvironmentID: shopTest, FunctionName: "hello", Period: now.UTC().Format(models.HourLayout), Tally: models.Tally{Calls: 1200, Errors: 4}},
		{EnvironmentID: shopTest, FunctionName: "hello", Period: now.UTC().AddDate(0, 0, -8).Format(models.HourLayout), Tally: models.Tally{Calls: 7, Errors: 7}},
	}))
	at := paths.Functions(shop, shopTest)
	p := k.admin(shop).get(at).want(200)
	for name, want := range map[string]string{"hello": "1,200 " + text("functions.week_errors", "percent", "0.3%"), "idle": "0"} {
		row := p.Find(`[data-testid="function-row"]`).FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.Contains(s.Find("th").Text(), name) })
		if got := strings.Join(strings.Fields(row.Find(`[data-testid="week"]`).Text()), " "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	k.share(shop, diner, shopTest, models.FunctionsView)
	borrower := k.signIn("borrower", map[string]models.Role{diner: models.RoleAdmin})
	borrower.get(paths.Functions(diner, shopTest)).want(200).wantCount(`[data-testid="function-row"]`, 2).wantCount(`[data-testid="week"]`, 0)
}
