package handlers

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/functions"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Functions are the cloud functions of an environment.
type Functions struct{ pages }

// functionsQuery chooses functions by name.
type functionsQuery struct {
	Text string `query:"q"`
	Page int    `query:"page"`
}

func (h Functions) index(c echo.Context) error {
	var q functionsQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	p, err := h.open(c)
	if err != nil {
		return err
	}
	ctx, app, env := c.Request().Context(), p.App.AppID, p.environmentID()
	request := models.PageRequest{Page: q.Page}.Clamped()
	found, err := h.services.Functions.Page(ctx, session.Actor(c), app, env, q.Text, request)
	if err != nil {
		return err
	}
	may := p.opened.May(models.FunctionsOperate)
	page := functions.IndexPage{
		Base: h.base(c, p, tabFunctions), AppID: app, EnvID: env, CanCreate: may.Allowed, WhyNot: reason(ctx, may), Search: q.Text, ShowWeek: found.Week != nil,
		AuthMissing: authMissing(ctx, p),
		WhyOff:      whyOff(ctx, p.opened.May(models.FunctionsInvoke), may),
		Pagination:  pagination(ctx, paths.FunctionsQuery(app, env, q.Text), request, found.Total),
	}
	if p.opened.MayConfigure().Allowed {
		page.RulesHref = paths.FunctionRules(app, env)
	}
	for _, f := range found.Functions {
		page.Functions = append(page.Functions, h.functionRow(ctx, *p.opened, f, found))
	}
	return render.Page(c, http.StatusOK, functions.Index(page))
}

// authMissing says that a lent environment has no cloudbase_auth, and who can
// create it; nil when there is nothing to say.
func authMissing(ctx context.Context, p place) *views.AuthMissing {
	if !p.opened.AuthMissing {
		return nil
	}
	return authFlag(ctx, p.App.AppID, p.environmentID(), p.opened.View.Borrowed(), p.opened.MayChangeFunction(models.AuthFunction))
}

// authFlag is the flag of an environment without cloudbase_auth.
func authFlag(ctx context.Context, app, env string, borrowed bool, may models.Decision) *views.AuthMissing {
	return &views.AuthMissing{
		AppID: app, EnvID: env, Name: models.AuthFunction, Template: service.TemplateAuth,
		Borrowed: borrowed, CanCreate: may.Allowed, WhyNot: reason(ctx, may),
	}
}

// whyOff says why no function can be tested or deployed, once where both have the
// same reason.
func whyOff(ctx context.Context, run, deploy models.Decision) []string {
	noRun, noDeploy := reason(ctx, run), reason(ctx, deploy)
	if noRun != "" && noRun == noDeploy {
		return []string{i18n.T(ctx, "functions.run_and_deploy_off", "reason", noRun)}
	}
	var why []string
	if noRun != "" {
		why = append(why, i18n.T(ctx, "functions.run_off", "reason", noRun))
	}
	if noDeploy != "" {
		why = append(why, i18n.T(ctx, "functions.deploy_off", "reason", noDeploy))
	}
	return why
}

func (h Functions) functionRow(ctx context.Context, o service.Opened, f models.Function, found service.FunctionPage) functions.Row {
	run, deploy := o.May(models.FunctionsInvoke), o.MayChangeFunction(f.Name)
	row := functions.Row{
		Name: f.Name, Version: version(f.ActiveVersion), Changed: h.minute(f.UpdatedAt),
		Memory: number(f.MemoryMB) + " MB", Timeout: number(f.TimeoutSeconds) + " s",
		Auth: f.Name == models.AuthFunction, OwnerOnly: ownerOnly(o, f.Name),
		CanRun: run.Allowed, WhyNotRun: reason(ctx, run), CanDeploy: deploy.Allowed, WhyNotDeploy: reason(ctx, deploy),
	}
	if found.Week != nil {
		row.WeekCalls, row.WeekErrors = week(ctx, found.Week[f.Name])
	}
	if last := found.Last[f.Name]; last.ID != "" {
		row.LastInvocation, row.LastOK, row.LastStatus = h.moment(ctx, last.StartedAt), last.Status == models.InvocationOK, statusKey(last.Status)
		row.LastHref = paths.Invocation(o.App.AppID, f.EnvironmentID, f.Name, last.ID)
	}
	return row
}

