package service

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
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

// List returns the apps that the actor is a member of, by name. Anybody who is
// signed in may call it.
func (s *Apps) List(ctx context.Context, actor models.Actor) ([]AppEntry, error) {
	if !actor.Known() {
		return nil, models.E(models.CodeUnauthenticated, "error.unauthenticated")
	}
	return s.entries(ctx, actor)
}

func (s *Apps) entries(ctx context.Context, actor models.Actor) ([]AppEntry, error) {
	roles, err := s.store.Users.Memberships(ctx, actor.UserID)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(roles))
	for id := range roles {
		ids = append(ids, id)
	}
	facts, err := s.factsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	principals, err := s.principals(ctx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	entries := make([]AppEntry, 0, len(facts))
	for _, f := range facts {
		standing := models.Standing{Actor: actor, Role: roles[f.App.AppID]}
		entries = append(entries, AppEntry{
			App: f.App, Principal: principals[f.App.PrincipalID], Role: standing.Role, Activated: f.Activated(),
			MayOpen: models.MayOpenConsole(standing, f, now), MayActivate: models.MayCreateEnvironment(standing),
		})
	}
	slices.SortFunc(entries, func(a, b AppEntry) int {
		if c := strings.Compare(a.App.Name, b.App.Name); c != 0 {
			return c
		}
		return strings.Compare(a.App.AppID, b.App.AppID)
	})
	return entries, nil
}

// factsOf loads the facts of many apps with a fixed number of queries.
func (s *Apps) factsOf(ctx context.Context, ids []string) ([]models.AppFacts, error) {
	apps, err := s.store.Apps.ByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	environments, err := s.store.Environments.OwnedByAny(ctx, ids)
	if err != nil {
		return nil, err
	}
	incoming, err := s.store.Shares.IncomingOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	byApp := make(map[string]*models.AppFacts, len(apps))
	facts := make([]models.AppFacts, 0, len(apps))
	for id, app := range apps {
		byApp[id] = &models.AppFacts{App: app}
	}
	for _, e := range environments {
		byApp[e.AppID].OwnEnvironments = append(byApp[e.AppID].OwnEnvironments, e)
	}
	for _, share := range incoming {
		byApp[share.GranteeAppID].Incoming = append(byApp[share.GranteeAppID].Incoming, share)
	}
	for _, f := range byApp {
		facts = append(facts, *f)
	}
	return facts, nil
}

func (s *Apps) principals(ctx context.Context) (map[string]models.Principal, error) {
	list, err := s.store.Principals.List(ctx)
	out := make(map[string]models.Principal, len(list))
	for _, p := range list {
		out[p.ID] = p
	}
	return out, err
}

// Console is what every page of an app's console stands on.
type Console struct {
	Apps      []AppEntry
	App       models.App
	Principal models.Principal
	Role      models.Role
	Activated bool
	SharingOn bool
	// SeesShares tells whether there is anything to see of sharing: it is on, or
	// somebody shares with the app, which the app must see to use and to leave it
	// (S8, S12).
	SeesShares bool
	Own        []models.Environment
	Borrowed   []BorrowedEnvironment
	// Default is the environment that the console opens on, "" for none.
	Default string

	MayOpen              models.Decision
	MayCreateEnvironment models.Decision
	MayEnableSharing     models.Decision
	MayDisableSharing    models.Decision // by somebody who confirms what ends (S13)
	MayAdministerSharing models.Decision // enable and share: the role alone
}

// BorrowedEnvironment is an environment that another app lends.
type BorrowedEnvironment struct {
	Environment models.Environment
	Owner       models.App
	Share       models.Share
	Permissions models.PermissionSet
	Status      models.ShareStatus
}

// Console returns what the actor sees around the pages of an app. Members may
// call it; for others the app is not found. An app without console entry is no
// error here: MayOpen says why it stays closed (S11).
func (s *Apps) Console(ctx context.Context, actor models.Actor, appID string) (Console, error) {
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil {
		return Console{}, err
	}
	if err := models.MaySeeApp(place).Err(); err != nil {
		return Console{}, err
	}
	facts, err := appFacts(ctx, s.store, appID)
	if err != nil {
		return Console{}, err
	}
	return s.console(ctx, place, facts)
}

