package service

import (
	"context"
	"time"

	"envshare/models"
)

// explaining is one explanation in the making.
type explaining struct {
	*Explainer
	ctx       context.Context
	facts     *facts
	question  Question
	operation models.Operation
	view      models.ExplainView
	now       time.Time

	out   Explanation
	order []models.Step
	steps map[models.Step]ExplainedStep
}

func (e *explaining) explain() (Explanation, error) {
	e.out = Explanation{View: e.view, Certain: true, OwnerAppID: e.facts.Owners[e.question.EnvironmentID]}
	e.steps = map[models.Step]ExplainedStep{}
	var err error
	switch {
	case e.view == models.ExplainHidden:
		e.begin(models.StepEnvironment, models.StepShare, models.StepPermission)
		e.out.Err = models.E(models.CodeEnvNotShared, "call.env_not_shared", "environment", e.question.EnvironmentID)
		e.refuse(models.StepEnvironment, models.CodeEnvNotShared, models.MsgOf(e.out.Err))
	case e.question.Plane == models.PlaneConsole:
		err = e.console()
	case e.question.Plane == models.PlaneServer:
		err = e.server()
	case e.question.Person.Visitor:
		err = e.visitor()
	default:
		err = e.client()
	}
	if err != nil {
		return Explanation{}, err
	}
	e.finish()
	return e.out, nil
}

// begin names the steps that the call takes.
func (e *explaining) begin(order ...models.Step) { e.order = order }

// set notes how a step came out, unless it is known to have failed.
func (e *explaining) set(step models.Step, status models.StepStatus, msg models.Msg) {
	if e.steps[step].Status != models.StepFailed {
		e.steps[step] = ExplainedStep{Step: step, Status: status, Msg: msg}
	}
}

func (e *explaining) refuse(step models.Step, code models.Code, msg models.Msg) {
	if e.steps[step].Status != models.StepFailed {
		e.steps[step] = ExplainedStep{Step: step, Status: models.StepFailed, Msg: msg, Fix: models.FixOf(step, code)}
	}
}

func (e *explaining) skip(msg models.Msg, steps ...models.Step) {
	for _, step := range steps {
		e.set(step, models.StepSkipped, msg)
	}
}

func (e *explaining) detail(step models.Step, msg models.Msg) {
	s := e.steps[step]
	s.Step, s.Detail = step, msg
	e.steps[step] = s
}

// answer takes steps of models as they come. The caller's own credential is no
// step of its own unless it is refused.
func (e *explaining) answer(step models.Step, d models.Decision) bool {
	switch {
	case d.Allowed && step == models.StepCaller:
	case d.Allowed:
		e.set(step, models.StepOK, models.M("explain_ok."+string(step), "environment", e.question.EnvironmentID, "permission", e.operation.Permission))
	default:
		e.refuse(step, d.Code, d.Msg)
	}
	return d.Allowed
}

// finish orders the steps. After the first that failed, the others were not
// reached.
func (e *explaining) finish() {
	failed := false
	for _, step := range e.order {
		s, known := e.steps[step]
		switch {
		case failed || !known:
			s = ExplainedStep{Step: step, Status: models.StepNotReached, Msg: models.M("explain.not_reached")}
		case s.Status == models.StepFailed:
			failed = true
		case s.Status == models.StepUnknown || s.Status == models.StepHidden:
			e.out.Certain = false
		}
		e.out.Steps = append(e.out.Steps, s)
	}
	e.out.Allowed = e.out.Err == nil
	if !e.out.Allowed {
		e.out.Certain = true
	}
	e.out.ShareID = e.grant().ShareID
}

// grant is what the environment's owner lends to the caller, zero for nothing.
func (e *explaining) grant() models.CallGrant {
	return e.facts.callFacts(models.Caller{AppID: e.question.CallerAppID}, e.question.EnvironmentID).Grant
}

// resourceApp is the app that the call says the environment belongs to.
func (e *explaining) resourceApp() string {
	if e.question.ResourceAppID != "" {
		return e.question.ResourceAppID
	}
	return e.out.OwnerAppID
}

// opens are the steps up to the share, and the refusal of init() there.
func (e *explaining) opens() (models.CallFacts, error) {
	call := e.facts.callFacts(models.Caller{AppID: e.question.CallerAppID}, e.question.EnvironmentID)
	models.OpenSteps(call, e.resourceApp(), e.now, e.answer)
	if e.own() {
		e.skip(models.M("explain.own"), models.StepShare, models.StepAuthFunction, models.StepVerdict, models.StepSession, models.StepPermission)
	} else {
		e.shareDetail()
	}
	return call, models.MayOpenSession(call, e.resourceApp(), e.now).Err()
}

// shareDetail says why a share does not work.
func (e *explaining) shareDetail() {
	if e.steps[models.StepShare].Status == models.StepFailed {
		e.detail(models.StepShare, models.ShareDetail(e.grant(), e.now))
	}
}

// own reports whether the environment is the caller's own app's (C4).
func (e *explaining) own() bool { return e.out.OwnerAppID == e.question.CallerAppID }
