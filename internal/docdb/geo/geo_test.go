package geo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
	"go.mongodb.org/mongo-driver/v2/bson"
)

func parse(t testing.TB, text string) bson.RawValue {
	t.Helper()
	var doc bson.Raw
	if err := bson.UnmarshalExtJSON([]byte(`{"v":`+text+`}`), false, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Lookup("v")
}

func shapeOf(t testing.TB, text string) Shape {
	t.Helper()
	s, err := ParseShape(parse(t, text))
	if err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
	return s
}

// ring writes corners as the coordinates of a ring.
func ring(points []s2.Point) string {
	parts := make([]string, 0, len(points))
	for _, p := range points {
		ll := s2.LatLngFromPoint(p)
		parts = append(parts, fmt.Sprintf("[%.15g,%.15g]", ll.Lng.Degrees(), ll.Lat.Degrees()))
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// star is a ring around a point whose corners lie at random distances, so that it
// never crosses itself.
func star(random *rand.Rand, lng, lat, metres float64, corners int) string {
	center := pointAt(lng, lat)
	frame := s2.Point{Vector: center.Ortho()}
	side := s2.Point{Vector: center.Cross(frame.Vector).Normalize()}
	points := make([]s2.Point, 0, corners+1)
	for i := range corners {
		angle := 2 * math.Pi * (float64(i) + random.Float64()/2) / float64(corners)
		r := metres / EarthRadius * (0.5 + random.Float64()/2)
		toward := frame.Mul(math.Cos(angle)).Add(side.Mul(math.Sin(angle)))
		points = append(points, s2.Point{Vector: center.Mul(math.Cos(r)).Add(toward.Mul(math.Sin(r))).Normalize()})
	}
	return ring(append(points, points[0]))
}

func TestWhichShapesAreSound(t *testing.T) {
	square := `[[0,0],[4,0],[4,4],[0,4],[0,0]]`
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"a point":                          {`{"type":"Point","coordinates":[113.3,23.1]}`, true},
		"a pair":                           {`[113.3,23.1]`, true},
		"an altitude":                      {`{"type":"Point","coordinates":[113.3,23.1,8.5]}`, true},
		"an altitude that is no number":    {`{"type":"Point","coordinates":[113.3,23.1,"high"]}`, false},
		"one number":                       {`{"type":"Point","coordinates":[113.3]}`, false},
		"longitude out of range":           {`{"type":"Point","coordinates":[180.1,0]}`, false},
		"latitude out of range":            {`{"type":"Point","coordinates":[0,-90.5]}`, false},
		"not a number":                     {`{"type":"Point","coordinates":[{"$numberDouble":"NaN"},0]}`, false},
		"a line":                           {`{"type":"LineString","coordinates":[[0,0],[1,1]]}`, true},
		"a line of one point":              {`{"type":"LineString","coordinates":[[0,0]]}`, false},
		"a polygon":                        {`{"type":"Polygon","coordinates":[` + square + `]}`, true},
		"a ring the other way round":       {`{"type":"Polygon","coordinates":[[[0,0],[0,4],[4,4],[4,0],[0,0]]]}`, true},
		"an open ring":                     {`{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4]]]}`, false},
		"a ring that crosses itself":       {`{"type":"Polygon","coordinates":[[[0,0],[4,4],[4,0],[0,4],[0,0]]]}`, false},
		"a ring that meets itself":         {`{"type":"Polygon","coordinates":[[[0,0],[4,0],[2,2],[4,4],[0,4],[2,2],[0,0]]]}`, false},
		"a hole":                           {`{"type":"Polygon","coordinates":[` + square + `,[[1,1],[2,1],[2,2],[1,2],[1,1]]]}`, true},
		"a hole outside":                   {`{"type":"Polygon","coordinates":[` + square + `,[[7,7],[8,7],[8,8],[7,8],[7,7]]]}`, false},
		"a hole partly outside":            {`{"type":"Polygon","coordinates":[` + square + `,[[3,3],[8,3],[8,8],[3,8],[3,3]]]}`, false},
		"a hole across, with its corners":  {`{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[5,9],[5,1],[4,1],[4,9],[0,9],[0,0]],[[1,5],[8,5],[8,6],[1,6],[1,5]]]}`, false},
		"a hole in a hole":                 {`{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[1,1],[8,1],[8,8],[1,8],[1,1]],[[2,2],[7,2],[7,7],[2,7],[2,2]]]}`, false},
		"several polygons":                 {`{"type":"MultiPolygon","coordinates":[[` + square + `],[[[7,7],[8,7],[8,8],[7,8],[7,7]]]]}`, true},
		"a collection":                     {`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"LineString","coordinates":[[0,0],[1,1]]}]}`, true},
		"a collection without end":         {strings.Repeat(`{"type":"GeometryCollection","geometries":[`, 9) + `[]` + strings.Repeat(`]}`, 9), false},
		"an unknown type":                  {`{"type":"Circle","coordinates":[1,2]}`, false},
		"no points at all":                 {`{"type":"MultiPoint","coordinates":[]}`, false},
		"a polygon without rings":          {`{"type":"Polygon","coordinates":[]}`, false},
		"text":                             {`"Point"`, false},
		"a ring of three that is one line": {`{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,0],[0,0]]]}`, false},
	} {
		if _, err := ParseShape(parse(t, c.text)); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the SDK reads back without failing may be stored, also when it is no sound
// shape; what would make it fail at every later read may not.
func TestWhatMayBeStored(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"at":{"type":"Point","coordinates":[200,0]}}`:                                                  false,
		`{"deep":[{"at":{"type":"Polygon","coordinates":[[[0,0],[1,1],[2,2]]]}}]}`:                       false,
		`{"at":{"type":"Polygon","coordinates":[[[0,0],[4,4],[4,0],[0,4],[0,0]]]}}`:                      true,
		`{"at":{"type":"Circle","coordinates":[1]}}`:                                                     true,
		`{"at":{"type":"Point","coordinates":"here"}}`:                                                   true,
		`{"at":{"type":"Point","coordinates":[1,2,3]}}`:                                                  true,
		`{"at":{"type":"LineString","coordinates":[` + strings.Repeat(`[0,0],[1,1],`, 6000) + `[2,2]]}}`: true,
	} {
		if err := CheckStored(parse(t, text).Document()); (err == nil) != ok {
			t.Errorf("%.80s: %v", text, err)
		}
	}
	_, err := ParseShape(parse(t, `{"type":"LineString","coordinates":[`+strings.Repeat(`[0,0],[1,1],`, 6000)+`[2,2]]}`))
	if err == nil {
		t.Error("a shape of 12,001 vertices was taken")
	}
}

// everything makes shapes of all sorts around a place.
func everything(random *rand.Rand, lng, lat, metres float64) []string {
	near := func() string {
		p := s2.LatLngFromPoint(pointAt(lng, lat))
		d := metres / EarthRadius * 180 / math.Pi
		return fmt.Sprintf("[%.15g,%.15g]", min(180, max(-180, p.Lng.Degrees()+(random.Float64()*2-1)*d)), min(90, max(-90, p.Lat.Degrees()+(random.Float64()*2-1)*d)))
	}
	many := func(n int) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = near()
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	corners := 3 + random.IntN(60)
	return []string{
		`{"type":"Point","coordinates":` + near() + `}`,
		`{"type":"MultiPoint","coordinates":` + many(2+random.IntN(40)) + `}`,
		`{"type":"LineString","coordinates":` + many(2+random.IntN(40)) + `}`,
		`{"type":"MultiLineString","coordinates":[` + many(2) + `,` + many(5) + `]}`,
		`{"type":"Polygon","coordinates":[` + star(random, lng, lat, metres, corners) + `]}`,
		`{"type":"MultiPolygon","coordinates":[[` + star(random, lng, lat, metres/3, corners) + `],[` + star(random, lng+metres/80000, lat, metres/3, 4) + `]]}`,
		`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":` + near() + `},{"type":"Polygon","coordinates":[` + star(random, lng, lat, metres/2, 8) + `]}]}`,
	}
}

// The index must hand over every document that the shape itself would match.
func TestCellsNeverMissAShape(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 9))
	met, sizes := 0, 0
	for range 400 {
		lng, lat := random.Float64()*340-170, random.Float64()*160-80
		metres := math.Pow(10, random.Float64()*6)
		stored := everything(random, lng, lat, metres)
		areas := everything(random, lng, lat, metres*(0.2+random.Float64()))
		a := shapeOf(t, areas[random.IntN(len(areas))])
		ranges := CoverRanges(a)
		for _, text := range stored {
			s := shapeOf(t, text)
			cells := Cells(s)
			sizes = max(sizes, len(cells))
			if !Intersects(s, a) {
				continue
			}
			met++
			if !anyIn(cells, ranges) {
				t.Fatalf("the index misses %.300s", text)
			}
		}
		for _, text := range stored {
			s := shapeOf(t, text)
			radius := metres * random.Float64() * 2
			if s.DistanceTo(lng, lat) <= radius && !anyIn(Cells(s), CoverCap(lng, lat, radius)) {
				t.Fatalf("the index misses %.300s within %g m", text, radius)
			}
		}
	}
	if met < 500 || sizes > maxCells+6 {
		t.Errorf("%d pairs met, at most %d cells", met, sizes)
	}
}

