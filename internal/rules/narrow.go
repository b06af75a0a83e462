package rules

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// narrow adds to a query what the rest of a rule says, and that the pinned fields
// which get was given are no arrays. It gives up where a query cannot say it.
func (d *decision) narrow(filter bson.Raw, rest []formula) (bson.Raw, bool) {
	conditions := bsoncore.NewArrayBuilder()
	conditions.AppendDocument(bsoncore.Document(orEmpty(filter)))
	for i := range rest {
		doc, ok := rest[i].query()
		if !ok {
			return nil, false
		}
		if len(doc) > 5 {
			conditions.AppendDocument(doc)
		}
	}
	array := documentValue(document("$type", bsoncore.Value{Type: bsoncore.TypeString, Data: bsoncore.AppendString(nil, "array")}))
	slices.Sort(d.used)
	for _, path := range slices.Compact(d.used) {
		for i := range len(path) + 1 {
			if i == len(path) || path[i] == '.' {
				conditions.AppendDocument(applied(path[:i], "$not", array))
			}
		}
	}
	return bson.Raw(document("$and", arrayValue(conditions))), true
}

func orEmpty(doc bson.Raw) bson.Raw {
	if len(doc) == 0 {
		return bson.Raw(bsoncore.NewDocumentBuilder().Build())
	}
	return doc
}

var queryOperators = map[operator]string{
	opEqual: "$eq", opLess: "$lt", opLessEqual: "$lte", opGreater: "$gt", opGreaterEqual: "$gte", opIn: "$in",
}

// query writes a formula as a condition with exactly its meaning.
func (f *formula) query() (bsoncore.Document, bool) {
	switch f.shape {
	case isAnd, isOr:
		if f.always() {
			return bsoncore.NewDocumentBuilder().Build(), true
		}
		if f.never() {
			return document("$alwaysFalse", bsoncore.Value{Type: bsoncore.TypeInt32, Data: bsoncore.AppendInt32(nil, 1)}), true
		}
		return f.queries()
	case isAtom:
		return f.condition()
	}
	return nil, false
}

func (f *formula) queries() (bsoncore.Document, bool) {
	list := bsoncore.NewArrayBuilder()
	for i := range f.kids {
		doc, ok := f.kids[i].query()
		if !ok {
			return nil, false
		}
		list.AppendDocument(doc)
	}
	if f.shape == isOr {
		return document("$or", arrayValue(list)), true
	}
	return document("$and", arrayValue(list)), true
}

// condition writes an atom as it was written in the rule.
func (f *formula) condition() (bsoncore.Document, bool) {
	w := f.written
	for _, v := range w.values() {
		_, operators := operatorsOf(v)
		if v.Type == bson.TypeRegex || operators {
			return nil, false // a query means something else by these
		}
	}
	argument := core(w.value)
	if w.op == opIn {
		list := bsoncore.NewArrayBuilder()
		for _, v := range w.items {
			list.AppendValue(core(v))
		}
		argument = arrayValue(list)
	}
	if f.negated {
		return applied(f.path, "$not", documentValue(document(queryOperators[w.op], argument))), true
	}
	return applied(f.path, queryOperators[w.op], argument), true
}

// core converts a value; undefined, which a query cannot write, becomes null.
func core(v bson.RawValue) bsoncore.Value {
	if isNothing(v) {
		return bsoncore.Value{Type: bsoncore.TypeNull}
	}
	return bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value}
}

func arrayValue(b *bsoncore.ArrayBuilder) bsoncore.Value {
	return bsoncore.Value{Type: bsoncore.TypeArray, Data: b.Build()}
}

func document(key string, v bsoncore.Value) bsoncore.Document {
	return bsoncore.NewDocumentBuilder().AppendValue(key, v).Build()
}

// applied writes {path: {operator: argument}}.
func applied(path, name string, argument bsoncore.Value) bsoncore.Document {
	return document(path, documentValue(document(name, argument)))
}

func documentValue(doc bsoncore.Document) bsoncore.Value {
	return bsoncore.Value{Type: bsoncore.TypeEmbeddedDocument, Data: doc}
}
