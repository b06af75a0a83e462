// Package geo reads GeoJSON and decides distance, containment and intersection
// on a sphere. Edges are geodesics: the shortest line on the sphere between two
// corners, as in MongoDB's 2dsphere.
//
// It knows BSON values and the S2 library. It must not know queries or documents.
package geo

import "github.com/golang/geo/s2"

// EarthRadius is the radius that the vendor's service computes with, in metres.
const EarthRadius = 6378100.0

// touching is how near, in radians, counts as on the line: less than a micrometre.
const touching = 1e-13

// maxVertices bounds a shape, so that comparing two takes bounded time.
const maxVertices = 10_000

// Shape is a parsed location: points, lines and polygons.
type Shape struct {
	points []s2.Point
	lines  []*s2.Polyline
	areas  []*s2.Polygon
}

// HasArea reports whether the shape is made of polygons, so that something can
// lie inside.
func (s Shape) HasArea() bool { return len(s.areas) > 0 && len(s.points) == 0 && len(s.lines) == 0 }
