package store_test

import (
	"fmt"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// count is a count with a tally that shows in every column.
func count(env, function, period, caller string, op models.Permission, n int64) store.UsageCount {
	return store.UsageCount{EnvironmentID: env, FunctionName: function, Period: period, CallerAppID: caller, Operation: op, Tally: models.Tally{
		Calls: n, Errors: n + 1, Denied: n + 2, Bytes: n + 3, DurationMS: n + 4, LongestMS: n + 5, MemoryBytes: n + 6, Durations: models.Histogram{0: n, 5: n + 7, 13: n + 8},
	}}
}

func sum(list ...models.Tally) models.Tally {
	var t models.Tally
	for _, one := range list {
		t.Add(one)
	}
	return t
}

func table(t *testing.T, s *store.Store, layout string) []store.UsageCount {
	t.Helper()
	list, err := s.Usage.Table(t.Context(), store.UsageFilter{EnvironmentID: "shop-1", Layout: layout}, 1000)
	must(t, err)
	return list
}

func TestUsageCounts_AddUpAndRead(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		a, b := count("shop-1", "", "2026-11-22T08", dinerID, models.DatabaseRead, 10), count("shop-1", "", "2026-11-22T09", dinerID, models.DatabaseRead, 200)
		own, visitor := count("shop-1", "", "2026-11-22T09", shopID, models.StorageWrite, 3), count("shop-1", "", "2026-11-21T23", "", models.FunctionsInvoke, 5)
		function := count("shop-1", "hello", "2026-11-22T09", "", models.FunctionsInvoke, 7)
		must(t, s.Usage.AddCounts(ctx, nil))
		must(t, s.Usage.AddCounts(ctx, []store.UsageCount{b, own, visitor, function, count("shop-2", "", "2026-11-22T09", dinerID, models.DatabaseRead, 1)}))
		must(t, s.Usage.AddCounts(ctx, []store.UsageCount{a}))
		must(t, s.Usage.AddCounts(ctx, []store.UsageCount{a, own})) // as another node would
		twice := func(c store.UsageCount) store.UsageCount { c.Tally = sum(c.Tally, c.Tally); return c }

		same(t, []store.UsageCount{visitor, twice(a), twice(own), b}, table(t, s, models.HourLayout))
		day := a
		day.Period, day.Tally = "2026-11-22", sum(a.Tally, a.Tally, b.Tally)
		same(t, day, table(t, s, models.DayLayout)[2])
		month := day
		month.Period = "2026-11"
		same(t, month, table(t, s, models.MonthLayout)[2])

		read := func(layout, function string, since time.Time) []models.UsagePoint {
			t.Helper()
			points, err := s.Usage.Series(ctx, store.UsageFilter{EnvironmentID: "shop-1", FunctionName: function, Layout: layout, Since: since}, shopID)
			must(t, err)
			return points
		}
		same(t, []models.UsagePoint{
			{Period: "2026-11", Operation: models.DatabaseRead, Side: models.SideOthers, Tally: day.Tally},
			{Period: "2026-11", Operation: models.FunctionsInvoke, Side: models.SideVisitor, Tally: visitor.Tally},
			{Period: "2026-11", Operation: models.StorageWrite, Side: models.SideSelf, Tally: twice(own).Tally},
		}, read(models.MonthLayout, "", start))
		same(t, 2, len(read(models.DayLayout, "", start)))
		same(t, 3, len(read(models.DayLayout, "", start.AddDate(0, 0, -1))))
		same(t, []models.UsagePoint{{Period: "2026-11-22T09", Operation: models.FunctionsInvoke, Side: models.SideVisitor, Tally: function.Tally}}, read(models.HourLayout, "hello", start))

		caller := dinerID
		filter := store.UsageFilter{EnvironmentID: "shop-1", Layout: models.DayLayout, Since: start}
		callers, total, err := s.Usage.Callers(ctx, filter, models.PageRequest{Size: 1})
		must(t, err)
		same(t, int64(2), total)
		same(t, []store.UsageCaller{{AppID: dinerID, Tally: day.Tally}}, callers)
		filter.Caller = &caller
		_, total, err = s.Usage.Callers(ctx, filter, models.PageRequest{})
		must(t, err)
		same(t, int64(1), total)

		must(t, s.Usage.DropCounts(ctx, after(time.Hour), start.AddDate(0, 0, -1)))
		same(t, []store.UsageCount{twice(own), b}, table(t, s, models.HourLayout))
		same(t, 3, len(table(t, s, models.DayLayout)))
		must(t, s.Usage.DropCounts(ctx, start.AddDate(0, 1, 0), start.AddDate(0, 1, 0)))
		for _, layout := range []string{models.HourLayout, models.DayLayout, models.MonthLayout} {
			same(t, 0, len(table(t, s, layout)))
		}
	})
}

