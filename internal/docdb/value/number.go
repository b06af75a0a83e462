package value

import (
	"cmp"
	"encoding/binary"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// two63 is the first double above every int64.
const two63 = 1 << 63

// IsNumber reports whether v is an int32, int64, double or decimal.
func IsNumber(v bson.RawValue) bool { return Bracket(v.Type) == bracketNumber }

// Float returns a number as the nearest double; false when v is no number.
func Float(v bson.RawValue) (float64, bool) {
	switch v.Type {
	case bson.TypeDouble:
		return math.Float64frombits(word(v.Value)), len(v.Value) >= 8
	case bson.TypeInt32, bson.TypeInt64:
		i, ok := integer(v)
		return float64(i), ok
	case bson.TypeDecimal128:
		return decimalOf(v.Value).float(), len(v.Value) >= 16
	}
	return 0, false
}

// Int64 returns a number as an int64; false when v is no number, has a fraction or
// is out of range.
func Int64(v bson.RawValue) (int64, bool) {
	switch v.Type {
	case bson.TypeInt32, bson.TypeInt64:
		return integer(v)
	case bson.TypeDouble:
		f, ok := Float(v)
		if !ok || f != math.Trunc(f) || f < -two63 || f >= two63 {
			return 0, false
		}
		return int64(f), true
	case bson.TypeDecimal128:
		return decimalOf(v.Value).int64()
	}
	return 0, false
}

// integer reads an int32 or int64.
func integer(v bson.RawValue) (int64, bool) {
	if v.Type == bson.TypeInt32 {
		if len(v.Value) < 4 {
			return 0, false
		}
		return int64(int32(binary.LittleEndian.Uint32(v.Value))), true
	}
	return int64(word(v.Value)), len(v.Value) >= 8
}

// word reads eight bytes, least significant first; zero when there are fewer.
func word(b []byte) uint64 {
	if len(b) < 8 {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

// compareNumbers orders two numbers by their exact values; NaN is the lowest and
// equal to itself.
func compareNumbers(a, b bson.RawValue) int {
	if a.Type == bson.TypeDecimal128 || b.Type == bson.TypeDecimal128 {
		return compareKeys(a, b)
	}
	if a.Type == bson.TypeDouble {
		x := math.Float64frombits(word(a.Value))
		if b.Type == bson.TypeDouble {
			return cmp.Compare(x, math.Float64frombits(word(b.Value)))
		}
		j, _ := integer(b)
		return -compareIntFloat(j, x)
	}
	i, _ := integer(a)
	if b.Type == bson.TypeDouble {
		return compareIntFloat(i, math.Float64frombits(word(b.Value)))
	}
	j, _ := integer(b)
	return cmp.Compare(i, j)
}

// compareIntFloat compares without rounding the integer to a double.
func compareIntFloat(i int64, f float64) int {
	switch {
	case f != f, f < -two63:
		return 1
	case f >= two63:
		return -1
	}
	whole := int64(f)
	if i != whole {
		return cmp.Compare(i, whole)
	}
	return cmp.Compare(float64(whole), f)
}
