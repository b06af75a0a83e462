package service

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"

	"envshare/internal/store"
	"envshare/models"
)

// Apps are the console's view of apps and their environments.
type Apps struct{ base }

// AppEntry is one app of a person's list.
type AppEntry struct {
	App       models.App
	Principal models.Principal
	Role      models.Role
	Activated bool
	// MayOpen tells whether the app has a console to open, and why not.
	MayOpen models.Decision
	// MayActivate tells whether the person may create its first environment.
	MayActivate models.Decision
}

// AppList is one page of the apps of a person.
type AppList struct {
	Apps  []AppEntry
	Total int64
	// Page is the page that Apps is: the last one where a later one was asked for.
	Page models.PageRequest
}

// List returns a page of the apps that the actor is a member of and whose name or
// AppID holds a text, by name. The number of queries does not depend on the number
// of apps. Anybody who is signed in may call it.
func (s *Apps) List(ctx context.Context, actor models.Actor, text string, page models.PageRequest) (AppList, error) {
	if !actor.Known() {
		return AppList{}, models.E(models.CodeUnauthenticated, "error.unauthenticated")
	}
	search := store.AppSearch{UserID: actor.UserID, Text: models.SearchText(text)}
	total, err := s.store.Users.CountApps(ctx, search)
	if err != nil {
		return AppList{}, err
	}
	out := AppList{Total: total, Page: page.Within(total)}
	found, err := s.store.Users.Apps(ctx, search, out.Page)
	if err != nil {
		return AppList{}, err
	}
	out.Apps, err = s.entries(ctx, actor, found)
	return out, err
}

// Only returns the app that the actor can open when there is just one, else "".
// Anybody who is signed in may call it.
func (s *Apps) Only(ctx context.Context, actor models.Actor) (string, error) {
	if !actor.Known() {
		return "", models.E(models.CodeUnauthenticated, "error.unauthenticated")
	}
	found, err := s.store.Users.Apps(ctx, store.AppSearch{UserID: actor.UserID, Entering: s.now()}, models.PageRequest{Page: 1, Size: 2})
	if err != nil || len(found) != 1 {
		return "", err
	}
	entries, err := s.entries(ctx, actor, found)
	if err != nil || !entries[0].MayOpen.Allowed {
		return "", err
	}
	return entries[0].App.AppID, nil
}

// entries loads what a list shows beside apps, with a fixed number of queries.
func (s *Apps) entries(ctx context.Context, actor models.Actor, list []store.MemberApp) ([]AppEntry, error) {
	ids, principalIDs := make([]string, len(list)), make([]string, len(list))
	for i, a := range list {
		ids[i], principalIDs[i] = a.AppID, a.PrincipalID
	}
	principals, err := s.store.Principals.ByIDs(ctx, principalIDs)
	if err != nil {
		return nil, err
	}
	facts, err := s.factsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	entries := make([]AppEntry, len(list))
	for i, a := range list {
		f, place := facts[a.AppID], models.Standing{Actor: actor, Role: a.Role}
		f.App = a.App
		entries[i] = AppEntry{
			App: a.App, Principal: principals[a.PrincipalID], Role: a.Role, Activated: f.Activated(),
			MayOpen: models.MayOpenConsole(place, f, s.now()), MayActivate: models.MayCreateEnvironment(place),
		}
	}
	return entries, nil
}

// factsOf loads what decides whether apps have a console to open, by AppID: of each
// its oldest environment, and the oldest share to it that has not ended.
func (s *Apps) factsOf(ctx context.Context, ids []string) (map[string]models.AppFacts, error) {
	environments, err := s.store.Environments.OldestOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	shares, err := s.store.Shares.RunningOf(ctx, ids, s.now())
	if err != nil {
		return nil, err
	}
	facts := make(map[string]models.AppFacts, len(ids))
	for _, e := range environments {
		f := facts[e.AppID]
		f.OwnEnvironments = append(f.OwnEnvironments, e)
		facts[e.AppID] = f
	}
	for _, share := range shares {
		f := facts[share.GranteeAppID]
		f.Incoming = append(f.Incoming, share)
		facts[share.GranteeAppID] = f
	}
	return facts, nil
}

// Opened is an environment as a person sees it through an app.
type Opened struct {
	Console
	View      models.EnvironmentView
	Owner     models.App
	Permitted models.PermissionSet
	// Granted is what the app may do, before the person's role.
	Granted models.PermissionSet
	// HasAuthFunction tells whether cloudbase_auth is deployed.
	HasAuthFunction bool
	// AuthMissing tells that it is not, though other apps borrow the environment:
	// none of them gets in.
	AuthMissing bool

	place models.Standing
	base  base
}

// May decides an action on the opened environment.
func (o Opened) May(p models.Permission) models.Decision {
	return models.MayUse(o.place, o.View, p, o.base.now())
}

// MayChangeFunction decides whether a function may be created, changed or
// deleted.
func (o Opened) MayChangeFunction(name string) models.Decision {
	return models.MayChangeFunction(o.place, o.View, name, o.base.now())
}

// MayMonitorFunction decides whether the actor sees how functions do.
func (o Opened) MayMonitorFunction() models.Decision {
	return models.MayMonitorFunction(o.place, o.View, o.base.now())
}

// MayConfigure decides whether settings, rules and switches may be changed.
func (o Opened) MayConfigure() models.Decision {
	return models.MayConfigureEnvironment(o.place, o.View)
}

