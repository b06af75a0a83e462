package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/apps"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Apps is the list of a person's apps, and the way into one.
type Apps struct{ pages }

// home leads into the only app that may be opened, else to the list.
func (h Apps) home(c echo.Context) error {
	only, err := h.services.Apps.Only(c.Request().Context(), session.Actor(c))
	if err != nil {
		return err
	}
	if only == "" {
		return c.Redirect(http.StatusSeeOther, paths.Apps())
	}
	return c.Redirect(http.StatusSeeOther, paths.App(only))
}

// listQuery is the part of an address that looks for a text in a list.
type listQuery struct {
	Text string `query:"q"`
	Page int    `query:"page"`
}

func (h Apps) index(c echo.Context) error {
	var q listQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	ctx := c.Request().Context()
	found, err := h.services.Apps.List(ctx, session.Actor(c), q.Text, models.PageRequest{Page: q.Page})
	if err != nil {
		return err
	}
	page := apps.IndexPage{
		Base: render.Base(c, ""), Text: q.Text, Search: q.Text != "" || found.Total > int64(found.Page.Size),
		Pagination: pagination(ctx, paths.AppsQuery(q.Text), found.Page, found.Total),
	}
	for _, e := range found.Apps {
		page.Apps = append(page.Apps, appRow(e))
	}
	return render.Page(c, http.StatusOK, apps.Index(page))
}

func appRow(e service.AppEntry) apps.Row {
	return apps.Row{
		AppID: e.App.AppID, Name: e.App.Name, Kind: e.App.Kind, Principal: e.Principal.Name,
		Activated: e.Activated, Role: e.Role, HasEntry: e.MayOpen.Allowed, Href: paths.App(e.App.AppID),
		CanActivate: !e.MayOpen.Allowed && e.MayActivate.Allowed,
	}
}

// show opens the console on its environment, or says why there is none.
func (h Apps) show(c echo.Context) error {
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	if p.Default != "" {
		return c.Redirect(http.StatusSeeOther, paths.Environment(p.App.AppID, p.Default))
	}
	return render.Page(c, http.StatusOK, apps.NoEnvironment(apps.NoEnvironmentPage{
		Base: h.base(c, p, tabOverview), AppID: p.App.AppID, CanCreate: p.MayCreateEnvironment.Allowed,
	}))
}
