package rules

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

type shape byte

const (
	isAnd   shape = iota + 1 // of nothing: true
	isOr                     // of nothing: false
	isAtom                   // a field has, or has not, a value of a set
	isVague                  // nothing is known of it
)

// formula is a condition on documents in negation normal form. An atom says of the
// values which a query on its path considers that some is in the set or, negated,
// that none is. With only, none is outside of the set.
type formula struct {
	shape   shape
	negated bool
	only    bool
	implied bool // follows from what stands beside it, and may be left out
	path    string
	set     valueSet
	kids    []formula
	written *written // of an atom of a rule
}

// written is how a rule writes an atom, to make a query of it again.
type written struct {
	op    operator
	value bson.RawValue
	items []bson.RawValue // of in
}

var (
	always = formula{shape: isAnd}
	never  = formula{shape: isOr}
	vague  = formula{shape: isVague}
)

// constant returns always or never.
func constant(b bool) formula {
	if b {
		return always
	}
	return never
}

func (f *formula) always() bool { return f.shape == isAnd && len(f.kids) == 0 }
func (f *formula) never() bool  { return f.shape == isOr && len(f.kids) == 0 }

// conjunction joins formulas that all must hold, disjunction those of which one
// must; what is decided already disappears. The list they are given is theirs.
func conjunction(kids []formula) formula { return join(isAnd, kids) }
func disjunction(kids []formula) formula { return join(isOr, kids) }

func join(s shape, kids []formula) formula {
	out := kids[:0] // what is kept stands no later than where it came from
	if slices.ContainsFunc(kids, func(kid formula) bool { return kid.shape == s && len(kid.kids) > 1 }) {
		out = make([]formula, 0, 2*len(kids))
	}
	for _, kid := range kids {
		switch {
		case kid.shape == s:
			out = append(out, kid.kids...)
		case kid.shape <= isOr && len(kid.kids) == 0: // the opposite constant
			return kid
		default:
			out = append(out, kid)
		}
	}
	if len(out) == 1 {
		return out[0]
	}
	return formula{shape: s, kids: out}
}

// negation returns the opposite. The opposite of what is vague is vague, and so
// is that of an atom with only. Atoms that follow from others have no part in it.
func (f *formula) negation() formula {
	switch f.shape {
	case isVague:
		return vague
	case isAtom:
		if f.only {
			return vague
		}
		out := *f
		out.negated = !f.negated
		return out
	}
	kids := make([]formula, 0, len(f.kids))
	for i := range f.kids {
		if !f.kids[i].implied {
			kids = append(kids, f.kids[i].negation())
		}
	}
	return join(isAnd+isOr-f.shape, kids)
}

// mentions reports whether two formulas have a path in common.
func (f *formula) mentions(other *formula) bool {
	if f.shape != isAtom {
		return slices.ContainsFunc(f.kids, func(kid formula) bool { return kid.mentions(other) })
	}
	if other.shape != isAtom {
		return slices.ContainsFunc(other.kids, func(kid formula) bool { return f.mentions(&kid) })
	}
	return f.path == other.path
}
