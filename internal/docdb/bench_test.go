package docdb

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/aggregate"
	"envshare/internal/testkit/figures"
)

const (
	benchRounds = 7
	benchSize   = 100_000
	benchReads  = 4_000 // in a round
)

// duel is one row of a table: the same work done by two sides. Work i is the same
// for both; what they find goes to visit.
type duel struct {
	name        string
	ours, other func(ctx context.Context, i int, visit func(body []byte)) error
	count       int     // pieces of work in a round
	per         int     // by how many documents a piece is divided
	least       float64 // the aim, as a ratio of the other's speed; 0 for none
	most        float64 // the aim in µs; 0 for none
}

// agree fails unless both sides find the same.
func (d duel) agree(t *testing.T) {
	t.Helper()
	for i := range min(d.count, 100) {
		var found [2][][]byte
		for n, side := range []func(context.Context, int, func([]byte)) error{d.ours, d.other} {
			must(t, side(t.Context(), i, func(body []byte) { found[n] = append(found[n], slices.Clone(body)) }))
		}
		if len(found[0]) == 0 || !slices.EqualFunc(found[0], found[1], bytes.Equal) {
			t.Fatalf("%s, %d: %d results against %d, or they differ", d.name, i, len(found[0]), len(found[1]))
		}
	}
}

// run takes rounds of both sides in turn and prints the medians, in µs. The ratio
// is the median of those inside the rounds.
func (d duel) run(t *testing.T, ctx context.Context) { //nolint:revive // the test is the subject
	t.Helper()
	type round struct{ ours, other float64 }
	var rounds []round
	found := 0
	measure := func(side func(context.Context, int, func([]byte)) error) float64 {
		start := time.Now()
		for i := range d.count {
			must(t, side(ctx, i, func([]byte) { found++ }))
		}
		return float64(time.Since(start).Nanoseconds()) / 1e3 / float64(d.count*d.per)
	}
	for i := range benchRounds + 1 {
		one := round{other: measure(d.other), ours: measure(d.ours)}
		if i > 0 { // the first fills the caches
			rounds = append(rounds, one)
		}
	}
	if found == 0 {
		t.Fatalf("%s found nothing", d.name)
	}
	ours := figures.Median(rounds, func(r round) float64 { return r.ours })
	other := figures.Median(rounds, func(r round) float64 { return r.other })
	ratio := figures.Median(rounds, func(r round) float64 { return r.other / r.ours })
	aim, met := "-", true
	switch {
	case d.least > 0:
		aim, met = fmt.Sprintf("%.2f", d.least), ratio >= d.least
	case d.most > 0:
		aim, met = fmt.Sprintf("%.1f µs", d.most), ours <= d.most
	}
	figures.Line(d.name, micros(other), micros(ours), fmt.Sprintf("%.2f", ratio), aim, verdict(aim, met))
}

func micros(v float64) string { return fmt.Sprintf("%.2f µs", v) }

func verdict(aim string, met bool) string {
	switch {
	case aim == "-":
		return ""
	case met:
		return "met"
	}
	return "MISSED"
}

// filters makes one condition for each piece of work.
func filters(t testing.TB, count int, one func(i int) bson.D) []bson.Raw {
	t.Helper()
	out := make([]bson.Raw, count)
	for i := range out {
		var err error
		out[i], err = bson.Marshal(one(i))
		must(t, err)
	}
	return out
}

// picks are numbers of things, the same in every run.
func picks(count, size int) []int {
	random := rand.New(rand.NewPCG(1, uint64(size)))
	out := make([]int, count)
	for i := range out {
		out[i] = random.IntN(size)
	}
	return out
}

// finding is a query of the engine as work. Each filter is one piece.
func finding(db *DB, filters []bson.Raw, sort bson.Raw, limit int) func(context.Context, int, func([]byte)) error {
	return func(ctx context.Context, i int, visit func([]byte)) error {
		return db.Find(ctx, env, col, "", Query{Filter: filters[i], Sort: sort, Limit: limit}, func(doc bson.Raw) error { visit(doc); return nil })
	}
}

// reads are the queries of both tables.
type reads struct {
	n                  []int
	ids, owners, ranks []bson.Raw
	byRank             bson.Raw
	size               int
}

func makeReads(t testing.TB, size int) reads {
	t.Helper()
	r := reads{n: picks(benchReads, size), size: size, byRank: doc(t, `{"rank":1}`)}
	r.ids = filters(t, benchReads, func(i int) bson.D { return bson.D{{Key: "_id", Value: thingID(r.n[i])}} })
	r.owners = filters(t, benchReads, func(i int) bson.D { return bson.D{{Key: "owner", Value: makeThing(r.n[i], size).Owner}} })
	r.ranks = filters(t, benchReads, func(i int) bson.D { return bson.D{{Key: "rank", Value: bson.D{{Key: "$gte", Value: r.rank(i)}}}} })
	return r
}

