package docdb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
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

func fill(t testing.TB, db *DB, n int) {
	t.Helper()
	docs := make([]bson.Raw, n)
	for i := range docs {
		docs[i] = doc(t, fmt.Sprintf(`{"_id":"d%05d","n":%d,"g":%d,"tags":["t%d","all"],"o":{"p":%d},"loc":{"type":"Point","coordinates":[%d.5,%d.25]}}`,
			i, i, i%10, i%100, i%7, i%170, i%80))
	}
	_, err := db.Insert(t.Context(), env, col, "", docs)
	must(t, err)
}

func TestIndexesServe(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		fill(t, db, 1000)
		addTestIndex(t, db, Index{Name: "n", Keys: []IndexKey{{"n", "1"}}})
		addTestIndex(t, db, Index{Name: "g_n", Keys: []IndexKey{{"g", "1"}, {"n", "-1"}}})
		addTestIndex(t, db, Index{Name: "tags", Keys: []IndexKey{{"tags", "1"}}})
		addTestIndex(t, db, Index{Name: "loc", Keys: []IndexKey{{"loc", "2dsphere"}}})
		for _, c := range []struct {
			name, filter, sort string
			limit              int
			index              string
			found, examined    int
		}{
			{name: "by id", filter: `{"_id":"d00007"}`, index: "_id_", found: 1, examined: 1},
			{name: "ids", filter: `{"_id":{"$in":["d00007","d00009","nobody"]}}`, index: "_id_", found: 2, examined: 2},
			{name: "equality", filter: `{"n":500}`, index: "n", found: 1, examined: 1},
			{name: "equality across number types", filter: `{"n":{"$numberDouble":"500"}}`, index: "n", found: 1, examined: 1},
			{name: "in", filter: `{"n":{"$in":[1,2,5000,3]}}`, index: "n", found: 3, examined: 3},
			{name: "range", filter: `{"n":{"$gte":10,"$lt":20}}`, index: "n", found: 10, examined: 10},
			{name: "open range", filter: `{"n":{"$gt":989}}`, index: "n", found: 10, examined: 10},
			{name: "and of ranges", filter: `{"$and":[{"n":{"$gt":10}},{"n":{"$lte":12}}]}`, index: "n", found: 2, examined: 2},
			{name: "or", filter: `{"$or":[{"n":3},{"n":{"$lt":2}}]}`, index: "n", found: 3, examined: 3},
			{name: "sort and limit", filter: `{}`, sort: `{"n":-1}`, limit: 20, index: "n", found: 20, examined: 20},
			{name: "range, sort and limit", filter: `{"n":{"$gt":100}}`, sort: `{"n":1}`, limit: 5, index: "n", found: 5, examined: 5},
			{name: "compound prefix", filter: `{"g":3}`, index: "g_n", found: 100, examined: 100},
			{name: "compound prefix, sort and limit", filter: `{"g":3}`, sort: `{"n":-1}`, limit: 7, index: "g_n", found: 7, examined: 7},
			{name: "compound prefix, read backwards", filter: `{"g":3}`, sort: `{"n":1}`, limit: 7, index: "g_n", found: 7, examined: 7},
			{name: "compound, range on a descending field", filter: `{"g":3,"n":{"$gt":500,"$lte":600}}`, index: "g_n", found: 10, examined: 10},
			{name: "array element", filter: `{"tags":"t42"}`, index: "tags", found: 10, examined: 10},
			{name: "array elements", filter: `{"tags":{"$in":["t42","t43"]}}`, index: "tags", found: 20, examined: 20},
			{name: "prefix of a text", filter: `{"tags":{"$regularExpression":{"pattern":"^t4[23]$","options":""}}}`, index: "tags", found: 20, examined: 110},
			{name: "inside a circle", filter: `{"loc":{"$geoWithin":{"$centerSphere":[[0.5,0.25],0.0001]}}}`, index: "loc", found: 1, examined: 1},
			{name: "no index", filter: `{"o.p":3}`, found: 143, examined: 1000},
		} {
			t.Run(c.name, func(t *testing.T) {
				q := Query{Filter: doc(t, c.filter), Sort: doc(t, c.sort), Limit: c.limit}
				plan, err := db.Explain(t.Context(), env, col, q)
				must(t, err)
				if got := len(find(t, db, "", q)); got != c.found || plan.Index != c.index || plan.Examined > c.examined {
					t.Errorf("found %d by %+v, want %d by %q reading %d", got, plan, c.found, c.index, c.examined)
				}
			})
		}
	})
}

