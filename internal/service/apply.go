package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"envshare/internal/store"
	"envshare/models"
)

// Manifests bring an installation to a declared state.
type Manifests struct {
	base
	functions *Functions
	sharing   *Sharing
	accounts  *Accounts
	documents *Documents
	files     *Files
	keys      Keys
}

// Step is one line of a plan.
type Step struct {
	// Op is "+" for what is created, "~" for what is changed, "=" for what stays
	// and "!" for what is declared but not carried out.
	Op      string
	Kind    string // principal, app, environment, function, share, user, …
	Subject string
	Detail  string
}

// ApplyOptions say how a manifest is carried out.
type ApplyOptions struct {
	// Files is the folder that the manifest's paths are relative to.
	Files fs.FS
	// Getenv finds passwords.
	Getenv func(string) string
	// DryRun plans without changing anything.
	DryRun bool
}

// errDryRun ends the transaction of a plan that must leave nothing behind.
var errDryRun = errors.New("dry run")

// Apply brings the installation to the declared state and returns what it did;
// what is not declared stays as it is, and a second run changes nothing.
// All that the manifest brings along is checked first. Records change in one
// transaction: an error leaves nothing behind. Documents and files follow it, one
// by one; an error there comes with the steps before it, and the run is repeated.
// Operators and commands may call it.
func (s *Manifests) Apply(ctx context.Context, actor models.Actor, m Manifest, o ApplyOptions) ([]Step, error) {
	if err := models.MayAdministerInstallation(actor).Err(); err != nil {
		return nil, err
	}
	if err := s.checkData(m, o); err != nil {
		return nil, err
	}
	prepared, err := s.prepare(ctx, m, o)
	if err != nil {
		return nil, err
	}
	var steps []Step
	err = s.change(ctx, func(tx *store.Store) error {
		run := &applyRun{Manifests: s, tx: tx, actor: actor, options: o, prepared: prepared}
		if err := run.all(ctx, m); err != nil {
			return err
		}
		steps = run.steps
		if o.DryRun {
			return errDryRun
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return nil, err
	}
	more, err := s.data(ctx, actor, m, o)
	return append(steps, more...), err
}

// prepare reads the code of all declared functions, and installs dependencies
// for code that is not deployed yet.
func (s *Manifests) prepare(ctx context.Context, m Manifest, o ApplyOptions) (map[functionKey]preparedFunction, error) {
	out := map[functionKey]preparedFunction{}
	for _, app := range m.Apps {
		for _, env := range app.Environments {
			if env.Functions == "" {
				continue
			}
			if err := s.prepareFolder(ctx, out, env, o); err != nil {
				return nil, fmt.Errorf("environment %s: %w", env.ID, err)
			}
		}
	}
	return out, nil
}

// applyRun is one run of Apply inside its transaction.
type applyRun struct {
	*Manifests
	tx       *store.Store
	actor    models.Actor
	options  ApplyOptions
	prepared map[functionKey]preparedFunction
	steps    []Step
	// tookOperator tells whether somebody lost the operator's office.
	tookOperator bool
}

func (r *applyRun) note(op, kind, subject, detail string) {
	r.steps = append(r.steps, Step{Op: op, Kind: kind, Subject: subject, Detail: detail})
}

// all carries a manifest out in the order in which things refer to each other.
func (r *applyRun) all(ctx context.Context, m Manifest) error {
	for _, p := range m.Principals {
		if err := r.principal(ctx, p); err != nil {
			return fmt.Errorf("principal %s: %w", p.ID, err)
		}
	}
	for _, app := range m.Apps {
		if err := r.app(ctx, app); err != nil {
			return fmt.Errorf("app %s: %w", app.AppID, err)
		}
	}
	for _, app := range m.Apps {
		for _, share := range app.Shares {
			if err := r.share(ctx, app.AppID, share); err != nil {
				return fmt.Errorf("app %s: share to %s: %w", app.AppID, share.To, err)
			}
		}
	}
	if err := r.users(ctx, m.Users); err != nil {
		return err
	}
	return r.operatorStays(ctx)
}

func (r *applyRun) principal(ctx context.Context, declared ManifestPrincipal) error {
	p := models.Principal{ID: declared.ID, Name: declared.Name, CreatedAt: r.now()}
	if err := p.Validate(); err != nil {
		return err
	}
	existing, err := r.tx.Principals.ByID(ctx, p.ID)
	switch {
	case err == nil && existing.Name == p.Name:
		r.note("=", "principal", p.ID, "")
		return nil
	case err == nil:
		r.note("~", "principal", p.ID, existing.Name+" → "+p.Name)
	case models.IsCode(err, models.CodeNotFound):
		r.note("+", "principal", p.ID, p.Name)
	default:
		return err
	}
	saved := change{Action: models.AuditPrincipalSaved, Subject: p.ID, After: map[string]any{"name": p.Name}}
	if existing.ID != "" {
		saved.Before = map[string]any{"name": existing.Name}
	}
	if err := r.tx.Principals.Save(ctx, p); err != nil {
		return err
	}
	return record(ctx, r.tx, r.actor, r.now(), saved)
}

func (r *applyRun) environment(ctx context.Context, appID string, declared ManifestEnvironment) error {
	env := models.Environment{ID: declared.ID, AppID: appID, Name: declared.Name, CreatedAt: r.now()}
	if env.Name == "" {
		env.Name = env.ID
	}
	if err := env.Validate(); err != nil {
		return err
	}
	existing, err := r.tx.Environments.ByID(ctx, env.ID)
	if models.IsCode(err, models.CodeNotFound) {
		if _, kept := r.tx.Environments.DeletedByID(ctx, env.ID); kept == nil {
			return models.E(models.CodeConflict, "error.environment_deleted", "environment", env.ID)
		}
	}
	switch {
	case err == nil && existing.AppID != appID:
		return models.E(models.CodeConflict, "error.environment_taken")
	case err == nil && existing.Name == env.Name:
		r.note("=", "environment", env.ID, "")
	case err == nil:
		r.note("~", "environment", env.ID, existing.Name+" → "+env.Name)
		err = r.renameEnvironment(ctx, r.tx, r.actor, existing, env.Name)
	case models.IsCode(err, models.CodeNotFound):
		r.note("+", "environment", env.ID, env.Name)
		err = r.insertEnvironment(ctx, r.tx, r.actor, env)
	}
	if err != nil {
		return err
	}
	if err := r.rules(ctx, appID, declared); err != nil {
		return err
	}
	return r.deployAll(ctx, appID, env.ID)
}
