package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"envshare/internal/runner"
	"envshare/internal/store"
	"envshare/models"
)

// Deployment is a new version of a function, and the function itself when it is
// new.
type Deployment struct {
	Name   string
	Source Source
	Note   string
	// MustBeNew makes an existing function a conflict instead of deploying a new
	// version of it.
	MustBeNew bool
	// Settings configure the function; nil keeps what is there.
	Settings *FunctionSettings
	// Over is the id of the version that was seen running: another one by then is
	// a conflict, and so is that its function was deleted, whether or not it was
	// made again. "" deploys over whatever runs. Numbers are no names: a function
	// that was made again has them again.
	Over string

	draft *models.FunctionDraft // what is deployed, and then over
}

// Deploy stores code as a new immutable version and lets it run from the next
// call on. Dependencies are installed without running scripts. Needs
// functions.operate, and the owner's side for cloudbase_auth (S10). Field errors
// name and code.
func (s *Functions) Deploy(ctx context.Context, actor models.Actor, appID, env string, d Deployment) (models.Function, error) {
	if err := s.mayDeploy(ctx, s.store, actor, appID, env, d); err != nil {
		return models.Function{}, err
	}
	archive, sum, err := d.Source.zip()
	if err != nil {
		return models.Function{}, err
	}
	modules, err := s.install(ctx, d.Source)
	if err != nil {
		return models.Function{}, err
	}
	version := models.FunctionVersion{
		ID: newID(), Digest: sum, SizeBytes: int64(len(archive)), FileCount: len(d.Source.files),
		DeployedBy: actor.Username, Note: strings.TrimSpace(d.Note), CreatedAt: s.now(),
	}
	var deployed models.Function
	var replaced string
	save := func(tx *store.Store) error {
		// Asked again: installing may have taken minutes.
		if err := s.mayDeploy(ctx, tx, actor, appID, env, d); err != nil {
			return err
		}
		deployed, replaced, err = s.insertVersion(ctx, tx, actor, appID, env, d, version, archive, modules)
		return err
	}
	err = s.change(ctx, save)
	if models.MsgOf(err).Key == "error.exists" {
		// On PostgreSQL somebody created the function at the same moment: now it is
		// there, to be refused or to get another version.
		err = s.change(ctx, save)
	}
	if err == nil && s.runner != nil && replaced != "" {
		s.runner.Retire(replaced)
	}
	return deployed, err
}

// refuseOver refuses to replace another version than the one that was seen, whose id
// over is; "" is any.
func refuseOver(ctx context.Context, tx *store.Store, f models.Function, over string) error {
	if over == "" || over == f.ActiveID {
		return nil
	}
	its, err := tx.Functions.HasVersion(ctx, f.ID, over)
	if err != nil {
		return err
	}
	if !its {
		return models.E(models.CodeConflict, "error.function_made_again", "name", f.Name)
	}
	return models.E(models.CodeConflict, "error.version_deployed_meanwhile", "version", f.ActiveVersion)
}

func (s *Functions) mayDeploy(ctx context.Context, tx *store.Store, actor models.Actor, appID, env string, d Deployment) error {
	place, _, view, err := s.look(ctx, tx, actor, appID, env)
	if err != nil {
		return err
	}
	if err := models.MayChangeFunction(place, view, d.Name, s.now()).Err(); err != nil {
		return err
	}
	probe := models.Function{Name: d.Name}
	settings := FunctionSettings{TimeoutSeconds: models.DefaultTimeoutSeconds, MemoryMB: models.DefaultMemoryMB, Concurrency: 1}
	if d.Settings != nil {
		settings = *d.Settings
	}
	settings.apply(&probe)
	if err := probe.Validate(); err != nil {
		return err
	}
	if d.MustBeNew {
		_, err := tx.Functions.ByName(ctx, env, d.Name)
		if err == nil {
			return (models.Fields{"name": models.M("error.function_exists", "name", d.Name)}).Err()
		}
		if !models.IsCode(err, models.CodeNotFound) {
			return err
		}
	}
	return nil
}

