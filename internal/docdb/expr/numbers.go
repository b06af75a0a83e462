package expr

import (
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// numeric makes an operator on numbers that gives null for null.
func numeric(n int, call func(a []bson.RawValue) (bson.RawValue, bool)) operator {
	return operator{least: n, most: n, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		if anyNullish(a) {
			return value.Null(), true
		}
		for _, v := range a {
			if !value.IsNumber(v) {
				return v, false
			}
		}
		return call(a)
	}}
}

// double makes an operator whose result is a double; call reports what it is not
// defined for by NaN of a number.
func double(call func(f float64) float64) operator {
	return numeric(1, func(a []bson.RawValue) (bson.RawValue, bool) {
		f, _ := value.Float(a[0])
		out := call(f)
		return value.Double(out), !math.IsNaN(out) || math.IsNaN(f)
	})
}

func isWhole(v bson.RawValue) bool { return v.Type == bson.TypeInt32 || v.Type == bson.TypeInt64 }

// rounding keeps whole numbers as they are.
func rounding(call func(float64) float64) operator {
	return numeric(1, func(a []bson.RawValue) (bson.RawValue, bool) {
		if isWhole(a[0]) {
			return a[0], true
		}
		f, _ := value.Float(a[0])
		return value.Double(call(f)), true
	})
}

// toPlace makes $round and $trunc, which take a place after (or before) the point.
func toPlace(call func(float64) float64) operator {
	return operator{least: 1, most: 2, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		if anyNullish(a) {
			return value.Null(), true
		}
		place := 0
		if len(a) == 2 {
			var ok bool
			if place, ok = wholeOf(a[1]); !ok || place < -20 || place > 100 {
				return a[1], false
			}
		}
		f, ok := value.Float(a[0])
		if !ok || isWhole(a[0]) && place >= 0 {
			return a[0], ok
		}
		scale := math.Pow10(place)
		out := call(f*scale) / scale
		if math.IsInf(f*scale, 0) {
			out = f
		}
		return likeWhole(a[0], out), true
	}}
}

// likeWhole gives a result the type of a whole number when it came from one.
func likeWhole(from bson.RawValue, f float64) bson.RawValue {
	switch {
	case from.Type == bson.TypeInt32 && math.Abs(f) <= math.MaxInt32:
		return value.Int32(int32(f))
	case isWhole(from) && math.Abs(f) < 1<<63:
		return value.Int64Value(int64(f))
	}
	return value.Double(f)
}

func add(a []bson.RawValue) (bson.RawValue, bool) {
	sum := value.Int32(0)
	date, isDate := int64(0), false
	for _, v := range a {
		if nullish(v) {
			return value.Null(), true
		}
		if ms, ok := value.Millis(v); ok && !isDate {
			date, isDate = ms, true
			continue
		}
		if !value.IsNumber(v) {
			return v, false
		}
		sum, _ = value.Add(sum, v)
	}
	if !isDate {
		return sum, true
	}
	f, _ := value.Float(sum)
	return plusMillis(date, f)
}

func subtract(a []bson.RawValue) (bson.RawValue, bool) {
	if anyNullish(a) {
		return value.Null(), true
	}
	x, isDate := value.Millis(a[0])
	y, bothDates := value.Millis(a[1])
	switch {
	case isDate && bothDates:
		return value.Subtract(value.Int64Value(x), value.Int64Value(y))
	case isDate && value.IsNumber(a[1]):
		f, _ := value.Float(a[1])
		return plusMillis(x, -f)
	case !value.IsNumber(a[0]) || !value.IsNumber(a[1]):
		return a[0], false
	}
	d, _ := value.Subtract(a[0], a[1])
	return d, true
}

func multiply(a []bson.RawValue) (bson.RawValue, bool) {
	product := value.Int32(1)
	for _, v := range a {
		if nullish(v) {
			return value.Null(), true
		}
		if !value.IsNumber(v) {
			return v, false
		}
		product, _ = value.Multiply(product, v)
	}
	return product, true
}

func divide(a []bson.RawValue) (bson.RawValue, bool) {
	x, _ := value.Float(a[0])
	y, _ := value.Float(a[1])
	return value.Double(x / y), y != 0
}

func mod(a []bson.RawValue) (bson.RawValue, bool) {
	if isWhole(a[0]) && isWhole(a[1]) {
		x, _ := value.Int64(a[0])
		y, _ := value.Int64(a[1])
		switch y {
		case 0:
			return a[1], false
		case -1:
			x = 0
		default:
			x %= y
		}
		if a[0].Type == bson.TypeInt32 && a[1].Type == bson.TypeInt32 {
			return value.Int32(int32(x)), true
		}
		return value.Int64Value(x), true
	}
	x, _ := value.Float(a[0])
	y, _ := value.Float(a[1])
	return value.Double(math.Mod(x, y)), y != 0
}

func pow(a []bson.RawValue) (bson.RawValue, bool) {
	x, _ := value.Float(a[0])
	y, _ := value.Float(a[1])
	if x == 0 && y < 0 {
		return a[0], false
	}
	f := math.Pow(x, y)
	if isWhole(a[0]) && isWhole(a[1]) && y >= 0 && math.Abs(f) < 1<<53 {
		if a[0].Type == bson.TypeInt32 && a[1].Type == bson.TypeInt32 && math.Abs(f) <= math.MaxInt32 {
			return value.Int32(int32(f)), true
		}
		return value.Int64Value(int64(f)), true
	}
	return value.Double(f), true
}

func abs(a []bson.RawValue) (bson.RawValue, bool) {
	if value.Compare(a[0], value.Int32(0)) >= 0 {
		return a[0], true
	}
	f, _ := value.Float(a[0])
	if math.IsNaN(f) {
		return a[0], true
	}
	negated, ok := value.Multiply(a[0], value.Int32(-1))
	return negated, ok
}

func logTo(a []bson.RawValue) (bson.RawValue, bool) {
	x, _ := value.Float(a[0])
	base, _ := value.Float(a[1])
	return value.Double(math.Log(x) / math.Log(base)), x > 0 && base > 0 && base != 1
}

// positive is not defined for zero and below.
func positive(call func(float64) float64) func(float64) float64 {
	return func(f float64) float64 {
		if f <= 0 {
			return math.NaN()
		}
		return call(f)
	}
}
