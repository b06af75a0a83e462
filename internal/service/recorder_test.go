package service

import (
	"fmt"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func invocation(id string) models.Invocation {
	return models.Invocation{ID: id, EnvironmentID: "shop-1", FunctionName: "hello", Status: models.InvocationOK, Trigger: models.TriggerConsole, StartedAt: start}
}

// stored returns how many invocations the database holds.
func (w *world) stored(t testing.TB) int64 {
	t.Helper()
	_, n, err := w.store.Invocations.List(t.Context(), "shop-1", "hello", models.PageRequest{})
	must(t, err)
	return n
}

// idle is a recorder that writes only when it is told to.
func (w *world) idle() *recorder {
	return &recorder{store: w.store, logger: silent(), clock: w.clock.now, usage: map[store.UsageDay]*store.UsageDay{}, wake: make(chan struct{}, 1)}
}

func TestRecorder_WritesByItself(t *testing.T) {
	w := sqliteWorld(t)
	w.recorder.invocation(invocation("alone"))
	eventually(t, "one invocation is written", func() bool { return w.stored(t) == 1 })
}

func TestRecorder_ManyAreWrittenWithoutWaiting(t *testing.T) {
	r := sqliteWorld(t).idle()
	for i := range recordMany - 1 {
		r.invocation(invocation(fmt.Sprint(i)))
	}
	same(t, 0, len(r.wake))
	r.invocation(invocation("last"))
	same(t, 1, len(r.wake))
	r.invocation(invocation("one more")) // must not block on a writer that is busy
}

func TestRecorder_WhoReadsSeesWhatHappenedBefore(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.deploy(t, "shop-1", "hello", "hi")
		share := w.lend(t, diner, "shop-1")
		for i := range 3 {
			w.recorder.invocation(invocation(fmt.Sprint(i)))
			w.recorder.call("shop-1", diner, false)
			list, err := w.Functions.List(ctx, shopViewer, shop, "shop-1")
			must(t, err)
			same(t, int64(i+1), list[0].Calls)
			_, total, err := w.Functions.Invocations(ctx, shopViewer, shop, "shop-1", "hello", models.PageRequest{})
			must(t, err)
			same(t, int64(i+1), total)
			_, err = w.Functions.Invocation(ctx, shopViewer, shop, "shop-1", "hello", fmt.Sprint(i))
			must(t, err)
			listed, err := w.Sharing.Get(ctx, dinerViewer, diner, share.ID)
			must(t, err)
			same(t, int64(i+1), listed.Usage.Calls7Days)
		}
	})
}

func TestRecorder_KeepsWhatAFailingDatabaseDidNotTake(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, raw, r := t.Context(), w.raw(t), w.idle()
		r.invocation(invocation("before"))
		r.call("shop-1", diner, false)
		_, err := raw.ExecContext(ctx, "ALTER TABLE usage_days RENAME TO away")
		must(t, err)
		if r.flush(ctx) == nil {
			t.Fatal("written into a table that is away")
		}
		same(t, int64(0), w.stored(t)) // all or nothing
		w.clock.advance(time.Minute)
		r.invocation(invocation("after"))
		r.call("shop-1", diner, true)
		r.call("shop-1", diner, false)
		if r.flush(ctx) == nil {
			t.Fatal("written into a table that is away")
		}
		_, err = raw.ExecContext(ctx, "ALTER TABLE away RENAME TO usage_days")
		must(t, err)
		must(t, r.flush(ctx))
		same(t, int64(2), w.stored(t))
		days, err := w.store.Usage.Since(ctx, "2026-01-01", []string{"shop-1"}, []string{diner})
		must(t, err)
		last := start.Add(time.Minute)
		same(t, []store.UsageDay{{EnvironmentID: "shop-1", CallerAppID: diner, Day: "2026-11-22", Calls: 2, Denied: 1, LastAt: &last}}, days)
		must(t, r.flush(ctx)) // nothing is written twice
		same(t, int64(2), w.stored(t))
	})
}

func TestRecorder_IsBounded(t *testing.T) {
	w := sqliteWorld(t)
	r := w.idle()
	fill := func(round int) {
		for i := range recordAtMost + 5 {
			r.invocation(invocation(fmt.Sprint(round, "-", i)))
			r.call(fmt.Sprint("env-", round, "-", i), diner, false)
		}
	}
	fill(1)
	same(t, recordAtMost, len(r.invocations))
	same(t, recordAtMost, len(r.usage))
	same(t, 10, r.dropped)
	must(t, w.store.Close())
	if r.flush(t.Context()) == nil {
		t.Fatal("written to a closed database")
	}
	same(t, recordAtMost, len(r.invocations))

	invocations, usage := r.invocations, r.usage
	r.invocations, r.usage, r.dropped = nil, map[store.UsageDay]*store.UsageDay{}, 0
	fill(2) // arrives while the first are being written
	r.putBack(invocations, usage, nil)
	same(t, recordAtMost, len(r.invocations))
	same(t, recordAtMost, len(r.usage))
	same(t, 10+2*recordAtMost, r.dropped)
}

func TestRecorder_CloseWritesWhatIsLeft(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		other := w.another(t)
		for i := range 7 {
			other.recorder.invocation(invocation(fmt.Sprint(i)))
		}
		must(t, other.Close(t.Context()))
		must(t, other.Close(t.Context()))
		same(t, int64(7), w.stored(t))
	})
}

func TestRecorder_CountsFromManyCallersAtOnce(t *testing.T) {
	w := sqliteWorld(t)
	for _, err := range atOnce(8, func(i int) error {
		for j := range 50 {
			w.recorder.invocation(invocation(fmt.Sprint(i, "-", j)))
			w.recorder.call("shop-1", diner, false)
		}
		return w.recorder.flush(t.Context())
	}) {
		must(t, err)
	}
	same(t, int64(400), w.stored(t))
	days, err := w.store.Usage.Since(t.Context(), "2026-01-01", []string{"shop-1"}, []string{diner})
	must(t, err)
	same(t, int64(400), days[0].Calls)
}