func anyIn(cells []uint64, ranges []CellRange) bool {
	for _, c := range cells {
		for _, r := range ranges {
			if r.Min <= c && c <= r.Max {
				return true
			}
		}
	}
	return false
}

// Points on the borders of cells, and beside them by less than what counts as
// touching, are where a covering could be off by one.
func TestCellsMeetAtTheirBorders(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	for range 2000 {
		cell := s2.CellFromCellID(s2.CellFromPoint(pointAt(random.Float64()*360-180, random.Float64()*180-90)).ID().Parent(random.IntN(31)))
		i := random.IntN(4)
		p := s2.Interpolate(random.Float64(), cell.Vertex(i), cell.Vertex((i+1)%4))
		beside := s2.Point{Vector: p.Add(p.Ortho().Mul((random.Float64() - 0.5) * touching)).Normalize()}
		a, b := Shape{points: []s2.Point{p}}, Shape{points: []s2.Point{beside}}
		if !Intersects(a, b) {
			t.Fatal("two points within the tolerance do not touch")
		}
		if !anyIn(Cells(a), CoverRanges(b)) {
			t.Fatalf("a point at %v is not found from %v beside it", p, beside)
		}
	}
}

// The answers from an index of edges are those of looking at every edge.
func TestLargeShapesAreComparedAsSmallOnes(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 13))
	covered := 0
	for range 150 {
		lng, lat := random.Float64()*340-170, random.Float64()*160-80
		metres := math.Pow(10, 2+random.Float64()*4.5)
		for _, text := range everything(random, lng, lat, metres) {
			s := shapeOf(t, text)
			plain, indexed := &finder{shape: s}, &finder{shape: s}
			indexed.useIndex()
			questions := append([]s2.Point{}, s.corners()...)
			for range 20 {
				questions = append(questions, s2.Point{Vector: pointAt(lng, lat).Add(s2.Point{Vector: pointAt(random.Float64()*360-180, random.Float64()*180-90).Vector}.Mul(metres / EarthRadius * random.Float64())).Normalize()})
			}
			for _, p := range questions {
				if plain.covers(p) != indexed.covers(p) || plain.borders(p) != indexed.borders(p) {
					t.Fatalf("%.300s and %v: covers %v %v, borders %v %v", text, s2.LatLngFromPoint(p), plain.covers(p), indexed.covers(p), plain.borders(p), indexed.borders(p))
				}
				if plain.covers(p) {
					covered++
				}
			}
			for range 20 {
				e := s2.Edge{V0: questions[random.IntN(len(questions))], V1: questions[random.IntN(len(questions))]}
				if e.V0 != e.V1 && plain.crossed(e) != indexed.crossed(e) {
					t.Fatalf("%.300s: crossed %v %v", text, plain.crossed(e), indexed.crossed(e))
				}
			}
		}
	}
	if covered < 1000 {
		t.Errorf("only %d points lay in a shape", covered)
	}
}

