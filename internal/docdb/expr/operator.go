package expr

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

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
	return apply(name, kids, op), nil
}

// apply makes the expression that evaluates its arguments and then the operator.
func apply(name string, kids []*Expr, op operator) *Expr {
	return &Expr{run: func(s *Scope) (bson.RawValue, error) {
		var few [4]bson.RawValue
		arguments := few[:0]
		for _, kid := range kids {
			v, err := kid.eval(s)
			if err != nil {
				return v, err
			}
			arguments = append(arguments, v)
		}
		if err := op.charge(s, arguments); err != nil {
			return bson.RawValue{}, err
		}
		if op.scoped != nil {
			return op.scoped(s, name, arguments)
		}
		v, ok := op.call(arguments)
		if !ok {
			return bson.RawValue{}, wrong(name)
		}
		return sized(v)
	}}
}

// operator is one that evaluates all arguments first; call reports false for
// values that it cannot be applied to.
type operator struct {
	least, most int // most -1: any number
	call        func(a []bson.RawValue) (bson.RawValue, bool)
	named       []string // arguments by name, in the order in which call gets them
	needed      int      // how many of the named ones must be there

	// makes tells, before call is called, how many bytes it may take; nil when that
	// is no more than the arguments have. apart says that it takes arrays or objects
	// apart in memory.
	makes func(a []bson.RawValue) int
	apart bool
	// scoped stands in the place of call for what must count while it works.
	scoped func(s *Scope, name string, a []bson.RawValue) (bson.RawValue, error)
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
		return apply(name, append(one, absent(len(op.named)-1)...), op), nil
	}
	kids := absent(len(op.named))
	it := value.Iterate(doc)
	if it.Next() && len(it.Key()) > 0 && it.Key()[0] == '$' && op.needed == 1 {
		one, err := p.parse(v, depth+1)
		if err != nil {
			return nil, err
		}
		return apply(name, append([]*Expr{one}, absent(len(op.named)-1)...), op), nil
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
	return apply(name, kids, op), nil
}

func absent(n int) []*Expr {
	out := make([]*Expr, n)
	for i := range out {
		out[i] = literal(bson.RawValue{})
	}
	return out
}
