package docdb

import (
	"context"
	"database/sql"
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

// query returns what follows the columns of a query for the span, without order.
func (sp span) query() (text string, args []any) {
	args = make([]any, 0, 8)
	if sp.index == nil {
		low := sp.c.low()
		if sp.last != nil {
			low = sp.last.id + 1
		}
		return "FROM docdb_documents d WHERE d.id BETWEEN ? AND ?", append(args, low, sp.c.high())
	}
	text = "FROM " + sp.index.table() + " k CROSS JOIN docdb_documents d WHERE d.id = k.doc AND k.idx = ?"
	args = append(args, sp.index.id)
	switch {
	case sp.point && sp.last != nil:
		return text + " AND k.key = ? AND k.doc > ?", append(args, sp.low, sp.last.id)
	case sp.point:
		return text + " AND k.key = ?", append(args, sp.low)
	case sp.last != nil && !sp.reverse:
		text += " AND (k.key, k.doc) > (?, ?)"
		args = append(args, sp.last.key, sp.last.id)
	default:
		text += " AND k.key >= ?"
		args = append(args, sp.low)
	}
	switch {
	case sp.last != nil && sp.reverse:
		return text + " AND (k.key, k.doc) < (?, ?)", append(args, sp.last.key, sp.last.id)
	case sp.high != nil:
		return text + " AND k.key < ?", append(args, sp.high)
	}
	return text, args
}

func (sp span) order() string {
	switch {
	case sp.index == nil:
		return " ORDER BY d.id"
	case sp.reverse:
		return " ORDER BY k.key DESC, k.doc DESC"
	}
	return " ORDER BY k.key, k.doc"
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
	var one row
	var body sql.RawBytes
	columns, into := "SELECT d.body ", []any{&body}
	if full {
		columns, into = "SELECT d.body, d.id, d.version ", []any{&body, &one.id, &one.version}
	}
	if limit > 0 && sp.index != nil {
		columns, into = "SELECT d.body, d.id, d.version, k.key ", append(into, &one.key)
	}
	text, args := sp.query()
	if r.revision != 0 && !r.checked {
		text += sameRevision
		args = append(args, r.revision)
	}
	text += sp.order()
	if limit > 0 {
		text += " LIMIT ?"
		args = append(args, limit)
	}
	rows, err := r.s.query(ctx, columns+text, args...)
	if err != nil {
		return false, fmt.Errorf("read documents: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r.checked = true // by the condition, or there is nothing to check
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if err := rows.Scan(into...); err != nil {
			return false, fmt.Errorf("read documents: %w", err)
		}
		r.examined++
		one.body = bson.Raw(body)
		if more, err := visit(one); err != nil || !more {
			return false, err
		}
	}
	if err := rows.Err(); err != nil {
		return false, fmt.Errorf("read documents: %w", err)
	}
	return true, r.began(ctx) // the rows are closed, and hold no connection
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
