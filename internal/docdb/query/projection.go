package query

import (
	"context"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// Projection chooses fields of found documents: either what to keep or what to
// leave out, _id excepted.
type Projection struct {
	include bool
	id      bool
	fields  branch
}

// branch is a level of the tree of projected paths.
type branch struct {
	kids map[string]*branch
	// A branch without kids is a chosen field, perhaps with a part of its array.
	slice *slicing
	elem  *node
}

type slicing struct{ skip, limit int64 }

// ParseProjection reads a projection; nil keeps documents as they are.
func ParseProjection(p bson.Raw) (*Projection, error) {
	out := &Projection{id: true, fields: branch{kids: map[string]*branch{}}}
	included, excluded := false, false
	id := 0
	it := value.Iterate(p)
	for it.Next() {
		key := string(it.Key())
		mode, err := out.add(key, it.Value())
		if err != nil {
			return nil, err
		}
		switch {
		case key == "_id" && mode != keepPart:
			id = mode
			out.id = mode == keep
		case mode == keep:
			included = true
		case mode == leaveOut:
			excluded = true
		case mode == keepElem:
			included = true
		}
	}
	if it.Err() != nil {
		return nil, models.E(models.CodeInvalid, "docdb.malformed")
	}
	if included && excluded {
		return nil, models.E(models.CodeOperator, "docdb.projection_mixed")
	}
	out.include = included || !excluded && id == keep && len(out.fields.kids) == 0
	if !out.include && out.id && len(out.fields.kids) == 0 {
		return nil, nil //nolint:nilnil // nothing is projected
	}
	return out, nil
}

// What a member of a projection says.
const (
	keep = iota + 1
	leaveOut
	keepPart // $slice: of either mode
	keepElem // $elemMatch
)

func (p *Projection) add(key string, v bson.RawValue) (int, error) {
	leaf, mode, err := projected(key, v)
	if err != nil || key == "_id" && mode != keepPart {
		return mode, err
	}
	if doc, nested := value.AsDocument(v); nested && leaf == nil {
		it := value.Iterate(doc)
		for it.Next() {
			if mode, err = p.add(key+"."+string(it.Key()), it.Value()); err != nil {
				return 0, err
			}
		}
		return mode, nil
	}
	path, err := value.ParsePath(key)
	if err != nil {
		return 0, err
	}
	if last := path[len(path)-1]; last[0] == '$' {
		return 0, models.E(models.CodeOperator, "docdb.projection_positional", "field", key)
	}
	at := &p.fields
	for i, segment := range path {
		next := at.kids[segment]
		switch {
		case next == nil && i == len(path)-1:
			next = leaf
		case next == nil:
			next = &branch{kids: map[string]*branch{}}
		case i == len(path)-1 || next.kids == nil:
			return 0, models.E(models.CodeOperator, "docdb.projection_collision", "field", key)
		}
		at.kids[segment] = next
		at = next
	}
	return mode, nil
}

// projected reads the value of a member; a nil leaf is a nested projection.
func projected(key string, v bson.RawValue) (*branch, int, error) {
	doc, ok := value.AsDocument(v)
	if !ok {
		if v.Type != bson.TypeBoolean && !value.IsNumber(v) {
			return nil, 0, models.E(models.CodeOperator, "docdb.projection_value", "field", key)
		}
		if value.Truthy(v) {
			return &branch{}, keep, nil
		}
		return &branch{}, leaveOut, nil
	}
	it := value.Iterate(doc)
	if !it.Next() {
		return nil, 0, models.E(models.CodeOperator, "docdb.projection_value", "field", key)
	}
	switch name := string(it.Key()); {
	case name == "$slice":
		s, err := readSlice(it.Value())
		return &branch{slice: s}, keepPart, err
	case name == "$elemMatch":
		elem, err := (&parser{}).element(it.Value(), 0)
		return &branch{elem: elem}, keepElem, err
	case len(name) > 0 && name[0] == '$':
		return nil, 0, unknown(name)
	}
	return nil, keep, nil
}

func readSlice(v bson.RawValue) (*slicing, error) {
	bad := misuse("$slice", "docdb.operator_slice")
	if n, ok := truncated(v); ok {
		if n < 0 {
			return &slicing{skip: n, limit: math.MaxInt64}, nil // to the end
		}
		return &slicing{limit: n}, nil
	}
	array, ok := value.AsArray(v)
	if !ok {
		return nil, bad
	}
	var parts []int64
	it := value.Iterate(array)
	for it.Next() {
		n, ok := truncated(it.Value())
		if !ok {
			return nil, bad
		}
		parts = append(parts, n)
	}
	if len(parts) != 2 || parts[1] <= 0 {
		return nil, bad
	}
	return &slicing{skip: parts[0], limit: parts[1]}, nil
}

// Apply returns what the projection keeps of a document, fields in their stored
// order. A nil projection returns the document itself.
func (p *Projection) Apply(doc bson.Raw) (bson.Raw, error) {
	if p == nil {
		return doc, nil
	}
	out := make([]byte, 0, len(doc))
	index, out := bsoncore.AppendDocumentStart(out)
	it := value.Iterate(doc)
	for it.Next() {
		if string(it.Key()) == "_id" && p.fields.kids["_id"] == nil {
			if p.id {
				out = appendElement(out, "_id", it.Value())
			}
			continue
		}
		out = p.element(out, &p.fields, string(it.Key()), it.Value())
	}
	if it.Err() != nil {
		return nil, it.Err()
	}
	return bsoncore.AppendDocumentEnd(out, index)
}

func appendElement(dst []byte, key string, v bson.RawValue) []byte {
	return bsoncore.AppendValueElement(dst, key, bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value})
}

