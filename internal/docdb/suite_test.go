package docdb

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/ejson"
	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/models"
)

const (
	env = "test-f96b31"
	col = "todos"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code models.Code) {
	t.Helper()
	if !models.IsCode(err, code) {
		t.Fatalf("error %v, want the code %s", err, code)
	}
}

func optionsOf(o store.Options) Options {
	out := Options{Postgres: o.URL, Logger: slog.New(slog.DiscardHandler)}
	if o.URL == "" {
		out.SQLite = filepath.Join(o.DataDir, "documents.db")
	}
	return out
}

func open(t testing.TB, o Options) *DB {
	t.Helper()
	db, err := Open(t.Context(), o)
	must(t, err)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// eachDB runs a test on an engine of each dialect with an empty collection.
func eachDB(t *testing.T, test func(t *testing.T, db *DB)) {
	t.Helper()
	databases.Each(t, func(t *testing.T, o store.Options) {
		db := open(t, optionsOf(o))
		must(t, db.CreateCollection(t.Context(), env, col))
		test(t, db)
	})
}

func doc(t testing.TB, text string) bson.Raw {
	t.Helper()
	if text == "" {
		return nil
	}
	raw, err := ejson.DecodeDocument([]byte(text), time.UnixMilli(0), ejson.Limits{})
	must(t, err)
	return raw
}

func insert(t testing.TB, db *DB, tx string, texts ...string) {
	t.Helper()
	docs := make([]bson.Raw, len(texts))
	for i, text := range texts {
		docs[i] = doc(t, text)
	}
	_, err := db.Insert(t.Context(), env, col, tx, docs)
	must(t, err)
}

func find(t testing.TB, db *DB, tx string, q Query) []string {
	t.Helper()
	out := []string{}
	must(t, db.Find(t.Context(), env, col, tx, q, func(found bson.Raw) error {
		out = append(out, string(ejson.AppendCanonical(nil, found)))
		return nil
	}))
	return out
}

func addTestIndex(t testing.TB, db *DB, i Index) {
	t.Helper()
	must(t, db.CreateIndex(t.Context(), env, col, i))
}
