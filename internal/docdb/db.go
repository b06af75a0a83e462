package docdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "github.com/mattn/go-sqlite3"    // the driver "sqlite3"
)

// Options say where documents are kept: one of SQLite and Postgres.
type Options struct {
	// SQLite is the path of the database file.
	SQLite string
	// Postgres is postgres://… of the server; tables begin with docdb_.
	Postgres string
	Logger   *slog.Logger
	// Now is the clock; nil for the real one.
	Now func() time.Time
	// TransactionLife bounds an interactive transaction; default 30 s.
	TransactionLife time.Duration
}

// DB is the engine. It is safe for concurrent use.
type DB struct {
	postgres bool
	now      func() time.Time
	logger   *slog.Logger
	life     time.Duration

	write, read, pinned *sql.DB // one and the same on PostgreSQL
	statements          sync.Map
	writer              writer
	cached              atomic.Pointer[catalog]
	stale               atomic.Bool // a write met a newer catalog than the cached one
	transactions        transactions
}

const (
	readers         = 4  // connections of SQLite for reading
	postgresPool    = 32 // connections of PostgreSQL
	maxTransactions = 64 // open interactive transactions, each with a connection
)

// Open opens the engine and makes its tables when they are missing.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.TransactionLife <= 0 {
		o.TransactionLife = 30 * time.Second
	}
	db := &DB{postgres: o.Postgres != "", now: o.Now, logger: o.Logger, life: o.TransactionLife}
	db.writer.db = db
	db.transactions.open = map[string]*transaction{}
	db.transactions.locks = map[string]string{}
	if err := db.connect(o); err != nil {
		return nil, fmt.Errorf("open documents: %w", err)
	}
	err := db.migrate(ctx)
	if err == nil && !db.postgres {
		db.writer.conn, err = db.write.Conn(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open documents: %w", err), db.Close())
	}
	return db, nil
}

func (db *DB) connect(o Options) (err error) {
	if db.postgres {
		if db.write, err = sql.Open("pgx", o.Postgres); err != nil {
			return err
		}
		db.write.SetMaxOpenConns(postgresPool)
		db.write.SetMaxIdleConns(postgresPool)
		db.read = db.write
		if db.pinned, err = sql.Open("pgx", o.Postgres); err != nil {
			return err
		}
		db.pinned.SetMaxOpenConns(maxTransactions)
		return nil
	}
	dsn := func(extra string) string {
		return "file:" + (&url.URL{Path: o.SQLite}).EscapedPath() +
			"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=10000&_cache_size=-32000" + extra
	}
	for _, pool := range []struct {
		into  **sql.DB
		extra string
		size  int
	}{{&db.write, "&_txlock=immediate", 1}, {&db.read, "&_query_only=on", readers}, {&db.pinned, "&_query_only=on", maxTransactions}} {
		if *pool.into, err = sql.Open("sqlite3", dsn(pool.extra)); err != nil {
			return err
		}
		(*pool.into).SetMaxOpenConns(pool.size)
		(*pool.into).SetMaxIdleConns(min(pool.size, readers))
	}
	return nil
}

// Close ends open transactions, waits for writes and closes the connections.
func (db *DB) Close() error {
	db.transactions.closeAll()
	errs := []error{db.writer.close()}
	for _, pool := range []*sql.DB{db.pinned, db.read, db.write} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}

// session is where statements run: a pool, a connection of SQLite, or a
// transaction of PostgreSQL.
type session struct {
	db   *DB
	pool *sql.DB
	conn *sql.Conn
	tx   *sql.Tx
}

func (db *DB) reader() session { return session{db: db, pool: db.read} }

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
	conn  *sql.Conn // nil for the pool of readers
	query string
}

// statement returns a prepared statement of SQLite; the driver of PostgreSQL
// keeps its own.
func (s session) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	key := statementKey{s.conn, query}
	if found, ok := s.db.statements.Load(key); ok {
		return found.(*sql.Stmt), nil
	}
	prepare := s.pool.PrepareContext
	if s.conn != nil {
		prepare = s.conn.PrepareContext
	}
	made, err := prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	if other, loaded := s.db.statements.LoadOrStore(key, made); loaded {
		_ = made.Close() //nolint:sqlclosecheck // another was first
		return other.(*sql.Stmt), nil
	}
	return made, nil
}

// prepared reports whether statements of the session are kept.
func (s session) prepared() bool {
	return !s.db.postgres && (s.conn == nil || s.conn == s.db.writer.conn)
}

func (s session) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	switch {
	case s.tx != nil:
		return s.tx.QueryContext(ctx, s.db.dialect(query), args...)
	case s.prepared():
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

func (s session) exec(ctx context.Context, query string, args ...any) (int64, error) {
	var result sql.Result
	var err error
	switch {
	case s.tx != nil:
		result, err = s.tx.ExecContext(ctx, s.db.dialect(query), args...)
	case s.prepared():
		var statement *sql.Stmt
		if statement, err = s.statement(ctx, query); err == nil { //nolint:sqlclosecheck // kept for the next time
			result, err = statement.ExecContext(ctx, args...)
		}
	case s.conn != nil:
		result, err = s.conn.ExecContext(ctx, s.db.dialect(query), args...)
	default:
		result, err = s.pool.ExecContext(ctx, s.db.dialect(query), args...)
	}
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
