package update

import (
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/query"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// arrayOperation reads an operator that changes the elements of an array.
// creates says whether a missing array is made.
func arrayOperation(name, key string, v bson.RawValue) (change func(bson.RawValue) (bson.RawValue, action, error), creates bool, err error) {
	var edit func([]bson.RawValue) ([]bson.RawValue, error)
	switch name {
	case "$push", "$pushAll":
		creates = true
		edit, err = push(name, key, v)
	case "$addToSet":
		creates = true
		edit, err = addToSet(v)
	case "$pop":
		edit, err = pop(key, v)
	case "$pull":
		var match *query.Element
		match, err = query.ParseElement(v)
		edit = func(list []bson.RawValue) ([]bson.RawValue, error) { return match.Without(list) }
	case "$pullAll":
		if v.Type != bson.TypeArray {
			return nil, false, models.E(models.CodeOperator, "docdb.operator_array", "operator", name)
		}
		list := elements(v)
		slices.SortFunc(list, value.Compare)
		edit = func(have []bson.RawValue) ([]bson.RawValue, error) {
			return slices.DeleteFunc(have, func(e bson.RawValue) bool {
				_, found := slices.BinarySearchFunc(list, e, value.Compare)
				return found
			}), nil
		}
	default:
		err = models.E(models.CodeOperator, "docdb.operator_unknown", "operator", name)
	}
	if err != nil {
		return nil, false, err
	}
	return func(old bson.RawValue) (bson.RawValue, action, error) {
		if old.Type == 0 && !creates {
			return old, keep, nil
		}
		if old.Type != 0 && old.Type != bson.TypeArray {
			return old, keep, refused("docdb.update_not_array", "field", key)
		}
		list, err := edit(elements(old))
		return arrayOf(list), put, err
	}, creates, nil
}

func elements(v bson.RawValue) []bson.RawValue {
	var out []bson.RawValue
	array, _ := value.AsArray(v)
	it := value.Iterate(array)
	for it.Next() {
		out = append(out, it.Value())
	}
	return out
}

func arrayOf(list []bson.RawValue) bson.RawValue {
	size := 5
	for _, v := range list {
		size += len(v.Value) + 8
	}
	start, dst := bsoncore.AppendDocumentStart(make([]byte, 0, size))
	for i, v := range list {
		dst = append(bsoncore.AppendHeader(dst, bsoncore.Type(v.Type), strconv.Itoa(i)), v.Value...)
	}
	dst, _ = bsoncore.AppendDocumentEnd(dst, start)
	return value.Array(dst)
}

func pop(key string, v bson.RawValue) (func([]bson.RawValue) ([]bson.RawValue, error), error) {
	n, ok := value.Int64(v)
	if !ok || n != 1 && n != -1 {
		return nil, refused("docdb.update_pop", "field", key)
	}
	return func(list []bson.RawValue) ([]bson.RawValue, error) {
		switch {
		case len(list) == 0:
			return list, nil
		case n == 1:
			return list[:len(list)-1], nil
		}
		return list[1:], nil
	}, nil
}

// each returns the values of {$each: [...]}, or the one value that v is.
func each(v bson.RawValue) (list []bson.RawValue, modifiers bson.Raw, err error) {
	doc, ok := value.AsDocument(v)
	if !ok {
		return []bson.RawValue{v}, nil, nil
	}
	given := value.Get(doc, value.Path{"$each"})
	if given.Type == 0 {
		return []bson.RawValue{v}, nil, nil
	}
	if given.Type != bson.TypeArray {
		return nil, nil, models.E(models.CodeOperator, "docdb.operator_array", "operator", "$each")
	}
	return elements(given), doc, nil
}

func addToSet(v bson.RawValue) (func([]bson.RawValue) ([]bson.RawValue, error), error) {
	list, _, err := each(v)
	return func(have []bson.RawValue) ([]bson.RawValue, error) {
		if len(list)*len(have) > fewPairs || len(list) > len(have) {
			return union(have, list), nil
		}
		for _, one := range list {
			if !slices.ContainsFunc(have, func(e bson.RawValue) bool { return value.Equal(e, one) }) {
				have = append(have, one)
			}
		}
		return have, nil
	}, err
}

// fewPairs are compared one by one faster than by their keys.
const fewPairs = 256

// union adds what is not there yet.
func union(have, list []bson.RawValue) []bson.RawValue {
	seen := make(map[string]bool, len(have)+len(list))
	for _, v := range have {
		seen[string(value.AppendKey(nil, v, false))] = true
	}
	for _, v := range list {
		key := string(value.AppendKey(nil, v, false))
		if !seen[key] {
			seen[key] = true
			have = append(have, v)
		}
	}
	return have
}

// pushing is a $push with its modifiers.
type pushing struct {
	list     []bson.RawValue
	position *int64
	slice    *int64
	sort     func(a, b bson.RawValue) int
}

func push(name, key string, v bson.RawValue) (func([]bson.RawValue) ([]bson.RawValue, error), error) {
	if name == "$pushAll" {
		if v.Type != bson.TypeArray {
			return nil, models.E(models.CodeOperator, "docdb.operator_array", "operator", name)
		}
		return (&pushing{list: elements(v)}).edit, nil
	}
	list, modifiers, err := each(v)
	if err != nil {
		return nil, err
	}
	p := &pushing{list: list}
	it := value.Iterate(modifiers)
	for it.Next() {
		if err := p.modify(string(it.Key()), key, it.Value()); err != nil {
			return nil, err
		}
	}
	return p.edit, nil
}

func (p *pushing) modify(name, key string, v bson.RawValue) error {
	switch name {
	case "$each":
	case "$position", "$slice":
		n, ok := value.Int64(v)
		if !ok {
			return refused("docdb.update_not_number", "operator", name, "field", key)
		}
		if name == "$slice" {
			p.slice = &n
		} else {
			p.position = &n
		}
	case "$sort":
		return p.order(v)
	default:
		return models.E(models.CodeOperator, "docdb.operator_unknown", "operator", name)
	}
	return nil
}

// order reads $sort: 1 or -1 for whole values, or an order of fields of objects.
func (p *pushing) order(v bson.RawValue) error {
	if doc, ok := value.AsDocument(v); ok {
		keys, err := query.ParseSort(doc)
		p.sort = func(a, b bson.RawValue) int { return query.Less(keys, asDocument(a), asDocument(b)) }
		return err
	}
	n, ok := value.Int64(v)
	if !ok || n != 1 && n != -1 {
		return models.E(models.CodeOperator, "docdb.sort_direction", "field", "$sort")
	}
	p.sort = func(a, b bson.RawValue) int { return int(n) * value.Compare(a, b) }
	return nil
}

// asDocument returns the object that v is, an empty one for anything else.
func asDocument(v bson.RawValue) bson.Raw {
	if doc, ok := value.AsDocument(v); ok {
		return doc
	}
	return bson.Raw{5, 0, 0, 0, 0}
}

func (p *pushing) edit(have []bson.RawValue) ([]bson.RawValue, error) {
	at := len(have)
	if p.position != nil {
		switch n := *p.position; {
		case n < 0:
			at = max(0, len(have)+int(max(n, -1<<31)))
		default:
			at = int(min(n, int64(len(have))))
		}
	}
	out := slices.Insert(have, at, p.list...)
	if p.sort != nil {
		slices.SortStableFunc(out, p.sort)
	}
	if p.slice != nil {
		switch n := *p.slice; {
		case n >= 0:
			out = out[:min(n, int64(len(out)))]
		default:
			out = out[max(0, int64(len(out))+max(n, -1<<31)):]
		}
	}
	return out, nil
}
