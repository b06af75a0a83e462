package service

import (
	"context"
	"encoding/json"
	"slices"

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

// maxDenialCallers bounds the apps that a list can be narrowed to.
const maxDenialCallers = 200

// List returns what was refused in an app's environments, the latest first, or,
// with Borrowed, what the app was refused in those lent to it: a refusal in any
// other environment is its owner's alone to see (C7). Members may call it.
func (s *Denials) List(ctx context.Context, actor models.Actor, appID string, filter models.DenialFilter, page models.PageRequest) (DenialList, error) {
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil {
		return DenialList{}, err
	}
	if err := models.MaySeeDenials(place).Err(); err != nil {
		return DenialList{}, err
	}
	if err := s.recorder.flush(ctx); err != nil {
		return DenialList{}, err
	}
	environments, err := s.seen(ctx, appID, filter.Borrowed)
	if err != nil {
		return DenialList{}, err
	}
	ids := make([]string, 0, len(environments))
	for _, e := range environments {
		if filter.OwnerAppID == "" || filter.OwnerAppID == e.AppID {
			ids = append(ids, e.ID)
		}
	}
	out := DenialList{Environments: environments}
	if filter.Borrowed {
		filter.CallerAppID = appID
	} else if out.Callers, err = s.callers(ctx, ids); err != nil {
		return DenialList{}, err
	}
	if filter.EnvironmentID != "" {
		ids = slices.DeleteFunc(ids, func(id string) bool { return id != filter.EnvironmentID })
	}
	found, total, err := s.store.Denials.List(ctx, ids, filter.CallerAppID, filter.Code, page)
	if err != nil {
		return DenialList{}, err
	}
	out.Total = total
	out.Denials, err = s.listed(ctx, found, environments)
	return out, err
}

// seen are the environments whose denials an app's members may read.
func (s *Denials) seen(ctx context.Context, appID string, borrowed bool) ([]models.Environment, error) {
	facts, err := appFacts(ctx, s.store, appID)
	if err != nil || !borrowed {
		return facts.OwnEnvironments, err
	}
	var ids []string
	for _, share := range facts.Incoming {
		for _, g := range share.Grants {
			ids = append(ids, g.EnvironmentID)
		}
	}
	byID, err := s.store.Environments.ByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []models.Environment
	for _, id := range ids {
		out = append(out, byID[id])
	}
	return out, nil
}

func (s *Denials) callers(ctx context.Context, environmentIDs []string) ([]models.App, error) {
	ids, err := s.store.Denials.Callers(ctx, environmentIDs, maxDenialCallers)
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

func (s *Denials) listed(ctx context.Context, list []models.Denial, environments []models.Environment) ([]ListedDenial, error) {
	byID := map[string]models.Environment{}
	var appIDs []string
	for _, e := range environments {
		byID[e.ID] = e
		appIDs = append(appIDs, e.AppID)
	}
	for _, d := range list {
		appIDs = append(appIDs, d.CallerAppID)
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
	facts, err := appFacts(ctx, s.store, appID)
	if err != nil {
		return
	}
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil || !models.MaySeeApp(place).Allowed {
		return
	}
	for _, share := range facts.Incoming {
		if _, ok := share.Grant(environmentID); !ok {
			continue
		}
		operation, _ := models.MsgOf(refused).Args["key"].(string)
		s.recorder.note(refusedCall{
			env: environmentID, owner: share.OwnerAppID, caller: appID, shared: true, plane: models.PlaneConsole, operation: operation,
		}, refused)
	}
}
