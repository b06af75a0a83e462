package service

import (
	"context"
	"time"

	"envshare/internal/runner"
	"envshare/internal/store"
	"envshare/models"
)

// Functions are what the console does with cloud functions.
type Functions struct {
	base
	calls    *Calls
	runner   *runner.Runner
	recorder *recorder
}

// ListedFunction is a function with its use in the last 24 hours.
type ListedFunction struct {
	Function models.Function
	Calls    int64
	Failed   int64
	LastAt   time.Time // zero for never
}

// may loads an environment as seen through an app and decides that the actor
// holds a permission on it.
func (s *Functions) may(ctx context.Context, tx *store.Store, actor models.Actor, appID, env string, p models.Permission) (models.EnvironmentView, error) {
	place, _, view, err := s.look(ctx, tx, actor, appID, env)
	if err != nil {
		return view, err
	}
	return view, models.MayUse(place, view, p, s.now()).Err()
}

// List returns the functions of an environment by name. Needs functions.view.
func (s *Functions) List(ctx context.Context, actor models.Actor, appID, env string) ([]ListedFunction, error) {
	if _, err := s.may(ctx, s.store, actor, appID, env, models.FunctionsView); err != nil {
		return nil, err
	}
	if err := s.recorder.flush(ctx); err != nil {
		return nil, err
	}
	functions, err := s.store.Functions.List(ctx, env)
	if err != nil {
		return nil, err
	}
	summaries, err := s.store.Invocations.Summaries(ctx, env, s.now().Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	out := make([]ListedFunction, 0, len(functions))
	for _, f := range functions {
		u := summaries[f.Name]
		out = append(out, ListedFunction{Function: f, Calls: u.Calls, Failed: u.Failed, LastAt: u.LastAt})
	}
	return out, nil
}

// Get returns a function. Needs functions.view.
func (s *Functions) Get(ctx context.Context, actor models.Actor, appID, env, name string) (models.Function, error) {
	if _, err := s.may(ctx, s.store, actor, appID, env, models.FunctionsView); err != nil {
		return models.Function{}, err
	}
	return s.store.Functions.ByName(ctx, env, name)
}

// maxVersionsShown bounds the list of versions.
const maxVersionsShown = 100

// Versions returns the versions of a function, newest first. Needs
// functions.view.
func (s *Functions) Versions(ctx context.Context, actor models.Actor, appID, env, name string) ([]models.FunctionVersion, error) {
	f, err := s.Get(ctx, actor, appID, env, name)
	if err != nil {
		return nil, err
	}
	return s.store.Functions.Versions(ctx, f.ID, maxVersionsShown)
}

// Source returns the code of the version that runs. Needs functions.view.
func (s *Functions) Source(ctx context.Context, actor models.Actor, appID, env, name string) (Source, error) {
	f, err := s.Get(ctx, actor, appID, env, name)
	if err != nil {
		return Source{}, err
	}
	archive, err := s.store.Functions.Source(ctx, f.ActiveID)
	if err != nil {
		return Source{}, err
	}
	files, err := readZip(archive, maxSourceBytes, maxSourceFiles)
	return Source{files: files}, err
}

// Download returns the code of the version that runs as a zip. Needs
// functions.view.
func (s *Functions) Download(ctx context.Context, actor models.Actor, appID, env, name string) ([]byte, error) {
	f, err := s.Get(ctx, actor, appID, env, name)
	if err != nil {
		return nil, err
	}
	return s.store.Functions.Source(ctx, f.ActiveID)
}

// FunctionSettings is the configuration of a function.
type FunctionSettings struct {
	TimeoutSeconds int
	MemoryMB       int
	Concurrency    int
	Variables      map[string]string
	// Seen is the digest of the configuration that this one replaces; "" replaces
	// whatever there is.
	Seen string `json:"-"`
}

func (f FunctionSettings) apply(fn *models.Function) {
	fn.TimeoutSeconds, fn.MemoryMB, fn.Concurrency, fn.Variables = f.TimeoutSeconds, f.MemoryMB, f.Concurrency, f.Variables
}

// Configure changes a function's timeout, memory, concurrency and variables.
// Needs functions.operate, and the owner's side for cloudbase_auth (S10). A
// configuration other than the one that was seen is a conflict.
func (s *Functions) Configure(ctx context.Context, actor models.Actor, appID, env, name string, settings FunctionSettings) error {
	return s.edit(ctx, actor, appID, env, name, func(tx *store.Store, f models.Function) error {
		before := SettingsOf(f)
		if settings.Seen != "" && settings.Seen != before.Digest() {
			return models.E(models.CodeConflict, "error.configured_meanwhile")
		}
		settings.apply(&f)
		f.UpdatedAt = s.now()
		if err := f.Validate(); err != nil {
			return err
		}
		if err := tx.Functions.Update(ctx, f); err != nil {
			return err
		}
		return s.recordFunction(ctx, tx, actor, appID, f, models.AuditFunctionChanged, settingsState(before), settingsState(settings))
	})
}

// settingsState names variables without their values: these are often secrets.
func settingsState(f FunctionSettings) map[string]any {
	names := make([]string, 0, len(f.Variables))
	for name := range f.Variables {
		names = append(names, name)
	}
	return map[string]any{"timeout": f.TimeoutSeconds, "memory": f.MemoryMB, "concurrency": f.Concurrency, "variables": names}
}

// edit loads a function that the actor may change, and changes it.
func (s *Functions) edit(ctx context.Context, actor models.Actor, appID, env, name string, f func(tx *store.Store, fn models.Function) error) error {
	var before models.Function
	err := s.change(ctx, func(tx *store.Store) error {
		place, _, view, err := s.look(ctx, tx, actor, appID, env)
		if err != nil {
			return err
		}
		if err := models.MayChangeFunction(place, view, name, s.now()).Err(); err != nil {
			return err
		}
		if before, err = tx.Functions.ByName(ctx, env, name); err != nil {
			return err
		}
		return f(tx, before)
	})
	if err == nil && s.runner != nil {
		s.runner.Retire(before.ActiveID)
	}
	return err
}

// RollBack lets an earlier version run from the next call on. Needs
// functions.operate, and the owner's side for cloudbase_auth (S10). Another
// version running than the one whose id was seen is a conflict; "" is over whatever
// runs.
func (s *Functions) RollBack(ctx context.Context, actor models.Actor, appID, env, name string, number int, over string) error {
	return s.edit(ctx, actor, appID, env, name, func(tx *store.Store, f models.Function) error {
		if err := refuseOver(ctx, tx, f, over); err != nil {
			return err
		}
		v, err := tx.Functions.Version(ctx, f.ID, number)
		if err != nil {
			return err
		}
		before := f.ActiveVersion
		f.ActiveID, f.ActiveVersion, f.UpdatedAt = v.ID, v.Number, s.now()
		if err := tx.Functions.Update(ctx, f); err != nil {
			return err
		}
		return s.recordFunction(ctx, tx, actor, appID, f, models.AuditFunctionRolled,
			map[string]any{"version": before}, map[string]any{"version": v.Number})
	})
}

// Delete removes a function with its versions. Needs functions.operate, and the
// owner's side for cloudbase_auth (S10).
func (s *Functions) Delete(ctx context.Context, actor models.Actor, appID, env, name string) error {
	return s.edit(ctx, actor, appID, env, name, func(tx *store.Store, f models.Function) error {
		if err := tx.Functions.Delete(ctx, f.ID); err != nil {
			return err
		}
		return s.recordFunction(ctx, tx, actor, appID, f, models.AuditFunctionDeleted, map[string]any{"version": f.ActiveVersion}, nil)
	})
}
