package service

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"envshare/internal/blob"
	"envshare/internal/store"
	"envshare/internal/testkit/s3server"
	"envshare/models"
)

// rowsOf counts the rows that are about an environment, in every table that can
// name one.
func (w *world) rowsOf(t *testing.T, env string) map[string]int {
	t.Helper()
	out := map[string]int{}
	db := w.raw(t)
	for _, table := range w.environmentTables(t) {
		var n int
		must(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table+" WHERE environment_id = '"+env+"'").Scan(&n))
		if n > 0 {
			out[table] = n
		}
	}
	return out
}

// environmentTables are the tables with a column environment_id, as the database
// knows them: one that a later step adds is among them.
func (w *world) environmentTables(t *testing.T) []string {
	t.Helper()
	query := `SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'environment_id'`
	if w.options.URL != "" {
		query = `SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'environment_id'`
	}
	rows, err := w.raw(t).QueryContext(t.Context(), query)
	must(t, err)
	defer func() { _ = rows.Close() }()
	var tables []string
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		if name != "audit_events" { // the record of what happened stays
			tables = append(tables, name)
		}
	}
	must(t, rows.Err())
	return tables
}

// Every table that names an environment gives its rows up with it: who adds one
// adds it to the store's PurgedTables.
func TestEveryTableOfEnvironmentsIsPurged(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		known := append(store.PurgedTables(), "functions", "files", "transfers", "grants")
		for _, table := range w.environmentTables(t) {
			if !slices.Contains(known, table) {
				t.Errorf("%s is not purged", table)
			}
		}
	})
}

// After its time nothing of an environment is left, wherever the process died that
// removed it, and all of the others is.
func TestPurgeGoesOnWhereItStopped(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		for died := range len(w.Environments.purgeSteps()) + 1 {
			purgeAfterDeath(t, w, died)
		}
	})
}

func purgeAfterDeath(t *testing.T, w *world, died int) {
	t.Helper()
	ctx := t.Context()
	w.fill(t)
	others := w.rowsOf(t, "shop-2")
	file, err := w.store.Files.ByPath(ctx, "shop-1", "a/b.txt")
	must(t, err)
	must(t, w.Environments.Delete(ctx, shopAdmin, shop, "shop-1", "shop-1"))
	delete(others, "grants")
	w.clock.advance(testGrace)

	must(t, w.store.Environments.BeginPurge(ctx, "shop-1", w.now()))
	wantError(t, w.Environments.Restore(ctx, shopAdmin, shop, "shop-1"), models.CodeConflict, "error.environment_purging")
	list, err := w.Environments.Deleted(ctx, shopAdmin, shop)
	must(t, err)
	same(t, 0, len(list))
	for _, step := range w.Environments.purgeSteps()[:died] {
		must(t, step(ctx, "shop-1"))
		must(t, step(ctx, "shop-1")) // twice, as two nodes do
	}
	must(t, w.Environments.purgeDue(ctx))
	must(t, w.Environments.purgeDue(ctx))

	same(t, map[string]int{}, w.rowsOf(t, "shop-1"))
	collections, err := w.Documents.db.Collections(ctx, "shop-1")
	must(t, err)
	same(t, 0, len(collections))
	must(t, w.Files.deleteDiscarded(ctx))
	if _, err := w.Files.blobs.Open(ctx, file.BlobKey, 0, -1); err == nil {
		t.Error("the bytes of a file are still there")
	}
	left, err := filepath.Glob(filepath.Join(w.Transfers.dir, "*"))
	must(t, err)
	same(t, 0, len(left))
	kept := w.rowsOf(t, "shop-2")
	delete(kept, "grants")
	same(t, others, kept)
	latest, _, err := w.store.Audit.List(ctx, shop, models.PageRequest{Page: 1, Size: 1})
	must(t, err)
	same(t, models.AuditEnvironmentPurged, latest[0].Action)
	w.raiseAgain(t)
}

// raiseAgain declares the environment that is gone: its id is free, and it is empty.
func (w *world) raiseAgain(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	m, err := ParseManifest(strings.NewReader("apps:\n  - appid: " + shop + "\n    name: app\n    principal: acme\n    environments: [{id: shop-1}]\n"))
	must(t, err)
	_, err = w.Manifests.Apply(ctx, system, m, ApplyOptions{})
	must(t, err)
	i, err := w.Environments.Impact(ctx, shopAdmin, shop, "shop-1")
	must(t, err)
	same(t, store.EnvironmentContents{}, i.EnvironmentContents)
	same(t, []any{0, 0, int64(0)}, []any{len(i.Shares), i.Collections, i.Documents})
	shares, err := w.store.Shares.AllOutgoing(ctx, shop)
	must(t, err)
	for _, share := range shares {
		must(t, w.Sharing.Remove(ctx, shopAdmin, shop, share.ID))
	}
}

// The bytes go from S3 too.
func TestPurgeRemovesBytesFromS3(t *testing.T) {
	w := sqliteWorld(t)
	server := s3server.Start(t)
	s3, err := blob.OpenS3(t.Context(), blob.S3{Endpoint: server.URL, Bucket: server.Bucket, Secrets: blob.Secrets{AccessKey: server.AccessKey, SecretKey: server.SecretKey}})
	must(t, err)
	w.Files.blobs = s3
	ctx := t.Context()
	for _, path := range []string{"a", "b/c", "b/d"} {
		_, err := w.Files.Store(ctx, shopAdmin, shop, "shop-1", path, strings.NewReader(path))
		must(t, err)
	}
	must(t, w.Environments.Delete(ctx, shopAdmin, shop, "shop-1", "shop-1"))
	w.clock.advance(testGrace)
	must(t, w.Environments.purgeDue(ctx))
	must(t, w.Files.deleteDiscarded(ctx))
	n := 0
	must(t, s3.List(ctx, func(blob.Info) error { n++; return nil }))
	same(t, 0, n)
}
