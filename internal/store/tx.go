package store

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
)

// txAttempts bounds how often a transaction is tried again after PostgreSQL
// found that it would not have been serializable.
const txAttempts = 10

// Tx runs f in one transaction; all its reads and writes go through tx. Inside
// a transaction it joins the one that is open. What f decides from its reads
// still holds when it commits: SQLite has one immediate writer, PostgreSQL runs
// it serializable, and f may run again, so it must do nothing but use tx. An
// error of f comes back as it is.
func (s *Store) Tx(ctx context.Context, f func(tx *Store) error) error {
	if s.dialect == "postgres" {
		return s.transact(ctx, sql.LevelSerializable, f)
	}
	return s.transact(ctx, sql.LevelDefault, f)
}

// Batch runs writes that decide nothing: all or none, waiting for others who
// write the same rows instead of starting over.
func (s *Store) Batch(ctx context.Context, f func(tx *Store) error) error {
	return s.transact(ctx, sql.LevelDefault, f)
}

func (s *Store) transact(ctx context.Context, isolation sql.IsolationLevel, f func(tx *Store) error) error {
	if s.inTx {
		return f(s)
	}
	for attempt := 1; ; attempt++ {
		var failed error
		err := s.write.WithContext(ctx).Transaction(func(db *gorm.DB) error {
			failed = f(assemble(db, db, true))
			return failed
		}, &sql.TxOptions{Isolation: isolation})
		switch {
		case err != nil && attempt < txAttempts && serializationFailure(err):
			if err := backOff(ctx, attempt); err != nil {
				return err
			}
			continue
		case failed != nil:
			return failed
		}
		return translate(err)
	}
}

// backOff waits before another attempt, each time longer and at random, so that
// those who met do not meet again: at most 2 s over all attempts.
func backOff(ctx context.Context, attempt int) error {
	timer := time.NewTimer(rand.N(2 * time.Millisecond << attempt))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// serializationFailure reports whether PostgreSQL asks to try again: SQLSTATE
// 40001 (serialization failure) or 40P01 (deadlock).
func serializationFailure(err error) bool {
	var state interface{ SQLState() string }
	return errors.As(err, &state) && (state.SQLState() == "40001" || state.SQLState() == "40P01")
}
