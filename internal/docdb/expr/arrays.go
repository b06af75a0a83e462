package expr

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
)

var arrayOperators = map[string]operator{
	"$arrayElemAt": {least: 2, most: 2, call: arrayElemAt}, "$first": {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) { return elementAt(a[0], 0) }},
	"$last":          {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) { return elementAt(a[0], -1) }},
	"$arrayToObject": {least: 1, most: 1, call: arrayToObject}, "$objectToArray": {least: 1, most: 1, call: objectToArray},
	"$concatArrays": {least: 0, most: -1, call: concatArrays}, "$in": {least: 2, most: 2, call: contains},
	"$indexOfArray": {least: 2, most: 4, call: indexOfArray},
	"$isArray":      {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) { return value.Bool(a[0].Type == bson.TypeArray), true }},
	"$range":        {least: 2, most: 3, call: makeRange}, "$reverseArray": {least: 1, most: 1, call: reverse},
	"$size": {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		l, ok := elements(a[0])
		return value.Int32(int32(len(l))), ok
	}},
	"$slice": {least: 2, most: 3, call: slice}, "$zip": {named: []string{"inputs", "useLongestLength", "defaults"}, needed: 1, call: zip},
	"$mergeObjects": {least: 0, most: -1, call: mergeObjects}, "$getField": {named: []string{"field", "input"}, needed: 2, call: getField},
	"$setField":   {named: []string{"field", "input", "value"}, needed: 3, call: setField},
	"$unsetField": {named: []string{"field", "input"}, needed: 2, call: setField},
	"$allElementsTrue": {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		l, ok := elements(a[0])
		return value.Bool(!slices.ContainsFunc(l, func(v bson.RawValue) bool { return !value.Truthy(v) })), ok
	}},
	"$anyElementTrue": {least: 1, most: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		l, ok := elements(a[0])
		return value.Bool(slices.ContainsFunc(l, value.Truthy)), ok
	}},
	"$setUnion": {least: 0, most: -1, call: setUnion}, "$setIntersection": {least: 0, most: -1, call: setIntersection},
	"$setDifference": {least: 2, most: 2, call: setDifference}, "$setEquals": {least: 2, most: -1, call: setEquals},
	"$setIsSubset": {least: 2, most: 2, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		x, ok1 := setOf(a[0])
		y, ok2 := setOf(a[1])
		return value.Bool(len(minus(x, y)) == 0), ok1 && ok2
	}},
	"$sum": statistic(sum), "$avg": statistic(average), "$min": statistic(func(l []bson.RawValue) bson.RawValue { return extreme(l, -1) }),
	"$max":       statistic(func(l []bson.RawValue) bson.RawValue { return extreme(l, 1) }),
	"$stdDevPop": statistic(func(l []bson.RawValue) bson.RawValue { return deviation(l, 0) }), "$stdDevSamp": statistic(func(l []bson.RawValue) bson.RawValue { return deviation(l, 1) }),
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
	l, ok := elements(v)
	if at < 0 {
		at += len(l)
	}
	if !ok || at < 0 || at >= len(l) {
		return bson.RawValue{}, ok
	}
	return l[at], true
}

// arrayToObject reads [[k, v], …] or [{k, v}, …].
func arrayToObject(a []bson.RawValue) (bson.RawValue, bool) {
	if nullish(a[0]) {
		return value.Null(), true
	}
	l, ok := elements(a[0])
	if !ok {
		return a[0], false
	}
	var members []member
	for _, e := range l {
		k, v := bson.RawValue{}, bson.RawValue{}
		if doc, isDoc := value.AsDocument(e); isDoc {
			k, v = value.Get(doc, value.Path{"k"}), value.Get(doc, value.Path{"v"})
		} else if pair, _ := elements(e); len(pair) == 2 {
			k, v = pair[0], pair[1]
		}
		key, isText := textOf(k)
		if !isText || v.Type == 0 {
			return e, false
		}
		members = setMember(members, key, v)
	}
	return objectOf(members), true
}

