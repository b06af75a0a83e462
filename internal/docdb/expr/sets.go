package expr

import (
	"math"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// setOf returns the distinct elements of an array in order.
func setOf(v bson.RawValue) ([]bson.RawValue, bool) {
	l, ok := elements(v)
	slices.SortFunc(l, value.Compare)
	return slices.CompactFunc(l, value.Equal), ok
}

func has(set []bson.RawValue, v bson.RawValue) bool {
	_, ok := slices.BinarySearchFunc(set, v, value.Compare)
	return ok
}

func minus(a, b []bson.RawValue) []bson.RawValue {
	var out []bson.RawValue
	for _, v := range a {
		if !has(b, v) {
			out = append(out, v)
		}
	}
	return out
}

func setUnion(a []bson.RawValue) (bson.RawValue, bool) {
	if anyNullish(a) {
		return value.Null(), true
	}
	all, ok := concatArrays(a)
	if !ok {
		return all, false
	}
	set, ok := setOf(all)
	return listOf(set), ok
}

func setIntersection(a []bson.RawValue) (bson.RawValue, bool) {
	if anyNullish(a) {
		return value.Null(), true
	}
	var out []bson.RawValue
	for i, v := range a {
		set, ok := setOf(v)
		if !ok {
			return v, false
		}
		if i == 0 {
			out = set
			continue
		}
		out = minus(out, minus(out, set))
	}
	return listOf(out), true
}

func setDifference(a []bson.RawValue) (bson.RawValue, bool) {
	if anyNullish(a) {
		return value.Null(), true
	}
	l, ok1 := elements(a[0])
	without, ok2 := setOf(a[1])
	distinct, _ := setOf(a[0])
	given := make([]bool, len(distinct))
	var out []bson.RawValue
	for _, v := range l {
		at, _ := slices.BinarySearchFunc(distinct, v, value.Compare)
		if !given[at] && !has(without, v) {
			out = append(out, v)
		}
		given[at] = true
	}
	return listOf(out), ok1 && ok2
}

func setEquals(a []bson.RawValue) (bson.RawValue, bool) {
	first, ok := setOf(a[0])
	same := true
	for _, v := range a[1:] {
		set, isArray := setOf(v)
		ok = ok && isArray
		same = same && slices.EqualFunc(first, set, value.Equal)
	}
	return value.Bool(same), ok
}

// statistic makes an accumulator that works on its arguments, or on the elements
// of its only one.
func statistic(call func([]bson.RawValue) bson.RawValue) operator {
	return operator{least: 1, most: -1, apart: true, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		if len(a) == 1 {
			if l, ok := elements(a[0]); ok {
				a = l
			}
		}
		return call(a), true
	}}
}

// sum adds the numbers among the values.
func sum(list []bson.RawValue) bson.RawValue {
	total := value.Int32(0)
	for _, v := range list {
		if value.IsNumber(v) {
			total, _ = value.Add(total, v)
		}
	}
	return total
}

func average(list []bson.RawValue) bson.RawValue {
	n := 0
	for _, v := range list {
		if value.IsNumber(v) {
			n++
		}
	}
	if n == 0 {
		return value.Null()
	}
	total, _ := value.Float(sum(list))
	return value.Double(total / float64(n))
}

// extreme returns the lowest or highest value; null and missing do not count.
func extreme(list []bson.RawValue, sign int) bson.RawValue {
	best := value.Null()
	for _, v := range list {
		if !nullish(v) && (nullish(best) || sign*value.Compare(v, best) > 0) {
			best = v
		}
	}
	return best
}

// deviation is the standard deviation of the numbers among the values; less is 1
// for that of a sample.
func deviation(list []bson.RawValue, less int) bson.RawValue {
	var numbers []float64
	for _, v := range list {
		if f, ok := value.Float(v); ok {
			numbers = append(numbers, f)
		}
	}
	return Deviation(numbers, less)
}

// Deviation returns the standard deviation of numbers, null when there are too
// few: less is 0 for all values, 1 for a sample of them.
func Deviation(numbers []float64, less int) bson.RawValue {
	if len(numbers) <= less {
		return value.Null()
	}
	mean, squares := 0.0, 0.0
	for i, f := range numbers {
		d := f - mean
		mean += d / float64(i+1)
		squares += d * (f - mean)
	}
	return value.Double(math.Sqrt(squares / float64(len(numbers)-less)))
}
