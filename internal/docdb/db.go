package docdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/mattn/go-sqlite3"
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
	// WriteHold bounds how long one write of documents may hold SQLite's only
	// writer, which others wait for; default 5 s.
	WriteHold time.Duration
}

// DB is the engine. It is safe for concurrent use.
type DB struct {
	postgres bool
	now      func() time.Time
	logger   *slog.Logger
	life     time.Duration
	hold     time.Duration // for which one write may hold SQLite's only writer

	// Who holds a connection of write or pinned may wait for one of read; who holds
	// one of read waits for none. So nobody waits in a circle.
	write, read, pinned *sql.DB
	readers             readerPool // of SQLite
	statements          sync.Map
	queries             sync.Map // shape -> string
	writer              writer
	cached              atomic.Pointer[catalog]
	stale               atomic.Bool // a write met a newer catalog than the cached one
	transactions        transactions
	watchers            watchers
	builds              sync.WaitGroup // of indexes, begun before this start
	stopBuilds          context.CancelFunc
}

const (
	readers         = 4  // connections of SQLite for reading
	postgresPool    = 16 // connections of PostgreSQL for reading, and as many for writing
	maxTransactions = 64 // open interactive transactions, each with a connection
	// maxTransactionsEach is the share of one environment.
	maxTransactionsEach = 16
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
	if o.WriteHold <= 0 {
		o.WriteHold = 5 * time.Second
	}
	db := &DB{postgres: o.Postgres != "", now: o.Now, logger: o.Logger, life: o.TransactionLife, hold: o.WriteHold}
	db.writer.db = db
	db.transactions.open = map[string]*transaction{}
	db.transactions.locks = map[string]string{}
	if err := db.connect(o); err != nil {
		return nil, fmt.Errorf("open documents: %w", err)
	}
	err := db.migrate(ctx)
	if err == nil && !db.postgres {
		err = errors.Join(db.writer.open(ctx), db.readers.open(ctx, db.read))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open documents: %w", err), db.Close())
	}
	var building context.Context
	building, db.stopBuilds = context.WithCancel(context.WithoutCancel(ctx))
	db.builds.Go(func() { db.resumeBuilds(building) })
	return db, nil
}

func (db *DB) connect(o Options) (err error) {
	if db.postgres {
		for _, pool := range []struct {
			into       **sql.DB
			size, idle int
		}{{&db.write, postgresPool, postgresPool}, {&db.read, postgresPool, postgresPool}, {&db.pinned, maxTransactions, readers}} {
			if *pool.into, err = sql.Open("pgx", o.Postgres); err != nil {
				return err
			}
			(*pool.into).SetMaxOpenConns(pool.size)
			(*pool.into).SetMaxIdleConns(pool.idle)
		}
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
		*pool.into = sql.OpenDB(connector{dsn(pool.extra)})
		(*pool.into).SetMaxOpenConns(pool.size)
		(*pool.into).SetMaxIdleConns(min(pool.size, readers))
	}
	return nil
}

// mapFile lets connections of SQLite read the file where the system has it in
// memory, the first 2 GB of it. Without it a page that the connection's own cache
// does not hold costs a system call and a copy, and the documents that one query
// finds in a large collection are all on different pages.
const mapFile = "PRAGMA mmap_size = 2147418112"

// connector opens connections of SQLite.
type connector struct{ dsn string }

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.Driver().Open(c.dsn) }

// Driver implements driver.Connector.
func (connector) Driver() driver.Driver {
	return &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		_, err := c.Exec(mapFile, nil)
		return err
	}}
}

// Close ends open transactions, waits for writes and closes the connections.
func (db *DB) Close() error {
	if db.stopBuilds != nil {
		db.stopBuilds()
		db.builds.Wait()
	}
	db.transactions.closeAll()
	errs := []error{db.writer.close(), db.readers.close()}
	for _, pool := range []*sql.DB{db.pinned, db.read, db.write} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}
