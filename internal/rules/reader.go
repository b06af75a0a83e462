package rules

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// The limits of what is read of a query; what lies beyond them tells nothing.
const (
	maxQueryDepth = 20     // conditions inside one another
	maxListValues = 10_000 // values of one $in or $nin
)

// readQuery reads a condition of the database as far as it tells something of
// single fields. It follows the reading of docdb/query; whatever it does not know
// is vague, so that it never says more than the condition does.
func readQuery(filter bson.Raw, depth int) formula {
	if depth > maxQueryDepth {
		return vague
	}
	var kids []formula
	it := value.Iterate(filter)
	for it.Next() {
		key := string(it.Key())
		if strings.HasPrefix(key, "$") {
			kids = append(kids, readLogical(key, it.Value(), depth))
			continue
		}
		if !isPath(key) {
			kids = append(kids, vague)
			continue
		}
		kids = append(kids, readField(key, it.Value(), depth))
	}
	if it.Err() != nil {
		return vague
	}
	return conjunction(kids)
}

// isPath reports whether a key is a path; the engine refuses others.
func isPath(key string) bool {
	return key != "" && key[0] != '.' && key[len(key)-1] != '.' && !strings.Contains(key, "..")
}

func readLogical(key string, v bson.RawValue, depth int) formula {
	array, ok := value.AsArray(v)
	if !ok || key != "$and" && key != "$or" && key != "$nor" {
		return vague
	}
	var kids []formula
	it := value.Iterate(array)
	for it.Next() {
		doc, ok := value.AsDocument(it.Value())
		if !ok {
			return vague
		}
		kids = append(kids, readQuery(doc, depth+1))
	}
	switch {
	case it.Err() != nil || len(kids) == 0:
		return vague
	case key == "$and":
		return conjunction(kids)
	}
	some := disjunction(kids)
	if key == "$nor" {
		return some.negation()
	}
	return some
}

// readField reads a value or a document of operators.
func readField(path string, v bson.RawValue, depth int) formula {
	if operators, ok := operatorsOf(v); ok {
		return readOperators(path, operators, depth)
	}
	return equality(path, v)
}

// operatorsOf returns a document whose first key is an operator.
func operatorsOf(v bson.RawValue) (bson.Raw, bool) {
	doc, ok := value.AsDocument(v)
	if !ok {
		return nil, false
	}
	it := value.Iterate(doc)
	return doc, it.Next() && len(it.Key()) > 0 && it.Key()[0] == '$'
}

func readOperators(path string, doc bson.Raw, depth int) formula {
	if depth > maxQueryDepth {
		return vague
	}
	var kids []formula
	it := value.Iterate(doc)
	for it.Next() {
		kids = append(kids, readOperator(path, string(it.Key()), it.Value(), depth))
	}
	if it.Err() != nil {
		return vague
	}
	return conjunction(kids)
}

func readOperator(path string, name string, v bson.RawValue, depth int) formula {
	switch name {
	case "$eq":
		return equality(path, v)
	case "$ne":
		f := equality(path, v)
		return f.negation()
	case "$gt", "$gte", "$lt", "$lte":
		if isNothing(v) && (name == "$gte" || name == "$lte") {
			return equality(path, v)
		}
		if !ordered(v) {
			return vague
		}
		op := map[string]operator{"$gt": opGreater, "$gte": opGreaterEqual, "$lt": opLess, "$lte": opLessEqual}[name]
		return formula{shape: isAtom, path: path, set: beyond(op, v)}
	case "$in", "$nin":
		f := oneOf(path, v)
		if name == "$nin" {
			return f.negation()
		}
		return f
	case "$all":
		return allOf(path, v)
	case "$not":
		if inner, ok := operatorsOf(v); ok {
			f := readOperators(path, inner, depth+1)
			return f.negation()
		}
	case "$exists":
		f := absence(path)
		if value.Truthy(v) {
			return f.negation()
		}
		return f
	}
	return vague
}

// equality is a field that has a value: it, or an array with it. An object gives
// its fields as well.
func equality(path string, v bson.RawValue) formula {
	if v.Type == bson.TypeRegex {
		return vague // texts match it
	}
	atom := formula{shape: isAtom, path: path, set: points(v)}
	if v.Type != bson.TypeEmbeddedDocument {
		return atom
	}
	kids := fieldsOf([]formula{atom}, path, v.Value, 0)
	return formula{shape: isAnd, kids: kids}
}

// fieldsOf appends what an object at a path tells of the paths below it. They add
// nothing to the object, so that the opposite of it is its own atom's only.
func fieldsOf(kids []formula, path string, doc bson.Raw, depth int) []formula {
	it := value.Iterate(doc)
	for it.Next() && depth < maxQueryDepth {
		key := string(it.Key())
		v := value.Get(doc, value.Path{key}) // the first of that name, as a path finds it
		if key == "" || key[0] == '$' || strings.Contains(key, ".") {
			continue
		}
		kids = append(kids, formula{shape: isAtom, path: path + "." + key, set: points(v), implied: true})
		if v.Type == bson.TypeEmbeddedDocument {
			kids = fieldsOf(kids, path+"."+key, v.Value, depth+1)
		}
	}
	return kids
}

// oneOf reads the values of a list; a regular expression in it makes it vague.
func oneOf(path string, v bson.RawValue) formula {
	array, ok := value.AsArray(v)
	if !ok {
		return vague
	}
	var values []bson.RawValue
	it := value.Iterate(array)
	for it.Next() {
		_, operators := operatorsOf(it.Value())
		if operators || it.Value().Type == bson.TypeRegex || len(values) == maxListValues {
			return vague
		}
		values = append(values, it.Value())
	}
	if it.Err() != nil {
		return vague
	}
	if len(values) == 1 {
		return equality(path, values[0])
	}
	return formula{shape: isAtom, path: path, set: points(values...)}
}

// allOf reads $all of values: each of them is there.
func allOf(path string, v bson.RawValue) formula {
	array, ok := value.AsArray(v)
	if !ok {
		return vague
	}
	var kids []formula
	it := value.Iterate(array)
	for it.Next() {
		if _, operators := operatorsOf(it.Value()); operators {
			return vague
		}
		kids = append(kids, equality(path, it.Value()))
	}
	if it.Err() != nil || len(kids) == 0 {
		return vague
	}
	return conjunction(kids)
}

// absence is a field that is not there. On a path of one segment something is
// always considered, so that the field then has the value null; on a longer one
// nothing may be.
func absence(path string) formula {
	atom := formula{shape: isAtom, path: path, set: points(value.Null()), only: true}
	if strings.Contains(path, ".") {
		return atom
	}
	null := formula{shape: isAtom, path: path, set: points(value.Null()), implied: true}
	return formula{shape: isAnd, kids: []formula{atom, null}}
}
