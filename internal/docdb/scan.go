package docdb

import (
	"context"
	"errors"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/geo"
	"envshare/internal/docdb/query"
	"envshare/models"
)

// row is a stored document. The body is only good until the next row.
type row struct {
	id      int64
	version int64
	body    bson.Raw
	key     []byte // where an index led to it; read for pages only
}

// reading is one read of a collection on one session.
type reading struct {
	db      *DB
	s       session
	c       *collection
	over    *overlay // what a transaction wrote; nil outside of one
	checked bool

	revision int64  // of the catalog, to be compared; 0 where others cannot change it
	end      func() // ends the snapshot of the session; nil for none
	bodies   bool   // nothing but the bodies of documents is wanted
	paged    bool   // visiting reads more on the same session
	examined int    // candidates, for tests
}

// errStale says that a query ran under another catalog than it was planned with.
var errStale = errors.New("catalog changed")

// reading plans and runs a read under one catalog, again when the catalog changed
// meanwhile: revisions only rise, so an equal one as the query runs, or after it,
// proves that its rows were read under it. Nothing was visited before that.
func (db *DB) reading(ctx context.Context, env, name string, do func(r *reading) error) error {
	for {
		cat, err := db.current(ctx)
		if err != nil {
			return err
		}
		c, err := cat.collection(env, name)
		if err != nil {
			// It may have been made by another process a moment ago.
			if cat, err = db.refresh(ctx); err != nil {
				return err
			}
			if c, err = cat.collection(env, name); err != nil {
				return err
			}
		}
		err = db.withReader(ctx, func(s session) error {
			r := &reading{db: db, s: s, c: c, revision: cat.revision, bodies: true}
			defer r.unpin()
			return do(r)
		})
		if !errors.Is(err, errStale) {
			return err
		}
		if _, err := db.refresh(ctx); err != nil {
			return err
		}
	}
}

// pin makes all queries of the read see one moment. A single query does by itself,
// and sessions of writes and transactions need none.
func (r *reading) pin(ctx context.Context) (err error) {
	if r.revision == 0 || r.end != nil {
		return nil
	}
	r.s, r.end, err = r.s.snapshot(ctx)
	return err
}

func (r *reading) unpin() {
	if r.end != nil {
		r.end()
	}
}

// began is called once a query has ended that may not have compared the revision.
func (r *reading) began(ctx context.Context) error {
	if r.checked || r.revision == 0 {
		return nil
	}
	r.checked = true
	var now int64
	_, err := r.s.value(ctx, readRevision, nil, &now)
	if err == nil && now != r.revision {
		err = errStale
	}
	return err
}

// sameRevision is a condition of a query that then finds nothing under another
// catalog. It spares the question of its own to all queries that find something.
const sameRevision = " AND (SELECT revision FROM docdb_catalog) = ?"

// candidates visits the rows of a plan, each once, until visit returns false.
func (r *reading) candidates(ctx context.Context, p plan, visit func(row) (bool, error)) error {
	var seen map[int64]bool
	if p.index != nil && p.index.multikey && (!p.points || len(p.ranges) != 1) {
		seen = map[int64]bool{}
		visit = once(seen, visit)
	}
	if len(p.ranges) > 1 {
		if err := r.pin(ctx); err != nil {
			return err
		}
	}
	full := !r.bodies || seen != nil
	if p.index == nil {
		_, err := r.span(ctx, span{c: r.c}, full, visit)
		return err
	}
	for n := range p.ranges {
		one := p.ranges[n]
		if p.reverse {
			one = p.ranges[len(p.ranges)-1-n]
		}
		more, err := r.span(ctx, span{c: r.c, index: p.index, low: notNil(one.low), high: one.high, point: p.points, reverse: p.reverse}, full, visit)
		if err != nil || !more {
			return err
		}
	}
	return r.began(ctx)
}

// once keeps a row from being visited twice.
func once(seen map[int64]bool, visit func(row) (bool, error)) func(row) (bool, error) {
	return func(one row) (bool, error) {
		if seen[one.id] {
			return true, nil
		}
		seen[one.id] = true
		return visit(one)
	}
}

// notNil keeps the driver from taking no bytes for NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// matches visits the documents that satisfy a condition, in the order of the plan.
func (r *reading) matches(ctx context.Context, p plan, f *query.Filter, visit func(row) (bool, error)) error {
	more := true
	err := r.candidates(ctx, p, func(one row) (bool, error) {
		if r.over != nil && r.over.has(r.c, one.id) {
			return true, nil
		}
		ok, err := f.MatchContext(ctx, one.body)
		if err != nil || !ok {
			return true, err
		}
		more, err = visit(one)
		return more, err
	})
	if err != nil || !more || r.over == nil {
		return err
	}
	return r.over.each(r.c, func(one row) (bool, error) {
		ok, err := f.MatchContext(ctx, one.body)
		if err != nil || !ok {
			return true, err
		}
		return visit(one)
	})
}

// nearest are the plans that find documents by distance: caps that grow until
// they hold enough, or one of all candidates without an index.
func (r *reading) nearest(near *query.Near, f *query.Filter, order []query.Sort) (plans []plan, radii []float64) {
	for _, i := range r.c.indexes {
		if !i.ready || !i.geo() || i.Keys[0].Path != near.Path {
			continue
		}
		for radius := 500.0; radius < 4e6 && radius < near.Max; radius *= 8 {
			plans = append(plans, plan{index: i, ranges: cellRanges(geo.CoverCap(near.Lng, near.Lat, radius))})
			radii = append(radii, radius)
		}
		if !math.IsInf(near.Max, 1) {
			plans = append(plans, plan{index: i, ranges: cellRanges(geo.CoverCap(near.Lng, near.Lat, near.Max))})
			return plans, append(radii, math.Inf(1))
		}
	}
	return append(plans, choose(r.c, f, order)), append(radii, math.Inf(1))
}

// cellRanges turns cells into ranges of keys.
func cellRanges(cells []geo.CellRange) []keyRange {
	out := make([]keyRange, 0, len(cells))
	for _, c := range cells {
		out = append(out, keyRange{cellKey(c.Min), after(cellKey(c.Max))})
	}
	return out
}

// maxSorted bounds what a sort without index keeps, in bytes.
const maxSorted = 100 << 20

func keepUpTo(limit int) func(int) error {
	return func(bytes int) error {
		limit -= bytes
		if limit < 0 {
			return models.E(models.CodeResultTooLarge, "docdb.memory_bound")
		}
		return nil
	}
}
