package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/query"
	"envshare/internal/rules"
)

// TestYesIsNeverWrong searches for a document that a query matches and that fails
// the rule which the query is said to imply, and for one that Narrow lets through.
func TestYesIsNeverWrong(t *testing.T) {
	g, n := seeded(t), caseCount(t)
	pool := documents(t, g, 4000)
	var yes, narrowed, matches, narrowMatches, dropped int
	for range n {
		g.choose()
		rule, filter := g.guarded(t)
		in := inputs(t, g)
		v, err := rule.Implies(t.Context(), filter, in)
		if err != nil {
			t.Fatal(err)
		}
		narrow, strict, err := rule.Narrow(t.Context(), filter, in)
		if err != nil {
			t.Fatal(err)
		}
		if v.Allowed && (!narrow.Allowed || string(strict) != string(filter)) {
			t.Fatalf("%s implies %s, and was narrowed to %s", filter, rule, strict)
		}
		if !narrow.Allowed {
			continue
		}
		whole, counted := parsed(t, filter), &matches
		run := whole
		if v.Allowed {
			yes++
		} else {
			narrowed++
			run, counted = parsed(t, strict), &narrowMatches
		}
		for i := range 40 {
			doc := pool[g.IntN(len(pool))]
			if i%4 > 0 {
				doc = marshal(t, g.aimed())
			}
			switch {
			case run.Match(doc):
				*counted++
				in.Doc = doc
				if ok, err := rule.Evaluate(t.Context(), in); err != nil || !ok.Allowed {
					t.Fatalf("rule %s\nquery %s\nas run %s\nmatches %s\nwhich fails: %s, %v", rule, filter, strict, doc, ok.Part, err)
				}
			case whole.Match(doc):
				dropped++
				if !hasArray(doc) {
					t.Fatalf("rule %s\nquery %s\nnarrowed to %s\nlost %s, which has no array", rule, filter, strict, doc)
				}
			}
		}
	}
	t.Logf("%d cases: %d yes, %d narrowed, %d and %d documents matched, %d left out", n, yes, narrowed, matches, narrowMatches, dropped)
	if yes < n/50 || narrowed < n/200 || matches < n/10 || narrowMatches < n/200 {
		t.Errorf("too few answers to mean anything: %d yes, %d narrowed, %d and %d documents matched in %d cases", yes, narrowed, matches, narrowMatches, n)
	}
}

// guarded makes a rule and a query that is not yet independent of it.
func (g *generator) guarded(t *testing.T) (*rules.Rule, bson.Raw) {
	t.Helper()
	source := g.condition(g.IntN(3))
	for strings.Count(source, "get(") > rules.MaxGets {
		source = g.condition(1)
	}
	rule, err := rules.Parse(rules.Database, rules.Read, source)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	filter := marshal(t, g.query(2))
	for range 3 {
		if _, err := query.Parse(filter); err == nil {
			return rule, filter
		}
		filter = marshal(t, g.query(1))
	}
	return rule, marshal(t, bson.D{{Key: g.path(), Value: 1}})
}

func documents(t *testing.T, g *generator, n int) []bson.Raw {
	t.Helper()
	pool := make([]bson.Raw, n)
	for i := range pool {
		pool[i] = marshal(t, g.document())
	}
	return pool
}

func inputs(t *testing.T, g *generator) rules.Input {
	in := rules.Input{Now: time.UnixMilli(2), Lookup: &books{docs: map[string]bson.Raw{
		"c/1": marshal(t, bson.D{{Key: "x", Value: 1}}), "c/2": marshal(t, bson.D{{Key: "x", Value: "o1"}}),
		"c/o1": marshal(t, bson.D{{Key: "x", Value: bson.A{1, 2}}}), "c/o2": marshal(t, bson.D{{Key: "x", Value: true}}),
	}}}
	if g.IntN(10) > 0 {
		in.Auth = &rules.Auth{OpenID: "o1", Custom: marshal(t, bson.D{
			{Key: "n", Value: pick[any](g, 1, 2, "o1", nil, true)},
			{Key: "list", Value: g.operands()},
			{Key: "object", Value: g.compound(2)},
		})}
	}
	return in
}

func parsed(t *testing.T, filter bson.Raw) *query.Filter {
	t.Helper()
	f, err := query.Parse(filter)
	if err != nil {
		t.Fatalf("the database refuses %s: %v", filter, err)
	}
	return f
}

