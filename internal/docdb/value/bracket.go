package value

import "go.mongodb.org/mongo-driver/v2/bson"

// The type classes in MongoDB's order. None is zero and none is 0xFF, so that a
// zero byte can end an array inside an index key.
const (
	bracketMinKey    byte = 1
	bracketMissing   byte = 2
	bracketNull      byte = 5
	bracketNumber    byte = 10
	bracketString    byte = 15
	bracketObject    byte = 20
	bracketArray     byte = 25
	bracketBinary    byte = 30
	bracketObjectID  byte = 35
	bracketBool      byte = 40
	bracketDate      byte = 45
	bracketTimestamp byte = 47
	bracketRegex     byte = 50
	bracketDBPointer byte = 55
	bracketCode      byte = 60
	bracketScoped    byte = 65
	bracketUnknown   byte = 100
	bracketMaxKey    byte = 127
)

// Bracket returns the canonical type class of a BSON type. Values of different
// classes are ordered by class alone; all four number types share one class, as
// do null and undefined, and strings and symbols.
func Bracket(t bson.Type) byte {
	switch t {
	case 0:
		return bracketMissing
	case bson.TypeNull, bson.TypeUndefined:
		return bracketNull
	case bson.TypeInt32, bson.TypeInt64, bson.TypeDouble, bson.TypeDecimal128:
		return bracketNumber
	case bson.TypeString, bson.TypeSymbol:
		return bracketString
	case bson.TypeEmbeddedDocument:
		return bracketObject
	case bson.TypeArray:
		return bracketArray
	case bson.TypeBinary:
		return bracketBinary
	case bson.TypeObjectID:
		return bracketObjectID
	case bson.TypeBoolean:
		return bracketBool
	case bson.TypeDateTime:
		return bracketDate
	}
	return rareBracket(t)
}

func rareBracket(t bson.Type) byte {
	switch t {
	case bson.TypeTimestamp:
		return bracketTimestamp
	case bson.TypeRegex:
		return bracketRegex
	case bson.TypeDBPointer:
		return bracketDBPointer
	case bson.TypeJavaScript:
		return bracketCode
	case bson.TypeCodeWithScope:
		return bracketScoped
	case bson.TypeMinKey:
		return bracketMinKey
	case bson.TypeMaxKey:
		return bracketMaxKey
	}
	return bracketUnknown
}

// Truthy reports whether aggregation takes v for true: everything but false,
// null, undefined, missing and a number equal to zero. NaN is true.
func Truthy(v bson.RawValue) bool {
	switch Bracket(v.Type) {
	case bracketMissing, bracketNull:
		return false
	case bracketBool:
		return len(v.Value) > 0 && v.Value[0] != 0
	case bracketNumber:
		return !isZero(v)
	}
	return true
}

func isZero(v bson.RawValue) bool {
	if v.Type == bson.TypeDecimal128 {
		return decimalOf(v.Value).isZero()
	}
	f, _ := Float(v)
	return f == 0
}
