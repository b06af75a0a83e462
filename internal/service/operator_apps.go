package service

import (
	"context"
	"strings"
	"unicode/utf8"

	"envshare/internal/store"
	"envshare/models"
)

// OperatorApp is an app as operators see it.
type OperatorApp struct {
	models.App
	Principal models.Principal
	// HasSecret tells whether there is an AppSecret. Nobody is shown what it is.
	HasSecret bool
	// Version is of the state that a form shows.
	Version string
}

// AppInput is the form of an app.
type AppInput struct {
	AppID, Name string
	Kind        models.AppKind
	PrincipalID string
	// Secret replaces the app's secret, "" keeps it; DropSecret takes it away.
	Secret     string
	DropSecret bool
	WebDomains []string
	// Version is the state that the form was filled from; "" for a new app.
	Version string
}

// maxAppSecret bounds an AppSecret, in characters; WeChat's have 32.
const maxAppSecret = 128

func (in AppInput) validate() error {
	f := models.Fields{}
	if utf8.RuneCountInString(in.Secret) > maxAppSecret {
		f.Add("secret", "error.too_long", "max", maxAppSecret)
	}
	app := models.App{AppID: in.AppID, Name: in.Name, Kind: in.Kind, PrincipalID: in.PrincipalID}
	return mergeFields(app.Validate(), f.Err())
}

// manifest is the form as a file would declare it.
func (in AppInput) manifest() ManifestApp {
	domains := in.WebDomains
	if domains == nil {
		domains = []string{}
	}
	return ManifestApp{
		AppID: in.AppID, Name: in.Name, Type: string(in.Kind), Principal: in.PrincipalID, Secret: in.Secret, WebDomains: domains,
	}
}

// Apps returns a page of the apps whose AppID or name holds a text, newest first,
// of one principal unless that is empty, and how many there are.
func (s *Operator) Apps(ctx context.Context, actor models.Actor, text, principal string, page models.PageRequest) ([]OperatorApp, int64, error) {
	if err := models.MayAdministerInstallation(actor).Err(); err != nil {
		return nil, 0, err
	}
	list, total, err := s.store.Apps.Search(ctx, models.SearchText(text), principal, page)
	if err != nil {
		return nil, 0, err
	}
	out, err := s.operatorApps(ctx, s.store, list)
	return out, total, err
}

// operatorApps adds to apps what operators see of them, with two queries.
func (s *Operator) operatorApps(ctx context.Context, tx *store.Store, list []models.App) ([]OperatorApp, error) {
	ids, principalIDs := make([]string, len(list)), make([]string, len(list))
	for i, app := range list {
		ids[i], principalIDs[i] = app.AppID, app.PrincipalID
	}
	secrets, err := tx.Apps.WithSecret(ctx, ids)
	if err != nil {
		return nil, err
	}
	principals, err := tx.Principals.ByIDs(ctx, principalIDs)
	out := make([]OperatorApp, len(list))
	for i, app := range list {
		out[i] = OperatorApp{App: app, Principal: principals[app.PrincipalID], HasSecret: secrets[app.AppID]}
		out[i].Version = stateVersion([]any{appState(app), app.WebDomains, out[i].HasSecret})
	}
	return out, err
}

// App returns an app.
func (s *Operator) App(ctx context.Context, actor models.Actor, appID string) (OperatorApp, error) {
	return s.app(ctx, s.store, actor, appID)
}

func (s *Operator) app(ctx context.Context, tx *store.Store, actor models.Actor, appID string) (OperatorApp, error) {
	if err := models.MayAdministerInstallation(actor).Err(); err != nil {
		return OperatorApp{}, err
	}
	app, err := tx.Apps.ByID(ctx, appID)
	if err != nil {
		return OperatorApp{}, err
	}
	list, err := s.operatorApps(ctx, tx, []models.App{app})
	if err != nil {
		return OperatorApp{}, err
	}
	return list[0], nil
}

// RegisterApp registers an app. Field errors for appid, also when it is
// registered, name, type, principal, secret and web_domains.
func (s *Operator) RegisterApp(ctx context.Context, actor models.Actor, in AppInput) error {
	return s.change(ctx, func(tx *store.Store) error {
		_, err := s.app(ctx, tx, actor, in.AppID)
		if err == nil {
			return models.Fields{"appid": models.M("error.app_exists", "appid", in.AppID)}.Err()
		}
		if !models.IsCode(err, models.CodeNotFound) {
			return err
		}
		return s.saveApp(ctx, tx, actor, in)
	})
}

// ChangeApp changes an app. Field errors as for RegisterApp, among them for
// principal while shares bind the app to its own; conflict when it is not as in
// the version any more.
func (s *Operator) ChangeApp(ctx context.Context, actor models.Actor, in AppInput) error {
	return s.change(ctx, func(tx *store.Store) error {
		was, err := s.app(ctx, tx, actor, in.AppID)
		if err != nil {
			return err
		}
		if err := in.validate(); err != nil {
			return err
		}
		if err := unchangedSince(in.Version, was.Version); err != nil {
			return err
		}
		if in.DropSecret && was.HasSecret {
			in.Secret = ""
			if err := tx.Apps.SetSecret(ctx, in.AppID, nil); err != nil {
				return err
			}
			if err := record(ctx, tx, actor, s.now(), secretChange(in.AppID, true, false)); err != nil {
				return err
			}
		}
		return s.saveApp(ctx, tx, actor, in)
	})
}

// saveApp stores an app as the declared state of a file would be.
func (s *Operator) saveApp(ctx context.Context, tx *store.Store, actor models.Actor, in AppInput) error {
	in.Name = strings.TrimSpace(in.Name)
	if err := in.validate(); err != nil {
		return err
	}
	run := &applyRun{Manifests: s.manifests, tx: tx, actor: actor}
	if err := run.saveApp(ctx, in.manifest()); err != nil {
		return beside(err, "principal")
	}
	return beside(run.webDomains(ctx, in.manifest()), "web_domains")
}
