package rules

import (
	"math"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// cut is a place between values in their order: right before or right after a
// value, or where a type class begins or ends.
type cut struct {
	class byte
	side  int8 // -1 before the value, 1 after it; -2 and 2: begin and end of the class
	of    bson.Type
	data  []byte // of the value
}

func cutAt(v bson.RawValue, side int8) cut {
	return cut{class: value.Bracket(v.Type), side: side, of: v.Type, data: v.Value}
}

func (c *cut) value() bson.RawValue { return bson.RawValue{Type: c.of, Value: c.data} }

func compareCuts(a, b *cut) int {
	switch {
	case a.class != b.class:
		return int(a.class) - int(b.class)
	case a.side == -2 || b.side == -2 || a.side == 2 || b.side == 2:
		return edge(a.side) - edge(b.side)
	}
	if c := value.Compare(a.value(), b.value()); c != 0 {
		return c
	}
	return int(a.side) - int(b.side)
}

// edge keeps of a side only whether it is the begin or the end of a class.
func edge(side int8) int { return int(side) / 2 }

// span is the values between two cuts.
type span struct{ from, to cut }

// valueSet is a set of values: spans in order that do not touch. Missing, null and
// undefined are one value in it.
type valueSet []span

// points returns the set of some values.
func points(values ...bson.RawValue) valueSet {
	set := make(valueSet, 0, len(values))
	for _, v := range values {
		if isNothing(v) {
			v = value.Null()
		}
		set = append(set, span{cutAt(v, -1), cutAt(v, 1)})
	}
	return united(set)
}

// beyond returns the values that compare with v as the operator says: values of
// the same type class. NaN is none of them.
func beyond(op operator, v bson.RawValue) valueSet {
	class := value.Bracket(v.Type)
	s := span{cut{class: class, side: -2}, cut{class: class, side: 2}}
	if value.IsNumber(v) {
		s.from = cutAt(value.Double(math.Inf(-1)), -1) // NaN lies below
	}
	switch op {
	case opLess:
		s.to = cutAt(v, -1)
	case opLessEqual:
		s.to = cutAt(v, 1)
	case opGreater:
		s.from = cutAt(v, 1)
	case opGreaterEqual:
		s.from = cutAt(v, -1)
	}
	if compareCuts(&s.from, &s.to) >= 0 {
		return nil
	}
	return valueSet{s}
}

// united sorts spans and joins those that touch.
func united(list valueSet) valueSet {
	if len(list) < 2 {
		return list
	}
	slices.SortFunc(list, func(a, b span) int { return compareCuts(&a.from, &b.from) })
	out := list[:1]
	for _, s := range list[1:] {
		last := &out[len(out)-1]
		if compareCuts(&last.to, &s.from) < 0 {
			out = append(out, s)
		} else if compareCuts(&last.to, &s.to) < 0 {
			last.to = s.to
		}
	}
	return out
}

// union returns what is in either set.
func union(a, b valueSet) valueSet {
	if len(a) == 0 {
		return b
	}
	return united(slices.Concat(a, b))
}

// both returns what is in both sets.
func both(a, b valueSet) valueSet {
	var out valueSet
	for i, j := 0, 0; i < len(a) && j < len(b); {
		s := a[i]
		if compareCuts(&s.from, &b[j].from) < 0 {
			s.from = b[j].from
		}
		aEnds := compareCuts(&a[i].to, &b[j].to) < 0
		if !aEnds {
			s.to = b[j].to
		}
		if compareCuts(&s.from, &s.to) < 0 {
			out = append(out, s)
		}
		if aEnds {
			i++
		} else {
			j++
		}
	}
	return out
}

// covers reports whether every value of inner is in the set.
func (set valueSet) covers(inner valueSet) bool {
	j := 0
	for _, s := range inner {
		for j < len(set) && compareCuts(&set[j].to, &s.from) <= 0 {
			j++
		}
		if j == len(set) || compareCuts(&set[j].from, &s.from) > 0 || compareCuts(&set[j].to, &s.to) < 0 {
			return false
		}
	}
	return true
}
