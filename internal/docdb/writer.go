package docdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"envshare/models"
)

// writer commits writes of SQLite in groups: those that arrive while one commits
// share the next commit, so that many writers cost one sync of the disk.
type writer struct {
	db   *DB
	conn *sql.Conn // the one connection that writes

	mu      sync.Mutex
	queue   []*waiting
	leading bool
	closed  bool
	idle    sync.Cond
}

type waiting struct {
	ctx  context.Context
	do   func(ctx context.Context, s session) error
	err  error
	done chan struct{}
	// unbounded says that it may hold the writer for as long as it takes.
	unbounded bool
}

const maxGroup = 256

// checkpointAfter is how many pages the log of SQLite collects before they are
// copied into the database, 32 MB. Writes that lie far apart change the same pages
// of an index again and again; each such page is then copied once, not each time.
const checkpointAfter = "PRAGMA wal_autocheckpoint = 8000"

// open takes the connection that writes.
func (w *writer) open(ctx context.Context) (err error) {
	if w.conn, err = w.db.write.Conn(ctx); err == nil {
		_, err = w.conn.ExecContext(ctx, checkpointAfter)
	}
	return err
}

// change runs a write, durably when it returns nil. do may run more than once.
func (db *DB) change(ctx context.Context, do func(ctx context.Context, s session) error) error {
	write := db.writer.do
	if db.postgres {
		write = db.changePostgres
	}
	changed := &touched{}
	err := write(ctx, func(ctx context.Context, s session) (err error) {
		defer recovered(&err)
		changed.names = changed.names[:0] // an attempt before this one changed nothing
		s.touched = changed
		return do(ctx, s)
	})
	if err == nil {
		db.watchers.tell(changed)
	}
	if db.stale.CompareAndSwap(true, false) {
		_, refreshErr := db.refresh(context.WithoutCancel(ctx))
		if refreshErr != nil {
			db.logger.Warn("catalog of documents not refreshed", "error", refreshErr)
		}
	}
	return err
}

// recovered turns a panic of a write into its error: it shares the writer with
// others, which must go on.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("write panicked: %v\n%s", p, debug.Stack())
	}
}

func (w *writer) do(ctx context.Context, do func(ctx context.Context, s session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	item := &waiting{ctx: ctx, do: do, done: make(chan struct{}), unbounded: ctx.Value(unboundedKey{}) != nil}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return models.E(models.CodeUnavailable, "call.stopping")
	}
	w.queue = append(w.queue, item)
	lead := !w.leading
	w.leading = true
	w.mu.Unlock()
	if lead {
		w.lead()
	}
	<-item.done
	return item.err
}

// lead commits one group on the caller's own goroutine, and leaves what came
// meanwhile to a new one.
func (w *writer) lead() {
	w.mu.Lock()
	n := min(len(w.queue), maxGroup)
	group := append([]*waiting(nil), w.queue[:n]...)
	w.queue = w.queue[n:]
	w.mu.Unlock()

	begin := time.Now()
	defer func() { w.next(group, time.Since(begin)) }()
	w.commit(group)
}

// next answers a group and leaves the writer to the next one, whatever happened.
func (w *writer) next(group []*waiting, took time.Duration) {
	for _, item := range group {
		close(item.done)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(group) == 1 && w.rest() {
		return
	}
	wanted := min(len(w.queue)+len(group), maxGroup)
	go func() {
		if w.gather(wanted, took) {
			w.lead()
		}
	}()
}

// rest ends leading when nothing is queued. w.mu is held.
func (w *writer) rest() bool {
	if len(w.queue) > 0 {
		return false
	}
	w.leading = false
	if w.idle.L != nil {
		w.idle.Broadcast()
	}
	return true
}

// gather waits until a number of writes is queued, for a part of the time that the
// last commit took at most, and reports whether there are any: those whose writes
// it held often have their next ones ready at once, and the first of them would
// otherwise get a sync of the disk for itself.
func (w *writer) gather(wanted int, commit time.Duration) bool {
	for begin := time.Now(); ; runtime.Gosched() {
		w.mu.Lock()
		queued, closed := len(w.queue), w.closed
		late := closed || time.Since(begin) > commit/8
		rests := late && w.rest()
		w.mu.Unlock()
		if rests || late || queued >= wanted {
			return !rests
		}
	}
}

// commit runs a group in one transaction. Each member has a savepoint, so that
// one that fails takes nothing of the others with it; a lone one needs none.
func (w *writer) commit(group []*waiting) {
	fail := func(err error) {
		for _, item := range group {
			if item.err == nil {
				item.err = err
			}
		}
	}
	ctx := context.Background()
	s := session{db: w.db, pool: w.db.write, conn: w.conn, kept: true, known: &known{}}
	defer func() {
		if p := recover(); p != nil {
			_, _ = s.exec(ctx, "ROLLBACK")
			fail(fmt.Errorf("writer panicked: %v\n%s", p, debug.Stack()))
		}
	}()
	if _, err := s.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		fail(fmt.Errorf("begin write: %w", err))
		return
	}
	if len(group) == 1 {
		if group[0].err = group[0].run(s); group[0].err != nil {
			_, _ = s.exec(ctx, "ROLLBACK")
			return
		}
	} else if err := each(group, s); err != nil {
		_, _ = s.exec(ctx, "ROLLBACK")
		fail(err)
		return
	}
	if _, err := s.exec(ctx, "COMMIT"); err != nil {
		_, _ = s.exec(ctx, "ROLLBACK")
		fail(fmt.Errorf("commit write: %w", err))
	}
}

