package value

import "go.mongodb.org/mongo-driver/v2/bson"

// Walk visits every value that a query on path p considers, as MongoDB does:
//   - an array on the way is entered implicitly (its objects are searched for the
//     rest of the path) and by index when the next segment is a number;
//   - an array directly inside an array is entered by index only;
//   - where an object or a scalar lacks the next field, missing is visited, but the
//     scalars of an array that was entered implicitly are passed over in silence;
//   - an array at the end of the path is visited whole.
//
// It stops when visit returns false. Nothing may be visited at all.
func Walk(doc bson.Raw, p Path, visit func(v bson.RawValue) bool) {
	if len(p) == 0 {
		return
	}
	walkObject(doc, p, visit)
}

// walkObject reports false when the walk was stopped.
func walkObject(doc bson.Raw, p Path, visit func(v bson.RawValue) bool) bool {
	for i, segment := range p {
		body, ok := bodyOf(doc)
		if !ok {
			return visit(bson.RawValue{})
		}
		v := find(body, segment)
		if i == len(p)-1 {
			return visit(v)
		}
		switch v.Type {
		case bson.TypeEmbeddedDocument:
			doc = v.Value
		case bson.TypeArray:
			return walkArray(v.Value, p[i+1:], visit)
		default:
			return visit(bson.RawValue{})
		}
	}
	return true
}

// walkArray searches the elements of an array for a path of one segment or more.
func walkArray(array bson.Raw, p Path, visit func(v bson.RawValue) bool) bool {
	index, numeric := arrayIndex(p[0])
	it := Iterate(array)
	for i := 0; it.Next(); i++ {
		v := it.value
		if v.Type == bson.TypeEmbeddedDocument && !walkObject(v.Value, p, visit) {
			return false
		}
		if numeric && i == index && !walkIndexed(v, p[1:], visit) {
			return false
		}
	}
	return true
}

// walkIndexed continues behind an element that the path named by its index.
func walkIndexed(v bson.RawValue, rest Path, visit func(v bson.RawValue) bool) bool {
	switch {
	case len(rest) == 0:
		return visit(v)
	case v.Type == bson.TypeEmbeddedDocument:
		return walkObject(v.Value, rest, visit)
	case v.Type == bson.TypeArray:
		return walkArray(v.Value, rest, visit)
	}
	return true
}

// IndexValues returns what an index on path p holds of a document: each value that
// Walk visits, and of an array at the end both the whole array and each element.
// A missing branch counts as null, and a document where nothing is visited has one
// null, so that every document has at least one value. Values may repeat.
func IndexValues(doc bson.Raw, p Path) []bson.RawValue {
	values := make([]bson.RawValue, 0, 1)
	Walk(doc, p, func(v bson.RawValue) bool {
		if v.Type == 0 {
			v = Null()
		}
		values = append(values, v)
		if v.Type == bson.TypeArray {
			it := Iterate(v.Value)
			for it.Next() {
				values = append(values, it.value)
			}
		}
		return true
	})
	if len(values) == 0 {
		values = append(values, Null())
	}
	return values
}