// element appends what is kept of one field.
func (p *Projection) element(dst []byte, b *branch, key string, v bson.RawValue) []byte {
	kid := b.kids[key]
	switch {
	case kid == nil && p.include:
		return dst
	case kid == nil:
		return appendElement(dst, key, v)
	case kid.slice != nil:
		return appendElement(dst, key, kid.slice.of(v))
	case kid.elem != nil:
		return appendFirst(dst, key, v, kid.elem)
	case kid.kids == nil && p.include:
		return appendElement(dst, key, v)
	case kid.kids == nil:
		return dst
	}
	return p.nested(dst, kid, key, v)
}

// nested appends what is kept inside of a field: of objects, and of objects in
// arrays. Other values have nothing to keep, or nothing to leave out.
func (p *Projection) nested(dst []byte, b *branch, key string, v bson.RawValue) []byte {
	var index int32
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		index, dst = bsoncore.AppendDocumentElementStart(dst, key)
		it := value.Iterate(v.Value)
		for it.Next() {
			dst = p.element(dst, b, string(it.Key()), it.Value())
		}
	case bson.TypeArray:
		index, dst = bsoncore.AppendArrayElementStart(dst, key)
		it := value.Iterate(v.Value)
		for n := 0; it.Next(); {
			before := len(dst)
			dst = p.nested(dst, b, bsonIndex(n), it.Value())
			if len(dst) > before {
				n++
			}
		}
	default:
		if p.include {
			return dst
		}
		return appendElement(dst, key, v)
	}
	dst, _ = bsoncore.AppendDocumentEnd(dst, index)
	return dst
}

func appendFirst(dst []byte, key string, v bson.RawValue, elem *node) []byte {
	array, ok := value.AsArray(v)
	if !ok {
		return dst
	}
	j := newJudge(context.Background(), 0)
	defer j.done()
	it := value.Iterate(array)
	for it.Next() {
		if elem.holds(it.Value(), j) {
			one := appendElement(nil, "0", it.Value())
			return appendElement(dst, key, value.Array(bsoncore.BuildDocument(nil, one)))
		}
	}
	return dst
}

// of returns the part of an array; anything else stays as it is.
func (s *slicing) of(v bson.RawValue) bson.RawValue {
	array, ok := value.AsArray(v)
	if !ok {
		return v
	}
	var all []bson.RawValue
	it := value.Iterate(array)
	for it.Next() {
		all = append(all, it.Value())
	}
	n := int64(len(all))
	from := min(s.skip, n)
	if from < 0 {
		from = max(0, n+from)
	}
	to := n
	if s.limit < n-from {
		to = from + s.limit
	}
	elements := []byte(nil)
	for i, one := range all[from:to] {
		elements = appendElement(elements, bsonIndex(i), one)
	}
	return value.Array(bsoncore.BuildDocument(nil, elements))
}
