package service

import (
	"context"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// KeptEnvironment is a deleted environment that can be restored.
type KeptEnvironment struct {
	models.DeletedEnvironment
	// Until is when its removal begins.
	Until time.Time
}

// Deleted lists the deleted environments of an app that can be restored, the
// latest first. Administrators of the app may call it, also when it has no console
// entry.
func (s *Environments) Deleted(ctx context.Context, actor models.Actor, appID string) ([]KeptEnvironment, error) {
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil {
		return nil, err
	}
	if err := models.MaySeeDeletedEnvironments(place).Err(); err != nil {
		return nil, err
	}
	list, err := s.store.Environments.DeletedOf(ctx, appID)
	if err != nil {
		return nil, err
	}
	out := make([]KeptEnvironment, len(list))
	for i, e := range list {
		out[i] = KeptEnvironment{e, e.DeletedAt.Add(s.grace)}
	}
	return out, nil
}

// goneFrom says to members of an app that an environment was not found because
// theirs was deleted. Others do not learn that it ever was.
func goneFrom(ctx context.Context, tx *store.Store, appID, env string, notFound error) error {
	e, err := tx.Environments.DeletedByID(ctx, env)
	if err != nil || e.Environment.AppID != appID {
		return notFound
	}
	return models.E(models.CodeNotFound, "error.environment_gone", "environment", env)
}

// restorable returns a deleted environment that the actor may bring back.
func (s *Environments) restorable(ctx context.Context, tx *store.Store, actor models.Actor, appID, env string) (models.DeletedEnvironment, error) {
	place, err := standing(ctx, tx, actor, appID)
	if err != nil {
		return models.DeletedEnvironment{}, err
	}
	if err := models.MaySeeApp(place).Err(); err != nil {
		return models.DeletedEnvironment{}, err
	}
	e, err := tx.Environments.DeletedByID(ctx, env)
	if err != nil {
		return models.DeletedEnvironment{}, err
	}
	return e, models.MayRestoreEnvironment(place, appID, e).Err()
}

// ToRestore returns a deleted environment before it is restored. Who may call it
// and its codes are those of Restore.
func (s *Environments) ToRestore(ctx context.Context, actor models.Actor, appID, env string) (KeptEnvironment, error) {
	e, err := s.restorable(ctx, s.store, actor, appID, env)
	return KeptEnvironment{e, e.DeletedAt.Add(s.grace)}, err
}

// Restore brings a deleted environment back with all that it held. Its shares have
// ended and stay so; credentials stay revoked, and who was let in asks again.
// Administrators of its app may call it. Codes: not_found, conflict when its removal
// has begun.
func (s *Environments) Restore(ctx context.Context, actor models.Actor, appID, env string) error {
	return s.change(ctx, func(tx *store.Store) error {
		e, err := s.restorable(ctx, tx, actor, appID, env)
		if err != nil {
			return err
		}
		before, err := s.appFacts(ctx, tx, appID)
		if err != nil {
			return err
		}
		if err := tx.Environments.Restore(ctx, env); err != nil {
			return err
		}
		if err := s.setSharing(ctx, tx, actor, before.App, models.SharingAfterActivation(before, s.now())); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{
			Action: models.AuditEnvironmentRestored, AppID: appID, EnvironmentID: env, Subject: env, After: map[string]any{"name": e.Environment.Name},
		})
	})
}
