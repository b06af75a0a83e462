package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// extensions turns environment sharing on and off (S1, S13).
type extensions struct{ pages }

func (h extensions) show(c echo.Context) error {
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	may := p.MayEnableSharing
	if p.SharingOn {
		may = p.MayDisableSharing
	}
	return render.Page(c, http.StatusOK, views.Extensions(views.ExtensionsPage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, EnvID: p.environmentID(), SharingOn: p.SharingOn,
		CanChange: may.Allowed, WhyNot: reason(c.Request().Context(), may),
	}))
}

func (h extensions) enable(c echo.Context) error {
	app := c.Param(appParam)
	if err := h.services.Sharing.Enable(c.Request().Context(), session.Actor(c), app); err != nil {
		return err
	}
	return done(c, paths.Shares(app), "flash.sharing_enabled")
}

// confirmDisable shows how many shares end, and the newest of them.
func (h extensions) confirmDisable(c echo.Context) error {
	return h.disablePage(c, http.StatusOK, nil)
}

type disableForm struct {
	Confirm string `form:"confirm"`
}

func (h extensions) disable(c echo.Context) error {
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

func (h extensions) disablePage(c echo.Context, status int, errs views.Errors) error {
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
	page := views.SharingDisablePage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, Total: number(ending.TotalOutgoing), Errors: errs,
	}
	if rest := ending.TotalOutgoing - int64(len(ending.Shares)); rest > 0 {
		page.NotListed = number(rest)
	}
	for _, s := range ending.Shares {
		page.Shares = append(page.Shares, h.shareRow(p.App.AppID, s))
	}
	return render.Page(c, status, views.SharingDisable(page))
}