func hasArray(doc bson.Raw) bool {
	values, err := doc.Values()
	for _, v := range values {
		if inner, ok := v.DocumentOK(); v.Type == bson.TypeArray || ok && hasArray(inner) {
			return true
		}
	}
	return err != nil
}

// TestWhatIsSettledNeedsNoDocument searches for a document that changes a verdict
// which was given without it.
func TestWhatIsSettledNeedsNoDocument(t *testing.T) {
	g := seeded(t)
	pool := documents(t, g, 1000)
	settled, allowed := 0, 0
	for range caseCount(t) / 4 {
		g.choose()
		rule, _ := g.guarded(t)
		if g.IntN(2) == 0 {
			joined := pick(g, "auth != null && (", "auth.custom.n == 1 || (", "auth == null || (", "auth.custom.n == 'o1' && (") + rule.String() + ")"
			rule = mustParse(t, joined)
		}
		in := inputs(t, g)
		v, ok, err := rule.Settle(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			continue
		}
		settled++
		if v.Allowed {
			allowed++
		}
		for i := range 20 {
			in.Doc = pool[g.IntN(len(pool))]
			if i%2 == 0 {
				in.Doc = marshal(t, g.aimed())
			}
			if read, err := rule.Evaluate(t.Context(), in); err != nil || read.Allowed != v.Allowed {
				t.Fatalf("%s was settled as %v, and %s makes it %v, %v", rule, v.Allowed, in.Doc, read.Allowed, err)
			}
		}
	}
	if settled < caseCount(t)/100 || allowed == 0 || allowed == settled {
		t.Errorf("settled %d, of which %d were allowed: too few to mean anything", settled, allowed)
	}
}

// TestAtomsMeanWhatQueriesMean compares a comparison of a rule on a document with
// the condition of a query that says the same.
func TestAtomsMeanWhatQueriesMean(t *testing.T) {
	g := seeded(t)
	pool := documents(t, g, 2000)
	held := map[string]int{}
	values := map[string]any{"0": 0, "1": 1, "2": 2, "2.5": 2.5, "-1": -1, "'o1'": "o1", "''": "", "true": true, "false": false}
	for range caseCount(t) / 20 {
		g.choose()
		path := g.path()
		literal := pick(g, "0", "1", "2", "2.5", "-1", "'o1'", "''", "true", "false")
		v := values[literal]
		form := pick(g,
			atom{"%s == %s", bson.D{{Key: "$eq", Value: v}}}, atom{"%s != %s", bson.D{{Key: "$ne", Value: v}}},
			atom{"%s < %s", bson.D{{Key: "$lt", Value: v}}}, atom{"%s <= %s", bson.D{{Key: "$lte", Value: v}}},
			atom{"%s > %s", bson.D{{Key: "$gt", Value: v}}}, atom{"%s >= %s", bson.D{{Key: "$gte", Value: v}}},
			atom{"%s in [%s, null]", bson.D{{Key: "$in", Value: bson.A{v, nil}}}}, atom{"!(%s in [%s, 3])", bson.D{{Key: "$nin", Value: bson.A{v, 3}}}},
			atom{"%[2]s in %[1]s", bson.D{{Key: "$eq", Value: v}}}, atom{"!(%s >= %s)", bson.D{{Key: "$not", Value: bson.D{{Key: "$gte", Value: v}}}}},
		)
		source := fmt.Sprintf(form.rule, field(path), literal)
		rule, err := rules.Parse(rules.Database, rules.Read, source)
		if err != nil {
			t.Fatal(err)
		}
		f := parsed(t, marshal(t, bson.D{{Key: path, Value: form.query}}))
		for range 50 {
			doc := pool[g.IntN(len(pool))]
			got, err := rule.Evaluate(t.Context(), rules.Input{Doc: doc})
			if err != nil || got.Allowed != f.Match(doc) {
				t.Fatalf("%s on %s: %v, the query says %v", source, doc, got.Allowed, f.Match(doc))
			}
			if got.Allowed {
				held[form.rule]++
			}
		}
	}
	if len(held) != 10 {
		t.Errorf("some forms never held: %v", held)
	}
}

type atom struct {
	rule  string
	query bson.D
}
