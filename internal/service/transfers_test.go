package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"envshare/internal/docdb/transfer"
	"envshare/models"
)

// finished waits until a transfer has ended.
func (w *world) finishedTransfer(t *testing.T, id string) models.Transfer {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		got, err := w.Transfers.Get(t.Context(), shopAdmin, shop, "shop-1", "todos", id)
		must(t, err)
		if got.Ended() {
			return got
		}
		if time.Now().After(deadline) {
			t.Fatalf("still %s", got.Status)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestTransfers(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
		w.StartBackground()
		bring := func(mode models.ImportMode, stop bool, text string) models.Transfer {
			started, err := w.Transfers.Import(ctx, shopAdmin, shop, "shop-1", "todos", Import{Format: "json", Mode: mode, StopOnError: stop, FileName: "a.jsonl", File: strings.NewReader(text)})
			must(t, err)
			return w.finishedTransfer(t, started.ID)
		}
		got := bring(models.ImportInsert, false, "{\"_id\":1,\"n\":1}\n{\"n\":2}\n{broken\n{\"_id\":1}\n")
		if got.Status != models.TransferDone || got.Documents != 4 || got.Failed != 2 || len(got.Errors) != 2 || got.Errors[0].Line != 3 {
			t.Errorf("%+v", got)
		}
		got = bring(models.ImportUpsert, false, "{\"_id\":1,\"n\":7}\n{\"_id\":5,\"n\":5}\n")
		if got.Status != models.TransferDone || got.Failed != 0 {
			t.Errorf("%+v", got)
		}
		got = bring(models.ImportInsert, true, "{\"_id\":6}\n{\"_id\":1}\n{\"_id\":7}\n")
		if got.Status != models.TransferFailed {
			t.Errorf("%+v", got)
		}
		page, err := w.Documents.Browse(ctx, shopAdmin, shop, "shop-1", "todos", DocumentQuery{Query: `{"_id":{"$in":[1,6,7]}}`, Order: `{"_id":1}`, Limit: 10})
		must(t, err)
		if len(page.Documents) != 2 || page.Documents[0].Text != `{"_id":1,"n":7}` || page.Documents[1].Text != `{"_id":6}` {
			t.Errorf("%+v", page.Documents)
		}

		started, err := w.Transfers.Export(ctx, shopAdmin, shop, "shop-1", "todos", Export{Format: "json", Filter: `{"_id":1}`})
		must(t, err)
		w.finishedTransfer(t, started.ID)
		_, file, err := w.Transfers.Download(ctx, shopAdmin, shop, "shop-1", "todos", started.ID)
		must(t, err)
		text, err := io.ReadAll(file)
		must(t, err)
		must(t, file.Close())
		same(t, "{\"_id\":1,\"n\":7}\n", string(text))
		if _, err := w.Transfers.Get(ctx, models.Actor{UserID: "stranger"}, shop, "shop-1", "todos", started.ID); err == nil {
			t.Error("a stranger sees a transfer")
		}
		if _, err := w.Transfers.Import(ctx, shopAdmin, shop, "shop-1", "nowhere", Import{Format: "json", Mode: models.ImportInsert, File: strings.NewReader("{}")}); !models.IsCode(err, models.CodeCollectionUnknown) {
			t.Errorf("%v", err)
		}
	})
}

// importText begins an import of JSON Lines into todos.
func (w *world) importText(t *testing.T, mode models.ImportMode, stop bool, text string) models.Transfer {
	t.Helper()
	started, err := w.Transfers.Import(t.Context(), shopAdmin, shop, "shop-1", "todos", Import{Format: "json", Mode: mode, StopOnError: stop, FileName: "a.jsonl", File: strings.NewReader(text)})
	must(t, err)
	return started
}

