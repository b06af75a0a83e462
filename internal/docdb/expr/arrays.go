package expr

import (
	"math"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

var arrayOperators = map[string]operator{
	"$arrayElemAt": {least: 2, most: 2, call: arrayElemAt}, "$first": {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) { return elementAt(a[0], 0) }},
	"$last":          {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) { return elementAt(a[0], -1) }},
	"$arrayToObject": {least: 1, most: 1, call: arrayToObject, apart: true}, "$objectToArray": {least: 1, most: 1, call: objectToArray, makes: pairs, apart: true},
	"$concatArrays": {least: 0, most: -1, call: concatArrays, makes: concatenated}, "$in": {least: 2, most: 2, call: contains},
	"$indexOfArray": {least: 2, most: 4, call: indexOfArray},
	"$isArray":      {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) { return value.Bool(a[0].Type == bson.TypeArray), true }},
	"$range":        {least: 2, most: 3, scoped: makeRange}, "$reverseArray": {least: 1, most: 1, call: reverse, apart: true},
	"$size": {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		_, n := weight(a[0])
		return value.Int32(int32(n)), a[0].Type == bson.TypeArray
	}},
	"$slice": {least: 2, most: 3, call: slice, apart: true}, "$zip": {named: []string{"inputs", "useLongestLength", "defaults"}, needed: 1, call: zip, makes: zipped, apart: true},
	"$mergeObjects": {least: 0, most: -1, call: mergeObjects, makes: merged, apart: true}, "$getField": {named: []string{"field", "input"}, needed: 2, call: getField},
	"$setField":   {named: []string{"field", "input", "value"}, needed: 3, call: setField, apart: true},
	"$unsetField": {named: []string{"field", "input"}, needed: 2, call: setField, apart: true},
	"$allElementsTrue": {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		return value.Bool(!someElement(a[0], func(v bson.RawValue) bool { return !value.Truthy(v) })), a[0].Type == bson.TypeArray
	}},
	"$anyElementTrue": {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		return value.Bool(someElement(a[0], value.Truthy)), a[0].Type == bson.TypeArray
	}},
	"$setUnion": {least: 0, most: -1, call: setUnion, makes: concatenated, apart: true}, "$setIntersection": {least: 0, most: -1, call: setIntersection, apart: true},
	"$setDifference": {least: 2, most: 2, call: setDifference, apart: true}, "$setEquals": {least: 2, most: -1, call: setEquals, apart: true},
	"$setIsSubset": {least: 2, most: 2, apart: true, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		x, ok1 := setOf(a[0])
		y, ok2 := setOf(a[1])
		return value.Bool(len(minus(x, y)) == 0), ok1 && ok2
	}},
	"$sum": statistic(sum), "$avg": statistic(average), "$min": statistic(func(l []bson.RawValue) bson.RawValue { return extreme(l, -1) }),
	"$max":       statistic(func(l []bson.RawValue) bson.RawValue { return extreme(l, 1) }),
	"$stdDevPop": statistic(func(l []bson.RawValue) bson.RawValue { return deviation(l, 0) }), "$stdDevSamp": statistic(func(l []bson.RawValue) bson.RawValue { return deviation(l, 1) }),
}

// someElement reports whether an element of an array satisfies a test.
func someElement(v bson.RawValue, test func(v bson.RawValue) bool) bool {
	array, _ := value.AsArray(v)
	it := value.Iterate(array)
	for it.Next() {
		if test(it.Value()) {
			return true
		}
	}
	return false
}

func arrayElemAt(a []bson.RawValue) (bson.RawValue, bool) {
	if anyNullish(a) {
		return value.Null(), true
	}
	at, ok := wholeOf(a[1])
	if !ok {
		return a[1], false
	}
	return elementAt(a[0], at)
}

// elementAt counts from the end when at is negative; there is none outside.
func elementAt(v bson.RawValue, at int) (bson.RawValue, bool) {
	if nullish(v) {
		return value.Null(), true
	}
	if v.Type != bson.TypeArray {
		return bson.RawValue{}, false
	}
	if at < 0 {
		_, n := weight(v)
		at += n
	}
	if at >= 0 {
		it := value.Iterate(v.Value)
		for it.Next() {
			if at == 0 {
				return it.Value(), true
			}
			at--
		}
	}
	return bson.RawValue{}, true
}