// run does the write, for as long as it may hold the writer.
func (item *waiting) run(s session) error {
	if item.unbounded {
		return item.do(item.ctx, s)
	}
	ctx, cancel := context.WithTimeout(item.ctx, s.db.hold)
	defer cancel()
	err := item.do(ctx, s)
	if err != nil && item.ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return models.E(models.CodeLimited, "docdb.write_slow", "seconds", int(s.db.hold.Seconds()))
	}
	return err
}

// unboundedKey marks the context of a write that may hold the writer for long.
type unboundedKey struct{}

// unbounded is for writes that nobody's program makes, such as dropping a collection.
func unbounded(ctx context.Context) context.Context {
	return context.WithValue(ctx, unboundedKey{}, true)
}

func each(group []*waiting, s session) error {
	ctx := context.Background()
	for _, item := range group {
		if item.err = item.ctx.Err(); item.err != nil {
			continue
		}
		if _, err := s.exec(ctx, "SAVEPOINT member"); err != nil {
			return fmt.Errorf("begin write: %w", err)
		}
		if item.err = item.run(s); item.err != nil {
			s.known.cat = nil // it may be of what is undone
			if _, err := s.exec(ctx, "ROLLBACK TO member"); err != nil {
				return fmt.Errorf("undo write: %w", err)
			}
		}
		if _, err := s.exec(ctx, "RELEASE member"); err != nil {
			return fmt.Errorf("end write: %w", err)
		}
	}
	return nil
}

// close waits for the writes that were accepted and refuses others.
func (w *writer) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.idle.L == nil {
		w.idle.L = &w.mu
	}
	for w.leading {
		w.idle.Wait()
	}
	if w.conn == nil {
		return nil
	}
	return w.conn.Close()
}

// Writes of PostgreSQL that met another transaction are tried again.
const (
	writeAttempts = 8
	writeBackoff  = 5 * time.Millisecond
)

func (db *DB) changePostgres(ctx context.Context, do func(ctx context.Context, s session) error) error {
	for attempt := 1; ; attempt++ {
		err := db.tryPostgres(ctx, do)
		if err == nil || attempt == writeAttempts || !again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(attempt) * writeBackoff):
		}
	}
}

func (db *DB) tryPostgres(ctx context.Context, do func(ctx context.Context, s session) error) error {
	tx, err := db.write.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return fmt.Errorf("begin write: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(ctx, session{db: db, pool: db.write, tx: tx}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit write: %w", err)
	}
	return nil
}

// again reports whether PostgreSQL chose a write to give way to another one.
func again(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "40001" || refused.Code == "40P01")
}

// locked returns a collection as a write sees it. Writes share a collection;
// alone keeps others out until the transaction ends.
func (db *DB) locked(ctx context.Context, s session, env, name string, alone bool) (*collection, error) {
	cat, err := db.catalogOf(ctx, s)
	if err != nil {
		return nil, err
	}
	c, err := cat.collection(env, name)
	if err != nil || !db.postgres {
		return c, err
	}
	lock := "SELECT pg_advisory_xact_lock_shared(?, ?)"
	if alone {
		lock = "SELECT pg_advisory_xact_lock(?, ?)"
	}
	if _, err := s.exec(ctx, lock, schemaLock, int32(c.id)); err != nil {
		return nil, fmt.Errorf("lock collection: %w", err)
	}
	// What was waited for may have changed the collection.
	if cat, err = db.catalogOf(ctx, s); err != nil {
		return nil, err
	}
	return cat.collection(env, name)
}
