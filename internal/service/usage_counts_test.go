package service

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// operations returns what an environment's callers did, as "caller operation
// calls errors denied", ordered; bytes follow where there are any.
func (w *world) operations(t testing.TB, env string) []string {
	t.Helper()
	must(t, w.recorder.flush(t.Context()))
	list, err := w.store.Usage.Table(t.Context(), store.UsageFilter{EnvironmentID: env, Layout: models.MonthLayout}, 1000)
	must(t, err)
	out := []string{}
	for _, c := range list {
		line := fmt.Sprintf("%s %s %d %d %d", c.CallerAppID, c.Operation, c.Calls, c.Errors, c.Denied)
		if c.Bytes > 0 {
			line += fmt.Sprint(" ", c.Bytes)
		}
		out = append(out, line)
	}
	return out
}

// own is a credential of shop for code outside of functions.
func (w *world) own(t testing.TB) Credential {
	t.Helper()
	cred, _, err := w.Credentials.Issue(t.Context(), shopAdmin, shop, "shop-1", time.Hour)
	must(t, err)
	return cred
}

func TestCounts_ServerSDK(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		share, err := w.Sharing.Share(ctx, shopAdmin, shop, with(ShareInput{GranteeAppID: diner}, models.NewPermissionSet(models.DatabaseRead), "shop-1"))
		must(t, err)
		own := DocumentCall{Credential: w.own(t), Collection: "todos"}
		lent := DocumentCall{Credential: w.session(t, diner, share, "shop-1"), Collection: "todos"}
		must(t, w.Documents.CreateCollection(ctx, own))
		_, err = w.Documents.Insert(ctx, own, []string{`{"a":1}`})
		must(t, err)
		_, err = w.Documents.Find(ctx, lent, DocumentQuery{})
		must(t, err)
		gone := lent
		gone.Collection = "gone"
		_, err = w.Documents.Count(ctx, gone, "")
		same(t, models.CodeCollectionUnknown, models.CodeOf(err))
		_, err = w.Documents.Remove(ctx, lent, `{"a":1}`, true)
		same(t, models.CodePermissionMissing, models.CodeOf(err))
		_, err = w.Calls.Invoke(ctx, own.Credential, CallInfo{}, "nothing", nil)
		same(t, models.CodeFunctionUnknown, models.CodeOf(err))
		_, err = w.Calls.Invoke(ctx, lent.Credential, CallInfo{}, "nothing", nil)
		same(t, models.CodePermissionMissing, models.CodeOf(err))

		text, _, err := w.Files.Upload(ctx, own.Credential, CallInfo{}, "a.txt")
		must(t, err)
		_, err = w.Files.Accept(ctx, text, UploadForm{}, strings.NewReader("hello"))
		must(t, err)
		list, err := w.Files.Download(ctx, own.Credential, CallInfo{}, []FileRequest{{FileID: models.FileID("shop-1", "a.txt")}})
		must(t, err)
		file, err := w.Files.Open(ctx, list[0].Ticket)
		must(t, err)
		body, err := file.Range(ctx, 1, -1)
		must(t, err)
		_, err = io.ReadAll(body)
		must(t, err)
		must(t, body.Close())

		same(t, []string{
			shop + " database.write 2 0 0", shop + " functions.invoke 1 1 0", shop + " storage.read 1 0 0 4", shop + " storage.write 1 0 0 5",
			diner + " database.read 2 1 0", diner + " database.write 0 0 1", diner + " functions.invoke 0 0 1",
		}, w.operations(t, "shop-1"))

		t.Run("who has nothing to do with an environment writes nothing into its statistics", func(t *testing.T) {
			cred, err := w.Credentials.issue(claims{Kind: kindIssued, AppID: kitchen, EnvironmentID: "shop-2", ExpiresAt: w.clock.now().Add(time.Hour).UnixMilli()})
			must(t, err)
			for _, env := range []string{"shop-2", "shop-1", "nowhere"} {
				_, err = w.Documents.Find(ctx, DocumentCall{Credential: cred, Info: CallInfo{EnvironmentID: env}, Collection: "todos"}, DocumentQuery{})
				same(t, models.CodeEnvUnknown, models.CodeOf(err))
				same(t, len(w.operations(t, env)) > 0, env == "shop-1")
			}
			for _, line := range w.operations(t, "shop-1") {
				if strings.HasPrefix(line, kitchen) {
					t.Error(line)
				}
			}
		})
	})
}