type member struct {
	key string
	v   bson.RawValue
}

// setMember replaces a member in its place, or adds it at the end.
func setMember(members []member, key string, v bson.RawValue) []member {
	for i := range members {
		if members[i].key == key {
			members[i].v = v
			return members
		}
	}
	return append(members, member{key, v})
}

func membersOf(v bson.RawValue) ([]member, bool) {
	doc, ok := value.AsDocument(v)
	var out []member
	_ = value.Elements(doc, func(key string, v bson.RawValue) bool { out = append(out, member{key, v}); return true })
	return out, ok
}

func objectOf(members []member) bson.RawValue {
	start, dst := bsoncore.AppendDocumentStart(nil)
	for _, m := range members {
		if m.v.Type != 0 {
			dst = appendMember(dst, m.key, m.v)
		}
	}
	dst, _ = bsoncore.AppendDocumentEnd(dst, start)
	return value.Document(dst)
}

func objectToArray(a []bson.RawValue) (bson.RawValue, bool) {
	if nullish(a[0]) {
		return value.Null(), true
	}
	members, ok := membersOf(a[0])
	out := newList()
	for _, m := range members {
		out.add(objectOf([]member{{"k", value.String(m.key)}, {"v", m.v}}))
	}
	return out.value(), ok
}

func mergeObjects(a []bson.RawValue) (bson.RawValue, bool) {
	if len(a) == 1 {
		if l, ok := elements(a[0]); ok {
			a = l
		}
	}
	var out []member
	for _, v := range a {
		if nullish(v) {
			continue
		}
		members, ok := membersOf(v)
		if !ok {
			return v, false
		}
		for _, m := range members {
			out = setMember(out, m.key, m.v)
		}
	}
	return objectOf(out), true
}

func getField(a []bson.RawValue) (bson.RawValue, bool) {
	name, ok := textOf(a[0])
	if !ok || nullish(a[1]) {
		return a[1], ok
	}
	doc, isDoc := value.AsDocument(a[1])
	if !isDoc {
		return bson.RawValue{}, true
	}
	return value.Get(doc, value.Path{name}), true
}

// setField sets a member, or takes it out when no value is given.
func setField(a []bson.RawValue) (bson.RawValue, bool) {
	name, ok := textOf(a[0])
	if !ok || nullish(a[1]) {
		return value.Null(), ok
	}
	members, ok := membersOf(a[1])
	v := bson.RawValue{}
	if len(a) == 3 {
		v = a[2]
	}
	return objectOf(setMember(members, name, v)), ok
}

func concatArrays(a []bson.RawValue) (bson.RawValue, bool) {
	if anyNullish(a) {
		return value.Null(), true
	}
	out := newList()
	for _, v := range a {
		l, ok := elements(v)
		if !ok {
			return v, false
		}
		for _, e := range l {
			out.add(e)
		}
	}
	return out.value(), true
}

func contains(a []bson.RawValue) (bson.RawValue, bool) {
	l, ok := elements(a[1])
	return value.Bool(slices.ContainsFunc(l, func(e bson.RawValue) bool { return value.Equal(e, a[0]) })), ok
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
	l, isArray := elements(a[0])
	from, to, ok := window(a, len(l))
	if !ok || !isArray {
		return a[0], false
	}
	for i := from; i < to; i++ {
		if value.Equal(l[i], a[1]) {
			return value.Int32(int32(i)), true
		}
	}
	return value.Int32(-1), true
}

func makeRange(a []bson.RawValue) (bson.RawValue, bool) {
	parts := [3]int{0, 0, 1}
	for i, v := range a {
		var ok bool
		if parts[i], ok = wholeOf(v); !ok {
			return v, false
		}
	}
	from, to, step := parts[0], parts[1], parts[2]
	if step == 0 || (to-from)/step > maxRange {
		return a[0], false
	}
	out := newList()
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		out.add(value.Int32(int32(i)))
	}
	return out.value(), true
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
