package rules

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// residue is what remains of a rule for one caller: what does not depend on the
// document is decided, the rest are atoms. With wanted false it is the residue of
// the rule's negation.
//
// What cannot be said of a field alone becomes never: the residue implies the
// rule, and need not follow from it.
func (d *decision) residue(n *node, wanted bool) formula {
	switch {
	case d.err != nil:
		return never
	case n.kind == kindNot:
		return d.residue(n.kids[0], !wanted)
	case n.kind == kindAll, n.kind == kindAny:
		every := (n.kind == kindAll) == wanted
		kids := make([]formula, 0, len(n.kids))
		for _, kid := range n.kids {
			f := d.residue(kid, wanted)
			kids = append(kids, f)
			if every && f.never() || !every && f.always() {
				break
			}
		}
		if every {
			return conjunction(kids)
		}
		return disjunction(kids)
	case !n.doc:
		ok := d.compare(n)
		d.note(n, value.Bool(ok))
		return constant(ok == wanted)
	}
	if n.kind != kindCompare {
		n = &node{kind: kindCompare, op: opEqual, kids: []*node{n, {kind: kindLiteral, value: value.Bool(true)}}, doc: true}
	}
	return d.residueOfComparison(n, wanted)
}

// residueOfComparison is the residue of a comparison that mentions the document.
func (d *decision) residueOfComparison(n *node, wanted bool) formula {
	op, left, right := n.op, n.left(), n.right()
	if op == opNotEqual {
		op, wanted = opEqual, !wanted
	}
	if op == opIn && right.kind == kindList && left.field() && !right.doc && len(right.kids) > 1 {
		return d.residueOfList(left, right, wanted)
	}
	if op == opIn && right.kind == kindList {
		kids := make([]formula, len(right.kids))
		for i, item := range right.kids {
			kids[i] = d.residueOfSides(opEqual, left, item, wanted)
		}
		if wanted {
			return disjunction(merged(kids))
		}
		return conjunction(kids)
	}
	if op == opIn && right.field() {
		op = opEqual
	}
	return d.residueOfSides(op, left, right, wanted)
}

// residueOfList is the residue of a field that is one of several values: one atom.
func (d *decision) residueOfList(field, list *node, wanted bool) formula {
	w := &written{op: opIn, items: make([]bson.RawValue, 0, len(list.kids))}
	for _, item := range list.kids {
		d.each(item, func(v bson.RawValue) bool {
			if !isNothing(v) || item.nothing() {
				w.items = append(w.items, v)
			}
			return false
		})
	}
	if d.err != nil {
		return never
	}
	if len(w.items) == 0 {
		return constant(!wanted)
	}
	return formula{shape: isAtom, negated: !wanted, path: field.path.String(), set: points(w.items...), written: w}
}

// merged joins equalities with values of one path to one atom.
func merged(kids []formula) []formula {
	var out []formula
	for _, kid := range kids {
		if n := len(out); n > 0 && kid.shape == isAtom && out[n-1].shape == isAtom && out[n-1].path == kid.path {
			last := &out[n-1]
			last.set = union(last.set, kid.set)
			last.written = &written{op: opIn, items: append(last.written.values(), kid.written.value)}
			continue
		}
		out = append(out, kid)
	}
	return out
}

// values returns the values of an equality or of a list.
func (w *written) values() []bson.RawValue {
	if w.op == opIn {
		return w.items
	}
	return []bson.RawValue{w.value}
}

// residueOfSides is the residue of one comparison of two sides.
func (d *decision) residueOfSides(op operator, left, right *node, wanted bool) formula {
	if !left.field() && right.field() && op != opIn {
		left, right, op = right, left, op.flipped()
	}
	if left.field() && right.field() {
		if _, pinned := d.pinOf(right.path.String()); !pinned {
			left, right, op = right, left, op.flipped()
		}
	}
	switch uses, known := d.pinned(left, right); {
	case !known:
		return never
	case uses && !wanted && !d.single:
		// Where a pinned field is an array, another value of it may make this hold.
		return never
	}
	if !left.field() {
		return constant(d.some(op, left, right) == wanted)
	}
	var v bson.RawValue
	d.each(right, func(w bson.RawValue) bool { v = w; return false })
	if d.err != nil {
		return never
	}
	atom, ok := atomOf(left.path.String(), op, v, right.nothing())
	if !ok {
		return constant(!wanted)
	}
	atom.negated = !wanted
	return atom
}

// pinned reports whether a comparison needs the value of fields beside the one on
// its left, and whether the query pins all of those.
func (d *decision) pinned(left, right *node) (uses, known bool) {
	if left.field() {
		return d.pinnedIn(right)
	}
	uses, known = d.pinnedIn(left)
	u, k := d.pinnedIn(right)
	return uses || u, known && k
}

func (d *decision) pinnedIn(n *node) (uses, known bool) {
	if n.field() {
		path := n.path.String()
		if _, known = d.pinOf(path); known {
			d.used = append(d.used, path)
		}
		return true, known
	}
	known = true
	for _, kid := range n.kids {
		if kid.doc {
			u, k := d.pinnedIn(kid)
			uses, known = uses || u, known && k
		}
	}
	return uses, known
}

// atomOf makes the atom of a field compared with a value; false if it holds for
// no document.
func atomOf(path string, op operator, v bson.RawValue, nothing bool) (formula, bool) {
	w := &written{op: op, value: v}
	f := formula{shape: isAtom, path: path, written: w}
	switch {
	case op == opIn:
		array, _ := value.AsArray(v)
		it := value.Iterate(array)
		for it.Next() {
			if !isNothing(it.Value()) {
				w.items = append(w.items, it.Value())
			}
		}
		f.set = points(w.items...)
	case isNothing(v):
		if op != opEqual || !nothing {
			return f, false
		}
		f.set = points(v)
	case op == opEqual:
		f.set = points(v)
	case ordered(v):
		f.set = beyond(op, v)
	}
	return f, len(f.set) > 0
}
