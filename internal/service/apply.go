package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

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

// preparedFunction is a declared function whose code was read and whose
// dependencies were installed, before the transaction begins.
type preparedFunction struct {
	source  Source
	archive []byte
	digest  string
	modules []byte
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

func (s *Manifests) prepareFolder(ctx context.Context, out map[functionKey]preparedFunction, env ManifestEnvironment, o ApplyOptions) error {
	root := path.Clean(env.Functions)
	entries, err := fs.ReadDir(o.Files, root)
	if err != nil {
		return fmt.Errorf("functions: %w", err)
	}
	for _, entry := range entries {
		if !entry.IsDir() || entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		source, err := SourceFromFS(o.Files, path.Join(root, entry.Name()))
		if err != nil {
			return fmt.Errorf("function %s: %w", entry.Name(), err)
		}
		p := preparedFunction{source: source}
		if p.archive, p.digest, err = source.zip(); err != nil {
			return err
		}
		deployed, err := deployedDigest(ctx, s.store, env.ID, entry.Name())
		if err != nil {
			return err
		}
		if deployed != p.digest && !o.DryRun {
			if p.modules, err = s.functions.install(ctx, source); err != nil {
				return fmt.Errorf("function %s: %w", entry.Name(), err)
			}
		}
		out[functionKey{env.ID, entry.Name()}] = p
	}
	return nil
}

// deployedDigest returns the digest of the code that runs, "" for none.
func deployedDigest(ctx context.Context, tx *store.Store, env, name string) (string, error) {
	f, err := tx.Functions.ByName(ctx, env, name)
	if models.IsCode(err, models.CodeNotFound) || err == nil && f.ActiveVersion == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	v, err := tx.Functions.Version(ctx, f.ID, f.ActiveVersion)
	return v.Digest, err
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

func (r *applyRun) app(ctx context.Context, declared ManifestApp) error {
	if err := r.saveApp(ctx, declared); err != nil {
		return err
	}
	if err := r.webDomains(ctx, declared); err != nil {
		return fmt.Errorf("web_domains: %w", err)
	}
	for _, env := range declared.Environments {
		if err := r.environment(ctx, declared.AppID, env); err != nil {
			return fmt.Errorf("environment %s: %w", env.ID, err)
		}
	}
	return r.setSharing(ctx, declared)
}

// webDomains saves where logins of an official account may return to. A host
// belongs to one account: the way back from WeChat names no other.
func (r *applyRun) webDomains(ctx context.Context, declared ManifestApp) error {
	if declared.WebDomains == nil {
		return nil
	}
	domains, err := models.NormalDomains(declared.WebDomains)
	if err != nil {
		return err
	}
	apps, err := r.tx.Apps.List(ctx)
	if err != nil {
		return err
	}
	var before []string
	for _, app := range apps {
		if app.AppID == declared.AppID {
			before = app.WebDomains
		}
		switch {
		case app.AppID == declared.AppID && app.Kind != models.OfficialAccount && len(domains) > 0:
			return models.E(models.CodeInvalid, "error.web_domains_kind")
		case app.AppID == declared.AppID && slices.Equal(app.WebDomains, domains):
			return nil
		case app.AppID == declared.AppID:
			continue
		}
		for _, domain := range domains {
			if slices.Contains(app.WebDomains, domain) {
				return models.E(models.CodeConflict, "error.web_domain_taken", "domain", domain, "appid", app.AppID)
			}
		}
	}
	r.note("~", "web domains", declared.AppID, strings.Join(domains, " "))
	if err := r.tx.Apps.SetWebDomains(ctx, declared.AppID, domains); err != nil {
		return err
	}
	return record(ctx, r.tx, r.actor, r.now(), change{
		Action: models.AuditAppSaved, AppID: declared.AppID, Subject: declared.AppID,
		Before: map[string]any{"web_domains": before}, After: map[string]any{"web_domains": domains},
	})
}

func (r *applyRun) saveApp(ctx context.Context, declared ManifestApp) error {
	app := models.App{
		AppID: declared.AppID, Name: declared.Name, Kind: models.AppKind(declared.Type), PrincipalID: declared.Principal, CreatedAt: r.now(),
	}
	if declared.Type == "" {
		app.Kind = models.MiniProgram
	}
	if err := app.Validate(); err != nil {
		return err
	}
	if _, err := r.tx.Principals.ByID(ctx, app.PrincipalID); err != nil {
		return models.E(models.CodeInvalid, "error.principal_unknown", "principal", app.PrincipalID)
	}
	existing, err := r.tx.Apps.ByID(ctx, app.AppID)
	switch {
	case err == nil && existing.Name == app.Name && existing.Kind == app.Kind && existing.PrincipalID == app.PrincipalID:
		r.note("=", "app", app.AppID, app.Name)
	case err == nil:
		if err := r.mayMove(ctx, existing, app); err != nil {
			return err
		}
		r.note("~", "app", app.AppID, app.Name)
		err = r.tx.Apps.Update(ctx, app)
	case models.IsCode(err, models.CodeNotFound):
		r.note("+", "app", app.AppID, app.Name)
		err = r.tx.Apps.Insert(ctx, app)
	}
	if err != nil {
		return err
	}
	unchanged := r.steps[len(r.steps)-1].Op == "="
	if err := r.saveSecret(ctx, app.AppID, declared.Secret); err != nil || unchanged {
		return err
	}
	saved := change{Action: models.AuditAppSaved, AppID: app.AppID, Subject: app.AppID, After: appState(app)}
	if existing.AppID != "" {
		saved.Before = appState(existing)
	}
	return record(ctx, r.tx, r.actor, r.now(), saved)
}

// saveSecret stores a declared secret when it is not the one that is there. The
// audit log hears that it changed, never what it is.
func (r *applyRun) saveSecret(ctx context.Context, appID, secret string) error {
	if secret == "" {
		return nil
	}
	sealed, err := r.tx.Apps.Secret(ctx, appID)
	if err != nil {
		return err
	}
	if current, err := r.keys.openSecret(appID, sealed); err == nil && current == secret {
		return nil
	}
	if err := r.tx.Apps.SetSecret(ctx, appID, r.keys.sealSecret(appID, secret)); err != nil {
		return err
	}
	r.note("~", "secret", appID, "")
	return record(ctx, r.tx, r.actor, r.now(), secretChange(appID, sealed != nil, true))
}

// appState is an app as the audit log keeps it.
func appState(a models.App) map[string]any {
	return map[string]any{"name": a.Name, "type": a.Kind, "principal": a.PrincipalID}
}

// mayMove refuses to give an app to another principal while shares bind it to
// the old one: sharing never crosses a principal.
func (r *applyRun) mayMove(ctx context.Context, existing, app models.App) error {
	if existing.PrincipalID == app.PrincipalID {
		return nil
	}
	outgoing, err := r.tx.Shares.AllOutgoing(ctx, app.AppID)
	if err != nil {
		return err
	}
	incoming, err := r.tx.Shares.AllIncoming(ctx, app.AppID)
	if err != nil {
		return err
	}
	return models.MayMoveApp(existing, app, len(outgoing)+len(incoming)).Err()
}

func (r *applyRun) setSharing(ctx context.Context, declared ManifestApp) error {
	if declared.Sharing == nil {
		return nil
	}
	facts, err := r.appFacts(ctx, r.tx, declared.AppID)
	if err != nil {
		return err
	}
	on := *declared.Sharing
	if on && !facts.Activated() {
		r.note("!", "sharing", declared.AppID, "an app without environments has sharing while others share with it")
	}
	if facts.App.Sharing == on || !facts.Activated() {
		return nil
	}
	action := models.AuditSharingEnabled
	if !on {
		action = models.AuditSharingDisabled
		outgoing, err := r.tx.Shares.AllOutgoing(ctx, declared.AppID)
		if err != nil {
			return err
		}
		// A file cannot confirm what a person must (S13).
		place := models.Standing{Actor: r.actor}
		if err := models.MayDisableSharing(place, facts, len(outgoing), false).Err(); err != nil {
			return err
		}
	}
	r.note("~", "sharing", declared.AppID, fmt.Sprint(on))
	if err := r.tx.Apps.SetSharing(ctx, declared.AppID, on); err != nil {
		return err
	}
	return record(ctx, r.tx, r.actor, r.now(), sharingChange(action, declared.AppID))
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

func (r *applyRun) deployAll(ctx context.Context, appID, env string) error {
	keys := slices.SortedFunc(maps.Keys(r.prepared), cmpKeys)
	for _, key := range keys {
		if key.environment != env {
			continue
		}
		if err := r.deploy(ctx, appID, key, r.prepared[key]); err != nil {
			return fmt.Errorf("function %s: %w", key.name, err)
		}
	}
	return nil
}

func cmpKeys(a, b functionKey) int {
	if a.name < b.name {
		return -1
	}
	if a.name > b.name {
		return 1
	}
	return 0
}

func (r *applyRun) deploy(ctx context.Context, appID string, key functionKey, p preparedFunction) error {
	deployed, err := deployedDigest(ctx, r.tx, key.environment, key.name)
	if err != nil {
		return err
	}
	if deployed == p.digest {
		r.note("=", "function", key.environment+"/"+key.name, "")
		return nil
	}
	d := Deployment{Name: key.name, Source: p.source}
	if err := r.functions.mayDeploy(ctx, r.tx, r.actor, appID, key.environment, d); err != nil {
		return err
	}
	v := models.FunctionVersion{
		ID: newID(), Digest: p.digest, SizeBytes: int64(len(p.archive)), FileCount: len(p.source.files),
		DeployedBy: r.actor.Username, CreatedAt: r.now(),
	}
	f, _, err := r.functions.insertVersion(ctx, r.tx, r.actor, appID, key.environment, d, v, p.archive, p.modules)
	if err != nil {
		return err
	}
	op := "~"
	if deployed == "" {
		op = "+"
	}
	r.note(op, "function", key.environment+"/"+key.name, fmt.Sprintf("version %d", f.ActiveVersion))
	return nil
}
