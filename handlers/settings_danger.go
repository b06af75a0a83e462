package handlers

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/settings"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// DangerZone deletes environments.
type DangerZone struct {
	pages
	grace time.Duration
}

func (h DangerZone) show(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	ctx, e := c.Request().Context(), p.opened.View.Environment
	return render.Page(c, http.StatusOK, settings.DangerZone(settings.DangerZonePage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, EnvID: e.ID, EnvName: e.Name,
		WhyNot: reason(ctx, p.opened.MayConfigure()), Days: keptFor(ctx, h.grace),
	}))
}

// keptFor says how long a deleted environment is kept.
func keptFor(ctx context.Context, grace time.Duration) string {
	if days := grace.Hours() / 24; days >= 1 {
		return i18n.T(ctx, "danger.days", "days", int(math.Floor(days)))
	}
	return i18n.T(ctx, "danger.minutes", "minutes", int(grace.Minutes()))
}

// confirmDelete shows what ends with an environment, before it does.
func (h DangerZone) confirmDelete(c echo.Context) error {
	return h.form(c, http.StatusOK, deleteEnvironmentForm{}, nil)
}

type deleteEnvironmentForm struct {
	Confirm string `form:"confirm"`
}

func (h DangerZone) delete(c echo.Context) error {
	var f deleteEnvironmentForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx, actor, app, env := c.Request().Context(), session.Actor(c), c.Param(appParam), c.Param(envParam)
	open, err := h.services.Environments.DeleteFrom(ctx, actor, app, env, f.Confirm)
	if fields := models.FieldErrors(err); fields != nil {
		return h.form(c, http.StatusUnprocessableEntity, f, fields)
	}
	if err != nil {
		return err
	}
	if !open.Allowed { // its last one: the list of apps always opens
		return done(c, paths.Apps(), "flash.environment_deleted", "environment", env)
	}
	return done(c, paths.Environments(app), "flash.environment_deleted", "environment", env)
}

func (h DangerZone) form(c echo.Context, status int, f deleteEnvironmentForm, errs views.Errors) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	impact, err := h.services.Environments.Impact(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID())
	if err != nil {
		return err
	}
	page := h.impactPage(impact)
	page.Base, page.AppID, page.Typed, page.Errors = h.base(c, p, tabSettings), p.App.AppID, f.Confirm, errs
	return render.Page(c, status, settings.EnvironmentDelete(page))
}

func (h DangerZone) impactPage(i service.EnvironmentImpact) settings.EnvironmentDeletePage {
	page := settings.EnvironmentDeletePage{
		EnvID: i.Environment.ID, EnvName: i.Environment.Name, Impact: h.impact(i.Usage),
		Functions: number(i.Functions), Runs7Days: number(i.Runs7Days), Runs30Days: number(i.Runs30Days),
		Collections: number(i.Collections), Documents: number(i.Documents), Files: number(i.Files), Size: size(i.Bytes),
		Last: i.Last, Until: h.minute(i.Until),
	}
	for _, s := range i.Shares {
		page.Shares = append(page.Shares, settings.EndingShareRow{
			Grantee: appRef(s.Other, s.OtherActivated), Calls7Days: number(s.Usage.Calls7Days), State: h.shareState(s.Share, s.Status),
			Ends: s.Ends, ClosesEntry: s.Ends && !s.OtherActivated,
		})
	}
	return page
}
