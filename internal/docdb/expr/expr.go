package expr

import (
	"context"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// Expr is a parsed expression. It is immutable and safe for concurrent use.
type Expr struct {
	run      run
	constant bool
	alias    bool // the result is a part of the document, not made anew
}

type run func(s *Scope) (bson.RawValue, error)

// Scope is what an expression sees.
type Scope struct {
	Root    bson.Raw // $$ROOT
	Current bson.Raw // $$CURRENT, where field paths begin
	Vars    map[string]bson.RawValue
	Now     int64   // $$NOW, milliseconds since 1970
	Budget  *Budget // what evaluating may cost; nil: the defaults, without a context
}

// Bounds against hostile expressions.
const (
	maxDepth = 100
	maxValue = 16 << 20  // bytes of any value on the way
	maxRange = 1_000_000 // elements that $range makes
)

// Eval evaluates the expression. A missing result is the zero RawValue. Codes:
// operator for values that an operator cannot be applied to, result_too_large for
// too much work or memory; the context's own error when it has ended.
func (e *Expr) Eval(s *Scope) (bson.RawValue, error) {
	if s.Budget == nil {
		inner := *s
		inner.Budget = NewBudget(context.Background(), 0, nil)
		s = &inner
	}
	before := *s.Budget.bytes
	v, err := e.run(s)
	*s.Budget.bytes = before
	return v, err
}

// eval evaluates a part. What it held on the way is free again, but its result is
// held until the expression around it is done.
func (e *Expr) eval(s *Scope) (bson.RawValue, error) {
	before := *s.Budget.bytes
	v, err := e.run(s)
	if !e.alias {
		before -= int64(len(v.Value))
	}
	*s.Budget.bytes = before
	return v, err
}

// Constant reports whether the expression is the same for every document.
func (e *Expr) Constant() bool { return e.constant }

// Field returns the path of an expression that only reads a field.
func Field(v bson.RawValue) (value.Path, bool) {
	text, ok := value.Text(v)
	if !ok || len(text) < 2 || text[0] != '$' || text[1] == '$' {
		return nil, false
	}
	path, err := value.ParsePath(string(text[1:]))
	return path, err == nil
}

func wrong(operator string) error {
	return models.E(models.CodeOperator, "docdb.expr_argument", "operator", operator)
}

// ParseWith reads an expression that may use variables, besides those that are
// always there. Unknown operators and wrong numbers of arguments have the code
// operator.
func ParseWith(v bson.RawValue, vars ...string) (*Expr, error) {
	p := parser{vars: map[string]bool{"ROOT": true, "CURRENT": true, "NOW": true, "REMOVE": true}}
	return p.with(vars...).parse(v, 0)
}

type parser struct{ vars map[string]bool }

func (p parser) with(names ...string) parser {
	vars := maps.Clone(p.vars)
	for _, n := range names {
		vars[n] = true
	}
	return parser{vars: vars}
}

func literal(v bson.RawValue) *Expr {
	return &Expr{constant: true, alias: true, run: func(*Scope) (bson.RawValue, error) { return v, nil }}
}

func (p parser) parse(v bson.RawValue, depth int) (*Expr, error) {
	if depth > maxDepth {
		return nil, models.E(models.CodeInvalid, "docdb.filter_deep", "depth", maxDepth)
	}
	switch v.Type {
	case bson.TypeString:
		text, _ := value.Text(v)
		if len(text) > 0 && text[0] == '$' {
			return p.reference(string(text))
		}
	case bson.TypeEmbeddedDocument:
		return p.document(v.Value, depth)
	case bson.TypeArray:
		return p.array(v.Value, depth)
	}
	return literal(v), nil
}

// document reads an operator, or an object whose members are expressions.
func (p parser) document(doc bson.Raw, depth int) (*Expr, error) {
	it := value.Iterate(doc)
	first := it.Next()
	if first && len(it.Key()) > 0 && it.Key()[0] == '$' {
		name, argument := string(it.Key()), it.Value()
		if it.Next() {
			return nil, models.E(models.CodeOperator, "docdb.expr_one_operator", "operator", name)
		}
		return p.operator(name, argument, depth)
	}
	return p.object(doc, depth)
}

func (p parser) object(doc bson.Raw, depth int) (*Expr, error) {
	var keys []string
	var kids []*Expr
	it := value.Iterate(doc)
	for it.Next() {
		kid, err := p.parse(it.Value(), depth+1)
		if err != nil {
			return nil, err
		}
		keys, kids = append(keys, string(it.Key())), append(kids, kid)
	}
	constant := !slices.ContainsFunc(kids, func(e *Expr) bool { return !e.constant })
	return &Expr{constant: constant, run: func(s *Scope) (bson.RawValue, error) {
		start, dst := bsoncore.AppendDocumentStart(nil)
		for i, kid := range kids {
			before := *s.Budget.bytes
			v, err := kid.eval(s)
			if err == nil {
				err = s.room(before, len(dst), len(keys[i]), v)
			}
			if err != nil {
				return v, err
			}
			if v.Type != 0 {
				dst = appendMember(dst, keys[i], v)
			}
		}
		dst, _ = bsoncore.AppendDocumentEnd(dst, start)
		return sized(value.Document(dst))
	}}, nil
}

func appendMember(dst []byte, key string, v bson.RawValue) []byte {
	return append(bsoncore.AppendHeader(dst, bsoncore.Type(v.Type), key), v.Value...)
}

// room says whether a value that was computed can be put at the end of size bytes
// with a name; it is then held as a part of them. before is what was free before
// it was computed.
func (s *Scope) room(before int64, size, name int, v bson.RawValue) error {
	*s.Budget.bytes = before
	added := name + len(v.Value) + 10
	if size+added > maxValue {
		return models.E(models.CodeResultTooLarge, "docdb.expr_large", "mb", maxValue>>20)
	}
	if err := s.Budget.Spend(1 + added>>8); err != nil {
		return err
	}
	return s.Budget.Hold(added)
}

func sized(v bson.RawValue) (bson.RawValue, error) {
	if len(v.Value) > maxValue {
		return bson.RawValue{}, models.E(models.CodeResultTooLarge, "docdb.expr_large", "mb", maxValue>>20)
	}
	return v, nil
}

func (p parser) array(array bson.Raw, depth int) (*Expr, error) {
	kids, err := p.list(value.Array(array), depth)
	if err != nil {
		return nil, err
	}
	constant := !slices.ContainsFunc(kids, func(e *Expr) bool { return !e.constant })
	return &Expr{constant: constant, run: func(s *Scope) (bson.RawValue, error) {
		list := newList()
		for _, kid := range kids {
			before := *s.Budget.bytes
			v, err := kid.eval(s)
			if err == nil {
				err = s.room(before, len(list.buf), 0, v)
			}
			if err != nil {
				return v, err
			}
			list.add(v)
		}
		return sized(list.value())
	}}, nil
}

// list parses the arguments of an operator: those in an array, or a single one.
func (p parser) list(v bson.RawValue, depth int) ([]*Expr, error) {
	array, ok := value.AsArray(v)
	if !ok {
		one, err := p.parse(v, depth+1)
		return []*Expr{one}, err
	}
	var out []*Expr
	it := value.Iterate(array)
	for it.Next() {
		kid, err := p.parse(it.Value(), depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, kid)
	}
	return out, nil
}
