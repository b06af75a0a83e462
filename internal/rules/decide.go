package rules

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/models"
)

// maxComparisons bounds the work of one evaluation.
const maxComparisons = 200_000

// Evaluate decides by the document, the data and whatever else the input holds.
// An error (a lookup that failed, more lookups than allowed) refuses too.
func (r *Rule) Evaluate(ctx context.Context, in Input) (Verdict, error) {
	if v, decided := r.atOnce(in); decided {
		return v, nil
	}
	return r.evaluate(&decision{ctx: ctx, in: &in})
}

func (r *Rule) evaluate(d *decision) (Verdict, error) {
	allowed, by := d.holds(r.root)
	if d.err != nil {
		return Verdict{Trace: d.steps}, d.err
	}
	v := Verdict{Allowed: allowed, Part: by.String(), Trace: d.steps}
	if !allowed {
		v.Reason = models.M("rules.refused", "part", v.Part)
	}
	return v, nil
}

// Settle decides an operation on one document without that document, if the
// document cannot change the verdict for this caller: because the rule does not
// name it, or because the rest of the rule decides. Otherwise settled is false, and
// the document has to be read for Evaluate. A caller who is refused here learns
// nothing of the document, not even whether it exists.
func (r *Rule) Settle(ctx context.Context, in Input) (v Verdict, settled bool, err error) {
	if v, decided := r.atOnce(in); decided {
		return v, true, nil
	}
	in.Doc = nil
	d := &decision{ctx: ctx, in: &in}
	if r.NeedsDoc() {
		quiet := in
		quiet.Explain = false
		test := &decision{ctx: ctx, in: &quiet}
		yes, no := test.residue(r.root, true), test.residue(r.root, false)
		if test.err != nil || !yes.always() && !no.always() {
			return Verdict{}, false, test.err
		}
		d.found = test.found
	}
	v, err = r.evaluate(d)
	return v, err == nil, err
}

// atOnce decides what needs no look at anything: a constant, and a visitor who
// has not signed in at a preset.
func (r *Rule) atOnce(in Input) (Verdict, bool) {
	if r != nil && r.preset && in.Auth == nil {
		return Verdict{Part: r.String(), Reason: models.M("rules.preset_unauthenticated")}, true
	}
	allowed, ok := r.constant()
	if !ok {
		return Verdict{}, false
	}
	v := Verdict{Allowed: allowed, Part: r.String()}
	if !allowed {
		v.Reason = models.M("rules.refused", "part", v.Part)
	}
	return v, true
}

// decision is what is known while one decision is made.
type decision struct {
	ctx   context.Context
	in    *Input
	query bson.Raw                 // decide by the query, not by a document
	says  *formula                 // what the query says
	pins  map[string]bson.RawValue // values that the query gives to fields; pinOf fills it
	found map[string]bson.Raw      // what get has read, by collection and id
	used  []string                 // the pins that were needed
	steps []Step
	count int // of comparisons
	// single: assume that a field of the document has one value, as Narrow does.
	single bool
	err    error // ends the decision; all that is computed afterwards is void
}

func (d *decision) note(n *node, v bson.RawValue) {
	if d.in.Explain {
		d.steps = append(d.steps, Step{Part: n.String(), Value: v})
	}
}
