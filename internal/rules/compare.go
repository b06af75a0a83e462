package rules

import (
	"math"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
)

func isTrue(v bson.RawValue) bool { return v.Type == bson.TypeBoolean && value.Truthy(v) }

// compareValues compares two values as the engine's matcher does: only values of
// one type class, numbers by their exact value whatever their types. A value that
// is null or missing equals none here: null is found only by a rule that writes
// null or undefined. So doc._openid == auth.openid is false for a caller without
// an openid, whatever the document lacks.
func compareValues(op operator, l, r bson.RawValue) bool {
	if isNothing(l) || isNothing(r) {
		return false
	}
	if op == opEqual {
		return value.Equal(l, r)
	}
	if value.Bracket(l.Type) != value.Bracket(r.Type) || !ordered(l) || !ordered(r) {
		return false
	}
	c := value.Compare(l, r)
	switch op {
	case opLess:
		return c < 0
	case opLessEqual:
		return c <= 0
	case opGreater:
		return c > 0
	}
	return c >= 0
}

// ordered reports whether < and its kind mean something for a value: numbers,
// texts, dates, booleans and ObjectIds.
func ordered(v bson.RawValue) bool {
	switch v.Type {
	case bson.TypeDouble, bson.TypeDecimal128:
		f, _ := value.Float(v)
		return !math.IsNaN(f)
	case bson.TypeInt32, bson.TypeInt64, bson.TypeString, bson.TypeSymbol, bson.TypeDateTime, bson.TypeBoolean, bson.TypeObjectID:
		return true
	}
	return false
}

// list makes the array that a list without fields of the document is.
func (d *decision) list(n *node) bson.RawValue {
	b := bsoncore.NewArrayBuilder()
	for _, kid := range n.kids {
		d.each(kid, func(v bson.RawValue) bool {
			if isNothing(v) {
				v = value.Null()
			}
			b.AppendValue(bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value})
			return false
		})
	}
	return value.Array(bson.Raw(b.Build()))
}

// eachText visits the texts that a template may become. A part that has no text
// makes the whole undefined.
func (d *decision) eachText(n *node, i int, before []byte, visit func(v bson.RawValue) bool) bool {
	before = append(before[:len(before):len(before)], n.texts[i]...)
	if i == len(n.kids) {
		return visit(value.String(string(before)))
	}
	more := true
	d.each(n.kids[i], func(v bson.RawValue) bool {
		if !d.work() {
			more = false
		} else if with, ok := appendText(before, v); ok {
			more = d.eachText(n, i+1, with, visit)
		} else {
			more = visit(bson.RawValue{})
		}
		return more
	})
	return more
}

// appendText appends what ${…} inserts for a value: texts, whole numbers,
// booleans and the digits of an ObjectId.
func appendText(b []byte, v bson.RawValue) ([]byte, bool) {
	b = b[:len(b):len(b)]
	switch v.Type {
	case bson.TypeObjectID:
		id, ok := v.ObjectIDOK()
		return append(b, id.Hex()...), ok
	case bson.TypeBoolean:
		return strconv.AppendBool(b, isTrue(v)), true
	}
	if s, ok := value.Text(v); ok {
		return append(b, s...), true
	}
	whole, ok := value.Int64(v)
	return strconv.AppendInt(b, whole, 10), ok
}
