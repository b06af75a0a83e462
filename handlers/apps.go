package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/views/apps"
	"envshare/web/render"
	"envshare/web/session"
)

// Apps is the list of a person's apps, and the way into one.
type Apps struct{ pages }

// home leads into the only app that may be opened, else to the list.
func (h Apps) home(c echo.Context) error {
	entries, err := h.services.Apps.List(c.Request().Context(), session.Actor(c))
	if err != nil {
		return err
	}
	target, count := paths.Apps(), 0
	for _, e := range entries {
		if e.MayOpen.Allowed {
			target = paths.App(e.App.AppID)
			count++
		}
	}
	if count != 1 {
		target = paths.Apps()
	}
	return c.Redirect(http.StatusSeeOther, target)
}

func (h Apps) index(c echo.Context) error {
	entries, err := h.services.Apps.List(c.Request().Context(), session.Actor(c))
	if err != nil {
		return err
	}
	page := apps.IndexPage{Base: render.Base(c, "")}
	for _, e := range entries {
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