// week says how often a function ran lately, and how much of it failed.
func week(ctx context.Context, t models.Tally) (calls, failed string) {
	if t.Errors > 0 {
		failed = i18n.T(ctx, "functions.week_errors", "percent", percent(t.Errors, t.Calls))
	}
	return number(t.Calls), failed
}

// ownerOnly reports whether a function is shown as the owner's alone (S10).
func ownerOnly(o service.Opened, name string) bool {
	return o.View.Borrowed() && name == models.AuthFunction
}

// head is what all pages of one function share.
func (h pages) head(ctx context.Context, p place, name string, active int) functions.Head {
	may := p.opened.MayChangeFunction(name)
	return functions.Head{
		AppID: p.App.AppID, EnvID: p.environmentID(), Name: name, Version: version(active),
		OwnerOnly: ownerOnly(*p.opened, name), CanDelete: may.Allowed, WhyNotDelete: reason(ctx, may),
		CanMonitor: p.opened.MayMonitorFunction().Allowed,
	}
}

// function loads the function that a route names, and where it is.
func (h pages) function(c echo.Context) (place, models.Function, error) {
	p, err := h.open(c)
	if err != nil {
		return place{}, models.Function{}, err
	}
	f, err := h.services.Functions.Get(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), c.Param(nameParam))
	return p, f, err
}

// templateUpload is the choice of the form that takes files instead of a
// template.
const templateUpload = "upload"

type functionForm struct {
	Name     string `form:"name"`
	Template string `form:"template" query:"template"`
}

func (h Functions) new(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	if err := p.opened.May(models.FunctionsOperate).Err(); err != nil {
		return err
	}
	var f functionForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	return h.form(c, http.StatusOK, p, h.started(f), nil)
}

// started is the empty form with what the address chose: a template that there
// is, and the name where the template has only one.
func (h Functions) started(f functionForm) functionForm {
	if !slices.Contains(h.services.Functions.Templates(), f.Template) {
		return functionForm{}
	}
	if f.Template == service.TemplateAuth {
		f.Name = models.AuthFunction
	}
	return f
}

func (h Functions) create(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	var f functionForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	if err := p.opened.MayChangeFunction(f.Name).Err(); err != nil {
		return err
	}
	source, field, err := h.source(c, f)
	if err == nil {
		_, err = h.services.Functions.Deploy(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(),
			service.Deployment{Name: f.Name, Source: source, MustBeNew: true})
	}
	if fields := codeFields(err, field); fields != nil {
		return h.form(c, http.StatusUnprocessableEntity, p, f, fields)
	}
	if err != nil {
		return err
	}
	return done(c, paths.Function(p.App.AppID, p.environmentID(), f.Name), "flash.function_created", "name", f.Name)
}

// source returns the code of a new function and the field that it comes from.
func (h Functions) source(c echo.Context, f functionForm) (service.Source, string, error) {
	if f.Template == templateUpload {
		return uploadedSource(c)
	}
	source, err := h.services.Functions.TemplateSource(f.Template, f.Name)
	return source, "template", err
}

// chosen is the template that is ticked: the first one unless another is asked for.
func (h Functions) chosen(template string) string {
	list := append(h.services.Functions.Templates(), templateUpload)
	if !slices.Contains(list, template) {
		return list[0]
	}
	return template
}

func (h Functions) form(c echo.Context, status int, p place, f functionForm, errs views.Errors) error {
	return render.Page(c, status, functions.New(functions.NewPage{
		Base: h.base(c, p, tabFunctions), AppID: p.App.AppID, EnvID: p.environmentID(),
		Name: f.Name, Template: h.chosen(f.Template), Templates: h.services.Functions.Templates(), Errors: errs,
	}))
}
