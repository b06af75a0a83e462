package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/apps"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Environments is the environment switcher of an app (S8).
type Environments struct{ pages }

func (h Environments) index(c echo.Context) error {
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	page := apps.EnvironmentsIndexPage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID,
		CanCreate: p.MayCreateEnvironment.Allowed, WhyNot: reason(c.Request().Context(), p.MayCreateEnvironment),
	}
	for _, e := range p.Own {
		page.Own = append(page.Own, apps.OwnEnvironmentRow{
			ID: e.ID, Name: e.Name, Href: paths.Environment(p.App.AppID, e.ID),
			Created: h.day(e.CreatedAt), Current: e.ID == p.environmentID(),
		})
	}
	for _, b := range p.Borrowed {
		page.Borrowed = append(page.Borrowed, h.borrowedRow(p, b))
	}
	if page.Deleted, err = h.deleted(c, p.Console); err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, apps.EnvironmentsIndex(page))
}

func (h Environments) borrowedRow(p place, b service.BorrowedEnvironment) apps.BorrowedEnvironmentRow {
	row := apps.BorrowedEnvironmentRow{
		ID: b.Environment.ID, Name: b.Environment.Name, Owner: appRef(b.Owner, true),
		Permissions: b.Permissions, State: h.shareState(b.Share, b.Status), Current: b.Environment.ID == p.environmentID(),
	}
	if b.Status == models.ShareActive {
		row.Href = paths.Environment(p.App.AppID, b.Environment.ID)
	}
	return row
}

type environmentForm struct {
	Name   string `form:"name"`
	Prefix string `form:"prefix"`
}

// new is open to an app without console entry: its first environment opens the
// console (S11).
func (h Environments) new(c echo.Context) error {
	return h.form(c, http.StatusOK, environmentForm{}, nil)
}

func (h Environments) create(c echo.Context) error {
	var f environmentForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app := c.Param(appParam)
	e, err := h.services.Apps.CreateEnvironment(c.Request().Context(), session.Actor(c), app,
		models.NewEnvironment{Name: f.Name, Prefix: f.Prefix})
	if fields := models.FieldErrors(err); fields != nil {
		return h.form(c, http.StatusUnprocessableEntity, f, fields)
	}
	if err != nil {
		return err
	}
	return done(c, paths.Environment(app, e.ID), "flash.environment_created", "environment", e.ID)
}

func (h Environments) form(c echo.Context, status int, f environmentForm, errs views.Errors) error {
	console, err := h.services.Apps.Console(c.Request().Context(), session.Actor(c), c.Param(appParam))
	if err != nil {
		return err
	}
	if err := console.MayCreateEnvironment.Err(); err != nil {
		return err
	}
	page := apps.EnvironmentNewPage{
		Base: render.Base(c, ""), AppID: console.App.AppID, First: !console.Activated,
		Name: f.Name, Prefix: f.Prefix, Back: paths.Apps(), Errors: errs,
	}
	if console.MayOpen.Allowed {
		p, err := h.enter(c)
		if err != nil {
			return err
		}
		page.Nav = h.nav(c.Request().Context(), p, tabSettings)
		page.Back = paths.Environments(console.App.AppID)
	}
	return render.Page(c, status, apps.EnvironmentNew(page))
}
