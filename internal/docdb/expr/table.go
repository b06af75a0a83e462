package expr

import (
	"math"
	"math/rand/v2"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// operators are those that evaluate all arguments first.
var operators = merge(numberOperators, compareOperators, arrayOperators, textOperators, dateOperators, typeOperators)

func merge(tables ...map[string]operator) map[string]operator {
	out := map[string]operator{}
	for _, t := range tables {
		for name, op := range t {
			out[name] = op
		}
	}
	return out
}

var numberOperators = map[string]operator{
	"$add": {least: 0, most: -1, call: add}, "$subtract": {least: 2, most: 2, call: subtract}, "$multiply": {least: 0, most: -1, call: multiply},
	"$divide": numeric(2, divide), "$mod": numeric(2, mod), "$pow": numeric(2, pow), "$abs": numeric(1, abs), "$log": numeric(2, logTo),
	"$ceil": rounding(math.Ceil), "$floor": rounding(math.Floor), "$round": toPlace(math.RoundToEven), "$trunc": toPlace(math.Trunc),
	"$exp": double(math.Exp), "$sqrt": double(math.Sqrt), "$ln": double(positive(math.Log)), "$log10": double(positive(math.Log10)),
	"$sin": double(math.Sin), "$cos": double(math.Cos), "$tan": double(math.Tan), "$asin": double(math.Asin), "$acos": double(math.Acos),
	"$atan": double(math.Atan), "$sinh": double(math.Sinh), "$cosh": double(math.Cosh), "$tanh": double(math.Tanh),
	"$asinh": double(math.Asinh), "$acosh": double(math.Acosh), "$atanh": double(math.Atanh),
	"$degreesToRadians": double(func(f float64) float64 { return f * math.Pi / 180 }),
	"$radiansToDegrees": double(func(f float64) float64 { return f * 180 / math.Pi }),
	"$atan2": numeric(2, func(a []bson.RawValue) (bson.RawValue, bool) {
		y, _ := value.Float(a[0])
		x, _ := value.Float(a[1])
		return value.Double(math.Atan2(y, x)), true
	}),
	"$rand": {least: 0, most: 1, call: func([]bson.RawValue) (bson.RawValue, bool) { return value.Double(rand.Float64()), true }},
}

func comparison(hold func(c int) bool) operator {
	return operator{least: 2, most: 2, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		return value.Bool(hold(value.Compare(a[0], a[1]))), true
	}}
}

var compareOperators = map[string]operator{
	"$eq": comparison(func(c int) bool { return c == 0 }), "$ne": comparison(func(c int) bool { return c != 0 }),
	"$gt": comparison(func(c int) bool { return c > 0 }), "$gte": comparison(func(c int) bool { return c >= 0 }),
	"$lt": comparison(func(c int) bool { return c < 0 }), "$lte": comparison(func(c int) bool { return c <= 0 }),
	"$cmp": {least: 2, most: 2, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		c := value.Compare(a[0], a[1])
		return value.Int32(int32(min(1, max(-1, c)))), true
	}},
	"$not": {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) { return value.Bool(!value.Truthy(a[0])), true }},
}
