package service

import (
	"context"

	"envshare/models"
)

// FunctionPage is a page of an environment's functions.
type FunctionPage struct {
	Functions []models.Function
	// Last is the last run of each that was called, by name, without its logs.
	Last  map[string]models.Invocation
	Total int64
}

// Page returns a page of the functions of an environment by name, those whose
// name holds a text, with their last runs. Needs functions.view.
func (s *Functions) Page(ctx context.Context, actor models.Actor, appID, env, text string, page models.PageRequest) (FunctionPage, error) {
	if _, err := s.may(ctx, s.store, actor, appID, env, models.FunctionsView); err != nil {
		return FunctionPage{}, err
	}
	if err := s.recorder.flush(ctx); err != nil {
		return FunctionPage{}, err
	}
	list, total, err := s.store.Functions.Page(ctx, env, text, page)
	if err != nil {
		return FunctionPage{}, err
	}
	names := make([]string, 0, len(list))
	for _, f := range list {
		names = append(names, f.Name)
	}
	last, err := s.store.Invocations.Last(ctx, env, names)
	return FunctionPage{Functions: list, Last: last, Total: total}, err
}

// Logs returns a page of a function's runs that a filter chooses, newest first,
// with the beginning of their logs, and how many there are. Needs functions.view.
func (s *Functions) Logs(ctx context.Context, actor models.Actor, appID, env, name string, filter models.InvocationFilter, page models.PageRequest) ([]models.Invocation, int64, error) {
	if _, err := s.Get(ctx, actor, appID, env, name); err != nil {
		return nil, 0, err
	}
	if err := s.recorder.flush(ctx); err != nil {
		return nil, 0, err
	}
	return s.store.Invocations.Logs(ctx, env, name, filter, page)
}

// NewestRun returns the id of a function's last run, "" for none. Needs
// functions.view.
func (s *Functions) NewestRun(ctx context.Context, actor models.Actor, appID, env, name string) (string, error) {
	if _, err := s.Get(ctx, actor, appID, env, name); err != nil {
		return "", err
	}
	if err := s.recorder.flush(ctx); err != nil {
		return "", err
	}
	return s.store.Invocations.Newest(ctx, env, name)
}
