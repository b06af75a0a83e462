package query

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// Element is a condition on one element of an array.
type Element struct{ node *node }

// ParseElement reads the argument of $pull: operators on the element, conditions
// on the fields of an element that is an object, or a value that it equals.
func ParseElement(v bson.RawValue) (*Element, error) {
	p := &parser{}
	if _, ok := value.AsDocument(v); ok {
		n, err := p.element(v, 0)
		return &Element{n}, err
	}
	n, err := equal(nil, v)
	return &Element{&n}, err
}

// Without returns the elements that do not satisfy the condition, in the memory of
// the list. It has the code result_too_large when deciding them takes too much
// work.
func (e *Element) Without(list []bson.RawValue) ([]bson.RawValue, error) {
	j := newJudge(context.Background(), 0)
	defer j.done()
	list = slices.DeleteFunc(list, func(v bson.RawValue) bool { return e.node.holds(v, j) && j.err == nil })
	return list, j.err
}

// Equality is a field that a condition pins to one value.
type Equality struct {
	Path  value.Path
	Value bson.RawValue
}

// Equalities returns the fields that every match has by equality, in the order
// in which they are written: what an upsert creates a document from.
func (f *Filter) Equalities() []Equality { return f.root.equalities(nil) }

func (n *node) equalities(out []Equality) []Equality {
	switch {
	case n.kind == kindAnd, n.kind == kindOr && len(n.kids) == 1:
		for i := range n.kids {
			out = n.kids[i].equalities(out)
		}
	case n.kind == kindLeaf && n.plan.equality:
		out = append(out, Equality{Path: n.path, Value: n.plan.points[0]})
	}
	return out
}
