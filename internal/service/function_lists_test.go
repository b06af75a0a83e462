package service

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/models"
)

// manyRuns stores n runs of a function of shop-1, each with some lines of logs.
func manyRuns(tb testing.TB, w *world, name string, n int) {
	tb.Helper()
	begin := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	logs := strings.Repeat("08:00:00.000 stdout something that a function prints\n", 20)
	for done := 0; done < n; done += 500 {
		var batch []models.Invocation
		for i := range min(500, n-done) {
			number := done + i
			one := models.Invocation{ID: fmt.Sprintf("%s-%06d", name, number), EnvironmentID: "shop-1", FunctionName: name, Version: 1,
				Trigger: models.TriggerFunction, CallerAppID: shop, Status: models.InvocationOK, Logs: logs, StartedAt: begin.Add(time.Duration(number) * time.Second)}
			if number%7 == 0 {
				one.Status, one.Error = models.InvocationFailed, "Error: on purpose"
			}
			batch = append(batch, one)
		}
		must(tb, w.store.Invocations.InsertBatch(tb.Context(), batch))
	}
}

// However much there is, a list takes the same number of statements.
func TestFunctionLists_FixedNumberOfQueries(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		var statements atomic.Int64
		o.Statements = func() { statements.Add(1) }
		w := emptyWorld(t, o)
		w.populate(t)
		count := func(list func(ctx context.Context) error) int64 {
			t.Helper()
			must(t, list(t.Context()))
			before := statements.Load()
			must(t, list(t.Context()))
			return statements.Load() - before
		}
		page := func(ctx context.Context) error {
			_, err := w.Functions.Page(ctx, shopViewer, shop, "shop-1", "", models.PageRequest{})
			return err
		}
		logs := func(ctx context.Context) error {
			_, err := w.Functions.Logs(ctx, shopViewer, shop, "shop-1", "hello", "", models.InvocationFilter{Text: "purpose"}, models.PageRequest{})
			return err
		}
		w.deploy(t, "shop-1", "hello", "one")
		manyRuns(t, w, "hello", 1)
		fewFunctions, fewRuns := count(page), count(logs)
		if fewFunctions == 0 || fewRuns == 0 {
			t.Fatal("nothing is counted")
		}
		must(t, w.store.Invocations.DeleteBefore(t.Context(), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)))
		for i := range 25 {
			name := fmt.Sprintf("f%02d", i)
			w.deploy(t, "shop-1", name, "one")
			manyRuns(t, w, name, 3)
		}
		manyRuns(t, w, "hello", 1500)
		same(t, []int64{fewFunctions, fewRuns}, []int64{count(page), count(logs)})
	})
}

// 10,000 runs of a function, each with a kilobyte of logs; the aim is less than 50 ms.
func BenchmarkLogs10k(b *testing.B) {
	w := emptyWorld(b, store.Options{DataDir: b.TempDir()})
	w.populate(b)
	w.deploy(b, "shop-1", "hello", "one")
	manyRuns(b, w, "hello", 10_000)
	for name, filter := range map[string]models.InvocationFilter{
		"all": {}, "failed": {Failed: true}, "status": {Status: models.InvocationFailed}, "id": {RequestID: "hello-005000"},
		"text": {Text: "purpose"}, "text that is nowhere": {Text: "nowhere"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Functions.Logs(b.Context(), shopViewer, shop, "shop-1", "hello", "", filter, models.PageRequest{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("functions", func(b *testing.B) {
		for b.Loop() {
			if _, err := w.Functions.Page(b.Context(), shopViewer, shop, "shop-1", "", models.PageRequest{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
