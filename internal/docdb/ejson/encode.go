package ejson

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
)

// AppendDocument appends a document as responses carry it (admin protocol,
// section 6.2): bare numbers where JSON holds them, ObjectIds as plain text.
func AppendDocument(dst []byte, doc bson.Raw) []byte {
	return encoder{}.document(dst, doc)
}

// AppendValue appends a value as responses carry it.
func AppendValue(dst []byte, v bson.RawValue) []byte { return encoder{}.value(dst, v) }

// AppendCanonical appends a document so that decoding gives the same bytes again:
// a double keeps its point, a long that an int would hold is wrapped.
func AppendCanonical(dst []byte, doc bson.Raw) []byte {
	return encoder{lossless: true}.document(dst, doc)
}

// AppendCanonicalValue appends a value without loss.
func AppendCanonicalValue(dst []byte, v bson.RawValue) []byte {
	return encoder{lossless: true}.value(dst, v)
}

// AppendClient appends a document as the client SDK reads it (client protocol,
// section 6.2): dates as plain milliseconds, and bare numbers, whatever their size.
func AppendClient(dst []byte, doc bson.Raw) []byte { return encoder{client: true}.document(dst, doc) }

// AppendClientValue appends a value as the client SDK reads it.
func AppendClientValue(dst []byte, v bson.RawValue) []byte {
	return encoder{client: true}.value(dst, v)
}

type encoder struct{ lossless, client bool }

func (e encoder) document(dst []byte, doc bson.Raw) []byte {
	dst = append(dst, '{')
	it := value.Iterate(doc)
	for first := true; it.Next(); first = false {
		if !first {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, it.Key()), ':')
		dst = e.value(dst, it.Value())
	}
	return append(dst, '}')
}

func (e encoder) array(dst []byte, array bson.Raw) []byte {
	dst = append(dst, '[')
	it := value.Iterate(array)
	for first := true; it.Next(); first = false {
		if !first {
			dst = append(dst, ',')
		}
		dst = e.value(dst, it.Value())
	}
	return append(dst, ']')
}

func (e encoder) value(dst []byte, v bson.RawValue) []byte {
	switch v.Type {
	case bson.TypeString, bson.TypeSymbol, bson.TypeJavaScript:
		text, _ := value.Text(bson.RawValue{Type: bson.TypeString, Value: v.Value})
		return appendText(dst, text)
	case bson.TypeEmbeddedDocument:
		return e.document(dst, v.Value)
	case bson.TypeArray:
		return e.array(dst, v.Value)
	case bson.TypeInt32, bson.TypeInt64:
		return e.integer(dst, v)
	case bson.TypeDouble:
		f, _ := value.Float(v)
		return e.double(dst, f)
	case bson.TypeBoolean:
		return strconv.AppendBool(dst, value.Truthy(v))
	case bson.TypeDateTime:
		ms, _ := value.Millis(v)
		return e.date(dst, ms)
	case bson.TypeObjectID:
		return e.objectID(dst, v.Value)
	}
	return e.rare(dst, v)
}

// maxExact is the last integer up to which JavaScript's numbers are exact.
const maxExact = 1 << 53

func (e encoder) integer(dst []byte, v bson.RawValue) []byte {
	i, _ := value.Int64(v)
	narrow := i >= math.MinInt32 && i <= math.MaxInt32
	wrap := !e.client && (i > maxExact || i < -maxExact)
	if e.lossless {
		wrap = v.Type == bson.TypeInt64 && narrow
	}
	if !wrap {
		return strconv.AppendInt(dst, i, 10)
	}
	dst = append(dst, `{"$numberLong":"`...)
	return append(strconv.AppendInt(dst, i, 10), `"}`...)
}

func (e encoder) double(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `{"$numberDouble":"NaN"}`...)
	case math.IsInf(f, 1):
		return append(dst, `{"$numberDouble":"Infinity"}`...)
	case math.IsInf(f, -1):
		return append(dst, `{"$numberDouble":"-Infinity"}`...)
	}
	start := len(dst)
	if abs := math.Abs(f); abs < 1e21 && (abs >= 1e-6 || f == 0) {
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	} else {
		dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	if !e.lossless {
		return dst
	}
	for _, c := range dst[start:] {
		if c == '.' || c == 'e' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// maxDate is the last millisecond of the year 9999, which ISO 8601 can write.
const maxDate = 253402300799999

func (e encoder) date(dst []byte, ms int64) []byte {
	if e.client {
		return append(strconv.AppendInt(append(dst, `{"$date":`...), ms, 10), '}')
	}
	if e.lossless && ms >= 0 && ms <= maxDate {
		dst = append(dst, `{"$date":"`...)
		return append(time.UnixMilli(ms).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z"), `"}`...)
	}
	dst = append(dst, `{"$date":{"$numberLong":"`...)
	return append(strconv.AppendInt(dst, ms, 10), `"}}`...)
}

func (e encoder) objectID(dst, id []byte) []byte {
	if !e.lossless {
		return append(hex.AppendEncode(append(dst, '"'), id), '"')
	}
	return append(hex.AppendEncode(append(dst, `{"$oid":"`...), id), `"}`...)
}

// rare appends what the SDKs cannot send, and what they can but seldom do.
func (e encoder) rare(dst []byte, v bson.RawValue) []byte {
	switch v.Type {
	case bson.TypeRegex:
		pattern, options, _, _ := bsoncore.ReadRegex(v.Value)
		if e.client {
			dst = append(appendText(append(dst, `{"$regex":`...), []byte(pattern)), `,"$options":`...)
			return append(appendText(dst, []byte(options)), '}')
		}
		dst = append(appendText(append(dst, `{"$regularExpression":{"pattern":`...), []byte(pattern)), `,"options":`...)
		return append(appendText(dst, []byte(options)), `}}`...)
	case bson.TypeBinary:
		subtype, data, _, _ := bsoncore.ReadBinary(v.Value)
		dst = append(dst, `{"$binary":{"base64":"`...)
		dst = append(base64.StdEncoding.AppendEncode(dst, data), `","subType":"`...)
		return append(hex.AppendEncode(dst, []byte{subtype}), `"}}`...)
	case bson.TypeDecimal128:
		return e.decimal(dst, v)
	case bson.TypeTimestamp:
		t, i, _, _ := bsoncore.ReadTimestamp(v.Value)
		dst = strconv.AppendUint(append(dst, `{"$timestamp":{"t":`...), uint64(t), 10)
		return append(strconv.AppendUint(append(dst, `,"i":`...), uint64(i), 10), `}}`...)
	case bson.TypeMinKey:
		return append(dst, `{"$minKey":1}`...)
	case bson.TypeMaxKey:
		return append(dst, `{"$maxKey":1}`...)
	}
	return append(dst, "null"...)
}

func (e encoder) decimal(dst []byte, v bson.RawValue) []byte {
	high, low, _, ok := bsoncore.ReadDecimal128(v.Value)
	if !e.lossless || !ok {
		f, _ := value.Float(v)
		return e.double(dst, f)
	}
	dst = append(dst, `{"$numberDecimal":"`...)
	return append(append(dst, bson.NewDecimal128(high, low).String()...), `"}`...)
}

const hexDigits = "0123456789abcdef"

// appendText appends a JSON string. Bytes that are no UTF-8 become U+FFFD.
func appendText(dst, s []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
			dst = append(append(dst, s[start:i]...), "\ufffd"...)
			i++
			start = i
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}
