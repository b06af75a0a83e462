package docdb

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/models"
)

func TestWrites(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		ctx := t.Context()
		insert(t, db, "", `{"n":1,"_id":"a"}`, `{"_id":"b","n":1}`)
		_, err := db.Insert(ctx, env, col, "", []bson.Raw{doc(t, `{"_id":"c"}`), doc(t, `{"_id":"a"}`)})
		wantCode(t, err, models.CodeWriteRefused)
		if !strings.HasPrefix(models.MsgOf(err).Key, "docdb.duplicate_key") {
			t.Error(err)
		}
		_, err = db.Insert(ctx, env, "nowhere", "", []bson.Raw{doc(t, `{}`)})
		wantCode(t, err, models.CodeCollectionUnknown)
		wantCode(t, db.CreateCollection(ctx, env, col), models.CodeCollectionExists)

		changed, err := db.Update(ctx, env, col, "", Change{Filter: doc(t, `{"n":1}`), Update: doc(t, `{"$inc":{"n":1}}`), Multi: true})
		must(t, err)
		if changed.Matched != 2 || changed.Modified != 2 {
			t.Errorf("%+v", changed)
		}
		changed, err = db.Update(ctx, env, col, "", Change{Filter: doc(t, `{"_id":"a"}`), Update: doc(t, `{"$set":{"n":2}}`)})
		must(t, err)
		if changed.Matched != 1 || changed.Modified != 0 {
			t.Errorf("no change: %+v", changed)
		}
		changed, err = db.Update(ctx, env, col, "", Change{Filter: doc(t, `{"_id":"u","k":5}`), Update: doc(t, `{"$set":{"n":9}}`), Upsert: true})
		must(t, err)
		if changed.UpsertedID.StringValue() != "u" {
			t.Errorf("upsert: %+v", changed)
		}
		_, err = db.Update(ctx, env, col, "", Change{Filter: doc(t, `{}`), Update: doc(t, `{"$push":{"n":1}}`), Multi: true})
		wantCode(t, err, models.CodeWriteRefused)
		after, err := db.FindAndUpdate(ctx, env, col, "", doc(t, `{"_id":"b"}`), doc(t, `{"$set":{"z":1}}`))
		must(t, err)
		if after.Lookup("z").Int32() != 1 {
			t.Errorf("%s", after)
		}
		want := []string{`{"_id":"a","n":2}`, `{"_id":"b","n":2,"z":1}`, `{"_id":"u","k":5,"n":9}`}
		if diff := cmp.Diff(want, find(t, db, "", Query{})); diff != "" {
			t.Error(diff)
		}
		n, err := db.Remove(ctx, env, col, "", doc(t, `{"n":2}`), true)
		must(t, err)
		left, err := db.Count(ctx, env, col, "", nil)
		must(t, err)
		if n != 2 || left != 1 {
			t.Errorf("removed %d, left %d", n, left)
		}
	})
}

func TestReplaceIfUnchanged(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		insert(t, db, "", `{"_id":"a","n":1}`)
		was, next := doc(t, `{"_id":"a","n":1}`), doc(t, `{"_id":"a","n":2}`)
		id := was.Lookup("_id")
		must(t, db.ReplaceIfUnchanged(t.Context(), env, col, id, was, next))
		wantCode(t, db.ReplaceIfUnchanged(t.Context(), env, col, id, was, doc(t, `{"_id":"a","n":3}`)), models.CodeConflict)
		wantCode(t, db.ReplaceIfUnchanged(t.Context(), env, col, id, was, nil), models.CodeConflict)
		must(t, db.ReplaceIfUnchanged(t.Context(), env, col, id, next, nil))
		wantCode(t, db.ReplaceIfUnchanged(t.Context(), env, col, id, next, was), models.CodeNotFound)
	})
}

