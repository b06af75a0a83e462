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

// KeptEnvironments restores deleted environments, also of an app that has no
// console entry without them.
type KeptEnvironments struct{ pages }

// deleted lists the environments of an app that can be restored, none for who may
// not do it.
func (h pages) deleted(c echo.Context, console service.Console) ([]apps.DeletedEnvironmentRow, error) {
	if !console.MayCreateEnvironment.Allowed {
		return nil, nil
	}
	list, err := h.services.Environments.Deleted(c.Request().Context(), session.Actor(c), console.App.AppID)
	if err != nil {
		return nil, err
	}
	rows := make([]apps.DeletedEnvironmentRow, len(list))
	for i, e := range list {
		rows[i] = h.deletedRow(e)
	}
	return rows, nil
}

func (h pages) deletedRow(e service.KeptEnvironment) apps.DeletedEnvironmentRow {
	return apps.DeletedEnvironmentRow{
		ID: e.Environment.ID, Name: e.Environment.Name, When: h.minute(e.DeletedAt), By: e.DeletedBy, Until: h.minute(e.Until),
	}
}

func (h KeptEnvironments) confirmRestore(c echo.Context) error {
	ctx, actor, app := c.Request().Context(), session.Actor(c), c.Param(appParam)
	e, err := h.services.Environments.ToRestore(ctx, actor, app, c.Param(envParam))
	if err != nil {
		return err
	}
	page := apps.EnvironmentRestorePage{
		Base: render.Base(c, ""), AppID: app, DeletedEnvironmentRow: h.deletedRow(e), Back: paths.Apps(),
	}
	console, err := h.services.Apps.Console(ctx, actor, app)
	if err != nil {
		return err
	}
	if console.MayOpen.Allowed {
		p, err := h.enter(c)
		if err != nil {
			return err
		}
		page.Nav, page.Back = h.nav(ctx, p, tabSettings), paths.Environments(app)
	}
	return render.Page(c, http.StatusOK, apps.EnvironmentRestore(page))
}

func (h KeptEnvironments) restore(c echo.Context) error {
	app, env := c.Param(appParam), c.Param(envParam)
	err := h.services.Environments.Restore(c.Request().Context(), session.Actor(c), app, env)
	if err != nil {
		return err
	}
	return done(c, paths.Environment(app, env), "flash.environment_restored", "environment", env)
}
