package service

import (
	"context"
	"strings"
	"time"

	"envshare/internal/runner"
	"envshare/internal/store"
	"envshare/models"
)

// Environments are what happens to an environment as a whole: its name, its
// deletion, and its way back. They are its owner's administrators' alone (S10).
type Environments struct {
	base
	sharing   *Sharing
	documents *Documents
	transfers *Transfers
	files     *Files
	runner    *runner.Runner // nil for commands
	code      *codeCache
	grace     time.Duration
	sweeper   background
}

// configurable returns an environment that the actor may configure.
func (s *Environments) configurable(ctx context.Context, tx *store.Store, actor models.Actor, appID, env string) (models.Environment, error) {
	place, _, view, err := s.look(ctx, tx, actor, appID, env)
	if err != nil {
		return models.Environment{}, err
	}
	return view.Environment, models.MayConfigureEnvironment(place, view).Err()
}

// Rename gives an environment another name, which everybody sees from then on.
// was is the name that the form was opened on: when it is another one by now, it is
// a conflict. Administrators of its own app may call it. Field error: name.
func (s *Environments) Rename(ctx context.Context, actor models.Actor, appID, env, was, name string) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		e, err := s.configurable(ctx, tx, actor, appID, env)
		if err != nil {
			return err
		}
		next := e
		next.Name = strings.TrimSpace(name)
		switch err := next.Validate(); {
		case err != nil:
			return err
		case e.Name == next.Name:
			return nil
		case e.Name != was:
			return models.E(models.CodeConflict, "error.environment_renamed", "name", e.Name)
		}
		return s.renameEnvironment(ctx, tx, actor, e, next.Name)
	})
}

func (b base) renameEnvironment(ctx context.Context, tx *store.Store, actor models.Actor, e models.Environment, name string) error {
	if err := tx.Environments.Rename(ctx, e.ID, name); err != nil {
		return err
	}
	return record(ctx, tx, actor, b.now(), change{
		Action: models.AuditEnvironmentSaved, AppID: e.AppID, EnvironmentID: e.ID, Subject: e.ID,
		Before: map[string]any{"name": e.Name}, After: map[string]any{"name": name},
	})
}
