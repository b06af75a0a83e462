package docdb

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/ejson"
)

// answers generates documents and conditions whose values meet often, with all that
// keys find hard: numbers of several types, long texts, arrays in arrays.
type answers struct{ r *rand.Rand }

func (g answers) scalar() string {
	if g.r.IntN(12) == 0 {
		return `"` + strings.Repeat("y", 1000+g.r.IntN(60)) + pick(g.r, "a", "b", "c") + `"`
	}
	return pick(g.r, "0", "1", "2", "2.5", "-1", `{"$numberDouble":"-0"}`, `{"$numberDouble":"NaN"}`, `{"$numberLong":"9007199254740993"}`,
		`{"$numberDouble":"9007199254740992"}`, `{"$numberDecimal":"2.5"}`, `{"$numberDecimal":"0.1"}`, "0.1", `"a"`, `"ab"`, `"abc"`, `"b"`, `""`,
		"null", "true", "false", `{"$date":0}`, `{"$date":1}`, `{"$date":-1}`, `{"$regularExpression":{"pattern":"^a","options":""}}`,
		`{"x":1}`, `{"x":null}`, "{}", "[]", `{"$minKey":1}`, `{"$maxKey":1}`)
}

func (g answers) value(depth int) string {
	if depth < 3 {
		switch g.r.IntN(6) {
		case 0:
			parts := make([]string, g.r.IntN(4))
			for i := range parts {
				parts[i] = g.value(depth + 1)
			}
			return "[" + strings.Join(parts, ",") + "]"
		case 1:
			return fmt.Sprintf(`{"b":%s,"c":%s}`, g.value(depth+1), g.value(depth+1))
		}
	}
	return g.scalar()
}

func (g answers) path() string { return pick(g.r, "a", "a.b", "a.c", "a.0", "b", "a.b.c", "a.0.b") }

func (g answers) condition(depth int) string {
	if depth < 2 && g.r.IntN(8) == 0 {
		return fmt.Sprintf(`{%q:[%s,%s]}`, pick(g.r, "$and", "$or", "$nor"), g.condition(depth+1), g.condition(depth+1))
	}
	low, high := pick(g.r, "$gt", "$gte"), pick(g.r, "$lt", "$lte")
	test := pick(g.r,
		fmt.Sprintf(`{%q:%s}`, pick(g.r, low, high), g.scalar()),
		fmt.Sprintf(`{%q:%s,%q:%s}`, low, g.scalar(), high, g.scalar()),
		fmt.Sprintf(`{"$in":[%s,%s,%s]}`, g.value(1), g.scalar(), g.scalar()),
		fmt.Sprintf(`{"$nin":[%s,%s]}`, g.scalar(), g.scalar()),
		fmt.Sprintf(`{"$exists":%s}`, pick(g.r, "true", "false")),
		fmt.Sprintf(`{"$elemMatch":{%q:%s,%q:%s}}`, low, g.scalar(), high, g.scalar()),
		fmt.Sprintf(`{"$elemMatch":{"b":%s,"c":{%q:%s}}}`, g.scalar(), pick(g.r, "$gt", "$ne", "$lt"), g.scalar()),
		fmt.Sprintf(`{"$all":[%s,%s]}`, g.scalar(), g.scalar()),
		fmt.Sprintf(`{"$regex":%q,"$options":%q}`, pick(g.r, "^a", "^ab", "b", "^a|b", "^ab?", "^y", "^(?i)A"), pick(g.r, "", "i", "m")),
		fmt.Sprintf(`{"$not":{%q:%s}}`, pick(g.r, "$gt", "$eq", "$lte"), g.scalar()),
		fmt.Sprintf(`{"$ne":%s}`, g.value(1)),
		fmt.Sprintf(`{"$eq":%s}`, g.value(1)))
	return fmt.Sprintf(`{%q:%s}`, g.path(), test)
}

func (g answers) document(id int, arrays bool) string {
	text := fmt.Sprintf(`{"_id":%d`, id)
	for _, name := range []string{"a", "b"} {
		if g.r.IntN(5) == 0 {
			continue
		}
		v := g.scalar()
		switch {
		case arrays:
			v = g.value(0)
		case g.r.IntN(3) == 0:
			v = fmt.Sprintf(`{"b":%s,"c":%s}`, g.scalar(), g.scalar())
		}
		text += fmt.Sprintf(`,%q:%s`, name, v)
	}
	return text + "}"
}

func (g answers) index(n int) Index {
	i := Index{Name: fmt.Sprint("i", n), Sparse: g.r.IntN(3) == 0}
	fields := []string{"a", "a.b", "a.c", "a.0", "b", "a.b.c"}
	g.r.Shuffle(len(fields), func(x, y int) { fields[x], fields[y] = fields[y], fields[x] })
	for _, field := range fields[:1+g.r.IntN(3)] {
		i.Keys = append(i.Keys, IndexKey{field, pick(g.r, "1", "-1")})
	}
	return i
}

// order sorts by a field, and sometimes by _id, so that no two are equal.
func (g answers) order() string {
	switch g.r.IntN(4) {
	case 0:
		return fmt.Sprintf(`{%q:%s}`, g.path(), pick(g.r, "1", "-1"))
	case 1:
		return fmt.Sprintf(`{%q:%s,"_id":1}`, g.path(), pick(g.r, "1", "-1"))
	}
	return ""
}

func TestHardValuesAreFoundByIndexesAsWithout(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		g := answers{seed(t)}
		for round := range 25 {
			must(t, db.DropEnvironment(t.Context(), env))
			must(t, db.CreateCollection(t.Context(), env, col))
			for n := range 3 {
				addTestIndex(t, db, g.index(n))
			}
			arrays := g.r.IntN(2) == 0
			for id := range 25 {
				// An index refuses a document with too many keys.
				_, _ = db.Insert(t.Context(), env, col, "", []bson.Raw{doc(t, g.document(id, arrays))})
			}
			for range 40 {
				text, order := g.condition(0), g.order()
				filter, err := ejson.DecodeDocument([]byte(text), time.UnixMilli(0), ejson.Limits{})
				q := Query{Filter: filter, Sort: doc(t, order)}
				if err != nil || db.Find(t.Context(), env, col, "", q, func(bson.Raw) error { return nil }) != nil {
					continue // a condition that is refused
				}
				got, want := find(t, db, "", q), withoutIndexes(t, db, q)
				if !strings.Contains(order, "_id") {
					slices.Sort(got)
					slices.Sort(want)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					plan, _ := db.Explain(t.Context(), env, col, q)
					t.Fatalf("round %d: %.600s sort %s by %+v: %s", round, text, order, plan, diff)
				}
			}
		}
	})
}
