package service

import (
	"context"

	"envshare/internal/store"
	"envshare/models"
)

const (
	// maxFound bounds what a search shows of one kind.
	maxFound = 10
	// MaxSearched is in how many own and in how many borrowed environments functions
	// are looked for.
	MaxSearched = 200
)

// FoundFunction is a function that a search found.
type FoundFunction struct {
	Name        string
	Environment models.Environment
	Borrowed    bool
}

// Found is what a search finds in the console of an app, the first of each kind.
type Found struct {
	Environments EnvironmentList
	Functions    []FoundFunction
	// MoreFunctions says that not all are listed, Partly that functions were looked for
	// in the first environments alone.
	MoreFunctions, Partly bool
	// Lends and Borrows are shares, by the other app's name, AppID or the note.
	Lends, Borrows FoundShares
}

// FoundShares are the first shares of one direction that a search found, and how
// many there are.
type FoundShares struct {
	Shares []FoundShare
	Total  int64
}

// FoundShare is a share with the app on its other side.
type FoundShare struct {
	ID, Note string
	Other    models.App
}

// None tells that nothing was found.
func (f Found) None() bool {
	return f.Environments.Total() == 0 && len(f.Functions) == 0 && f.Lends.Total == 0 && f.Borrows.Total == 0
}

// Search looks for environments, functions and shares in the console of an app.
type Search struct {
	base
	apps *Apps
}

// Find returns what holds a text, as far as the actor sees it: functions of an
// environment only with functions.view. No text finds nothing. The number of queries
// does not depend on how much there is. Members of the app may call it while it has
// a console.
func (s *Search) Find(ctx context.Context, actor models.Actor, appID, text string) (Found, error) {
	place, facts, err := entryOf(ctx, s.store, actor, appID, 1, s.now())
	if err != nil {
		return Found{}, err
	}
	if err := models.MayOpenConsole(place, facts, s.now()).Err(); err != nil {
		return Found{}, err
	}
	if text = models.SearchText(text); text == "" {
		return Found{}, nil
	}
	var out Found
	page := models.PageRequest{Page: 1, Size: maxFound}
	if out.Environments, err = s.apps.Environments(ctx, actor, appID, EnvironmentFilter{Text: text}, page); err != nil {
		return Found{}, err
	}
	if out.Lends, err = s.shares(ctx, appID, text, false, page); err != nil {
		return Found{}, err
	}
	if out.Borrows, err = s.shares(ctx, appID, text, true, page); err != nil {
		return Found{}, err
	}
	err = s.functions(ctx, place, facts.App, text, &out)
	return out, err
}

// shares looks for shares of one direction.
func (s *Search) shares(ctx context.Context, appID, text string, incoming bool, page models.PageRequest) (FoundShares, error) {
	search := store.ShareSearch{AppID: appID, Incoming: incoming, Filter: models.ShareFilter{Text: text}.Clean(), Now: s.now()}
	counts, err := s.store.Shares.Count(ctx, search)
	if err != nil {
		return FoundShares{}, err
	}
	shares, err := s.store.Shares.Find(ctx, search, page)
	if err != nil {
		return FoundShares{}, err
	}
	others := make([]string, len(shares))
	for i, share := range shares {
		if others[i] = share.GranteeAppID; incoming {
			others[i] = share.OwnerAppID
		}
	}
	apps, err := s.store.Apps.ByIDs(ctx, others)
	if err != nil {
		return FoundShares{}, err
	}
	out := FoundShares{Total: counts.In(search.Filter.State)}
	for i, share := range shares {
		out.Shares = append(out.Shares, FoundShare{ID: share.ID, Note: share.Note, Other: apps[others[i]]})
	}
	return out, nil
}

// functions looks in the environments whose functions the actor may view.
func (s *Search) functions(ctx context.Context, place models.Standing, app models.App, text string, out *Found) error {
	views, partly, err := s.views(ctx, app)
	if err != nil {
		return err
	}
	out.Partly = partly
	ids := make([]string, 0, len(views))
	for id, view := range views {
		if models.MayUse(place, view, models.FunctionsView, s.now()).Allowed {
			ids = append(ids, id)
		}
	}
	found, err := s.store.Functions.Find(ctx, ids, text, maxFound+1)
	if err != nil {
		return err
	}
	out.MoreFunctions = len(found) > maxFound
	for _, f := range found[:min(len(found), maxFound)] {
		view := views[f.EnvironmentID]
		out.Functions = append(out.Functions, FoundFunction{Name: f.Name, Environment: view.Environment, Borrowed: view.Borrowed()})
	}
	return nil
}

// views are the first environments that are seen through an app, by id, and whether
// there are more.
func (s *Search) views(ctx context.Context, app models.App) (map[string]models.EnvironmentView, bool, error) {
	all := store.EnvironmentSearch{AppID: app.AppID, Now: s.now()}
	own, err := s.store.Environments.Owned(ctx, all, 0, MaxSearched+1)
	if err != nil {
		return nil, false, err
	}
	list, err := s.store.Environments.Borrowed(ctx, all, 0, MaxSearched+1)
	if err != nil {
		return nil, false, err
	}
	partly := len(own) > MaxSearched || len(list) > MaxSearched
	own, list = own[:min(len(own), MaxSearched)], list[:min(len(list), MaxSearched)]
	borrowed, err := s.apps.lent(ctx, list)
	if err != nil {
		return nil, false, err
	}
	views := make(map[string]models.EnvironmentView, len(own)+len(borrowed))
	for _, e := range own {
		views[e.ID] = models.EnvironmentView{Environment: e, Through: app}
	}
	for _, b := range borrowed {
		views[b.Environment.ID] = models.EnvironmentView{Environment: b.Environment, Through: app, Share: &b.Share}
	}
	return views, partly, nil
}
