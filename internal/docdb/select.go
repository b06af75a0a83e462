package docdb

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/query"
)

// selection says which documents a change is for.
type selection struct {
	f             *query.Filter
	multi, upsert bool
	slow          bool // it has expressions, which may take any time
}

// slow reports whether a filter has expressions: the name of the operator anywhere.
func slow(filter bson.Raw) bool { return bytes.Contains(filter, []byte("$expr\x00")) }

// documentWriter is where changes go: the database, or a transaction.
type documentWriter struct {
	*reading
	t *transaction // nil outside of transactions
	selection
	// matched is what was found before the write began; nil when it looks itself.
	matched *matched
}

// matched are documents that matched, in the order of their ids. A body that is nil
// is read again.
type matched struct {
	rows []row
	room int // bytes that bodies may still take
}

const (
	// maxBodies bounds the bodies that a change keeps, in bytes; of more documents
	// only the ids are kept.
	maxBodies = 16 << 20
	// rowBytes is what a kept row takes besides its body.
	rowBytes = 64
	// attemptsOutside is how often matches are looked for outside of the write.
	attemptsOutside = 3
)

// errMoved says that none of the documents that were found matches any more.
var errMoved = errors.New("documents changed")

// changing runs a change of the documents that are selected. Where finding them may
// take long, or several queries, that is done in one snapshot before the write begins;
// the write then only looks whether they still match.
func (db *DB) changing(ctx context.Context, env, name, txID string, of selection, do func(w documentWriter) error) error {
	if txID != "" {
		return db.inTransaction(ctx, env, name, txID, func(t *transaction, r *reading) error {
			return do(documentWriter{reading: r, t: t, selection: of})
		})
	}
	for attempt := 1; ; attempt++ {
		var before *matched
		if attempt <= attemptsOutside {
			var err error
			if before, err = db.matchedBefore(ctx, env, name, of); err != nil {
				return err
			}
		}
		if before != nil && len(before.rows) == 0 {
			if !of.upsert {
				return do(documentWriter{matched: before})
			}
			before = nil // nothing may match as the document is made
		}
		err := db.change(ctx, func(ctx context.Context, s session) error {
			c, err := db.locked(ctx, s, env, name, false)
			if err != nil {
				return err
			}
			return do(documentWriter{reading: &reading{db: db, s: s, c: c}, selection: of, matched: before})
		})
		if !errors.Is(err, errMoved) {
			return err
		}
	}
}

// matchedBefore finds the documents of a change before its write; nil where one
// lookup of keys inside of the write is the better way.
func (db *DB) matchedBefore(ctx context.Context, env, name string, of selection) (*matched, error) {
	var out *matched
	err := db.reading(ctx, env, name, func(r *reading) error {
		out = nil
		p := choose(r.c, of.f, nil)
		quick := p.points && !of.slow
		if db.postgres {
			quick = len(p.ranges) <= 1 // rows are no one's only writer
		}
		if quick {
			return nil
		}
		out = &matched{}
		r.bodies = false
		return r.gather(ctx, p, of, out)
	})
	return out, err
}

// gather takes note of matches.
func (r *reading) gather(ctx context.Context, p plan, of selection, into *matched) error {
	keep := keepUpTo(maxSorted)
	err := r.matches(ctx, p, of.f, func(one row) (bool, error) {
		if into.room -= len(one.body); into.room >= 0 {
			one.body = slices.Clone(one.body)
		} else {
			one.body = nil
		}
		into.rows = append(into.rows, one)
		return of.multi, keep(rowBytes)
	})
	slices.SortFunc(into.rows, func(a, b row) int { return cmp.Compare(a.id, b.id) })
	into.rows = slices.CompactFunc(into.rows, func(a, b row) bool { return a.id == b.id })
	return err
}

// each hands every selected document to do as it is now, and returns how many. On
// PostgreSQL they are locked, in the order of their ids.
func (w documentWriter) each(ctx context.Context, do func(one row) error) (n int64, err error) {
	list := w.matched
	if list == nil {
		list = &matched{}
		switch {
		case w.t != nil:
			list.room = maxSorted
		case !w.db.postgres: // where rows are not locked
			list.room = maxBodies
		}
		if err := w.gather(ctx, choose(w.c, w.f, nil), w.selection, list); err != nil {
			return 0, err
		}
	}
	for _, one := range list.rows {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		one, ok, err := w.now(ctx, one)
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		if err := do(one); err != nil {
			return 0, err
		}
		n++
	}
	if n == 0 && len(list.rows) > 0 {
		return 0, errMoved // others may match now
	}
	return n, nil
}

// now returns a row that was found as it is now, if it still matches. One of the same
// version is not asked again, since a filter may be slow.
func (w documentWriter) now(ctx context.Context, was row) (_ row, ok bool, err error) {
	switch {
	case w.t != nil && was.body == nil:
		return was, false, keepUpTo(0)(1)
	case w.t != nil, was.body != nil:
		return was, true, nil // nothing can have changed
	}
	query := "SELECT version, body FROM docdb_documents WHERE id = ?"
	if w.db.postgres {
		query += " FOR UPDATE"
	}
	one := row{id: was.id}
	found, err := w.s.value(ctx, query, []any{was.id}, &one.version, (*[]byte)(&one.body))
	if err != nil {
		return was, false, fmt.Errorf("lock document: %w", err)
	}
	if !found || one.version == was.version {
		return one, found, nil
	}
	ok, err = w.f.MatchContext(ctx, one.body)
	return one, ok, err
}
