package aggregate

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/expr"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// nested makes a run for a pipeline inside of this one.
func (r *run) nested() (*run, error) {
	inner := *r
	inner.depth++
	if inner.depth > maxNesting {
		return nil, models.E(models.CodeOperator, "docdb.pipeline_deep", "depth", maxNesting)
	}
	return &inner, nil
}

// stagesOf reads a pipeline: an array of objects with one stage each.
func stagesOf(v bson.RawValue, stage string) ([]Stage, error) {
	array, ok := value.AsArray(v)
	if !ok {
		return nil, misuse(stage)
	}
	var out []Stage
	it := value.Iterate(array)
	for it.Next() {
		doc, _ := value.AsDocument(it.Value())
		inner := value.Iterate(doc)
		if !inner.Next() {
			return nil, misuse(stage)
		}
		one := Stage{Name: string(inner.Key()), Value: inner.Value()}
		if inner.Next() {
			return nil, misuse(stage)
		}
		out = append(out, one)
	}
	return out, nil
}

// joining is $lookup: the documents of another collection that belong to each.
type joining struct {
	run           *run
	from          string
	local         value.Path
	foreign       string
	as            value.Path
	names         []string
	let           []*expr.Expr
	pipeline      []Stage
	remembered    map[string]bson.RawValue
	rememberBytes int
}

// Bounds of what joins keep, which counts as memory of the pipeline besides.
const (
	maxFound      = 16 << 20 // bytes that belong to one document
	maxRemembered = 16 << 20 // bytes that are kept for equal keys
)

func (r *run) lookup(v bson.RawValue) (builder, error) {
	doc, err := known("$lookup", v, "from", "localField", "foreignField", "as", "let", "pipeline")
	if err != nil {
		return nil, err
	}
	inner, err := r.nested()
	if err != nil {
		return nil, err
	}
	j := &joining{run: inner, remembered: map[string]bson.RawValue{}}
	text := func(name string) string {
		b, _ := value.Text(value.Get(doc, value.Path{name}))
		return string(b)
	}
	j.from, j.foreign = text("from"), text("foreignField")
	if j.as, err = value.ParsePath(text("as")); err != nil || j.from == "" || j.as[0][0] == '$' {
		return nil, misuse("$lookup")
	}
	if j.foreign != "" {
		if _, err := value.ParsePath(j.foreign); err != nil {
			return nil, err
		}
	}
	local := text("localField")
	if (local == "") != (j.foreign == "") {
		return nil, misuse("$lookup")
	}
	if local != "" {
		if j.local, err = value.ParsePath(local); err != nil {
			return nil, err
		}
	}
	pipeline := value.Get(doc, value.Path{"pipeline"})
	if pipeline.Type == 0 && local == "" {
		return nil, misuse("$lookup")
	}
	if pipeline.Type != 0 {
		if j.pipeline, err = stagesOf(pipeline, "$lookup"); err != nil {
			return nil, err
		}
	}
	if err := j.readLet(r, value.Get(doc, value.Path{"let"})); err != nil {
		return nil, err
	}
	return perDocument(func(doc bson.Raw, next sink) (bool, error) {
		before := *r.memory
		found, remembered, err := j.find(r, doc)
		if err == nil {
			err = fits(len(doc) + len(found.Value))
		}
		if err != nil {
			return false, err
		}
		// What the stages inside kept is free again.
		*r.memory = before - int64(remembered)
		return next.push(setPath(doc, j.as, found))
	}), nil
}

func (j *joining) readLet(r *run, v bson.RawValue) error {
	doc, _ := value.AsDocument(v)
	it := value.Iterate(doc)
	for it.Next() {
		e, err := r.parse(it.Value())
		if err != nil {
			return err
		}
		j.names, j.let = append(j.names, string(it.Key())), append(j.let, e)
	}
	return nil
}

// find returns what belongs to a document; equal questions are asked once. It says
// how many bytes it keeps for the next time.
func (j *joining) find(r *run, doc bson.Raw) (found bson.RawValue, kept int, err error) {
	var key []byte
	vars := make(map[string]bson.RawValue, len(r.vars)+len(j.names))
	for name, v := range r.vars {
		vars[name] = v
	}
	for i, e := range j.let {
		v, err := r.eval(e, r.scope(doc))
		if err == nil {
			err = r.hold(len(v.Value))
		}
		if err != nil {
			return v, 0, err
		}
		vars[j.names[i]] = v
		key = appendMember(key, j.names[i], v)
	}
	stages := j.pipeline
	if j.local != nil {
		condition := j.condition(doc)
		key = append(key, condition...)
		stages = append([]Stage{{"$match", value.Document(condition)}}, stages...)
	}
	if v, ok := j.remembered[string(key)]; ok {
		return v, 0, nil
	}
	if found, err = j.read(vars, stages); err != nil {
		return found, 0, err
	}
	kept = len(key) + len(found.Value) + 64
	if j.rememberBytes+kept > maxRemembered || int64(kept) > *r.memory/4 {
		return found, 0, nil
	}
	j.rememberBytes += kept
	j.remembered[string(key)] = found
	return found, kept, nil
}

