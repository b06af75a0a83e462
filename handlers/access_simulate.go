package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/rules"
	"envshare/web/render"
	"envshare/web/session"
)

func (f ruleForm) simulation() service.Simulation {
	return service.Simulation{
		Preset: f.Preset, Rules: f.rules(), Operation: f.Operation, Query: f.Query, Stages: f.Stages, ID: f.ID, Data: f.Data, Owner: f.Owner, Function: f.Function,
		Caller: service.SimulatedCaller{
			LoggedIn: f.Caller != rules.CallerVisitor, Web: f.Caller == rules.CallerWeb,
			OpenID: f.OpenID, UnionID: f.UnionID, AppID: f.AppID, Custom: f.Custom,
		},
	}
}

// simulate says what the rule in the editor would decide about a call.
func (h AccessRules) simulate(c echo.Context) error {
	at, f, err := h.submitted(c)
	if err != nil {
		return err
	}
	ctx, actor, app, env := c.Request().Context(), session.Actor(c), at.App.AppID, at.environmentID()
	if _, err := h.services.Access.CheckRule(ctx, actor, app, env, at.target, f.Preset, f.rules()); models.IsCode(err, models.CodeInvalid) {
		return h.refused(c, at, f, err)
	}
	result, err := h.services.Access.Simulate(ctx, actor, app, env, at.target, f.simulation())
	fields := models.FieldErrors(err)
	if err != nil && fields == nil {
		return err
	}
	page, err := h.page(c, at, &f)
	if err != nil {
		return err
	}
	if fields != nil {
		page.Simulation.Errors = fields
		return render.Page(c, http.StatusUnprocessableEntity, rules.Rule(page))
	}
	page.Simulation.Result = simulationResult(ctx, result)
	return render.Page(c, http.StatusOK, rules.Rule(page))
}

func simulationResult(ctx context.Context, r service.SimulatedResult) *rules.SimulationResult {
	out := &rules.SimulationResult{Allowed: r.Allowed, Part: r.Part, Condition: r.Condition, Closed: r.Closed}
	if !r.Allowed {
		out.Reason = i18n.Text(i18n.Locale(ctx), r.Reason.Key, r.Reason.Args)
	}
	for _, step := range r.Trace {
		out.Trace = append(out.Trace, rules.SimulationStep{Part: step.Part, Value: step.Value})
	}
	return out
}

// simulatedOpenID is the person whom the simulator begins with.
const simulatedOpenID = "test-openid"

// simulationForm is the form as it was sent, or as it begins.
func (h AccessRules) simulationForm(app string, f *ruleForm) rules.SimulationForm {
	out := rules.SimulationForm{Caller: rules.CallerMiniProgram, OpenID: simulatedOpenID, AppID: app}
	if f != nil {
		out = rules.SimulationForm{
			Caller: f.Caller, OpenID: f.OpenID, UnionID: f.UnionID, AppID: f.AppID, Custom: f.Custom,
			Operation: f.Operation, Query: f.Query, Stages: f.Stages, ID: f.ID, Data: f.Data, Owner: f.Owner, Function: f.Function,
		}
	}
	switch h.kind {
	case models.RuleCollection:
		out.Operations = []string{"read", "aggregate", "create", "update", "delete"}
	case models.RuleBucket:
		out.Operations = []string{"read", "write"}
	}
	return out
}
