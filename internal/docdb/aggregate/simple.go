package aggregate

import (
	"bytes"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/expr"
	"envshare/internal/docdb/query"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// each is a stage that makes any number of documents of every one.
type each struct {
	next sink
	do   func(doc bson.Raw, next sink) (bool, error)
}

func (e *each) push(doc bson.Raw) (bool, error) { return e.do(doc, e.next) }
func (e *each) finish() error                   { return e.next.finish() }

func perDocument(do func(doc bson.Raw, next sink) (bool, error)) builder {
	return func(next sink) sink { return &each{next, do} }
}

func (r *run) match(v bson.RawValue) (builder, error) {
	doc, ok := value.AsDocument(v)
	if !ok {
		return nil, misuse("$match")
	}
	filter, err := query.ParseVars(doc, r.vars)
	if err != nil {
		return nil, err
	}
	filter = filter.Bounded(r.steps)
	if _, near := filter.Near(); near {
		return nil, models.E(models.CodeOperator, "docdb.geo_near_first")
	}
	return perDocument(func(doc bson.Raw, next sink) (bool, error) {
		ok, err := filter.MatchContext(r.ctx, doc)
		if err != nil || !ok {
			return true, err
		}
		return next.push(doc)
	}), nil
}

// window is $limit or $skip.
func window(s Stage) (builder, error) {
	n, ok := value.Int64(s.Value)
	if !ok || n < 0 || n == 0 && s.Name == "$limit" {
		return nil, misuse(s.Name)
	}
	return func(next sink) sink {
		left := n
		return &each{next, func(doc bson.Raw, next sink) (bool, error) {
			if s.Name == "$skip" {
				if left > 0 {
					left--
					return true, nil
				}
				return next.push(doc)
			}
			if left == 0 {
				return false, nil
			}
			left--
			more, err := next.push(doc)
			return more && left > 0, err
		}}
	}, nil
}

func appendMember(dst []byte, key string, v bson.RawValue) []byte {
	return append(bsoncore.AppendHeader(dst, bsoncore.Type(v.Type), key), v.Value...)
}

// unwind is "$path" or {path, includeArrayIndex, preserveNullAndEmptyArrays}.
func (r *run) unwind(v bson.RawValue) (builder, error) {
	index, preserve := "", false
	if doc, ok := value.AsDocument(v); ok {
		name, isText := value.Text(value.Get(doc, value.Path{"includeArrayIndex"}))
		index = string(name)
		if isText && (index == "" || index[0] == '$') {
			return nil, misuse("$unwind")
		}
		preserve = value.Truthy(value.Get(doc, value.Path{"preserveNullAndEmptyArrays"}))
		v = value.Get(doc, value.Path{"path"})
	}
	path, ok := expr.Field(v)
	if !ok {
		return nil, misuse("$unwind")
	}
	var place value.Path
	if index != "" {
		var err error
		if place, err = value.ParsePath(index); err != nil {
			return nil, err
		}
	}
	mark := func(doc bson.Raw, at bson.RawValue) bson.Raw {
		if place == nil {
			return doc
		}
		return setPath(doc, place, at)
	}
	return perDocument(func(doc bson.Raw, next sink) (bool, error) {
		found := value.Get(doc, path)
		array, isArray := value.AsArray(found)
		it := value.Iterate(array)
		if !isArray || !it.Next() {
			null := found.Type == 0 || found.Type == bson.TypeNull || found.Type == bson.TypeUndefined
			switch {
			case (null || isArray) && !preserve:
				return true, nil
			case isArray:
				doc = setPath(doc, path, bson.RawValue{})
			}
			return next.push(mark(doc, value.Null()))
		}
		if err := r.hold(len(doc)); err != nil {
			return false, err
		}
		defer func() { _ = r.hold(-len(doc)) }()
		for i := int64(0); ; i++ {
			if err := r.alive(); err != nil {
				return false, err
			}
			more, err := next.push(mark(setPath(doc, path, it.Value()), value.Int64Value(i)))
			if err != nil || !more {
				return false, err
			}
			if !it.Next() {
				return true, nil
			}
		}
	}), nil
}

// setPath returns a document with a member set, or taken out when v is missing.
func setPath(doc bson.Raw, path value.Path, v bson.RawValue) bson.Raw {
	start, dst := bsoncore.AppendDocumentStart(make([]byte, 0, len(doc)+len(v.Value)+16))
	dst = appendWith(dst, doc, path, v)
	dst, _ = bsoncore.AppendDocumentEnd(dst, start)
	return dst
}

func appendWith(dst []byte, doc bson.Raw, path value.Path, v bson.RawValue) []byte {
	done := false
	it := value.Iterate(doc)
	for it.Next() {
		if string(it.Key()) != path[0] {
			dst = appendMember(dst, string(it.Key()), it.Value())
			continue
		}
		done = true
		dst = appendAt(dst, it.Value(), path, v)
	}
	if !done && v.Type != 0 {
		dst = appendAt(dst, bson.RawValue{}, path, v)
	}
	return dst
}

func appendAt(dst []byte, old bson.RawValue, path value.Path, v bson.RawValue) []byte {
	if len(path) == 1 {
		if v.Type == 0 {
			return dst
		}
		return appendMember(dst, path[0], v)
	}
	inside, _ := value.AsDocument(old)
	start, dst := bsoncore.AppendDocumentElementStart(dst, path[0])
	dst = appendWith(dst, inside, path[1:], v)
	dst, _ = bsoncore.AppendDocumentEnd(dst, start)
	return dst
}

func (r *run) replaceRoot(s Stage) (builder, error) {
	v := s.Value
	if s.Name == "$replaceRoot" {
		doc, _ := value.AsDocument(v)
		if v = value.Get(doc, value.Path{"newRoot"}); v.Type == 0 {
			return nil, misuse(s.Name)
		}
	}
	e, err := r.parse(v)
	if err != nil {
		return nil, err
	}
	return perDocument(func(doc bson.Raw, next sink) (bool, error) {
		v, err := r.eval(e, r.scope(doc))
		if err != nil {
			return false, err
		}
		root, ok := value.AsDocument(v)
		if !ok {
			return false, models.E(models.CodeOperator, "docdb.stage_root")
		}
		return next.push(root)
	}), nil
}

// blocking is a stage that waits for all documents.
type blocking struct {
	next sink
	take func(doc bson.Raw) error
	give func(next sink) error
}

func (b *blocking) push(doc bson.Raw) (bool, error) { return true, b.take(doc) }

func (b *blocking) finish() error {
	if err := b.give(b.next); err != nil {
		return err
	}
	return b.next.finish()
}

// hand gives documents to the next stage until it wants no more.
func (r *run) hand(docs []bson.Raw, next sink) error {
	for _, doc := range docs {
		if err := r.alive(); err != nil {
			return err
		}
		if more, err := next.push(doc); err != nil || !more {
			return err
		}
	}
	return nil
}

func (r *run) count(v bson.RawValue) (builder, error) {
	name, ok := value.Text(v)
	if !ok || len(name) == 0 || name[0] == '$' || bytes.IndexByte(name, 0) >= 0 {
		return nil, misuse("$count")
	}
	return func(next sink) sink {
		n := int64(0)
		return &blocking{next, func(bson.Raw) error { n++; return nil }, func(next sink) error {
			if n == 0 {
				return nil
			}
			doc := bsoncore.BuildDocument(nil, appendMember(nil, string(name), whole(n)))
			return r.hand([]bson.Raw{doc}, next)
		}}
	}, nil
}

// whole is an int where one holds it, else a long.
func whole(n int64) bson.RawValue {
	if int64(int32(n)) == n {
		return value.Int32(int32(n))
	}
	return value.Int64Value(n)
}

// sample keeps a random choice of documents.
func (r *run) sample(v bson.RawValue) (builder, error) {
	doc, _ := value.AsDocument(v)
	size, ok := value.Int64(value.Get(doc, value.Path{"size"}))
	if !ok || size < 1 {
		return nil, misuse("$sample")
	}
	return func(next sink) sink {
		var kept []bson.Raw
		seen := int64(0)
		return &blocking{next, func(doc bson.Raw) error {
			seen++
			at := int64(len(kept))
			if at == size {
				if at = random(seen); at >= size {
					return nil
				}
				grown := len(doc) - len(kept[at])
				kept[at] = slices.Clone(doc)
				return r.hold(grown)
			}
			kept = append(kept, slices.Clone(doc))
			return r.keep(len(doc))
		}, func(next sink) error { return r.hand(kept, next) }}
	}, nil
}

// sort orders all documents, or keeps the first few when top is not 0.
func (r *run) sort(v bson.RawValue, top int) (builder, error) {
	doc, ok := value.AsDocument(v)
	if !ok || len(doc) <= 5 {
		return nil, misuse("$sort")
	}
	order, err := query.ParseSort(doc)
	if err != nil {
		return nil, err
	}
	return func(next sink) sink {
		s := NewSorter(order, top, r.hold)
		return &blocking{next, s.Add, func(next sink) error { return r.hand(s.Sorted(), next) }}
	}, nil
}

func indexKey(i int) string { return strconv.Itoa(i) }