func TestCounts_Console(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	w.lend(t, diner, "shop-1")
	must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
	key, err := w.Documents.AddDocument(ctx, dinerAdmin, diner, "shop-1", "todos", `{"_id":"a"}`)
	must(t, err)
	_, err = w.Documents.Browse(ctx, dinerAdmin, diner, "shop-1", "todos", DocumentQuery{})
	must(t, err)
	_, err = w.Documents.Document(ctx, shopAdmin, shop, "shop-1", "todos", key)
	must(t, err)
	if w.Documents.DeleteDocument(ctx, shopAdmin, shop, "shop-1", "todos", key, "another version") == nil {
		t.Fatal("deleted")
	}
	_, err = w.Files.Store(ctx, dinerAdmin, diner, "shop-1", "a.txt", strings.NewReader("hello"))
	must(t, err)
	_, err = w.Files.ShowURL(ctx, shopAdmin, shop, "shop-1", "a.txt", false)
	must(t, err)
	same(t, []string{
		shop + " database.read 1 0 0", shop + " database.write 2 1 0", shop + " storage.read 1 0 0",
		diner + " database.read 1 0 0", diner + " database.write 1 0 0", diner + " storage.write 1 0 0 5",
	}, w.operations(t, "shop-1"))
}

func TestCounts_Clients(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
	ming := Client{models.ClientSession{ID: "s", AppID: shop, OpenID: "ming"}}
	call := ClientDocumentCall{ClientCall: ClientCall{Client: ming, ResourceAppID: shop, EnvironmentID: "shop-1"}, Collection: "todos"}
	_, err := w.Clients.Add(ctx, call, `{"a":1}`) // the default rule: creators alone
	must(t, err)
	_, err = w.Clients.Find(ctx, call, ClientQuery{Query: `{"_openid":"{openid}"}`})
	must(t, err)
	_, err = w.Clients.Add(ctx, call, `no document`)
	same(t, models.CodeInvalid, models.CodeOf(err))
	other := call
	other.Client = Client{models.ClientSession{ID: "x", AppID: diner, OpenID: "hong"}} // borrows nothing
	_, err = w.Clients.Find(ctx, other, ClientQuery{})
	same(t, true, err != nil)
	visitor := call
	visitor.Client = Client{}
	_, err = w.Clients.Find(ctx, visitor, ClientQuery{}) // visitors are not let in
	same(t, models.CodeEnvNotShared, models.CodeOf(err))
	_, err = w.Clients.Call(ctx, call.ClientCall, FunctionCall{Name: "nothing", CallID: "c", Event: []byte("{}")})
	same(t, true, err != nil)
	lines := w.operations(t, "shop-1")
	same(t, []string{shop + " database.read 1 0 0", shop + " database.write 3 1 0"}, lines[:2])
	same(t, 3, len(lines)) // and the call of the function
}

func TestCounts_Functions(t *testing.T) {
	w := sqliteWorld(t)
	run := func(status models.InvocationStatus, caller string, ms, bytes int64) {
		i := invocation(newID())
		i.Status, i.CallerAppID, i.DurationMS, i.MemoryBytes = status, caller, ms, bytes
		w.recorder.invocation(i)
	}
	run(models.InvocationOK, shop, 10, 100)
	run(models.InvocationFailed, diner, 900, 50)
	same(t, []string{shop + " functions.invoke 1 0 0", diner + " functions.invoke 1 1 0"}, w.operations(t, "shop-1"))
	w.deploy(t, "shop-1", "hello", "hi")
	report, err := w.Statistics.Function(t.Context(), shopViewer, shop, "shop-1", "hello", models.Range24Hours)
	must(t, err)
	all := Sum(report.Points, nil)
	same(t, models.Tally{Calls: 2, Errors: 1, DurationMS: 910, LongestMS: 900, MemoryBytes: 100, Durations: models.Histogram{1: 1, 7: 1}}, all)
	list := ByPeriod(report.Periods, models.HourLayout, report.Points, nil)
	same(t, all, list[len(list)-1])
	_, err = w.Statistics.Function(t.Context(), shopViewer, shop, "shop-1", "other", models.Range24Hours)
	same(t, models.CodeNotFound, models.CodeOf(err))
}