func TestNearestUsesTheIndex(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		fill(t, db, 1000)
		q := Query{Filter: doc(t, `{"loc":{"$nearSphere":{"$geometry":{"type":"Point","coordinates":[10,10]}}}}`), Limit: 5}
		scanned := find(t, db, "", q)
		addTestIndex(t, db, Index{Name: "loc", Keys: []IndexKey{{"loc", "2dsphere"}}})
		if diff := cmp.Diff(scanned, find(t, db, "", q)); diff != "" {
			t.Error(diff)
		}
		plan, err := db.Explain(t.Context(), env, col, q)
		must(t, err)
		if plan.Examined > 600 {
			t.Errorf("read %d documents", plan.Examined)
		}
	})
}

// seed is printed so that a failure can be repeated with ENVSHARE_SEED.
func seed(t testing.TB) *rand.Rand {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if given := os.Getenv("ENVSHARE_SEED"); given != "" {
		var err error
		n, err = strconv.ParseUint(given, 10, 64)
		must(t, err)
	}
	t.Logf("ENVSHARE_SEED=%d", n)
	return rand.New(rand.NewPCG(n, 1))
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// anyValue makes a small value; few enough that conditions often meet.
func anyValue(r *rand.Rand, depth int) string {
	switch r.IntN(12) {
	case 0:
		return "null"
	case 1:
		return pick(r, "true", "false")
	case 2, 3:
		return pick(r, `"a"`, `"b"`, `"ab"`, `""`, `"\u0000x"`, `"`+strings.Repeat("long", 300)+pick(r, "1", "2")+`"`)
	case 4:
		return pick(r, `{"$date":0}`, `{"$date":1}`, `{"$oid":"5d505646cf6d4fe581014ab2"}`)
	case 5, 6:
		if depth > 1 {
			return "[]"
		}
		parts := make([]string, r.IntN(4))
		for i := range parts {
			parts[i] = anyValue(r, depth+1)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case 7:
		if depth > 1 {
			return "{}"
		}
		return fmt.Sprintf(`{"x":%s,"y":%s}`, anyValue(r, depth+1), anyValue(r, depth+1))
	}
	return pick(r, "0", "1", "2", "1.5", "-1", `{"$numberLong":"2"}`, `{"$numberDouble":"NaN"}`, "9007199254740993")
}

func anyDocument(r *rand.Rand, id int) string {
	fields := []string{fmt.Sprintf(`"_id":%d`, id)}
	for _, name := range []string{"a", "b", "c"} {
		if r.IntN(4) > 0 {
			fields = append(fields, fmt.Sprintf(`%q:%s`, name, anyValue(r, 0)))
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}

func anyFilter(r *rand.Rand, depth int) string {
	field := pick(r, "a", "b", "c", "a.x", "a.y", "b.x", "a.0")
	v := anyValue(r, 1)
	switch r.IntN(13) {
	case 0:
		return fmt.Sprintf(`{%q:{"$in":[%s,%s]}}`, field, v, anyValue(r, 1))
	case 1, 2:
		return fmt.Sprintf(`{%q:{%q:%s}}`, field, pick(r, "$gt", "$gte", "$lt", "$lte"), v)
	case 3:
		return fmt.Sprintf(`{%q:{"$gt":%s,"$lte":%s}}`, field, v, anyValue(r, 1))
	case 4:
		return fmt.Sprintf(`{%q:{%q:%s}}`, field, pick(r, "$ne", "$eq"), v)
	case 5:
		return fmt.Sprintf(`{%q:{"$exists":%s}}`, field, pick(r, "true", "false"))
	case 6:
		return fmt.Sprintf(`{%q:{"$elemMatch":{"$gt":%s,"$lt":%s}}}`, field, v, anyValue(r, 1))
	case 7:
		return fmt.Sprintf(`{%q:{"$elemMatch":{"x":%s}}}`, field, v)
	case 8:
		return fmt.Sprintf(`{%q:{"$all":[%s]}}`, field, v)
	case 9, 10:
		if depth < 2 {
			return fmt.Sprintf(`{%q:[%s,%s]}`, pick(r, "$and", "$or", "$nor"), anyFilter(r, depth+1), anyFilter(r, depth+1))
		}
	}
	return fmt.Sprintf(`{%q:%s}`, field, v)
}

func randomIndex(r *rand.Rand, n int) Index {
	i := Index{Name: fmt.Sprintf("i%d", n), Sparse: r.IntN(4) == 0}
	fields := []string{"a", "b", "c", "a.x", "b.x"}
	r.Shuffle(len(fields), func(x, y int) { fields[x], fields[y] = fields[y], fields[x] })
	for _, f := range fields[:1+r.IntN(3)] {
		i.Keys = append(i.Keys, IndexKey{f, pick(r, "1", "-1")})
	}
	return i
}

func TestIndexesChangeNoAnswer(t *testing.T) {
	databases := 4
	eachDB(t, func(t *testing.T, db *DB) {
		r := seed(t)
		for round := range databases {
			must(t, db.DropCollection(t.Context(), env, col))
			must(t, db.CreateCollection(t.Context(), env, col))
			early := randomIndex(r, 100)
			addTestIndex(t, db, early)
			var docs []bson.Raw
			for id := range 120 {
				docs = append(docs, doc(t, anyDocument(r, id)))
			}
			_, err := db.Insert(t.Context(), env, col, "", docs)
			must(t, err)
			for n := range 3 {
				addTestIndex(t, db, randomIndex(r, n))
			}
			for range 60 {
				set := fmt.Sprintf(`{"$set":{%q:%s}}`, pick(r, "a", "b", "c"), anyValue(r, 0))
				_, err := db.Update(t.Context(), env, col, "", Change{Filter: doc(t, fmt.Sprintf(`{"_id":%d}`, r.IntN(120))), Update: doc(t, set)})
				must(t, err)
			}
			for range 150 {
				text := anyFilter(r, 0)
				q := Query{Filter: doc(t, text)}
				if r.IntN(2) == 0 {
					q.Sort = doc(t, fmt.Sprintf(`{%q:%s,%q:%s,"_id":1}`, "a", pick(r, "1", "-1"), "b", pick(r, "1", "-1")))
					q.Limit = r.IntN(20)
				}
				got := find(t, db, "", q)
				want := withoutIndexes(t, db, q)
				if q.Sort == nil {
					slices.Sort(got)
					slices.Sort(want)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					plan, _ := db.Explain(t.Context(), env, col, q)
					t.Fatalf("round %d: %s sort %s by %+v: %s", round, text, q.Sort, plan, diff)
				}
			}
		}
	})
}

// withoutIndexes answers a query by reading the whole collection.
func withoutIndexes(t testing.TB, db *DB, q Query) []string {
	t.Helper()
	cat, err := db.refresh(t.Context())
	must(t, err)
	bare := &catalog{revision: cat.revision, collections: map[collectionName]*collection{}}
	for name, c := range cat.collections {
		stripped := *c
		stripped.indexes = nil
		bare.collections[name] = &stripped
	}
	db.cached.Store(bare)
	defer db.cached.Store(cat)
	return find(t, db, "", q)
}

func TestLongValuesWithOneBeginningAreFoundOnce(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		addTestIndex(t, db, Index{Name: "ab", Keys: []IndexKey{{"a", "1"}, {"b", "1"}}})
		long := strings.Repeat("x", 1100)
		insert(t, db, "", fmt.Sprintf(`{"_id":"1","a":%q,"b":1}`, long+"1"), fmt.Sprintf(`{"_id":"2","a":%q,"b":1}`, long+"2"))
		both := doc(t, fmt.Sprintf(`{"a":{"$in":[%q,%q]}}`, long+"1", long+"2"))
		if got := find(t, db, "", Query{Filter: both}); len(got) != 2 {
			t.Errorf("found %d documents, want 2", len(got))
		}
		if n, err := db.Count(t.Context(), env, col, "", both); n != 2 || err != nil {
			t.Errorf("counted %d, error %v", n, err)
		}
		c, err := db.Update(t.Context(), env, col, "", Change{Filter: both, Update: doc(t, `{"$inc":{"n":1}}`), Multi: true})
		if err != nil || c.Modified != 2 {
			t.Errorf("changed %+v, error %v", c, err)
		}
	})
}

func TestUniqueIndex(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		addTestIndex(t, db, Index{Name: "mail", Keys: []IndexKey{{"mail", "1"}}, Unique: true, Sparse: true})
		var wins, losses int
		var mu sync.Mutex
		var all sync.WaitGroup
		for n := range 20 {
			all.Go(func() {
				_, err := db.Insert(t.Context(), env, col, "", []bson.Raw{doc(t, fmt.Sprintf(`{"mail":"m%d"}`, n%4))})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					wins++
				} else if models.IsCode(err, models.CodeWriteRefused) && strings.Contains(fmt.Sprint(models.MsgOf(err).Args), "mail") {
					losses++
				}
			})
		}
		all.Wait()
		if wins != 4 || losses != 16 {
			t.Fatalf("%d wins, %d losses", wins, losses)
		}
		insert(t, db, "", `{"x":1}`, `{"x":2}`) // without mail
		_, err := db.Update(t.Context(), env, col, "", Change{Filter: doc(t, `{"mail":"m1"}`), Update: doc(t, `{"$set":{"mail":"m2"}}`)})
		wantCode(t, err, models.CodeWriteRefused)
		_, err = db.Insert(t.Context(), env, col, "", []bson.Raw{doc(t, `{"mail":"new"}`), doc(t, `{"mail":"m3"}`)})
		wantCode(t, err, models.CodeWriteRefused)
		if got := find(t, db, "", Query{Filter: doc(t, `{"mail":"new"}`)}); len(got) != 0 {
			t.Errorf("half of a refused insert stayed: %v", got)
		}
		wantCode(t, db.CreateIndex(t.Context(), env, col, Index{Name: "x", Keys: []IndexKey{{"none", "1"}}, Unique: true}), models.CodeWriteRefused)
		list, err := db.Indexes(t.Context(), env, col)
		must(t, err)
		if len(list) != 2 {
			t.Errorf("a refused index stayed: %v", list)
		}
	})
}