func TestRelations(t *testing.T) {
	box := func(x0, y0, x1, y1 float64) string {
		return fmt.Sprintf(`[[%g,%g],[%g,%g],[%g,%g],[%g,%g],[%g,%g]]`, x0, y0, x1, y0, x1, y1, x0, y1, x0, y0)
	}
	polygon := func(rings ...string) string {
		return `{"type":"Polygon","coordinates":[` + strings.Join(rings, ",") + `]}`
	}
	for name, c := range map[string]struct {
		stored, area       string
		within, intersects bool
	}{
		"a point inside":              {`[1,1]`, polygon(box(0, 0, 2, 2)), true, true},
		"a point on the border":       {`[0,1]`, polygon(box(0, 0, 2, 2)), true, true},
		"a point outside":             {`[3,1]`, polygon(box(0, 0, 2, 2)), false, false},
		"a point in the hole":         {`[5,5]`, polygon(box(0, 0, 9, 9), box(4, 4, 6, 6)), false, false},
		"a line that leaves":          {`{"type":"LineString","coordinates":[[1,1],[3,1]]}`, polygon(box(0, 0, 2, 2)), false, true},
		"a line across":               {`{"type":"LineString","coordinates":[[-1,1],[3,1]]}`, polygon(box(0, 0, 2, 2)), false, true},
		"a line over the hole":        {`{"type":"LineString","coordinates":[[1,5],[8,5]]}`, polygon(box(0, 0, 9, 9), box(4, 4, 6, 6)), false, true},
		"a polygon inside":            {polygon(box(1, 1, 2, 2)), polygon(box(0, 0, 9, 9)), true, true},
		"the same polygon":            {polygon(box(0, 0, 9, 9)), polygon(box(0, 0, 9, 9)), true, true},
		"a polygon around the hole":   {polygon(box(3, 3, 7, 7)), polygon(box(0, 0, 9, 9), box(4, 4, 6, 6)), false, true},
		"a polygon around the area":   {polygon(box(0, 0, 9, 9)), polygon(box(3, 3, 7, 7)), false, true},
		"a polygon in the hole":       {polygon(box(4.5, 4.5, 5.5, 5.5)), polygon(box(0, 0, 9, 9), box(4, 4, 6, 6)), false, false},
		"a cross without corners in":  {polygon(box(-1, 4, 10, 5)), polygon(box(4, -1, 5, 10)), false, true},
		"across the date line":        {`[-179.5,0]`, polygon(`[[179,-1],[-179,-1],[-179,1],[179,1],[179,-1]]`), true, true},
		"beyond the pole":             {`[100,89.9]`, polygon(`[[0,80],[120,80],[-120,80],[0,80]]`), true, true},
		"two lines that only cross":   {`{"type":"LineString","coordinates":[[0,0],[2,2]]}`, `{"type":"LineString","coordinates":[[0,2],[2,0]]}`, false, true},
		"two lines apart":             {`{"type":"LineString","coordinates":[[0,0],[2,2]]}`, `{"type":"LineString","coordinates":[[5,2],[7,0]]}`, false, false},
		"some points in, some beside": {`{"type":"MultiPoint","coordinates":[[1,1],[7,7]]}`, polygon(box(0, 0, 2, 2)), false, true},
	} {
		stored, area := shapeOf(t, c.stored), shapeOf(t, c.area)
		if got := Intersects(stored, area); got != c.intersects {
			t.Errorf("%s: intersects %v", name, got)
		}
		if Intersects(area, stored) != c.intersects {
			t.Errorf("%s: intersects depends on the order", name)
		}
		if !area.HasArea() {
			continue
		}
		if got := Within(stored, area); got != c.within {
			t.Errorf("%s: within %v", name, got)
		}
	}
}

