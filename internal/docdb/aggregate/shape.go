package aggregate

import (
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/expr"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// shape is a level of what $project, $addFields and $unset make of a document.
type shape struct {
	order []string
	kids  map[string]*shape // nil for a leaf

	// A leaf keeps its field, leaves it out, or computes it.
	drop    bool
	compute *expr.Expr
}

func newShape() *shape { return &shape{kids: map[string]*shape{}} }

// put places a leaf at a path.
func (s *shape) put(path value.Path, leaf *shape) error {
	for i, segment := range path {
		next := s.kids[segment]
		if next == nil {
			next = newShape()
			if i == len(path)-1 {
				next = leaf
			}
			s.kids[segment] = next
			s.order = append(s.order, segment)
		} else if i == len(path)-1 || next.kids == nil {
			return models.E(models.CodeOperator, "docdb.projection_collision", "field", path.String())
		}
		s = next
	}
	return nil
}

// computes reports whether a leaf below computes something.
func (s *shape) computes() bool {
	if s.kids == nil {
		return s.compute != nil
	}
	for _, kid := range s.kids {
		if kid.computes() {
			return true
		}
	}
	return false
}

// shaper applies a shape. include says that fields without a leaf are dropped.
type shaper struct {
	run     *run
	shape   *shape
	include bool
}

func (p *shaper) apply(doc bson.Raw) (bson.Raw, error) {
	start, dst := bsoncore.AppendDocumentStart(make([]byte, 0, len(doc)+32))
	dst, err := p.members(dst, p.shape, doc, p.run.scope(doc))
	if err != nil {
		return nil, err
	}
	return bsoncore.AppendDocumentEnd(dst, start)
}

// members appends what becomes of the members of an object. Included computed
// fields follow the others; added ones keep the place of what they replace.
func (p *shaper) members(dst []byte, s *shape, doc bson.Raw, scope *expr.Scope) ([]byte, error) {
	var err error
	seen := make(map[string]bool, len(s.kids))
	it := value.Iterate(doc)
	for it.Next() && err == nil {
		kid := s.kids[string(it.Key())]
		switch {
		case kid == nil && p.include, kid != nil && kid.drop:
		case kid == nil:
			dst = appendMember(dst, string(it.Key()), it.Value())
		case kid.kids == nil && kid.compute == nil:
			dst = appendMember(dst, string(it.Key()), it.Value())
		case kid.kids == nil && p.include:
			continue // appended below
		default:
			seen[string(it.Key())] = true
			dst, err = p.field(dst, string(it.Key()), kid, it.Value(), scope)
		}
	}
	for _, name := range s.order {
		kid := s.kids[name]
		if err != nil || seen[name] || !kid.computes() {
			continue
		}
		dst, err = p.field(dst, name, kid, bson.RawValue{}, scope)
	}
	return dst, err
}

// field appends a field that is computed or has computed or chosen parts.
func (p *shaper) field(dst []byte, key string, s *shape, old bson.RawValue, scope *expr.Scope) ([]byte, error) {
	if s.compute != nil {
		v, err := p.run.eval(s.compute, scope)
		if err != nil || v.Type == 0 {
			return dst, err
		}
		if err := fits(len(dst) + len(v.Value)); err != nil {
			return dst, err
		}
		return appendMember(dst, key, v), nil
	}
	var start int32
	var err error
	switch {
	case old.Type == bson.TypeArray:
		start, dst = bsoncore.AppendArrayElementStart(dst, key)
		it := value.Iterate(old.Value)
		for n := 0; it.Next() && err == nil; {
			before := len(dst)
			dst, err = p.field(dst, indexKey(n), s, it.Value(), scope)
			if len(dst) > before {
				n++
			}
		}
	case old.Type == bson.TypeEmbeddedDocument:
		start, dst = bsoncore.AppendDocumentElementStart(dst, key)
		dst, err = p.members(dst, s, old.Value, scope)
	case s.computes():
		start, dst = bsoncore.AppendDocumentElementStart(dst, key)
		dst, err = p.members(dst, s, nil, scope)
	case p.include || old.Type == 0:
		return dst, nil
	default:
		return appendMember(dst, key, old), nil
	}
	if err != nil {
		return dst, err
	}
	return bsoncore.AppendDocumentEnd(dst, start)
}

func (p *shaper) builder() builder {
	return perDocument(func(doc bson.Raw, next sink) (bool, error) {
		out, err := p.apply(doc)
		if err != nil {
			return false, err
		}
		return next.push(out)
	})
}

func (r *run) addFields(stage string, v bson.RawValue) (builder, error) {
	doc, ok := value.AsDocument(v)
	if !ok || len(doc) <= 5 {
		return nil, misuse(stage)
	}
	p := &shaper{run: r, shape: newShape()}
	if err := p.adds(nil, doc); err != nil {
		return nil, err
	}
	return p.builder(), nil
}

// adds reads computed fields; an object that is no expression has more of them.
func (p *shaper) adds(prefix value.Path, doc bson.Raw) error {
	it := value.Iterate(doc)
	for it.Next() {
		path, err := value.ParsePath(string(it.Key()))
		if err != nil {
			return err
		}
		if path[0][0] == '$' {
			return models.E(models.CodeOperator, "docdb.stage_field", "field", path[0])
		}
		path = append(prefix[:len(prefix):len(prefix)], path...)
		if inside, ok := value.AsDocument(it.Value()); ok && !isOperator(inside) && len(inside) > 5 {
			if err := p.adds(path, inside); err != nil {
				return err
			}
			continue
		}
		e, err := p.run.parse(it.Value())
		if err != nil {
			return err
		}
		if err := p.shape.put(path, &shape{compute: e}); err != nil {
			return err
		}
	}
	return nil
}

func isOperator(doc bson.Raw) bool {
	it := value.Iterate(doc)
	return it.Next() && len(it.Key()) > 0 && it.Key()[0] == '$'
}

func (r *run) unset(v bson.RawValue) (builder, error) {
	p := &shaper{run: r, shape: newShape()}
	names := []bson.RawValue{v}
	if array, ok := value.AsArray(v); ok {
		names = nil
		it := value.Iterate(array)
		for it.Next() {
			names = append(names, it.Value())
		}
	}
	for _, one := range names {
		name, ok := value.Text(one)
		if !ok {
			return nil, misuse("$unset")
		}
		path, err := value.ParsePath(string(name))
		if err != nil {
			return nil, err
		}
		if err := p.shape.put(path, &shape{drop: true}); err != nil {
			return nil, err
		}
	}
	if len(names) == 0 {
		return nil, misuse("$unset")
	}
	return p.builder(), nil
}

func (r *run) project(v bson.RawValue) (builder, error) {
	doc, ok := value.AsDocument(v)
	if !ok || len(doc) <= 5 {
		return nil, misuse("$project")
	}
	p := &projector{shaper: shaper{run: r, shape: newShape()}}
	if err := p.read(nil, doc); err != nil {
		return nil, err
	}
	if p.kept && p.dropped {
		return nil, models.E(models.CodeOperator, "docdb.projection_mixed")
	}
	p.include = p.kept || !p.dropped && p.id == 1
	switch {
	case p.include && p.id >= 0 && p.shape.kids["_id"] == nil:
		p.shape.kids["_id"] = &shape{}
	case !p.include && p.id < 0:
		p.shape.kids["_id"] = &shape{drop: true}
	}
	return p.builder(), nil
}

// projector reads $project. id is 1 when _id was asked for, -1 when refused.
type projector struct {
	shaper
	kept, dropped bool
	id            int
}

func (p *projector) read(prefix value.Path, doc bson.Raw) error {
	it := value.Iterate(doc)
	for it.Next() {
		path, err := value.ParsePath(string(it.Key()))
		if err != nil {
			return err
		}
		path = append(prefix[:len(prefix):len(prefix)], path...)
		if path[0][0] == '$' {
			return models.E(models.CodeOperator, "docdb.stage_field", "field", path[0])
		}
		if err := p.member(path, it.Value()); err != nil {
			return err
		}
	}
	return nil
}

func (p *projector) member(path value.Path, v bson.RawValue) error {
	inside, isDoc := value.AsDocument(v)
	switch {
	case isDoc && !isOperator(inside):
		if len(inside) <= 5 {
			return misuse("$project")
		}
		return p.read(path, inside)
	case v.Type == bson.TypeBoolean || value.IsNumber(v):
		on := value.Truthy(v)
		if len(path) == 1 && path[0] == "_id" {
			p.id = 1
			if !on {
				p.id = -1
			}
			return nil
		}
		p.kept, p.dropped = p.kept || on, p.dropped || !on
		return p.shape.put(path, &shape{drop: !on})
	}
	e, err := p.run.parse(v)
	if err != nil {
		return err
	}
	p.kept = true
	return p.shape.put(path, &shape{compute: e})
}
