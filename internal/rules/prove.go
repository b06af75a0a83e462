package rules

// maxSteps bounds the work for one decision: normal forms may be exponential.
const maxSteps = 10_000

// prover looks for a contradiction in formulas that all hold. It follows every
// choice that their disjunctions leave; in each, some path must have values that
// cannot be.
type prover struct {
	// single takes a field for one value. Otherwise it may be an array, of which
	// different elements satisfy different conditions.
	single bool
	steps  int
	tired  bool // the bound was reached
	// facts are those of the branches that are followed, one branch inside another: the
	// facts of each are the last ones when it is made, and their place is free again
	// when it is done.
	facts []fact
}

// fact is what is known of the values on one path in one branch.
type fact struct {
	path string
	some []valueSet // in each of these is a value
	none valueSet   // in this is no value
	only valueSet   // all values are in here, if limited
	// limited says whether only counts.
	limited bool
}

// branch is one choice of what the formulas leave open.
type branch struct {
	facts   []fact
	choices []*formula // disjunctions of which a branch is still to be taken
	clash   bool       // the facts contradict each other
}

// factsAtOnce is for how many facts there is room without growing.
const factsAtOnce = 8

// with returns the branch in which a formula holds too. Whoever is done with it
// gives the place of its facts back.
func (p *prover) with(b branch, f *formula) branch {
	if p.facts == nil {
		p.facts = make([]fact, 0, factsAtOnce)
	}
	start := len(p.facts)
	b.facts = append(p.facts, b.facts...)[start:]
	b.choices = b.choices[:len(b.choices):len(b.choices)]
	p.work(len(b.facts))
	p.add(&b, f)
	p.facts = append(p.facts[:start], b.facts...)
	b.facts = p.facts[start:]
	return b
}

// impossible reports whether a branch cannot be once a formula holds too.
func (p *prover) impossible(b branch, f *formula) bool {
	start := len(p.facts)
	no := p.contradictory(p.with(b, f))
	p.facts = p.facts[:start]
	return no
}

// add takes in what is certain and keeps disjunctions for later.
func (p *prover) add(b *branch, f *formula) {
	if p.work(1); p.tired || b.clash {
		return
	}
	switch f.shape {
	case isAnd:
		for i := range f.kids {
			p.add(b, &f.kids[i])
		}
	case isOr:
		b.choices = append(b.choices, f)
		b.clash = len(f.kids) == 0
	case isAtom:
		p.learn(b, f)
	}
}

// contradictory reports whether what a branch holds cannot be.
func (p *prover) contradictory(b branch) bool {
	if b.clash || p.tired || len(b.choices) == 0 {
		return b.clash && !p.tired
	}
	first := b.choices[0]
	b.choices = b.choices[1:]
	for i := range first.kids {
		if !p.impossible(b, &first.kids[i]) {
			return false
		}
	}
	return true
}

// work counts steps: one, and more for what has many members.
func (p *prover) work(members int) {
	p.steps += 1 + members/16
	p.tired = p.steps > maxSteps
}

// proves reports whether a formula cannot fail in a branch. Choices that mention
// none of its paths are left aside: they could only help if the query contradicted
// itself, and following them takes exponential time.
func (p *prover) proves(b branch, f *formula) bool {
	if p.tired {
		return false
	}
	var relevant []*formula
	for _, choice := range b.choices {
		if choice.mentions(f) {
			relevant = append(relevant, choice)
		}
	}
	b.choices = relevant
	opposite := f.negation()
	return p.impossible(b, &opposite)
}

// learn adds an atom to the facts and notices when they contradict each other.
func (p *prover) learn(b *branch, f *formula) {
	p.work(len(b.facts) + len(f.set))
	at := 0
	for at < len(b.facts) && b.facts[at].path != f.path {
		at++
	}
	if at == len(b.facts) {
		b.facts = append(b.facts, fact{path: f.path})
	}
	known := &b.facts[at]
	switch {
	case f.only:
		known.only, known.limited = f.set, true
		if p.single {
			known.some = append(known.some[:len(known.some):len(known.some)], f.set)
		}
	case f.negated:
		known.none = union(known.none, f.set)
	case p.single && len(known.some) > 0:
		known.some = []valueSet{both(known.some[0], f.set)}
	default:
		known.some = append(known.some[:len(known.some):len(known.some)], f.set)
	}
	for _, set := range known.some {
		p.work(len(set) + len(known.none))
		if known.limited {
			set = both(set, known.only)
		}
		b.clash = b.clash || known.none.covers(set)
	}
}
