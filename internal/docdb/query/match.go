package query

import (
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
	whole bool
	doc   func(doc bson.Raw) bool

	// What a planner may know of a leaf.
	plan plan
	elem *node // of $elemMatch: what one element must satisfy
	area *area // of $geoWithin and $geoIntersects
}

// matches decides a document.
func (n *node) matches(doc bson.Raw) bool {
	switch n.kind {
	case kindAnd:
		for i := range n.kids {
			if !n.kids[i].matches(doc) {
				return false
			}
		}
		return true
	case kindOr, kindNor:
		for i := range n.kids {
			if n.kids[i].matches(doc) {
				return n.kind == kindOr
			}
		}
		return n.kind == kindNor
	case kindDocument:
		return n.doc(doc)
	}
	if len(n.path) == 1 {
		return n.passes(value.Get(doc, n.path))
	}
	found := false
	value.Walk(doc, n.path, func(v bson.RawValue) bool {
		found = n.passes(v)
		return !found
	})
	return found
}

// passes applies a leaf's test to a value and, if it is an array, its elements.
func (n *node) passes(v bson.RawValue) bool {
	if n.test(v) {
		return true
	}
	if n.whole || v.Type != bson.TypeArray {
		return false
	}
	it := value.Iterate(v.Value)
	for it.Next() {
		if n.test(it.Value()) {
			return true
		}
	}
	return false
}

// holds decides one element of an array, as $elemMatch with operators does:
// arrays inside the element are not searched.
func (n *node) holds(v bson.RawValue) bool {
	switch n.kind {
	case kindAnd:
		for i := range n.kids {
			if !n.kids[i].holds(v) {
				return false
			}
		}
		return true
	case kindOr, kindNor:
		for i := range n.kids {
			if n.kids[i].holds(v) {
				return n.kind == kindOr
			}
		}
		return n.kind == kindNor
	case kindDocument:
		doc, ok := value.AsDocument(v)
		return ok && n.doc(doc)
	}
	return n.test(v)
}

// MatchPositions returns the index of the first array element by which a document
// satisfies the condition, for the positional operator $; -1 when no array has a
// part in it.
func (f *Filter) MatchPositions(doc bson.Raw) (index int, ok bool) {
	if !f.root.matches(doc) {
		return -1, false
	}
	return f.root.position(doc), true
}

func (n *node) position(doc bson.Raw) int {
	switch n.kind {
	case kindAnd, kindOr:
		for i := range n.kids {
			if n.kind == kindOr && !n.kids[i].matches(doc) {
				continue
			}
			if at := n.kids[i].position(doc); at >= 0 {
				return at
			}
		}
	case kindLeaf:
		return n.positionAt(doc, n.path)
	}
	return -1
}

// positionAt follows the path to the first array and returns which element of it
// satisfies the leaf.
func (n *node) positionAt(doc bson.Raw, path value.Path) int {
	for i := range path {
		v := value.Get(doc, path[:i+1])
		array, ok := value.AsArray(v)
		if !ok {
			continue
		}
		rest := path[i+1:]
		it := value.Iterate(array)
		for at := 0; it.Next(); at++ {
			if n.elementPasses(it.Value(), rest) {
				return at
			}
		}
		return -1
	}
	return -1
}

func (n *node) elementPasses(v bson.RawValue, rest value.Path) bool {
	if len(rest) == 0 {
		if n.elem != nil {
			return n.elem.holds(v)
		}
		return !n.whole && n.test(v)
	}
	inside, ok := value.AsDocument(v)
	leaf := node{kind: kindLeaf, path: rest, test: n.test, whole: n.whole}
	return ok && leaf.matches(inside)
}
