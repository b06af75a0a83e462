package aggregate

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/expr"
	"envshare/internal/docdb/query"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// Source is where documents come from.
type Source interface {
	// Scan visits the documents of a collection that match, in an order when sort
	// is not empty, at most limit of them unless it is 0, until visit returns
	// false. A document is only good until visit returns.
	Scan(ctx context.Context, collection string, filter *query.Filter, sort []query.Sort, limit int, visit func(doc bson.Raw) (bool, error)) error
	// GeoPath returns the path of the collection's one 2dsphere index.
	GeoPath(ctx context.Context, collection string) (string, bool, error)
}

// Options say what a pipeline runs on.
type Options struct {
	Collection string
	Now        time.Time
	// MemoryBytes bounds what all stages keep together, and what an expression holds
	// on its way; default 100 MiB.
	MemoryBytes int64
	// Steps bounds the work of each expression and condition for one document;
	// default expr.DefaultSteps.
	Steps int
	// Timeout bounds the whole run; default 30 seconds.
	Timeout time.Duration
	// Joined is asked before the documents of a collection are read by a stage, such
	// as $lookup; nil allows all.
	Joined func(collection string) error
}

const (
	defaultMemory  = 100 << 20
	defaultTimeout = 30 * time.Second
	// maxNesting bounds pipelines inside pipelines.
	maxNesting = 10
)

// Stage is one stage as it was sent: "$match" and its argument.
type Stage struct {
	Name  string
	Value bson.RawValue
}

// errTimeout is the cause of a context that ended by Options.Timeout.
var errTimeout = errors.New("pipeline timed out")

// Run runs a pipeline and hands every result to emit, where it is only good until
// emit returns. Codes: operator for a stage or operator that is unknown or used
// wrongly, result_too_large when the stages keep more than they may or one document
// takes too much work, limited when all of it takes too long.
func Run(ctx context.Context, src Source, stages []Stage, o Options, emit func(doc bson.Raw) error) error {
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = defaultMemory
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, errTimeout)
	defer cancel()
	r := &run{
		ctx: ctx, src: src, now: o.Now.UnixMilli(), memory: &o.MemoryBytes, joined: o.Joined, ticks: new(int),
		steps: o.Steps, budget: expr.NewBudget(ctx, o.Steps, &o.MemoryBytes),
	}
	err := r.collection(o.Collection, stages, emit)
	if err != nil && errors.Is(context.Cause(ctx), errTimeout) {
		return models.E(models.CodeLimited, "docdb.time_bound", "seconds", o.Timeout.Seconds()).Wrap(err)
	}
	return err
}

// run is a pipeline at work; pipelines inside of it share its memory.
type run struct {
	ctx    context.Context
	src    Source
	now    int64
	memory *int64
	budget *expr.Budget
	steps  int
	ticks  *int // documents on their way, to look at the context now and then
	vars   map[string]bson.RawValue
	joined func(collection string) error
	depth  int // of pipelines inside of pipelines
}

// keep counts bytes that a stage holds on to, and about what it takes to hold them.
func (r *run) keep(bytes int) error { return r.hold(bytes + 64) }

// hold counts bytes as they are, and gives them back when they are negative.
func (r *run) hold(bytes int) error { return r.budget.Hold(bytes) }

// alive is asked for every document that a stage makes on its own.
func (r *run) alive() error {
	if *r.ticks++; *r.ticks%256 == 0 {
		return r.ctx.Err()
	}
	return nil
}

// maxDocument bounds a document between two stages, as in MongoDB.
const maxDocument = 64 << 20

// fits refuses a document before it gets too large.
func fits(bytes int) error {
	if bytes > maxDocument {
		return models.E(models.CodeResultTooLarge, "docdb.document_large", "mb", maxDocument>>20)
	}
	return nil
}

func (r *run) scope(doc bson.Raw) *expr.Scope {
	return &expr.Scope{Root: doc, Current: doc, Vars: r.vars, Now: r.now, Budget: r.budget}
}

// eval evaluates an expression on a document, with all steps that one has.
func (r *run) eval(e *expr.Expr, scope *expr.Scope) (bson.RawValue, error) {
	r.budget.Refill()
	return e.Eval(scope)
}

func (r *run) parse(v bson.RawValue) (*expr.Expr, error) {
	names := make([]string, 0, len(r.vars))
	for name := range r.vars {
		names = append(names, name)
	}
	return expr.ParseWith(v, names...)
}

// sink takes the documents of a stage. push reports false when it wants no more;
// finish tells it that there are no more.
type sink interface {
	push(doc bson.Raw) (bool, error)
	finish() error
}

// builder puts a stage before the sink that follows it.
type builder func(next sink) sink

