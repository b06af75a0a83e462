package service

import (
	"bytes"
	"context"
	"encoding/json"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/value"
	"envshare/internal/rules"
	"envshare/models"
)

// SimulatedCaller is who would call. The zero value is not logged in.
type SimulatedCaller struct {
	LoggedIn bool
	// Web is a person of an official account; others are of a mini program.
	Web                    bool
	OpenID, UnionID, AppID string
	Custom                 string // what cloudbase_auth would answer as auth, as JSON, "" for nothing
}

// Simulation is a call that is only decided, never run.
type Simulation struct {
	// Preset and Rules are the rule to try, which need not be saved.
	Preset models.Preset
	Rules  string
	Caller SimulatedCaller
	// Operation is read, aggregate, create, update, delete of a collection, or read,
	// write of the bucket.
	Operation string
	// Stages is a pipeline, as a list of objects with a stage each.
	Stages string
	// Query is a condition, unless ID names the one document of a doc(id) call.
	Query, ID string
	Data      string // request.data: the new document, or what an update sets
	Owner     string // openid of who uploaded the file, "" for a new or nobody's file
	Function  string
}

// SimulatedResult says what the security rules would decide, and why.
type SimulatedResult struct {
	Allowed bool
	Part    string     // of the rule, which decided
	Reason  models.Msg // why not
	Trace   []SimulatedStep
	// Condition is the query that would run, where it is not the one that came.
	Condition string
	// Closed: calls without login do not even reach the rules.
	Closed bool
}

// SimulatedStep is a part of the rule that was looked at, and its value.
type SimulatedStep struct{ Part, Value string }

// Simulate decides a call by the code that decides it at the gateway. It reads
// documents that get() and doc(id) name, and runs nothing. Administrators of the
// environment's own app may call it. Codes: those of SaveRule for the rule, invalid
// with field errors for openid, custom, operation, query, stages and data.
func (s *AccessSettings) Simulate(ctx context.Context, actor models.Actor, appID, env string, t RuleTarget, in Simulation) (SimulatedResult, error) {
	text, err := s.CheckRule(ctx, actor, appID, env, t, in.Preset, in.Rules)
	if err != nil {
		return SimulatedResult{}, err
	}
	e, err := s.store.Environments.ByID(ctx, env)
	if err != nil {
		return SimulatedResult{}, err
	}
	input, err := s.simulatedInput(env, in.Caller)
	if err != nil {
		return SimulatedResult{}, err
	}
	out := SimulatedResult{}
	if !in.Caller.LoggedIn {
		visit := models.VisitFacts{Env: env, Owner: e.AppID, ResourceAppID: e.AppID, Policy: e.Policy()}
		out.Closed = !models.MayVisit(visit).Allowed
	}
	var v rules.Verdict
	if t.Kind == models.RuleFunctions {
		set, parseErr := rules.ParseFunctions(text)
		if parseErr != nil {
			return SimulatedResult{}, parseErr
		}
		v, err = allowInvoke(ctx, set, env, in.Function, input)
	} else {
		set, parseErr := parseSet(kindOf(t), models.AccessRule{Preset: in.Preset, Rules: text})
		if parseErr != nil {
			return SimulatedResult{}, parseErr
		}
		g := guard{clients: s.clients, scope: clientScope{env: env}, env: env, collection: t.Name, set: set, input: input, verdict: &v}
		out.Condition, err = s.simulateOn(ctx, g, t, in)
	}
	return out.decided(v, err)
}

func kindOf(t RuleTarget) rules.Kind {
	if t.Kind == models.RuleBucket {
		return rules.Storage
	}
	return rules.Database
}

// decided fills in what the rules said. An error that is no refusal by a rule and
// no limit of theirs is about the input or about us.
func (r SimulatedResult) decided(v rules.Verdict, err error) (SimulatedResult, error) {
	switch {
	case models.IsCode(err, models.CodeLimited):
		v.Allowed, v.Reason = false, models.MsgOf(err)
	case err != nil && !models.IsCode(err, models.CodeRuleDenied):
		return SimulatedResult{}, err
	}
	r.Allowed, r.Part, r.Reason = v.Allowed, v.Part, v.Reason
	for _, step := range v.Trace {
		text := "undefined"
		if step.Value.Type != 0 {
			text = string(ejson.AppendValue(nil, step.Value))
		}
		r.Trace = append(r.Trace, SimulatedStep{Part: step.Part, Value: text})
	}
	return r, nil
}

