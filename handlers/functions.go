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
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// functions are the cloud functions of an environment.
type functions struct{ pages }

func (h functions) index(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	ctx, app, env := c.Request().Context(), p.App.AppID, p.environmentID()
	list, err := h.services.Functions.List(ctx, session.Actor(c), app, env)
	if err != nil {
		return err
	}
	may := p.opened.May(models.FunctionsOperate)
	page := views.FunctionsIndexPage{
		Base: h.base(c, p, tabFunctions), AppID: app, EnvID: env, CanCreate: may.Allowed, WhyNot: reason(ctx, may),
		AuthMissing: !p.opened.View.Borrowed() && p.SharingOn && !p.opened.HasAuthFunction,
		WhyOff:      whyOff(ctx, p.opened.May(models.FunctionsInvoke), may),
		Pagination:  pagination(ctx, "", models.PageRequest{Page: 1, Size: max(1, len(list))}, int64(len(list))),
	}
	if p.opened.MayChangeFunction(models.AuthFunction).Allowed {
		page.AuthHref = paths.NewFunctionFrom(app, env, service.TemplateAuth)
	}
	if p.opened.MayConfigure().Allowed {
		page.RulesHref = paths.FunctionRules(app, env)
	}
	for _, f := range list {
		page.Functions = append(page.Functions, h.functionRow(ctx, *p.opened, f))
	}
	return render.Page(c, http.StatusOK, views.FunctionsIndex(page))
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

func (h functions) functionRow(ctx context.Context, o service.Opened, f service.ListedFunction) views.FunctionRow {
	run, deploy := o.May(models.FunctionsInvoke), o.MayChangeFunction(f.Function.Name)
	row := views.FunctionRow{
		Name: f.Function.Name, Version: version(f.Function.ActiveVersion),
		Memory: number(f.Function.MemoryMB) + " MB", Timeout: number(f.Function.TimeoutSeconds) + " s",
		Auth: f.Function.Name == models.AuthFunction, OwnerOnly: ownerOnly(o, f.Function.Name),
		CanRun: run.Allowed, WhyNotRun: reason(ctx, run), CanDeploy: deploy.Allowed, WhyNotDeploy: reason(ctx, deploy),
	}
	if !f.LastAt.IsZero() {
		row.LastInvocation, row.Calls24Hours = h.minute(f.LastAt), number(f.Calls)
		if f.Failed > 0 {
			row.Failed24Hours = number(f.Failed)
		}
	}
	return row
}

// ownerOnly reports whether a function is shown as the owner's alone (S10).
func ownerOnly(o service.Opened, name string) bool {
	return o.View.Borrowed() && name == models.AuthFunction
}

// head is what all pages of one function share.
func (h pages) head(ctx context.Context, p place, name string, active int) views.FunctionHead {
	may := p.opened.MayChangeFunction(name)
	return views.FunctionHead{
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

func (h functions) new(c echo.Context) error {
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
func (h functions) started(f functionForm) functionForm {
	if !slices.Contains(h.services.Functions.Templates(), f.Template) {
		return functionForm{}
	}
	if f.Template == service.TemplateAuth {
		f.Name = models.AuthFunction
	}
	return f
}

func (h functions) create(c echo.Context) error {
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
func (h functions) source(c echo.Context, f functionForm) (service.Source, string, error) {
	if f.Template == templateUpload {
		return uploadedSource(c)
	}
	source, err := h.services.Functions.TemplateSource(f.Template, f.Name)
	return source, "template", err
}

func (h functions) form(c echo.Context, status int, p place, f functionForm, errs views.Errors) error {
	return render.Page(c, status, views.FunctionNew(views.FunctionNewPage{
		Base: h.base(c, p, tabFunctions), AppID: p.App.AppID, EnvID: p.environmentID(),
		Name: f.Name, Template: f.Template, Errors: errs,
	}))
}
