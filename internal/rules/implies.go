package rules

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// Implies reports whether every document that matches a query satisfies the rule
// for this caller. It reads no document of the collection: the query is compared
// with what remains of the rule once the caller is known. A yes is always right; a
// no may be due to a rule or a query that is too complex.
//
// A field may hold an array, and a query {a: 3} finds {a: [3, 5]}: so it does not
// imply doc.a != 5. Narrow is the answer to that.
func (r *Rule) Implies(ctx context.Context, filter bson.Raw, in Input) (Verdict, error) {
	v, _, err := r.imply(&decision{ctx: ctx, in: &in, query: filter})
	return v, err
}

// Narrow is Implies under the assumption that each field that the rule names has
// one value and is no array. Where that assumption matters, it returns the query
// with conditions added that leave out what fails the rule: run that query, not
// the one that came. A document without arrays satisfies both or neither.
func (r *Rule) Narrow(ctx context.Context, filter bson.Raw, in Input) (Verdict, bson.Raw, error) {
	d := &decision{ctx: ctx, in: &in, query: filter}
	v, f, err := r.imply(d)
	if err != nil || v.Allowed {
		return v, f, err
	}
	single, f, err := r.imply(&decision{ctx: ctx, in: &in, query: filter, says: d.says, found: d.found, single: true})
	if err != nil || !single.Allowed {
		return v, nil, err
	}
	return single, f, nil
}

func (r *Rule) imply(d *decision) (Verdict, bson.Raw, error) {
	if v, decided := r.atOnce(*d.in); decided {
		return v, d.query, nil
	}
	if d.says == nil {
		says := readQuery(d.query, 0)
		d.says = &says
	}
	parts := []*node{r.root}
	if r.root.kind == kindAll {
		parts = r.root.kids
	}
	v := Verdict{Allowed: true, Part: r.String()}
	rest := make([]formula, 0, len(parts))
	p := prover{single: d.single}
	matched := p.with(branch{}, d.says)
	for _, part := range parts {
		f := d.residue(part, true)
		ok := f.always() || d.err == nil && p.proves(matched, &f)
		if d.err != nil {
			return Verdict{Trace: d.steps}, nil, d.err
		}
		if part.doc || part.kind <= kindNot {
			d.note(part, value.Bool(ok))
		}
		if !ok {
			v = Verdict{Part: part.String(), Reason: refusal(part, f, p.tired)}
			break
		}
		rest = append(rest, f)
	}
	v.Trace = d.steps
	if !v.Allowed || !d.single {
		return v, d.query, nil
	}
	narrowed, ok := d.narrow(d.query, rest)
	v.Allowed = ok
	return v, narrowed, nil
}

// refusal says why a part of a rule is not implied.
func refusal(part *node, f formula, tired bool) models.Msg {
	switch {
	case tired:
		return models.M("rules.complex", "part", part.String())
	case f.never() && !part.doc:
		return models.M("rules.refused", "part", part.String())
	}
	return models.M("rules.not_implied", "part", part.String())
}

// pinOf returns the one value that a query gives to a field, if it does.
func (d *decision) pinOf(path string) (bson.RawValue, bool) {
	if d.pins == nil {
		d.pins = map[string]bson.RawValue{}
		d.pin(d.query, 0)
	}
	v, ok := d.pins[path]
	return v, ok
}

// pin notes the fields that a query gives one value, outside of any choice.
func (d *decision) pin(filter bson.Raw, depth int) {
	it := value.Iterate(filter)
	for it.Next() && depth < maxQueryDepth {
		key, v := string(it.Key()), it.Value()
		if key == "$and" {
			array, _ := value.AsArray(v)
			inner := value.Iterate(array)
			for inner.Next() {
				doc, _ := value.AsDocument(inner.Value())
				d.pin(doc, depth+1)
			}
			continue
		}
		if _, known := d.pins[key]; known || key == "" || key[0] == '$' {
			continue
		}
		if one, ok := pinnedBy(v); ok && one.Type != bson.TypeRegex {
			d.pins[key] = one
		}
	}
}

// pinnedBy returns the value that a field must have: one that is written, $eq, or
// $in with one element.
func pinnedBy(v bson.RawValue) (bson.RawValue, bool) {
	doc, ok := operatorsOf(v)
	if !ok {
		return v, true
	}
	it := value.Iterate(doc)
	for it.Next() {
		switch string(it.Key()) {
		case "$eq":
			return it.Value(), true
		case "$in":
			array, _ := value.AsArray(it.Value())
			inner := value.Iterate(array)
			if inner.Next() {
				one := inner.Value()
				_, operators := operatorsOf(one)
				return one, !inner.Next() && !operators
			}
		}
	}
	return bson.RawValue{}, false
}
