package expr

import (
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// specials are the operators that do not evaluate all of their arguments first.
func specials(name string) (func(p parser, v bson.RawValue, depth int) (*Expr, error), bool) {
	special, ok := map[string]func(parser, bson.RawValue, int) (*Expr, error){
		"$literal": func(_ parser, v bson.RawValue, _ int) (*Expr, error) { return literal(v), nil },
		"$const":   func(_ parser, v bson.RawValue, _ int) (*Expr, error) { return literal(v), nil },
		"$and":     parser.and, "$or": parser.or, "$cond": parser.cond, "$ifNull": parser.ifNull, "$switch": parser.switches,
		"$let": parser.let, "$map": parser.mapping, "$filter": parser.filter, "$reduce": parser.reduce,
	}[name]
	return special, ok
}

func (p parser) and(v bson.RawValue, depth int) (*Expr, error) { return p.logical(v, depth, false) }
func (p parser) or(v bson.RawValue, depth int) (*Expr, error)  { return p.logical(v, depth, true) }

// logical stops at the first argument whose truth is stop.
func (p parser) logical(v bson.RawValue, depth int, stop bool) (*Expr, error) {
	kids, err := p.list(v, depth)
	if err != nil {
		return nil, err
	}
	return &Expr{run: func(s *Scope) (bson.RawValue, error) {
		before := *s.Budget.bytes
		for _, kid := range kids {
			v, err := kid.eval(s)
			if err == nil {
				err = s.Budget.Spend(1)
			}
			if err != nil {
				return v, err
			}
			*s.Budget.bytes = before
			if value.Truthy(v) == stop {
				return value.Bool(stop), nil
			}
		}
		return value.Bool(!stop), nil
	}}, nil
}

// members parses the members of an argument object by name; each of names is
// there or nil, unless it is needed.
func (p parser) members(operator string, v bson.RawValue, depth, needed int, names ...string) ([]*Expr, error) {
	doc, ok := value.AsDocument(v)
	if !ok {
		return nil, models.E(models.CodeOperator, "docdb.operator_object", "operator", operator)
	}
	out := make([]*Expr, len(names))
	it := value.Iterate(doc)
	for it.Next() {
		at := slices.Index(names, string(it.Key()))
		if at < 0 {
			return nil, models.E(models.CodeOperator, "docdb.expr_option", "operator", operator, "option", string(it.Key()))
		}
		kid, err := p.parse(it.Value(), depth+1)
		if err != nil {
			return nil, err
		}
		out[at] = kid
	}
	for i := range needed {
		if out[i] == nil {
			return nil, models.E(models.CodeOperator, "docdb.expr_option_missing", "operator", operator, "option", names[i])
		}
	}
	return out, nil
}

func (p parser) cond(v bson.RawValue, depth int) (*Expr, error) {
	kids, err := []*Expr(nil), error(nil)
	if v.Type == bson.TypeArray {
		kids, err = p.list(v, depth)
		if err == nil && len(kids) != 3 {
			err = models.E(models.CodeOperator, "docdb.expr_count", "operator", "$cond")
		}
	} else {
		kids, err = p.members("$cond", v, depth, 3, "if", "then", "else")
	}
	if err != nil {
		return nil, err
	}
	return &Expr{run: func(s *Scope) (bson.RawValue, error) {
		before := *s.Budget.bytes
		v, err := kids[0].eval(s)
		if err == nil {
			err = s.Budget.Spend(1)
		}
		if err != nil {
			return v, err
		}
		*s.Budget.bytes = before
		if value.Truthy(v) {
			return kids[1].eval(s)
		}
		return kids[2].eval(s)
	}}, nil
}

func (p parser) ifNull(v bson.RawValue, depth int) (*Expr, error) {
	kids, err := p.list(v, depth)
	if err != nil {
		return nil, err
	}
	if len(kids) < 2 {
		return nil, models.E(models.CodeOperator, "docdb.expr_count", "operator", "$ifNull")
	}
	return &Expr{run: func(s *Scope) (bson.RawValue, error) {
		for _, kid := range kids[:len(kids)-1] {
			if v, err := kid.eval(s); err != nil || !nullish(v) {
				return v, err
			}
			if err := s.Budget.Spend(1); err != nil {
				return bson.RawValue{}, err
			}
		}
		return kids[len(kids)-1].eval(s)
	}}, nil
}

func (p parser) switches(v bson.RawValue, depth int) (*Expr, error) {
	doc, _ := value.AsDocument(v)
	branches, ok := elements(value.Get(doc, value.Path{"branches"}))
	if !ok || len(branches) == 0 {
		return nil, models.E(models.CodeOperator, "docdb.expr_option_missing", "operator", "$switch", "option", "branches")
	}
	cases := make([][]*Expr, len(branches))
	for i, b := range branches {
		var err error
		if cases[i], err = p.members("$switch", b, depth+1, 2, "case", "then"); err != nil {
			return nil, err
		}
	}
	var otherwise *Expr
	if d := value.Get(doc, value.Path{"default"}); d.Type != 0 {
		var err error
		if otherwise, err = p.parse(d, depth+1); err != nil {
			return nil, err
		}
	}
	return &Expr{run: func(s *Scope) (bson.RawValue, error) {
		before := *s.Budget.bytes
		for _, c := range cases {
			v, err := c[0].eval(s)
			if err == nil {
				err = s.Budget.Spend(1)
			}
			if err != nil {
				return v, err
			}
			*s.Budget.bytes = before
			if value.Truthy(v) {
				return c[1].eval(s)
			}
		}
		if otherwise == nil {
			return bson.RawValue{}, models.E(models.CodeOperator, "docdb.expr_no_branch")
		}
		return otherwise.eval(s)
	}}, nil
}

// validVariable is the rule for names of user variables.
func validVariable(name string) bool {
	if name == "" {
		return false
	}
	for i := range len(name) {
		c := name[i]
		lower := c >= 'a' && c <= 'z' || c >= 0x80
		if !lower && (i == 0 || c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z')) {
			return false
		}
	}
	return true
}

func (p parser) let(v bson.RawValue, depth int) (*Expr, error) {
	doc, _ := value.AsDocument(v)
	vars, ok := value.AsDocument(value.Get(doc, value.Path{"vars"}))
	in := value.Get(doc, value.Path{"in"})
	if !ok || in.Type == 0 {
		return nil, models.E(models.CodeOperator, "docdb.expr_option_missing", "operator", "$let", "option", "in")
	}
	var names []string
	var kids []*Expr
	it := value.Iterate(vars)
	for it.Next() {
		kid, err := p.parse(it.Value(), depth+1)
		if err != nil {
			return nil, err
		}
		name := string(it.Key())
		if !validVariable(name) && name != "CURRENT" {
			return nil, models.E(models.CodeOperator, "docdb.expr_variable", "variable", name)
		}
		names, kids = append(names, name), append(kids, kid)
	}
	body, err := p.with(names...).parse(in, depth+1)
	if err != nil {
		return nil, err
	}
	return &Expr{run: func(s *Scope) (bson.RawValue, error) {
		inner, err := s.inner()
		if err != nil {
			return bson.RawValue{}, err
		}
		for i, kid := range kids {
			v, err := kid.eval(s)
			if err != nil {
				return v, err
			}
			inner.Vars[names[i]] = v
		}
		return body.eval(inner)
	}}, nil
}

// inner is a scope whose variables can be set.
func (s *Scope) inner() (*Scope, error) {
	if err := s.Budget.Spend(1 + len(s.Vars)); err != nil {
		return nil, err
	}
	out := *s
	out.Vars = maps.Clone(s.Vars)
	if out.Vars == nil {
		out.Vars = map[string]bson.RawValue{}
	}
	return &out, nil
}

// loop is what $map and $filter have in common: an array, a variable for its
// elements, and an expression for each.
type loop struct {
	input, each *Expr
	as          string
}

func (p parser) loop(operator, body string, v bson.RawValue, depth int) (loop, error) {
	doc, ok := value.AsDocument(v)
	if !ok {
		return loop{}, models.E(models.CodeOperator, "docdb.operator_object", "operator", operator)
	}
	l := loop{as: "this"}
	if as := value.Get(doc, value.Path{"as"}); as.Type != 0 {
		name, isText := textOf(as)
		if !isText || !validVariable(name) {
			return l, models.E(models.CodeOperator, "docdb.expr_variable", "variable", name)
		}
		l.as = name
	}
	for _, part := range []struct {
		name string
		into **Expr
		p    parser
	}{{"input", &l.input, p}, {body, &l.each, p.with(l.as)}} {
		given := value.Get(doc, value.Path{part.name})
		if given.Type == 0 {
			return l, models.E(models.CodeOperator, "docdb.expr_option_missing", "operator", operator, "option", part.name)
		}
		var err error
		if *part.into, err = part.p.parse(given, depth+1); err != nil {
			return l, err
		}
	}
	return l, nil
}

// over evaluates the body for every element, and hands element and result to take,
// which says which of them to add to the array that comes out.
func (l loop) over(operator string, s *Scope, take func(element, result bson.RawValue) (bson.RawValue, bool)) (bson.RawValue, error) {
	input, err := l.input.eval(s)
	if err != nil || nullish(input) {
		return value.Null(), err
	}
	array, ok := value.AsArray(input)
	if !ok {
		return input, wrong(operator)
	}
	inner, err := s.inner()
	if err != nil {
		return input, err
	}
	out := newList()
	it := value.Iterate(array)
	for it.Next() {
		before := *s.Budget.bytes
		inner.Vars[l.as] = it.Value()
		v, err := l.each.eval(inner)
		if err != nil {
			return v, err
		}
		if v, ok = take(it.Value(), v); !ok {
			*s.Budget.bytes = before
			if err := s.Budget.Spend(1); err != nil {
				return v, err
			}
			continue
		}
		if err := s.room(before, len(out.buf), 0, v); err != nil {
			return v, err
		}
		out.add(v)
	}
	return sized(out.value())
}

func (p parser) mapping(v bson.RawValue, depth int) (*Expr, error) {
	l, err := p.loop("$map", "in", v, depth)
	return &Expr{run: func(s *Scope) (bson.RawValue, error) {
		return l.over("$map", s, func(_, v bson.RawValue) (bson.RawValue, bool) { return v, true })
	}}, err
}

func (p parser) filter(v bson.RawValue, depth int) (*Expr, error) {
	l, err := p.loop("$filter", "cond", v, depth)
	return &Expr{run: func(s *Scope) (bson.RawValue, error) {
		return l.over("$filter", s, func(e, v bson.RawValue) (bson.RawValue, bool) { return e, value.Truthy(v) })
	}}, err
}

func (p parser) reduce(v bson.RawValue, depth int) (*Expr, error) {
	outer, err := p.with("this", "value").members("$reduce", v, depth, 3, "input", "initialValue", "in")
	if err != nil {
		return nil, err
	}
	return &Expr{run: func(s *Scope) (bson.RawValue, error) {
		input, err := outer[0].eval(s)
		if err != nil || nullish(input) {
			return value.Null(), err
		}
		array, ok := value.AsArray(input)
		if !ok {
			return input, wrong("$reduce")
		}
		inner, err := s.inner()
		if err != nil {
			return input, err
		}
		before := *s.Budget.bytes
		so, err := outer[1].eval(s)
		it := value.Iterate(array)
		for err == nil && it.Next() {
			if err = s.Budget.Spend(1); err != nil {
				break
			}
			inner.Vars["this"], inner.Vars["value"] = it.Value(), so
			if so, err = outer[2].eval(inner); err == nil {
				so, err = sized(so)
			}
			*s.Budget.bytes = before - int64(len(so.Value))
		}
		return so, err
	}}, nil
}