func TestUsageCounts_ManyAddAtOnce(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		const rows, rounds, adders = 150, 4, 4
		for _, err := range race(t, d, adders, func(s *store.Store, i int) error {
			for range rounds {
				batch := make([]store.UsageCount, 0, rows)
				for n := range rows {
					n = (n*7 + i*31) % rows // each adder in its own order
					batch = append(batch, store.UsageCount{EnvironmentID: "shop-1", Period: fmt.Sprintf("2026-11-07T%02d", n%24), CallerAppID: fmt.Sprint("app-", n/24),
						Operation: models.DatabaseRead, Tally: models.Tally{Calls: 1}})
				}
				if err := s.Usage.AddCounts(t.Context(), batch); err != nil {
					return err
				}
			}
			return nil
		}) {
			must(t, err)
		}
		list, err := d.open(t).Usage.Table(t.Context(), store.UsageFilter{EnvironmentID: "shop-1", Layout: models.MonthLayout}, 1000)
		must(t, err)
		var total int64
		for _, row := range list {
			total += row.Calls
		}
		same(t, int64(rows*rounds*adders), total)
	})
}

func TestVisitors(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		populate(t, s)
		ctx := t.Context()
		see := func(env, app, openID, unionID string, at time.Time) {
			t.Helper()
			must(t, s.Clients.See(ctx, models.Visitor{EnvironmentID: env, AppID: app, OpenID: openID, UnionID: unionID, FirstSeenAt: at, LastSeenAt: at}))
		}
		ids := func(f store.VisitorFilter) (out []string) {
			t.Helper()
			f.EnvironmentID = "shop-1"
			list, total, err := s.Clients.Visitors(ctx, f, models.PageRequest{})
			must(t, err)
			same(t, int64(len(list)), total)
			for _, v := range list {
				out = append(out, v.OpenID)
			}
			return out
		}
		see("shop-1", shopID, "o_a%", "u1", start)
		see("shop-1", dinerID, "oXa1", "", after(time.Hour))
		see("shop-1", kitchenID, "ob", "", after(2*time.Hour))
		see("shop-2", shopID, "other", "", start)

		t.Run("the SDK's two calls of init are one visit", func(t *testing.T) {
			for _, d := range []time.Duration{time.Second, 30 * time.Second, 89 * time.Second, 59 * time.Minute} {
				see("shop-1", shopID, "o_a%", "u1", after(d))
			}
			v, err := s.Clients.Visitor(ctx, "shop-1", shopID, "o_a%")
			must(t, err)
			same(t, models.Visitor{EnvironmentID: "shop-1", AppID: shopID, OpenID: "o_a%", UnionID: "u1", FirstSeenAt: start, LastSeenAt: after(59 * time.Minute), Visits: 2}, v)
		})
		t.Run("search takes signs as they are", func(t *testing.T) {
			same(t, []string{"ob", "oXa1", "o_a%"}, ids(store.VisitorFilter{}))
			same(t, []string{"o_a%"}, ids(store.VisitorFilter{Search: "_a"}))
			same(t, []string{"o_a%"}, ids(store.VisitorFilter{Search: "%"}))
			same(t, []string{"o_a%"}, ids(store.VisitorFilter{Search: "u1"}))
			same(t, []string(nil), ids(store.VisitorFilter{Search: `\`}))
			same(t, []string{"oXa1"}, ids(store.VisitorFilter{Search: "o", Apps: []string{dinerID}}))
			same(t, []string(nil), ids(store.VisitorFilter{Apps: []string{}}))
		})
		apps, err := s.Clients.VisitorApps(ctx, "shop-1")
		must(t, err)
		same(t, []string{shopID, dinerID, kitchenID}, apps)
		_, err = s.Clients.Visitor(ctx, "shop-2", dinerID, "oXa1")
		wantNotFound(t, err)

		t.Run("the table is bounded", func(t *testing.T) {
			must(t, s.Clients.DropVisitors(ctx, start, 2))
			same(t, []string{"ob", "oXa1"}, ids(store.VisitorFilter{}))
			_, err := s.Clients.Visitor(ctx, "shop-2", shopID, "other")
			must(t, err)
			must(t, s.Clients.DropVisitors(ctx, after(2*time.Hour), 2))
			same(t, []string{"ob"}, ids(store.VisitorFilter{}))
			_, err = s.Clients.Visitor(ctx, "shop-2", shopID, "other")
			wantNotFound(t, err)
		})
	})
}

func TestSessionsOfAPerson(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		populate(t, s)
		ctx := t.Context()
		for i, until := range []time.Time{after(time.Hour), start, after(2 * time.Hour)} {
			c := models.ClientSession{ID: fmt.Sprint("s", i), AppID: shopID, OpenID: "o", Profile: "{}", CreatedAt: after(time.Duration(i)), AccessUntil: start, RefreshUntil: until}
			must(t, s.Tx(ctx, func(tx *store.Store) error { return tx.Clients.InsertSession(ctx, c, 10) }))
		}
		list, err := s.Clients.Sessions(ctx, shopID, "o", start)
		must(t, err)
		if len(list) != 2 || list[0].ID != "s2" || list[1].ID != "s0" || list[0].Profile != "" {
			t.Errorf("%+v", list)
		}
		list, err = s.Clients.Sessions(ctx, dinerID, "o", start)
		must(t, err)
		same(t, 0, len(list))
	})
}
