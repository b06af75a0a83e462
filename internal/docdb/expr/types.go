package expr

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
)

// converting makes a $to… operator, which keeps null.
func converting(call func(v bson.RawValue) (bson.RawValue, bool)) operator {
	return operator{least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		if nullish(a[0]) {
			return value.Null(), true
		}
		return call(a[0])
	}}
}

var typeOperators = map[string]operator{
	"$type":     {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) { return value.String(typeName(a[0].Type)), true }},
	"$isNumber": {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) { return value.Bool(value.IsNumber(a[0])), true }},
	"$toString": converting(toText), "$toInt": converting(toInt), "$toLong": converting(toLong), "$toDouble": converting(toDouble),
	"$toDecimal": converting(toDecimal), "$toBool": converting(toBool), "$toDate": converting(toDate), "$toObjectId": converting(toObjectID),
	"$convert": {named: []string{"input", "to", "onError", "onNull"}, needed: 2, call: convert},
}

var typeNames = map[bson.Type]string{
	0: "missing", bson.TypeDouble: "double", bson.TypeString: "string", bson.TypeEmbeddedDocument: "object", bson.TypeArray: "array",
	bson.TypeBinary: "binData", bson.TypeUndefined: "undefined", bson.TypeObjectID: "objectId", bson.TypeBoolean: "bool",
	bson.TypeDateTime: "date", bson.TypeNull: "null", bson.TypeRegex: "regex", bson.TypeJavaScript: "javascript", bson.TypeSymbol: "symbol",
	bson.TypeInt32: "int", bson.TypeTimestamp: "timestamp", bson.TypeInt64: "long", bson.TypeDecimal128: "decimal",
	bson.TypeMinKey: "minKey", bson.TypeMaxKey: "maxKey",
}

func typeName(t bson.Type) string { return typeNames[t] }

func convert(a []bson.RawValue) (bson.RawValue, bool) {
	if nullish(a[0]) {
		if a[3].Type != 0 {
			return a[3], true
		}
		return value.Null(), true
	}
	name, ok := textOf(a[1])
	if n, isNumber := value.Int64(a[1]); !ok && isNumber {
		name, ok = typeName(bson.Type(n)), true
	}
	call := map[string]func(bson.RawValue) (bson.RawValue, bool){
		"string": toText, "int": toInt, "long": toLong, "double": toDouble, "decimal": toDecimal, "bool": toBool, "date": toDate, "objectId": toObjectID,
	}[name]
	if !ok || call == nil {
		return a[1], false
	}
	out, done := call(a[0])
	if !done && a[2].Type != 0 {
		return a[2], true
	}
	return out, done
}

func toText(v bson.RawValue) (bson.RawValue, bool) {
	switch v.Type {
	case bson.TypeString:
		return v, true
	case bson.TypeBoolean:
		return value.String(strconv.FormatBool(value.Truthy(v))), true
	case bson.TypeInt32, bson.TypeInt64:
		i, _ := value.Int64(v)
		return value.String(strconv.FormatInt(i, 10)), true
	case bson.TypeDouble:
		f, _ := value.Float(v)
		return value.String(doubleText(f)), true
	case bson.TypeDecimal128:
		high, low, _, _ := bsoncore.ReadDecimal128(v.Value)
		return value.String(bson.NewDecimal128(high, low).String()), true
	case bson.TypeObjectID:
		return value.String(hex.EncodeToString(v.Value)), true
	case bson.TypeDateTime:
		ms, _ := value.Millis(v)
		return value.String(time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")), true
	}
	return v, false
}

func doubleText(f float64) string {
	switch {
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strconv.FormatFloat(f, 'f', -1, 64), "+") + "inity"
	case f == math.Trunc(f) && math.Abs(f) < 1e21:
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// toWhole cuts fractions off, within bounds.
func toWhole(v bson.RawValue, low, high float64) (int64, bool) {
	if text, ok := textOf(v); ok {
		i, err := strconv.ParseInt(text, 10, 64)
		return i, err == nil && float64(i) >= low && float64(i) <= high
	}
	if v.Type == bson.TypeBoolean {
		if value.Truthy(v) {
			return 1, true
		}
		return 0, true
	}
	if ms, ok := value.Millis(v); ok {
		return ms, float64(ms) >= low && float64(ms) <= high
	}
	if i, ok := value.Int64(v); ok {
		return i, float64(i) >= low && float64(i) <= high
	}
	f, ok := value.Float(v)
	f = math.Trunc(f)
	if !ok || !(f >= low && f <= high && f < 1<<63) {
		return 0, false
	}
	return int64(f), true
}

func toInt(v bson.RawValue) (bson.RawValue, bool) {
	i, ok := toWhole(v, math.MinInt32, math.MaxInt32)
	return value.Int32(int32(i)), ok && v.Type != bson.TypeDateTime
}

func toLong(v bson.RawValue) (bson.RawValue, bool) {
	i, ok := toWhole(v, math.MinInt64, math.MaxInt64)
	return value.Int64Value(i), ok
}

func toDouble(v bson.RawValue) (bson.RawValue, bool) {
	if text, ok := textOf(v); ok {
		f, err := strconv.ParseFloat(text, 64)
		return value.Double(f), err == nil && !strings.ContainsAny(text, "xX_")
	}
	if f, ok := value.Float(v); ok {
		return value.Double(f), true
	}
	i, ok := toWhole(v, math.MinInt64, math.MaxInt64)
	return value.Double(float64(i)), ok
}

func toDecimal(v bson.RawValue) (bson.RawValue, bool) {
	text, ok := toText(v)
	if v.Type == bson.TypeBoolean || v.Type == bson.TypeDateTime {
		i, _ := toWhole(v, math.MinInt64, math.MaxInt64)
		text = value.String(strconv.FormatInt(i, 10))
	}
	s, _ := textOf(text)
	d, err := bson.ParseDecimal128(s)
	if !ok || err != nil {
		return v, false
	}
	high, low := d.GetBytes()
	return bson.RawValue{Type: bson.TypeDecimal128, Value: bsoncore.AppendDecimal128(nil, high, low)}, true
}

func toBool(v bson.RawValue) (bson.RawValue, bool) {
	if value.IsNumber(v) || v.Type == bson.TypeBoolean {
		return value.Bool(value.Truthy(v)), true
	}
	return value.Bool(true), true
}

func toDate(v bson.RawValue) (bson.RawValue, bool) {
	if t, ok := timeOf(v); ok {
		return value.Date(t.UnixMilli()), true
	}
	if text, ok := textOf(v); ok {
		t, ok := parseTime(text, time.UTC)
		return value.Date(t.UnixMilli()), ok
	}
	if v.Type == bson.TypeInt32 || !value.IsNumber(v) {
		return v, false
	}
	i, ok := toWhole(v, math.MinInt64, math.MaxInt64)
	return value.Date(i), ok
}

func toObjectID(v bson.RawValue) (bson.RawValue, bool) {
	if v.Type == bson.TypeObjectID {
		return v, true
	}
	text, _ := textOf(v)
	id, err := bson.ObjectIDFromHex(text)
	return value.ObjectID(id), err == nil
}
