package query

import (
	"math"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// isNull reports whether {f: null} means this value.
func isNull(v bson.RawValue) bool {
	return v.Type == 0 || v.Type == bson.TypeNull || v.Type == bson.TypeUndefined
}

// equal is a condition of equality; a regular expression matches texts instead,
// and itself.
func equal(path value.Path, v bson.RawValue) (node, error) {
	leaf := node{kind: kindLeaf, path: path}
	switch {
	case isNull(v):
		leaf.test = isNull
	case v.Type == bson.TypeRegex:
		match, prefix, err := compileRegex(v)
		if err != nil {
			return leaf, err
		}
		leaf.deep = func(w bson.RawValue, j *judge) bool {
			return match(w, j) || w.Type == bson.TypeRegex && value.Equal(v, w)
		}
		leaf.plan = plan{kind: planPrefix, low: prefix, points: []bson.RawValue{v}}
		return leaf, nil
	default:
		leaf.test = equalTest(v)
	}
	leaf.plan = plan{kind: planPoints, points: []bson.RawValue{v}, equality: true}
	return leaf, nil
}

// equalTest compares bytes before values: most equal values are equal bytes.
func equalTest(v bson.RawValue) func(bson.RawValue) bool {
	if v.Type == bson.TypeString {
		return func(w bson.RawValue) bool {
			return w.Type == bson.TypeString && string(w.Value) == string(v.Value) || w.Type == bson.TypeSymbol && value.Equal(v, w)
		}
	}
	return func(w bson.RawValue) bool { return value.Equal(v, w) }
}

// compared is $gt, $gte, $lt or $lte: only values of the same type class match.
func compared(path value.Path, op string, v bson.RawValue) node {
	leaf := node{kind: kindLeaf, path: path}
	orEqual := op == "$gte" || op == "$lte"
	greater := op == "$gt" || op == "$gte"
	class := value.Bracket(v.Type)
	switch {
	case isNull(v):
		leaf.test = func(w bson.RawValue) bool { return orEqual && isNull(w) }
		leaf.plan = plan{kind: planPoints, points: []bson.RawValue{value.Null()}}
		return leaf
	case isNaN(v):
		leaf.test = func(w bson.RawValue) bool { return orEqual && isNaN(w) }
		leaf.plan = plan{kind: planPoints, points: []bson.RawValue{v}}
		return leaf
	case v.Type == bson.TypeMinKey || v.Type == bson.TypeMaxKey:
		above := greater == (v.Type == bson.TypeMinKey)
		leaf.test = func(w bson.RawValue) bool {
			if w.Type == v.Type {
				return orEqual
			}
			return above && w.Type != 0
		}
		return leaf
	case v.Type == bson.TypeRegex:
		leaf.test = func(bson.RawValue) bool { return false }
		return leaf
	}
	leaf.test = func(w bson.RawValue) bool {
		if value.Bracket(w.Type) != class || isNaN(w) {
			return false
		}
		c := value.Compare(w, v)
		return c == 0 && orEqual || c > 0 && greater || c < 0 && !greater
	}
	leaf.plan = plan{kind: planRange, open: !orEqual}
	if greater {
		leaf.plan.low = v
	} else {
		leaf.plan.high = v
	}
	return leaf
}

func isNaN(v bson.RawValue) bool {
	if v.Type != bson.TypeDouble && v.Type != bson.TypeDecimal128 {
		return false
	}
	f, _ := value.Float(v)
	return math.IsNaN(f)
}

// in is $in: one of a list of values or regular expressions.
func in(path value.Path, op string, v bson.RawValue) (node, error) {
	leaf := node{kind: kindLeaf, path: path}
	array, ok := value.AsArray(v)
	if !ok {
		return leaf, misuse(op, "docdb.operator_array")
	}
	var points []bson.RawValue
	var patterns []func(bson.RawValue, *judge) bool
	null := false
	it := value.Iterate(array)
	for it.Next() {
		w := it.Value()
		if doc, ok := value.AsDocument(w); ok {
			inner := value.Iterate(doc)
			if inner.Next() && len(inner.Key()) > 0 && inner.Key()[0] == '$' {
				return leaf, misuse(op, "docdb.operator_in_list")
			}
		}
		if w.Type == bson.TypeRegex {
			one, err := equal(path, w)
			if err != nil {
				return leaf, err
			}
			patterns = append(patterns, one.deep)
			continue
		}
		null = null || isNull(w)
		points = append(points, w)
	}
	slices.SortFunc(points, value.Compare)
	points = slices.CompactFunc(points, value.Equal)
	leaf.deep = func(w bson.RawValue, j *judge) bool {
		if isNull(w) || !j.spend(1) {
			return null
		}
		if _, ok := slices.BinarySearchFunc(points, w, value.Compare); ok {
			return true
		}
		return slices.ContainsFunc(patterns, func(match func(bson.RawValue, *judge) bool) bool { return match(w, j) })
	}
	if len(patterns) == 0 {
		leaf.plan = plan{kind: planPoints, points: points}
	}
	return leaf, nil
}

func exists(path value.Path, want bool) node {
	leaf := node{kind: kindLeaf, path: path, whole: true, test: func(v bson.RawValue) bool { return v.Type != 0 }}
	if want {
		return leaf
	}
	return node{kind: kindNor, kids: []node{leaf}}
}

// elemMatch is a condition on one element of an array: on its fields, or on
// itself when it is made of operators.
func (p *parser) elemMatch(path value.Path, v bson.RawValue, depth int) (node, error) {
	leaf := node{kind: kindLeaf, path: path, whole: true}
	above := p.top
	p.top = false
	defer func() { p.top = above }()
	elem, err := p.element(v, depth)
	if err != nil {
		return leaf, err
	}
	leaf.elem = elem
	leaf.deep = func(w bson.RawValue, j *judge) bool {
		array, ok := value.AsArray(w)
		if !ok {
			return false
		}
		it := value.Iterate(array)
		for it.Next() {
			if elem.holds(it.Value(), j) {
				return true
			}
			if j.err != nil {
				return false
			}
		}
		return false
	}
	return leaf, nil
}

// element parses what $elemMatch says of an element.
func (p *parser) element(v bson.RawValue, depth int) (*node, error) {
	doc, ok := value.AsDocument(v)
	if !ok {
		return nil, misuse("$elemMatch", "docdb.operator_object")
	}
	it := value.Iterate(doc)
	logical := map[string]bool{"$and": true, "$or": true, "$nor": true, "$expr": true, "$jsonSchema": true, "$comment": true}
	if it.Next() && len(it.Key()) > 0 && it.Key()[0] == '$' && !logical[string(it.Key())] {
		n, err := p.operators(nil, doc, depth+1)
		return &n, err
	}
	inner, err := p.document(doc, depth+1)
	if err != nil {
		return nil, err
	}
	// An array inside the array has fields by index, as in MongoDB.
	fields := node{kind: kindAnd, kids: []node{{kind: kindLeaf, elem: &inner, deep: func(w bson.RawValue, j *judge) bool {
		return (w.Type == bson.TypeEmbeddedDocument || w.Type == bson.TypeArray) && inner.matches(w.Value, j)
	}}}}
	return &fields, nil
}

// all is $all: every listed value must be there; $elemMatch conditions may stand
// in the place of values.
func (p *parser) all(path value.Path, v bson.RawValue, depth int) (node, error) {
	array, ok := value.AsArray(v)
	if !ok {
		return node{}, misuse("$all", "docdb.operator_array")
	}
	out := node{kind: kindAnd}
	it := value.Iterate(array)
	for it.Next() {
		kid, err := equal(path, it.Value())
		if doc, isDoc := value.AsDocument(it.Value()); isDoc {
			inner := value.Iterate(doc)
			if inner.Next() && string(inner.Key()) == "$elemMatch" {
				kid, err = p.elemMatch(path, inner.Value(), depth)
			} else if len(inner.Key()) > 0 && inner.Key()[0] == '$' {
				return out, misuse("$all", "docdb.operator_in_list")
			}
		}
		if err != nil {
			return out, err
		}
		out.kids = append(out.kids, kid)
	}
	if len(out.kids) == 0 {
		return node{kind: kindOr}, nil // nothing has all of nothing
	}
	return out, nil
}
