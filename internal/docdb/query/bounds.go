package query

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

type planKind byte

const (
	planNone planKind = iota
	planPoints
	planRange
	planPrefix
)

// plan is what an index may know of a leaf.
type plan struct {
	kind      planKind
	points    []bson.RawValue
	low, high bson.RawValue // missing: to the end of the type class
	open      bool
	equality  bool // written as equality with the one point
}

// Interval is a run of values of one type class in index order. A missing Low or
// High means the first or last value of the class.
type Interval struct {
	Low, High         bson.RawValue
	Class             byte // as value.Bracket gives it
	LowOpen, HighOpen bool
	Point             bool // Low and High are the same value
}

// Bounds are intervals of which every match has a key in at least one. They are
// sorted and do not overlap.
type Bounds struct {
	Intervals []Interval
	Exact     bool // points only
}

// Bounds returns what the key of a match must be in an index on a path that may
// hold several keys of a document: two conditions may then be satisfied by two
// keys, so only one of them bounds.
func (f *Filter) Bounds(path string) (Bounds, bool) { return f.root.bounds(path, false) }

// BoundsSingle returns the bounds for an index that never held two keys of one
// document: all conditions bound together.
func (f *Filter) BoundsSingle(path string) (Bounds, bool) { return f.root.bounds(path, true) }

// Paths returns the paths that have bounds.
func (f *Filter) Paths() []string {
	seen := map[string]bool{}
	f.root.paths("", seen)
	out := make([]string, 0, len(seen))
	for path := range seen {
		out = append(out, path)
	}
	slices.Sort(out)
	return out
}

func (n *node) paths(prefix string, seen map[string]bool) {
	switch {
	case n.kind == kindAnd, n.kind == kindOr:
		for i := range n.kids {
			n.kids[i].paths(prefix, seen)
		}
	case n.kind == kindLeaf && n.elem != nil:
		n.elem.paths(join(prefix, n.path), seen)
	case n.kind == kindLeaf && n.plan.kind != planNone:
		seen[join(prefix, n.path)] = true
	}
}

func join(prefix string, path value.Path) string {
	switch {
	case prefix == "":
		return path.String()
	case len(path) == 0:
		return prefix
	}
	return prefix + "." + path.String()
}

func (n *node) bounds(path string, single bool) (Bounds, bool) {
	return n.boundsBelow("", path, single)
}

func (n *node) boundsBelow(prefix, path string, single bool) (Bounds, bool) {
	switch n.kind {
	case kindLeaf:
		if prefix != "" && n.hidden() {
			return Bounds{}, false
		}
		if n.elem != nil {
			// One element satisfies all of it, but its fields may be arrays again.
			b, ok := n.elem.boundsBelow(join(prefix, n.path), path, false)
			return b, ok && !b.null()
		}
		if n.plan.kind == planNone || join(prefix, n.path) != path {
			return Bounds{}, false
		}
		return n.plan.bounds(), true
	case kindAnd:
		return n.boundsOfAll(prefix, path, single)
	case kindOr:
		return n.boundsOfAny(prefix, path, single)
	}
	return Bounds{}, false
}

// hidden reports whether a condition on an element of an array can hold inside of
// an array in that array: by the index of an element there, or by an $elemMatch of
// its own. An index does not look so deep.
func (n *node) hidden() bool {
	if len(n.path) == 0 {
		return n.elem != nil && n.whole
	}
	return n.path[0][0] >= '0' && n.path[0][0] <= '9'
}

// boundsOfAll intersects the bounds of all conditions, or takes the best one.
func (n *node) boundsOfAll(prefix, path string, single bool) (Bounds, bool) {
	var best Bounds
	found := false
	for i := range n.kids {
		b, ok := n.kids[i].boundsBelow(prefix, path, single)
		switch {
		case !ok:
		case !found:
			best, found = b, true
		case single:
			best = intersect(best, b)
		case b.weight() < best.weight():
			best = b
		}
	}
	return best, found
}

// boundsOfAny unites the bounds of all branches, each of which must have some.
func (n *node) boundsOfAny(prefix, path string, single bool) (Bounds, bool) {
	out := Bounds{Exact: true}
	for i := range n.kids {
		b, ok := n.kids[i].boundsBelow(prefix, path, single)
		if !ok {
			return Bounds{}, false
		}
		out.Intervals = append(out.Intervals, b.Intervals...)
		out.Exact = out.Exact && b.Exact
	}
	out.Intervals = united(out.Intervals)
	return out, len(n.kids) > 0
}

// null reports whether null lies inside: an array in an array lacks every field,
// and has no key that says so.
func (b Bounds) null() bool {
	return slices.ContainsFunc(b.Intervals, func(i Interval) bool { return i.Point && isNull(i.Low) })
}

// weight orders bounds by how much they may let through.
func (b Bounds) weight() int {
	w := len(b.Intervals)
	for _, i := range b.Intervals {
		switch {
		case i.Point:
		case i.Low.Type != 0 && i.High.Type != 0:
			w += 1000
		default:
			w += 1_000_000
		}
	}
	return w
}

func point(v bson.RawValue) Interval {
	return Interval{Low: v, High: v, Class: value.Bracket(v.Type), Point: true}
}

// lastRune follows every text that goes on after a prefix.
const lastRune = "\U0010ffff\U0010ffff"

func (p plan) bounds() Bounds {
	switch p.kind {
	case planRange:
		i := Interval{Low: p.low, High: p.high, Class: max(value.Bracket(p.low.Type), value.Bracket(p.high.Type))}
		i.LowOpen, i.HighOpen = p.open && p.low.Type != 0, p.open && p.high.Type != 0
		return Bounds{Intervals: []Interval{i}}
	case planPrefix:
		texts := Interval{Low: value.String(""), Class: value.Bracket(bson.TypeString)}
		if prefix, ok := value.Text(p.low); ok {
			texts.Low, texts.High = p.low, value.String(string(prefix)+lastRune)
		}
		return Bounds{Intervals: []Interval{texts, point(p.points[0])}}
	}
	out := Bounds{Exact: true}
	for _, v := range p.points {
		if isNull(v) {
			v = value.Null()
		}
		out.Intervals = append(out.Intervals, point(v))
	}
	out.Intervals = united(out.Intervals)
	return out
}
