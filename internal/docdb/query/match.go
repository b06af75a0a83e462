package query

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

type nodeKind byte

const (
	kindAnd nodeKind = iota
	kindOr
	kindNor
	kindLeaf     // some value at the path passes the test
	kindDocument // the document as a whole passes
)

// node is a condition. A leaf looks at the values that its path reaches: the test
// must hold for one of them, or, unless whole, for an element of one that is an
// array.
type node struct {
	kind  nodeKind
	kids  []node
	path  value.Path
	test  func(v bson.RawValue) bool
	deep  func(v bson.RawValue, j *judge) bool // instead of test, where it costs more
	whole bool
	doc   func(doc bson.Raw, j *judge) bool

	// What a planner may know of a leaf.
	plan plan
	elem *node // of $elemMatch: what one element must satisfy
	area *area // of $geoWithin and $geoIntersects
}

// matches decides a document.
func (n *node) matches(doc bson.Raw, j *judge) bool {
	if !j.spend(1) {
		return false
	}
	switch n.kind {
	case kindAnd:
		for i := range n.kids {
			if !n.kids[i].matches(doc, j) {
				return false
			}
		}
		return true
	case kindOr, kindNor:
		for i := range n.kids {
			if n.kids[i].matches(doc, j) {
				return n.kind == kindOr
			}
		}
		return n.kind == kindNor
	case kindDocument:
		return n.doc(doc, j)
	}
	if len(n.path) == 1 {
		return n.passes(value.Get(doc, n.path), j)
	}
	found := false
	value.Walk(doc, n.path, func(v bson.RawValue) bool {
		found = n.passes(v, j)
		return !found && j.err == nil
	})
	return found
}

// tests applies a leaf's test to one value.
func (n *node) tests(v bson.RawValue, j *judge) bool {
	if n.deep != nil {
		return n.deep(v, j)
	}
	return j.spend(1) && n.test(v)
}

// passes applies a leaf's test to a value and, if it is an array, its elements.
func (n *node) passes(v bson.RawValue, j *judge) bool {
	if n.tests(v, j) {
		return true
	}
	if n.whole || v.Type != bson.TypeArray {
		return false
	}
	it := value.Iterate(v.Value)
	for it.Next() {
		if n.tests(it.Value(), j) {
			return true
		}
		if j.err != nil {
			return false
		}
	}
	return false
}

// holds decides one element of an array, as $elemMatch with operators does:
// arrays inside the element are not searched.
func (n *node) holds(v bson.RawValue, j *judge) bool {
	if !j.spend(1) {
		return false
	}
	switch n.kind {
	case kindAnd:
		for i := range n.kids {
			if !n.kids[i].holds(v, j) {
				return false
			}
		}
		return true
	case kindOr, kindNor:
		for i := range n.kids {
			if n.kids[i].holds(v, j) {
				return n.kind == kindOr
			}
		}
		return n.kind == kindNor
	case kindDocument:
		doc, ok := value.AsDocument(v)
		return ok && n.doc(doc, j)
	}
	return n.tests(v, j)
}

// MatchPositions returns the index of the first array element by which a document
// satisfies the condition, for the positional operator $; -1 when no array has a
// part in it. Like Match it takes what cannot be decided for no match.
func (f *Filter) MatchPositions(doc bson.Raw) (index int, ok bool) {
	index, ok, err := f.MatchPositionsContext(context.Background(), doc)
	if err != nil {
		return -1, false
	}
	return index, ok
}

// MatchPositionsContext is MatchPositions with the errors of MatchContext.
func (f *Filter) MatchPositionsContext(ctx context.Context, doc bson.Raw) (index int, ok bool, err error) {
	j := f.judge(ctx)
	defer j.done()
	if !f.root.matches(doc, j) || j.err != nil {
		return -1, false, j.err
	}
	index = f.root.position(doc, j)
	return index, j.err == nil, j.err
}

func (n *node) position(doc bson.Raw, j *judge) int {
	switch n.kind {
	case kindAnd, kindOr:
		for i := range n.kids {
			if n.kind == kindOr && !n.kids[i].matches(doc, j) {
				continue
			}
			if at := n.kids[i].position(doc, j); at >= 0 {
				return at
			}
		}
	case kindLeaf:
		return n.positionAt(doc, n.path, j)
	}
	return -1
}

// positionAt follows the path to the first array and returns which element of it
// satisfies the leaf.
func (n *node) positionAt(doc bson.Raw, path value.Path, j *judge) int {
	for i := range path {
		v := value.Get(doc, path[:i+1])
		array, ok := value.AsArray(v)
		if !ok {
			continue
		}
		rest := path[i+1:]
		it := value.Iterate(array)
		for at := 0; it.Next(); at++ {
			if n.elementPasses(it.Value(), rest, j) {
				return at
			}
		}
		return -1
	}
	return -1
}

func (n *node) elementPasses(v bson.RawValue, rest value.Path, j *judge) bool {
	if len(rest) == 0 {
		if n.elem != nil {
			return n.elem.holds(v, j)
		}
		return !n.whole && n.tests(v, j)
	}
	inside, ok := value.AsDocument(v)
	leaf := node{kind: kindLeaf, path: rest, test: n.test, deep: n.deep, whole: n.whole}
	return ok && leaf.matches(inside, j)
}
