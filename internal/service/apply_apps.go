package service

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"envshare/models"
)

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
