package aggregate

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/expr"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// output is a field of a group and how it is gathered.
type output struct {
	name string
	make func() accumulator
	of   input
}

// input is what is read of a document; a plain field needs no expression.
type input struct {
	field string
	e     *expr.Expr
}

func (r *run) input(v bson.RawValue) (input, error) {
	if path, ok := expr.Field(v); ok && len(path) == 1 {
		return input{field: path[0]}, nil
	}
	e, err := r.parse(v)
	return input{e: e}, err
}

func (in input) of(r *run, doc bson.Raw) (bson.RawValue, error) {
	if in.e == nil {
		return value.Get(doc, value.Path{in.field}), nil
	}
	return r.eval(in.e, r.scope(doc))
}

func (r *run) output(name string, v bson.RawValue) (output, error) {
	doc, ok := value.AsDocument(v)
	it := value.Iterate(doc)
	if !ok || !it.Next() || name == "" || name[0] == '$' || strings.ContainsAny(name, ".\x00") {
		return output{}, models.E(models.CodeOperator, "docdb.stage_field", "field", name)
	}
	operator, argument := string(it.Key()), it.Value()
	construct := accumulators[operator]
	if construct == nil || it.Next() {
		return output{}, models.E(models.CodeOperator, "docdb.operator_unknown", "operator", operator)
	}
	in, err := r.input(argument)
	return output{name: name, make: construct, of: in}, err
}

// groups are the groups of a stage in the order in which they came up.
type groups struct {
	run     *run
	outputs []output
	byKey   map[string]*group
	list    []*group
	key     []byte
}

type group struct {
	id     bson.RawValue
	states []accumulator
}

func (r *run) newGroups(outputs []output) *groups {
	return &groups{run: r, outputs: outputs, byKey: map[string]*group{}}
}

// of returns the group of an id, made when it is new.
func (g *groups) of(id bson.RawValue) (*group, error) {
	if id.Type == 0 {
		id = bson.RawValue{Type: bson.TypeNull}
	}
	g.key = value.AppendKey(g.key[:0], id, false)
	if found := g.byKey[string(g.key)]; found != nil {
		return found, nil
	}
	made := &group{id: clone(id)}
	for _, o := range g.outputs {
		made.states = append(made.states, o.make())
	}
	g.byKey[string(g.key)] = made
	g.list = append(g.list, made)
	return made, g.run.keep(len(g.key) + len(id.Value) + 64*len(g.outputs) + 128)
}

