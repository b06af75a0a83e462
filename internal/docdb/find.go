package docdb

import (
	"cmp"
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/aggregate"
	"envshare/internal/docdb/query"
	"envshare/models"
)

// Query is a read of a collection.
type Query struct {
	Filter, Sort, Projection bson.Raw
	Skip, Limit              int // Limit 0: no limit
}

// Find visits the documents that match, projected, in the wanted order. A
// document is only good until visit returns. txID is "" outside of transactions.
// Codes: operator, invalid, collection_unknown, transaction_unknown,
// result_too_large for a sort that needs too much memory.
func (db *DB) Find(ctx context.Context, env, name, txID string, q Query, visit func(doc bson.Raw) error) error {
	f, err := query.Parse(q.Filter)
	if err != nil {
		return err
	}
	order, err := query.ParseSort(q.Sort)
	if err != nil {
		return err
	}
	projection, err := query.ParseProjection(q.Projection)
	if err != nil {
		return err
	}
	give := func(doc bson.Raw) (bool, error) {
		out, err := projection.Apply(doc)
		if err != nil {
			return false, err
		}
		return true, visit(out)
	}
	if txID != "" {
		return db.inTransaction(ctx, env, name, txID, func(t *transaction, r *reading) error {
			return r.find(ctx, f, order, q.Skip, q.Limit, give)
		})
	}
	return db.reading(ctx, env, name, func(r *reading) error { return r.find(ctx, f, order, q.Skip, q.Limit, give) })
}

// find visits matches in order, after skip of them and at most limit.
func (r *reading) find(ctx context.Context, f *query.Filter, order []query.Sort, skip, limit int, visit func(doc bson.Raw) (bool, error)) error {
	if near, ok := f.Near(); ok && len(order) == 0 {
		return r.findNear(ctx, near, f, skip, limit, visit)
	}
	p := choose(r.c, f, order)
	window := func(doc bson.Raw) (bool, error) {
		if skip > 0 {
			skip--
			return true, nil
		}
		more, err := visit(doc)
		if limit > 0 {
			limit--
			more = more && limit > 0
		}
		return more, err
	}
	if len(order) == 0 || p.sorted && !r.over.changes(r.c) {
		return r.matches(ctx, p, f, func(one row) (bool, error) { return window(one.body) })
	}
	top := 0
	if limit > 0 {
		top = skip + limit
	}
	sorter := aggregate.NewSorter(order, top, keepUpTo(maxSorted))
	if err := r.matches(ctx, p, f, func(one row) (bool, error) { return true, sorter.Add(one.body) }); err != nil {
		return err
	}
	for _, doc := range sorter.Sorted() {
		if more, err := window(doc); err != nil || !more {
			return err
		}
	}
	return nil
}

// away is a document and how far it is.
type away struct {
	doc      bson.Raw
	distance float64
}

func (r *reading) findNear(ctx context.Context, near *query.Near, f *query.Filter, skip, limit int, visit func(doc bson.Raw) (bool, error)) error {
	var found []away
	plans, radii := r.nearest(near, f, nil)
	if len(plans) > 1 {
		if err := r.pin(ctx); err != nil {
			return err
		}
	}
	for n, p := range plans {
		found = found[:0]
		if limit == 0 && n < len(plans)-1 {
			continue
		}
		keep := keepUpTo(maxSorted)
		err := r.matches(ctx, p, f, func(one row) (bool, error) {
			if d, ok := near.Distance(one.body); ok && d <= radii[n] {
				found = append(found, away{slices.Clone(one.body), d})
			}
			return true, keep(len(one.body))
		})
		if err != nil {
			return err
		}
		if limit > 0 && len(found) >= skip+limit {
			break
		}
	}
	slices.SortStableFunc(found, func(a, b away) int { return cmp.Compare(a.distance, b.distance) })
	found = found[min(skip, len(found)):]
	if limit > 0 {
		found = found[:min(limit, len(found))]
	}
	for _, one := range found {
		if more, err := visit(one.doc); err != nil || !more {
			return err
		}
	}
	return nil
}

