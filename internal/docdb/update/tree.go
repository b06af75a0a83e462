package update

import (
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// tree is a document or array of which only the levels that an update touches
// are taken apart.
type tree struct {
	array  bool
	fields []field
}

// field is a member; below is set once it was taken apart, and counts then
// instead of v.
type field struct {
	key   string
	v     bson.RawValue
	below *tree
}

func takeApart(raw bson.Raw, array bool) (*tree, error) {
	t := &tree{array: array}
	it := value.Iterate(raw)
	for it.Next() {
		t.fields = append(t.fields, field{key: string(it.Key()), v: it.Value()})
	}
	if it.Err() != nil {
		return nil, models.E(models.CodeInvalid, "docdb.malformed")
	}
	return t, nil
}

// open takes a member apart; false when it is neither object nor array.
func (t *tree) open(i int) (*tree, bool, error) {
	f := &t.fields[i]
	if f.below != nil {
		return f.below, true, nil
	}
	if f.v.Type != bson.TypeEmbeddedDocument && f.v.Type != bson.TypeArray {
		return nil, false, nil
	}
	below, err := takeApart(f.v.Value, f.v.Type == bson.TypeArray)
	f.below = below
	return below, err == nil, err
}

// find returns the position of a member, -1 for none. Of an array a segment that
// is no index finds nothing.
func (t *tree) find(segment string) int {
	if t.array {
		if i, ok := index(segment); ok && i < len(t.fields) {
			return i
		}
		return -1
	}
	for i := range t.fields {
		if t.fields[i].key == segment {
			return i
		}
	}
	return -1
}

// maxIndex bounds how far an index may lie behind the end of an array, as in
// MongoDB.
const maxIndex = 1_500_000

func index(segment string) (int, bool) {
	i, err := strconv.Atoi(segment)
	return i, err == nil && i >= 0 && strconv.Itoa(i) == segment
}

// maxPadding is how many nulls an index may put into an array.
const maxPadding = 1500

// add makes a member; an index behind the end of an array fills up with nulls.
func (t *tree) add(segment string) (int, error) {
	if t.array {
		i, ok := index(segment)
		if !ok {
			return 0, refused("docdb.update_array_field", "field", segment)
		}
		if i > len(t.fields)+maxPadding || i > maxIndex {
			return 0, refused("docdb.update_array_far", "index", i)
		}
		for len(t.fields) < i {
			t.fields = append(t.fields, field{v: value.Null()})
		}
	}
	t.fields = append(t.fields, field{key: segment})
	return len(t.fields) - 1, nil
}

func (t *tree) set(i int, v bson.RawValue) { t.fields[i].v, t.fields[i].below = v, nil }

// remove takes a member out; an element of an array leaves null.
func (t *tree) remove(i int) {
	if t.array {
		t.set(i, value.Null())
		return
	}
	t.fields = append(t.fields[:i], t.fields[i+1:]...)
}

// get returns a member as a value.
func (t *tree) get(i int) bson.RawValue {
	f := t.fields[i]
	if f.below == nil {
		return f.v
	}
	kind := bson.TypeEmbeddedDocument
	if f.below.array {
		kind = bson.TypeArray
	}
	return bson.RawValue{Type: kind, Value: f.below.append(nil)}
}

// plain refuses a path that leads through an array, for $rename.
func (t *tree) plain(path value.Path) error {
	at := t
	for _, segment := range path {
		if at.array {
			return refused("docdb.update_rename_array", "field", path.String())
		}
		i := at.find(segment)
		if i < 0 {
			return nil
		}
		below, ok, err := at.open(i)
		if err != nil || !ok {
			return err
		}
		at = below
	}
	return nil
}

// size is how many bytes append writes at least; it stops beyond the limit of a
// document.
func (t *tree) size(size int) int {
	size += 5
	for i := range t.fields {
		if size > MaxBytes {
			break
		}
		f := &t.fields[i]
		size += 2 + len(f.key)
		if f.below != nil {
			size = f.below.size(size)
			continue
		}
		size += len(f.v.Value)
	}
	return size
}

// append writes the document out.
func (t *tree) append(dst []byte) []byte {
	start, dst := bsoncore.AppendDocumentStart(dst)
	for i, f := range t.fields {
		key := f.key
		if t.array {
			key = strconv.Itoa(i)
		}
		if f.below == nil {
			dst = append(bsoncore.AppendHeader(dst, bsoncore.Type(f.v.Type), key), f.v.Value...)
			continue
		}
		kind := bsoncore.TypeEmbeddedDocument
		if f.below.array {
			kind = bsoncore.TypeArray
		}
		dst = f.below.append(bsoncore.AppendHeader(dst, kind, key))
	}
	dst, _ = bsoncore.AppendDocumentEnd(dst, start)
	return dst
}

func refused(key string, args ...any) error { return models.E(models.CodeWriteRefused, key, args...) }
