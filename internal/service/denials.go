package service

import (
	"context"
	"encoding/json"

	"envshare/internal/store"
	"envshare/models"
)

// Denials are what was refused: calls between apps, calls of clients that rules
// refuse, and what borrowers tried in the console.
type Denials struct {
	base
	recorder *denialRecorder
}

// ListedDenial is a denial with what a list shows beside it.
type ListedDenial struct {
	models.Denial
	Msg         models.Msg
	Caller      models.App // zero for a visitor or an app that is not named
	Environment models.Environment
	Owner       models.App
	Fix         models.Fix
}

// DenialList is one page of denials, and what it can be narrowed to.
type DenialList struct {
	Denials      []ListedDenial
	Total        int64
	Environments []models.Environment
	Callers      []models.App
}

// maxDenialCallers and maxDenialEnvironments bound what a list offers to be narrowed
// to.
const (
	maxDenialCallers      = 200
	maxDenialEnvironments = 200
)

// List returns what was refused in an app's environments, the latest first, or,
// with Borrowed, what the app was refused in those lent to it: a refusal in any
// other environment is its owner's alone to see (C7). Members may call it.
func (s *Denials) List(ctx context.Context, actor models.Actor, appID string, filter models.DenialFilter, page models.PageRequest) (DenialList, error) {
	search, err := s.search(ctx, actor, appID, filter)
	if err != nil {
		return DenialList{}, err
	}
	out, err := s.choices(ctx, search)
	if err != nil {
		return DenialList{}, err
	}
	found, total, err := s.store.Denials.List(ctx, search, page)
	if err != nil {
		return DenialList{}, err
	}
	out.Total = total
	out.Denials, err = s.listed(ctx, found)
	return out, err
}

// Latest returns the last n of what List lists, alone. Members may call it.
func (s *Denials) Latest(ctx context.Context, actor models.Actor, appID string, filter models.DenialFilter, n int) ([]ListedDenial, error) {
	search, err := s.search(ctx, actor, appID, filter)
	if err != nil {
		return nil, err
	}
	found, _, err := s.store.Denials.List(ctx, search, models.PageRequest{Page: 1, Size: n})
	if err != nil {
		return nil, err
	}
	return s.listed(ctx, found)
}

// search decides that the actor may see refusals of an app, and which are meant.
func (s *Denials) search(ctx context.Context, actor models.Actor, appID string, filter models.DenialFilter) (store.DenialSearch, error) {
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil {
		return store.DenialSearch{}, err
	}
	if err := models.MaySeeDenials(place).Err(); err != nil {
		return store.DenialSearch{}, err
	}
	if filter.Borrowed {
		filter.CallerAppID = appID
	}
	return store.DenialSearch{AppID: appID, Filter: filter}, s.recorder.flush(ctx)
}

// choices are what a list can be narrowed to.
func (s *Denials) choices(ctx context.Context, search store.DenialSearch) (DenialList, error) {
	of := store.EnvironmentSearch{AppID: search.AppID, Now: s.now()}
	if !search.Filter.Borrowed {
		own, err := s.store.Environments.Owned(ctx, of, 0, maxDenialEnvironments)
		if err != nil {
			return DenialList{}, err
		}
		search.Filter.EnvironmentID = ""
		callers, err := s.callers(ctx, search)
		return DenialList{Environments: own, Callers: callers}, err
	}
	lent, err := s.store.Environments.Borrowed(ctx, of, 0, maxDenialEnvironments)
	if err != nil {
		return DenialList{}, err
	}
	ids := make([]string, len(lent))
	for i, one := range lent {
		ids[i] = one.EnvironmentID
	}
	byID, err := s.store.Environments.ByIDs(ctx, ids)
	out := DenialList{}
	for _, id := range ids {
		out.Environments = append(out.Environments, byID[id])
	}
	return out, err
}

func (s *Denials) callers(ctx context.Context, search store.DenialSearch) ([]models.App, error) {
	ids, err := s.store.Denials.Callers(ctx, search, maxDenialCallers)
	if err != nil {
		return nil, err
	}
	byID, err := s.store.Apps.ByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []models.App
	for _, id := range ids {
		if app, ok := byID[id]; ok {
			out = append(out, app)
		}
	}
	return out, nil
}

func (s *Denials) listed(ctx context.Context, list []models.Denial) ([]ListedDenial, error) {
	var ids, appIDs []string
	for _, d := range list {
		ids, appIDs = append(ids, d.EnvironmentID), append(appIDs, d.CallerAppID)
	}
	byID, err := s.store.Environments.ByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, e := range byID {
		appIDs = append(appIDs, e.AppID)
	}
	apps, err := s.store.Apps.ByIDs(ctx, appIDs)
	if err != nil {
		return nil, err
	}
	out := make([]ListedDenial, 0, len(list))
	for _, d := range list {
		e := byID[d.EnvironmentID]
		step := models.StepOf(d.Code)
		out = append(out, ListedDenial{
			Denial: d, Msg: keptMessage(d), Caller: apps[d.CallerAppID], Environment: e, Owner: apps[e.AppID], Fix: models.FixOf(step, d.Code),
		})
	}
	return out, nil
}

// keptMessage is the message of a denial as it was given to the caller.
func keptMessage(d models.Denial) models.Msg {
	msg := models.Msg{Key: d.MsgKey}
	if json.Unmarshal([]byte(d.MsgArgs), &msg.Args) != nil {
		msg.Args = nil
	}
	if name, ok := msg.Args["permission"].(string); ok {
		msg.Args["permission"] = models.Permission(name)
	}
	return msg
}

// Refused takes note of what a borrower was refused in the console, beside the
// answer that it goes with. Anything else is left alone.
func (s *Denials) Refused(ctx context.Context, actor models.Actor, appID, environmentID string, refused error) {
	if environmentID == "" || !models.CountsInConsole(models.MsgOf(refused).Key) {
		return
	}
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil || !models.MaySeeApp(place).Allowed {
		return
	}
	environment, err := s.store.Environments.ByID(ctx, environmentID)
	if err != nil {
		return
	}
	if _, lent, err := lending(ctx, s.store, environment, appID); err != nil || !lent {
		return
	}
	operation, _ := models.MsgOf(refused).Args["key"].(string)
	s.recorder.note(refusedCall{
		env: environmentID, owner: environment.AppID, caller: appID, shared: true, plane: models.PlaneConsole, operation: operation,
	}, refused)
}
