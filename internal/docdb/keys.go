package docdb

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/geo"
	"envshare/internal/docdb/value"
	"envshare/models"
)

const (
	// maxKey bounds a key in bytes. A longer one is cut and ends in a hash of the
	// whole, so that equal keys stay equal.
	maxKey = 1024
	keyCut = maxKey - sha256.Size
	// maxKeys bounds the keys of one document in one index.
	maxKeys = 10_000
	// geoClass begins the key of a cell; no type class of a value has this number.
	geoClass = 0xE0
)

// keysOf are the keys of a document in an index.
type keysOf struct {
	list     [][]byte // sorted, distinct
	multikey bool
	long     bool
}

// keys returns the keys of a document. A document without location has none in a
// geo index, and one without any field none in a sparse index.
func (i *index) keys(doc bson.Raw) (keysOf, error) {
	out := keysOf{list: [][]byte{nil}}
	present := false
	for n, path := range i.paths {
		parts, many, found := i.parts(n, path, doc)
		out.multikey = out.multikey || many
		present = present || found
		if len(parts) == 0 {
			return keysOf{}, nil
		}
		if len(parts)*len(out.list) > maxKeys {
			return keysOf{}, models.E(models.CodeWriteRefused, "docdb.index_keys_many", "index", i.Name, "max", maxKeys)
		}
		combined := make([][]byte, 0, len(parts)*len(out.list))
		for _, begin := range out.list {
			for _, part := range parts {
				combined = append(combined, slices.Concat(begin, part))
			}
		}
		out.list = combined
	}
	if i.Sparse && !present {
		return keysOf{}, nil
	}
	for n, key := range out.list {
		if len(key) > maxKey {
			out.list[n] = cut(key)
			out.long = true
		}
	}
	slices.SortFunc(out.list, bytes.Compare)
	out.list = slices.CompactFunc(out.list, bytes.Equal)
	return out, nil
}

// parts returns what one field puts into the keys.
func (i *index) parts(n int, path value.Path, doc bson.Raw) (parts [][]byte, many, found bool) {
	if i.Keys[n].Kind == "2dsphere" {
		parts = cellsOf(doc, path)
		return parts, len(parts) > 1, len(parts) > 0
	}
	descending := i.Keys[n].Kind == "-1"
	values := value.IndexValues(doc, path)
	for _, v := range values {
		many = many || v.Type == bson.TypeArray
		parts = append(parts, value.AppendKey(nil, v, descending))
	}
	value.Walk(doc, path, func(v bson.RawValue) bool {
		found = v.Type != 0
		return !found
	})
	return parts, many || len(values) > 1, found
}

func cellsOf(doc bson.Raw, path value.Path) [][]byte {
	var out [][]byte
	value.Walk(doc, path, func(v bson.RawValue) bool {
		for _, one := range locations(v) {
			if shape, err := geo.ParseShape(one); err == nil {
				for _, cell := range geo.Cells(shape) {
					out = append(out, cellKey(cell))
				}
			}
		}
		return true
	})
	return out
}

// locations returns the location that a value may be, and those in an array.
func locations(v bson.RawValue) []bson.RawValue {
	out := []bson.RawValue{v}
	if array, ok := value.AsArray(v); ok {
		it := value.Iterate(array)
		for it.Next() {
			out = append(out, it.Value())
		}
	}
	return out
}

func cellKey(cell uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{geoClass}, cell)
}

func cut(key []byte) []byte {
	sum := sha256.Sum256(key)
	return append(key[:keyCut:keyCut], sum[:]...)
}

// exact returns the stored form of a whole key.
func exact(key []byte) []byte {
	if len(key) > maxKey {
		return cut(key)
	}
	return key
}

// after returns the first key behind all keys that begin with prefix; nil when
// there is none.
func after(prefix []byte) []byte {
	out := slices.Clone(prefix)
	for i := len(out) - 1; i >= 0; i-- {
		if out[i] < 0xFF {
			out[i]++
			return out[:i+1]
		}
	}
	return nil
}

// keyRange is a run of stored keys, low included, high not; a nil high is open.
type keyRange struct{ low, high []byte }

// bounded shortens the ends of a range to what cut keys still have.
func bounded(r keyRange) keyRange {
	if len(r.low) > keyCut {
		r.low = r.low[:keyCut]
	}
	if len(r.high) > keyCut {
		r.high = after(r.high[:keyCut])
	}
	return r
}

// duplicate is the error of a second document with a key of a unique index. Its
// text begins as programs written for MongoDB expect it.
func duplicate(c *collection, i *index, doc bson.Raw) error {
	var text []byte
	for n, path := range i.paths {
		if n > 0 {
			text = append(text, ", "...)
		}
		text = append(append(text, path.String()...), ": "...)
		v := value.Get(doc, path)
		if v.Type == 0 {
			v = value.Null()
		}
		text = ejson.AppendValue(text, v)
	}
	if len(text) > 200 {
		text = append(bytes.ToValidUTF8(text[:200], nil), "…"...)
	}
	return models.E(models.CodeWriteRefused, "docdb.duplicate_key", "collection", c.name, "index", i.Name, "key", string(text))
}
