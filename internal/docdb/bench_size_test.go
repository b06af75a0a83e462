package docdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/internal/testkit/figures"
)

const (
	smallSize      = 10_000
	largeSize      = 1_000_000
	largePostgres  = 100_000 // each document is several round trips
	mostForSize    = 1.5
	postgresServer = "ENVSHARE_TEST_POSTGRES"
)

// TestSizeCostsLittle compares a large collection with a small one, each in a
// database of its own, and prints a table of docs/performance.md.
func TestSizeCostsLittle(t *testing.T) {
	figures.Wanted(t)
	compareSizes(t, "SQLite", largeSize, func() *DB { return open(t, Options{SQLite: filepath.Join(t.TempDir(), "documents.db")}) })
	if os.Getenv(postgresServer) == "" {
		return
	}
	compareSizes(t, "PostgreSQL", largePostgres, func() *DB {
		return open(t, optionsOf(store.Options{URL: databases.Postgres(t, os.Getenv(postgresServer))}))
	})
}

func compareSizes(t *testing.T, dialect string, size int, fresh func() *DB) {
	t.Helper()
	few, many := fresh(), fresh()
	fillEngine(t, few, smallSize)
	fillEngine(t, many, size)
	a, b := makeReads(t, smallSize), makeReads(t, size)
	sameShape(t, few, many, a, b)
	figures.Header(t, fmt.Sprintf("%s, one caller, median of %d rounds; the first column is of %d documents, the second of %d", dialect, benchRounds, smallSize, size))
	figures.Line("", "small", "large", "speed", "aim")
	ctx := context.Background()
	aim := 1 / mostForSize
	for _, d := range []duel{
		{"get by id", finding(many, b.ids, nil, 0), finding(few, a.ids, nil, 0), benchReads, 1, aim, 0},
		{"find 20 by indexed equality", finding(many, b.owners, nil, perOwner), finding(few, a.owners, nil, perOwner), benchReads, 1, aim, 0},
		{"range, sort, limit 20", finding(many, b.ranks, b.byRank, perOwner), finding(few, a.ranks, a.byRank, perOwner), benchReads, 1, aim, 0},
		{"update by id, each a durable commit", updating(t, many, b), updating(t, few, a), benchReads / 4, 1, aim, 0},
	} {
		d.run(t, ctx)
	}
	figures.Line()
}

// sameShape fails unless all queries find as much in both.
func sameShape(t *testing.T, few, many *DB, a, b reads) {
	t.Helper()
	for n, side := range []*DB{few, many} {
		r := []reads{a, b}[n]
		for i := range 50 {
			for _, q := range []struct {
				filter, sort bson.Raw
				want         int
			}{{r.ids[i], nil, 1}, {r.owners[i], nil, perOwner}, {r.ranks[i], r.byRank, perOwner}} {
				found, last := 0, int64(-1)
				must(t, side.Find(t.Context(), env, col, "", Query{Filter: q.filter, Sort: q.sort, Limit: perOwner}, func(doc bson.Raw) error {
					found++
					rank := doc.Lookup("rank").AsInt64()
					if q.sort != nil && rank < last {
						t.Errorf("rank %d after %d", rank, last)
					}
					last = rank
					return nil
				}))
				if found != q.want {
					t.Fatalf("%s finds %d in %d documents, want %d", q.filter, found, r.size, q.want)
				}
			}
		}
	}
}

// updating is an update of one document as work.
func updating(t *testing.T, db *DB, r reads) func(context.Context, int, func([]byte)) error {
	t.Helper()
	inc := doc(t, `{"$inc":{"score":1}}`)
	return func(ctx context.Context, i int, visit func([]byte)) error {
		got, err := db.Update(ctx, env, col, "", Change{Filter: r.ids[i], Update: inc})
		if err == nil && got.Modified != 1 {
			err = fmt.Errorf("modified %d", got.Modified)
		}
		visit(nil)
		return err
	}
}
