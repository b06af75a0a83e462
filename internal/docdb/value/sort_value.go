package value

import "go.mongodb.org/mongo-driver/v2/bson"

// SortValue returns the value by which MongoDB sorts a document on path p: of
// arrays the smallest element, or the largest when descending. Missing counts as
// null. An empty array sorts below null and gives the zero RawValue, which Compare
// places there.
func SortValue(doc bson.Raw, p Path, descending bool) bson.RawValue {
	s := extreme{descending: descending}
	s.object(doc, p)
	if !s.found {
		return Null()
	}
	return s.best
}

// extreme keeps the lowest or highest value that it was offered.
type extreme struct {
	best       bson.RawValue
	found      bool
	descending bool
}

func (s *extreme) offer(v bson.RawValue) {
	if !s.found {
		s.best, s.found = v, true
		return
	}
	c := Compare(v, s.best)
	if (c < 0) != s.descending && c != 0 {
		s.best = v
	}
}

func (s *extreme) object(doc bson.Raw, p Path) {
	for i, segment := range p {
		v := child(bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: doc}, segment)
		if i == len(p)-1 {
			s.leaf(v)
			return
		}
		if v.Type == bson.TypeArray {
			s.array(v.Value, p[i+1:])
			return
		}
		if v.Type != bson.TypeEmbeddedDocument {
			s.offer(Null())
			return
		}
		doc = v.Value
	}
}

// array follows an index when the path names an element, and otherwise looks into
// every element; one that is no object has no such field, which counts as null.
func (s *extreme) array(array bson.Raw, p Path) {
	if index, numeric := arrayIndex(p[0]); numeric {
		if v := at(array, index); v.Type != 0 {
			s.element(v, p[1:])
			return
		}
	}
	it := Iterate(array)
	for it.Next() {
		if it.value.Type == bson.TypeEmbeddedDocument {
			s.object(it.value.Value, p)
			continue
		}
		s.offer(Null())
	}
}

func (s *extreme) element(v bson.RawValue, rest Path) {
	switch {
	case len(rest) == 0:
		s.leaf(v)
	case v.Type == bson.TypeEmbeddedDocument:
		s.object(v.Value, rest)
	case v.Type == bson.TypeArray:
		s.array(v.Value, rest)
	default:
		s.offer(Null())
	}
}

func (s *extreme) leaf(v bson.RawValue) {
	if v.Type == 0 {
		s.offer(Null())
		return
	}
	if v.Type != bson.TypeArray {
		s.offer(v)
		return
	}
	it := Iterate(v.Value)
	empty := true
	for it.Next() {
		empty = false
		s.offer(it.value)
	}
	if empty {
		s.offer(bson.RawValue{})
	}
}
