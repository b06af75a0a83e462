package docdb

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/models"
)

func TestAReadEndsWithItsContext(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		for n := range 50 {
			insert(t, db, "", fmt.Sprintf(`{"n":%d}`, n))
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		seen := 0
		err := db.Find(ctx, env, col, "", Query{}, func(bson.Raw) error {
			if seen++; seen == 3 {
				cancel()
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) || seen > 40 {
			t.Errorf("%v after %d documents", err, seen)
		}
	})
}

// Another process changes the catalog behind a cached one.
func TestAReadSeesTheCatalogOfOthers(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		here, other := open(t, optionsOf(o)), open(t, optionsOf(o))
		must(t, here.CreateCollection(t.Context(), env, col))
		addTestIndex(t, here, Index{Name: "tags", Keys: []IndexKey{{"tags", "1"}}})
		insert(t, here, "", `{"_id":"a","tags":1}`)
		byTags := Query{Filter: doc(t, `{"tags":{"$gt":0,"$lt":4}}`), Sort: doc(t, `{"tags":1}`)}
		if got := find(t, other, "", byTags); len(got) != 1 {
			t.Fatal(got)
		}
		insert(t, here, "", `{"_id":"b","tags":[2,3]}`) // two keys now
		if got := find(t, other, "", byTags); len(got) != 2 {
			t.Errorf("found %v", got)
		}
		must(t, here.DropIndex(t.Context(), env, col, "tags"))
		if got := find(t, other, "", byTags); len(got) != 2 {
			t.Errorf("without the index %v", got)
		}
		must(t, here.DropCollection(t.Context(), env, col))
		wantCode(t, other.Find(t.Context(), env, col, "", byTags, func(bson.Raw) error { return nil }), models.CodeCollectionUnknown)
	})
}
