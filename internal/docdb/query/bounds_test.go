package query

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/value"
)

func decode(t testing.TB, text string) bson.Raw {
	t.Helper()
	doc, err := ejson.DecodeDocument([]byte(text), time.Time{}, ejson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func parse(t testing.TB, text string) *Filter {
	t.Helper()
	f, err := Parse(decode(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// shown writes bounds as people do.
func shown(b Bounds) []string {
	out := []string{}
	for _, i := range b.Intervals {
		low, high := "first", "last"
		if i.Low.Type != 0 {
			low = string(ejson.AppendCanonicalValue(nil, i.Low))
		}
		if i.High.Type != 0 {
			high = string(ejson.AppendCanonicalValue(nil, i.High))
		}
		if i.Point {
			out = append(out, low)
			continue
		}
		text := map[bool]string{false: "[", true: "("}[i.LowOpen] + low + ", " + high + map[bool]string{false: "]", true: ")"}[i.HighOpen]
		out = append(out, text)
	}
	return out
}

func TestBounds(t *testing.T) {
	for _, c := range []struct {
		filter           string
		several, oneOnly []string // of an index with several keys of a document, and of one without
	}{
		{`{"a":1}`, []string{"1"}, []string{"1"}},
		{`{"a":null}`, []string{"null"}, []string{"null"}},
		{`{"a":{"$in":[3,1,1,2]}}`, []string{"1", "2", "3"}, []string{"1", "2", "3"}},
		{`{"a":{"$gt":1,"$lte":5}}`, []string{"(1, last]"}, []string{"(1, 5]"}},
		{`{"$and":[{"a":{"$gt":1}},{"a":3}]}`, []string{"3"}, []string{"3"}},
		{`{"$and":[{"a":{"$gt":3}},{"a":3}]}`, []string{"3"}, []string{}},
		{`{"$or":[{"a":{"$gte":-1}},{"a":{"$lt":0}}]}`, []string{"[first, last]"}, []string{"[first, last]"}},
		{`{"$or":[{"a":1},{"a":{"$lt":0}},{"a":"x"}]}`, []string{"[first, 0)", "1", `"x"`}, []string{"[first, 0)", "1", `"x"`}},
		{`{"$or":[{"a":1},{"b":1}]}`, nil, nil},
		{`{"a":{"$ne":1}}`, nil, nil},
		{`{"a":{"$exists":true}}`, nil, nil},
		{`{"a":{"$in":[1,{"$regularExpression":{"pattern":"x","options":""}}]}}`, nil, nil},
	} {
		t.Run(c.filter, func(t *testing.T) {
			f := parse(t, c.filter)
			for which, want := range map[string][]string{"several": c.several, "one": c.oneOnly} {
				b, ok := f.Bounds("a")
				if which == "one" {
					b, ok = f.BoundsSingle("a")
				}
				if ok != (want != nil) {
					t.Fatalf("%s: bounds %v %v", which, shown(b), ok)
				}
				if ok {
					if diff := cmp.Diff(want, shown(b)); diff != "" {
						t.Errorf("%s: %s", which, diff)
					}
				}
			}
		})
	}
}

func TestElementBounds(t *testing.T) {
	f := parse(t, `{"items":{"$elemMatch":{"k":{"$gte":2},"v":5}}}`)
	if b, ok := f.Bounds("items.v"); !ok || len(b.Intervals) != 1 || !value.Equal(b.Intervals[0].Low, value.Int32(5)) {
		t.Errorf("%v %v", shown(b), ok)
	}
	if b, ok := parse(t, `{"items":{"$elemMatch":{"k":null}}}`).Bounds("items.k"); ok {
		t.Errorf("null in an element has bounds %v", shown(b))
	}
}

// FuzzFilter demands that no text makes reading or deciding fail.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{
		`{"a":{"$elemMatch":{"$gt":1}},"$or":[{"b":{"$in":[1,null]}}]}`, `{"a":{"$mod":[2,0]},"l":{"$all":[{"$elemMatch":{"x":1}}]}}`,
		`{"a":{"$regex":"^x","$options":"i"},"b":{"$type":"number"},"c":{"$size":2},"d":{"$not":{"$gt":1}}}`,
		`{"loc":{"$geoWithin":{"$geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}}}`,
		`{"loc":{"$nearSphere":{"$geometry":{"type":"Point","coordinates":[1,2]},"$maxDistance":5}}}`, `{"$expr":{"$gt":["$a",{"$add":["$b",1]}]}}`,
		`{"$jsonSchema":{"required":["a"],"properties":{"a":{"bsonType":"int","minimum":1}}}}`, `{"a":{"$bitsAllSet":5}}`,
	} {
		f.Add(text, `{"a":[1,{"x":1}],"b":"x","loc":{"type":"Point","coordinates":[0.5,0.5]}}`)
	}
	f.Fuzz(func(t *testing.T, filter, document string) {
		condition, err := ejson.DecodeDocument([]byte(filter), time.Time{}, ejson.Limits{})
		if err != nil {
			return
		}
		doc, err := ejson.DecodeDocument([]byte(document), time.Time{}, ejson.Limits{})
		if err != nil {
			return
		}
		parsed, err := Parse(condition)
		if err != nil {
			return
		}
		matches := parsed.Match(doc)
		if _, ok := parsed.MatchPositions(doc); ok != matches {
			t.Fatalf("%s on %s: %v and %v", filter, document, ok, matches)
		}
		for _, path := range parsed.Paths() {
			parsed.Bounds(path)
			parsed.BoundsSingle(path)
		}
		if order, err := ParseSort(condition); err == nil {
			Less(order, doc, doc)
		}
		if projection, err := ParseProjection(condition); err == nil {
			if out, err := projection.Apply(doc); err != nil || out.Validate() != nil {
				t.Fatalf("projection %s of %s: %v %v", filter, document, out, err)
			}
		}
	})
}

func TestElementsOfArraysInArraysHaveNoBounds(t *testing.T) {
	for _, c := range []struct{ filter, path, document string }{
		{`{"a":{"$elemMatch":{"0":5}}}`, "a.0", `{"a":[[1],[5]]}`},
		{`{"a":{"$elemMatch":{"0.b":5}}}`, "a.0.b", `{"a":[1,[{"b":5}]]}`},
		{`{"a":{"$elemMatch":{"$elemMatch":{"b":5}}}}`, "a.b", `{"a":[[{"b":5}]]}`},
	} {
		f := parse(t, c.filter)
		if !f.Match(decode(t, c.document)) {
			t.Errorf("%s does not match %s", c.filter, c.document)
		}
		if b, ok := f.Bounds(c.path); ok {
			t.Errorf("%s has the bounds %v on %s", c.filter, shown(b), c.path)
		}
	}
	if _, ok := parse(t, `{"a":{"$elemMatch":{"b.0":5}}}`).Bounds("a.b.0"); !ok {
		t.Error("an index behind a name has no bounds")
	}
}

func TestSliceOfTheLowestNumberIsTheWholeArray(t *testing.T) {
	p, err := ParseProjection(decode(t, `{"a":{"$slice":{"$numberLong":"-9223372036854775808"}},"b":{"$slice":[{"$numberLong":"-9223372036854775808"},{"$numberLong":"9223372036854775807"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Apply(decode(t, `{"a":[1,2,3],"b":[1,2]}`))
	if got := string(ejson.AppendDocument(nil, out)); err != nil || got != `{"a":[1,2,3],"b":[1,2]}` {
		t.Errorf("%s %v", got, err)
	}
}
