package service

import (
	"envshare/models"
)

// console explains what a person in the caller's console may do.
func (e *explaining) console() error {
	e.begin(models.StepEnvironment, models.StepShare, models.StepPermission, models.StepRole)
	q := e.question
	environment, err := e.store.Environments.ByID(e.ctx, q.EnvironmentID)
	if err != nil {
		return err
	}
	e.answer(models.StepEnvironment, models.Allow())
	view := models.EnvironmentView{Environment: environment, Through: models.App{AppID: q.CallerAppID}}
	share, lent, err := lending(e.ctx, e.store, environment, q.CallerAppID)
	if err != nil {
		return err
	}
	if lent {
		view.Share = &share
	}
	asked := models.Standing{Actor: models.Actor{UserID: "asked", Via: "explain"}, Role: q.Role}
	models.UseSteps(asked, view, e.operation.Permission, e.now, e.answer)
	e.out.Err = models.MayUse(asked, view, e.operation.Permission, e.now).Err()
	if e.own() {
		e.skip(models.M("explain.own"), models.StepShare, models.StepPermission)
		return nil
	}
	e.shareDetail()
	return nil
}

// server explains init() and then one call, by function code or the server SDK.
func (e *explaining) server() error {
	e.begin(e.withFunction(models.StepEnvironment, models.StepOwner, models.StepShare, models.StepAuthFunction,
		models.StepVerdict, models.StepSession, models.StepPermission, models.StepRule)...)
	call, err := e.opens()
	if err == nil {
		err = e.letIn()
	}
	if isOurs(err) {
		return err
	}
	if e.operation.Name == models.OperationInit {
		e.begin(models.StepEnvironment, models.StepOwner, models.StepShare, models.StepAuthFunction, models.StepVerdict)
		e.out.Err = err
		return nil
	}
	if err == nil && !e.own() {
		call.Caller.SessionEnv, call.Caller.GrantID = call.Env, call.Grant.ID // as init() would have opened it
	}
	if err == nil {
		models.CallSteps(call, e.operation.Permission, e.now, e.answer)
		err = models.MayCall(call, e.operation.Permission, e.now).Err()
		if e.own() {
			e.skip(models.M("explain.own"), models.StepSession, models.StepPermission)
		}
	}
	e.skip(models.M("explain.rules_code"), models.StepRule)
	if err == nil {
		err = e.deployed()
	}
	e.out.Err = err
	return nil
}

// letIn is the handshake after the share: cloudbase_auth, and what it answered
// last. The caller's own environments need none (C4).
func (e *explaining) letIn() error {
	if e.own() {
		return nil
	}
	if _, err := e.calls.authFunction(e.ctx, e.facts, e.question.EnvironmentID); err != nil {
		e.refuse(models.StepAuthFunction, models.CodeOf(err), models.MsgOf(err))
		return err
	}
	e.answer(models.StepAuthFunction, models.Allow())
	return e.lastVerdict()
}

// withFunction adds the step that only calls of functions have.
func (e *explaining) withFunction(order ...models.Step) []models.Step {
	if e.operation.On == models.RuleFunctions {
		order = append(order, models.StepFunction)
	}
	return order
}

// deployed is the last step of a function call.
func (e *explaining) deployed() error {
	if e.operation.On != models.RuleFunctions {
		return nil
	}
	_, err := e.calls.function(e.ctx, e.facts, e.question.EnvironmentID, e.question.Resource)
	if isOurs(err) {
		return err
	}
	if err != nil {
		e.refuse(models.StepFunction, models.CodeOf(err), models.MsgOf(err))
		return err
	}
	e.answer(models.StepFunction, models.Allow())
	return nil
}

// isOurs reports a failure of ours, which is no refusal.
func isOurs(err error) bool { return err != nil && models.CodeOf(err) == models.CodeInternal }

// visitor explains a call without login (C6).
func (e *explaining) visitor() error {
	e.begin(e.withFunction(models.StepEnvironment, models.StepOwner, models.StepVisitor, models.StepOrigin, models.StepRule)...)
	c := ClientCall{ResourceAppID: e.resourceApp(), EnvironmentID: e.question.EnvironmentID, Origin: e.question.Origin}
	models.VisitSteps(models.VisitFacts{
		Env: c.EnvironmentID, Owner: e.out.OwnerAppID, ResourceAppID: c.ResourceAppID, Policy: e.facts.Policies[c.EnvironmentID], Origin: c.Origin,
	}, e.answer)
	scope, err := e.clients.admit(e.ctx, e.facts, c, e.operation.Permission)
	return e.judged(scope, c, err)
}

// judged asks the security rules of a call that came so far, and looks for the
// function of one that they let through.
func (e *explaining) judged(scope clientScope, c ClientCall, err error) error {
	if isOurs(err) {
		return err
	}
	if err == nil && e.operation.Name == models.OperationInit {
		e.skip(models.M("explain.rules_later"), models.StepRule)
		return nil
	}
	if err == nil && !e.view.SeesRules() {
		e.set(models.StepRule, models.StepHidden, models.M("explain.rules_hidden"))
		e.skip(models.M("explain.function_later"), models.StepFunction)
		return nil
	}
	if err == nil {
		var result SimulatedResult
		result, err = e.rule(scope, c)
		switch {
		case models.IsCode(err, models.CodeForbidden): // a condition that needs a person
			e.refuse(models.StepRule, models.CodeRuleDenied, models.MsgOf(err))
		case err != nil:
			return err
		case result.Allowed:
			e.answer(models.StepRule, models.Allow())
			err = e.deployed()
		default:
			err = e.out.Err
			e.refuse(models.StepRule, models.CodeOf(err), result.Reason)
		}
	}
	e.out.Err = err
	return nil
}
