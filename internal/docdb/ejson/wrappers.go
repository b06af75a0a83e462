package ejson

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// unwrap turns {"$numberInt":"7"} and the like into the value that they stand
// for. ok is false for an object that is no wrapper, such as a condition. doc is
// the decoded object, keys are its names.
func unwrap(doc bson.Raw, keys []string, now time.Time) (v bson.RawValue, ok bool, err error) {
	if len(keys) != 1 {
		return bson.RawValue{}, false, nil
	}
	read, known := wrappers[keys[0]]
	if !known {
		return bson.RawValue{}, false, nil
	}
	v, ok = read(value.Get(doc, value.Path{keys[0]}), now)
	if !ok {
		return bson.RawValue{}, false, models.E(models.CodeInvalid, "docdb.json_wrapper", "name", keys[0])
	}
	return v, true, nil
}

// wrappers read what stands inside of each wrapper; their values share no bytes
// with it.
var wrappers = map[string]func(inside bson.RawValue, now time.Time) (bson.RawValue, bool){
	"$numberInt":         readInt,
	"$numberLong":        readLong,
	"$numberDouble":      readDouble,
	"$numberDecimal":     readDecimal,
	"$date":              readDate,
	"$tcb_server_date":   readServerDate,
	"$oid":               readObjectID,
	"$regularExpression": readRegex,
	"$binary":            readBinary,
	"$uuid":              readUUID,
	"$timestamp":         readTimestamp,
	"$undefined":         func(bson.RawValue, time.Time) (bson.RawValue, bool) { return value.Null(), true },
	"$minKey": func(bson.RawValue, time.Time) (bson.RawValue, bool) {
		return bson.RawValue{Type: bson.TypeMinKey}, true
	},
	"$maxKey": func(bson.RawValue, time.Time) (bson.RawValue, bool) {
		return bson.RawValue{Type: bson.TypeMaxKey}, true
	},
}

func textOf(v bson.RawValue) (string, bool) {
	b, ok := value.Text(v)
	return string(b), ok
}

func readInt(v bson.RawValue, _ time.Time) (bson.RawValue, bool) {
	i, ok := integerOf(v)
	if !ok || i < math.MinInt32 || i > math.MaxInt32 {
		return bson.RawValue{}, false
	}
	return value.Int32(int32(i)), true
}

func integerOf(v bson.RawValue) (int64, bool) {
	if text, ok := textOf(v); ok {
		i, err := strconv.ParseInt(text, 10, 64)
		return i, err == nil
	}
	return value.Int64(v)
}

// readLong takes what no int64 holds for a double: JavaScript rounds 2^63-1 up
// and sends that.
func readLong(v bson.RawValue, _ time.Time) (bson.RawValue, bool) {
	if i, ok := integerOf(v); ok {
		return value.Int64Value(i), true
	}
	text, ok := textOf(v)
	f, err := strconv.ParseFloat(text, 64)
	if !ok || err != nil || strings.ContainsAny(text, "nNiIxX._") {
		return bson.RawValue{}, false
	}
	return value.Double(f), true
}

func readDouble(v bson.RawValue, _ time.Time) (bson.RawValue, bool) {
	text, ok := textOf(v)
	if !ok {
		f, number := value.Float(v)
		return value.Double(f), number
	}
	switch text {
	case "NaN":
		return value.Double(math.NaN()), true
	case "Infinity":
		return value.Double(math.Inf(1)), true
	case "-Infinity":
		return value.Double(math.Inf(-1)), true
	}
	f, err := strconv.ParseFloat(text, 64)
	return value.Double(f), err == nil && !strings.ContainsAny(text, "nNiIxX_")
}

func readDecimal(v bson.RawValue, _ time.Time) (bson.RawValue, bool) {
	text, ok := textOf(v)
	d, err := bson.ParseDecimal128(text)
	if !ok || err != nil {
		return bson.RawValue{}, false
	}
	high, low := d.GetBytes()
	return bson.RawValue{Type: bson.TypeDecimal128, Value: bsoncore.AppendDecimal128(nil, high, low)}, true
}

