package service

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"envshare/models"
)

// FunctionCall is a client's call of a function, or a question after its result.
type FunctionCall struct {
	Name string
	// CallID names the call in all its requests; Page names the page's life, which
	// tells apart people who are not logged in.
	CallID, Page string
	// Event is JSON; it starts the call. Nil asks for the result alone.
	Event    json.RawMessage
	CloudIDs []CloudIDField
	// Hold is how long the caller can wait for this answer.
	Hold time.Duration
}

// CloudIDField is a field of the event that stands for what WeChat told of the
// caller.
type CloudIDField struct{ Name, CloudID string }

// FunctionAnswer is a result, or that there is none yet.
type FunctionAnswer struct {
	Value json.RawMessage
	// Pending: the run goes on. Gone: there is no such call.
	Pending, Gone bool
	// RunID names the run in the log.
	RunID string
}

const (
	maxCallID   = 128
	maxCloudIDs = 20
	// maxClientResult bounds what a function may give to a client, in bytes.
	maxClientResult = 1 << 20
)

// Call runs a function for a client, once however often the same call is sent.
// It needs functions.invoke, and the function rules must allow it. Codes: those of
// a refused call, rule_denied, function_unknown, the function's own failure,
// result_too_large, limited.
func (s *Clients) Call(ctx context.Context, c ClientCall, f FunctionCall) (FunctionAnswer, error) {
	c.resource = f.Name
	one, err := s.begin(ctx, c, f)
	if err != nil {
		s.countedFor(&c, models.FunctionsInvoke, &err)
		return FunctionAnswer{}, err
	}
	if one == nil {
		return FunctionAnswer{Gone: true}, nil
	}
	return answerOf(one.wait(ctx, f.Hold))
}

// begin decides a call and starts it the first time; nil when there is no such
// call to ask after.
func (s *Clients) begin(ctx context.Context, c ClientCall, f FunctionCall) (*polled, error) {
	scope, err := s.enter(ctx, c, models.FunctionsInvoke)
	if err != nil {
		return nil, err
	}
	if f.CallID == "" || len(f.CallID) > maxCallID || len(f.Page) > maxCallID {
		return nil, models.E(models.CodeInvalid, "call.call_id")
	}
	key := pollKey{c.Person(f.Page), c.EnvironmentID, f.Name, f.CallID}
	if f.Event == nil {
		return s.polls.find(key), nil
	}
	function, err := s.mayInvoke(ctx, scope, c, f.Name)
	if err != nil {
		return nil, err
	}
	event, err := s.withCloudIDs(c.Client, f.Event, f.CloudIDs)
	if err != nil {
		return nil, err
	}
	one, first, err := s.polls.begin(key, c.pollShares())
	if err != nil {
		return nil, err
	}
	if first {
		go s.runFor(context.WithoutCancel(ctx), one, function, originOfClient(c, scope.owner, scope.cross), event)
	}
	return one, nil
}

func answerOf(result CallResult, pending bool, err error) (FunctionAnswer, error) {
	return FunctionAnswer{Value: result.Value, Pending: pending, RunID: result.RunID}, err
}

// Person tells callers apart: the end user, or, without login, where the page is.
func (c ClientCall) Person(page string) string {
	if c.Client.LoggedIn() {
		return c.Client.AppID() + "/" + c.Client.session.OpenID
	}
	return "?" + c.IP + "/" + page
}

// mayInvoke looks a function up that the rules let the client call. The rules
// are asked first: who may not call learns nothing of which functions there are.
func (s *Clients) mayInvoke(ctx context.Context, scope clientScope, c ClientCall, name string) (models.Function, error) {
	if err := s.guardFunction(ctx, scope, c, name); err != nil {
		return models.Function{}, err
	}
	return s.calls.function(ctx, scope.facts, scope.env, name)
}

// runFor runs a function and hands its result to who waits.
func (s *Clients) runFor(ctx context.Context, one *polled, function models.Function, o origin, event json.RawMessage) {
	result, err := s.calls.run(ctx, function, o, event)
	if err == nil && len(result.Value) > maxClientResult {
		err = models.E(models.CodeResultTooLarge, "call.client_result_large", "mb", maxClientResult>>20)
		result.Value = nil
	}
	result.RunID = o.requestID
	s.polls.end(one, result, err)
}

// withCloudIDs puts what WeChat told of the caller into the event, under the names
// that the call gives.
func (s *Clients) withCloudIDs(client Client, event json.RawMessage, fields []CloudIDField) (json.RawMessage, error) {
	malformed := models.E(models.CodeInvalid, "call.event_malformed")
	if event = bytes.TrimSpace(event); len(event) == 0 {
		event = []byte("{}")
	}
	if !json.Valid(event) || len(fields) > maxCloudIDs {
		return nil, malformed
	}
	if len(fields) == 0 {
		return event, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(event, &members); err != nil || members == nil {
		return nil, malformed
	}
	for _, field := range fields {
		value := map[string]any{"cloudID": field.CloudID}
		if data, number := s.openCloudID(client, field.CloudID); number == 0 {
			value["data"] = data
		} else {
			value["errCode"], value["errMsg"] = number, "the cloudID is invalid, over, or another user's"
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		members[field.Name] = text
	}
	return json.Marshal(members)
}
