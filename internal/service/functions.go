package service

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
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
	// Over is the version that was seen running: another one by then is a
	// conflict. nil deploys over whatever runs.
	Over *int

	draft *models.FunctionDraft // what is deployed, and then over
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
	err = s.change(ctx, func(tx *store.Store) error {
		// Asked again: installing may have taken minutes.
		if err := s.mayDeploy(ctx, tx, actor, appID, env, d); err != nil {
			return err
		}
		deployed, replaced, err = s.insertVersion(ctx, tx, actor, appID, env, d, version, archive, modules)
		return err
	})
	if err == nil && s.runner != nil && replaced != "" {
		s.runner.Retire(replaced)
	}
	return deployed, err
}

// over refuses to replace another version than the one that was seen.
func (d Deployment) over(f models.Function) error {
	if d.Over == nil || *d.Over == f.ActiveVersion {
		return nil
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
	if isNew {
		f = models.Function{
			ID: newID(), EnvironmentID: env, Name: d.Name, TimeoutSeconds: models.DefaultTimeoutSeconds,
			MemoryMB: models.DefaultMemoryMB, Concurrency: 1, Variables: map[string]string{}, CreatedAt: v.CreatedAt,
		}
		if err := tx.Functions.Insert(ctx, f); err != nil {
			return models.Function{}, "", err
		}
	}
	if err := d.over(f); err != nil {
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
// version running than the one that was seen is a conflict; nil is over whatever
// runs.
func (s *Functions) RollBack(ctx context.Context, actor models.Actor, appID, env, name string, number int, over *int) error {
	return s.edit(ctx, actor, appID, env, name, func(tx *store.Store, f models.Function) error {
		if err := (Deployment{Over: over}).over(f); err != nil {
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

// maxTestEvent bounds the event of a test run.
const maxTestEvent = 1 << 20

// TestRun runs a function with an event, as the console's test. A borrower's
// run is a cross-account call: the function sees FROM_APPID. Nobody can be
// pretended to be an end user here. Needs functions.invoke. A function that
// fails is a result, not an error.
func (s *Functions) TestRun(ctx context.Context, actor models.Actor, appID, env, name, event string) (models.Invocation, error) {
	view, err := s.may(ctx, s.store, actor, appID, env, models.FunctionsInvoke)
	if err != nil {
		return models.Invocation{}, err
	}
	if strings.TrimSpace(event) == "" {
		event = "{}"
	}
	if len(event) > maxTestEvent || !json.Valid([]byte(event)) {
		msg := models.M("error.event_json")
		return models.Invocation{}, &models.Error{Code: models.CodeInvalid, Msg: msg, Fields: models.Fields{"event": msg}}
	}
	function, err := s.store.Functions.ByName(ctx, env, name)
	if err != nil {
		return models.Invocation{}, err
	}
	o := origin{
		trigger: models.TriggerConsole, owner: view.Environment.AppID, callerApp: appID, source: "wx_devtools",
		ip: actor.IP, requestID: newID(),
	}
	if view.Borrowed() {
		o.from = callOrigin{AppID: appID}
		s.recorder.call(env, appID, false)
	}
	run, err := s.calls.invoke(ctx, function, o, json.RawMessage(event))
	if err != nil {
		return models.Invocation{}, err
	}
	run.Result = clip(string(run.value), maxTestEvent)
	if _, err := s.may(ctx, s.store, actor, appID, env, models.FunctionsView); err != nil {
		// Logs and stacks are for who may view the function.
		run.Logs = ""
		run.Error, _, _ = strings.Cut(run.Error, "\n")
	}
	return run.Invocation, nil
}

// Invocations returns a page of a function's runs, newest first, and how many
// there are. Needs functions.view.
func (s *Functions) Invocations(ctx context.Context, actor models.Actor, appID, env, name string, page models.PageRequest) ([]models.Invocation, int64, error) {
	if _, err := s.Get(ctx, actor, appID, env, name); err != nil {
		return nil, 0, err
	}
	if err := s.recorder.flush(ctx); err != nil {
		return nil, 0, err
	}
	return s.store.Invocations.List(ctx, env, name, page)
}

// Invocation returns one run with its logs. Needs functions.view.
func (s *Functions) Invocation(ctx context.Context, actor models.Actor, appID, env, name, id string) (models.Invocation, error) {
	if _, err := s.may(ctx, s.store, actor, appID, env, models.FunctionsView); err != nil {
		return models.Invocation{}, err
	}
	if err := s.recorder.flush(ctx); err != nil {
		return models.Invocation{}, err
	}
	return s.store.Invocations.ByID(ctx, env, name, id)
}