func TestManyWritersLoseNothing(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		insert(t, db, "", `{"_id":"counter","n":0}`)
		var all sync.WaitGroup
		for worker := range 64 {
			all.Go(func() {
				for n := range 5 {
					_, err := db.Insert(t.Context(), env, col, "", []bson.Raw{doc(t, fmt.Sprintf(`{"w":%d,"n":%d}`, worker, n))})
					if err == nil {
						_, err = db.Update(t.Context(), env, col, "", Change{Filter: doc(t, `{"_id":"counter"}`), Update: doc(t, `{"$inc":{"n":1}}`)})
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		n, err := db.Count(t.Context(), env, col, "", nil)
		must(t, err)
		if got := find(t, db, "", Query{Filter: doc(t, `{"_id":"counter"}`)}); n != 321 || got[0] != `{"_id":"counter","n":320}` {
			t.Errorf("%d documents, %v", n, got)
		}
	})
}

func TestOneThatFailsLeavesTheGroupAlone(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		insert(t, db, "", `{"_id":"taken"}`)
		var all sync.WaitGroup
		for n := range 40 {
			all.Go(func() {
				id := fmt.Sprintf("d%d", n)
				if n%2 == 0 {
					id = "taken"
				}
				_, err := db.Insert(t.Context(), env, col, "", []bson.Raw{doc(t, `{"_id":"`+id+`"}`)})
				if (n%2 == 0) != (err != nil) {
					t.Errorf("%s: %v", id, err)
				}
			})
		}
		all.Wait()
		if n, err := db.Count(t.Context(), env, col, "", nil); err != nil || n != 21 {
			t.Errorf("%d %v", n, err)
		}
	})
}

func TestReopenedAndSharedWithAnotherProcess(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		first, second := open(t, optionsOf(o)), open(t, optionsOf(o))
		must(t, first.CreateCollection(t.Context(), env, col))
		insert(t, second, "", `{"_id":"a"}`)
		must(t, second.CreateIndex(t.Context(), env, col, Index{Name: "n", Keys: []IndexKey{{"n", "1"}}}))
		insert(t, first, "", `{"_id":"b","n":5}`) // must be indexed though first had no such index
		if got := find(t, second, "", Query{Filter: doc(t, `{"n":5}`)}); len(got) != 1 {
			t.Errorf("%v", got)
		}
		must(t, first.DropCollection(t.Context(), env, col))
		_, err := second.Insert(t.Context(), env, col, "", []bson.Raw{doc(t, `{}`)})
		wantCode(t, err, models.CodeCollectionUnknown)
		must(t, second.CreateCollection(t.Context(), env, col))
		if got := find(t, first, "", Query{}); len(got) != 0 {
			t.Errorf("documents of a dropped collection came back: %v", got)
		}
	})
}

func begin(t testing.TB, db *DB) string {
	t.Helper()
	id, err := db.Begin(t.Context(), env)
	must(t, err)
	return id
}

func TestTransactions(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		ctx := t.Context()
		insert(t, db, "", `{"_id":"a","n":1}`, `{"_id":"b","n":2}`)
		tx := begin(t, db)
		insert(t, db, "", `{"_id":"later","n":3}`)
		insert(t, db, tx, `{"_id":"mine","n":0}`)
		_, err := db.Update(ctx, env, col, tx, Change{Filter: doc(t, `{"_id":"a"}`), Update: doc(t, `{"$set":{"n":10}}`)})
		must(t, err)
		_, err = db.Remove(ctx, env, col, tx, doc(t, `{"_id":"b"}`), false)
		must(t, err)
		want := []string{`{"_id":"mine","n":0}`, `{"_id":"a","n":10}`}
		if diff := cmp.Diff(want, find(t, db, tx, Query{Sort: doc(t, `{"n":1}`)})); diff != "" {
			t.Errorf("inside: %s", diff)
		}
		outside := []string{`{"_id":"a","n":1}`, `{"_id":"b","n":2}`, `{"_id":"later","n":3}`}
		if diff := cmp.Diff(outside, find(t, db, "", Query{Sort: doc(t, `{"n":1}`)})); diff != "" {
			t.Errorf("outside: %s", diff)
		}
		must(t, db.Commit(ctx, env, tx))
		want = []string{`{"_id":"mine","n":0}`, `{"_id":"later","n":3}`, `{"_id":"a","n":10}`}
		if diff := cmp.Diff(want, find(t, db, "", Query{Sort: doc(t, `{"n":1}`)})); diff != "" {
			t.Errorf("committed: %s", diff)
		}
		wantCode(t, db.Commit(ctx, env, tx), models.CodeTransactionUnknown)

		tx = begin(t, db)
		insert(t, db, tx, `{"_id":"gone"}`)
		wantCode(t, db.Abort(ctx, "other-1", tx), models.CodeTransactionUnknown)
		must(t, db.Abort(ctx, env, tx))
		if got := find(t, db, "", Query{Filter: doc(t, `{"_id":"gone"}`)}); len(got) != 0 {
			t.Errorf("aborted: %v", got)
		}
	})
}

