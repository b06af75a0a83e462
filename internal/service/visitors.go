package service

import (
	"context"
	"slices"
	"strings"

	"envshare/internal/store"
	"envshare/models"
)

// Visitors are the end users who were seen in environments: those whose app asks
// for it with traceUser.
type Visitors struct{ base }

// VisitorQuery says which visitors are listed.
type VisitorQuery struct {
	AppID  string // that they came from, "" for all
	Search string // a part of openid or unionid
	Page   models.PageRequest
}

// VisitorList is a page of visitors.
type VisitorList struct {
	Visitors []models.Visitor
	Total    int64
	// AppIDs are the apps that visitors came from, and Apps what is known of them.
	AppIDs []string
	Apps   map[string]models.App
}

// maxVisitorSearch bounds what is searched for, in bytes.
const maxVisitorSearch = 64

// List returns visitors of an environment, the latest first. Needs users.view. A
// borrower sees those of its own app and of the owner's.
func (s *Visitors) List(ctx context.Context, actor models.Actor, appID, env string, q VisitorQuery) (VisitorList, error) {
	view, _, err := s.see(ctx, actor, appID, env)
	if err != nil {
		return VisitorList{}, err
	}
	var out VisitorList
	if out.AppIDs, err = s.store.Clients.VisitorApps(ctx, env); err != nil {
		return out, err
	}
	seen := view.VisitorApps()
	out.AppIDs = slices.DeleteFunc(out.AppIDs, func(id string) bool { return seen != nil && !slices.Contains(seen, id) })
	if out.Apps, err = s.store.Apps.ByIDs(ctx, out.AppIDs); err != nil {
		return out, err
	}
	filter := store.VisitorFilter{EnvironmentID: env, Apps: seen, Search: strings.TrimSpace(q.Search)}
	if len(filter.Search) > maxVisitorSearch {
		return out, nil
	}
	if q.AppID != "" {
		if !slices.Contains(out.AppIDs, q.AppID) {
			return out, nil
		}
		filter.Apps = []string{q.AppID}
	}
	out.Visitors, out.Total, err = s.store.Clients.Visitors(ctx, filter, q.Page)
	return out, err
}

// see decides that the actor may see visitors of an environment.
func (s *Visitors) see(ctx context.Context, actor models.Actor, appID, env string) (models.EnvironmentView, models.Standing, error) {
	place, _, view, err := s.look(ctx, s.store, actor, appID, env)
	if err != nil {
		return view, place, err
	}
	return view, place, models.MayUse(place, view, models.UsersView, s.now()).Err()
}

// ShownVisitor is a visitor with what the environment's owner knows of them.
type ShownVisitor struct {
	models.Visitor
	App models.App
	// Sessions are their logins, shown to the app that they belong to.
	Sessions []models.ClientSession
	// Verdict is what cloudbase_auth said of them, nil for nothing that still holds.
	Verdict *models.Verdict
	// MaySignOut decides whether the actor may end their access.
	MaySignOut models.Decision
}

// Own reports whether the visitor came from the environment's own app: signing
// out ends their logins; of others it ends what cloudbase_auth allowed.
func (v ShownVisitor) Own(view models.EnvironmentView) bool {
	return v.AppID == view.Environment.AppID
}

// Get returns a visitor by their key. Needs users.view. Codes: not_found, also
// for visitors of an app that the actor does not see.
func (s *Visitors) Get(ctx context.Context, actor models.Actor, appID, env, key string) (ShownVisitor, error) {
	view, place, err := s.see(ctx, actor, appID, env)
	if err != nil {
		return ShownVisitor{}, err
	}
	out := ShownVisitor{MaySignOut: models.MaySignOutVisitor(place, view)}
	if out.Visitor, err = s.find(ctx, s.store, view, key); err != nil {
		return out, err
	}
	if out.App, err = s.store.Apps.ByID(ctx, out.AppID); err != nil {
		return out, err
	}
	now := s.now()
	if out.AppID == appID {
		if out.Sessions, err = s.store.Clients.Sessions(ctx, out.AppID, out.OpenID, now); err != nil {
			return out, err
		}
	}
	verdict, err := s.store.Clients.Verdict(ctx, out.AppID, out.OpenID, env)
	if models.IsCode(err, models.CodeNotFound) {
		return out, nil
	}
	if err == nil && now.Before(verdict.ExpiresAt) {
		out.Verdict = &verdict
	}
	return out, err
}

func (s *Visitors) find(ctx context.Context, tx *store.Store, view models.EnvironmentView, key string) (models.Visitor, error) {
	v, err := models.ParseVisitorKey(key)
	if err != nil {
		return v, err
	}
	if apps := view.VisitorApps(); apps != nil && !slices.Contains(apps, v.AppID) {
		return v, models.E(models.CodeNotFound, "error.not_found")
	}
	return tx.Clients.Visitor(ctx, view.Environment.ID, v.AppID, v.OpenID)
}

// SignOut ends the access of a visitor at once: all logins of one of the owner's
// own app; of another app what cloudbase_auth allowed, so that its next init() is
// judged again. Administrators of the environment's owner may call it.
func (s *Visitors) SignOut(ctx context.Context, actor models.Actor, appID, env, key string) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		place, _, view, err := s.look(ctx, tx, actor, appID, env)
		if err != nil {
			return err
		}
		if err := models.MaySignOutVisitor(place, view).Err(); err != nil {
			return err
		}
		v, err := s.find(ctx, tx, view, key)
		if err != nil {
			return err
		}
		c := change{Action: models.AuditVisitorSignedOut, AppID: appID, EnvironmentID: env, Subject: cutSubject(v.OpenID)}
		if v.AppID == view.Environment.AppID {
			err = tx.Clients.SignOut(ctx, v.AppID, v.OpenID)
		} else {
			c.OtherAppID = v.AppID
			err = tx.Clients.DropVerdict(ctx, v.AppID, v.OpenID, env)
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), c)
	})
}
