// Package store keeps the control plane's records: GORM on SQLite or PostgreSQL.
//
// It knows tables, dialects and transactions, and turns driver errors into
// model errors. It must not know permissions or HTTP.
//
// Times in records are UTC, as they come back: SQLite compares them as text.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"envshare/internal/store/migrations"
)

// Options say where the records are.
type Options struct {
	// URL is postgres://… (anything that speaks PostgreSQL), or empty for SQLite
	// in DataDir.
	URL string
	// DataDir holds envshare.db when URL is empty. It must exist.
	DataDir string
	// Statements is called after every statement; nil where nobody counts them.
	Statements func()
}

// Store is the records, or the same records inside a transaction.
type Store struct {
	write, read *gorm.DB
	inTx        bool
	dialect     string
	revision    *revisionStatement

	Principals   Principals
	Apps         Apps
	Environments Environments
	Shares       Shares
	Users        Users
	Sessions     Sessions
	SecondFactor SecondFactor
	External     External
	Functions    Functions
	Invocations  Invocations
	Usage        Usage
	Audit        Audit
	Credentials  Credentials
	Settings     Settings
	Access       Access
	AccessRules  AccessRules
	Clients      Clients
	Files        Files
	Transfers    Transfers
	Invitations  Invitations

	FunctionDrafts FunctionDrafts
	FunctionEvents FunctionEvents
	Denials        Denials
}

// poolSize is the number of reading connections on SQLite, and of all
// connections on PostgreSQL times four: measured, see measurements.
const poolSize = 4

// Open connects to the records. It does not change them: call Migrate first on
// a database that may be new.
func Open(ctx context.Context, o Options) (*Store, error) {
	var s *Store
	var err error
	if o.URL == "" {
		s, err = openSQLite(filepath.Join(o.DataDir, "envshare.db"), o.Statements)
	} else {
		s, err = openPostgres(o.URL, o.Statements)
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := s.Ping(ctx); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	return s, nil
}

// openSQLite opens one immediate writer and a pool of readers. Deferred
// transactions would lose writes to SQLITE_BUSY; durable writes need FULL.
func openSQLite(path string, statements func()) (*Store, error) {
	dsn := func(extra string) string {
		return "file:" + (&url.URL{Path: path}).EscapedPath() +
			"?_journal_mode=WAL&_synchronous=FULL&_foreign_keys=on&_busy_timeout=5000&_cache_size=-8000&_loc=UTC" + extra
	}
	write, err := gorm.Open(sqlite.Open(dsn("&_txlock=immediate")), gormConfig(false, statements))
	if err != nil {
		return nil, err
	}
	read, err := gorm.Open(sqlite.Open(dsn("&_query_only=on")), gormConfig(true, statements))
	if err != nil {
		return nil, errors.Join(err, closeDB(write))
	}
	if err := errors.Join(limitPool(write, 1), limitPool(read, poolSize)); err != nil {
		return nil, err
	}
	return assemble(write, read, false), nil
}

func openPostgres(dsn string, statements func()) (*Store, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return nil, errors.New("the database URL begins with postgres://, or is empty for SQLite in the data directory")
	}
	db, err := gorm.Open(postgres.New(postgres.Config{
		DSN: dsn, OptionOpenDB: []stdlib.OptionOpenDB{stdlib.OptionAfterConnect(readUTC)},
	}), gormConfig(false, statements)) // its driver keeps prepared statements itself
	if err != nil {
		return nil, err
	}
	if err := limitPool(db, 4*poolSize); err != nil {
		return nil, err
	}
	return assemble(db, db, false), nil
}

// readUTC makes a connection return times in UTC, not in the server's zone.
func readUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

func limitPool(db *gorm.DB, n int) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	return nil
}

// gormConfig are the settings of GORM. Statements are only prepared where reads are
// alone: GORM lets one caller prepare for all who want the same statement, and that
// one waits for a connection, while a transaction that waits for it may hold the last.
func gormConfig(prepare bool, statements func()) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            prepare,
		TranslateError:         true,
		NowFunc:                func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) },
		Logger: slowLog{logger.NewSlogLogger(slog.Default(), logger.Config{
			SlowThreshold: time.Second, LogLevel: logger.Warn, ParameterizedQueries: true,
		}), statements},
	}
}

// slowLog logs slow statements alone: an error is returned, so whoever handles
// it decides whether it belongs into the log.
type slowLog struct {
	logger.Interface
	statements func()
}

// Trace is called after every statement.
func (l slowLog) Trace(ctx context.Context, begin time.Time, sql func() (string, int64), _ error) {
	if l.statements != nil {
		l.statements()
	}
	l.Interface.Trace(ctx, begin, sql, nil)
}

func assemble(write, read *gorm.DB, inTx bool) *Store {
	s := &Store{write: write, read: read, inTx: inTx, dialect: write.Name(), revision: &revisionStatement{}}
	s.Principals = Principals{s}
	s.Apps = Apps{s}
	s.Environments = Environments{s}
	s.Shares = Shares{s}
	s.Users = Users{s}
	s.Sessions = Sessions{s}
	s.SecondFactor = SecondFactor{s}
	s.External = External{s}
	s.Functions = Functions{s}
	s.Invocations = Invocations{s}
	s.Usage = Usage{s}
	s.Audit = Audit{s}
	s.Credentials = Credentials{s}
	s.Settings = Settings{s}
	s.Access = Access{s}
	s.AccessRules = AccessRules{s}
	s.Clients = Clients{s}
	s.Files = Files{s}
	s.Transfers = Transfers{s}
	s.Invitations = Invitations{s}
	s.FunctionDrafts = FunctionDrafts{s}
	s.FunctionEvents = FunctionEvents{s}
	s.Denials = Denials{s}
	return s
}

// Migrate brings the tables up to date and returns the number of known steps.
// Several processes may do it at once. A database that a newer programme wrote
// is refused.
func (s *Store) Migrate(ctx context.Context) (int, error) {
	if s.dialect != "postgres" {
		return migrations.Run(s.write.WithContext(ctx))
	}
	var n int
	err := s.write.WithContext(ctx).Connection(func(conn *gorm.DB) error {
		// An arbitrary number of ours; the lock ends with the connection's use.
		const lock = 7216840021
		if err := conn.Exec("SELECT pg_advisory_lock(?)", lock).Error; err != nil {
			return err
		}
		defer conn.Exec("SELECT pg_advisory_unlock(?)", lock)
		var err error
		n, err = migrations.Run(conn)
		return err
	})
	return n, err
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	pool, err := s.read.DB()
	if err != nil {
		return err
	}
	return pool.PingContext(ctx)
}

// Close closes all connections.
func (s *Store) Close() error {
	if s.write == s.read {
		return closeDB(s.write)
	}
	return errors.Join(closeDB(s.read), closeDB(s.write))
}

func closeDB(db *gorm.DB) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

func (s *Store) reader(ctx context.Context) *gorm.DB { return s.read.WithContext(ctx) }
func (s *Store) writer(ctx context.Context) *gorm.DB { return s.write.WithContext(ctx) }
