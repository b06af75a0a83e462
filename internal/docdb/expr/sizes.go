package expr

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// headBytes is what the type and the index of an element take, at most.
const headBytes = 10

// pairs is how many bytes the array of names and values of an object takes.
func pairs(a []bson.RawValue) int {
	_, members := weight(a[0])
	return len(a[0].Value) + members*(headBytes+5+8+8)
}

// concatenated is how many bytes the arrays take one after the other: their
// elements get longer indexes.
func concatenated(a []bson.RawValue) int {
	bytes := 0
	for _, v := range a {
		_, members := weight(v)
		bytes += len(v.Value) + members*headBytes
	}
	return bytes
}

// merged is how much is taken apart by $mergeObjects of an array of objects.
func merged(a []bson.RawValue) int {
	bytes := 0
	for _, v := range a {
		bytes += len(v.Value)
		if v.Type != bson.TypeArray {
			continue
		}
		it := value.Iterate(v.Value)
		for it.Next() {
			_, members := weight(it.Value())
			bytes += members * memberBytes
		}
	}
	return bytes
}

// zipped is how many bytes the rows of $zip take, and taking its columns apart.
func zipped(a []bson.RawValue) int {
	lengths, rest, bytes := []int(nil), []int(nil), 0
	it := value.Iterate(a[0].Value)
	for a[0].Type == bson.TypeArray && it.Next() {
		_, members := weight(it.Value())
		lengths, bytes = append(lengths, members), bytes+len(it.Value().Value)+members*memberBytes
	}
	if len(lengths) == 0 {
		return 0
	}
	rows := slices.Min(lengths)
	if value.Truthy(a[1]) {
		rows = slices.Max(lengths)
	}
	it = value.Iterate(a[2].Value)
	for a[2].Type == bson.TypeArray && it.Next() {
		rest = append(rest, len(it.Value().Value))
	}
	for i, n := range lengths {
		if i < len(rest) {
			bytes += max(0, rows-n) * rest[i]
		}
	}
	return bytes + rows*len(lengths)*headBytes + rows*(headBytes+5)
}
