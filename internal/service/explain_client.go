package service

import (
	"strings"

	"envshare/internal/rules"
	"envshare/models"
)

// client explains a call of somebody who is logged in.
func (e *explaining) client() error {
	e.begin(e.withFunction(models.StepEnvironment, models.StepOwner, models.StepShare, models.StepOrigin, models.StepAuthFunction,
		models.StepVerdict, models.StepSession, models.StepPermission, models.StepRule)...)
	call, err := e.opens()
	c := e.clientCall()
	if e.operation.Name == models.OperationInit {
		return e.clientInit(c, err)
	}
	scope := clientScope{
		facts: e.facts, env: call.Env, owner: call.Owner, permission: e.operation.Permission, cross: !e.own(), resource: e.question.Resource,
	}
	verdict, err := e.verdictOf(call) // whatever init() would say now
	if err != nil {
		return err
	}
	e.page(c)
	scope, err = e.clients.admitPerson(e.facts, c, scope, verdict)
	if !e.own() {
		models.CallSteps(scope.call, e.operation.Permission, e.now, func(step models.Step, d models.Decision) bool {
			// Whether there are environment and share is shown already.
			if step == models.StepShare || step == models.StepEnvironment {
				return d.Allowed
			}
			return e.answer(step, d)
		})
		if _, missing := e.calls.authFunction(e.ctx, e.facts, call.Env); isOurs(missing) {
			return missing
		} else if missing != nil {
			e.withoutAuthFunction(err == nil, missing)
		} else {
			e.answer(models.StepAuthFunction, models.Allow())
		}
	}
	return e.judged(scope, c, err)
}

// page is the step of the web page that calls, and whether it may.
func (e *explaining) page(c ClientCall) bool {
	allowed := e.clients.allowsPage(e.facts, c, e.facts.Policies[c.EnvironmentID])
	if allowed {
		e.answer(models.StepOrigin, models.Allow())
	} else {
		e.refuse(models.StepOrigin, models.CodeEnvNotShared, models.M("explain.origin_refused", "origin", c.Origin))
	}
	return allowed
}

// clientInit explains init() of somebody who is logged in.
func (e *explaining) clientInit(c ClientCall, err error) error {
	e.begin(models.StepEnvironment, models.StepOwner, models.StepShare, models.StepOrigin, models.StepAuthFunction, models.StepVerdict)
	if err == nil && !e.page(c) {
		err = models.E(models.CodeEnvNotShared, "call.env_not_shared", "environment", c.EnvironmentID)
	}
	if err == nil {
		err = e.letIn()
	}
	if isOurs(err) {
		return err
	}
	e.out.Err = err
	return nil
}

// withoutAuthFunction notes that cloudbase_auth is gone: who was let in before
// stays until the verdict ends.
func (e *explaining) withoutAuthFunction(admitted bool, missing error) {
	if admitted {
		e.set(models.StepAuthFunction, models.StepWarning, models.MsgOf(missing))
		return
	}
	e.refuse(models.StepAuthFunction, models.CodeOf(missing), models.MsgOf(missing))
}

// clientCall is the call as the gateway would have it.
func (e *explaining) clientCall() ClientCall {
	p := e.question.Person
	session := models.ClientSession{ID: "asked", AppID: e.question.CallerAppID, OpenID: p.OpenID, UnionID: p.UnionID}
	if p.Web {
		session.Scope = models.ScopeUserInfo
	}
	return ClientCall{
		Client: Client{session}, ResourceAppID: e.resourceApp(), EnvironmentID: e.question.EnvironmentID, Origin: e.question.Origin, resource: e.question.Resource,
	}
}

// verdictOf is what cloudbase_auth said of the person: what is on record, or what
// the question supposes.
func (e *explaining) verdictOf(call models.CallFacts) (models.Verdict, error) {
	p := e.question.Person
	if e.own() || e.out.OwnerAppID == "" {
		return models.Verdict{}, nil
	}
	if p.OpenID == "" || p.Suppose {
		if call.Grant.ID == "" {
			return models.Verdict{}, nil
		}
		e.set(models.StepVerdict, models.StepUnknown, models.M("explain.verdict_supposed"))
		return models.Verdict{EnvironmentID: call.Env, GrantID: call.Grant.ID, Custom: strings.TrimSpace(p.Custom)}, nil
	}
	verdict, err := e.store.Clients.Verdict(e.ctx, call.Caller.AppID, p.OpenID, call.Env)
	switch {
	case models.IsCode(err, models.CodeNotFound):
		e.set(models.StepVerdict, models.StepWarning, models.M("explain.verdict_missing"))
		if err := e.lastVerdict(); isOurs(err) {
			return models.Verdict{}, err
		}
		return models.Verdict{}, nil
	case err != nil:
		return models.Verdict{}, err
	}
	e.set(models.StepVerdict, models.StepOK, models.M("explain.verdict_recorded"))
	return verdict, nil
}