// read runs the pipeline inside.
func (j *joining) read(vars map[string]bson.RawValue, stages []Stage) (bson.RawValue, error) {
	inner := *j.run
	inner.vars = vars
	var list []byte
	n := 0
	err := inner.collection(j.from, stages, func(found bson.Raw) error {
		if len(list)+len(found) > maxFound {
			return models.E(models.CodeResultTooLarge, "docdb.memory_bound")
		}
		list = appendMember(list, indexKey(n), value.Document(found))
		n++
		return inner.keep(len(found))
	})
	return value.Array(bsoncore.BuildDocument(nil, list)), err
}

// condition is that the foreign field equals the local one, or one of its
// elements; a missing field equals null.
func (j *joining) condition(doc bson.Raw) bson.Raw {
	values := bsoncore.NewArrayBuilder()
	n := 0
	add := func(v bson.RawValue) {
		if v.Type == 0 {
			v = value.Null()
		}
		values.AppendValue(bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value})
		n++
	}
	value.Walk(doc, j.local, func(v bson.RawValue) bool {
		array, ok := value.AsArray(v)
		if !ok {
			add(v)
			return true
		}
		it := value.Iterate(array)
		for it.Next() {
			add(it.Value())
		}
		return true
	})
	list := bsoncore.NewDocumentBuilder().AppendArray("$in", values.Build()).Build()
	return bson.Raw(bsoncore.NewDocumentBuilder().AppendDocument(j.foreign, list).Build())
}

// unionWith is $unionWith: the documents of another collection after these.
func (r *run) unionWith(v bson.RawValue) (builder, error) {
	name, ok := value.Text(v)
	var stages []Stage
	if !ok {
		doc, err := known("$unionWith", v, "coll", "pipeline")
		if err != nil {
			return nil, err
		}
		if name, ok = value.Text(value.Get(doc, value.Path{"coll"})); !ok {
			return nil, misuse("$unionWith")
		}
		if p := value.Get(doc, value.Path{"pipeline"}); p.Type != 0 {
			if stages, err = stagesOf(p, "$unionWith"); err != nil {
				return nil, err
			}
		}
	}
	inner, err := r.nested()
	if err != nil {
		return nil, err
	}
	from := string(name)
	return func(next sink) sink { return &union{each{next, pass}, inner, from, stages, false} }, nil
}

func pass(doc bson.Raw, next sink) (bool, error) { return next.push(doc) }

type union struct {
	each
	run    *run
	from   string
	stages []Stage
	full   bool // the next stage wants no more
}

func (u *union) push(doc bson.Raw) (bool, error) {
	more, err := u.each.push(doc)
	u.full = !more
	return more, err
}

func (u *union) finish() error {
	if !u.full {
		stages := append(slices.Clone(u.stages), Stage{Name: "$skip", Value: value.Int32(0)})
		err := u.run.collection(u.from, stages, func(doc bson.Raw) error {
			if u.full {
				return nil
			}
			more, err := u.next.push(doc)
			u.full = !more
			return err
		})
		if err != nil {
			return err
		}
	}
	return u.next.finish()
}

// facet is $facet: several pipelines over the same documents, side by side.
func (r *run) facet(v bson.RawValue) (builder, error) {
	doc, ok := value.AsDocument(v)
	if !ok || len(doc) <= 5 {
		return nil, misuse("$facet")
	}
	inner, err := r.nested()
	if err != nil {
		return nil, err
	}
	var names []string
	var pipelines [][]Stage
	it := value.Iterate(doc)
	for it.Next() {
		stages, err := stagesOf(it.Value(), "$facet")
		if err != nil {
			return nil, err
		}
		for _, s := range stages {
			if s.Name == "$facet" {
				return nil, misuse("$facet")
			}
		}
		if _, err := inner.assemble(stages, &out{}); err != nil {
			return nil, err
		}
		names, pipelines = append(names, string(it.Key())), append(pipelines, stages)
	}
	return func(next sink) sink {
		f := &faceting{run: inner, next: next, names: names, lists: make([][]byte, len(names)), n: make([]int, len(names))}
		for i, stages := range pipelines {
			head, err := inner.assemble(stages, &out{func(doc bson.Raw) error { return f.collect(i, doc) }})
			f.err = err // every pipeline was assembled before
			f.heads = append(f.heads, head)
		}
		f.full = make([]bool, len(f.heads))
		return f
	}, nil
}

type faceting struct {
	run   *run
	next  sink
	names []string
	heads []sink
	full  []bool
	lists [][]byte
	n     []int
	err   error
}

func (f *faceting) collect(i int, doc bson.Raw) error {
	f.lists[i] = appendMember(f.lists[i], indexKey(f.n[i]), value.Document(doc))
	f.n[i]++
	return f.run.keep(len(doc) + 8)
}

func (f *faceting) push(doc bson.Raw) (bool, error) {
	for i, head := range f.heads {
		if f.full[i] || f.err != nil {
			continue
		}
		more, err := head.push(doc)
		if err != nil {
			return false, err
		}
		f.full[i] = !more
	}
	return f.err == nil, f.err
}

func (f *faceting) finish() error {
	var dst []byte
	for i, head := range f.heads {
		if err := head.finish(); err != nil {
			return err
		}
		dst = appendMember(dst, f.names[i], value.Array(bsoncore.BuildDocument(nil, f.lists[i])))
	}
	if _, err := f.next.push(bsoncore.BuildDocument(nil, dst)); err != nil {
		return err
	}
	return f.next.finish()
}