// rank leaves room for a whole page above it.
func (r reads) rank(i int) int64 { return int64(min(r.n[i], r.size-perOwner)) }

// TestEngineAgainstRawSQL compares the engine on SQLite with what a program would
// do by hand, and prints the tables of docs/performance.md.
func TestEngineAgainstRawSQL(t *testing.T) {
	figures.Wanted(t)
	db, hand := open(t, Options{SQLite: t.TempDir() + "/documents.db"}), openRaw(t)
	fillEngine(t, db, benchSize)
	hand.fill(t, benchSize)
	r := makeReads(t, benchSize)
	figures.Header(t, fmt.Sprintf("%d documents, SQLite, one caller, median of %d rounds", benchSize, benchRounds))
	small := []duel{
		{"get by id", finding(db, r.ids, nil, 0), func(ctx context.Context, i int, visit func([]byte)) error {
			return bodies(ctx, hand.get, visit, thingID(r.n[i]))
		}, benchReads, 1, 0.7, 0},
		{"find 20 by indexed equality", finding(db, r.owners, nil, perOwner), func(ctx context.Context, i int, visit func([]byte)) error {
			return bodies(ctx, hand.equal, visit, makeThing(r.n[i], benchSize).Owner)
		}, benchReads, 1, 0.7, 0},
		{"range, sort, limit 20", finding(db, r.ranks, r.byRank, perOwner), func(ctx context.Context, i int, visit func([]byte)) error {
			return bodies(ctx, hand.ordered, visit, r.rank(i))
		}, benchReads, 1, 0.7, 0},
	}
	cancellable, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, one := range []struct {
		title string
		ctx   context.Context
		duels []duel
	}{
		{"no context that can be cancelled", context.Background(), append(small, wholes(t, db, hand)...)},
		{"a context that can be cancelled", cancellable, append(small, wholes(t, db, hand)...)},
	} {
		figures.Line(one.title, "raw SQL", "engine", "of raw", "aim")
		for _, d := range one.duels {
			d.agree(t)
			d.run(t, one.ctx)
		}
		figures.Line()
	}
	compareWriters(t, db, hand)
}

// wholes are the duels over a whole collection; their figures are per document.
func wholes(t *testing.T, db *DB, hand *raw) []duel {
	t.Helper()
	text := func(ctx context.Context, n int64, err error, visit func([]byte)) error {
		visit(fmt.Append(nil, n))
		return err
	}
	city := filters(t, 1, func(int) bson.D { return bson.D{{Key: "city", Value: "city-07"}} })[0]
	active := doc(t, `{"active":true,"score":{"$gt":60}}`)
	stages := []aggregate.Stage{{Name: "$group", Value: doc(t, `{"g":{"_id":"$city","total":{"$sum":"$rank"},"mean":{"$avg":"$score"}}}`).Lookup("g")}}
	counting := func(filter bson.Raw) func(context.Context, int, func([]byte)) error {
		return func(ctx context.Context, _ int, visit func([]byte)) error {
			n, err := db.Count(ctx, env, col, "", filter)
			return text(ctx, n, err, visit)
		}
	}
	return []duel{
		{"count by a field without index, a document", counting(city), func(ctx context.Context, _ int, visit func([]byte)) error {
			var n int64
			err := hand.countCity.QueryRowContext(ctx, "city-07").Scan(&n)
			return text(ctx, n, err, visit)
		}, 1, benchSize, 0, 1},
		{"count by two fields without index, a document", counting(active), func(ctx context.Context, _ int, visit func([]byte)) error {
			var n int64
			err := hand.countActive.QueryRowContext(ctx, 60).Scan(&n)
			return text(ctx, n, err, visit)
		}, 1, benchSize, 0, 1},
		{"read every document, a document", finding(db, []bson.Raw{nil}, nil, 0), func(ctx context.Context, _ int, visit func([]byte)) error {
			return bodies(ctx, hand.every, visit)
		}, 1, benchSize, 0, 1},
		{"group, $sum and $avg, a document", func(ctx context.Context, _ int, visit func([]byte)) error {
			return groupOurs(ctx, db, stages, visit)
		}, func(ctx context.Context, _ int, visit func([]byte)) error { return groupByHand(ctx, hand, visit) }, 1, benchSize, 0, 1.5},
	}
}

