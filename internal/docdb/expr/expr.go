package expr

import (
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// Expr is a parsed expression. It is immutable and safe for concurrent use.
type Expr struct {
	run      run
	constant bool
}

type run func(s *Scope) (bson.RawValue, error)

// Scope is what an expression sees.
type Scope struct {
	Root    bson.Raw // $$ROOT
	Current bson.Raw // $$CURRENT, where field paths begin
	Vars    map[string]bson.RawValue
	Now     int64 // $$NOW, milliseconds since 1970

	steps *int
}

// Bounds against hostile expressions.
const (
	maxDepth = 100
	maxSteps = 20_000_000 // operators evaluated for one document
	maxValue = 16 << 20   // bytes of any value on the way
	maxRange = 1_000_000  // elements that $range makes
)

// Eval evaluates the expression. A missing result is the zero RawValue.
func (e *Expr) Eval(s *Scope) (bson.RawValue, error) {
	if s.steps == nil {
		steps := 0
		inner := *s
		inner.steps = &steps
		s = &inner
	}
	return e.run(s)
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

// Parse reads an expression. Unknown operators and wrong numbers of arguments
// have the code operator.
func Parse(v bson.RawValue) (*Expr, error) {
	p := parser{vars: map[string]bool{"ROOT": true, "CURRENT": true, "NOW": true, "REMOVE": true}}
	return p.parse(v, 0)
}

// ParseWith reads an expression that may use variables, besides those that are
// always there.
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
	return &Expr{constant: true, run: func(*Scope) (bson.RawValue, error) { return v, nil }}
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

// reference reads "$field.path" or "$$variable.path".
func (p parser) reference(text string) (*Expr, error) {
	name, isVariable := strings.CutPrefix(text, "$$")
	if !isVariable {
		path, err := value.ParsePath(text[1:])
		if err != nil {
			return nil, err
		}
		return &Expr{run: func(s *Scope) (bson.RawValue, error) { return follow(value.Document(s.Current), path), nil }}, nil
	}
	name, rest, deep := strings.Cut(name, ".")
	if !p.vars[name] {
		return nil, models.E(models.CodeOperator, "docdb.expr_variable", "variable", "$$"+name)
	}
	var path value.Path
	if deep {
		var err error
		if path, err = value.ParsePath(rest); err != nil {
			return nil, err
		}
	}
	return &Expr{run: func(s *Scope) (bson.RawValue, error) { return follow(s.variable(name), path), nil }}, nil
}

func (s *Scope) variable(name string) bson.RawValue {
	if v, ok := s.Vars[name]; ok {
		return v
	}
	switch name {
	case "ROOT":
		return value.Document(s.Root)
	case "CURRENT":
		return value.Document(s.Current)
	case "NOW":
		return value.Date(s.Now)
	}
	return bson.RawValue{}
}

// follow reads a path as expressions do: arrays on the way give the array of what
// their objects have; a number is a name and no index.
func follow(v bson.RawValue, path value.Path) bson.RawValue {
	for i, segment := range path {
		switch v.Type {
		case bson.TypeEmbeddedDocument:
			v = value.Get(v.Value, value.Path{segment})
		case bson.TypeArray:
			list := newList()
			it := value.Iterate(v.Value)
			for it.Next() {
				if it.Value().Type != bson.TypeEmbeddedDocument && it.Value().Type != bson.TypeArray {
					continue
				}
				if inner := follow(it.Value(), path[i:]); inner.Type != 0 {
					list.add(inner)
				}
			}
			return list.value()
		default:
			return bson.RawValue{}
		}
	}
	return v
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
			v, err := kid.run(s)
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
			v, err := kid.run(s)
			if err != nil {
				return v, err
			}
			if v.Type == 0 {
				v = value.Null()
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

func (p parser) operator(name string, v bson.RawValue, depth int) (*Expr, error) {
	if special, ok := specials(name); ok {
		return special(p, v, depth)
	}
	op, ok := operators[name]
	if !ok {
		return nil, models.E(models.CodeOperator, "docdb.operator_unknown", "operator", name)
	}
	if op.named != nil {
		return p.namedArguments(name, op, v, depth)
	}
	kids, err := p.list(v, depth)
	if err != nil {
		return nil, err
	}
	if len(kids) < op.least || op.most >= 0 && len(kids) > op.most {
		return nil, models.E(models.CodeOperator, "docdb.expr_count", "operator", name)
	}
	return apply(name, kids, op.call), nil
}

// apply makes the expression that evaluates its arguments and then the operator.
func apply(name string, kids []*Expr, call func([]bson.RawValue) (bson.RawValue, bool)) *Expr {
	e := &Expr{run: func(s *Scope) (bson.RawValue, error) {
		if err := s.step(); err != nil {
			return bson.RawValue{}, err
		}
		var few [4]bson.RawValue
		arguments := few[:0]
		for _, kid := range kids {
			v, err := kid.run(s)
			if err != nil {
				return v, err
			}
			arguments = append(arguments, v)
		}
		v, ok := call(arguments)
		if !ok {
			return bson.RawValue{}, wrong(name)
		}
		return sized(v)
	}}
	return e
}

func (s *Scope) step() error {
	*s.steps++
	if *s.steps > maxSteps {
		return models.E(models.CodeResultTooLarge, "docdb.expr_steps", "steps", maxSteps)
	}
	return nil
}

// operator is one that evaluates all arguments first; call reports false for
// values that it cannot be applied to.
type operator struct {
	least, most int // most -1: any number
	call        func(a []bson.RawValue) (bson.RawValue, bool)
	named       []string // arguments by name, in the order in which call gets them
	needed      int      // how many of the named ones must be there
}

// namedArguments reads an object of arguments; absent ones are missing.
func (p parser) namedArguments(name string, op operator, v bson.RawValue, depth int) (*Expr, error) {
	doc, ok := value.AsDocument(v)
	if !ok {
		if op.needed > 1 {
			return nil, models.E(models.CodeOperator, "docdb.operator_object", "operator", name)
		}
		one, err := p.list(v, depth)
		if err != nil {
			return nil, err
		}
		if len(one) != 1 {
			return nil, models.E(models.CodeOperator, "docdb.expr_count", "operator", name)
		}
		return apply(name, append(one, absent(len(op.named)-1)...), op.call), nil
	}
	kids := absent(len(op.named))
	it := value.Iterate(doc)
	if it.Next() && len(it.Key()) > 0 && it.Key()[0] == '$' && op.needed == 1 {
		one, err := p.parse(v, depth+1)
		if err != nil {
			return nil, err
		}
		return apply(name, append([]*Expr{one}, absent(len(op.named)-1)...), op.call), nil
	}
	given := make([]bool, len(op.named))
	it = value.Iterate(doc)
	for it.Next() {
		at := slices.Index(op.named, string(it.Key()))
		if at < 0 {
			return nil, models.E(models.CodeOperator, "docdb.expr_option", "operator", name, "option", string(it.Key()))
		}
		kid, err := p.parse(it.Value(), depth+1)
		if err != nil {
			return nil, err
		}
		kids[at], given[at] = kid, true
	}
	for i := range op.needed {
		if !given[i] {
			return nil, models.E(models.CodeOperator, "docdb.expr_option_missing", "operator", name, "option", op.named[i])
		}
	}
	return apply(name, kids, op.call), nil
}

func absent(n int) []*Expr {
	out := make([]*Expr, n)
	for i := range out {
		out[i] = literal(bson.RawValue{})
	}
	return out
}
