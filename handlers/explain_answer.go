package handlers

import (
	"context"
	"slices"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/explain"
	"envshare/web/session"
)

// explainAnswer is an explanation in words, with the ways to lift a refusal.
func explainAnswer(ctx context.Context, app string, q explainQuery, e service.Explanation) *explain.Answer {
	say := func(m models.Msg) string {
		if m.Key == "" {
			return ""
		}
		return i18n.Text(i18n.Locale(ctx), m.Key, m.Args)
	}
	out := &explain.Answer{Allowed: e.Allowed, Certain: e.Certain, Borrower: e.View == models.ExplainBorrower || e.View == models.ExplainHidden}
	switch {
	case !e.Allowed:
		out.Verdict = i18n.T(ctx, "explain.refused")
		out.Reason, out.Code = say(models.MsgOf(e.Err)), i18n.T(ctx, "denial_code."+string(models.CodeOf(e.Err)))
	case !e.Certain:
		out.Verdict = i18n.T(ctx, "explain.allowed_so_far")
	default:
		out.Verdict = i18n.T(ctx, "explain.allowed")
	}
	for _, s := range e.Steps {
		step := explain.Step{
			Title: i18n.T(ctx, s.Step.MessageKey()), Text: say(s.Msg), Detail: say(s.Detail),
			Status: s.Status, StatusText: i18n.T(ctx, s.Status.MessageKey()),
		}
		if s.Step == models.StepVerdict && e.LastRunID != "" {
			step.MoreHref, step.MoreLabel = paths.Invocation(app, q.Env, models.AuthFunction, e.LastRunID), i18n.T(ctx, "explain.last_run")
		}
		if s.Fix != "" {
			step.Fix = i18n.T(ctx, s.Fix.MessageKey())
			step.FixHref, step.FixLabel = fixLink(app, q, e, s.Step), i18n.T(ctx, "explain.fix_link")
		}
		out.Steps = append(out.Steps, step)
	}
	if e.Rule != nil {
		out.Rule, out.RuleText = simulationResult(ctx, e.Rule.SimulatedResult), e.Rule.Text
	}
	return out
}

// offerAuth lets the owner create a cloudbase_auth that a step misses.
func (h Explain) offerAuth(c echo.Context, p place, q explainQuery, e service.Explanation, answer *explain.Answer) error {
	at := slices.IndexFunc(e.Steps, func(s service.ExplainedStep) bool {
		return s.Step == models.StepAuthFunction && (s.Status == models.StepFailed || s.Status == models.StepWarning)
	})
	if at < 0 || e.View != models.ExplainOwner {
		return nil
	}
	opened, err := h.services.Apps.Open(c.Request().Context(), session.Actor(c), p.App.AppID, q.Env)
	if refused(err) { // it ended between the two questions
		return nil
	}
	if err != nil {
		return err
	}
	if missing := authMissing(c.Request().Context(), place{Console: opened.Console, opened: &opened}); missing != nil {
		answer.Steps[at].Auth, answer.Steps[at].FixHref = missing, ""
	}
	return nil
}

// fixLink is where the reader can lift a refusal at a step, "" where they cannot.
func fixLink(app string, q explainQuery, e service.Explanation, step models.Step) string {
	if e.View != models.ExplainOwner {
		if e.View == models.ExplainBorrower && (step == models.StepShare || step == models.StepPermission) {
			return paths.SharesWithMe(app)
		}
		return ""
	}
	switch step {
	case models.StepShare, models.StepPermission:
		if e.ShareID == "" {
			return paths.NewShareTo(app, q.Caller)
		}
		return paths.EditShare(app, e.ShareID)
	case models.StepAuthFunction:
		return paths.NewFunctionFrom(app, q.Env, service.TemplateAuth)
	case models.StepFunction:
		return paths.NewFunction(app, q.Env)
	case models.StepVerdict:
		return paths.FunctionCode(app, q.Env, models.AuthFunction)
	case models.StepVisitor, models.StepOrigin:
		return paths.Access(app, q.Env)
	case models.StepRule:
		return ruleLink(app, q)
	}
	return ""
}

func ruleLink(app string, q explainQuery) string {
	o, _ := models.OperationOf(q.Plane, q.Operation)
	switch o.On {
	case models.RuleFunctions:
		return paths.FunctionRules(app, q.Env)
	case models.RuleBucket:
		return paths.BucketRules(app, q.Env)
	}
	return paths.CollectionRules(app, q.Env, q.Resource)
}
