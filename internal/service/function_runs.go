package service

import (
	"context"
	"encoding/json"
	"strings"

	"envshare/models"
)

// maxTestEvent bounds the event of a test run.
const maxTestEvent = 1 << 20

// TestRun runs a function with an event, as the console's test. A borrower's
// run is a cross-account call: the function sees FROM_APPID. Nobody can be
// pretended to be an end user here. Needs functions.invoke. A function that
// fails is a result, not an error.
func (s *Functions) TestRun(ctx context.Context, actor models.Actor, appID, env, name, event string) (models.Invocation, error) {
	view, err := s.may(ctx, s.store, actor, appID, env, models.FunctionsInvoke)
	if err != nil {
		return models.Invocation{}, err
	}
	if strings.TrimSpace(event) == "" {
		event = "{}"
	}
	if len(event) > maxTestEvent || !json.Valid([]byte(event)) {
		msg := models.M("error.event_json")
		return models.Invocation{}, &models.Error{Code: models.CodeInvalid, Msg: msg, Fields: models.Fields{"event": msg}}
	}
	function, err := s.store.Functions.ByName(ctx, env, name)
	if err != nil {
		return models.Invocation{}, err
	}
	o := origin{
		trigger: models.TriggerConsole, owner: view.Environment.AppID, callerApp: appID, source: "wx_devtools",
		ip: actor.IP, requestID: newID(),
	}
	if view.Borrowed() {
		o.from = callOrigin{AppID: appID}
		s.recorder.call(env, appID, false)
	}
	run, err := s.calls.invoke(ctx, function, o, json.RawMessage(event))
	if err != nil {
		return models.Invocation{}, err
	}
	run.Result = clip(string(run.value), maxTestEvent)
	if _, err := s.may(ctx, s.store, actor, appID, env, models.FunctionsView); err != nil {
		// Logs and stacks are for who may view the function.
		run.Logs = ""
		run.Error, _, _ = strings.Cut(run.Error, "\n")
	}
	return run.Invocation, nil
}

// Invocations returns a page of a function's runs, newest first, and how many
// there are. Needs functions.view.
func (s *Functions) Invocations(ctx context.Context, actor models.Actor, appID, env, name string, page models.PageRequest) ([]models.Invocation, int64, error) {
	if _, err := s.Get(ctx, actor, appID, env, name); err != nil {
		return nil, 0, err
	}
	if err := s.recorder.flush(ctx); err != nil {
		return nil, 0, err
	}
	return s.store.Invocations.List(ctx, env, name, page)
}

// Invocation returns one run with its logs. Needs functions.view.
func (s *Functions) Invocation(ctx context.Context, actor models.Actor, appID, env, name, id string) (models.Invocation, error) {
	if _, err := s.may(ctx, s.store, actor, appID, env, models.FunctionsView); err != nil {
		return models.Invocation{}, err
	}
	if err := s.recorder.flush(ctx); err != nil {
		return models.Invocation{}, err
	}
	return s.store.Invocations.ByID(ctx, env, name, id)
}