// TestAnImportGoesOnWhereTheServerStopped is about servers that die, and people who
// cancel, between a batch and the note that it was written, or inside of one.
func TestAnImportGoesOnWhereTheServerStopped(t *testing.T) {
	lines := make([]string, 1200)
	for i := range lines {
		lines[i] = `{"n":1}`
		if i%3 == 0 {
			lines[i] = `{"n":1,"_id":"` + strconv.Itoa(i) + `"}`
		}
	}
	lines[7], lines[700] = "{broken", "{broken"
	text := strings.Join(lines, "\n")
	for name, c := range map[string]struct {
		mode    models.ImportMode
		written int // documents of the batch that were written
		said    int // batches before it that were noted
		cancel  bool
	}{
		"Insert, a whole batch":        {models.ImportInsert, transferBatch, 0, false},
		"Insert, half a batch":         {models.ImportInsert, 200, 0, false},
		"Insert, the second batch":     {models.ImportInsert, 200, 1, false},
		"Insert, cancelled in a batch": {models.ImportInsert, 200, 0, true},
		"Upsert, a whole batch":        {models.ImportUpsert, transferBatch, 0, false},
		"Upsert, half a batch":         {models.ImportUpsert, 200, 1, false},
		"Upsert, cancelled in a batch": {models.ImportUpsert, 200, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			eachWorld(t, func(t *testing.T, w *world) {
				ctx := t.Context()
				must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
				started := w.importText(t, c.mode, false, text)
				run := &transferRun{Transfers: w.Transfers, t: started}
				run.t.Status = models.TransferRunning
				reader := transfer.NewReader(strings.NewReader(text), transfer.JSON, started.CreatedAt)
				for range c.said {
					batch, wrong, err := run.read(reader)
					must(t, err)
					must(t, run.take(ctx, batch, wrong))
				}
				batch, _, err := run.read(reader)
				must(t, err)
				_, refused, err := run.write(ctx, batch[:min(c.written, len(batch))])
				must(t, err)
				same(t, 0, len(refused))
				must(t, w.store.Transfers.Progress(ctx, run.t))
				if c.cancel {
					must(t, w.Transfers.Cancel(ctx, shopAdmin, shop, "shop-1", "todos", started.ID))
					must(t, w.Transfers.Resume(ctx, shopAdmin, shop, "shop-1", "todos", started.ID))
				}
				w.StartBackground()
				got := w.finishedTransfer(t, started.ID)
				n, err := w.Documents.CountMatching(ctx, shopAdmin, shop, "shop-1", "todos", "")
				must(t, err)
				if got.Status != models.TransferDone || got.Documents != 1200 || got.Failed != 2 || n != 1198 {
					t.Errorf("%d documents of %+v", n, got)
				}
			})
		})
	}
}

func TestAnImportThatStopsAtAnErrorGoesOnBehindIt(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
		w.StartBackground()
		started := w.importText(t, models.ImportInsert, true, "{\"_id\":1}\n{\"_id\":1}\n{broken\n{\"_id\":2}\n")
		var stops []string
		for {
			got := w.finishedTransfer(t, started.ID)
			stops = append(stops, fmt.Sprintf("%s %d/%d", got.Status, got.Documents, got.Failed))
			same(t, int(got.Failed), len(got.Errors))
			if got.Status == models.TransferDone || len(stops) > 5 {
				break
			}
			same(t, len(stops)+1, got.Errors[len(got.Errors)-1].Line)
			must(t, w.Transfers.Resume(ctx, shopAdmin, shop, "shop-1", "todos", started.ID))
		}
		same(t, []string{"failed 2/1", "failed 3/2", "done 4/2"}, stops)
	})
}

func TestAnImportOfWhichNothingWasTakenHasFailed(t *testing.T) {
	w := sqliteWorld(t)
	must(t, w.Documents.AddCollection(t.Context(), shopAdmin, shop, "shop-1", "todos"))
	w.StartBackground()
	got := w.finishedTransfer(t, w.importText(t, models.ImportInsert, false, "[\n{\"a\":1},\n{\"a\":2}\n]").ID)
	if got.Status != models.TransferFailed || got.Failed != 1 || got.Errors[0].Key != "docdb.import_list" {
		t.Errorf("%+v", got)
	}
}

// TestADroppedCollectionTakesItsTransfersAlong drops one while an import runs, and
// makes another of the same name.
func TestADroppedCollectionTakesItsTransfersAlong(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
		started := w.importText(t, models.ImportInsert, false, strings.Repeat("{\"n\":1}\n", 200_000))
		w.StartBackground()
		waitFor(t, func() bool {
			n, err := w.Documents.CountMatching(ctx, shopAdmin, shop, "shop-1", "todos", "")
			must(t, err)
			return n > 0
		})
		got, err := w.Transfers.Get(ctx, shopAdmin, shop, "shop-1", "todos", started.ID)
		must(t, err)
		if got.Ended() {
			t.Fatalf("the import was over before the collection was dropped: %+v", got)
		}
		must(t, w.Documents.DropCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
		must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
		list, err := w.Transfers.List(ctx, shopAdmin, shop, "shop-1", "todos")
		must(t, err)
		same(t, 0, len(list))
		if err := w.Transfers.Resume(ctx, shopAdmin, shop, "shop-1", "todos", started.ID); !models.IsCode(err, models.CodeNotFound) {
			t.Errorf("resumed: %v", err)
		}
		if _, err := os.Stat(w.Transfers.file(started.ID)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file is still there: %v", err)
		}
		// Another import waits for whatever may still run, and then is alone.
		other := w.finishedTransfer(t, w.importText(t, models.ImportInsert, false, "{\"n\":2}").ID)
		n, err := w.Documents.CountMatching(ctx, shopAdmin, shop, "shop-1", "todos", "")
		must(t, err)
		if other.Status != models.TransferDone || n != 1 {
			t.Errorf("%d documents, %+v", n, other)
		}
	})
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatal("still waiting")
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestEnvironmentsTakeTurns(t *testing.T) {
	s := newTransfers(base{}, nil, t.TempDir())
	var list []models.Transfer
	for i, env := range []string{"a", "a", "a", "b", "c", "c"} {
		list = append(list, models.Transfer{ID: strconv.Itoa(i), EnvironmentID: env, Kind: models.TransferExport})
	}
	var order []string
	take := func() models.Transfer {
		got, work := s.next(t.Context(), list)
		if work == nil {
			order = append(order, "-")
			return got
		}
		order = append(order, got.EnvironmentID+got.ID)
		list = slices.DeleteFunc(list, func(one models.Transfer) bool { return one.ID == got.ID })
		return got
	}
	first, second := take(), take()
	take() // no more than two
	s.ended(first.ID)
	third := take() // c waited longer than a's second
	take()
	s.ended(second.ID)
	take()
	s.ended(third.ID)
	take()
	same(t, []string{"a0", "b3", "-", "c4", "-", "a1", "c5"}, order)
}

