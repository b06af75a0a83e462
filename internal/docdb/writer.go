package docdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	do   func(s session) error
	err  error
	done chan struct{}
}

const maxGroup = 256

// change runs a write, durably when it returns nil. do may run more than once.
func (db *DB) change(ctx context.Context, do func(s session) error) error {
	write := db.writer.do
	if db.postgres {
		write = db.changePostgres
	}
	err := write(ctx, do)
	if db.stale.CompareAndSwap(true, false) {
		_, refreshErr := db.refresh(context.WithoutCancel(ctx))
		if refreshErr != nil {
			db.logger.Warn("catalog of documents not refreshed", "error", refreshErr)
		}
	}
	return err
}

func (w *writer) do(ctx context.Context, do func(s session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	item := &waiting{ctx: ctx, do: do, done: make(chan struct{})}
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

	w.commit(group)
	for _, item := range group {
		close(item.done)
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		w.leading = false
		if w.idle.L != nil {
			w.idle.Broadcast()
		}
		return
	}
	go w.lead()
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
	s := session{db: w.db, pool: w.db.write, conn: w.conn}
	if _, err := s.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		fail(fmt.Errorf("begin write: %w", err))
		return
	}
	if len(group) == 1 {
		if group[0].err = group[0].do(s); group[0].err != nil {
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

func each(group []*waiting, s session) error {
	ctx := context.Background()
	for _, item := range group {
		if item.err = item.ctx.Err(); item.err != nil {
			continue
		}
		if _, err := s.exec(ctx, "SAVEPOINT member"); err != nil {
			return fmt.Errorf("begin write: %w", err)
		}
		if item.err = item.do(s); item.err != nil {
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

func (db *DB) changePostgres(ctx context.Context, do func(s session) error) error {
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

func (db *DB) tryPostgres(ctx context.Context, do func(s session) error) error {
	tx, err := db.write.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return fmt.Errorf("begin write: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(session{db: db, pool: db.write, tx: tx}); err != nil {
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
