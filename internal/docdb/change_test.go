package docdb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/models"
)

func TestAPanicInAWriteLeavesOthersAlone(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		panics := func() error {
			return db.change(t.Context(), func(ctx context.Context, s session) error {
				c, err := db.locked(ctx, s, env, col, false)
				if err != nil {
					return err
				}
				if err := db.insert(ctx, s, c, []bson.Raw{doc(t, `{"_id":"half"}`)}); err != nil {
					return err
				}
				panic("broken")
			})
		}
		within(t, 20*time.Second, func() {
			if err := panics(); err == nil || !strings.Contains(err.Error(), "broken") {
				t.Errorf("a lone write: %v", err)
			}
			var all sync.WaitGroup
			for n := range 200 {
				all.Go(func() {
					if n%3 == 0 {
						if err := panics(); err == nil || models.CodeOf(err) != models.CodeInternal {
							t.Errorf("a member: %v", err)
						}
						return
					}
					if _, err := db.Insert(t.Context(), env, col, "", []bson.Raw{doc(t, fmt.Sprintf(`{"_id":"%d"}`, n))}); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			insert(t, db, "", `{"_id":"after"}`)
		})
		if got := len(find(t, db, "", Query{})); got != 134 {
			t.Errorf("%d documents, want 134: none of those that panicked", got)
		}
	})
}

// slowFilter matches no document, and takes a while for each.
const slowFilter = `{"$expr":{"$eq":[1,{"$reduce":{"input":{"$range":[0,1]},"initialValue":0,"in":{"$size":{"$range":[0,100000]}}}}]}}`

func TestASlowFilterDoesNotHoldTheWriter(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		numbered(t, db, 2000)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := db.Update(ctx, env, col, "", Change{Filter: doc(t, slowFilter), Update: doc(t, `{"$set":{"x":1}}`), Multi: true})
			done <- err
		}()
		for n := range 20 {
			insert(t, db, "", fmt.Sprintf(`{"_id":"new%d"}`, n))
		}
		select {
		case err := <-done:
			t.Fatalf("the update was not slow: %v", err)
		default:
		}
		cancel()
		within(t, 10*time.Second, func() {
			if err := <-done; err == nil {
				t.Error("the update went on though its caller had left")
			}
		})
	})
}

func TestAWriteMayNotHoldTheWriterForLong(t *testing.T) {
	db := open(t, Options{SQLite: filepath.Join(t.TempDir(), "documents.db"), WriteHold: 20 * time.Millisecond})
	must(t, db.CreateCollection(t.Context(), env, col))
	docs := make([]bson.Raw, 20_000)
	for n := range docs {
		docs[n] = doc(t, `{"a":1}`)
	}
	_, err := db.Insert(t.Context(), env, col, "", docs)
	wantCode(t, err, models.CodeLimited)
	insert(t, db, "", `{"_id":"next"}`)
	if got := find(t, db, "", Query{}); len(got) != 1 {
		t.Errorf("%d documents, want 1", len(got))
	}
}

func TestAChangeOfSeveralFindsDocumentsThatOthersMove(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		addTestIndex(t, db, Index{Name: "a", Keys: []IndexKey{{"a", "1"}}})
		for i := range 200 {
			insert(t, db, "", fmt.Sprintf(`{"_id":"%d","a":%d,"n":0}`, i, i%4))
		}
		ctx, cancel := context.WithCancel(t.Context())
		var movers, all sync.WaitGroup
		for range 4 {
			movers.Go(func() {
				for ctx.Err() == nil {
					_, err := db.Update(t.Context(), env, col, "", Change{Filter: doc(t, fmt.Sprintf(`{"_id":"%d"}`, rand.IntN(200))), Update: doc(t, fmt.Sprintf(`{"$set":{"a":%d}}`, rand.IntN(4)))})
					if err != nil {
						t.Errorf("move: %v", err)
						return
					}
				}
			})
		}
		const rounds = 10
		for range 2 {
			all.Go(func() {
				for range rounds {
					c, err := db.Update(t.Context(), env, col, "", Change{Filter: doc(t, `{"a":{"$in":[0,1,2,3]}}`), Update: doc(t, `{"$inc":{"n":1}}`), Multi: true})
					if err != nil || c.Matched != 200 {
						t.Errorf("%d documents, error %v, want all 200, which always match", c.Matched, err)
					}
				}
			})
		}
		all.Wait()
		cancel()
		movers.Wait()
		if n := len(find(t, db, "", Query{Filter: doc(t, fmt.Sprintf(`{"n":%d}`, 2*rounds))})); n != 200 {
			t.Errorf("%d documents were changed each time, want 200", n)
		}
	})
}

func TestOneOfManyIsTakenByOneCaller(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		numbered(t, db, 60)
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				for range 5 { // without index: looked for outside of the write
					got, err := db.FindAndUpdate(t.Context(), env, col, "", doc(t, `{"taken":null}`), doc(t, `{"$inc":{"taken":1}}`))
					if err != nil || got == nil {
						t.Errorf("%v %v", got, err)
					}
				}
			})
		}
		all.Wait()
		if n := len(find(t, db, "", Query{Filter: doc(t, `{"taken":1}`)})); n != 60 {
			t.Errorf("%d of 60 were taken once", n)
		}
	})
}

func TestDocumentsOfMoreThanAMemoryBoundAreChangedAndRemoved(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		big := strings.Repeat("a", 2<<20)
		const count = maxSorted>>21 + 4
		for range count {
			insert(t, db, "", `{"a":1,"s":"`+big+`"}`)
		}
		addTestIndex(t, db, Index{Name: "a", Keys: []IndexKey{{"a", "1"}}})
		c, err := db.Update(t.Context(), env, col, "", Change{Filter: doc(t, `{"a":1}`), Update: doc(t, `{"$set":{"s":1}}`), Multi: true})
		if err != nil || c.Modified != count {
			t.Fatalf("changed %+v, error %v", c, err)
		}
		n, err := db.Remove(t.Context(), env, col, "", doc(t, `{"s":1}`), true)
		if err != nil || n != count {
			t.Errorf("removed %d, error %v", n, err)
		}
	})
}
