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
		for _, kid := range kids {
			v, err := kid.run(s)
			if err != nil {
				return v, err
			}
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
		v, err := kids[0].run(s)
		if err != nil {
			return v, err
		}
		if value.Truthy(v) {
			return kids[1].run(s)
		}
		return kids[2].run(s)
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
			if v, err := kid.run(s); err != nil || !nullish(v) {
				return v, err
			}
		}
		return kids[len(kids)-1].run(s)
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
		for _, c := range cases {
			v, err := c[0].run(s)
			if err != nil {
				return v, err
			}
			if value.Truthy(v) {
				return c[1].run(s)
			}
		}
		if otherwise == nil {
			return bson.RawValue{}, models.E(models.CodeOperator, "docdb.expr_no_branch")
		}
		return otherwise.run(s)
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
		inner := s.inner()
		for i, kid := range kids {
			v, err := kid.run(s)
			if err != nil {
				return v, err
			}
			inner.Vars[names[i]] = v
		}
		return body.run(inner)
	}}, nil
}

// inner is a scope whose variables can be set.
func (s *Scope) inner() *Scope {
	out := *s
	out.Vars = maps.Clone(s.Vars)
	if out.Vars == nil {
		out.Vars = map[string]bson.RawValue{}
	}
	return &out
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

// over evaluates the body for every element.
func (l loop) over(operator string, s *Scope, visit func(element, result bson.RawValue)) (null bool, err error) {
	input, err := l.input.run(s)
	if err != nil || nullish(input) {
		return true, err
	}
	list, ok := elements(input)
	if !ok {
		return false, wrong(operator)
	}
	inner := s.inner()
	for _, e := range list {
		if err := s.step(); err != nil {
			return false, err
		}
		inner.Vars[l.as] = e
		v, err := l.each.run(inner)
		if err != nil {
			return false, err
		}
		visit(e, v)
	}
	return false, nil
}

func (p parser) mapping(v bson.RawValue, depth int) (*Expr, error) {
	l, err := p.loop("$map", "in", v, depth)
	return &Expr{run: func(s *Scope) (bson.RawValue, error) {
		out := newList()
		null, err := l.over("$map", s, func(_, v bson.RawValue) { out.add(v) })
		if err != nil || null {
			return value.Null(), err
		}
		return sized(out.value())
	}}, err
}

func (p parser) filter(v bson.RawValue, depth int) (*Expr, error) {
	l, err := p.loop("$filter", "cond", v, depth)
	return &Expr{run: func(s *Scope) (bson.RawValue, error) {
		out := newList()
		null, err := l.over("$filter", s, func(e, v bson.RawValue) {
			if value.Truthy(v) {
				out.add(e)
			}
		})
		if err != nil || null {
			return value.Null(), err
		}
		return out.value(), nil
	}}, err
}

func (p parser) reduce(v bson.RawValue, depth int) (*Expr, error) {
	outer, err := p.with("this", "value").members("$reduce", v, depth, 3, "input", "initialValue", "in")
	if err != nil {
		return nil, err
	}
	return &Expr{run: func(s *Scope) (bson.RawValue, error) {
		input, err := outer[0].run(s)
		if err != nil || nullish(input) {
			return value.Null(), err
		}
		list, ok := elements(input)
		if !ok {
			return input, wrong("$reduce")
		}
		inner := s.inner()
		so, err := outer[1].run(s)
		for _, e := range list {
			if err == nil {
				err = s.step()
			}
			if err != nil {
				return so, err
			}
			inner.Vars["this"], inner.Vars["value"] = e, so
			if so, err = outer[2].run(inner); err == nil {
				so, err = sized(so)
			}
		}
		return so, err
	}}, nil
}