func TestCircles(t *testing.T) {
	line := shapeOf(t, `{"type":"LineString","coordinates":[[-60,80],[120,80]]}`) // over the pole
	point := shapeOf(t, `[0,10]`)
	for _, c := range []struct {
		stored   Shape
		lng, lat float64
		degrees  float64
		want     bool
	}{
		{point, 0, 0, 10.001, true},
		{point, 0, 0, 9.999, false},
		{point, 0, -90, 100.001, true},
		{point, 0, -90, 99.999, false},
		{line, 0, 90, 11, true},
		{line, 0, -90, 175, false}, // its ends are nearer than 175°, its middle is the pole
		{line, 0, -90, 180, true},
	} {
		if got := WithinCircle(c.stored, c.lng, c.lat, float64(s1.Angle(c.degrees)*s1.Degree)); got != c.want {
			t.Errorf("%v around %g,%g: %v", c.degrees, c.lng, c.lat, got)
		}
	}
}

func TestDistancesAreThoseOfTheVendorsSphere(t *testing.T) {
	if got := Distance(0, 0, 0, 1); math.Abs(got-EarthRadius*math.Pi/180) > 1e-6 {
		t.Error(got)
	}
	area := shapeOf(t, `{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,2],[0,0]]]}`)
	if area.DistanceTo(1, 1) != 0 {
		t.Error("a point inside is not at distance 0")
	}
	if got := area.DistanceTo(1, -1); math.Abs(got-EarthRadius*math.Pi/180) > 200 {
		t.Error(got)
	}
}

// Two shapes of the largest size are compared in a bounded time.
func TestHugeShapesAreComparedInTime(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	a := shapeOf(t, `{"type":"Polygon","coordinates":[`+star(random, 10, 10, 50_000, maxVertices-1)+`]}`)
	b := shapeOf(t, `{"type":"Polygon","coordinates":[`+star(random, 10.001, 10, 50_000, maxVertices-1)+`]}`)
	start := time.Now()
	if !Intersects(a, b) || Within(a, b) {
		t.Error("two stars around nearly one place should cross")
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}
