package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/models"
	"envshare/views/settings"
	"envshare/web/render"
)

// Settings is what is set for an environment.
type Settings struct{ pages }

func (h Settings) show(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	if err := p.opened.May(models.SettingsView).Err(); err != nil {
		return err
	}
	e, may := p.opened.View.Environment, p.opened.MayConfigure()
	return render.Page(c, http.StatusOK, settings.Environment(settings.EnvironmentPage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, EnvID: e.ID, EnvName: e.Name,
		Owner: appRef(p.opened.Owner, true), Borrowed: p.opened.View.Borrowed(), Created: h.day(e.CreatedAt),
		CanRename: may.Allowed, WhyNot: reason(c.Request().Context(), may),
	}))
}
