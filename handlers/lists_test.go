package handlers_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"envshare/internal/paths"
	"envshare/internal/store"
	"envshare/internal/testkit"
	"envshare/models"
)

// lists are the pages that list what grows with use.
var lists = map[string]string{
	"functions":        paths.Functions(shop, shopTest),
	"invocations":      paths.Invocations(shop, shopTest, "hello"),
	"last invocations": paths.Page(paths.Invocations(shop, shopTest, "hello"), 500),
	"monitoring":       paths.Usage(paths.FunctionMonitoring(shop, shopTest, "hello"), "30d", ""),
	"statistics":       paths.Usage(paths.Statistics(shop, shopTest), "30d", ""),
	"a year":           paths.Usage(paths.Statistics(shop, shopTest), "12m", ""),
	"users":            paths.Visitors(shop, shopTest),
	"users by search":  paths.VisitorsQuery(shop, shopTest, "", "9"),
}

// grow adds invocations of the last 24 hours, visitors, and counts of days.
func (k *console) grow(from, invocations, days int) {
	k.t.Helper()
	ctx, now := k.t.Context(), time.Now().UTC().Truncate(time.Millisecond)
	runs := make([]models.Invocation, invocations)
	for i := range runs {
		runs[i] = models.Invocation{ID: fmt.Sprint("run-", from+i), EnvironmentID: shopTest, FunctionName: "hello", Version: 1, Trigger: models.TriggerClient,
			CallerAppID: diner, Status: models.InvocationOK, Result: "{}", Logs: strings.Repeat("a line of a log\n", 10), DurationMS: 10, StartedAt: now.Add(-time.Duration(i) * time.Second)}
	}
	must(k.t, k.kit.Store.Invocations.InsertBatch(ctx, runs))
	must(k.t, k.kit.Store.Tx(ctx, func(tx *store.Store) error {
		for i := range invocations {
			at := now.Add(-time.Duration(i) * time.Second)
			if err := tx.Clients.See(ctx, models.Visitor{EnvironmentID: shopTest, AppID: shop, OpenID: fmt.Sprint("o-", from+i), FirstSeenAt: at, LastSeenAt: at}); err != nil {
				return err
			}
		}
		return nil
	}))
	for day := range days {
		var counts []store.UsageCount
		for _, period := range periodsOf(now.AddDate(0, 0, -day), day) {
			for _, app := range []string{shop, diner, depot, rival, ""} {
				for _, op := range models.CountedOperations() {
					counts = append(counts, store.UsageCount{EnvironmentID: shopTest, Period: period, CallerAppID: app, Operation: op, Tally: models.Tally{Calls: 9, Durations: models.Histogram{1: 9}}})
				}
			}
			for f := range 20 {
				name := "hello"
				if f > 0 {
					name = fmt.Sprint("function-", f)
				}
				counts = append(counts, store.UsageCount{EnvironmentID: shopTest, Period: period, FunctionName: name, Operation: models.FunctionsInvoke, Tally: models.Tally{Calls: 9, Durations: models.Histogram{1: 9}}})
			}
		}
		must(k.t, k.kit.Store.Usage.AddCounts(ctx, counts))
	}
}

// periodsOf are the hours in which something is counted of a day so many days ago:
// all of those that are kept.
func periodsOf(day time.Time, ago int) []string {
	if ago > 14 {
		return []string{day.Format(models.HourLayout)}
	}
	var out []string
	for hour := range 24 {
		out = append(out, fmt.Sprintf("%sT%02d", day.Format(models.DayLayout), hour))
	}
	return out
}

func grown(t testing.TB, statements func()) *console {
	t.Helper()
	k := consoleOf(t, testkit.New(t, testkit.Options{NoRunner: true, Statements: statements}))
	k.kit.Apply(t, strings.Replace(manifest, "name: 商城\n", "name: 商城\n    sharing: true\n", 1), nil)
	k.deploy(shopTest, "hello", "exports.main = async () => 1")
	return k
}

func TestListPagesAskAFixedNumberOfQueries(t *testing.T) {
	var statements atomic.Int64
	k := grown(t, func() { statements.Add(1) })
	b := k.admin(shop)
	names := []string{}
	for name := range lists {
		names = append(names, name)
	}
	slices.Sort(names)
	asked := func() map[string]int64 {
		out := map[string]int64{}
		for _, name := range names {
			before := statements.Load()
			b.get(lists[name]).want(http.StatusOK)
			out[name] = statements.Load() - before
		}
		return out
	}
	k.grow(0, 10, 10)
	asked() // the session and the last environment are noted
	few := asked()
	k.grow(10, 1000, 100)
	many := asked()
	for _, name := range names {
		if few[name] != many[name] || few[name] == 0 || few[name] > 40 {
			t.Errorf("%s: %d statements with 10 rows, %d with 1,000", name, few[name], many[name])
		}
	}
}

func BenchmarkListPages(b *testing.B) {
	k := grown(b, nil)
	k.grow(0, 10_000, 366)
	browser := k.admin(shop)
	for name, address := range lists {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if p := browser.get(address); p.status != http.StatusOK {
					b.Fatal(p.status)
				}
			}
		})
	}
}
