package store_test

import (
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func TestTransfers(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		transfer := models.Transfer{
			ID: "t1", EnvironmentID: "shop-1", AppID: shopID, Collection: "todos", Kind: models.TransferImport, Format: "csv",
			Mode: models.ImportUpsert, StopOnError: true, Filter: "{}", Fields: []string{"a", "b"}, FileName: "文件.csv", Bytes: 9,
			Errors: []models.TransferError{{Line: 3, Key: "k", Args: map[string]any{"a": "b"}}}, Status: models.TransferWaiting,
			ActorID: "u1", ActorName: "alice", CreatedAt: start, UpdatedAt: start,
		}
		must(t, s.Transfers.Insert(ctx, transfer))
		transfer.Status, transfer.Documents, transfer.Failed, transfer.BytesDone = models.TransferRunning, 5, 1, 4
		transfer.Total, transfer.UpdatedAt = 12, after(time.Minute)
		must(t, s.Transfers.Progress(ctx, transfer))
		got, err := s.Transfers.ByID(ctx, "shop-1", "t1")
		must(t, err)
		same(t, transfer, got)
		_, err = s.Transfers.ByID(ctx, "shop-2", "t1")
		wantNotFound(t, err)
		open, err := s.Transfers.Unfinished(ctx)
		must(t, err)
		same(t, []models.Transfer{transfer}, open)

		transfer.Status = models.TransferCancelled
		must(t, s.Transfers.Progress(ctx, transfer))
		transfer.Status = models.TransferRunning
		wantNotFound(t, s.Transfers.Progress(ctx, transfer))
		must(t, s.Transfers.Reopen(ctx, "t1", after(2*time.Minute)))
		wantNotFound(t, s.Transfers.Reopen(ctx, "t1", after(2*time.Minute)))
		list, err := s.Transfers.List(ctx, "shop-1", "todos", "", 10)
		must(t, err)
		same(t, models.TransferWaiting, list[0].Status)
		same(t, true, list[0].Resumed)
		list, err = s.Transfers.List(ctx, "shop-1", "todos", shopID, 10)
		must(t, err)
		same(t, 1, len(list))
		list, err = s.Transfers.List(ctx, "shop-1", "todos", "wx00000000000000ff", 10)
		must(t, err)
		same(t, 0, len(list))

		ids, err := s.Transfers.DeleteBefore(ctx, after(time.Hour))
		must(t, err)
		same(t, 0, len(ids))
		transfer.Status = models.TransferDone
		must(t, s.Transfers.Progress(ctx, transfer))
		ids, err = s.Transfers.DeleteBefore(ctx, after(time.Hour))
		must(t, err)
		same(t, []string{"t1"}, ids)

		transfer.ID, transfer.Status = "t2", models.TransferRunning
		must(t, s.Transfers.Insert(ctx, transfer))
		transfer.ID, transfer.Collection = "t3", "others"
		must(t, s.Transfers.Insert(ctx, transfer))
		ids, err = s.Transfers.DeleteCollection(ctx, "shop-1", "todos")
		must(t, err)
		same(t, []string{"t2"}, ids)
		wantNotFound(t, s.Transfers.Progress(ctx, models.Transfer{ID: "t2"}))
		_, err = s.Transfers.ByID(ctx, "shop-1", "t3")
		must(t, err)
	})
}
