package expr

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
)

// arrayToObject reads [[k, v], …] or [{k, v}, …].
func arrayToObject(a []bson.RawValue) (bson.RawValue, bool) {
	if nullish(a[0]) {
		return value.Null(), true
	}
	l, ok := elements(a[0])
	if !ok {
		return a[0], false
	}
	var made members
	for _, e := range l {
		k, v := bson.RawValue{}, bson.RawValue{}
		if doc, isDoc := value.AsDocument(e); isDoc {
			k, v = value.Get(doc, value.Path{"k"}), value.Get(doc, value.Path{"v"})
		} else if pair, _ := elements(e); len(pair) == 2 {
			k, v = pair[0], pair[1]
		}
		key, isText := textOf(k)
		if !isText || v.Type == 0 || !isName(key) {
			return e, false
		}
		made.set(key, v)
	}
	return objectOf(made.list), true
}

// isName reports whether BSON can hold a text as the name of a field.
func isName(s string) bool { return strings.IndexByte(s, 0) < 0 }

type member struct {
	key string
	v   bson.RawValue
}

// members are those of an object that is made; at knows where they are once there
// are more than a few.
type members struct {
	list []member
	at   map[string]int
}

// fewMembers are found faster without a map.
const fewMembers = 16

// set replaces a member in its place, or adds it at the end.
func (m *members) set(key string, v bson.RawValue) {
	if m.at == nil {
		for i := range m.list {
			if m.list[i].key == key {
				m.list[i].v = v
				return
			}
		}
	} else if i, ok := m.at[key]; ok {
		m.list[i].v = v
		return
	}
	m.list = append(m.list, member{key, v})
	switch {
	case m.at != nil:
		m.at[key] = len(m.list) - 1
	case len(m.list) > fewMembers:
		m.at = make(map[string]int, 2*len(m.list))
		for i := len(m.list) - 1; i >= 0; i-- {
			m.at[m.list[i].key] = i
		}
	}
}

func membersOf(v bson.RawValue) ([]member, bool) {
	doc, ok := value.AsDocument(v)
	var out []member
	_ = value.Elements(doc, func(key string, v bson.RawValue) bool { out = append(out, member{key, v}); return true })
	return out, ok
}

func objectOf(members []member) bson.RawValue {
	start, dst := bsoncore.AppendDocumentStart(nil)
	for _, m := range members {
		if m.v.Type != 0 {
			dst = appendMember(dst, m.key, m.v)
		}
	}
	dst, _ = bsoncore.AppendDocumentEnd(dst, start)
	return value.Document(dst)
}

func objectToArray(a []bson.RawValue) (bson.RawValue, bool) {
	if nullish(a[0]) {
		return value.Null(), true
	}
	members, ok := membersOf(a[0])
	out := newList()
	for _, m := range members {
		out.add(objectOf([]member{{"k", value.String(m.key)}, {"v", m.v}}))
	}
	return out.value(), ok
}

func mergeObjects(a []bson.RawValue) (bson.RawValue, bool) {
	if len(a) == 1 {
		if l, ok := elements(a[0]); ok {
			a = l
		}
	}
	var out members
	for _, v := range a {
		if nullish(v) {
			continue
		}
		doc, ok := value.AsDocument(v)
		if !ok {
			return v, false
		}
		_ = value.Elements(doc, func(key string, v bson.RawValue) bool { out.set(key, v); return true })
	}
	return objectOf(out.list), true
}

func getField(a []bson.RawValue) (bson.RawValue, bool) {
	name, ok := textOf(a[0])
	if !ok || nullish(a[1]) {
		return a[1], ok
	}
	doc, isDoc := value.AsDocument(a[1])
	if !isDoc {
		return bson.RawValue{}, true
	}
	return value.Get(doc, value.Path{name}), true
}

// setField sets a member, or takes it out when no value is given.
func setField(a []bson.RawValue) (bson.RawValue, bool) {
	name, ok := textOf(a[0])
	if !ok || nullish(a[1]) {
		return value.Null(), ok
	}
	if !isName(name) {
		return a[0], false
	}
	list, ok := membersOf(a[1])
	v := bson.RawValue{}
	if len(a) == 3 {
		v = a[2]
	}
	made := members{list: list}
	made.set(name, v)
	return objectOf(made.list), ok
}
