package service

import (
	"context"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// MaxSwitched is how many apps, own environments and shares the switchers of the top
// bar know; their last link leads to all.
const MaxSwitched = 30

// Console is what every page of an app's console stands on.
type Console struct {
	// Apps are the first that the person is a member of, by name.
	Apps      []models.App
	App       models.App
	Principal models.Principal
	Role      models.Role
	Activated bool
	SharingOn bool
	// SeesShares tells whether there is anything to see of sharing: it is on, or
	// somebody shares with the app, which the app must see to use and to leave it
	// (S8, S12).
	SeesShares bool
	// Own are the first of the app's environments, Borrowed the first of those that
	// other apps lend: what the switchers list.
	Own      []models.Environment
	Borrowed []BorrowedEnvironment
	// Default is the environment that the console opens on, "" for none.
	Default string
	// Outgoing and Incoming count the shares of the app.
	Outgoing, Incoming int64

	MayOpen              models.Decision
	MayCreateEnvironment models.Decision
	MayEnableSharing     models.Decision
	MayDisableSharing    models.Decision // by somebody who confirms what ends (S13)
	MayAdministerSharing models.Decision // enable and share: the role alone
	MayShare             models.Decision // while sharing is on
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
	place, facts, err := entryOf(ctx, s.store, actor, appID, MaxSwitched, s.now())
	if err != nil {
		return Console{}, err
	}
	return s.console(ctx, place, facts)
}

// Enter returns the console of an app and, opened in it, the first of these
// environments that can be opened still, else the one that the console opens on;
// nil where there is none. "" is no environment. Members of the app may call it;
// an app without console entry is forbidden with the reason.
func (s *Apps) Enter(ctx context.Context, actor models.Actor, appID string, environments ...string) (Console, *Opened, error) {
	place, facts, err := entryOf(ctx, s.store, actor, appID, MaxSwitched, s.now())
	if err != nil {
		return Console{}, nil, err
	}
	if err := models.MayOpenConsole(place, facts, s.now()).Err(); err != nil {
		return Console{}, nil, err
	}
	console, err := s.console(ctx, place, facts)
	if err != nil {
		return Console{}, nil, err
	}
	for _, env := range append(environments, console.Default) {
		if env == "" {
			continue
		}
		view, err := s.view(ctx, s.store, place, facts, env)
		if models.IsCode(err, models.CodeForbidden) || models.IsCode(err, models.CodeNotFound) {
			continue
		}
		if err != nil {
			return Console{}, nil, err
		}
		opened, err := s.opened(ctx, console, place, view)
		return console, &opened, err
	}
	return console, nil, nil
}

// entryOf loads an actor's place in an app, and what decides how the app enters the
// console with the first n environments and shares; for strangers the app is not
// found.
func entryOf(ctx context.Context, tx *store.Store, actor models.Actor, appID string, n int, now time.Time) (models.Standing, models.AppFacts, error) {
	place, err := standing(ctx, tx, actor, appID)
	if err != nil {
		return models.Standing{}, models.AppFacts{}, err
	}
	if err := models.MaySeeApp(place).Err(); err != nil {
		return models.Standing{}, models.AppFacts{}, err
	}
	facts, err := firstFacts(ctx, tx, appID, n, now)
	return place, facts, err
}

func (s *Apps) console(ctx context.Context, place models.Standing, facts models.AppFacts) (Console, error) {
	now := s.now()
	apps, err := s.store.Users.Apps(ctx, store.AppSearch{UserID: place.Actor.UserID}, models.PageRequest{Page: 1, Size: MaxSwitched})
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
	outgoing, incoming, err := s.store.Shares.Totals(ctx, facts.App.AppID)
	if err != nil {
		return Console{}, err
	}
	return Console{
		Apps: appsOf(apps), App: facts.App, Principal: principal, Role: place.Role,
		Activated: facts.Activated(), SharingOn: facts.SharingOn(now), SeesShares: facts.SharingOn(now) || incoming > 0,
		Own: facts.OwnEnvironments, Borrowed: borrowed, Default: facts.DefaultEnvironment(now), Outgoing: outgoing, Incoming: incoming,
		MayOpen:              models.MayOpenConsole(place, facts, now),
		MayCreateEnvironment: models.MayCreateEnvironment(place),
		MayEnableSharing:     models.MayEnableSharing(place, facts, now),
		MayDisableSharing:    models.MayDisableSharing(place, facts, int(outgoing), true),
		MayAdministerSharing: models.MayAdministerSharing(place),
		MayShare:             mayShareAny(place, facts, now),
	}, nil
}

func appsOf(list []store.MemberApp) []models.App {
	out := make([]models.App, len(list))
	for i, a := range list {
		out[i] = a.App
	}
	return out
}

// borrowed lists what the shares of facts lend to an app, in the order of the
// shares, ended ones left out.
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

// lending returns the share that lends an environment to an app, at work or at
// rest, and whether there is one.
func lending(ctx context.Context, tx *store.Store, e models.Environment, appID string) (models.Share, bool, error) {
	share, err := tx.Shares.Between(ctx, e.AppID, appID)
	if models.IsCode(err, models.CodeNotFound) {
		return models.Share{}, false, nil
	}
	if err != nil {
		return models.Share{}, false, err
	}
	_, lent := share.Grant(e.ID)
	return share, lent, nil
}
