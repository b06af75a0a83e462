package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views/functions"
	"envshare/web/render"
	"envshare/web/session"
)

// confirmDelete shows how much a function was used lately, before it goes. Runs
// are forgotten after 30 days, so all that there are count.
func (h Functions) confirmDelete(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	if err := p.opened.MayChangeFunction(f.Name).Err(); err != nil {
		return err
	}
	last, total, err := h.services.Functions.Invocations(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), f.Name,
		models.PageRequest{Page: 1, Size: 1})
	if err != nil {
		return err
	}
	page := functions.DeletePage{
		Base: h.base(c, p, tabFunctions), AppID: p.App.AppID, EnvID: p.environmentID(), Name: f.Name,
		Auth: f.Name == models.AuthFunction, Calls30Days: number(total),
	}
	if len(last) > 0 {
		page.LastCall = h.minute(last[0].StartedAt)
	}
	return render.Page(c, http.StatusOK, functions.Delete(page))
}

func (h Functions) delete(c echo.Context) error {
	app, env, name := c.Param(appParam), c.Param(envParam), c.Param(nameParam)
	if err := h.services.Functions.Delete(c.Request().Context(), session.Actor(c), app, env, name); err != nil {
		return err
	}
	return done(c, paths.Functions(app, env), "flash.function_deleted", "name", name)
}
