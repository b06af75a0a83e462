package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/models"
	"envshare/views"
	"envshare/web/render"
)

// settings is what is set for an environment.
type settings struct{ pages }

func (h settings) show(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	if err := p.opened.May(models.SettingsView).Err(); err != nil {
		return err
	}
	e, may := p.opened.View.Environment, p.opened.MayConfigure()
	return render.Page(c, http.StatusOK, views.SettingsEnvironment(views.SettingsEnvironmentPage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, EnvID: e.ID, EnvName: e.Name,
		Owner: appRef(p.opened.Owner, true), Borrowed: p.opened.View.Borrowed(), Created: h.day(e.CreatedAt),
		CanRename: may.Allowed, WhyNot: reason(c.Request().Context(), may),
	}))
}
