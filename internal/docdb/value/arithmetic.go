package value

import (
	"math"
	"math/bits"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Add adds two numbers: ints give an int, or a long when an int cannot hold the
// sum; with a double or decimal the sum is a double. ok is false when no long
// holds the sum of two longs; the result is then the nearest double.
func Add(a, b bson.RawValue) (sum bson.RawValue, ok bool) {
	return combine(a, b, func(x, y float64) float64 { return x + y }, func(x, y int64) (int64, bool) {
		s := x + y
		return s, y == 0 || (s > x) == (y > 0)
	})
}

// Multiply multiplies two numbers by the rules of Add.
func Multiply(a, b bson.RawValue) (product bson.RawValue, ok bool) {
	return combine(a, b, func(x, y float64) float64 { return x * y }, multiplyInt)
}

// Subtract subtracts b from a by the rules of Add.
func Subtract(a, b bson.RawValue) (difference bson.RawValue, ok bool) {
	return combine(a, b, func(x, y float64) float64 { return x - y }, func(x, y int64) (int64, bool) {
		d := x - y
		return d, y == 0 || (d < x) == (y > 0)
	})
}

func multiplyInt(x, y int64) (int64, bool) {
	high, low := bits.Mul64(magnitude(x), magnitude(y))
	negative := (x < 0) != (y < 0)
	if high != 0 || low > 1<<63 || low == 1<<63 && !negative {
		return 0, false
	}
	if negative {
		return -int64(low), true
	}
	return int64(low), true
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func combine(a, b bson.RawValue, float func(x, y float64) float64, whole func(x, y int64) (int64, bool)) (bson.RawValue, bool) {
	x, _ := Float(a)
	y, _ := Float(b)
	if !isInteger(a.Type) || !isInteger(b.Type) {
		return Double(float(x, y)), true
	}
	i, _ := integer(a)
	j, _ := integer(b)
	n, ok := whole(i, j)
	if !ok {
		return Double(float(x, y)), false
	}
	if a.Type == bson.TypeInt32 && b.Type == bson.TypeInt32 && n >= math.MinInt32 && n <= math.MaxInt32 {
		return Int32(int32(n)), true
	}
	return Int64Value(n), true
}

func isInteger(t bson.Type) bool { return t == bson.TypeInt32 || t == bson.TypeInt64 }
