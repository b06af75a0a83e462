package value

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// sideOn marks a number that is exactly its double; 0 lies below it, 2 above.
const sideOn byte = 1

// AppendKey appends bytes whose order under bytes.Compare is the order of the
// values under Compare; equal values give equal bytes. No key is the beginning of
// another, so keys appended one after the other order like tuples. Missing is
// encoded as null. With descending every byte is inverted, which turns the order
// round.
func AppendKey(dst []byte, v bson.RawValue, descending bool) []byte {
	start := len(dst)
	dst = appendKey(dst, v)
	if descending {
		invert(dst[start:])
	}
	return dst
}

func appendKey(dst []byte, v bson.RawValue) []byte {
	class := Bracket(v.Type)
	if class == bracketMissing {
		class = bracketNull
	}
	dst = append(dst, class)
	switch class {
	case bracketNumber:
		return appendNumberKey(dst, v)
	case bracketString, bracketCode:
		return appendText(dst, text(v.Value))
	case bracketObject:
		return appendDocumentKey(dst, v.Value)
	case bracketArray:
		return appendArrayKey(dst, v.Value)
	case bracketBinary:
		body := binaryBody(v.Value)
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(body)))
		return append(dst, body...)
	case bracketDate:
		return binary.BigEndian.AppendUint64(dst, word(v.Value)^(1<<63))
	case bracketTimestamp:
		return binary.BigEndian.AppendUint64(dst, word(v.Value))
	case bracketObjectID:
		return appendFixed(dst, v.Value, 12)
	case bracketBool:
		return appendFixed(dst, v.Value, 1)
	}
	return appendRareKey(dst, class, v.Value)
}

func appendRareKey(dst []byte, class byte, b []byte) []byte {
	switch class {
	case bracketRegex:
		pattern, options, _ := bytes.Cut(b, []byte{0})
		dst = appendText(dst, pattern)
		return appendText(dst, bytes.TrimSuffix(options, []byte{0}))
	case bracketDBPointer:
		dst = appendText(dst, text(b))
		return appendFixed(dst, b[max(0, len(b)-12):], 12)
	case bracketScoped:
		if len(b) < 8 {
			return append(dst, 0, 0, 0)
		}
		code := text(b[4:])
		dst = appendText(dst, code)
		return appendDocumentKey(dst, b[min(len(b), 9+len(code)):])
	}
	return dst
}

// appendText escapes zero bytes as 0x00 0xFF and ends with 0x00 0x00, so that a
// text comes before every longer one that it begins.
func appendText(dst, s []byte) []byte {
	for {
		zero := bytes.IndexByte(s, 0)
		if zero < 0 {
			dst = append(dst, s...)
			return append(dst, 0, 0)
		}
		dst = append(dst, s[:zero]...)
		dst = append(dst, 0, 0xFF)
		s = s[zero+1:]
	}
}

// appendFixed appends exactly n bytes, cut or filled with zeros.
func appendFixed(dst, b []byte, n int) []byte {
	for i := range n {
		if i < len(b) {
			dst = append(dst, b[i])
			continue
		}
		dst = append(dst, 0)
	}
	return dst
}

// appendDocumentKey writes class, name and value of each field in the order in
// which documents compare; a zero byte, lower than any class, ends it.
func appendDocumentKey(dst []byte, doc bson.Raw) []byte {
	it := Iterate(doc)
	for it.Next() {
		dst = append(dst, Bracket(it.value.Type))
		dst = append(dst, it.key...)
		dst = append(dst, 0)
		dst = appendKey(dst, it.value)
	}
	return append(dst, 0)
}

func appendArrayKey(dst []byte, array bson.Raw) []byte {
	it := Iterate(array)
	for it.Next() {
		dst = appendKey(dst, it.value)
	}
	return append(dst, 0)
}

// appendNumberKey writes the nearest double in an order-preserving form and on
// which side of it the exact value lies. Only integers beyond 2^53 and decimals
// lie beside a double; their decimal digits follow, which tell apart all values
// that share a double.
func appendNumberKey(dst []byte, v bson.RawValue) []byte {
	switch v.Type {
	case bson.TypeDouble:
		return append(appendFloat(dst, math.Float64frombits(word(v.Value))), sideOn)
	case bson.TypeDecimal128:
		d := decimalOf(v.Value)
		f, side := d.nearest()
		dst = append(appendFloat(dst, f), byte(side+1))
		if side == 0 {
			return dst
		}
		return appendDigits(dst, d.coefficient, d.exponent)
	}
	i, _ := integer(v)
	f := float64(i)
	side := compareIntFloat(i, f)
	dst = append(appendFloat(dst, f), byte(side+1))
	if side == 0 {
		return dst
	}
	return appendDigits(dst, big.NewInt(i), 0)
}

// appendFloat writes a double so that bytes order like numbers: NaN first, and no
// difference between the two zeros.
func appendFloat(dst []byte, f float64) []byte {
	if f != f {
		return binary.BigEndian.AppendUint64(dst, 0)
	}
	bits := math.Float64bits(f)
	if f == 0 {
		bits = 0
	}
	if bits>>63 != 0 {
		return binary.BigEndian.AppendUint64(dst, ^bits)
	}
	return binary.BigEndian.AppendUint64(dst, bits|1<<63)
}

// appendDigits writes coefficient × 10^exponent as the power of its first digit
// and its digits, without trailing zeros; inverted when negative.
func appendDigits(dst []byte, coefficient *big.Int, exponent int) []byte {
	start := len(dst)
	digits := new(big.Int).Abs(coefficient).Append(nil, 10)
	power := len(digits) - 1 + exponent
	dst = binary.BigEndian.AppendUint16(dst, uint16(power+1<<15))
	dst = append(dst, bytes.TrimRight(digits, "0")...)
	dst = append(dst, 0)
	if coefficient.Sign() < 0 {
		invert(dst[start:])
	}
	return dst
}

func invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}
