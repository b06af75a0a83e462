package docdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// span is a run of rows that one query can read: those of a range of an index, or
// without index all of a collection.
type span struct {
	c         *collection
	index     *index
	low, high []byte // of keys; high is not in it, nil for open
	point     bool   // low is the only key
	reverse   bool
	last      *place // read on behind this row
}

// place is where a row lies in its span.
type place struct {
	key []byte
	id  int64
}

// shape is what decides the text of a query for a span; its arguments come besides.
type shape struct {
	table                string // of keys, "" without index
	point, high, reverse bool
	further              bool // behind a row
	full, placed         bool // columns besides the body: id and version, and the key
	revision, limited    bool
}

// query returns the query of a shape. Texts are made once.
func (db *DB) query(of shape) string {
	if known, ok := db.queries.Load(of); ok {
		return known.(string)
	}
	text := of.text()
	db.queries.Store(of, text)
	return text
}

func (of shape) text() string {
	text := "SELECT d.body"
	if of.full {
		text += ", d.id, d.version"
	}
	if of.placed {
		text += ", k.key"
	}
	text += " FROM " + of.from()
	if of.revision {
		text += sameRevision
	}
	switch {
	case of.table == "":
		text += " ORDER BY d.id"
	case of.reverse:
		text += " ORDER BY k.key DESC, k.doc DESC"
	default:
		text += " ORDER BY k.key, k.doc"
	}
	if of.limited {
		text += " LIMIT ?"
	}
	return text
}

func (of shape) from() string {
	if of.table == "" {
		return "docdb_documents d WHERE d.id BETWEEN ? AND ?"
	}
	text := of.table + " k CROSS JOIN docdb_documents d WHERE d.id = k.doc AND k.idx = ?"
	switch {
	case of.point && of.further:
		return text + " AND k.key = ? AND k.doc > ?"
	case of.point:
		return text + " AND k.key = ?"
	case of.further && !of.reverse:
		text += " AND (k.key, k.doc) > (?, ?)"
	default:
		text += " AND k.key >= ?"
	}
	switch {
	case of.further && of.reverse:
		return text + " AND (k.key, k.doc) < (?, ?)"
	case of.high:
		return text + " AND k.key < ?"
	}
	return text
}

// columns is how many the query has.
func (of shape) columns() int {
	n := 1
	if of.full {
		n += 2
	}
	if of.placed {
		n++
	}
	return n
}

// row makes a row of what the driver of SQLite read.
func (of shape) row(values []driver.Value) (one row) {
	one.body = values[0].([]byte)
	if of.full {
		one.id, one.version = values[1].(int64), values[2].(int64)
	}
	if of.placed {
		one.key = values[3].([]byte)
	}
	return one
}

func (sp span) shape() shape {
	of := shape{point: sp.point, high: sp.high != nil, reverse: sp.reverse, further: sp.last != nil}
	if sp.index == nil {
		return shape{}
	}
	of.table = sp.index.table()
	return of
}

// args are the arguments of the text from FROM to WHERE.
func (sp span) args() []any {
	args := make([]any, 0, 8)
	if sp.index == nil {
		low := sp.c.low()
		if sp.last != nil {
			low = sp.last.id + 1
		}
		return append(args, low, sp.c.high())
	}
	args = append(args, sp.index.id)
	switch {
	case sp.point && sp.last != nil:
		return append(args, sp.low, sp.last.id)
	case sp.point:
		return append(args, sp.low)
	case sp.last != nil && !sp.reverse:
		args = append(args, sp.last.key, sp.last.id)
	default:
		args = append(args, sp.low)
	}
	switch {
	case sp.last != nil && sp.reverse:
		return append(args, sp.last.key, sp.last.id)
	case sp.high != nil:
		return append(args, sp.high)
	}
	return args
}

// span visits the rows of a span until visit returns false; full rows have more than
// a body.
func (r *reading) span(ctx context.Context, sp span, full bool, visit func(row) (bool, error)) (more bool, err error) {
	if r.paged {
		return r.pages(ctx, sp, visit)
	}
	return r.rows(ctx, sp, full, 0, visit)
}

// rows visits what one query finds, at most limit rows unless that is 0. Every column
// costs time for each document, so that only those are read that are needed.
func (r *reading) rows(ctx context.Context, sp span, full bool, limit int, visit func(row) (bool, error)) (more bool, err error) {
	of, args := sp.shape(), sp.args()
	of.limited, of.revision = limit > 0, r.revision != 0 && !r.checked
	of.placed = of.limited && sp.index != nil
	of.full = full || of.placed
	if of.revision {
		args = append(args, r.revision)
	}
	if of.limited {
		args = append(args, int64(limit)) // the driver itself knows no int
	}
	more = true
	take := func(one row) (bool, error) {
		r.checked = true // by the condition, or there is nothing to check
		if err := ctx.Err(); err != nil {
			return false, err
		}
		r.examined++
		more, err = visit(one)
		return more, err
	}
	if r.s.reader != nil {
		err = r.s.reader.step(of, args, func(values []driver.Value) (bool, error) { return take(of.row(values)) })
	} else {
		err = r.scanned(ctx, of, args, take)
	}
	if err != nil || !more {
		return false, err
	}
	return true, r.began(ctx) // the rows are closed, and hold no connection
}

// scanned runs the query of a shape through database/sql.
func (r *reading) scanned(ctx context.Context, of shape, args []any, take func(row) (bool, error)) (err error) {
	var one row
	var body sql.RawBytes
	into := append(make([]any, 0, 4), &body)
	if of.full {
		into = append(into, &one.id, &one.version)
	}
	if of.placed {
		into = append(into, &one.key)
	}
	rows, err := r.s.query(ctx, r.db.query(of), args...)
	if err != nil {
		return fmt.Errorf("read documents: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read documents: %w", err)
		}
		one.body = bson.Raw(body)
		if more, err := take(one); err != nil || !more {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read documents: %w", err)
	}
	return nil
}

// Pages grow, since often only the first few documents are wanted.
const (
	firstPage = 32
	maxPage   = 1024
	pageBytes = 1 << 20
)

// pages is rows for a visit that itself reads on the session: no query is open then.
// The session must see one moment.
func (r *reading) pages(ctx context.Context, sp span, visit func(row) (bool, error)) (more bool, err error) {
	for size := firstPage; ; size = min(size*4, maxPage) {
		var page []row
		bytes := 0
		_, err := r.rows(ctx, sp, true, size, func(one row) (bool, error) {
			one.body = slices.Clone(one.body)
			page = append(page, one)
			bytes += len(one.body)
			return bytes < pageBytes, nil
		})
		if err != nil {
			return false, err
		}
		for _, one := range page {
			if more, err := visit(one); err != nil || !more {
				return false, err
			}
		}
		if len(page) < size && bytes < pageBytes {
			return true, nil
		}
		last := page[len(page)-1]
		sp.last = &place{last.key, last.id}
	}
}
