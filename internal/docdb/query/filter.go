package query

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// Bounds against hostile conditions.
const (
	maxDepth   = 100
	maxClauses = 10_000
)

// Filter is a parsed condition. It is immutable and safe for concurrent use.
type Filter struct {
	root  node
	near  *Near
	steps int // for each document; 0: the default
}

// Parse reads a condition; an empty one matches everything. An operator that does
// not exist or is used wrongly has the code operator.
func Parse(filter bson.Raw) (*Filter, error) { return ParseVars(filter, nil) }

// ParseVars reads a condition whose $expr may use variables.
func ParseVars(filter bson.Raw, vars map[string]bson.RawValue) (*Filter, error) {
	p := &parser{top: true, vars: vars}
	root, err := p.document(filter, 0)
	if err != nil {
		return nil, err
	}
	return &Filter{root: root, near: p.near}, nil
}

// All reports whether the condition is empty, so that every document matches.
func (f *Filter) All() bool { return f.root.kind == kindAnd && len(f.root.kids) == 0 }

// Near returns the condition that orders by distance, if there is one.
func (f *Filter) Near() (*Near, bool) { return f.near, f.near != nil }

// ID returns the _id when the condition pins exactly one by equality.
func (f *Filter) ID() (bson.RawValue, bool) {
	bounds, ok := f.BoundsSingle("_id")
	if !ok || !bounds.Exact || len(bounds.Intervals) != 1 {
		return bson.RawValue{}, false
	}
	return bounds.Intervals[0].Low, true
}

// misuse is the error of an operator that is used wrongly.
func misuse(operator, key string, args ...any) error {
	return models.E(models.CodeOperator, key, append([]any{"operator", operator}, args...)...)
}

func unknown(operator string) error {
	return models.E(models.CodeOperator, "docdb.operator_unknown", "operator", operator)
}

type parser struct {
	clauses int
	near    *Near
	top     bool // only $and stands above
	vars    map[string]bson.RawValue
}

// document parses a condition on documents: fields and logical operators, which
// all must hold.
func (p *parser) document(filter bson.Raw, depth int) (node, error) {
	out := node{kind: kindAnd}
	if depth > maxDepth {
		return out, models.E(models.CodeInvalid, "docdb.filter_deep", "depth", maxDepth)
	}
	it := value.Iterate(filter)
	for it.Next() {
		if p.clauses++; p.clauses > maxClauses {
			return out, models.E(models.CodeInvalid, "docdb.filter_long", "clauses", maxClauses)
		}
		key := string(it.Key())
		kid, err := p.member(key, it.Value(), depth)
		if err != nil {
			return out, err
		}
		if kid.kind == kindAnd {
			out.kids = append(out.kids, kid.kids...)
			continue
		}
		out.kids = append(out.kids, kid)
	}
	if it.Err() != nil {
		return out, models.E(models.CodeInvalid, "docdb.malformed")
	}
	return out, nil
}

func (p *parser) member(key string, v bson.RawValue, depth int) (node, error) {
	if len(key) == 0 || key[0] != '$' {
		path, err := value.ParsePath(key)
		if err != nil {
			return node{}, err
		}
		return p.field(path, v, depth)
	}
	switch key {
	case "$and":
		return p.list(key, kindAnd, v, depth)
	case "$or", "$nor":
		above := p.top
		p.top = false
		defer func() { p.top = above }()
		kind := kindOr
		if key == "$nor" {
			kind = kindNor
		}
		return p.list(key, kind, v, depth)
	case "$expr":
		return p.expr(v)
	case "$jsonSchema":
		return parseSchema(v)
	case "$comment":
		return node{kind: kindAnd}, nil
	case "$alwaysTrue":
		return node{kind: kindAnd}, nil
	case "$alwaysFalse":
		return node{kind: kindOr}, nil
	}
	return node{}, unknown(key)
}

