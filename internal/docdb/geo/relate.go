package geo

import (
	"math"
	"slices"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// Distance returns the metres between two points given in degrees.
func Distance(lng1, lat1, lng2, lat2 float64) float64 {
	return float64(pointAt(lng1, lat1).Distance(pointAt(lng2, lat2))) * EarthRadius
}

// DistanceTo returns the metres from the shape to a point: 0 inside of a polygon.
func (s Shape) DistanceTo(lng, lat float64) float64 {
	return float64(s.angleTo(pointAt(lng, lat))) * EarthRadius
}

func (s Shape) angleTo(p s2.Point) s1.Angle {
	best := s1.InfAngle()
	for _, q := range s.points {
		best = min(best, p.Distance(q))
	}
	for _, a := range s.areas {
		if a.ContainsPoint(p) {
			return 0
		}
	}
	s.eachEdge(func(e s2.Edge) bool {
		best = min(best, s2.DistanceFromSegment(p, e.V0, e.V1))
		return true
	})
	return best
}

// eachEdge visits the edges of lines and of the borders of polygons.
func (s Shape) eachEdge(visit func(e s2.Edge) bool) {
	for _, line := range s.lines {
		for i := range line.NumEdges() {
			if !visit(line.Edge(i)) {
				return
			}
		}
	}
	for _, area := range s.areas {
		for i := range area.NumEdges() {
			if !visit(area.Edge(i)) {
				return
			}
		}
	}
}

// corners returns the points of the shape and the ends of its edges.
func (s Shape) corners() []s2.Point {
	out := append([]s2.Point(nil), s.points...)
	s.eachEdge(func(e s2.Edge) bool {
		out = append(out, e.V0, e.V1)
		return true
	})
	return out
}

// Intersects reports whether two shapes have a point in common.
func Intersects(a, b Shape) bool {
	cornersA, cornersB := a.corners(), b.corners()
	finderA, finderB := a.finder(len(cornersB)), b.finder(len(cornersA))
	return slices.ContainsFunc(cornersA, finderB.covers) || slices.ContainsFunc(cornersB, finderA.covers) || finderB.crossedBy(a)
}

// Within reports whether all of a stored shape lies in an area of polygons.
func Within(stored, area Shape) bool {
	corners := stored.corners()
	inArea := area.finder(2 * len(corners))
	for _, p := range corners {
		if !inArea.covers(p) {
			return false
		}
	}
	if len(stored.lines) == 0 && len(stored.areas) == 0 {
		return len(stored.points) > 0
	}
	if inArea.crossedBy(stored) {
		return false
	}
	// Nothing crosses, so an edge between two corners could only leave through a
	// corner of the area; its middle tells.
	inside := true
	stored.eachEdge(func(e s2.Edge) bool {
		inside = inArea.covers(s2.Interpolate(0.5, e.V0, e.V1))
		return inside
	})
	return inside && !area.hasHoleIn(stored)
}

// hasHoleIn reports whether the border of the area runs through the inside of a
// polygon, as that of a hole does.
func (s Shape) hasHoleIn(stored Shape) bool {
	var finders []*finder
	for _, a := range stored.areas {
		finders = append(finders, Shape{areas: []*s2.Polygon{a}}.finder(2*s.edges()))
	}
	found := false
	s.eachEdge(func(e s2.Edge) bool {
		for _, p := range []s2.Point{e.V0, s2.Interpolate(0.5, e.V0, e.V1)} {
			for i, a := range stored.areas {
				found = found || a.ContainsPoint(p) && !finders[i].borders(p)
			}
		}
		return !found
	})
	return found
}

// WithinCircle reports whether all of a stored shape lies in a circle whose
// radius is an angle in radians.
func WithinCircle(stored Shape, lng, lat, radians float64) bool {
	center := pointAt(lng, lat)
	corners := stored.corners()
	for _, p := range corners {
		if float64(center.Distance(p)) > radians+touching {
			return false
		}
	}
	if radians > math.Pi/2 && radians < math.Pi {
		// Such a circle is not convex: what must stay clear is the rest of the sphere.
		antipode := s2.Point{Vector: center.Mul(-1)}
		return len(corners) > 0 && float64(stored.angleTo(antipode)) >= math.Pi-radians-touching
	}
	return len(corners) > 0
}
