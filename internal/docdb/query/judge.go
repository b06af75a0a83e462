package query

import (
	"context"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/expr"
	"envshare/internal/docdb/regex"
	"envshare/models"
)

// judge is one decision about a document, and the bound on its cost. Once err is
// set nothing matches any more, and what was decided does not count.
type judge struct {
	budget *expr.Budget
	ctx    context.Context
	bytes  int64
	err    error
}

var judges = sync.Pool{New: func() any { return &judge{} }}

// judge begins a decision.
func (f *Filter) judge(ctx context.Context) *judge { return newJudge(ctx, f.steps) }

func newJudge(ctx context.Context, steps int) *judge {
	j := judges.Get().(*judge)
	j.ctx, j.err, j.bytes = ctx, nil, expr.DefaultBytes
	if j.budget == nil {
		j.budget = expr.NewBudget(ctx, steps, &j.bytes)
	}
	j.budget.Restart(ctx, steps)
	return j
}

func (j *judge) done() {
	j.ctx = nil
	judges.Put(j)
}

// spend takes steps, and reports whether the decision can go on.
func (j *judge) spend(steps int) bool {
	if j.err == nil {
		j.err = j.budget.Spend(steps)
	}
	return j.err == nil
}

// searches matches a regular expression.
func (j *judge) searches(p *regex.Pattern, text []byte) bool {
	if !j.spend(p.Steps(len(text))) {
		return false
	}
	found, err := p.Match(text, j.budget.Alive)
	j.undecided(err)
	return found
}

// undecided notes an error that is not the document's: an expression that cannot
// be applied to it only does not match it.
func (j *judge) undecided(err error) {
	if err != nil && j.err == nil && !models.IsCode(err, models.CodeOperator) {
		j.err = err
	}
}

// Match reports whether a document satisfies the condition. A document that takes
// too much work to decide does not: MatchContext tells the difference.
func (f *Filter) Match(doc bson.Raw) bool {
	ok, err := f.MatchContext(context.Background(), doc)
	return ok && err == nil
}

// MatchContext is Match that stops when the context ends, also in the middle of a
// document. Codes: result_too_large when the condition takes too much work or
// memory for one document; the context's own error.
func (f *Filter) MatchContext(ctx context.Context, doc bson.Raw) (bool, error) {
	j := f.judge(ctx)
	defer j.done()
	ok := f.root.matches(doc, j)
	return ok && j.err == nil, j.err
}

// Bounded returns the same condition with a bound on the steps for each document,
// instead of expr.DefaultSteps.
func (f *Filter) Bounded(steps int) *Filter {
	out := *f
	out.steps = steps
	return &out
}
