package geo

import (
	"math"
	"slices"

	"github.com/golang/geo/s2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

func malformed(what string) error {
	return models.E(models.CodeOperator, "docdb.geo_malformed", "type", what)
}

// ParsePoint reads {"type":"Point","coordinates":[lng,lat]} or a pair [lng,lat].
func ParsePoint(v bson.RawValue) (lng, lat float64, ok bool) {
	if doc, isDoc := value.AsDocument(v); isDoc {
		name, _ := value.Text(value.Get(doc, value.Path{"type"}))
		if string(name) != "Point" {
			return 0, 0, false
		}
		v = value.Get(doc, value.Path{"coordinates"})
	}
	array, isArray := value.AsArray(v)
	if !isArray {
		return 0, 0, false
	}
	return position(array)
}

// position reads [lng, lat] in degrees. Further numbers, such as an altitude, are
// allowed and mean nothing.
func position(array bson.Raw) (lng, lat float64, ok bool) {
	var parts [2]float64
	n := 0
	it := value.Iterate(array)
	for it.Next() {
		f, number := value.Float(it.Value())
		if !number {
			return 0, 0, false
		}
		if n < 2 {
			parts[n] = f
		}
		n++
	}
	lng, lat = parts[0], parts[1]
	ok = n >= 2 && math.Abs(lng) <= 180 && math.Abs(lat) <= 90 // NaN compares false
	return lng, lat, ok
}

// ParseShape reads a GeoJSON object of any type, or a pair [lng,lat].
func ParseShape(v bson.RawValue) (Shape, error) {
	if v.Type == bson.TypeArray {
		lng, lat, ok := ParsePoint(v)
		if !ok {
			return Shape{}, malformed("Point")
		}
		return Shape{points: []s2.Point{pointAt(lng, lat)}}, nil
	}
	doc, ok := value.AsDocument(v)
	if !ok {
		return Shape{}, malformed("GeoJSON")
	}
	p := &shapeParser{}
	if err := p.object(doc, 0); err != nil {
		return Shape{}, err
	}
	if p.count > maxVertices {
		return Shape{}, models.E(models.CodeOperator, "docdb.geo_large", "limit", maxVertices)
	}
	return p.build()
}

func pointAt(lng, lat float64) s2.Point {
	return s2.PointFromLatLng(s2.LatLngFromDegrees(lat, lng))
}

// shapeParser reads structure first: what the SDK can read back may be stored,
// also when it is no sound shape.
type shapeParser struct {
	points []s2.Point
	lines  [][]s2.Point
	areas  [][][]s2.Point
	count  int
}

// hasCoordinates reports whether GeoJSON of this type has them: all but
// GeometryCollection.
func hasCoordinates(name string) bool {
	switch name {
	case "Point", "LineString", "MultiPoint", "Polygon", "MultiLineString", "MultiPolygon":
		return true
	}
	return false
}

func (p *shapeParser) object(doc bson.Raw, depth int) error {
	text, _ := value.Text(value.Get(doc, value.Path{"type"}))
	name := string(text)
	if name == "GeometryCollection" && depth < 4 {
		array, ok := value.AsArray(value.Get(doc, value.Path{"geometries"}))
		if !ok {
			return malformed(name)
		}
		it := value.Iterate(array)
		for it.Next() {
			inner, ok := value.AsDocument(it.Value())
			if !ok {
				return malformed(name)
			}
			if err := p.object(inner, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if !hasCoordinates(name) {
		return malformed("GeoJSON")
	}
	array, ok := value.AsArray(value.Get(doc, value.Path{"coordinates"}))
	if !ok || !p.coordinates(name, array) {
		return malformed(name)
	}
	return nil
}

func (p *shapeParser) coordinates(name string, array bson.Raw) bool {
	switch name {
	case "Point":
		lng, lat, ok := position(array)
		p.points = append(p.points, pointAt(lng, lat))
		return ok
	case "MultiPoint":
		points, ok := p.positions(array)
		p.points = append(p.points, points...)
		return ok && len(points) > 0
	case "LineString":
		points, ok := p.positions(array)
		p.lines = append(p.lines, points)
		return ok && len(points) > 1
	case "MultiLineString":
		return eachArray(array, func(a bson.Raw) bool { return p.coordinates("LineString", a) })
	case "Polygon":
		var rings [][]s2.Point
		ok := eachArray(array, func(a bson.Raw) bool {
			ring, ok := p.positions(a)
			rings = append(rings, ring)
			return ok && len(ring) >= 4 && ring[0] == ring[len(ring)-1]
		})
		p.areas = append(p.areas, rings)
		return ok
	}
	return eachArray(array, func(a bson.Raw) bool { return p.coordinates("Polygon", a) })
}

func (p *shapeParser) positions(array bson.Raw) ([]s2.Point, bool) {
	var out []s2.Point
	ok := eachArray(array, func(a bson.Raw) bool {
		lng, lat, ok := position(a)
		out = append(out, pointAt(lng, lat))
		p.count++
		return ok
	})
	return out, ok
}

// eachArray visits the arrays in an array, of which there must be some.
func eachArray(array bson.Raw, visit func(bson.Raw) bool) bool {
	n := 0
	it := value.Iterate(array)
	for it.Next() {
		inner, ok := value.AsArray(it.Value())
		if !ok || !visit(inner) {
			return false
		}
		n++
	}
	return n > 0
}

// build makes sound shapes of what was read.
func (p *shapeParser) build() (Shape, error) {
	s := Shape{points: p.points}
	for _, line := range p.lines {
		line = withoutRepeats(line)
		polyline := s2.Polyline(line)
		if len(line) == 1 {
			s.points = append(s.points, line[0])
			continue
		}
		if polyline.Validate() != nil {
			return Shape{}, malformed("LineString")
		}
		s.lines = append(s.lines, &polyline)
	}
	for _, rings := range p.areas {
		area, ok := polygon(rings)
		if !ok {
			return Shape{}, malformed("Polygon")
		}
		s.areas = append(s.areas, area)
	}
	return s, nil
}

func withoutRepeats(points []s2.Point) []s2.Point {
	out := points[:1:1]
	for _, p := range points[1:] {
		if p != out[len(out)-1] {
			out = append(out, p)
		}
	}
	return out
}

// polygon makes a polygon of its outer ring and its holes, whichever way round
// they are written. No edge may cross another, and every hole lies directly in the
// outer ring.
func polygon(rings [][]s2.Point) (*s2.Polygon, bool) {
	loops := make([]*s2.Loop, 0, len(rings))
	for _, ring := range rings {
		ring = withoutRepeats(ring)
		if len(ring) < 4 || repeats(ring[1:]) {
			return nil, false
		}
		loop := s2.LoopFromPoints(ring[:len(ring)-1])
		if loop.Validate() != nil {
			return nil, false
		}
		loop.Normalize()
		loops = append(loops, loop)
	}
	outer := Shape{areas: []*s2.Polygon{s2.PolygonFromLoops(loops[:1])}}
	inside := outer.finder(len(rings))
	for _, hole := range loops[1:] {
		for _, corner := range hole.Vertices() {
			if !inside.covers(corner) {
				return nil, false
			}
		}
	}
	whole := s2.PolygonFromLoops(slices.Clone(loops))
	shells := 0
	for _, loop := range whole.Loops() {
		if !loop.IsHole() {
			shells++
		}
	}
	if shells != 1 || (Shape{areas: []*s2.Polygon{whole}}).crossesItself() {
		return nil, false
	}
	return whole, true
}

// repeats reports whether a corner occurs twice.
func repeats(ring []s2.Point) bool {
	seen := make(map[s2.Point]bool, len(ring))
	for _, p := range ring {
		if seen[p] {
			return true
		}
		seen[p] = true
	}
	return false
}

// CheckStored refuses GeoJSON that the SDK could not read back: positions out of
// range or not numeric, or rings that do not close, at any depth of a document
// (admin protocol, section 6.2).
func CheckStored(doc bson.Raw) error {
	if value.Get(doc, value.Path{"type"}).Type == bson.TypeString && value.Get(doc, value.Path{"coordinates"}).Type == bson.TypeArray {
		text, _ := value.Text(value.Get(doc, value.Path{"type"}))
		if hasCoordinates(string(text)) {
			if err := (&shapeParser{}).object(doc, 0); err != nil {
				return models.E(models.CodeWriteRefused, "docdb.geo_malformed", "type", string(text))
			}
		}
	}
	return checkInside(doc)
}

func checkInside(raw bson.Raw) error {
	it := value.Iterate(raw)
	for it.Next() {
		var err error
		switch v := it.Value(); v.Type {
		case bson.TypeEmbeddedDocument:
			err = CheckStored(v.Value)
		case bson.TypeArray:
			err = checkInside(v.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
