package service

import (
	"context"
	"strings"

	"envshare/models"
)

// Explainer says step by step how a call would be decided, by the code that
// decides it. It runs no function and changes nothing.
type Explainer struct {
	base
	calls   *Calls
	clients *Clients
	access  *AccessSettings
}

// Question is a call that somebody asks about.
type Question struct {
	CallerAppID, EnvironmentID string
	// ResourceAppID is the app that the call says the environment belongs to, ""
	// for its owner.
	ResourceAppID string
	Plane         models.Plane
	Operation     string // a name of models.Operations
	Resource      string // function, collection or path
	Query, ID     string // of a collection: a condition, or the one document
	Data          string // the new document, or what an update sets
	Person        AskedPerson
	Origin        string      // the web page that calls, "" for none
	Role          models.Role // of the person in the console
}

// AskedPerson is the end user of a call. Without an openid it is somebody whom
// cloudbase_auth has just let in.
type AskedPerson struct {
	Visitor bool // not logged in
	SimulatedCaller
	// Suppose takes Custom as what cloudbase_auth answered, instead of what it did.
	Suppose bool
}

// Explanation is how a call is decided.
type Explanation struct {
	View    models.ExplainView
	Steps   []ExplainedStep
	Allowed bool
	// Certain is false when a step cannot be known, or is not shown.
	Certain bool
	// Err is the refusal as the caller gets it, nil for none.
	Err error
	// Rule is what the security rules say, nil when they are not asked or not shown.
	Rule *ExplainedRule
	// ShareID is the share in question, "" for none; LastRunID the run of
	// cloudbase_auth that is shown, OwnerAppID the app of the environment.
	ShareID, LastRunID, OwnerAppID string
}

// ExplainedStep is one step.
type ExplainedStep struct {
	Step   models.Step
	Status models.StepStatus
	Msg    models.Msg // what was found
	Detail models.Msg // more of it, zero for nothing
	Fix    models.Fix // who can lift a refusal, "" unless it failed
}

// ExplainedRule is the rule that was asked.
type ExplainedRule struct {
	Text string
	SimulatedResult
}

// Ask explains a decision. Members of the environment's app may ask about any
// caller and see all; members of another app about their own, and see what they
// could know by calling (C7). Codes: invalid with field errors for caller,
// environment, operation, resource, openid, custom, query and data.
func (s *Explainer) Ask(ctx context.Context, actor models.Actor, appID string, q Question) (Explanation, error) {
	q.CallerAppID, q.EnvironmentID, q.Resource = strings.TrimSpace(q.CallerAppID), strings.TrimSpace(q.EnvironmentID), strings.TrimSpace(q.Resource)
	operation, known := models.OperationOf(q.Plane, q.Operation)
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil {
		return Explanation{}, err
	}
	if err := models.MaySeeDenials(place).Err(); err != nil {
		return Explanation{}, err
	}
	if err := q.validate(operation, known); err != nil {
		return Explanation{}, err
	}
	f, err := s.facts.fresh(ctx)
	if err != nil {
		return Explanation{}, err
	}
	lent, err := s.lends(ctx, q.EnvironmentID, appID)
	if err != nil {
		return Explanation{}, err
	}
	view, allowed := models.MayExplain(models.ExplainFacts{
		Standing: place, AppID: appID, CallerAppID: q.CallerAppID, Owner: f.Owners[q.EnvironmentID], Lent: lent,
	})
	if models.CodeForbidden == allowed.Code {
		return Explanation{}, models.Fields{"caller": allowed.Msg}.Err()
	}
	if err := allowed.Err(); err != nil {
		return Explanation{}, err
	}
	e := &explaining{Explainer: s, ctx: ctx, facts: f, question: q, operation: operation, view: view, now: s.clock()}
	return e.explain()
}

// lends reports whether a share lends an environment to an app, at work or at rest.
func (b base) lends(ctx context.Context, environmentID, appID string) (bool, error) {
	environment, err := b.store.Environments.ByID(ctx, environmentID)
	if models.IsCode(err, models.CodeNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, lent, err := lending(ctx, b.store, environment, appID)
	return lent, err
}

func (q Question) validate(operation models.Operation, known bool) error {
	bad := models.Fields{}
	if !models.ValidAppID(q.CallerAppID) {
		bad.Add("caller", "error.appid")
	}
	if q.EnvironmentID == "" {
		bad.Add("environment", "error.required")
	}
	if !known {
		bad.Add("operation", "error.rule_operation")
	}
	if q.Plane == models.PlaneConsole && q.Role.String() == "" {
		bad.Add("role", "error.required")
	}
	switch operation.On {
	case models.RuleFunctions:
		if !models.ValidFunctionName(q.Resource) {
			bad.Add("resource", "error.function_name")
		}
	case models.RuleCollection:
		if err := models.CheckCollectionName(q.Resource); err != nil {
			bad["resource"] = models.MsgOf(err)
		}
	case models.RuleBucket:
		if err := models.CheckFilePath(q.Resource); err != nil {
			bad["resource"] = models.MsgOf(err)
		}
	}
	if p := q.Person; q.Plane != models.PlaneConsole && !p.Visitor {
		for field, name := range map[string]string{"openid": p.OpenID, "unionid": p.UnionID} {
			if name != "" && !models.ValidOpenID(name) {
				bad.Add(field, "error.open_id")
			}
		}
	}
	return bad.Err()
}