func TestCounts_AreNotLost(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, raw, r := t.Context(), w.raw(t), w.idle()
		r.count("shop-1", shop, models.DatabaseRead, models.OutcomeOK)
		_, err := raw.ExecContext(ctx, "ALTER TABLE usage_counts RENAME TO away")
		must(t, err)
		r.invocation(invocation("one"))
		if r.flush(ctx) == nil {
			t.Fatal("written into a table that is away")
		}
		same(t, int64(0), w.stored(t)) // all or nothing
		r.count("shop-1", shop, models.DatabaseRead, models.OutcomeError)
		_, err = raw.ExecContext(ctx, "ALTER TABLE away RENAME TO usage_counts")
		must(t, err)
		must(t, r.flush(ctx))
		must(t, r.flush(ctx)) // nothing is written twice
		same(t, []string{" functions.invoke 1 0 0", shop + " database.read 2 1 0"}, w.operations(t, "shop-1"))

		other := w.another(t) // a second node adds to the same rows, and writes what is left when it stops
		other.recorder.count("shop-1", shop, models.DatabaseRead, models.OutcomeDenied)
		other.recorder.transferred("shop-1", shop, models.DatabaseRead, 7)
		other.recorder.transferred("shop-1", shop, models.DatabaseRead, 0)
		must(t, other.Close(ctx))
		same(t, shop+" database.read 2 1 1 7", w.operations(t, "shop-1")[1])
	})
}

func TestCounts_AreWrittenByThemselves(t *testing.T) {
	w := sqliteWorld(t)
	w.recorder.count("shop-1", shop, models.StorageRead, models.OutcomeOK)
	eventually(t, "a count is written", func() bool {
		list, err := w.store.Usage.Table(t.Context(), store.UsageFilter{EnvironmentID: "shop-1", Layout: models.DayLayout}, 10)
		must(t, err)
		return len(list) == 1
	})
}

func TestCounts_AreBoundedAndForgotten(t *testing.T) {
	w := sqliteWorld(t)
	r := w.idle()
	for i := range recordAtMost + 5 {
		r.count(fmt.Sprint("env-", i), shop, models.DatabaseRead, models.OutcomeOK)
	}
	same(t, recordAtMost, len(r.counts))
	same(t, 5, r.dropped)
	r.counts, r.dropped = nil, 0

	r.count("shop-1", shop, models.DatabaseRead, models.OutcomeOK)
	must(t, r.flush(t.Context()))
	kept := func() (out []string) {
		for _, layout := range []string{models.HourLayout, models.DayLayout, models.MonthLayout} {
			list, err := w.store.Usage.Table(t.Context(), store.UsageFilter{EnvironmentID: "shop-1", Layout: layout}, 10)
			must(t, err)
			for _, c := range list {
				out = append(out, c.Period)
			}
		}
		return out
	}
	for _, step := range []struct {
		after time.Duration
		want  []string
	}{
		{0, []string{"2026-11-22T08", "2026-11-22", "2026-11"}}, {14 * 24 * time.Hour, []string{"2026-11-22T08", "2026-11-22", "2026-11"}},
		{time.Hour, []string{"2026-11-22", "2026-11"}}, {387 * 24 * time.Hour, []string{"2026-11"}}, {30 * 24 * time.Hour, nil},
	} {
		w.clock.advance(step.after)
		must(t, r.clean(t.Context()))
		same(t, step.want, kept())
	}
}

func TestCounting_DoesNotAllocate(t *testing.T) {
	w := sqliteWorld(t)
	_, err := w.facts.fresh(t.Context())
	must(t, err)
	r := w.idle()
	w.Calls.recorder = r
	if n := testing.AllocsPerRun(1000, func() { w.Calls.counted("shop-1", shop, models.DatabaseRead, nil) }); n != 0 {
		t.Errorf("counting a call allocates %v times", n)
	}
	r.call("shop-1", diner, false)
	if n := testing.AllocsPerRun(1000, func() { r.call("shop-1", diner, false) }); n != 0 {
		t.Errorf("counting a call of a share allocates %v times", n)
	}
	same(t, int64(1001), r.counts[countKey{environmentID: "shop-1", callerAppID: shop, operation: models.DatabaseRead, hour: start.Unix() / 3600}].Calls)
}

func BenchmarkCount(b *testing.B) {
	w := sqliteWorld(b)
	_, err := w.facts.fresh(b.Context())
	must(b, err)
	w.Calls.recorder = &recorder{clock: time.Now}
	b.ReportAllocs()
	for b.Loop() {
		w.Calls.counted("shop-1", shop, models.DatabaseRead, nil)
	}
}

func BenchmarkCount_Parallel(b *testing.B) {
	w := sqliteWorld(b)
	_, err := w.facts.fresh(b.Context())
	must(b, err)
	w.Calls.recorder = &recorder{clock: time.Now}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w.Calls.counted("shop-1", shop, models.DatabaseRead, nil)
		}
	})
}