func (s *Apps) console(ctx context.Context, place models.Standing, facts models.AppFacts) (Console, error) {
	now := s.now()
	entries, err := s.entries(ctx, place.Actor)
	if err != nil {
		return Console{}, err
	}
	principal, err := s.store.Principals.ByID(ctx, facts.App.PrincipalID)
	if err != nil {
		return Console{}, err
	}
	borrowed, err := s.borrowed(ctx, facts)
	if err != nil {
		return Console{}, err
	}
	_, outgoing, err := s.store.Shares.Outgoing(ctx, facts.App.AppID, models.PageRequest{Page: 1, Size: 1})
	if err != nil {
		return Console{}, err
	}
	return Console{
		Apps: entries, App: facts.App, Principal: principal, Role: place.Role,
		Activated: facts.Activated(), SharingOn: facts.SharingOn(now), SeesShares: facts.SharingOn(now) || len(facts.Incoming) > 0,
		Own: facts.OwnEnvironments, Borrowed: borrowed, Default: facts.DefaultEnvironment(now),
		MayOpen:              models.MayOpenConsole(place, facts, now),
		MayCreateEnvironment: models.MayCreateEnvironment(place),
		MayEnableSharing:     models.MayEnableSharing(place, facts, now),
		MayDisableSharing:    models.MayDisableSharing(place, facts, int(outgoing), true),
		MayAdministerSharing: models.MayCreateEnvironment(place),
	}, nil
}

// borrowed lists what an app borrows, in the order of its shares, ended ones
// left out.
func (s *Apps) borrowed(ctx context.Context, facts models.AppFacts) ([]BorrowedEnvironment, error) {
	now := s.now()
	var environmentIDs, ownerIDs []string
	live := facts.LiveIncoming(now)
	for _, share := range live {
		ownerIDs = append(ownerIDs, share.OwnerAppID)
		for _, g := range share.Grants {
			environmentIDs = append(environmentIDs, g.EnvironmentID)
		}
	}
	environments, err := s.store.Environments.ByIDs(ctx, environmentIDs)
	if err != nil {
		return nil, err
	}
	owners, err := s.store.Apps.ByIDs(ctx, ownerIDs)
	if err != nil {
		return nil, err
	}
	var out []BorrowedEnvironment
	for _, share := range live {
		for _, g := range share.Grants {
			out = append(out, BorrowedEnvironment{
				Environment: environments[g.EnvironmentID], Owner: owners[share.OwnerAppID],
				Share: share, Permissions: g.Permissions, Status: share.Status(now),
			})
		}
	}
	return out, nil
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
	place, facts, view, err := s.look(ctx, s.store, actor, appID, environmentID)
	if err != nil {
		return Opened{}, err
	}
	console, err := s.console(ctx, place, facts)
	if err != nil {
		return Opened{}, err
	}
	owner := view.Through
	if view.Borrowed() {
		if owner, err = s.store.Apps.ByID(ctx, view.Environment.AppID); err != nil {
			return Opened{}, err
		}
	}
	deployed, err := s.store.Functions.Names(ctx, models.AuthFunction, []string{environmentID})
	if err != nil {
		return Opened{}, err
	}
	now := s.now()
	missing := !deployed[environmentID]
	if missing && !view.Borrowed() {
		if missing, err = s.store.Shares.Lent(ctx, environmentID, now); err != nil {
			return Opened{}, err
		}
	}
	return Opened{
		Console: console, View: view, Owner: owner, Permitted: models.Permitted(place, view, now),
		Granted: view.Granted(now), HasAuthFunction: deployed[environmentID], AuthMissing: missing, place: place, base: s.base,
	}, nil
}

// look loads an environment as seen through an app, and decides that the actor
// may see it.
func (b base) look(ctx context.Context, tx *store.Store, actor models.Actor, appID, environmentID string) (models.Standing, models.AppFacts, models.EnvironmentView, error) {
	fail := func(err error) (models.Standing, models.AppFacts, models.EnvironmentView, error) {
		return models.Standing{}, models.AppFacts{}, models.EnvironmentView{}, err
	}
	place, err := standing(ctx, tx, actor, appID)
	if err != nil {
		return fail(err)
	}
	if err := models.MaySeeApp(place).Err(); err != nil {
		return fail(err)
	}
	facts, err := appFacts(ctx, tx, appID)
	if err != nil {
		return fail(err)
	}
	environment, err := tx.Environments.ByID(ctx, environmentID)
	if err != nil {
		return fail(goneFrom(ctx, tx, appID, environmentID, err))
	}
	view := models.EnvironmentView{Environment: environment, Through: facts.App}
	for _, share := range facts.Incoming {
		if _, ok := share.Grant(environmentID); ok && share.OwnerAppID == environment.AppID {
			view.Share = &share
		}
	}
	now := b.now()
	if err := models.MayOpenConsole(place, facts, now).Err(); err != nil && view.Share == nil {
		return fail(err)
	}
	return place, facts, view, models.MaySeeEnvironment(place, view, now).Err()
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
	before, err := appFacts(ctx, tx, e.AppID)
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
