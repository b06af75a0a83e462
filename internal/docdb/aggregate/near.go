package aggregate

import (
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/query"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// geoDistance is a stage of our own, which no caller can name: what is left of
// $geoNear once the source orders by distance.
const geoDistance = "\x00geoDistance"

// geoNear reads $geoNear (admin protocol, section 8.8): distances in metres. It
// returns the conditions for the source, and the stage that writes the distances.
func (r *run) geoNear(collection string, v bson.RawValue) ([]bson.RawValue, Stage, error) {
	doc, err := known("$geoNear", v, "near", "distanceField", "spherical", "limit", "num", "maxDistance", "minDistance", "query",
		"distanceMultiplier", "includeLocs", "uniqueDocs", "key")
	if err != nil {
		return nil, Stage{}, err
	}
	key, ok := value.Text(value.Get(doc, value.Path{"key"}))
	if !ok || len(key) == 0 {
		path, found, err := r.src.GeoPath(r.ctx, collection)
		if err != nil {
			return nil, Stage{}, err
		}
		if !found {
			return nil, Stage{}, models.E(models.CodeOperator, "docdb.geo_near_key")
		}
		key = []byte(path)
	}
	if _, err := value.ParsePath(string(key)); err != nil {
		return nil, Stage{}, err
	}
	point := value.Get(doc, value.Path{"near"})
	if point.Type == bson.TypeArray {
		point = value.Document(bsoncore.BuildDocument(nil, appendMember(appendMember(nil, "type", value.String("Point")), "coordinates", point)))
	}
	near := appendMember(nil, "$geometry", point)
	for from, to := range map[string]string{"maxDistance": "$maxDistance", "minDistance": "$minDistance"} {
		if d := value.Get(doc, value.Path{from}); d.Type != 0 && d.Type != bson.TypeNull {
			near = appendMember(near, to, d)
		}
	}
	operator := appendMember(nil, "$nearSphere", value.Document(bsoncore.BuildDocument(nil, near)))
	condition := bsoncore.BuildDocument(nil, appendMember(nil, string(key), value.Document(bsoncore.BuildDocument(nil, operator))))
	out := []bson.RawValue{value.Document(condition)}
	if q := value.Get(doc, value.Path{"query"}); q.Type == bson.TypeEmbeddedDocument {
		out = append(out, q)
	}
	argument := appendMember(append([]byte(nil), doc[4:len(doc)-1]...), "condition", value.Document(condition))
	return out, Stage{Name: geoDistance, Value: value.Document(bsoncore.BuildDocument(nil, argument))}, nil
}

// geoDistance writes distance and location into the documents of $geoNear.
func (r *run) geoDistance(v bson.RawValue) (builder, error) {
	doc, _ := value.AsDocument(v)
	condition, _ := value.AsDocument(value.Get(doc, value.Path{"condition"}))
	filter, err := query.Parse(condition)
	if err != nil {
		return nil, err
	}
	near, _ := filter.Near()
	text := func(name string) string {
		b, _ := value.Text(value.Get(doc, value.Path{name}))
		return string(b)
	}
	field, err := value.ParsePath(text("distanceField"))
	if err != nil {
		return nil, misuse("$geoNear")
	}
	var locs value.Path
	if name := text("includeLocs"); name != "" {
		if locs, err = value.ParsePath(name); err != nil {
			return nil, err
		}
	}
	factor := 1.0
	if f, ok := value.Float(value.Get(doc, value.Path{"distanceMultiplier"})); ok {
		factor = f
	}
	path, err := value.ParsePath(near.Path)
	if err != nil {
		return nil, err
	}
	return perDocument(func(doc bson.Raw, next sink) (bool, error) {
		distance, _ := near.Distance(doc)
		out := setPath(doc, field, value.Double(distance*factor))
		if locs != nil {
			out = setPath(out, locs, value.Get(doc, path))
		}
		return next.push(out)
	}), nil
}
