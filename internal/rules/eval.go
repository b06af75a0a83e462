package rules

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// holds decides a condition, and says which part of it decided.
func (d *decision) holds(n *node) (bool, *node) {
	switch n.kind {
	case kindAll, kindAny:
		for _, kid := range n.kids {
			ok, by := d.holds(kid)
			if d.err != nil || ok == (n.kind == kindAny) {
				return ok, by
			}
		}
		return n.kind == kindAll, n
	case kindNot:
		ok, by := d.holds(n.kids[0])
		if by == n.kids[0] {
			by = n
		}
		return !ok, by
	}
	ok := d.compare(n)
	d.note(n, value.Bool(ok))
	return ok, n
}

// compare decides a comparison: whether it holds for some choice of the values
// that its two sides may have. A field of the document may have several.
func (d *decision) compare(n *node) bool {
	if n.kind != kindCompare {
		found := false
		d.each(n, func(v bson.RawValue) bool {
			found = isTrue(v)
			return !found
		})
		return found
	}
	left, right := n.left(), n.right()
	switch {
	case n.op == opNotEqual:
		return !d.some(opEqual, left, right)
	case n.op == opIn && right.kind == kindList:
		for _, item := range right.kids {
			if d.some(opEqual, left, item) {
				return true
			}
		}
		return false
	case n.op == opIn && right.field():
		return d.some(opEqual, left, right)
	}
	return d.some(n.op, left, right)
}

// some reports whether a comparison holds for some values of the two sides.
func (d *decision) some(op operator, left, right *node) bool {
	found := false
	test := func(l, r bson.RawValue) bool {
		switch {
		case left.nothing():
			found = op == opEqual && isNothing(r)
		case right.nothing():
			found = op == opEqual && isNothing(l)
		case op == opIn:
			found = d.among(l, r)
		default:
			found = d.work() && compareValues(op, l, r)
		}
		return !found && d.err == nil
	}
	d.each(left, func(l bson.RawValue) bool {
		d.each(right, func(r bson.RawValue) bool { return test(l, r) })
		return !found && d.err == nil
	})
	return found && d.err == nil
}

// among reports whether a value is an element of an array.
func (d *decision) among(v, list bson.RawValue) bool {
	array, _ := value.AsArray(list)
	it := value.Iterate(array)
	for it.Next() && d.work() {
		if compareValues(opEqual, v, it.Value()) {
			return true
		}
	}
	return false
}

// work counts a comparison and reports whether there may be more. A document that
// a client sends may have long arrays in two fields that a rule compares.
func (d *decision) work() bool {
	if d.count++; d.count > maxComparisons && d.err == nil {
		d.err = models.E(models.CodeLimited, "rules.comparisons", "max", maxComparisons)
	}
	return d.err == nil
}

// each visits the values that a part may have, until visit returns false: one,
// unless it depends on a field of the document.
func (d *decision) each(n *node, visit func(v bson.RawValue) bool) {
	switch {
	case d.err != nil:
	case n.kind == kindLiteral:
		visit(n.value)
	case n.field():
		d.eachOfField(n, visit)
	case n.kind == kindRef:
		v := d.variable(n)
		d.note(n, v)
		visit(v)
	case n.kind == kindList:
		visit(d.list(n))
	case n.kind == kindTemplate:
		d.eachText(n, 0, nil, visit)
	case n.kind == kindGet:
		d.each(n.kids[0], func(path bson.RawValue) bool {
			v := d.get(path, n.path)
			d.note(n, v)
			return d.err == nil && visit(v)
		})
	}
}

// eachOfField visits what a query on the field would consider: the value, and the
// elements of one that is an array.
func (d *decision) eachOfField(n *node, visit func(v bson.RawValue) bool) {
	if d.pins != nil { // a field that the query does not pin is never asked for
		v, _ := d.pinOf(n.path.String())
		visit(v)
		return
	}
	value.Walk(d.in.Doc, n.path, func(v bson.RawValue) bool {
		d.note(n, v)
		if !visit(v) {
			return false
		}
		if array, ok := value.AsArray(v); ok {
			it := value.Iterate(array)
			for it.Next() {
				if !visit(it.Value()) {
					return false
				}
			}
		}
		return true
	})
}

// variable returns the value of a variable other than the document.
func (d *decision) variable(n *node) bson.RawValue {
	switch n.root {
	case "auth":
		switch {
		case len(n.path) > 0:
			return d.in.Auth.member(n.path)
		case d.in.Auth == nil:
			return value.Null()
		}
		return value.Bool(true) // it is compared with null only
	case "now":
		return value.Int64Value(d.in.Now.UnixMilli())
	case "request":
		return inside(d.in.Data, n.path[1:])
	case "resource":
		if d.in.Resource != nil {
			return text(d.in.Resource.OpenID)
		}
	}
	return bson.RawValue{}
}
