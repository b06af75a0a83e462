package value

import (
	"encoding/binary"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// String makes a string value.
func String(s string) bson.RawValue {
	b := make([]byte, 0, len(s)+5)
	return bson.RawValue{Type: bson.TypeString, Value: bsoncore.AppendString(b, s)}
}

// Int32 makes a 32-bit integer.
func Int32(i int32) bson.RawValue {
	return bson.RawValue{Type: bson.TypeInt32, Value: binary.LittleEndian.AppendUint32(nil, uint32(i))}
}

// Int64Value makes a 64-bit integer.
func Int64Value(i int64) bson.RawValue {
	return bson.RawValue{Type: bson.TypeInt64, Value: binary.LittleEndian.AppendUint64(nil, uint64(i))}
}

// Double makes a double.
func Double(f float64) bson.RawValue {
	return bson.RawValue{Type: bson.TypeDouble, Value: binary.LittleEndian.AppendUint64(nil, math.Float64bits(f))}
}

// Bool makes a boolean.
func Bool(b bool) bson.RawValue {
	return bson.RawValue{Type: bson.TypeBoolean, Value: bsoncore.AppendBoolean(nil, b)}
}

// Null makes a null.
func Null() bson.RawValue { return bson.RawValue{Type: bson.TypeNull} }

// Date makes a date from milliseconds since 1970 UTC.
func Date(ms int64) bson.RawValue {
	return bson.RawValue{Type: bson.TypeDateTime, Value: binary.LittleEndian.AppendUint64(nil, uint64(ms))}
}

// ObjectID makes an ObjectId.
func ObjectID(id bson.ObjectID) bson.RawValue {
	return bson.RawValue{Type: bson.TypeObjectID, Value: id[:]}
}

// Document makes an object; it keeps the bytes of doc.
func Document(doc bson.Raw) bson.RawValue {
	return bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: doc}
}

// Array makes an array from a document whose keys are "0", "1" and so on; it keeps
// its bytes.
func Array(array bson.Raw) bson.RawValue {
	return bson.RawValue{Type: bson.TypeArray, Value: array}
}

// AsDocument returns the object that v holds.
func AsDocument(v bson.RawValue) (bson.Raw, bool) {
	if v.Type != bson.TypeEmbeddedDocument || len(v.Value) < 5 {
		return nil, false
	}
	return v.Value, true
}

// AsArray returns the array that v holds as a document with keys "0", "1" and so on.
func AsArray(v bson.RawValue) (bson.Raw, bool) {
	if v.Type != bson.TypeArray || len(v.Value) < 5 {
		return nil, false
	}
	return v.Value, true
}

// Text returns the string that v holds. The bytes belong to the document.
func Text(v bson.RawValue) ([]byte, bool) {
	if Bracket(v.Type) != bracketString || len(v.Value) < 5 {
		return nil, false
	}
	return text(v.Value), true
}

// Millis returns the milliseconds since 1970 UTC of a date.
func Millis(v bson.RawValue) (int64, bool) {
	if v.Type != bson.TypeDateTime || len(v.Value) < 8 {
		return 0, false
	}
	return int64(word(v.Value)), true
}