// simulatedInput makes the caller as rules see it, as for a login.
func (s *AccessSettings) simulatedInput(env string, c SimulatedCaller) (rules.Input, error) {
	call, scope := ClientCall{}, clientScope{env: env}
	if c.LoggedIn {
		bad := models.Fields{}
		for field, name := range map[string]string{"openid": c.OpenID, "unionid": c.UnionID} {
			if !models.ValidOpenID(name) && (name != "" || field == "openid") {
				bad[field] = models.M("error.open_id")
			}
		}
		if len(bad) > 0 {
			return rules.Input{}, bad.Err()
		}
		session := models.ClientSession{ID: "simulated", AppID: c.AppID, OpenID: c.OpenID, UnionID: c.UnionID}
		if c.Web {
			session.Scope = models.ScopeUserInfo
		}
		call.Client, scope.custom = Client{session}, c.Custom
	}
	input, err := s.clients.ruleInput(scope, call)
	input.Explain = true
	return input, inField("custom", err)
}

// inField says of an input error which field it is about.
func inField(name string, err error) error {
	switch models.CodeOf(err) {
	case models.CodeInvalid, models.CodeOperator:
		if err != nil {
			return models.Fields{name: models.MsgOf(err)}.Err()
		}
	}
	return err
}

// operationAggregate is reading through a pipeline.
const operationAggregate = "aggregate"

// simulateOn decides about a document or a file, and returns the condition that
// would be run if it is another one than was given.
func (s *AccessSettings) simulateOn(ctx context.Context, g guard, t RuleTarget, in Simulation) (string, error) {
	op := rules.Operation(in.Operation)
	unknown := models.Fields{"operation": models.M("error.rule_operation")}.Err()
	if t.Kind == models.RuleBucket {
		switch op {
		case rules.Read:
			return "", g.allowFile(ctx, op, in.Owner)
		case rules.Write:
			there := models.File{OwnerOpenID: in.Owner}
			if in.Owner != "" {
				there.Path = "there"
			}
			return "", g.allowStore(ctx, there)
		}
		return "", unknown
	}
	switch op {
	case operationAggregate:
		return s.simulateAggregate(ctx, g, in)
	case rules.Read, rules.Delete:
		return s.simulateCondition(ctx, g, op, in, nil)
	case rules.Create:
		doc, err := s.simulatedData(in.Data)
		if err == nil {
			doc, err = g.owned(doc)
		}
		if err != nil {
			return "", inField("data", err)
		}
		return "", g.allowNew(ctx, doc)
	case rules.Update:
		change, err := s.simulatedData(in.Data)
		if err == nil {
			change, err = submitted(asUpdate(change))
		}
		if err != nil {
			return "", inField("data", err)
		}
		return s.simulateCondition(ctx, g, op, in, change)
	}
	return "", unknown
}

func (s *AccessSettings) simulatedData(text string) (bson.Raw, error) {
	if text == "" {
		text = "{}"
	}
	return s.clients.decodeDocument(text)
}

// asUpdate makes the update that sets the fields of a document; one that has
// operators is an update already.
func asUpdate(data bson.Raw) bson.Raw {
	set := true
	_ = value.Elements(data, func(key string, _ bson.RawValue) bool {
		set = key == "" || key[0] != '$'
		return false
	})
	if !set {
		return data
	}
	return withField(nil, "$set", value.Document(data))
}

func (s *AccessSettings) simulateCondition(ctx context.Context, g guard, op rules.Operation, in Simulation, data bson.Raw) (string, error) {
	query := in.Query
	if in.ID != "" {
		text, err := json.Marshal(map[string]string{"_id": in.ID})
		if err != nil {
			return "", err
		}
		query = string(text)
	}
	came, err := s.clients.decodeCondition(g, in.ID != "", query)
	if err == nil && op != rules.Read && len(came) <= emptyDocument {
		err = models.E(models.CodeInvalid, "call.query_empty")
	}
	if err != nil {
		return "", inField("query", err)
	}
	run, err := g.condition(ctx, op, in.ID != "", came, data)
	if err != nil || bytes.Equal(run, came) {
		return "", inField("query", err)
	}
	return string(ejson.AppendDocument(nil, run)), nil
}