// groupOurs gives the groups as lines of text, by name.
func groupOurs(ctx context.Context, db *DB, stages []aggregate.Stage, visit func([]byte)) error {
	var lines []string
	err := db.Aggregate(ctx, env, col, stages, nil, func(doc bson.Raw) error {
		lines = append(lines, fmt.Sprintf("%s %d %.6f", doc.Lookup("_id").StringValue(), doc.Lookup("total").AsInt64(), doc.Lookup("mean").Double()))
		return nil
	})
	slices.Sort(lines)
	visit([]byte(strings.Join(lines, "\n")))
	return err
}

func groupByHand(ctx context.Context, hand *raw, visit func([]byte)) error {
	rows, err := hand.grouped.QueryContext(ctx)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	var lines []string
	for rows.Next() {
		var city string
		var total int64
		mean := math.NaN()
		if err := rows.Scan(&city, &total, &mean); err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("%s %d %.6f", city, total, mean))
	}
	slices.Sort(lines)
	visit([]byte(strings.Join(lines, "\n")))
	return rows.Err()
}

const (
	benchWriters = 64
	benchWrites  = 100 // of each writer in a round
)

// compareWriters lets many callers write at once, each write durable when it
// returns. Any failure ends the test. The raw side has one transaction for each.
func compareWriters(t *testing.T, db *DB, hand *raw) {
	t.Helper()
	figures.Line(fmt.Sprintf("%d writers at once, durable, a write", benchWriters), "raw SQL", "engine", "of raw", "aim")
	each := func(work func(w, i int) error) error {
		failed := make(chan error, benchWriters)
		var all sync.WaitGroup
		for w := range benchWriters {
			all.Go(func() {
				for i := range benchWrites {
					if err := work(w, i); err != nil {
						failed <- err
						return
					}
				}
			})
		}
		all.Wait()
		close(failed)
		return <-failed
	}
	const writes = benchWriters * benchWrites
	// Both sides add the same things; each counts what it has added.
	things := make([]thing, (benchRounds+1)*writes)
	stored := make([]bson.Raw, len(things))
	for i := range things {
		things[i] = makeThing(benchSize+i, benchSize)
		stored[i] = things[i].body(t)
	}
	adding := func(insert func(i int) error) func(context.Context, int, func([]byte)) error {
		begin := -writes
		return func(_ context.Context, _ int, visit func([]byte)) error {
			begin += writes
			visit(nil)
			return each(func(w, i int) error { return insert(begin + w*benchWrites + i) })
		}
	}
	ctx := t.Context()
	duel{"insert", adding(func(i int) error {
		_, err := db.Insert(ctx, env, col, "", stored[i:i+1])
		return err
	}), adding(func(i int) error { return hand.add(ctx, hand.insert, things[i], stored[i]) }), 1, writes, 3, 0}.run(t, ctx)

	inc := doc(t, `{"$inc":{"score":1}}`)
	ids := filters(t, writes, func(i int) bson.D { return bson.D{{Key: "_id", Value: thingID(i)}} })
	duel{"add 1 to a number, by id", func(_ context.Context, _ int, visit func([]byte)) error {
		visit(nil)
		return each(func(w, i int) error {
			got, err := db.Update(ctx, env, col, "", Change{Filter: ids[w*benchWrites+i], Update: inc})
			if err == nil && got.Modified != 1 {
				err = fmt.Errorf("modified %d", got.Modified)
			}
			return err
		})
	}, func(_ context.Context, _ int, visit func([]byte)) error {
		visit(nil)
		return each(func(w, i int) error { _, err := hand.inc.ExecContext(ctx, thingID(w*benchWrites+i)); return err })
	}, 1, writes, 3, 0}.run(t, ctx)
	sameSums(t, db, hand)
}

// sameSums fails unless both sides have kept every write.
func sameSums(t *testing.T, db *DB, hand *raw) {
	t.Helper()
	var count, wantCount int64
	var sum, wantSum float64
	must(t, db.Find(t.Context(), env, col, "", Query{}, func(doc bson.Raw) error {
		count++
		sum += doc.Lookup("score").Double()
		return nil
	}))
	must(t, hand.read.QueryRowContext(t.Context(), "SELECT count(*), sum(score) FROM things").Scan(&wantCount, &wantSum))
	if want := int64(benchSize + (benchRounds+1)*benchWriters*benchWrites); count != want || wantCount != want || sum != wantSum {
		t.Errorf("%d documents with %f, by hand %d with %f, wanted %d", count, sum, wantCount, wantSum, want)
	}
}