// Open returns an environment as the actor sees it through an app. Members of
// the app may call it; an environment that is neither the app's own nor lent to
// it is not found, one whose share rests is forbidden with the reason.
func (s *Apps) Open(ctx context.Context, actor models.Actor, appID, environmentID string) (Opened, error) {
	place, facts, err := entryOf(ctx, s.store, actor, appID, MaxSwitched, s.now())
	if err != nil {
		return Opened{}, err
	}
	view, err := s.view(ctx, s.store, place, facts, environmentID)
	if err != nil {
		return Opened{}, err
	}
	console, err := s.console(ctx, place, facts)
	if err != nil {
		return Opened{}, err
	}
	return s.opened(ctx, console, place, view)
}

func (s *Apps) opened(ctx context.Context, console Console, place models.Standing, view models.EnvironmentView) (Opened, error) {
	owner, now := view.Through, s.now()
	if view.Borrowed() {
		var err error
		if owner, err = s.store.Apps.ByID(ctx, view.Environment.AppID); err != nil {
			return Opened{}, err
		}
	}
	deployed, err := s.store.Functions.Names(ctx, models.AuthFunction, []string{view.Environment.ID})
	if err != nil {
		return Opened{}, err
	}
	missing := !deployed[view.Environment.ID]
	if missing && !view.Borrowed() {
		if missing, err = s.store.Shares.Lent(ctx, view.Environment.ID, now); err != nil {
			return Opened{}, err
		}
	}
	return Opened{
		Console: console, View: view, Owner: owner, Permitted: models.Permitted(place, view, now),
		Granted: view.Granted(now), HasAuthFunction: deployed[view.Environment.ID], AuthMissing: missing, place: place, base: s.base,
	}, nil
}

// look loads an environment as seen through an app, and decides that the actor
// may see it.
func (b base) look(ctx context.Context, tx *store.Store, actor models.Actor, appID, environmentID string) (models.Standing, models.AppFacts, models.EnvironmentView, error) {
	place, facts, err := entryOf(ctx, tx, actor, appID, 1, b.now())
	if err != nil {
		return models.Standing{}, models.AppFacts{}, models.EnvironmentView{}, err
	}
	view, err := b.view(ctx, tx, place, facts, environmentID)
	if err != nil {
		return models.Standing{}, models.AppFacts{}, models.EnvironmentView{}, err
	}
	return place, facts, view, nil
}

// view loads an environment as seen through an app that the actor entered, and
// decides that they may see it.
func (b base) view(ctx context.Context, tx *store.Store, place models.Standing, facts models.AppFacts, environmentID string) (models.EnvironmentView, error) {
	environment, err := tx.Environments.ByID(ctx, environmentID)
	if err != nil {
		return models.EnvironmentView{}, goneFrom(ctx, tx, facts.App.AppID, environmentID, err)
	}
	view := models.EnvironmentView{Environment: environment, Through: facts.App}
	if view.Borrowed() {
		share, lent, err := lending(ctx, tx, environment, facts.App.AppID)
		if err != nil {
			return models.EnvironmentView{}, err
		}
		if lent {
			view.Share = &share
		}
	}
	now := b.now()
	if err := models.MayOpenConsole(place, facts, now).Err(); err != nil && view.Share == nil {
		return models.EnvironmentView{}, err
	}
	return view, models.MaySeeEnvironment(place, view, now).Err()
}

// CreateEnvironment creates an environment in an app: its first one activates
// the app. Administrators of the app may call it. Field errors for name and
// prefix.
func (s *Apps) CreateEnvironment(ctx context.Context, actor models.Actor, appID string, form models.NewEnvironment) (models.Environment, error) {
	var suffix [3]byte
	if _, err := rand.Read(suffix[:]); err != nil {
		return models.Environment{}, err
	}
	environment := models.Environment{
		ID: form.Prefix + "-" + hex.EncodeToString(suffix[:]), AppID: appID, Name: strings.TrimSpace(form.Name), CreatedAt: s.now(),
	}
	err := s.change(ctx, func(tx *store.Store) error {
		place, err := standing(ctx, tx, actor, appID)
		if err != nil {
			return err
		}
		if err := models.MayCreateEnvironment(place).Err(); err != nil {
			return err
		}
		if err := form.Validate(); err != nil {
			return err
		}
		return s.insertEnvironment(ctx, tx, actor, environment)
	})
	return environment, err
}

// insertEnvironment adds an environment; the app keeps the sharing that it had.
func (b base) insertEnvironment(ctx context.Context, tx *store.Store, actor models.Actor, e models.Environment) error {
	before, err := b.appFacts(ctx, tx, e.AppID)
	if err != nil {
		return err
	}
	if err := tx.Environments.Insert(ctx, e); err != nil {
		return err
	}
	if sharing := models.SharingAfterActivation(before, b.now()); sharing != before.App.Sharing {
		if err := tx.Apps.SetSharing(ctx, e.AppID, sharing); err != nil {
			return err
		}
		action := models.AuditSharingDisabled
		if sharing {
			action = models.AuditSharingEnabled
		}
		if err := record(ctx, tx, actor, b.now(), sharingChange(action, e.AppID)); err != nil {
			return err
		}
	}
	return record(ctx, tx, actor, b.now(), change{
		Action: models.AuditEnvironmentSaved, AppID: e.AppID, EnvironmentID: e.ID, Subject: e.ID,
		After: map[string]any{"name": e.Name},
	})
}
