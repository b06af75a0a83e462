package query

import (
	"math"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
)

// simple makes the leaf of an operator that looks at single values.
func simple(path value.Path, name string, v bson.RawValue, all bson.Raw) (node, error) {
	leaf := node{kind: kindLeaf, path: path}
	var err error
	switch name {
	case "$mod":
		leaf.test, err = mod(v)
	case "$size":
		leaf.whole = true
		leaf.test, err = size(v)
	case "$type":
		leaf.test, err = typed(v)
	case "$regex":
		return regexOperator(path, v, all)
	case "$bitsAllSet", "$bitsAnySet", "$bitsAllClear", "$bitsAnyClear":
		leaf.test, err = bits(name, v)
	case "$geoWithin", "$within", "$geoIntersects":
		return geoLeaf(path, name, v)
	default:
		err = unknown(name)
	}
	return leaf, err
}

// truncated returns a number without its fraction; false for what has none.
func truncated(v bson.RawValue) (int64, bool) {
	if i, ok := value.Int64(v); ok {
		return i, true
	}
	f, ok := value.Float(v)
	f = math.Trunc(f)
	if !ok || math.IsNaN(f) || f < -(1<<63) || f >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

func mod(v bson.RawValue) (func(bson.RawValue) bool, error) {
	array, ok := value.AsArray(v)
	var parts []int64
	it := value.Iterate(array)
	for ok && it.Next() {
		n, number := truncated(it.Value())
		if !number {
			return nil, misuse("$mod", "docdb.operator_mod")
		}
		parts = append(parts, n)
	}
	if len(parts) != 2 || parts[0] == 0 {
		return nil, misuse("$mod", "docdb.operator_mod")
	}
	return func(w bson.RawValue) bool {
		n, ok := truncated(w)
		if parts[0] == -1 {
			return ok && parts[1] == 0 // what the processor cannot divide
		}
		return ok && n%parts[0] == parts[1]
	}, nil
}

func size(v bson.RawValue) (func(bson.RawValue) bool, error) {
	want, ok := value.Int64(v)
	if !ok || want < 0 {
		return nil, misuse("$size", "docdb.operator_size")
	}
	return func(w bson.RawValue) bool {
		array, ok := value.AsArray(w)
		if !ok {
			return false
		}
		n := int64(0)
		it := value.Iterate(array)
		for it.Next() {
			n++
		}
		return n == want
	}, nil
}

// typeNames are the names that $type takes, with the numbers of BSON.
var typeNames = map[string][]bson.Type{
	"double": {bson.TypeDouble}, "string": {bson.TypeString}, "object": {bson.TypeEmbeddedDocument}, "array": {bson.TypeArray},
	"binData": {bson.TypeBinary}, "undefined": {bson.TypeUndefined}, "objectId": {bson.TypeObjectID}, "bool": {bson.TypeBoolean},
	"date": {bson.TypeDateTime}, "null": {bson.TypeNull}, "regex": {bson.TypeRegex}, "dbPointer": {bson.TypeDBPointer},
	"javascript": {bson.TypeJavaScript}, "symbol": {bson.TypeSymbol}, "javascriptWithScope": {bson.TypeCodeWithScope},
	"int": {bson.TypeInt32}, "timestamp": {bson.TypeTimestamp}, "long": {bson.TypeInt64}, "decimal": {bson.TypeDecimal128},
	"minKey": {bson.TypeMinKey}, "maxKey": {bson.TypeMaxKey},
	"number": {bson.TypeDouble, bson.TypeInt32, bson.TypeInt64, bson.TypeDecimal128},
}

func typed(v bson.RawValue) (func(bson.RawValue) bool, error) {
	var types []bson.Type
	list := []bson.RawValue{v}
	if array, ok := value.AsArray(v); ok {
		list = nil
		it := value.Iterate(array)
		for it.Next() {
			list = append(list, it.Value())
		}
	}
	for _, one := range list {
		if name, ok := value.Text(one); ok {
			named, known := typeNames[string(name)]
			if !known {
				return nil, misuse("$type", "docdb.operator_type")
			}
			types = append(types, named...)
			continue
		}
		n, ok := value.Int64(one)
		switch {
		case ok && n == -1:
			n = int64(bson.TypeMinKey)
		case !ok || n < 1 || n > 19 && n != int64(bson.TypeMaxKey):
			return nil, misuse("$type", "docdb.operator_type")
		}
		types = append(types, bson.Type(n))
	}
	if len(types) == 0 {
		return nil, misuse("$type", "docdb.operator_type")
	}
	return func(w bson.RawValue) bool { return slices.Contains(types, w.Type) }, nil
}

// bits reads a bit mask: a number, a list of positions, or bytes.
func bits(name string, v bson.RawValue) (func(bson.RawValue) bool, error) {
	positions, err := bitPositions(name, v)
	if err != nil {
		return nil, err
	}
	all := name == "$bitsAllSet" || name == "$bitsAllClear"
	set := name == "$bitsAllSet" || name == "$bitsAnySet"
	return func(w bson.RawValue) bool {
		bit, ok := bitReader(w)
		if !ok {
			return false
		}
		for _, p := range positions {
			if (bit(p) == set) != all {
				return !all
			}
		}
		return all
	}, nil
}

func bitPositions(name string, v bson.RawValue) ([]int, error) {
	var out []int
	if array, ok := value.AsArray(v); ok {
		it := value.Iterate(array)
		for it.Next() {
			n, ok := value.Int64(it.Value())
			if !ok || n < 0 || n > 1<<20 {
				return nil, misuse(name, "docdb.operator_bits")
			}
			out = append(out, int(n))
		}
		return out, nil
	}
	mask, isNumber := value.Int64(v)
	bit, ok := bitReader(v)
	if !ok || isNumber && mask < 0 {
		return nil, misuse(name, "docdb.operator_bits")
	}
	length := 64
	if v.Type == bson.TypeBinary {
		length = 8 * len(v.Value)
	}
	for p := range length {
		if bit(p) {
			out = append(out, p)
		}
	}
	return out, nil
}

// bitReader reads single bits of a whole number, with its sign extended, or of
// bytes.
func bitReader(v bson.RawValue) (func(int) bool, bool) {
	if v.Type == bson.TypeBinary {
		_, data, _, ok := bsoncore.ReadBinary(v.Value)
		return func(p int) bool { return p/8 < len(data) && data[p/8]>>(p%8)&1 == 1 }, ok
	}
	n, ok := value.Int64(v)
	return func(p int) bool { return n>>min(p, 63)&1 == 1 }, ok
}