func concatArrays(a []bson.RawValue) (bson.RawValue, bool) {
	if anyNullish(a) {
		return value.Null(), true
	}
	out := newList()
	for _, v := range a {
		array, ok := value.AsArray(v)
		if !ok {
			return v, false
		}
		it := value.Iterate(array)
		for it.Next() {
			out.add(it.Value())
		}
	}
	return out.value(), true
}

func contains(a []bson.RawValue) (bson.RawValue, bool) {
	return value.Bool(someElement(a[1], func(e bson.RawValue) bool { return value.Equal(e, a[0]) })), a[1].Type == bson.TypeArray
}

// window reads the optional start and end of a search in n elements.
func window(a []bson.RawValue, n int) (from, to int, ok bool) {
	to = n
	if len(a) > 2 {
		if from, ok = wholeOf(a[2]); !ok || from < 0 {
			return 0, 0, false
		}
	}
	if len(a) > 3 {
		if to, ok = wholeOf(a[3]); !ok || to < 0 {
			return 0, 0, false
		}
	}
	to = min(to, n)
	return min(from, to), to, true
}

func indexOfArray(a []bson.RawValue) (bson.RawValue, bool) {
	if nullish(a[0]) {
		return value.Null(), true
	}
	from, to, ok := window(a, math.MaxInt32)
	if !ok || a[0].Type != bson.TypeArray {
		return a[0], false
	}
	it := value.Iterate(a[0].Value)
	for i := 0; i < to && it.Next(); i++ {
		if i >= from && value.Equal(it.Value(), a[1]) {
			return value.Int32(int32(i)), true
		}
	}
	return value.Int32(-1), true
}

// makeRange is $range.
func makeRange(s *Scope, name string, a []bson.RawValue) (bson.RawValue, error) {
	parts := [3]int{0, 0, 1}
	for i, v := range a {
		var ok bool
		if parts[i], ok = wholeOf(v); !ok {
			return v, wrong(name)
		}
	}
	from, to, step := parts[0], parts[1], parts[2]
	if step == 0 || (to-from)/step > maxRange {
		return a[0], wrong(name)
	}
	if err := s.Budget.Hold(max(0, (to-from)/step+1) * (headBytes + 4)); err != nil {
		return a[0], err
	}
	out := newList()
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		if err := s.Budget.Spend(1); err != nil {
			return a[0], err
		}
		out.add(value.Int32(int32(i)))
	}
	return sized(out.value())
}

func reverse(a []bson.RawValue) (bson.RawValue, bool) {
	if nullish(a[0]) {
		return value.Null(), true
	}
	l, ok := elements(a[0])
	slices.Reverse(l)
	return listOf(l), ok
}

func slice(a []bson.RawValue) (bson.RawValue, bool) {
	if anyNullish(a) {
		return value.Null(), true
	}
	l, ok := elements(a[0])
	n, whole := wholeOf(a[1])
	if !ok || !whole {
		return a[0], false
	}
	if len(a) == 2 {
		if n >= 0 {
			return listOf(l[:min(n, len(l))]), true
		}
		return listOf(l[max(0, len(l)+n):]), true
	}
	count, whole := wholeOf(a[2])
	if !whole || count <= 0 {
		return a[2], false
	}
	if n < 0 {
		n = max(0, len(l)+n)
	}
	n = min(n, len(l))
	return listOf(l[n:min(len(l), n+count)]), true
}

func zip(a []bson.RawValue) (bson.RawValue, bool) {
	inputs, ok := elements(a[0])
	defaults, _ := elements(a[2])
	if nullish(a[0]) || anyNullish(inputs) {
		return value.Null(), true
	}
	longest := value.Truthy(a[1])
	if !ok || len(inputs) == 0 || len(defaults) > 0 && (!longest || len(defaults) != len(inputs)) {
		return a[0], false
	}
	columns := make([][]bson.RawValue, len(inputs))
	n := -1
	for i, v := range inputs {
		if columns[i], ok = elements(v); !ok {
			return v, false
		}
		if n < 0 || longest && len(columns[i]) > n || !longest && len(columns[i]) < n {
			n = len(columns[i])
		}
	}
	out := newList()
	for row := range n {
		line := newList()
		for i, column := range columns {
			switch {
			case row < len(column):
				line.add(column[row])
			case i < len(defaults):
				line.add(defaults[i])
			default:
				line.add(value.Null())
			}
		}
		out.add(line.value())
	}
	return out.value(), true
}
