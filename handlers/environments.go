package handlers

import (
	"context"
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
	var q listQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	ctx, app := c.Request().Context(), p.App.AppID
	found, err := h.services.Apps.Environments(ctx, session.Actor(c), app, service.EnvironmentFilter{Text: q.Text}, models.PageRequest{Page: q.Page, Size: environmentsShown})
	if err != nil {
		return err
	}
	page := h.indexPage(ctx, p, q.Text, found)
	page.Base = h.base(c, p, tabSettings)
	if page.Deleted, err = h.deleted(c, p.Console); err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, apps.EnvironmentsIndex(page))
}

// environmentsShown is how many environments are on a page.
const environmentsShown = 50

func (h Environments) indexPage(ctx context.Context, p place, text string, found service.EnvironmentList) apps.EnvironmentsIndexPage {
	page := apps.EnvironmentsIndexPage{
		AppID: p.App.AppID, CanCreate: p.MayCreateEnvironment.Allowed, WhyNot: reason(ctx, p.MayCreateEnvironment),
		Text: text, Search: text != "" || found.Total() > environmentsShown, First: !p.Activated,
		HasOwn: found.Owned > 0, HasBorrowed: found.Lent > 0,
		Pagination: pagination(ctx, paths.EnvironmentsQuery(p.App.AppID, text), found.Page, found.Total()),
	}
	for _, e := range found.Own {
		page.Own = append(page.Own, apps.OwnEnvironmentRow{
			ID: e.ID, Name: e.Name, Href: paths.Environment(p.App.AppID, e.ID),
			Created: h.day(e.CreatedAt), Current: e.ID == p.environmentID(),
		})
	}
	for _, b := range found.Borrowed {
		page.Borrowed = append(page.Borrowed, h.borrowedRow(p, b))
	}
	return page
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
