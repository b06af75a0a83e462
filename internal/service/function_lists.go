package service

import (
	"context"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// FunctionPage is a page of an environment's functions.
type FunctionPage struct {
	Functions []models.Function
	// Last is the last run of each that was called, by name, without its logs.
	Last  map[string]models.Invocation
	Total int64
	// Week is what each did in the last seven days, by name; nil for who may not see
	// statistics.
	Week map[string]models.Tally
}

// Page returns a page of the functions of an environment by name, those whose
// name holds a text, with their last runs. Needs functions.view.
func (s *Functions) Page(ctx context.Context, actor models.Actor, appID, env, text string, page models.PageRequest) (FunctionPage, error) {
	place, _, view, err := s.look(ctx, s.store, actor, appID, env)
	if err != nil {
		return FunctionPage{}, err
	}
	if err := models.MayUse(place, view, models.FunctionsView, s.now()).Err(); err != nil {
		return FunctionPage{}, err
	}
	if err := s.recorder.flush(ctx); err != nil {
		return FunctionPage{}, err
	}
	list, total, err := s.store.Functions.Page(ctx, env, models.SearchText(text), page)
	if err != nil {
		return FunctionPage{}, err
	}
	names := make([]string, 0, len(list))
	for _, f := range list {
		names = append(names, f.Name)
	}
	out := FunctionPage{Functions: list, Total: total}
	if out.Last, err = s.store.Invocations.Last(ctx, env, names); err != nil {
		return FunctionPage{}, err
	}
	if models.MayMonitorFunction(place, view, s.now()).Allowed {
		since := store.UsageFilter{EnvironmentID: env, Layout: models.DayLayout, Since: s.now().AddDate(0, 0, 1-weekDays)}
		out.Week, err = s.store.Usage.OfFunctions(ctx, since, names)
	}
	return out, err
}

// FunctionOverview is an environment's functions at a glance.
type FunctionOverview struct {
	Functions int64
	Runs      int64 // in the last 24 hours
	// Recent are the last runs, newest first, without results and logs.
	Recent []models.Invocation
}

// Overview returns the functions of an environment at a glance, with its last runs.
// Needs functions.view.
func (s *Functions) Overview(ctx context.Context, actor models.Actor, appID, env string, recent int) (FunctionOverview, error) {
	if _, err := s.may(ctx, s.store, actor, appID, env, models.FunctionsView); err != nil {
		return FunctionOverview{}, err
	}
	if err := s.recorder.flush(ctx); err != nil {
		return FunctionOverview{}, err
	}
	var out FunctionOverview
	var err error
	if out.Functions, err = s.store.Functions.Count(ctx, env); err != nil {
		return FunctionOverview{}, err
	}
	if out.Runs, err = s.store.Invocations.CountSince(ctx, env, s.now().Add(-24*time.Hour)); err != nil {
		return FunctionOverview{}, err
	}
	out.Recent, err = s.store.Invocations.Recent(ctx, env, recent)
	return out, err
}

// LogPage is a page of a function's runs.
type LogPage struct {
	Runs   []models.Invocation
	Total  int64
	Newest string // id of the last run, whatever the filter; "" for none
}

// Logs returns a page of a function's runs that a filter chooses, newest first, with
// the beginning of their logs. Where the last run is still since, nothing but its id
// is read; since is "" to read in any case. Needs functions.view.
func (s *Functions) Logs(ctx context.Context, actor models.Actor, appID, env, name, since string, filter models.InvocationFilter, page models.PageRequest) (LogPage, error) {
	if _, err := s.Get(ctx, actor, appID, env, name); err != nil {
		return LogPage{}, err
	}
	if err := s.recorder.flush(ctx); err != nil {
		return LogPage{}, err
	}
	newest, err := s.store.Invocations.Newest(ctx, env, name)
	out := LogPage{Newest: newest}
	if err != nil || since != "" && since == newest {
		return out, err
	}
	out.Runs, out.Total, err = s.store.Invocations.Logs(ctx, env, name, filter, page)
	return out, err
}
