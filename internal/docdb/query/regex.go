package query

import (
	"regexp/syntax"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/regex"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// compileRegex makes the test of a regular expression, and the text with which
// every match begins, missing for none.
func compileRegex(v bson.RawValue) (func(bson.RawValue, *judge) bool, bson.RawValue, error) {
	pattern, options, _, ok := bsoncore.ReadRegex(v.Value)
	if !ok {
		return nil, bson.RawValue{}, models.E(models.CodeInvalid, "docdb.malformed")
	}
	compiled, err := regex.Compile(pattern, options)
	if err != nil {
		return nil, bson.RawValue{}, err
	}
	return func(w bson.RawValue, j *judge) bool {
		text, ok := value.Text(w)
		return ok && j.searches(compiled, text)
	}, prefixOf(pattern, options), nil
}

// prefixOf returns the literal text that begins every match of ^text…, missing
// when there is none.
func prefixOf(pattern, options string) bson.RawValue {
	if !strings.HasPrefix(pattern, "^") || strings.ContainsAny(options, "imx") {
		return bson.RawValue{}
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return bson.RawValue{}
	}
	parsed = parsed.Simplify()
	if parsed.Op != syntax.OpConcat || len(parsed.Sub) < 2 || parsed.Sub[0].Op != syntax.OpBeginText {
		return bson.RawValue{}
	}
	literal := parsed.Sub[1]
	if literal.Op != syntax.OpLiteral || literal.Flags&syntax.FoldCase != 0 {
		return bson.RawValue{}
	}
	return value.String(string(literal.Rune))
}

// regexOperator is $regex with $options beside it.
func regexOperator(path value.Path, v bson.RawValue, all bson.Raw) (node, error) {
	pattern, isText := value.Text(v)
	text, options := string(pattern), ""
	if v.Type == bson.TypeRegex {
		text, options, _, isText = bsoncore.ReadRegex(v.Value)
	}
	if !isText || strings.IndexByte(text, 0) >= 0 {
		return node{}, misuse("$regex", "docdb.operator_regex")
	}
	if given := value.Get(all, value.Path{"$options"}); given.Type != 0 {
		flags, ok := value.Text(given)
		if !ok || strings.IndexByte(string(flags), 0) >= 0 {
			return node{}, misuse("$options", "docdb.operator_regex")
		}
		options = string(flags)
	}
	return equal(path, bson.RawValue{Type: bson.TypeRegex, Value: bsoncore.AppendRegex(nil, text, options)})
}
