package docdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// session is where statements run: a pool, a connection of SQLite, or a
// transaction of PostgreSQL.
type session struct {
	db   *DB
	pool *sql.DB
	conn *sql.Conn
	tx   *sql.Tx
	// kept says that conn outlives the session: statements are prepared on it once.
	kept bool
	// reader is whose connection it is; nil for others than those for reading.
	reader *reader
	// touched notes what a write changes; nil for reads.
	touched *touched
	// known is what a transaction that alone writes knows of the catalog; nil
	// where others may change it.
	known *known
}

// known holds the catalog from its first read to its next change.
type known struct{ cat *catalog }

// withReader runs do with a session for reading, which is waited for as long as ctx
// lasts. do must not ask for another one: all would wait for each other.
func (db *DB) withReader(ctx context.Context, do func(s session) error) error {
	if db.postgres {
		return do(session{db: db, pool: db.read}) // each statement takes a connection
	}
	r, err := db.readers.take(ctx)
	if err != nil {
		return err
	}
	defer db.readers.give(r)
	return do(session{db: db, pool: db.read, conn: r.conn, kept: true, reader: r})
}

// read1 reads one row on a connection for reading, like value.
func (db *DB) read1(ctx context.Context, query string, args []any, into ...any) (found bool, err error) {
	err = db.withReader(ctx, func(s session) error {
		found, err = s.value(ctx, query, args, into...)
		return err
	})
	return found, err
}

// snapshot returns a session whose statements all see the state of one moment, until
// end is called.
func (s session) snapshot(ctx context.Context) (_ session, end func(), err error) {
	if s.db.postgres {
		tx, err := s.db.read.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
		if err != nil {
			return s, nil, fmt.Errorf("begin read: %w", err)
		}
		return session{db: s.db, pool: s.pool, tx: tx}, func() { _ = tx.Rollback() }, nil
	}
	if _, err := s.exec(ctx, "BEGIN"); err != nil {
		return s, nil, fmt.Errorf("begin read: %w", err)
	}
	return s, func() {
		if _, err := s.exec(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
			s.db.logger.Warn("snapshot of documents not ended", "error", err)
		}
	}, nil
}

// dialect puts $1, $2 … in the place of the question marks.
func (db *DB) dialect(query string) string {
	if !db.postgres {
		return query
	}
	if known, ok := db.statements.Load(query); ok {
		return known.(string)
	}
	var out strings.Builder
	n := 0
	for i := range len(query) {
		if query[i] != '?' {
			out.WriteByte(query[i])
			continue
		}
		n++
		out.WriteByte('$')
		out.WriteString(strconv.Itoa(n))
	}
	db.statements.Store(query, out.String())
	return out.String()
}

type statementKey struct {
	conn  *sql.Conn
	query string
}

// statement returns a prepared statement of SQLite; the driver of PostgreSQL
// keeps its own.
func (s session) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	key := statementKey{s.conn, query}
	if found, ok := s.db.statements.Load(key); ok {
		return found.(*sql.Stmt), nil
	}
	made, err := s.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if other, loaded := s.db.statements.LoadOrStore(key, made); loaded {
		_ = made.Close() //nolint:sqlclosecheck // another was first
		return other.(*sql.Stmt), nil
	}
	return made, nil
}

// unwatched returns a context for a statement, of which many are small steps between
// which the caller looks whether ctx has ended. The driver of SQLite would start a
// goroutine for every row to watch over it, which costs more than the row; and a
// write that it interrupts may take the transaction of the whole group with it.
func (s session) unwatched(ctx context.Context) (context.Context, error) {
	if s.db.postgres || ctx.Done() == nil {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

func (s session) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, err := s.unwatched(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case s.tx != nil:
		return s.tx.QueryContext(ctx, s.db.dialect(query), args...)
	case s.kept:
		statement, err := s.statement(ctx, query) //nolint:sqlclosecheck // kept for the next time
		if err != nil {
			return nil, err
		}
		return statement.QueryContext(ctx, args...)
	case s.conn != nil:
		return s.conn.QueryContext(ctx, s.db.dialect(query), args...)
	}
	return s.pool.QueryContext(ctx, s.db.dialect(query), args...)
}

// run runs a statement that finds nothing.
func (s session) run(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx, err := s.unwatched(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case s.tx != nil:
		return s.tx.ExecContext(ctx, s.db.dialect(query), args...)
	case s.kept:
		statement, err := s.statement(ctx, query) //nolint:sqlclosecheck // kept for the next time
		if err != nil {
			return nil, err
		}
		return statement.ExecContext(ctx, args...)
	case s.conn != nil:
		return s.conn.ExecContext(ctx, s.db.dialect(query), args...)
	}
	return s.pool.ExecContext(ctx, s.db.dialect(query), args...)
}

// exec is run, and returns how many rows it changed.
func (s session) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := s.run(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// value reads one row of one or more columns; found is false for none.
func (s session) value(ctx context.Context, query string, args []any, into ...any) (found bool, err error) {
	rows, err := s.query(ctx, query, args...)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return false, rows.Err()
	}
	return true, rows.Scan(into...)
}
