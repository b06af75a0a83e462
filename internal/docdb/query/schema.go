package query

import (
	"slices"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/regex"
	"envshare/internal/docdb/value"
)

// check decides one value; missing never reaches it.
type check func(v bson.RawValue, j *judge) bool

// parseSchema is $jsonSchema with the keywords bsonType, type, required,
// properties, additionalProperties, enum, minimum, maximum, minLength, maxLength,
// pattern, items, minItems and maxItems; others are refused.
func parseSchema(v bson.RawValue) (node, error) {
	checks, err := schema(v, 0)
	if err != nil {
		return node{}, err
	}
	return node{kind: kindDocument, doc: func(doc bson.Raw, j *judge) bool { return checks(value.Document(doc), j) }}, nil
}

func schema(v bson.RawValue, depth int) (check, error) {
	doc, ok := value.AsDocument(v)
	if !ok || depth > maxDepth {
		return nil, misuse("$jsonSchema", "docdb.operator_object")
	}
	var all []check
	it := value.Iterate(doc)
	for it.Next() {
		one, err := keyword(string(it.Key()), it.Value(), doc, depth)
		if err != nil {
			return nil, err
		}
		if one != nil {
			all = append(all, one)
		}
	}
	return func(v bson.RawValue, j *judge) bool {
		for _, one := range all {
			if !j.spend(1) || !one(v, j) {
				return false
			}
		}
		return true
	}, nil
}

func keyword(name string, v bson.RawValue, all bson.Raw, depth int) (check, error) {
	switch name {
	case "title", "description":
		return nil, nil //nolint:nilnil // says nothing of values
	case "bsonType", "type":
		return schemaType(v)
	case "required":
		return required(v)
	case "properties":
		return properties(v, depth)
	case "additionalProperties":
		return additional(v, all)
	case "enum":
		return enum(v)
	case "pattern":
		return pattern(v)
	case "items":
		return items(v, depth)
	case "minimum", "maximum":
		least := name == "minimum"
		return func(w bson.RawValue, j *judge) bool {
			c := value.Compare(w, v)
			return !value.IsNumber(w) || c == 0 || c > 0 == least
		}, nil
	case "minLength", "maxLength", "minItems", "maxItems":
		return length(name, v)
	}
	return nil, misuse("$jsonSchema", "docdb.schema_keyword", "keyword", name)
}

// jsonTypes are what JSON Schema calls some types.
var jsonTypes = map[string]string{"boolean": "bool", "object": "object", "array": "array", "number": "number", "string": "string", "null": "null"}

func schemaType(v bson.RawValue) (check, error) {
	if name, ok := value.Text(v); ok && jsonTypes[string(name)] != "" {
		v = value.String(jsonTypes[string(name)])
	}
	test, err := typed(v)
	return func(w bson.RawValue, _ *judge) bool { return test(w) }, err
}

func each(v bson.RawValue) []bson.RawValue {
	var out []bson.RawValue
	array, _ := value.AsArray(v)
	it := value.Iterate(array)
	for it.Next() {
		out = append(out, it.Value())
	}
	return out
}

func required(v bson.RawValue) (check, error) {
	var paths []value.Path
	for _, one := range each(v) {
		name, ok := value.Text(one)
		if !ok {
			return nil, misuse("$jsonSchema", "docdb.schema_keyword", "keyword", "required")
		}
		paths = append(paths, value.Path{string(name)})
	}
	return func(w bson.RawValue, j *judge) bool {
		doc, ok := value.AsDocument(w)
		for _, p := range paths {
			if !j.spend(1) || ok && value.Get(doc, p).Type == 0 {
				return false
			}
		}
		return true
	}, nil
}

func properties(v bson.RawValue, depth int) (check, error) {
	kids := map[string]check{}
	doc, _ := value.AsDocument(v)
	it := value.Iterate(doc)
	for it.Next() {
		kid, err := schema(it.Value(), depth+1)
		if err != nil {
			return nil, err
		}
		kids[string(it.Key())] = kid
	}
	return func(w bson.RawValue, j *judge) bool {
		doc, ok := value.AsDocument(w)
		if !ok {
			return true
		}
		good := true
		_ = value.Elements(doc, func(key string, v bson.RawValue) bool {
			kid := kids[key]
			good = j.spend(1) && (kid == nil || kid(v, j))
			return good
		})
		return good
	}, nil
}

func additional(v bson.RawValue, all bson.Raw) (check, error) {
	if v.Type != bson.TypeBoolean {
		return nil, misuse("$jsonSchema", "docdb.schema_keyword", "keyword", "additionalProperties")
	}
	if value.Truthy(v) {
		return nil, nil //nolint:nilnil // anything goes
	}
	known := map[string]bool{}
	declared, _ := value.AsDocument(value.Get(all, value.Path{"properties"}))
	_ = value.Elements(declared, func(key string, _ bson.RawValue) bool { known[key] = true; return true })
	return func(w bson.RawValue, j *judge) bool {
		doc, ok := value.AsDocument(w)
		good := true
		_ = value.Elements(doc, func(key string, _ bson.RawValue) bool { good = known[key]; return good })
		return !ok || good
	}, nil
}

func enum(v bson.RawValue) (check, error) {
	list := each(v)
	if len(list) == 0 {
		return nil, misuse("$jsonSchema", "docdb.schema_keyword", "keyword", "enum")
	}
	return func(w bson.RawValue, j *judge) bool {
		return j.spend(1+len(list)>>2) && slices.ContainsFunc(list, func(one bson.RawValue) bool { return value.Equal(one, w) })
	}, nil
}

func pattern(v bson.RawValue) (check, error) {
	text, ok := value.Text(v)
	if !ok {
		return nil, misuse("$jsonSchema", "docdb.schema_keyword", "keyword", "pattern")
	}
	compiled, err := regex.Compile(string(text), "")
	return func(w bson.RawValue, j *judge) bool {
		text, ok := value.Text(w)
		return !ok || j.searches(compiled, text)
	}, err
}

func items(v bson.RawValue, depth int) (check, error) {
	kid, err := schema(v, depth+1)
	return func(w bson.RawValue, j *judge) bool {
		array, _ := value.AsArray(w)
		it := value.Iterate(array)
		for it.Next() {
			if !kid(it.Value(), j) {
				return false
			}
		}
		return true
	}, err
}

func length(name string, v bson.RawValue) (check, error) {
	bound, ok := value.Int64(v)
	if !ok || bound < 0 {
		return nil, misuse("$jsonSchema", "docdb.schema_keyword", "keyword", name)
	}
	return func(w bson.RawValue, j *judge) bool {
		n := int64(0)
		switch text, isText := value.Text(w); {
		case isText && (name == "minLength" || name == "maxLength"):
			n = int64(utf8.RuneCount(text))
		case w.Type == bson.TypeArray && (name == "minItems" || name == "maxItems"):
			n = int64(len(each(w)))
		default:
			return true
		}
		if name[:3] == "min" {
			return n >= bound
		}
		return n <= bound
	}, nil
}