// lastVerdict shows what cloudbase_auth answered last time, and returns its
// refusal. Without a run, or with an answer that was not kept whole, it is unknown.
func (e *explaining) lastVerdict() error {
	if err := e.calls.recorder.flush(e.ctx); err != nil {
		return err
	}
	run, err := e.store.Invocations.LastHandshake(e.ctx, e.question.EnvironmentID, e.question.CallerAppID, e.question.Person.OpenID)
	if models.IsCode(err, models.CodeNotFound) {
		if e.steps[models.StepVerdict].Status == "" {
			e.set(models.StepVerdict, models.StepUnknown, models.M("explain.verdict_none"))
		}
		return nil
	}
	if err != nil {
		return err
	}
	if e.view == models.ExplainOwner {
		e.out.LastRunID = run.ID
	}
	err = verdictOfRun(run)
	switch {
	case err == nil && e.steps[models.StepVerdict].Status == "":
		e.set(models.StepVerdict, models.StepOK, models.M("explain.verdict_ok"))
	case err != nil:
		e.refuse(models.StepVerdict, models.CodeOf(err), verdictMessage(err))
	}
	return err
}

// verdictOfRun reads the answer of a run as the handshake does.
func verdictOfRun(run models.Invocation) error {
	if code, failed := codeOfRun[run.Status]; failed {
		return models.E(code, "call."+string(code), "function", run.FunctionName, "environment", run.EnvironmentID)
	}
	if strings.HasSuffix(run.Result, "…") || run.Status == models.InvocationOverloaded {
		return nil // cut when it was kept, or never ran
	}
	_, err := models.ParseAuthVerdict([]byte(run.Result))
	return err
}

// codeOfRun are the codes that runs end with that gave no answer.
var codeOfRun = map[models.InvocationStatus]models.Code{
	models.InvocationFailed: models.CodeFunctionFailed, models.InvocationTimedOut: models.CodeFunctionTimedOut,
	models.InvocationOutOfMemory: models.CodeFunctionOutOfMemory, models.InvocationTooLarge: models.CodeResultTooLarge,
}

// verdictMessage names the number that cloudbase_auth refused with.
func verdictMessage(err error) models.Msg {
	return keptMessage(denialOf(refusedCall{}, err))
}

// rule asks the security rules, and fills in what they said. The refusal goes into
// the explanation's Err.
func (e *explaining) rule(scope clientScope, c ClientCall) (SimulatedResult, error) {
	q, v := e.question, rules.Verdict{}
	var text string
	var err error
	out := SimulatedResult{}
	if e.operation.On == models.RuleFunctions {
		text, err = e.functionRule(scope, c, &v)
	} else {
		t := RuleTarget{Kind: e.operation.On, Name: q.Resource}
		g, guardErr := e.guard(scope, c, t, &v)
		if guardErr != nil {
			return out, inField("custom", guardErr)
		}
		text = g.set.Rule(rules.Operation(e.operation.Rule)).String()
		in := Simulation{Operation: e.operation.Rule, Query: q.Query, ID: q.ID, Data: q.Data}
		if t.Kind == models.RuleBucket {
			err = e.file(g)
		} else {
			out.Condition, err = e.access.simulateOn(e.ctx, g, t, in)
		}
	}
	e.out.Err = err
	out, err = out.decided(v, err)
	if err != nil {
		return out, err
	}
	e.out.Rule = &ExplainedRule{Text: text, SimulatedResult: out}
	return out, nil
}

func (e *explaining) guard(scope clientScope, c ClientCall, t RuleTarget, v *rules.Verdict) (guard, error) {
	var g guard
	var err error
	if t.Kind == models.RuleBucket {
		g, err = e.clients.guardBucket(e.ctx, scope, c)
	} else {
		g, err = e.clients.guardOn(e.ctx, scope, c, t.Name)
	}
	g.verdict, g.input.Explain = v, true
	return g, err
}

func (e *explaining) functionRule(scope clientScope, c ClientCall, v *rules.Verdict) (string, error) {
	set, err := e.clients.functionRules(e.ctx, e.facts, scope.env)
	if err != nil {
		return "", err
	}
	input, err := e.clients.ruleInput(scope, c)
	if err != nil {
		return "", inField("custom", err)
	}
	input.Explain = true
	*v, err = allowInvoke(e.ctx, set, scope.env, e.question.Resource, input)
	return set.Rule(e.question.Resource).String(), err
}

// file asks the rule of the bucket about the file that is at the path, or none.
func (e *explaining) file(g guard) error {
	there, err := e.store.Files.ByPath(e.ctx, g.env, e.question.Resource)
	if err != nil && !models.IsCode(err, models.CodeNotFound) {
		return err
	}
	if e.operation.Name == "storage.write" {
		return g.allowStore(e.ctx, there)
	}
	return g.allowFile(e.ctx, rules.Operation(e.operation.Rule), there.OwnerOpenID)
}
