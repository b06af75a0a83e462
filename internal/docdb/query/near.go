package query

import (
	"math"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/geo"
	"envshare/internal/docdb/value"
)

func bsonIndex(i int) string { return strconv.Itoa(i) }

// Near orders documents by their distance from a point, in metres.
type Near struct {
	Path     string
	Lng, Lat float64
	Min, Max float64 // Max is +Inf when there is none
	path     value.Path
}

// Distance returns how far a document is; false for one without a location, or
// out of bounds.
func (n *Near) Distance(doc bson.Raw) (float64, bool) {
	best, found := math.Inf(1), false
	value.Walk(doc, n.path, func(v bson.RawValue) bool {
		eachShape(v, func(s geo.Shape) bool {
			if d := s.DistanceTo(n.Lng, n.Lat); d <= best {
				best, found = d, true
			}
			return true
		})
		return true
	})
	return best, found && best >= n.Min && best <= n.Max
}

// eachShape visits the location that a value is, or those in an array.
func eachShape(v bson.RawValue, visit func(geo.Shape) bool) {
	if s, err := geo.ParseShape(v); err == nil {
		visit(s)
		return
	}
	array, ok := value.AsArray(v)
	if !ok {
		return
	}
	it := value.Iterate(array)
	for it.Next() {
		if s, err := geo.ParseShape(it.Value()); err == nil && !visit(s) {
			return
		}
	}
}

// nearBy is $nearSphere or $near: {$geometry: point, $minDistance, $maxDistance},
// or a legacy pair with distances beside it in radians.
func (p *parser) nearBy(path value.Path, name string, v bson.RawValue, all bson.Raw) (node, error) {
	if !p.top || p.near != nil {
		return node{}, misuse(name, "docdb.near_place")
	}
	n := &Near{Path: path.String(), path: path, Max: math.Inf(1)}
	bounds, scale := bson.Raw(nil), 1.0
	center := v
	if doc, ok := value.AsDocument(v); ok {
		if geometry := value.Get(doc, value.Path{"$geometry"}); geometry.Type != 0 {
			center, bounds = geometry, doc
		}
	}
	if bounds == nil {
		bounds, scale = all, geo.EarthRadius
	}
	var ok bool
	if n.Lng, n.Lat, ok = geo.ParsePoint(center); !ok {
		return node{}, misuse(name, "docdb.near_point")
	}
	for field, into := range map[string]*float64{"$minDistance": &n.Min, "$maxDistance": &n.Max} {
		given := value.Get(bounds, value.Path{field})
		if given.Type == 0 {
			continue
		}
		d, number := value.Float(given)
		if !number || d < 0 || math.IsNaN(d) {
			return node{}, misuse(field, "docdb.near_distance")
		}
		*into = d * scale
	}
	p.near = n
	return node{kind: kindDocument, doc: func(doc bson.Raw, _ *judge) bool { _, ok := n.Distance(doc); return ok }}, nil
}

// geoLeaf is $geoWithin or $geoIntersects.
func geoLeaf(path value.Path, name string, v bson.RawValue) (node, error) {
	leaf := node{kind: kindLeaf, path: path, whole: true}
	area, err := parseArea(name, v)
	if err != nil {
		return leaf, err
	}
	leaf.area = area
	leaf.test = func(w bson.RawValue) bool {
		found := false
		eachShape(w, func(s geo.Shape) bool {
			found = area.holds(s)
			return !found
		})
		return found
	}
	return leaf, nil
}

// area is what a location must lie in or touch.
type area struct {
	shape      geo.Shape
	intersects bool
	circle     bool
	lng, lat   float64
	radians    float64
}

func (a *area) holds(s geo.Shape) bool {
	switch {
	case a.circle:
		return geo.WithinCircle(s, a.lng, a.lat, a.radians)
	case a.intersects:
		return geo.Intersects(s, a.shape)
	}
	return geo.Within(s, a.shape)
}

func (a *area) ranges() []geo.CellRange {
	if a.circle {
		return geo.CoverCap(a.lng, a.lat, a.radians*geo.EarthRadius)
	}
	return geo.CoverRanges(a.shape)
}

func parseArea(name string, v bson.RawValue) (*area, error) {
	bad := misuse(name, "docdb.geo_area")
	doc, ok := value.AsDocument(v)
	if !ok {
		return nil, bad
	}
	out := &area{intersects: name == "$geoIntersects"}
	if geometry := value.Get(doc, value.Path{"$geometry"}); geometry.Type != 0 {
		shape, err := geo.ParseShape(geometry)
		if err != nil {
			return nil, err
		}
		if !out.intersects && !shape.HasArea() {
			return nil, bad
		}
		out.shape = shape
		return out, nil
	}
	sphere, ok := value.AsArray(value.Get(doc, value.Path{"$centerSphere"}))
	if !ok || out.intersects {
		return nil, bad
	}
	center, radius := value.Get(sphere, value.Path{"0"}), value.Get(sphere, value.Path{"1"})
	out.circle = true
	if out.lng, out.lat, ok = geo.ParsePoint(center); !ok {
		return nil, bad
	}
	if out.radians, ok = value.Float(radius); !ok || out.radians < 0 || math.IsNaN(out.radians) {
		return nil, bad
	}
	return out, nil
}

// GeoArea returns the ranges of cells in which a match has its location, and on
// which path, when the condition has such a part.
func (f *Filter) GeoArea() (path string, ranges []geo.CellRange, ok bool) {
	for i := range f.root.kids {
		if k := &f.root.kids[i]; k.kind == kindLeaf && k.area != nil {
			return k.path.String(), k.area.ranges(), true
		}
	}
	return "", nil, false
}
