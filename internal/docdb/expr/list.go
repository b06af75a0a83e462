package expr

import (
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
)

// list builds an array.
type list struct {
	start int32
	buf   []byte
	n     int
}

func newList() *list {
	l := &list{}
	l.start, l.buf = bsoncore.AppendDocumentStart(nil)
	return l
}

func (l *list) add(v bson.RawValue) {
	if v.Type == 0 {
		v = value.Null()
	}
	l.buf = appendMember(l.buf, strconv.Itoa(l.n), v)
	l.n++
}

func (l *list) value() bson.RawValue {
	l.buf, _ = bsoncore.AppendDocumentEnd(l.buf, l.start)
	return value.Array(l.buf)
}

func listOf(values []bson.RawValue) bson.RawValue {
	l := newList()
	for _, v := range values {
		l.add(v)
	}
	return l.value()
}

// elements returns the elements of an array; false for anything else.
func elements(v bson.RawValue) ([]bson.RawValue, bool) {
	array, ok := value.AsArray(v)
	if !ok {
		return nil, false
	}
	var out []bson.RawValue
	it := value.Iterate(array)
	for it.Next() {
		out = append(out, it.Value())
	}
	return out, true
}

func nullish(v bson.RawValue) bool {
	return v.Type == 0 || v.Type == bson.TypeNull || v.Type == bson.TypeUndefined
}

func anyNullish(values []bson.RawValue) bool {
	for _, v := range values {
		if nullish(v) {
			return true
		}
	}
	return false
}

func textOf(v bson.RawValue) (string, bool) {
	b, ok := value.Text(v)
	return string(b), ok
}

func wholeOf(v bson.RawValue) (int, bool) {
	i, ok := value.Int64(v)
	if !ok || i < -1<<31 || i > 1<<31-1 {
		return 0, false
	}
	return int(i), true
}