// insertVersion adds the version, and the function when it is new; it returns
// the id of the version that ran before.
func (s *Functions) insertVersion(ctx context.Context, tx *store.Store, actor models.Actor, appID, env string,
	d Deployment, v models.FunctionVersion, archive, modules []byte,
) (models.Function, string, error) {
	f, err := tx.Functions.ByName(ctx, env, d.Name)
	isNew := models.IsCode(err, models.CodeNotFound)
	if err != nil && !isNew {
		return models.Function{}, "", err
	}
	if isNew && d.Over != "" {
		return models.Function{}, "", functionDeleted(d.Name)
	}
	if isNew {
		f = models.Function{
			ID: newID(), EnvironmentID: env, Name: d.Name, TimeoutSeconds: models.DefaultTimeoutSeconds,
			MemoryMB: models.DefaultMemoryMB, Concurrency: 1, Variables: map[string]string{}, CreatedAt: v.CreatedAt,
		}
		if err := tx.Functions.Insert(ctx, f); err != nil {
			return models.Function{}, "", err
		}
	}
	if err := refuseOver(ctx, tx, f, d.Over); err != nil {
		return models.Function{}, "", err
	}
	last, err := tx.Functions.LastVersion(ctx, f.ID)
	if err != nil {
		return models.Function{}, "", err
	}
	v.FunctionID, v.Number = f.ID, last+1
	if err := tx.Functions.InsertVersion(ctx, v, archive, modules); err != nil {
		return models.Function{}, "", err
	}
	replaced, before := f.ActiveID, f.ActiveVersion
	f.ActiveID, f.ActiveVersion, f.UpdatedAt = v.ID, v.Number, v.CreatedAt
	if d.Settings != nil {
		d.Settings.apply(&f)
	}
	if err := tx.Functions.Update(ctx, f); err != nil {
		return models.Function{}, "", err
	}
	if d.draft != nil && d.draft.ID != "" {
		// What was saved while it was being deployed stays.
		if err := tx.FunctionDrafts.DeleteUnchanged(ctx, d.draft.ID, d.draft.UpdatedAt); err != nil {
			return models.Function{}, "", err
		}
	}
	return f, replaced, s.recordFunction(ctx, tx, actor, appID, f, models.AuditFunctionDeployed,
		map[string]any{"version": before}, map[string]any{"version": v.Number, "digest": v.Digest})
}

// recordFunction records a change for the environment's owner, and for the
// borrower that made it.
func (s *Functions) recordFunction(ctx context.Context, tx *store.Store, actor models.Actor, appID string, f models.Function,
	action models.AuditAction, before, after any,
) error {
	environment, err := tx.Environments.ByID(ctx, f.EnvironmentID)
	if err != nil {
		return err
	}
	c := change{Action: action, AppID: environment.AppID, EnvironmentID: f.EnvironmentID, Subject: f.Name, Before: before, After: after}
	if appID != environment.AppID {
		c.OtherAppID = appID
	}
	return record(ctx, tx, actor, s.now(), c)
}

// install returns the modules that the source's package.json asks for as a zip,
// nil when there are none.
func (s *Functions) install(ctx context.Context, source Source) ([]byte, error) {
	if source.file("package.json") == nil {
		return nil, nil
	}
	temp, err := s.calls.code.tempDir(".install-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	dir := filepath.Join(temp, "code")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	archive, _, err := source.zip()
	if err != nil {
		return nil, err
	}
	if err := unpackZip(archive, dir); err != nil {
		return nil, err
	}
	result, err := runner.InstallDependencies(ctx, dir, runner.InstallConfig{TempDir: temp})
	if errors.Is(err, runner.ErrDependencies) {
		msg := models.M("error.code_dependencies")
		return nil, &models.Error{Code: models.CodeInvalid, Msg: msg, Fields: models.Fields{"code": msg}, Detail: err.Error()}
	}
	if err != nil || len(result.Installed) == 0 {
		return nil, err
	}
	return packFolder(dir, "node_modules")
}