func TestBorrowersSeeTheTransfersOfTheirApp(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
		w.lend(t, diner, "shop-1")
		owners := w.importText(t, models.ImportInsert, false, "{\"n\":1}")
		theirs, err := w.Transfers.Export(ctx, dinerAdmin, diner, "shop-1", "todos", Export{Format: "json"})
		must(t, err)
		ids := func(actor models.Actor, app string) (out []string) {
			list, err := w.Transfers.List(ctx, actor, app, "shop-1", "todos")
			must(t, err)
			for _, one := range list {
				out = append(out, one.ID)
			}
			return out
		}
		same(t, []string{theirs.ID, owners.ID}, ids(shopAdmin, shop))
		same(t, []string{theirs.ID}, ids(dinerAdmin, diner))
		if _, err := w.Transfers.Get(ctx, dinerAdmin, diner, "shop-1", "todos", owners.ID); !models.IsCode(err, models.CodeNotFound) {
			t.Errorf("get: %v", err)
		}
		for name, do := range map[string]func(context.Context, models.Actor, string, string, string, string) error{"cancel": w.Transfers.Cancel, "resume": w.Transfers.Resume} {
			if err := do(ctx, dinerAdmin, diner, "shop-1", "todos", owners.ID); !models.IsCode(err, models.CodeNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := w.Transfers.Cancel(ctx, shopAdmin, shop, "shop-1", "others", theirs.ID); !models.IsCode(err, models.CodeNotFound) {
			t.Errorf("cancel through another collection: %v", err)
		}
		must(t, w.Transfers.Cancel(ctx, shopAdmin, shop, "shop-1", "todos", theirs.ID))
	})
}

// TestACSVExportHasAllColumns has a field that only the last document has.
func TestACSVExportHasAllColumns(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
		w.StartBackground()
		var text strings.Builder
		for i := range 1500 {
			fmt.Fprintf(&text, "{\"_id\":%d}\n", i)
		}
		text.WriteString(`{"_id":1500,"late":"x"}`)
		w.finishedTransfer(t, w.importText(t, models.ImportInsert, false, text.String()).ID)
		started, err := w.Transfers.Export(ctx, shopAdmin, shop, "shop-1", "todos", Export{Format: "csv"})
		must(t, err)
		got := w.finishedTransfer(t, started.ID)
		_, file, err := w.Transfers.Download(ctx, shopAdmin, shop, "shop-1", "todos", started.ID)
		must(t, err)
		out, err := io.ReadAll(file)
		must(t, err)
		must(t, file.Close())
		if got.Documents != 1501 || got.Total != 1501 || !strings.HasPrefix(string(out), "_id,late\n0,\n") || !strings.HasSuffix(string(out), "\n1500,x\n") {
			t.Errorf("%+v %.60s", got, out)
		}
		if _, err := os.Stat(w.Transfers.spool(started.ID)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the spool is still there: %v", err)
		}
	})
}

// TestAnEndThatSomebodyWantedIsNoFailureOfTheServer reads the log.
func TestAnEndThatSomebodyWantedIsNoFailureOfTheServer(t *testing.T) {
	w := sqliteWorld(t)
	var log bytes.Buffer
	w.Transfers.logger = slog.New(slog.NewTextHandler(&log, nil))
	ctx := t.Context()
	must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
	stopped := w.importText(t, models.ImportInsert, true, "{broken")
	w.StartBackground()
	same(t, models.TransferFailed, w.finishedTransfer(t, stopped.ID).Status)
	long := w.importText(t, models.ImportInsert, false, strings.Repeat("{\"n\":1}\n", 200_000))
	waitFor(t, func() bool {
		got, err := w.Transfers.Get(ctx, shopAdmin, shop, "shop-1", "todos", long.ID)
		must(t, err)
		return got.Documents > 0
	})
	must(t, w.Transfers.Cancel(ctx, shopAdmin, shop, "shop-1", "todos", long.ID))
	must(t, w.Close(ctx))
	same(t, models.TransferCancelled, w.finishedTransfer(t, long.ID).Status)
	same(t, "", log.String())
}