func TestTransactionConflicts(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		ctx := t.Context()
		set := func(tx, id string) error {
			_, err := db.Update(ctx, env, col, tx, Change{Filter: doc(t, `{"_id":"`+id+`"}`), Update: doc(t, `{"$inc":{"n":1}}`)})
			return err
		}
		insert(t, db, "", `{"_id":"a","n":1}`, `{"_id":"b","n":1}`)
		first, second := begin(t, db), begin(t, db)
		must(t, set(first, "a"))
		wantCode(t, set(second, "a"), models.CodeTransactionConflict)
		wantCode(t, set(second, "b"), models.CodeTransactionUnknown) // dropped by the conflict
		must(t, db.Commit(ctx, env, first))

		late := begin(t, db)
		must(t, set("", "b"))
		wantCode(t, set(late, "b"), models.CodeTransactionConflict)

		raced := begin(t, db)
		must(t, set(raced, "a"))
		must(t, set("", "a"))
		wantCode(t, db.Commit(ctx, env, raced), models.CodeTransactionConflict)

		x, y := begin(t, db), begin(t, db)
		insert(t, db, x, `{"_id":"new"}`)
		_, err := db.Insert(ctx, env, col, y, []bson.Raw{doc(t, `{"_id":"new"}`)})
		wantCode(t, err, models.CodeTransactionConflict)
		must(t, db.Commit(ctx, env, x))
		want := []string{`{"_id":"a","n":3}`, `{"_id":"b","n":2}`, `{"_id":"new"}`}
		got := find(t, db, "", Query{})
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnAbandonedTransactionEnds(t *testing.T) {
	databases.Each(t, func(t *testing.T, so store.Options) {
		o := optionsOf(so)
		o.TransactionLife = 50 * time.Millisecond
		db := open(t, o)
		must(t, db.CreateCollection(t.Context(), env, col))
		insert(t, db, "", `{"_id":"a"}`)
		tx := begin(t, db)
		deadline := time.Now().Add(10 * time.Second)
		for {
			err := db.Find(t.Context(), env, col, tx, Query{}, func(bson.Raw) error { return nil })
			if models.IsCode(err, models.CodeTransactionUnknown) {
				return
			}
			must(t, err)
			if time.Now().After(deadline) {
				t.Fatal("the transaction lives on")
			}
		}
	})
}

func TestOpenTransactionsAreBounded(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		for range maxTransactionsEach {
			begin(t, db)
		}
		_, err := db.Begin(t.Context(), env)
		wantCode(t, err, models.CodeLimited)
		for n := range maxTransactions - maxTransactionsEach {
			_, err := db.Begin(t.Context(), fmt.Sprintf("other%d", n%5))
			must(t, err)
		}
		_, err = db.Begin(t.Context(), "yet-another")
		wantCode(t, err, models.CodeLimited)
		insert(t, db, "", `{"_id":"free"}`) // none of them holds the writer
	})
}
