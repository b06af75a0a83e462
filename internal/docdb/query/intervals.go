package query

import (
	"slices"

	"envshare/internal/docdb/value"
)

// compareLow orders intervals by where they begin.
func compareLow(a, b Interval) int {
	if c := int(a.Class) - int(b.Class); c != 0 {
		return c
	}
	if a.Low.Type == 0 || b.Low.Type == 0 {
		return flag(a.Low.Type != 0) - flag(b.Low.Type != 0)
	}
	if c := value.Compare(a.Low, b.Low); c != 0 {
		return c
	}
	return flag(a.LowOpen) - flag(b.LowOpen)
}

// compareHigh orders intervals by where they end.
func compareHigh(a, b Interval) int {
	if c := int(a.Class) - int(b.Class); c != 0 {
		return c
	}
	if a.High.Type == 0 || b.High.Type == 0 {
		return flag(a.High.Type == 0) - flag(b.High.Type == 0)
	}
	if c := value.Compare(a.High, b.High); c != 0 {
		return c
	}
	return flag(b.HighOpen) - flag(a.HighOpen)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// apart reports whether a ends before b begins.
func apart(a, b Interval) bool {
	if c := int(a.Class) - int(b.Class); c != 0 {
		return c < 0
	}
	if a.High.Type == 0 || b.Low.Type == 0 {
		return false
	}
	c := value.Compare(a.High, b.Low)
	return c < 0 || c == 0 && (a.HighOpen || b.LowOpen)
}

// united sorts intervals and joins those that overlap.
func united(list []Interval) []Interval {
	slices.SortFunc(list, compareLow)
	var out []Interval
	for _, i := range list {
		if n := len(out); n > 0 && !apart(out[n-1], i) {
			last := &out[n-1]
			if compareHigh(*last, i) < 0 {
				last.High, last.HighOpen, last.Point = i.High, i.HighOpen, false
			}
			continue
		}
		out = append(out, i)
	}
	return out
}

// intersect returns what lies in both.
func intersect(a, b Bounds) Bounds {
	out := Bounds{Exact: a.Exact || b.Exact}
	for _, x := range a.Intervals {
		for _, y := range b.Intervals {
			if apart(x, y) || apart(y, x) {
				continue
			}
			i := x
			if compareLow(x, y) < 0 {
				i.Low, i.LowOpen = y.Low, y.LowOpen
			}
			if compareHigh(y, x) < 0 {
				i.High, i.HighOpen = y.High, y.HighOpen
			}
			i.Point = x.Point || y.Point
			if !i.empty() {
				out.Intervals = append(out.Intervals, i)
			}
		}
	}
	out.Intervals = united(out.Intervals)
	return out
}

// empty reports whether nothing lies inside.
func (i Interval) empty() bool {
	if i.Low.Type == 0 || i.High.Type == 0 {
		return false
	}
	c := value.Compare(i.Low, i.High)
	return c > 0 || c == 0 && (i.LowOpen || i.HighOpen)
}