// Count returns how many documents match. txID is "" outside of transactions.
func (db *DB) Count(ctx context.Context, env, name, txID string, filter bson.Raw) (n int64, err error) {
	f, err := query.Parse(filter)
	if err != nil {
		return 0, err
	}
	count := func(r *reading) error {
		n = 0
		if f.All() && !r.over.changes(r.c) {
			if _, err := r.s.value(ctx, "SELECT count(*) FROM docdb_unique_keys WHERE idx = ?", []any{r.c.indexes[0].id}, &n); err != nil {
				return err
			}
			return r.began(ctx)
		}
		return r.matches(ctx, choose(r.c, f, nil), f, func(row) (bool, error) { n++; return true, nil })
	}
	if txID != "" {
		err = db.inTransaction(ctx, env, name, txID, func(_ *transaction, r *reading) error { return count(r) })
		return n, err
	}
	err = db.reading(ctx, env, name, count)
	return n, err
}

// Aggregate runs a pipeline over a collection and hands each result to emit,
// where it is only good until emit returns. joined is asked before another
// collection is read; nil allows all.
func (db *DB) Aggregate(ctx context.Context, env, name string, stages []aggregate.Stage, joined func(collection string) error, emit func(doc bson.Raw) error) error {
	o := aggregate.Options{Collection: name, Now: db.now(), Joined: joined}
	if !slices.ContainsFunc(stages, joins) {
		return aggregate.Run(ctx, source{db: db, env: env}, stages, o, emit)
	}
	return db.withReader(ctx, func(s session) error {
		s, end, err := s.snapshot(ctx)
		if err != nil {
			return err
		}
		defer end()
		cat, err := db.catalogOf(ctx, s)
		if err != nil {
			return err
		}
		return aggregate.Run(ctx, source{db: db, env: env, s: s, cat: cat}, stages, o, emit)
	})
}

// joins reports whether a stage may read more while it is handed documents.
func joins(s aggregate.Stage) bool {
	return s.Name == "$lookup" || s.Name == "$unionWith" || s.Name == "$facet"
}

// source is the collections of an environment, for pipelines. One that joins reads
// all on one session with one catalog; otherwise the one scan is a read like others.
type source struct {
	db  *DB
	env string
	s   session
	cat *catalog
}

func (s source) reading(ctx context.Context, name string, do func(r *reading) error) error {
	if s.cat == nil {
		return s.db.reading(ctx, s.env, name, do)
	}
	c, err := s.cat.collection(s.env, name)
	if err != nil {
		return err
	}
	return do(&reading{db: s.db, s: s.s, c: c, bodies: true, paged: true})
}

// Scan implements aggregate.Source.
func (s source) Scan(ctx context.Context, name string, f *query.Filter, order []query.Sort, limit int, visit func(doc bson.Raw) (bool, error)) error {
	return s.reading(ctx, name, func(r *reading) error { return r.find(ctx, f, order, 0, limit, visit) })
}

// GeoPath implements aggregate.Source.
func (s source) GeoPath(ctx context.Context, name string) (path string, ok bool, err error) {
	err = s.reading(ctx, name, func(r *reading) error {
		n := 0
		for _, i := range r.c.indexes {
			if i.geo() {
				path = i.Keys[0].Path
				n++
			}
		}
		ok = n == 1
		return r.began(ctx)
	})
	return path, ok, err
}

// Plan says how a query is answered.
type Plan struct {
	Index    string // "" for reading the whole collection
	Sorted   bool   // the index gives the order
	Examined int    // documents that were read
}

// Explain runs a query and says how it was answered.
func (db *DB) Explain(ctx context.Context, env, name string, q Query) (Plan, error) {
	f, err := query.Parse(q.Filter)
	if err != nil {
		return Plan{}, err
	}
	order, err := query.ParseSort(q.Sort)
	if err != nil {
		return Plan{}, err
	}
	var out Plan
	err = db.reading(ctx, env, name, func(r *reading) error {
		p := choose(r.c, f, order)
		out = Plan{Sorted: p.sorted && p.index != nil}
		if p.index != nil {
			out.Index = p.index.Name
		}
		err := r.find(ctx, f, order, q.Skip, q.Limit, func(bson.Raw) (bool, error) { return true, nil })
		out.Examined = r.examined
		return err
	})
	return out, err
}

// notFound is the error of a document that must be there.
func notFound() error { return models.E(models.CodeNotFound, "error.document_gone") }
