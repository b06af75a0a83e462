package service

import (
	"io"
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
		got, err := w.Transfers.Get(t.Context(), shopAdmin, shop, "shop-1", id)
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
		_, file, err := w.Transfers.Download(ctx, shopAdmin, shop, "shop-1", started.ID)
		must(t, err)
		text, err := io.ReadAll(file)
		must(t, err)
		must(t, file.Close())
		same(t, "{\"_id\":1,\"n\":7}\n", string(text))
		if _, err := w.Transfers.Get(ctx, models.Actor{UserID: "stranger"}, shop, "shop-1", started.ID); err == nil {
			t.Error("a stranger sees a transfer")
		}
		if _, err := w.Transfers.Import(ctx, shopAdmin, shop, "shop-1", "nowhere", Import{Format: "json", Mode: models.ImportInsert, File: strings.NewReader("{}")}); !models.IsCode(err, models.CodeCollectionUnknown) {
			t.Errorf("%v", err)
		}
	})
}

func TestAnImportGoesOnWhereTheServerStopped(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
	var text strings.Builder
	for range 1200 {
		text.WriteString("{\"n\":1}\n")
	}
	started, err := w.Transfers.Import(ctx, shopAdmin, shop, "shop-1", "todos", Import{Format: "json", Mode: models.ImportInsert, File: strings.NewReader(text.String())})
	must(t, err)
	// The first batch was written, and the server died before it said so.
	run := &transferRun{Transfers: w.Transfers, t: started}
	reader := transfer.NewReader(strings.NewReader(text.String()), transfer.JSON, started.CreatedAt)
	batch, bad, err := run.read(reader)
	must(t, err)
	same(t, 0, bad)
	must(t, run.write(ctx, batch))
	started.Status = models.TransferRunning
	must(t, w.store.Transfers.Progress(ctx, started))
	w.StartBackground()
	got := w.finishedTransfer(t, started.ID)
	n, err := w.Documents.CountMatching(ctx, shopAdmin, shop, "shop-1", "todos", "")
	must(t, err)
	if got.Status != models.TransferDone || got.Failed != 0 || n != 1200 {
		t.Errorf("%d documents of %+v", n, got)
	}
}
