package value

import (
	"bytes"
	"encoding/binary"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
)

var errMalformed = errors.New("malformed BSON document")

// Iterator steps through the elements of a raw document or array without
// allocating. Make one with Iterate.
type Iterator struct {
	rest   []byte
	key    []byte
	value  bson.RawValue
	broken bool
}

// Iterate returns an iterator before the first element of raw. A nil raw has no
// elements.
func Iterate(raw bson.Raw) Iterator {
	if len(raw) == 0 {
		return Iterator{}
	}
	body, ok := bodyOf(raw)
	return Iterator{rest: body, broken: !ok}
}

// Next moves to the next element and reports whether there is one. It stops at the
// first malformed element; Err tells that from the end.
func (it *Iterator) Next() bool {
	if len(it.rest) == 0 || it.broken {
		return false
	}
	name := bytes.IndexByte(it.rest[1:], 0)
	if name < 0 {
		it.broken = true
		return false
	}
	start := name + 2
	t := bson.Type(it.rest[0])
	size := sizeOf(t, it.rest[start:])
	if size < 0 {
		it.broken = true
		return false
	}
	it.key = it.rest[1 : name+1]
	it.value = bson.RawValue{Type: t, Value: it.rest[start : start+size]}
	it.rest = it.rest[start+size:]
	return true
}

// Key returns the name of the current element. The bytes belong to the document
// and must not be changed.
func (it *Iterator) Key() []byte { return it.key }

// Value returns the current element's value; its bytes belong to the document.
func (it *Iterator) Value() bson.RawValue { return it.value }

// Err returns an error when the iteration ended at malformed bytes.
func (it *Iterator) Err() error {
	if it.broken {
		return errMalformed
	}
	return nil
}

// Elements calls visit for every element of raw in order until it returns false.
// The value's bytes belong to raw. It returns an error when raw is malformed; the
// elements before the malformed one have then been visited.
func Elements(raw bson.Raw, visit func(key string, v bson.RawValue) bool) error {
	it := Iterate(raw)
	for it.Next() {
		if !visit(string(it.key), it.value) {
			return nil
		}
	}
	return it.Err()
}

// bodyOf returns the elements of a document without its length and its final zero.
func bodyOf(raw []byte) ([]byte, bool) {
	if len(raw) < 5 {
		return nil, false
	}
	n := binary.LittleEndian.Uint32(raw)
	if n < 5 || uint64(n) > uint64(len(raw)) || raw[n-1] != 0 {
		return nil, false
	}
	return raw[4 : n-1], true
}

// find looks up a name in the body of a document and returns its value, or
// missing.
func find(body []byte, name string) bson.RawValue {
	for len(body) > 0 {
		rest := body[1:]
		hit := len(rest) > len(name) && rest[len(name)] == 0 && string(rest[:len(name)]) == name
		end := len(name)
		if !hit {
			end = bytes.IndexByte(rest, 0)
			if end < 0 {
				return bson.RawValue{}
			}
		}
		t := bson.Type(body[0])
		data := rest[end+1:]
		size := sizeOf(t, data)
		if size < 0 {
			return bson.RawValue{}
		}
		if hit {
			return bson.RawValue{Type: t, Value: data[:size]}
		}
		body = data[size:]
	}
	return bson.RawValue{}
}

// sizeOf returns how many bytes of data a value of type t takes, or -1 when data
// is too short or the type is unknown.
func sizeOf(t bson.Type, data []byte) int {
	size := 0
	switch t {
	case bson.TypeNull, bson.TypeUndefined, bson.TypeMinKey, bson.TypeMaxKey:
		return 0
	case bson.TypeInt32:
		size = 4
	case bson.TypeInt64, bson.TypeDouble, bson.TypeDateTime, bson.TypeTimestamp:
		size = 8
	case bson.TypeString:
		size = prefixed(data, 4, 5)
	case bson.TypeEmbeddedDocument, bson.TypeArray:
		size = prefixed(data, 0, 5)
	case bson.TypeBoolean:
		size = 1
	case bson.TypeObjectID:
		size = 12
	default:
		size = rareSize(t, data)
	}
	if size > len(data) {
		return -1
	}
	return size
}

func rareSize(t bson.Type, data []byte) int {
	switch t {
	case bson.TypeSymbol, bson.TypeJavaScript:
		return prefixed(data, 4, 5)
	case bson.TypeCodeWithScope:
		return prefixed(data, 0, 14)
	case bson.TypeBinary:
		return prefixed(data, 5, 5)
	case bson.TypeDBPointer:
		return prefixed(data, 16, 17)
	case bson.TypeDecimal128:
		return 16
	case bson.TypeRegex:
		pattern := bytes.IndexByte(data, 0)
		if pattern < 0 {
			return -1
		}
		options := bytes.IndexByte(data[pattern+1:], 0)
		if options < 0 {
			return -1
		}
		return pattern + options + 2
	}
	return -1
}

// prefixed reads a length that leads data and adds what it does not count. A sum
// below least cannot be right.
func prefixed(data []byte, uncounted, least int64) int {
	if len(data) < 4 {
		return -1
	}
	n := int64(int32(binary.LittleEndian.Uint32(data))) + uncounted
	if n < least || n > int64(len(data)) {
		return -1
	}
	return int(n)
}
