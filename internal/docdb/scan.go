package docdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
}

// reading is one read of a collection on one session.
type reading struct {
	db      *DB
	s       session
	c       *collection
	over    *overlay // what a transaction wrote; nil outside of one
	check   func() error
	checked bool

	examined int // candidates, for tests
}

// errStale says that a query ran under another catalog than it was planned with.
var errStale = errors.New("catalog changed")

// read plans and runs a read under one catalog, again when the catalog changed
// meanwhile: revisions only rise, so an equal one after the query began proves
// that its rows were read under it.
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
		r := &reading{db: db, s: db.reader(), c: c}
		r.check = func() error {
			same, err := db.unchanged(context.WithoutCancel(ctx), db.reader(), cat)
			if err == nil && !same {
				err = errStale
			}
			return err
		}
		err = do(r)
		if !errors.Is(err, errStale) {
			return err
		}
		if _, err := db.refresh(ctx); err != nil {
			return err
		}
	}
}

// began is called once a query runs and before any of its rows is used.
func (r *reading) began() error {
	if r.checked || r.check == nil {
		return nil
	}
	r.checked = true
	return r.check()
}

const columns = "d.id, d.version, d.body"

// candidates visits the rows of a plan, each once, until visit returns false.
func (r *reading) candidates(ctx context.Context, p plan, visit func(row) (bool, error)) error {
	if p.index == nil {
		_, err := r.rows(ctx, nil, visit, "SELECT "+columns+" FROM docdb_documents d WHERE d.id BETWEEN ? AND ? ORDER BY d.id", r.c.low(), r.c.high())
		return err
	}
	var seen map[int64]bool
	if p.index.multikey && (!p.points || len(p.ranges) != 1) {
		seen = map[int64]bool{}
	}
	for n := range p.ranges {
		one := p.ranges[n]
		order := " ORDER BY k.key, k.doc"
		if p.reverse {
			one = p.ranges[len(p.ranges)-1-n]
			order = " ORDER BY k.key DESC, k.doc DESC"
		}
		statement := "SELECT " + columns + " FROM " + p.index.table() + " k CROSS JOIN docdb_documents d WHERE d.id = k.doc AND k.idx = ? AND k.key >= ?"
		args := []any{p.index.id, notNil(one.low)}
		if one.high != nil {
			statement += " AND k.key < ?"
			args = append(args, one.high)
		}
		more, err := r.rows(ctx, seen, visit, statement+order, args...)
		if err != nil || !more {
			return err
		}
	}
	if len(p.ranges) == 0 {
		return r.began()
	}
	return nil
}

// notNil keeps the driver from taking no bytes for NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func (r *reading) rows(ctx context.Context, seen map[int64]bool, visit func(row) (bool, error), statement string, args ...any) (more bool, err error) {
	rows, err := r.s.query(ctx, statement, args...)
	if err != nil {
		return false, fmt.Errorf("read documents: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var one row
	var body sql.RawBytes
	next := rows.Next()
	if err := r.began(); err != nil {
		return false, err
	}
	for ; next; next = rows.Next() {
		if err := rows.Scan(&one.id, &one.version, &body); err != nil {
			return false, fmt.Errorf("read documents: %w", err)
		}
		r.examined++
		if seen != nil {
			if seen[one.id] {
				continue
			}
			seen[one.id] = true
		}
		one.body = bson.Raw(body)
		if more, err := visit(one); err != nil || !more {
			return false, err
		}
	}
	return true, rows.Err()
}

// matches visits the documents that satisfy a condition, in the order of the plan.
func (r *reading) matches(ctx context.Context, p plan, f *query.Filter, visit func(row) (bool, error)) error {
	more := true
	err := r.candidates(ctx, p, func(one row) (bool, error) {
		if written := r.over != nil && r.over.has(r.c, one.id); written || !f.Match(one.body) {
			return true, nil
		}
		var err error
		more, err = visit(one)
		return more, err
	})
	if err != nil || !more || r.over == nil {
		return err
	}
	return r.over.each(r.c, func(one row) (bool, error) {
		if !f.Match(one.body) {
			return true, nil
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
