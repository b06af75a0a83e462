package service

import (
	"context"
	"slices"
	"strings"

	"envshare/internal/store"
	"envshare/models"
)

// Events returns the events that are kept to test a function with, by name. Needs
// functions.view.
func (s *Functions) Events(ctx context.Context, actor models.Actor, appID, env, name string) ([]models.FunctionEvent, error) {
	f, err := s.Get(ctx, actor, appID, env, name)
	if err != nil {
		return nil, err
	}
	return s.store.FunctionEvents.List(ctx, f.ID)
}

// KeptEvent is an event that is to be kept under a name.
type KeptEvent struct {
	// ID and Revision name the kept event that is replaced, and the state of it
	// that was seen; no ID adds one.
	ID       string
	Revision int
	Name     string
	Content  string
}

// KeepEvent keeps an event under a name, for everybody who tests the function.
// Needs functions.operate, and the owner's side for cloudbase_auth (S10): it stays
// in the owner's environment. Field errors name and event; conflict when somebody
// else changed it meanwhile.
func (s *Functions) KeepEvent(ctx context.Context, actor models.Actor, appID, env, name string, k KeptEvent) (models.FunctionEvent, error) {
	var kept models.FunctionEvent
	err := s.changeEvents(ctx, actor, appID, env, name, func(tx *store.Store, f models.Function) (string, error) {
		list, err := tx.FunctionEvents.List(ctx, f.ID)
		if err != nil {
			return "", err
		}
		kept = models.FunctionEvent{
			ID: newID(), FunctionID: f.ID, Name: strings.TrimSpace(k.Name), Content: k.Content, Revision: 1,
			UpdatedBy: actor.Username, UpdatedAt: s.now(),
		}
		if k.ID != "" {
			kept.ID = k.ID
		}
		if err := kept.Validate(); err != nil {
			return "", err
		}
		if slices.ContainsFunc(list, func(e models.FunctionEvent) bool { return e.Name == kept.Name && e.ID != kept.ID }) {
			return "", fieldError("name", "error.event_name_taken", "name", kept.Name)
		}
		if k.ID != "" {
			return kept.Name, replaceEvent(ctx, tx, list, k, &kept)
		}
		if len(list) >= models.MaxFunctionEvents {
			return "", fieldError("name", "error.event_too_many", "max", models.MaxFunctionEvents)
		}
		return kept.Name, tx.FunctionEvents.Insert(ctx, kept)
	})
	return kept, err
}

func replaceEvent(ctx context.Context, tx *store.Store, list []models.FunctionEvent, k KeptEvent, kept *models.FunctionEvent) error {
	i := slices.IndexFunc(list, func(e models.FunctionEvent) bool { return e.ID == k.ID })
	if i < 0 {
		return models.E(models.CodeNotFound, "error.not_found")
	}
	if list[i].Revision != k.Revision {
		return models.E(models.CodeConflict, "error.event_changed_meanwhile", "name", list[i].Name, "by", list[i].UpdatedBy)
	}
	kept.Revision = k.Revision + 1
	return tx.FunctionEvents.Update(ctx, *kept)
}

// DeleteEvent forgets a kept event. Needs what KeepEvent needs.
func (s *Functions) DeleteEvent(ctx context.Context, actor models.Actor, appID, env, name, id string) error {
	return s.changeEvents(ctx, actor, appID, env, name, func(tx *store.Store, f models.Function) (string, error) {
		e, err := tx.FunctionEvents.ByID(ctx, f.ID, id)
		if err != nil {
			return "", err
		}
		return e.Name, tx.FunctionEvents.Delete(ctx, f.ID, id)
	})
}

// changeEvents changes the kept events of a function and records which one.
// Nothing that decides calls changes.
func (s *Functions) changeEvents(ctx context.Context, actor models.Actor, appID, env, name string,
	change func(tx *store.Store, f models.Function) (string, error),
) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		place, _, view, err := s.look(ctx, tx, actor, appID, env)
		if err != nil {
			return err
		}
		if err := models.MayChangeFunction(place, view, name, s.now()).Err(); err != nil {
			return err
		}
		f, err := tx.Functions.ByName(ctx, env, name)
		if err != nil {
			return err
		}
		event, err := change(tx, f)
		if err != nil {
			return err
		}
		return s.recordFunction(ctx, tx, actor, appID, f, models.AuditFunctionChanged, nil, map[string]any{"test_event": event})
	})
}