func (p *parser) list(key string, kind nodeKind, v bson.RawValue, depth int) (node, error) {
	out := node{kind: kind}
	array, ok := value.AsArray(v)
	if !ok {
		return out, misuse(key, "docdb.operator_array")
	}
	it := value.Iterate(array)
	for it.Next() {
		doc, ok := value.AsDocument(it.Value())
		if !ok {
			return out, misuse(key, "docdb.operator_array")
		}
		kid, err := p.document(doc, depth+1)
		if err != nil {
			return out, err
		}
		out.kids = append(out.kids, kid)
	}
	if len(out.kids) == 0 {
		return out, misuse(key, "docdb.operator_empty")
	}
	return out, nil
}

// field parses what a field must satisfy: a value, or a document of operators.
func (p *parser) field(path value.Path, v bson.RawValue, depth int) (node, error) {
	if doc, ok := value.AsDocument(v); ok {
		it := value.Iterate(doc)
		if it.Next() && len(it.Key()) > 0 && it.Key()[0] == '$' {
			return p.operators(path, doc, depth)
		}
	}
	return equal(path, v)
}

// operators parses a document of operators, which all must hold.
func (p *parser) operators(path value.Path, doc bson.Raw, depth int) (node, error) {
	out := node{kind: kindAnd}
	if depth > maxDepth {
		return out, models.E(models.CodeInvalid, "docdb.filter_deep", "depth", maxDepth)
	}
	it := value.Iterate(doc)
	for it.Next() {
		if p.clauses++; p.clauses > maxClauses {
			return out, models.E(models.CodeInvalid, "docdb.filter_long", "clauses", maxClauses)
		}
		kid, err := p.operator(path, string(it.Key()), it.Value(), doc, depth)
		if err != nil {
			return out, err
		}
		if kid.kind == kindAnd {
			out.kids = append(out.kids, kid.kids...)
			continue
		}
		out.kids = append(out.kids, kid)
	}
	if it.Err() != nil {
		return out, models.E(models.CodeInvalid, "docdb.malformed")
	}
	return out, nil
}

func (p *parser) operator(path value.Path, name string, v bson.RawValue, all bson.Raw, depth int) (node, error) {
	switch name {
	case "$eq":
		return equal(path, v)
	case "$ne":
		return negated(equal(path, v))
	case "$gt", "$gte", "$lt", "$lte":
		return compared(path, name, v), nil
	case "$in":
		return in(path, name, v)
	case "$nin":
		return negated(in(path, name, v))
	case "$not":
		return p.not(path, v, depth)
	case "$exists":
		return exists(path, value.Truthy(v)), nil
	case "$elemMatch":
		return p.elemMatch(path, v, depth)
	case "$all":
		return p.all(path, v, depth)
	case "$nearSphere", "$near":
		return p.nearBy(path, name, v, all)
	case "$maxDistance", "$minDistance", "$geometry":
		return node{kind: kindAnd}, nil // belong to $near, which reads them
	case "$options":
		return node{kind: kindAnd}, nil // belongs to $regex, which reads it
	}
	return simple(path, name, v, all)
}

// not parses $not: a document of operators or a regular expression.
func (p *parser) not(path value.Path, v bson.RawValue, depth int) (node, error) {
	above := p.top
	p.top = false
	defer func() { p.top = above }()
	if v.Type == bson.TypeRegex {
		return negated(equal(path, v))
	}
	doc, ok := value.AsDocument(v)
	if !ok || len(doc) <= 5 {
		return node{}, misuse("$not", "docdb.operator_object")
	}
	it := value.Iterate(doc)
	if it.Next() && (len(it.Key()) == 0 || it.Key()[0] != '$') {
		return node{}, misuse("$not", "docdb.operator_object")
	}
	inner, err := p.operators(path, doc, depth+1)
	return node{kind: kindNor, kids: []node{inner}}, err
}

func negated(n node, err error) (node, error) {
	return node{kind: kindNor, kids: []node{n}}, err
}