// collection runs stages over a collection.
func (r *run) collection(name string, stages []Stage, emit func(doc bson.Raw) error) error {
	if r.depth > 0 && r.joined != nil {
		if err := r.joined(name); err != nil {
			return err
		}
	}
	filter, order, limit, rest, err := r.pushDown(name, stages)
	if err != nil {
		return err
	}
	head, err := r.assemble(rest, &out{emit})
	if err != nil {
		return err
	}
	err = r.src.Scan(r.ctx, name, filter.Bounded(r.steps), order, limit, func(doc bson.Raw) (bool, error) {
		if err := r.alive(); err != nil {
			return false, err
		}
		return head.push(doc)
	})
	if err != nil {
		return err
	}
	return head.finish()
}

// out is the end of a pipeline.
type out struct{ emit func(doc bson.Raw) error }

func (o *out) push(doc bson.Raw) (bool, error) { return true, o.emit(doc) }
func (o *out) finish() error                   { return nil }

// assemble makes the sinks of stages, from the last to the first.
func (r *run) assemble(stages []Stage, last sink) (sink, error) {
	builders := make([]builder, len(stages))
	for i := 0; i < len(stages); i++ {
		b, err := r.stage(stages, i)
		if err != nil {
			return nil, err
		}
		builders[i] = b
	}
	head := last
	for i := len(builders) - 1; i >= 0; i-- {
		head = builders[i](head)
	}
	return head, nil
}

func misuse(stage string) error {
	return models.E(models.CodeOperator, "docdb.stage_argument", "stage", stage)
}

// stage reads the stage at i.
func (r *run) stage(stages []Stage, i int) (builder, error) {
	s := stages[i]
	switch s.Name {
	case "$match":
		return r.match(s.Value)
	case "$sort":
		return r.sort(s.Value, topOf(stages[i+1:]))
	case "$limit", "$skip":
		return window(s)
	case "$project":
		return r.project(s.Value)
	case "$addFields", "$set":
		return r.addFields(s.Name, s.Value)
	case "$unset":
		return r.unset(s.Value)
	case "$unwind":
		return r.unwind(s.Value)
	case "$group":
		return r.group(s.Value)
	case "$count":
		return r.count(s.Value)
	case "$sortByCount":
		return r.sortByCount(s.Value)
	case "$replaceRoot", "$replaceWith":
		return r.replaceRoot(s)
	case "$sample":
		return r.sample(s.Value)
	case "$bucket":
		return r.bucket(s.Value)
	case "$bucketAuto":
		return r.bucketAuto(s.Value)
	case "$lookup":
		return r.lookup(s.Value)
	case "$unionWith":
		return r.unionWith(s.Value)
	case "$facet":
		return r.facet(s.Value)
	case "$geoNear":
		return nil, models.E(models.CodeOperator, "docdb.geo_near_first")
	case geoDistance:
		return r.geoDistance(s.Value)
	}
	return nil, models.E(models.CodeOperator, "docdb.stage_unknown", "stage", strings.ToValidUTF8(s.Name, ""))
}

// topOf returns how many documents the stages after a sort can use, 0 for all.
func topOf(after []Stage) int {
	skip := int64(0)
	for _, s := range after {
		n, ok := value.Int64(s.Value)
		switch {
		case s.Name == "$skip" && ok && n >= 0 && n < 1<<30:
			skip += n
		case s.Name == "$limit" && ok && n > 0 && n < 1<<30:
			return int(skip + n)
		default:
			return 0
		}
	}
	return 0
}

// pushDown takes the stages from the front that the source can do better.
func (r *run) pushDown(collection string, stages []Stage) (filter *query.Filter, order []query.Sort, limit int, rest []Stage, err error) {
	rest = stages
	conditions := bsoncore.NewArrayBuilder()
	n := 0
	add := func(v bson.RawValue) {
		conditions.AppendValue(bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value})
		n++
	}
	if len(rest) > 0 && rest[0].Name == "$geoNear" {
		near, distance, err := r.geoNear(collection, rest[0].Value)
		if err != nil {
			return nil, nil, 0, nil, err
		}
		for _, v := range near {
			add(v)
		}
		rest = append([]Stage{distance}, rest[1:]...)
	}
	for len(rest) > 0 && rest[0].Name == "$match" {
		if rest[0].Value.Type != bson.TypeEmbeddedDocument {
			return nil, nil, 0, nil, misuse("$match")
		}
		add(rest[0].Value)
		rest = rest[1:]
	}
	condition := bson.Raw(nil)
	if n > 0 {
		condition = bson.Raw(bsoncore.NewDocumentBuilder().AppendArray("$and", conditions.Build()).Build())
	}
	if filter, err = query.ParseVars(condition, r.vars); err != nil {
		return nil, nil, 0, nil, err
	}
	if len(rest) > 0 && rest[0].Name == "$sort" {
		doc, ok := value.AsDocument(rest[0].Value)
		if !ok || len(doc) <= 5 {
			return nil, nil, 0, nil, misuse("$sort")
		}
		if order, err = query.ParseSort(doc); err != nil {
			return nil, nil, 0, nil, err
		}
		rest = rest[1:]
	}
	return filter, order, topOf(rest), rest, nil
}
