package docdb

import (
	"errors"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// told reports whether a watcher was told of a change.
func told(changes <-chan struct{}) bool {
	select {
	case <-changes:
		return true
	default:
		return false
	}
}

func TestWatchersAreToldOfCommittedChanges(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		ctx := t.Context()
		must(t, db.CreateCollection(ctx, env, "other"))
		changes, stop := db.Watch(env, col)
		defer stop()
		set := doc(t, `{"$set":{"n":1}}`)
		for _, c := range []struct {
			name string
			do   func() error
			want bool
		}{
			{"insert", func() error { _, err := db.Insert(ctx, env, col, "", []bson.Raw{doc(t, `{"_id":"a"}`)}); return err }, true},
			{"an insert that is refused", func() error {
				if _, err := db.Insert(ctx, env, col, "", []bson.Raw{doc(t, `{"_id":"b"}`), doc(t, `{"_id":"a"}`)}); err == nil {
					return errors.New("it was not")
				}
				return nil
			}, false},
			{"another collection", func() error { _, err := db.Insert(ctx, env, "other", "", []bson.Raw{doc(t, `{}`)}); return err }, false},
			{"update", func() error {
				_, err := db.Update(ctx, env, col, "", Change{Filter: doc(t, `{"_id":"a"}`), Update: set})
				return err
			}, true},
			{"an update that changes nothing", func() error {
				_, err := db.Update(ctx, env, col, "", Change{Filter: doc(t, `{"_id":"a"}`), Update: set})
				return err
			}, false},
			{"transaction", func() error {
				tx, err := db.Begin(ctx, env)
				must(t, err)
				_, err = db.Insert(ctx, env, col, tx, []bson.Raw{doc(t, `{"_id":"t"}`)})
				must(t, err)
				if told(changes) {
					t.Error("told before the commit")
				}
				return db.Commit(ctx, env, tx)
			}, true},
			{"remove", func() error { _, err := db.Remove(ctx, env, col, "", doc(t, `{"_id":"a"}`), false); return err }, true},
			{"drop", func() error { return db.DropCollection(ctx, env, col) }, true},
		} {
			must(t, c.do())
			if told(changes) != c.want {
				t.Errorf("%s: told %v", c.name, !c.want)
			}
		}
		must(t, db.CreateCollection(ctx, env, col))
		told(changes)
		stop()
		insert(t, db, "", `{"_id":"z"}`)
		if told(changes) {
			t.Error("told after the end")
		}
	})
}

func TestACheckDecidesInsideOfAWrite(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		ctx := t.Context()
		insert(t, db, "", `{"_id":"a","n":1}`, `{"_id":"b","n":2}`)
		refused := errors.New("refused")
		onlyA := func(d bson.Raw) error {
			if d.Lookup("_id").StringValue() != "a" {
				return refused
			}
			return nil
		}
		all := doc(t, `{}`)
		if _, err := db.Update(ctx, env, col, "", Change{Filter: all, Update: doc(t, `{"$inc":{"n":10}}`), Multi: true, Check: onlyA}); !errors.Is(err, refused) {
			t.Errorf("update: %v", err)
		}
		if _, err := db.RemoveChecked(ctx, env, col, "", all, true, onlyA); !errors.Is(err, refused) {
			t.Errorf("remove: %v", err)
		}
		if got := find(t, db, "", Query{}); len(got) != 2 || got[0] != `{"_id":"a","n":1}` {
			t.Errorf("a refused write left %v", got)
		}
		n, err := db.RemoveChecked(ctx, env, col, "", doc(t, `{"_id":"a"}`), false, onlyA)
		must(t, err)
		if n != 1 {
			t.Errorf("removed %d", n)
		}
	})
}
