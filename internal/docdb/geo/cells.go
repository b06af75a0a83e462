package geo

import (
	"math"
	"slices"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// maxCells bounds the keys of one stored shape.
const maxCells = 20

// CellRange is a run of cell ids, both ends included.
type CellRange struct{ Min, Max uint64 }

// Cells returns the cells of a grid on the sphere that a stored shape touches, by
// which an index finds it: a leaf for every point, larger cells for the rest.
func Cells(s Shape) []uint64 {
	var out []uint64
	for _, p := range s.points {
		out = append(out, uint64(s2.CellFromPoint(p).ID()))
	}
	coverer := &s2.RegionCoverer{MaxLevel: 30, MaxCells: maxCells}
	for _, line := range s.lines {
		out = appendCells(out, coverer.Covering(line))
	}
	for _, area := range s.areas {
		out = appendCells(out, coverer.Covering(area))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func appendCells(dst []uint64, union s2.CellUnion) []uint64 {
	for _, id := range union {
		dst = append(dst, uint64(id))
	}
	return dst
}

// CoverRanges returns the ranges that hold a cell of every stored shape which
// has a point in common with the area.
func CoverRanges(area Shape) []CellRange {
	var out []CellRange
	for _, id := range Cells(area) {
		out = around(out, s2.CellID(id))
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
	coverer := &s2.RegionCoverer{MaxLevel: 30, MaxCells: maxCells}
	var out []CellRange
	for _, id := range coverer.Covering(region) {
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
	slices.SortFunc(list, func(a, b CellRange) int {
		switch {
		case a.Min < b.Min:
			return -1
		case a.Min > b.Min:
			return 1
		}
		return 0
	})
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
