package docdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/aggregate"
	"envshare/internal/docdb/value"
)

// stagesOf reads stages of a pipeline.
func stagesOf(t testing.TB, texts ...string) []aggregate.Stage {
	t.Helper()
	var out []aggregate.Stage
	for _, text := range texts {
		it := value.Iterate(doc(t, text))
		it.Next()
		out = append(out, aggregate.Stage{Name: string(it.Key()), Value: it.Value()})
	}
	return out
}

// within fails when do takes longer: it waits for something that never comes.
func within(t testing.TB, limit time.Duration, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatalf("not done within %s", limit)
	}
}

func numbered(t testing.TB, db *DB, n int) {
	t.Helper()
	docs := make([]bson.Raw, n)
	for i := range docs {
		docs[i] = doc(t, fmt.Sprintf(`{"_id":"d%05d","n":%d,"m":%d}`, i, i%7, i))
	}
	_, err := db.Insert(t.Context(), env, col, "", docs)
	must(t, err)
}

func TestManyReadersNeverWaitForEachOther(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		numbered(t, db, 300)
		addTestIndex(t, db, Index{Name: "m", Keys: []IndexKey{{"m", "1"}}})
		lookup := stagesOf(t, `{"$limit":20}`, `{"$lookup":{"from":"todos","localField":"m","foreignField":"m","as":"x"}}`)
		ignore := func(bson.Raw) error { return nil }
		reads := map[string]func() error{
			"find by a condition": func() error {
				return db.Find(t.Context(), env, col, "", Query{Filter: doc(t, `{"n":3}`), Limit: 20}, ignore)
			},
			"find nothing": func() error { return db.Find(t.Context(), env, col, "", Query{Filter: doc(t, `{"n":30}`)}, ignore) },
			"find in ranges": func() error {
				return db.Find(t.Context(), env, col, "", Query{Filter: doc(t, `{"m":{"$in":[1,2,3]}}`)}, ignore)
			},
			"count all": func() error { _, err := db.Count(t.Context(), env, col, "", nil); return err },
			"join":      func() error { return db.Aggregate(t.Context(), env, col, lookup, nil, ignore) },
		}
		within(t, time.Minute, func() {
			var all sync.WaitGroup
			for name, read := range reads {
				for range 64 / len(reads) {
					all.Go(func() {
						for range 10 {
							if err := read(); err != nil {
								t.Errorf("%s: %v", name, err)
							}
						}
					})
				}
			}
			all.Wait()
		})
	})
}

func TestJoinsInsideOfJoinsNeedOneConnection(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		insert(t, db, "", `{"_id":"1"}`, `{"_id":"2"}`)
		inner := `[]`
		for range 9 {
			inner = `[{"$match":{"_id":"1"}},{"$lookup":{"from":"todos","pipeline":` + inner + `,"as":"x"}}]`
		}
		stages := stagesOf(t, `{"$lookup":{"from":"todos","pipeline":`+inner+`,"as":"x"}}`)
		within(t, 30*time.Second, func() {
			n := 0
			err := db.Aggregate(t.Context(), env, col, stages, nil, func(found bson.Raw) error {
				n++
				if depth := strings.Count(string(found), "x\x00"); depth < 10 {
					t.Errorf("joined %d times", depth)
				}
				return nil
			})
			if err != nil || n != 2 {
				t.Errorf("%d documents, error %v", n, err)
			}
		})
	})
}

func TestPagesOfAJoinHaveEveryDocumentOnceInOrder(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		numbered(t, db, 3000)
		insert(t, db, "", `{"_id":"many","n":[3,4,5],"m":-1}`)
		addTestIndex(t, db, Index{Name: "m", Keys: []IndexKey{{"m", "1"}}})
		addTestIndex(t, db, Index{Name: "n", Keys: []IndexKey{{"n", "1"}}})
		for _, c := range []struct {
			name   string
			stages []string
			want   int
		}{
			{"the whole collection", nil, 3001},
			{"an index forwards", []string{`{"$match":{"m":{"$gte":10}}}`, `{"$sort":{"m":1}}`}, 2990},
			{"an index backwards", []string{`{"$match":{"m":{"$gte":10}}}`, `{"$sort":{"m":-1}}`}, 2990},
			{"the unique index of _id backwards", []string{`{"$match":{"_id":{"$lt":"d9"}}}`, `{"$sort":{"_id":-1}}`}, 3000},
			{"one key of many documents", []string{`{"$match":{"n":3}}`}, 430},
			{"ranges with a document in two", []string{`{"$match":{"n":{"$in":[3,5]}}}`}, 858},
		} {
			t.Run(c.name, func(t *testing.T) {
				join := `{"$lookup":{"from":"todos","pipeline":[{"$match":{"_id":"none"}}],"as":"x"}}`
				var plain, joined []string
				collect := func(into *[]string) func(bson.Raw) error {
					return func(found bson.Raw) error {
						*into = append(*into, found.Lookup("_id").StringValue())
						return nil
					}
				}
				must(t, db.Aggregate(t.Context(), env, col, stagesOf(t, c.stages...), nil, collect(&plain)))
				must(t, db.Aggregate(t.Context(), env, col, stagesOf(t, append(c.stages, join)...), nil, collect(&joined)))
				if len(plain) != c.want || !slices.Equal(plain, joined) {
					t.Errorf("%d documents without and %d with a join, want %d, in the same order", len(plain), len(joined), c.want)
				}
			})
		}
	})
}

func TestAReadThatIsGivenUpDoesNotWaitForAConnection(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		insert(t, db, "", `{"_id":"1"}`)
		release, holding := make(chan struct{}), make(chan struct{})
		var all sync.WaitGroup
		for range max(readers, postgresPool) {
			all.Go(func() {
				first := true
				err := db.Find(t.Context(), env, col, "", Query{}, func(bson.Raw) error {
					if first {
						first = false
						holding <- struct{}{}
						<-release
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		held := readers
		if db.postgres {
			held = postgresPool
		}
		for range held {
			<-holding
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		within(t, 10*time.Second, func() {
			err := db.Find(ctx, env, col, "", Query{}, func(bson.Raw) error { return nil })
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v, want that of the context", err)
			}
		})
		go func() {
			for range max(readers, postgresPool) - held {
				<-holding
			}
		}()
		close(release)
		all.Wait()
	})
}

func TestAFindSeesOneMomentThoughItsIndexIsDropped(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		addTestIndex(t, db, Index{Name: "a", Keys: []IndexKey{{"a", "1"}}})
		insert(t, db, "", `{"_id":"1","a":1}`, `{"_id":"2","a":2}`, `{"_id":"3","a":3}`)
		n := 0
		err := db.Find(t.Context(), env, col, "", Query{Filter: doc(t, `{"a":{"$in":[1,2,3]}}`)}, func(bson.Raw) error {
			n++
			if n == 1 {
				return db.DropIndex(context.Background(), env, col, "a")
			}
			return nil
		})
		if n != 3 || err != nil {
			t.Errorf("%d documents, error %v, want 3", n, err)
		}
	})
}

func TestAPanicInAReadCostsNoConnection(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		numbered(t, db, 10)
		for range 2 * readers {
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic went nowhere")
					}
				}()
				_ = db.Find(t.Context(), env, col, "", Query{}, func(bson.Raw) error { panic("of a caller") })
			}()
		}
		within(t, 20*time.Second, func() {
			for range 2 * readers {
				if got := len(find(t, db, "", Query{})); got != 10 {
					t.Errorf("%d documents", got)
				}
			}
		})
	})
}
