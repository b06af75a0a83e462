package geo

import (
	"cmp"
	"math"
	"slices"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// maxCells is how many keys one stored shape is given, or a few more: the grid has
// six faces, each of which a large shape may touch.
const maxCells = 20

// CellRange is a run of cell ids, both ends included.
type CellRange struct{ Min, Max uint64 }

// Cells returns the cells of a grid on the sphere that a stored shape touches, by
// which an index finds it: a leaf for every one of a few points, larger cells for
// the rest. There are about maxCells at most, however many parts the shape has.
func Cells(s Shape) []uint64 {
	var out []uint64
	for _, id := range covering(s) {
		out = append(out, uint64(id))
	}
	return out
}

func covering(s Shape) s2.CellUnion {
	if len(s.lines) == 0 && len(s.areas) == 0 && len(s.points) <= maxCells {
		var leaves s2.CellUnion
		for _, p := range s.points {
			leaves = append(leaves, s2.CellFromPoint(p).ID())
		}
		slices.Sort(leaves)
		return slices.Compact(leaves)
	}
	return coverer().Covering(s.region())
}

func coverer() *s2.RegionCoverer { return &s2.RegionCoverer{MaxLevel: s2.MaxLevel, MaxCells: maxCells} }

// region is the whole shape as one region.
func (s Shape) region() s2.Region {
	var parts s2.RegionUnion
	for _, p := range s.points {
		parts = append(parts, p)
	}
	for _, line := range s.lines {
		parts = append(parts, line)
	}
	for _, area := range s.areas {
		parts = append(parts, area)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts
}

// CoverRanges returns the ranges that hold a cell of every stored shape which
// has a point in common with the area, or comes as near as touching to one.
func CoverRanges(area Shape) []CellRange {
	cells := covering(area)
	cells.ExpandByRadius(2*touching, 2)
	var out []CellRange
	for _, id := range cells {
		out = around(out, id)
	}
	return merged(out)
}

// CoverCap returns the ranges that hold a cell of every stored shape which comes
// as near to a point as metres.
func CoverCap(lng, lat, metres float64) []CellRange {
	angle := metres/EarthRadius + 1e-9 // a margin for rounding: some millimetres
	if !(angle < math.Pi) {
		return []CellRange{{0, math.MaxUint64}}
	}
	region := s2.CapFromCenterAngle(pointAt(lng, lat), s1.Angle(angle))
	var out []CellRange
	for _, id := range coverer().Covering(region) {
		out = around(out, id)
	}
	return merged(out)
}

// around adds the cells inside of one and, since stored shapes may have larger
// ones, those around it.
func around(dst []CellRange, id s2.CellID) []CellRange {
	dst = append(dst, CellRange{uint64(id.RangeMin()), uint64(id.RangeMax())})
	for level := id.Level() - 1; level >= 0; level-- {
		up := uint64(id.Parent(level))
		dst = append(dst, CellRange{up, up})
	}
	return dst
}

// merged sorts ranges and joins those that touch.
func merged(list []CellRange) []CellRange {
	slices.SortFunc(list, func(a, b CellRange) int { return cmp.Compare(a.Min, b.Min) })
	var out []CellRange
	for _, r := range list {
		if n := len(out); n > 0 && r.Min <= out[n-1].Max {
			out[n-1].Max = max(out[n-1].Max, r.Max)
			continue
		}
		out = append(out, r)
	}
	return out
}
