package docdb

import (
	"bytes"
	"slices"

	"envshare/internal/docdb/query"
	"envshare/internal/docdb/value"
)

// plan is how candidates are found: in ranges of an index, or, without one, by
// reading the whole collection.
type plan struct {
	index   *index
	ranges  []keyRange
	sorted  bool // candidates come in the wanted order
	reverse bool // the index is read backwards
	points  bool // every range is one whole key, its low end
}

// maxRanges bounds how many ranges of an index are read.
const maxRanges = 500

// choose picks the index by which the fewest documents are likely to be read: the
// one with the most fields pinned, then one with a bounded field, then one in the
// wanted order. Older indexes win a tie.
func choose(c *collection, f *query.Filter, order []query.Sort) plan {
	best, bestScore := plan{}, 0
	for _, i := range c.indexes {
		if !i.ready || i.geo() {
			continue
		}
		p, score := consider(i, f, order)
		if p.one() {
			return p
		}
		if score > bestScore {
			best, bestScore = p, score
		}
	}
	if path, cells, ok := f.GeoArea(); ok && bestScore < scorePinned {
		for _, i := range c.indexes {
			if i.ready && i.geo() && i.Keys[0].Path == path {
				return plan{index: i, ranges: cellRanges(cells)}
			}
		}
	}
	return best
}

// one reports whether a plan finds one document at most.
func (p plan) one() bool { return p.points && p.index.Unique && len(p.ranges) == 1 }

const (
	scorePinned  = 100
	scoreBounded = 50
	scoreOrder   = 20
	scoreWhole   = 10 // all fields of a unique index are pinned
)

// consider works out how an index would serve; a score of 0 is no use.
func consider(i *index, f *query.Filter, order []query.Sort) (plan, int) {
	p := plan{index: i}
	prefixes := [][]byte{nil}
	score, field, single := 0, 0, true
	for ; field < len(i.Keys); field++ {
		b, ok := bounds(i, field, f)
		if !ok || !b.Exact || len(b.Intervals)*len(prefixes) > maxRanges {
			break
		}
		prefixes = extend(prefixes, b, i.Keys[field].Kind == "-1")
		single = single && len(b.Intervals) == 1
		score += scorePinned
	}
	switch {
	case field == len(i.Keys):
		p.points = true
		p.ranges = make([]keyRange, len(prefixes))
		for n, key := range prefixes {
			p.ranges[n].low = exact(key)
		}
		if i.Unique {
			score += scoreWhole
		}
	default:
		b, ok := bounds(i, field, f)
		if ok && len(b.Intervals)*len(prefixes) <= maxRanges {
			score += scoreBounded
			p.ranges = inside(prefixes, b, i.Keys[field].Kind == "-1")
		} else {
			for _, prefix := range prefixes {
				p.ranges = append(p.ranges, bounded(keyRange{prefix, after(prefix)}))
			}
		}
	}
	if i.Sparse && score == 0 {
		return plan{}, 0 // it does not hold every document
	}
	if single && !i.multikey && !i.long {
		p.sorted, p.reverse = serves(i, field, unpinned(i, field, order))
		if p.sorted && len(order) > 0 {
			score += scoreOrder
		}
	}
	p.ranges = p.apart()
	return p, score
}

// apart returns the ranges in order and without overlap: those of long values, whose
// keys are cut, may share their ends.
func (p plan) apart() []keyRange {
	slices.SortFunc(p.ranges, func(a, b keyRange) int { return bytes.Compare(a.low, b.low) })
	if p.points {
		return slices.CompactFunc(p.ranges, func(a, b keyRange) bool { return bytes.Equal(a.low, b.low) })
	}
	out := p.ranges[:0]
	for _, one := range p.ranges {
		if len(out) == 0 {
			out = append(out, one)
			continue
		}
		before := &out[len(out)-1]
		switch {
		case before.high == nil:
			return out // nothing lies behind it
		case bytes.Compare(one.low, before.high) > 0:
			out = append(out, one)
		case one.high == nil || bytes.Compare(one.high, before.high) > 0:
			before.high = one.high
		}
	}
	return out
}

// bounds returns the bounds of one field of an index. A sparse index cannot serve
// a condition that a missing field satisfies.
func bounds(i *index, field int, f *query.Filter) (query.Bounds, bool) {
	path := i.Keys[field].Path
	b, ok := f.BoundsSingle(path)
	if i.multikey {
		b, ok = f.Bounds(path)
	}
	if !ok || !i.Sparse {
		return b, ok
	}
	for _, one := range b.Intervals {
		if one.Point && value.Bracket(one.Low.Type) == value.Bracket(value.Null().Type) {
			return b, false
		}
	}
	return b, true
}

// usualKey is room for the key of most values.
const usualKey = 40

// extend appends each pinned value to each prefix.
func extend(prefixes [][]byte, b query.Bounds, descending bool) [][]byte {
	out := make([][]byte, 0, len(prefixes)*len(b.Intervals))
	for _, prefix := range prefixes {
		for _, one := range b.Intervals {
			begin := append(make([]byte, 0, len(prefix)+usualKey), prefix...)
			out = append(out, value.AppendKey(begin, one.Low, descending))
		}
	}
	return out
}

// inside makes the ranges of bounds behind each prefix.
func inside(prefixes [][]byte, b query.Bounds, descending bool) []keyRange {
	var out []keyRange
	for _, prefix := range prefixes {
		for _, one := range b.Intervals {
			r := interval(one)
			if descending {
				// The inverted ends of [low, high) are (high, low]: step over both.
				r = keyRange{after(inverted(r.high)), after(inverted(r.low))}
			}
			high := slices.Concat(prefix, r.high)
			if r.high == nil {
				high = after(prefix)
			}
			out = append(out, bounded(keyRange{slices.Concat(prefix, r.low), high}))
		}
	}
	return out
}

// interval returns the keys of an interval in an ascending field.
func interval(i query.Interval) keyRange {
	var r keyRange
	switch {
	case i.Low.Type == 0:
		r.low = []byte{i.Class}
	case i.LowOpen:
		r.low = after(value.AppendKey(nil, i.Low, false))
	default:
		r.low = value.AppendKey(nil, i.Low, false)
	}
	switch {
	case i.High.Type == 0:
		r.high = []byte{i.Class + 1}
	case i.HighOpen:
		r.high = value.AppendKey(nil, i.High, false)
	default:
		r.high = after(value.AppendKey(nil, i.High, false))
	}
	return r
}

func inverted(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = ^c
	}
	return out
}

// unpinned returns the part of an order that the pinned fields leave open: they
// are the same for all candidates.
func unpinned(i *index, pinned int, order []query.Sort) []query.Sort {
	var out []query.Sort
	for _, o := range order {
		if !slices.ContainsFunc(i.Keys[:pinned], func(k IndexKey) bool { return k.Path == o.Path.String() }) {
			out = append(out, o)
		}
	}
	return out
}

// serves reports whether the fields of an index from one on are the wanted order,
// read forwards or backwards.
func serves(i *index, from int, order []query.Sort) (ok, reverse bool) {
	if len(order) > len(i.Keys)-from {
		return false, false
	}
	for n, o := range order {
		key := i.Keys[from+n]
		if key.Path != o.Path.String() || key.Kind == "2dsphere" {
			return false, false
		}
		back := (key.Kind == "-1") != o.Descending
		if n > 0 && back != reverse {
			return false, false
		}
		reverse = back
	}
	return true, reverse
}
