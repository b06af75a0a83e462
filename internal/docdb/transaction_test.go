package docdb

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/models"
)

func TestAFailedOperationLeavesNothingInItsTransaction(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(t *testing.T, db *DB, tx string) error
	}{
		{"insert", func(t *testing.T, db *DB, tx string) error {
			_, err := db.Insert(t.Context(), env, col, tx, []bson.Raw{doc(t, `{"_id":"new"}`), doc(t, `{"_id":"2"}`)})
			return err
		}},
		{"update", func(t *testing.T, db *DB, tx string) error {
			_, err := db.Update(t.Context(), env, col, tx, Change{Filter: doc(t, `{}`), Update: doc(t, `{"$inc":{"n":1}}`), Multi: true})
			return err
		}},
		{"remove", func(t *testing.T, db *DB, tx string) error {
			_, err := db.RemoveChecked(t.Context(), env, col, tx, doc(t, `{}`), true, func(found bson.Raw) error {
				if found.Lookup("_id").StringValue() == "2" {
					return models.E(models.CodeRuleDenied, "call.rule_denied")
				}
				return nil
			})
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachDB(t, func(t *testing.T, db *DB) {
				insert(t, db, "", `{"_id":"1","n":1}`, `{"_id":"2","n":"text"}`)
				tx := begin(t, db)
				insert(t, db, tx, `{"_id":"before"}`)
				_, err := db.Update(t.Context(), env, col, tx, Change{Filter: doc(t, `{"_id":"1"}`), Update: doc(t, `{"$set":{"n":5}}`)})
				must(t, err)
				if err := c.do(t, db, tx); err == nil {
					t.Fatal("no error")
				}
				want := []string{`{"_id":"2","n":"text"}`, `{"_id":"before"}`, `{"_id":"1","n":5}`}
				if diff := cmp.Diff(want, find(t, db, tx, Query{})); diff != "" {
					t.Errorf("in the transaction: %s", diff)
				}
				must(t, db.Commit(t.Context(), env, tx))
				want = []string{`{"_id":"1","n":5}`, `{"_id":"2","n":"text"}`, `{"_id":"before"}`}
				if diff := cmp.Diff(want, find(t, db, "", Query{})); diff != "" {
					t.Errorf("committed: %s", diff)
				}
			})
		})
	}
}

func TestUniqueKeysInsideOfATransaction(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps []string // id and update
		dup   bool     // the last step meets a duplicate key
		want  []string
	}{
		{"a key of another document", []string{`2 {"$set":{"u":1}}`}, true, []string{`{"_id":"1","u":1}`, `{"_id":"2","u":2}`}},
		{"a key that the transaction gave away", []string{`1 {"$set":{"u":3}}`, `2 {"$set":{"u":3}}`}, true, []string{`{"_id":"1","u":3}`, `{"_id":"2","u":2}`}},
		{"a key that moves", []string{`1 {"$set":{"x":1}}`, `2 {"$set":{"u":3}}`, `1 {"$set":{"u":2}}`}, false, []string{`{"_id":"1","u":2,"x":1}`, `{"_id":"2","u":3}`}},
		{"keys that change places", []string{`1 {"$set":{"u":3}}`, `2 {"$set":{"u":1}}`, `1 {"$set":{"u":2}}`}, false, []string{`{"_id":"1","u":2}`, `{"_id":"2","u":1}`}},
		{"a key taken back", []string{`1 {"$set":{"u":3}}`, `1 {"$set":{"u":1}}`}, false, []string{`{"_id":"1","u":1}`, `{"_id":"2","u":2}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachDB(t, func(t *testing.T, db *DB) {
				addTestIndex(t, db, Index{Name: "u", Keys: []IndexKey{{"u", "1"}}, Unique: true})
				insert(t, db, "", `{"_id":"1","u":1}`, `{"_id":"2","u":2}`)
				tx := begin(t, db)
				for n, step := range c.steps {
					id, change, _ := strings.Cut(step, " ")
					_, err := db.Update(t.Context(), env, col, tx, Change{Filter: doc(t, fmt.Sprintf(`{"_id":%q}`, id)), Update: doc(t, change)})
					if !c.dup || n < len(c.steps)-1 {
						must(t, err)
						continue
					}
					wantCode(t, err, models.CodeWriteRefused)
					if !strings.HasPrefix(models.MsgOf(err).Key, "docdb.duplicate_key") {
						t.Error(err)
					}
				}
				must(t, db.Commit(t.Context(), env, tx))
				if diff := cmp.Diff(c.want, find(t, db, "", Query{})); diff != "" {
					t.Error(diff)
				}
				must(t, db.DropIndex(t.Context(), env, col, "u"))
				addTestIndex(t, db, Index{Name: "u", Keys: []IndexKey{{"u", "1"}}, Unique: true})
			})
		})
	}
}

func TestALaterInsertOfATransactionIsAsFastAsTheFirst(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		tx := begin(t, db)
		add := func(n int) time.Duration {
			docs := make([]bson.Raw, n)
			for i := range docs {
				docs[i] = doc(t, `{}`)
			}
			start := time.Now()
			_, err := db.Insert(t.Context(), env, col, tx, docs)
			must(t, err)
			return time.Since(start)
		}
		first := add(1000)
		add(8000)
		if last := add(1000); last > 6*first+100*time.Millisecond { // 17 times, if each were compared with all
			t.Errorf("the first 1,000 took %s, those after 9,000 others %s", first, last)
		}
	})
}

func TestCountInsideOfATransactionSeesItsWrites(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		insert(t, db, "", `{"_id":"1","n":1}`, `{"_id":"2","n":1}`)
		tx := begin(t, db)
		insert(t, db, tx, `{"_id":"3","n":1}`, `{"_id":"4","n":2}`)
		_, err := db.Remove(t.Context(), env, col, tx, doc(t, `{"_id":"1"}`), false)
		must(t, err)
		insert(t, db, "", `{"_id":"5","n":1}`) // after the snapshot
		for filter, want := range map[string]int64{"": 3, `{"n":1}`: 2} {
			if n, err := db.Count(t.Context(), env, col, tx, doc(t, filter)); n != want || err != nil {
				t.Errorf("%s: %d, error %v, want %d", filter, n, err, want)
			}
		}
		_, err = db.Count(t.Context(), "another", col, tx, nil)
		wantCode(t, err, models.CodeTransactionUnknown)
	})
}
