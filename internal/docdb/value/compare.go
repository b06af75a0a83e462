package value

import (
	"bytes"
	"cmp"
	"encoding/binary"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Compare orders two values as MongoDB does: first by type class (missing, null,
// numbers, strings, objects, arrays, binary, ObjectId, booleans, dates, timestamps,
// regular expressions; MinKey before and MaxKey after all), then by value. Numbers
// compare by exact value whatever their types, NaN lowest. Null and undefined are
// equal. It returns a negative number, zero or a positive number.
func Compare(a, b bson.RawValue) int {
	class := Bracket(a.Type)
	if other := Bracket(b.Type); class != other {
		return int(class) - int(other)
	}
	switch class {
	case bracketMissing, bracketNull, bracketMinKey, bracketMaxKey, bracketUnknown:
		return 0
	case bracketNumber:
		return compareNumbers(a, b)
	case bracketString:
		return bytes.Compare(text(a.Value), text(b.Value))
	case bracketObject:
		return compareDocuments(a.Value, b.Value)
	case bracketArray:
		return compareArrays(a.Value, b.Value)
	case bracketBinary:
		return compareBinary(a.Value, b.Value)
	case bracketObjectID, bracketBool:
		return bytes.Compare(a.Value, b.Value)
	case bracketDate:
		return cmp.Compare(int64(word(a.Value)), int64(word(b.Value)))
	case bracketTimestamp:
		return cmp.Compare(word(a.Value), word(b.Value))
	}
	return compareKeys(a, b)
}

// Equal reports whether Compare finds no difference: 1 equals 1.0, and documents
// are equal only with their fields in the same order.
func Equal(a, b bson.RawValue) bool { return Compare(a, b) == 0 }

// compareDocuments compares field by field: type class, then name, then value; a
// document that ends first is lower.
func compareDocuments(a, b bson.Raw) int {
	x, y := Iterate(a), Iterate(b)
	for {
		left, right := x.Next(), y.Next()
		if !left || !right {
			return order(left, right)
		}
		c := int(Bracket(x.value.Type)) - int(Bracket(y.value.Type))
		if c == 0 {
			c = bytes.Compare(x.key, y.key)
		}
		if c == 0 {
			c = Compare(x.value, y.value)
		}
		if c != 0 {
			return c
		}
	}
}

// compareArrays compares element by element; an array that ends first is lower.
func compareArrays(a, b bson.Raw) int {
	x, y := Iterate(a), Iterate(b)
	for {
		left, right := x.Next(), y.Next()
		if !left || !right {
			return order(left, right)
		}
		if c := Compare(x.value, y.value); c != 0 {
			return c
		}
	}
}

// order places false before true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// compareBinary compares length, then subtype, then bytes.
func compareBinary(a, b []byte) int {
	x, y := binaryBody(a), binaryBody(b)
	if len(x) != len(y) {
		return cmp.Compare(len(x), len(y))
	}
	return bytes.Compare(x, y)
}

// binaryBody is the subtype followed by the bytes.
func binaryBody(b []byte) []byte {
	if len(b) < 5 {
		return nil
	}
	return b[4:]
}

// compareKeys compares types that a scan seldom meets by their index keys.
func compareKeys(a, b bson.RawValue) int {
	var x, y [64]byte
	return bytes.Compare(appendKey(x[:0], a), appendKey(y[:0], b))
}

// text returns the bytes of a BSON string without its length and final zero.
func text(b []byte) []byte {
	if len(b) < 5 {
		return nil
	}
	n := int64(int32(binary.LittleEndian.Uint32(b)))
	if n < 1 || n > int64(len(b))-4 {
		return nil
	}
	return b[4 : 3+n]
}
