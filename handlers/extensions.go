package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/views/settings"
	"envshare/views/shares"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Extensions turns environment sharing on and off (S1, S13).
type Extensions struct{ pages }

func (h Extensions) show(c echo.Context) error {
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	may := p.MayEnableSharing
	if p.SharingOn {
		may = p.MayDisableSharing
	}
	return render.Page(c, http.StatusOK, settings.Extensions(settings.ExtensionsPage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, EnvID: p.environmentID(), SharingOn: p.SharingOn,
		CanChange: may.Allowed, WhyNot: reason(c.Request().Context(), may),
	}))
}

func (h Extensions) enable(c echo.Context) error {
	app := c.Param(appParam)
	if err := h.services.Sharing.Enable(c.Request().Context(), session.Actor(c), app); err != nil {
		return err
	}
	return done(c, paths.Shares(app), "flash.sharing_enabled")
}

// confirmDisable shows how many shares end, and the newest of them.
func (h Extensions) confirmDisable(c echo.Context) error {
	return h.disablePage(c, http.StatusOK, nil)
}

type disableForm struct {
	Confirm string `form:"confirm"`
}

func (h Extensions) disable(c echo.Context) error {
	var f disableForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, confirmed := c.Param(appParam), f.Confirm == "yes"
	err := h.services.Sharing.Disable(c.Request().Context(), session.Actor(c), app, confirmed)
	if models.IsCode(err, models.CodeConflict) && !confirmed {
		return h.disablePage(c, http.StatusUnprocessableEntity, views.Errors{"confirm": models.MsgOf(err)})
	}
	if err != nil {
		return err
	}
	return done(c, paths.Extensions(app), "flash.sharing_disabled")
}

func (h Extensions) disablePage(c echo.Context, status int, errs views.Errors) error {
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	if err := p.MayDisableSharing.Err(); err != nil {
		return err
	}
	ending, err := h.services.Sharing.Outgoing(c.Request().Context(), session.Actor(c), p.App.AppID,
		models.PageRequest{Page: 1, Size: models.MaxPageSize})
	if err != nil {
		return err
	}
	page := shares.DisablePage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, Total: number(ending.TotalOutgoing), Errors: errs,
	}
	if rest := ending.TotalOutgoing - int64(len(ending.Shares)); rest > 0 {
		page.NotListed = number(rest)
	}
	for _, s := range ending.Shares {
		page.Shares = append(page.Shares, h.shareRow(c.Request().Context(), p.App.AppID, s))
	}
	return render.Page(c, status, shares.Disable(page))
}
