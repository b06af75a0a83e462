package geo

import (
	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// fewSteps is the work, edges times questions, below which looking at every edge
// costs less than an index of them.
const fewSteps = 4000

// finder answers questions about one shape: for large ones from an index of edges,
// so that comparing two shapes takes about as long as reading them.
type finder struct {
	shape    Shape
	crossing *s2.CrossingEdgeQuery
	nearest  *s2.EdgeQuery // with the insides of polygons
	border   *s2.EdgeQuery // without
}

// finder prepares for about so many questions.
func (s Shape) finder(questions int) *finder {
	f := &finder{shape: s}
	if (s.edges()+len(s.points))*questions > fewSteps {
		f.useIndex()
	}
	return f
}

func (f *finder) useIndex() {
	index := s2.NewShapeIndex()
	for _, line := range f.shape.lines {
		index.Add(line)
	}
	for _, area := range f.shape.areas {
		index.Add(area)
	}
	f.crossing = s2.NewCrossingEdgeQuery(index)
	f.border = nearestIn(index, false)
	all := index
	if len(f.shape.points) > 0 {
		all = s2.NewShapeIndex()
		for _, line := range f.shape.lines {
			all.Add(line)
		}
		for _, area := range f.shape.areas {
			all.Add(area)
		}
		points := s2.PointVector(f.shape.points)
		all.Add(&points)
	}
	f.nearest = nearestIn(all, true)
}

func nearestIn(index *s2.ShapeIndex, interiors bool) *s2.EdgeQuery {
	options := s2.NewClosestEdgeQueryOptions().IncludeInteriors(interiors)
	return s2.NewClosestEdgeQuery(index, options)
}

// covers reports whether a point is one of the shape's, lies on a line or in a
// polygon, its border included.
func (f *finder) covers(p s2.Point) bool {
	if f.nearest == nil {
		return f.shape.angleTo(p) <= touching
	}
	return touches(f.nearest, p)
}

// borders reports whether a point lies on a line or the border of a polygon.
func (f *finder) borders(p s2.Point) bool {
	if f.border == nil {
		return f.shape.borderAngle(p) <= touching
	}
	return touches(f.border, p)
}

func touches(query *s2.EdgeQuery, p s2.Point) bool {
	return query.IsDistanceLess(s2.NewMinDistanceToPointTarget(p), s1.ChordAngleFromAngle(touching).Successor())
}

// crossedBy reports whether an edge of the other shape meets one of this.
func (f *finder) crossedBy(other Shape) bool {
	found := false
	other.eachEdge(func(e s2.Edge) bool {
		found = f.crossed(e)
		return !found
	})
	return found
}

// crossed reports whether an edge meets one of the shape at a point inside of both.
func (f *finder) crossed(e s2.Edge) bool {
	if f.crossing != nil {
		return len(f.crossing.CrossingsEdgeMap(e.V0, e.V1, s2.CrossingTypeInterior)) > 0
	}
	found := false
	crosser := s2.NewEdgeCrosser(e.V0, e.V1)
	f.shape.eachEdge(func(g s2.Edge) bool {
		found = crosser.CrossingSign(g.V0, g.V1) == s2.Cross
		return !found
	})
	return found
}

// crossesItself reports whether two edges of the shape meet between their ends.
func (s Shape) crossesItself() bool { return s.finder(s.edges()).crossedBy(s) }

func (s Shape) edges() int {
	n := 0
	for _, line := range s.lines {
		n += line.NumEdges()
	}
	for _, area := range s.areas {
		n += area.NumEdges()
	}
	return n
}

// borderAngle returns the distance from a point to the nearest edge.
func (s Shape) borderAngle(p s2.Point) s1.Angle {
	best := s1.InfAngle()
	s.eachEdge(func(e s2.Edge) bool {
		best = min(best, s2.DistanceFromSegment(p, e.V0, e.V1))
		return true
	})
	return best
}