// readDate reads a date as text or milliseconds, and the server date of the client
// protocol, {"$date": {"offset": milliseconds}}.
func readDate(v bson.RawValue, now time.Time) (bson.RawValue, bool) {
	if inside, ok := value.AsDocument(v); ok {
		served, ok := readServerDate(v, now)
		return served, ok && value.Get(inside, value.Path{"offset"}).Type != 0
	}
	if text, ok := textOf(v); ok {
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02"} {
			if t, err := time.Parse(layout, text); err == nil {
				return value.Date(t.UnixMilli()), true
			}
		}
		return bson.RawValue{}, false
	}
	ms, ok := value.Int64(v)
	return value.Date(ms), ok
}

func readServerDate(v bson.RawValue, now time.Time) (bson.RawValue, bool) {
	inside, ok := value.AsDocument(v)
	if !ok {
		return bson.RawValue{}, false
	}
	offset := value.Get(inside, value.Path{"offset"})
	if offset.Type == 0 {
		return value.Date(now.UnixMilli()), true
	}
	f, ok := value.Float(offset)
	if !ok || math.Abs(f) > 1e15 {
		return bson.RawValue{}, false
	}
	return value.Date(now.UnixMilli() + int64(f)), true
}

func readObjectID(v bson.RawValue, _ time.Time) (bson.RawValue, bool) {
	text, _ := textOf(v)
	id, err := bson.ObjectIDFromHex(text)
	return value.ObjectID(id), err == nil
}

// readRegex keeps the flags that BSON knows, in order; a literal of JavaScript
// brings others, which mean nothing here.
func readRegex(v bson.RawValue, _ time.Time) (bson.RawValue, bool) {
	inside, ok := value.AsDocument(v)
	if !ok {
		return bson.RawValue{}, false
	}
	pattern, ok := textOf(value.Get(inside, value.Path{"pattern"}))
	flags, _ := textOf(value.Get(inside, value.Path{"options"}))
	if !ok || strings.IndexByte(pattern, 0) >= 0 {
		return bson.RawValue{}, false
	}
	return Regex(pattern, flags), true
}

// Regex makes a regular expression; of the flags only i, m, s and x are kept.
func Regex(pattern, flags string) bson.RawValue {
	kept := make([]byte, 0, 4)
	for _, flag := range []byte("imsx") {
		if strings.IndexByte(flags, flag) >= 0 {
			kept = append(kept, flag)
		}
	}
	return bson.RawValue{Type: bson.TypeRegex, Value: bsoncore.AppendRegex(nil, pattern, string(kept))}
}

func readBinary(v bson.RawValue, _ time.Time) (bson.RawValue, bool) {
	inside, ok := value.AsDocument(v)
	if !ok {
		return bson.RawValue{}, false
	}
	text, ok := textOf(value.Get(inside, value.Path{"base64"}))
	data, err := base64.StdEncoding.DecodeString(text)
	subtype, _ := textOf(value.Get(inside, value.Path{"subType"}))
	n, numberErr := strconv.ParseUint("0"+subtype, 16, 16)
	if !ok || err != nil || numberErr != nil || n > math.MaxUint8 {
		return bson.RawValue{}, false
	}
	return bson.RawValue{Type: bson.TypeBinary, Value: bsoncore.AppendBinary(nil, byte(n), data)}, true
}

func readUUID(v bson.RawValue, _ time.Time) (bson.RawValue, bool) {
	text, _ := textOf(v)
	data, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(data) != 16 {
		return bson.RawValue{}, false
	}
	return bson.RawValue{Type: bson.TypeBinary, Value: bsoncore.AppendBinary(nil, bson.TypeBinaryUUID, data)}, true
}

func readTimestamp(v bson.RawValue, _ time.Time) (bson.RawValue, bool) {
	inside, ok := value.AsDocument(v)
	if !ok {
		return bson.RawValue{}, false
	}
	var parts []int64
	for _, name := range []string{"t", "i"} {
		n, ok := value.Int64(value.Get(inside, value.Path{name}))
		if !ok || n < 0 || n > math.MaxUint32 {
			return bson.RawValue{}, false
		}
		parts = append(parts, n)
	}
	data := bsoncore.AppendTimestamp(nil, uint32(parts[0]), uint32(parts[1]))
	return bson.RawValue{Type: bson.TypeTimestamp, Value: slices.Clip(data)}, true
}

// RegexOf returns pattern and flags of a regular expression.
func RegexOf(v bson.RawValue) (pattern, flags string, ok bool) {
	if v.Type != bson.TypeRegex {
		return "", "", false
	}
	pattern, flags, _, ok = bsoncore.ReadRegex(v.Value)
	return pattern, flags, ok
}
