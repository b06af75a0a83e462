package value

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/models"
)

// maxSegments bounds a path; documents nest no deeper.
const maxSegments = 100

// Path is a dotted path split into its segments, at least one, none empty.
type Path []string

// ParsePath splits a dotted path. It refuses (CodeInvalid) the empty path, empty
// segments, NUL and more than 100 segments.
func ParsePath(s string) (Path, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return nil, models.E(models.CodeInvalid, "docdb.path_nul")
	}
	if strings.Count(s, ".") >= maxSegments {
		return nil, models.E(models.CodeInvalid, "docdb.path_long", "limit", maxSegments)
	}
	p := Path(strings.Split(s, "."))
	for _, segment := range p {
		if segment == "" {
			return nil, models.E(models.CodeInvalid, "docdb.path_empty", "path", s)
		}
	}
	return p, nil
}

// String joins the segments again.
func (p Path) String() string { return strings.Join(p, ".") }

// Get follows the path strictly: fields of objects, and elements of arrays by
// numeric index. It returns missing where the path ends.
func Get(doc bson.Raw, p Path) bson.RawValue {
	v := bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: doc}
	for _, segment := range p {
		v = child(v, segment)
		if v.Type == 0 {
			return bson.RawValue{}
		}
	}
	return v
}

// child returns a field of an object or an element of an array by its index.
func child(v bson.RawValue, segment string) bson.RawValue {
	if v.Type != bson.TypeEmbeddedDocument && v.Type != bson.TypeArray {
		return bson.RawValue{}
	}
	body, ok := bodyOf(v.Value)
	if !ok {
		return bson.RawValue{}
	}
	if v.Type == bson.TypeEmbeddedDocument {
		return find(body, segment)
	}
	index, ok := arrayIndex(segment)
	if !ok {
		return bson.RawValue{}
	}
	return at(v.Value, index)
}

// at returns the element at a position of an array. It counts positions and does
// not trust the names of the elements.
func at(array bson.Raw, index int) bson.RawValue {
	it := Iterate(array)
	for it.Next() {
		if index == 0 {
			return it.value
		}
		index--
	}
	return bson.RawValue{}
}

// arrayIndex reads a segment such as "0" or "12"; "01" and "-1" are names only.
func arrayIndex(segment string) (int, bool) {
	if segment == "" || len(segment) > 9 || (segment[0] == '0' && len(segment) > 1) {
		return 0, false
	}
	n := 0
	for i := range len(segment) {
		digit := segment[i] - '0'
		if digit > 9 {
			return 0, false
		}
		n = n*10 + int(digit)
	}
	return n, true
}
