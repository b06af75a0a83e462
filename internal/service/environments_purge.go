package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

const purgeEvery = time.Minute

// sweeperActor is recorded for what the server does by itself.
func sweeperActor() models.Actor {
	return models.Actor{UserID: "system", Username: "envshare", System: true, Via: "server"}
}

// startSweeper removes what deleted environments held, when their time is over.
func (s *Environments) startSweeper() {
	s.sweeper.start(purgeEvery, func(ctx context.Context) {
		if err := s.purgeDue(ctx); err != nil && ctx.Err() == nil {
			s.logger.Error("remove deleted environments", "error", err)
		}
	})
}

// purgeDue removes the environments whose time is over, and goes on with those
// whose removal was interrupted.
func (s *Environments) purgeDue(ctx context.Context) error {
	before := s.now().Add(-s.grace)
	due, err := s.store.Environments.DeletedBefore(ctx, before)
	if err != nil {
		return err
	}
	var errs []error
	for _, env := range due {
		if err := s.purge(ctx, env, before); err != nil {
			errs = append(errs, fmt.Errorf("environment %s: %w", env, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// purge removes an environment that was deleted before a moment. Every step may be repeated, and the row goes last:
// a process that dies in between leaves it to the next one.
func (s *Environments) purge(ctx context.Context, env string, before time.Time) error {
	err := s.store.Environments.BeginPurge(ctx, env, before)
	if models.IsCode(err, models.CodeNotFound) {
		return nil // restored, or removed by another node
	}
	if err != nil {
		return err
	}
	s.stop(env)
	if err := s.sharing.recorder.flush(ctx); err != nil { // what was counted goes with the rest
		return err
	}
	for _, step := range s.purgeSteps() {
		if err := step(ctx, env); err != nil {
			return err
		}
	}
	return nil
}

type purgeStep func(ctx context.Context, env string) error

// purgeSteps are the parts of a removal, in their order. Bytes of files are marked
// in the transaction that drops their record, and deleted by the sweeper of files.
func (s *Environments) purgeSteps() []purgeStep {
	return []purgeStep{
		s.purgeTransfers,
		s.documents.db.DropEnvironment,
		func(ctx context.Context, env string) error { return s.store.Environments.PurgeFiles(ctx, env, s.now()) },
		s.purgeFunctions,
		s.store.Environments.PurgeRows,
		s.purgeRow,
	}
}

func (s *Environments) purgeTransfers(ctx context.Context, env string) error {
	ids, err := s.store.Transfers.DeleteOf(ctx, env)
	for _, id := range ids {
		s.transfers.discard(id)
	}
	return err
}

// purgeFunctions also drops the unpacked code of this node.
func (s *Environments) purgeFunctions(ctx context.Context, env string) error {
	versions, err := s.store.Environments.PurgeFunctions(ctx, env)
	for _, id := range versions {
		if removeErr := os.RemoveAll(filepath.Join(s.code.dir, id)); removeErr != nil {
			s.logger.Warn("unpacked code not removed", "version", id, "error", removeErr)
		}
	}
	return err
}

func (s *Environments) purgeRow(ctx context.Context, env string) error {
	err := s.store.Tx(ctx, func(tx *store.Store) error {
		e, err := tx.Environments.DeletedByID(ctx, env)
		if models.IsCode(err, models.CodeNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.Environments.Remove(ctx, env); err != nil {
			return err
		}
		return record(ctx, tx, sweeperActor(), s.now(), change{
			Action: models.AuditEnvironmentPurged, AppID: e.Environment.AppID, EnvironmentID: env, Subject: env,
			Before: map[string]any{"name": e.Environment.Name},
		})
	})
	s.files.sweeper.hurry()
	return err
}
