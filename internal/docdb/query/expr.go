package query

import (
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/expr"
	"envshare/internal/docdb/value"
)

// expr is $expr: an expression that must be true of the document. One that
// fails on a document does not match it.
func (p *parser) expr(v bson.RawValue) (node, error) {
	vars := p.vars
	e, err := expr.ParseWith(v, slices.Collect(maps.Keys(vars))...)
	if err != nil {
		return node{}, err
	}
	return node{kind: kindDocument, doc: func(doc bson.Raw, j *judge) bool {
		result, err := e.Eval(&expr.Scope{Root: doc, Current: doc, Vars: vars, Budget: j.budget})
		j.undecided(err)
		return err == nil && value.Truthy(result)
	}}, nil
}