func (g *groups) take(id bson.RawValue, doc bson.Raw) error {
	to, err := g.of(id)
	if err != nil {
		return err
	}
	for i := range g.outputs {
		v, err := g.outputs[i].of.of(g.run, doc)
		if err != nil {
			return err
		}
		kept, err := to.states[i].add(v)
		if err != nil {
			return err
		}
		if kept > 0 {
			if err := g.run.keep(kept); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *groups) give(next sink) error {
	var dst []byte
	for _, one := range g.list {
		if err := g.run.alive(); err != nil {
			return err
		}
		start, buf := bsoncore.AppendDocumentStart(dst[:0])
		buf = appendMember(buf, "_id", one.id)
		for i, o := range g.outputs {
			buf = appendMember(buf, o.name, one.states[i].result())
		}
		buf, err := bsoncore.AppendDocumentEnd(buf, start)
		if err != nil {
			return err
		}
		dst = buf
		if more, err := next.push(buf); err != nil || !more {
			return err
		}
	}
	return nil
}

// group is $group.
func (r *run) group(v bson.RawValue) (builder, error) {
	doc, ok := value.AsDocument(v)
	if !ok {
		return nil, misuse("$group")
	}
	var by *input
	var outputs []output
	it := value.Iterate(doc)
	for it.Next() {
		if string(it.Key()) == "_id" {
			in, err := r.input(it.Value())
			if err != nil {
				return nil, err
			}
			by = &in
			continue
		}
		o, err := r.output(string(it.Key()), it.Value())
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, o)
	}
	if by == nil {
		return nil, misuse("$group")
	}
	return func(next sink) sink {
		g := r.newGroups(outputs)
		return &blocking{next, func(doc bson.Raw) error {
			id, err := by.of(r, doc)
			if err != nil {
				return err
			}
			return g.take(id, doc)
		}, g.give}
	}, nil
}

func (r *run) sortByCount(v bson.RawValue) (builder, error) {
	by, err := r.input(v)
	if err != nil {
		return nil, err
	}
	return func(next sink) sink {
		g := r.newGroups([]output{countOutput})
		return &blocking{next, func(doc bson.Raw) error {
			id, err := by.of(r, doc)
			if err != nil {
				return err
			}
			return g.take(id, doc)
		}, func(next sink) error {
			slices.SortStableFunc(g.list, func(a, b *group) int { return value.Compare(b.states[0].result(), a.states[0].result()) })
			return g.give(next)
		}}
	}, nil
}

// countOutput counts the documents of a group.
var countOutput = output{name: "count", make: accumulators["$count"], of: input{field: "_id"}}

// outputs reads the output of a bucket stage; it counts when nothing is said.
func (r *run) outputs(v bson.RawValue, stage string) ([]output, error) {
	if v.Type == 0 {
		return []output{countOutput}, nil
	}
	doc, ok := value.AsDocument(v)
	if !ok {
		return nil, misuse(stage)
	}
	var out []output
	it := value.Iterate(doc)
	for it.Next() {
		o, err := r.output(string(it.Key()), it.Value())
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// known refuses members of a stage's argument that it does not have.
func known(stage string, v bson.RawValue, names ...string) (bson.Raw, error) {
	doc, ok := value.AsDocument(v)
	if !ok {
		return nil, misuse(stage)
	}
	it := value.Iterate(doc)
	for it.Next() {
		if !slices.Contains(names, string(it.Key())) {
			return nil, models.E(models.CodeOperator, "docdb.expr_option", "operator", stage, "option", string(it.Key()))
		}
	}
	return doc, nil
}

// bucket is $bucket: groups between boundaries.
func (r *run) bucket(v bson.RawValue) (builder, error) {
	doc, err := known("$bucket", v, "groupBy", "boundaries", "default", "output")
	if err != nil {
		return nil, err
	}
	by, err := r.input(value.Get(doc, value.Path{"groupBy"}))
	if err != nil {
		return nil, err
	}
	outputs, err := r.outputs(value.Get(doc, value.Path{"output"}), "$bucket")
	if err != nil {
		return nil, err
	}
	var boundaries []bson.RawValue
	array, _ := value.AsArray(value.Get(doc, value.Path{"boundaries"}))
	it := value.Iterate(array)
	for it.Next() {
		if n := len(boundaries); n > 0 && value.Compare(boundaries[n-1], it.Value()) >= 0 {
			return nil, misuse("$bucket")
		}
		boundaries = append(boundaries, it.Value())
	}
	otherwise := value.Get(doc, value.Path{"default"})
	if len(boundaries) < 2 {
		return nil, misuse("$bucket")
	}
	return func(next sink) sink {
		g := r.newGroups(outputs)
		return &blocking{next, func(doc bson.Raw) error {
			v, err := by.of(r, doc)
			if err != nil {
				return err
			}
			at, exact := slices.BinarySearchFunc(boundaries, v, value.Compare)
			if !exact {
				at--
			}
			id := otherwise
			if v.Type != 0 && at >= 0 && at < len(boundaries)-1 {
				id = boundaries[at]
			} else if id.Type == 0 {
				return models.E(models.CodeOperator, "docdb.bucket_outside")
			}
			return g.take(id, doc)
		}, func(next sink) error {
			slices.SortStableFunc(g.list, func(a, b *group) int { return value.Compare(a.id, b.id) })
			return g.give(next)
		}}
	}, nil
}

// bucketAuto is $bucketAuto: about as many documents in each of n buckets.
func (r *run) bucketAuto(v bson.RawValue) (builder, error) {
	doc, err := known("$bucketAuto", v, "groupBy", "buckets", "output")
	if err != nil {
		return nil, err
	}
	by, err := r.input(value.Get(doc, value.Path{"groupBy"}))
	if err != nil {
		return nil, err
	}
	outputs, err := r.outputs(value.Get(doc, value.Path{"output"}), "$bucketAuto")
	if err != nil {
		return nil, err
	}
	n, ok := value.Int64(value.Get(doc, value.Path{"buckets"}))
	if !ok || n < 1 || n > 1<<31 {
		return nil, misuse("$bucketAuto")
	}
	return func(next sink) sink {
		var rows []keyed
		return &blocking{next, func(doc bson.Raw) error {
			v, err := by.of(r, doc)
			if err != nil {
				return err
			}
			if v.Type == 0 {
				v = value.Null()
			}
			rows = append(rows, keyed{clone(v), slices.Clone(doc)})
			return r.keep(len(doc) + len(v.Value) + 64)
		}, func(next sink) error {
			slices.SortStableFunc(rows, func(a, b keyed) int { return value.Compare(a.key, b.key) })
			return r.giveBuckets(rows, int(n), outputs, next)
		}}
	}, nil
}

type keyed struct {
	key bson.RawValue
	doc bson.Raw
}

// giveBuckets cuts sorted rows into n buckets; equal keys stay together.
func (r *run) giveBuckets(rows []keyed, n int, outputs []output, next sink) error {
	size := max(1, (2*len(rows)+n)/(2*n)) // rounded
	for made, from := 0, 0; from < len(rows); made++ {
		to := min(from+size, len(rows))
		if made == n-1 {
			to = len(rows)
		}
		for to < len(rows) && value.Equal(rows[to].key, rows[to-1].key) {
			to++
		}
		high := rows[to-1].key
		if to < len(rows) {
			high = rows[to].key
		}
		bounds := appendMember(appendMember(nil, "min", rows[from].key), "max", high)
		g := r.newGroups(outputs)
		for _, row := range rows[from:to] {
			if err := g.take(value.Document(bsoncore.BuildDocument(nil, bounds)), row.doc); err != nil {
				return err
			}
		}
		if err := g.give(next); err != nil {
			return err
		}
		from = to
	}
	return nil
}
