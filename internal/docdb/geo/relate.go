package geo

import (
	"math"

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
	best := s1.Angle(math.Inf(1))
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

// corner returns a point of every part of the shape.
func (s Shape) corners() []s2.Point {
	out := append([]s2.Point(nil), s.points...)
	s.eachEdge(func(e s2.Edge) bool {
		out = append(out, e.V0, e.V1)
		return true
	})
	return out
}

// covers reports whether a point is one of the shape's, lies on a line or in a
// polygon, its border included.
func (s Shape) covers(p s2.Point) bool { return s.angleTo(p) <= touching }

// crosses reports whether an edge of the one shape meets an edge of the other.
func crosses(a, b Shape) bool {
	found := false
	a.eachEdge(func(e s2.Edge) bool {
		crosser := s2.NewEdgeCrosser(e.V0, e.V1)
		b.eachEdge(func(f s2.Edge) bool {
			found = crosser.CrossingSign(f.V0, f.V1) == s2.Cross
			return !found
		})
		return !found
	})
	return found
}

// Intersects reports whether two shapes have a point in common.
func Intersects(a, b Shape) bool {
	for _, p := range a.corners() {
		if b.covers(p) {
			return true
		}
	}
	for _, p := range b.corners() {
		if a.covers(p) {
			return true
		}
	}
	return crosses(a, b)
}

// Within reports whether all of a stored shape lies in an area of polygons.
func Within(stored, area Shape) bool {
	for _, p := range stored.corners() {
		if !area.covers(p) {
			return false
		}
	}
	if len(stored.lines) == 0 && len(stored.areas) == 0 {
		return len(stored.points) > 0
	}
	if crosses(stored, area) {
		return false
	}
	// Nothing crosses, so an edge between two corners could only leave through a
	// corner of the area; its middle tells.
	inside := true
	stored.eachEdge(func(e s2.Edge) bool {
		inside = area.covers(s2.Interpolate(0.5, e.V0, e.V1))
		return inside
	})
	return inside && !area.hasHoleIn(stored)
}

// hasHoleIn reports whether the border of the area runs through the inside of a
// polygon, as that of a hole does.
func (s Shape) hasHoleIn(stored Shape) bool {
	found := false
	s.eachEdge(func(e s2.Edge) bool {
		for _, p := range []s2.Point{e.V0, s2.Interpolate(0.5, e.V0, e.V1)} {
			for _, a := range stored.areas {
				if a.ContainsPoint(p) && (Shape{areas: []*s2.Polygon{a}}).borderAngle(p) > touching {
					found = true
				}
			}
		}
		return !found
	})
	return found
}

// borderAngle returns the distance from a point to the nearest edge.
func (s Shape) borderAngle(p s2.Point) s1.Angle {
	best := s1.Angle(math.Inf(1))
	s.eachEdge(func(e s2.Edge) bool {
		best = min(best, s2.DistanceFromSegment(p, e.V0, e.V1))
		return true
	})
	return best
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
	return len(corners) > 0
}