func TestAnIndexIsBuiltWhileOthersWrite(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		fill(t, db, 3000)
		stop := make(chan struct{})
		var all sync.WaitGroup
		for worker := range 4 {
			all.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					id := fmt.Sprintf("d%05d", (n*4+worker)%3000)
					_, err := db.Update(t.Context(), env, col, "", Change{Filter: doc(t, `{"_id":"`+id+`"}`), Update: doc(t, `{"$inc":{"g":1}}`)})
					if err != nil {
						t.Error(err)
						return
					}
					if _, err := db.Insert(t.Context(), env, col, "", []bson.Raw{doc(t, fmt.Sprintf(`{"g":%d}`, n%10))}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		addTestIndex(t, db, Index{Name: "g", Keys: []IndexKey{{"g", "1"}}})
		close(stop)
		all.Wait()
		for g := range 12 {
			q := Query{Filter: doc(t, fmt.Sprintf(`{"g":%d}`, g))}
			got, want := find(t, db, "", q), withoutIndexes(t, db, q)
			if len(got) != len(want) {
				t.Errorf("g %d: %d by the index, %d there", g, len(got), len(want))
			}
		}
	})
}

func TestABuildThatWasCutOffGoesOnAtTheNextStart(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		first, err := Open(t.Context(), optionsOf(o))
		must(t, err)
		must(t, first.CreateCollection(t.Context(), env, col))
		numbered(t, first, 1500)
		for _, i := range []Index{{Name: "m", Keys: []IndexKey{{"m", "1"}}}, {Name: "unique_n", Keys: []IndexKey{{"n", "1"}}, Unique: true}} {
			must(t, first.change(t.Context(), func(ctx context.Context, s session) error {
				c, err := first.locked(ctx, s, env, col, true)
				if err != nil {
					return err
				}
				if _, err := addIndex(ctx, s, c.id, i, false); err != nil {
					return err
				}
				return bump(ctx, s)
			}))
		}
		list, err := first.Indexes(t.Context(), env, col)
		must(t, err)
		if len(list) != 3 || list[0].Building || !list[1].Building {
			t.Errorf("%+v: want those that are being built marked", list)
		}
		must(t, first.Close())

		db := open(t, optionsOf(o))
		db.builds.Wait()
		list, err = db.Indexes(t.Context(), env, col)
		must(t, err)
		if len(list) != 2 || list[1].Name != "m" || list[1].Building {
			t.Errorf("%+v: want m, ready, and not the unique one that documents stand against", list)
		}
		q := Query{Filter: doc(t, `{"m":{"$gte":700}}`)}
		plan, err := db.Explain(t.Context(), env, col, q)
		must(t, err)
		if found := len(find(t, db, "", q)); plan.Index != "m" || found != 800 {
			t.Errorf("found %d by %+v", found, plan)
		}
	})
}
