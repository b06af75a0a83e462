package rules_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// generator makes rules, queries and documents of one small vocabulary, so that
// they meet often.
type generator struct {
	*rand.Rand
	paths  []string // of this case
	values []written
}

// written is a value as a rule writes it and as documents hold it.
type written struct {
	text  string
	value any
}

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

var vocabulary = []string{"a", "b", "a.b", "a.0", "b.c", "a.b.c", "_openid"}

// seeded returns a generator whose seed is logged, and set by ENVSHARE_RULES_SEED.
func seeded(t *testing.T) *generator {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("ENVSHARE_RULES_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("ENVSHARE_RULES_SEED=%d", seed)
	return &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
}

// caseCount is how many cases the searches make: ENVSHARE_RULES_CASES, or 20,000.
func caseCount(t *testing.T) int {
	t.Helper()
	text := os.Getenv("ENVSHARE_RULES_CASES")
	if text == "" {
		return 20_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// choose takes one to three paths and values for a case.
func (g *generator) choose() {
	list := append([]string(nil), vocabulary...)
	g.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	g.paths = list[:1+g.IntN(3)]
	values := []written{{"0", int32(0)}, {"1", int32(1)}, {"2", 2.0}, {"2", int64(2)}, {"3", int32(3)}, {"'o1'", "o1"}, {"auth.openid", "o1"}, {"'o2'", "o2"}, {"true", true}, {"null", nil}}
	g.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	g.values = values[:2+g.IntN(2)]
}

func (g *generator) path() string { return pick(g, g.paths...) }

// field writes a path as a rule does.
func field(path string) string { return "doc." + strings.ReplaceAll(path, ".0", "[0]") }

// condition writes the condition of a rule.
func (g *generator) condition(depth int) string {
	if depth > 0 {
		switch g.IntN(6) {
		case 0, 1:
			return g.condition(depth-1) + " && " + g.condition(depth-1)
		case 2, 3:
			return "(" + g.condition(depth-1) + " || " + g.condition(depth-1) + ")"
		case 4:
			return "!(" + g.condition(depth-1) + ")"
		}
	}
	return g.comparison()
}

func (g *generator) comparison() string {
	f := field(g.path())
	switch g.IntN(16) {
	case 0:
		return f
	case 1:
		return f + pick(g, " == ", " != ") + pick(g, "null", "undefined")
	case 2:
		return fmt.Sprintf("%s in [%s, %s]", f, g.literal(), g.literal())
	case 3:
		return fmt.Sprintf("!(%s in [%s, %s])", f, g.literal(), pick(g, g.literal(), "null"))
	case 4:
		return "auth.openid == " + f
	case 5:
		return pick(g, "auth.openid in ", "1 in ") + f
	case 6:
		return f + " in auth.custom.list"
	case 7:
		return f + pick(g, " == ", " >= ", " != ") + pick(g, "auth.custom.n", "auth.custom.none", "auth.custom.object", "auth.custom.list")
	case 8:
		return fmt.Sprintf("get(`database.c.${%s}`).x %s %s", f, pick(g, "==", "!=", ">="), g.literal())
	case 9:
		return fmt.Sprintf("%s %s get(`database.c.${%s}`).x", f, pick(g, "==", "!=", "<"), field(g.path()))
	case 10:
		return f + pick(g, " == ", " != ") + field(g.path())
	case 11:
		return fmt.Sprintf("auth.openid in [%s, %s]", f, field(g.path()))
	case 12:
		return g.literal() + pick(g, " < ", " >= ") + f
	}
	return f + " " + pick(g, "==", "==", "!=", "!=", "<", "<=", ">", ">=") + " " + g.literal()
}

func (g *generator) literal() string {
	if g.IntN(4) > 0 {
		return pick(g, g.values...).text
	}
	return pick(g, "0", "1", "2", "3", "1", "2", "2.5", "-1", "'o1'", "'o2'", "''", "true", "false", "auth.openid")
}

// scalar makes a value that documents and queries hold.
func (g *generator) scalar() any {
	return pick[any](g, int32(0), int32(1), int64(2), 2.0, int32(3), 2.5, int32(-1), "o1", "o2", "", true, false, nil,
		math.NaN(), math.Inf(-1), bson.Regex{Pattern: "o"}, bson.DateTime(0), bson.NewDecimal128(0x3040000000000000, 2), bson.Symbol("o1"), bson.Undefined{}, bson.MinKey{})
}

// compound makes a value that may be an array or an object.
func (g *generator) compound(depth int) any {
	switch n := g.IntN(10); {
	case depth == 0 || n < 5:
		return g.scalar()
	case n < 8:
		list := make(bson.A, g.IntN(4))
		for i := range list {
			list[i] = g.compound(depth - 1)
		}
		return list
	}
	return g.object(depth-1, "a", "b", "c", "0")
}

func (g *generator) object(depth int, names ...string) bson.D {
	out := bson.D{}
	for _, name := range names {
		if g.IntN(3) > 0 {
			out = append(out, bson.E{Key: name, Value: g.compound(depth)})
		}
	}
	return out
}

// document makes a stored document of any shape.
func (g *generator) document() bson.D { return g.object(3, "a", "b", "_openid") }

// aimed makes a document that has values, or arrays of them, on the paths of the
// case.
func (g *generator) aimed() bson.D {
	out := bson.D{}
	for _, i := range g.Perm(len(g.paths)) {
		names := strings.Split(g.paths[i], ".")
		taken := slices.ContainsFunc(out, func(e bson.E) bool { return e.Key == names[0] })
		if !taken && g.IntN(8) > 0 {
			out = append(out, bson.E{Key: names[0], Value: g.below(names[1:])})
		}
	}
	return out
}

// below makes what lies at a path: an object or an array of objects on the way,
// and a value or several at its end.
func (g *generator) below(names []string) any {
	array := g.IntN(3) == 0
	if len(names) > 0 && names[0] == "0" {
		return bson.A{g.below(names[1:]), g.operand()}
	}
	one := func() any {
		if len(names) == 0 {
			return g.operand()
		}
		return bson.D{{Key: names[0], Value: g.below(names[1:])}}
	}
	if !array {
		return one()
	}
	list := make(bson.A, g.IntN(4))
	for i := range list {
		list[i] = one()
	}
	return list
}

// query writes a query; rule atoms and query atoms are of the same vocabulary.
func (g *generator) query(depth int) bson.D {
	out := bson.D{}
	for range 1 + g.IntN(2) {
		if depth > 0 && g.IntN(4) == 0 {
			list := bson.A{}
			for range 1 + g.IntN(3) {
				list = append(list, g.query(depth-1))
			}
			out = append(out, bson.E{Key: pick(g, "$and", "$or", "$or", "$nor"), Value: list})
			continue
		}
		out = append(out, bson.E{Key: g.path(), Value: g.argument(depth)})
	}
	return out
}

// argument writes what a query says of one field.
func (g *generator) argument(depth int) any {
	if g.IntN(3) == 0 {
		return g.operand()
	}
	out := bson.D{}
	for range 1 + g.IntN(5)/4 {
		out = append(out, g.operator(depth))
	}
	return out
}

func (g *generator) operator(depth int) bson.E {
	switch g.IntN(14) {
	case 0, 1:
		return bson.E{Key: "$eq", Value: g.operand()}
	case 2, 3:
		return bson.E{Key: "$ne", Value: g.operand()}
	case 4:
		return bson.E{Key: "$in", Value: g.operands()}
	case 5, 6:
		return bson.E{Key: "$nin", Value: g.operands()}
	case 7:
		return bson.E{Key: "$exists", Value: g.IntN(2) == 0}
	case 8:
		if depth > 0 {
			return bson.E{Key: "$not", Value: bson.D{g.operator(depth - 1)}}
		}
	case 9:
		return pick(g,
			bson.E{Key: "$regex", Value: "o"}, bson.E{Key: "$type", Value: "string"}, bson.E{Key: "$size", Value: 1},
			bson.E{Key: "$elemMatch", Value: bson.D{{Key: "$gt", Value: 1}}}, bson.E{Key: "$all", Value: g.operands()})
	}
	return bson.E{Key: pick(g, "$gt", "$gte", "$lt", "$lte"), Value: g.operand()}
}

// operand is a value of a query, seldom a strange one.
func (g *generator) operand() any {
	if g.IntN(4) > 0 {
		return pick(g, g.values...).value
	}
	switch g.IntN(20) {
	case 0:
		return g.compound(2)
	case 1:
		return bson.Regex{Pattern: "o"}
	case 2, 3, 4:
		return g.scalar()
	}
	return pick[any](g, int32(0), int32(1), int64(2), 2.0, int32(3), 2.5, "o1", "o2", true, false, nil)
}

func (g *generator) operands() bson.A {
	out := make(bson.A, g.IntN(4))
	for i := range out {
		out[i] = g.operand()
	}
	return out
}

func marshal(t testing.TB, v any) bson.Raw {
	t.Helper()
	out, err := bson.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
