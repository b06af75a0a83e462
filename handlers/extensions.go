package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
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
		may = mayDisable(c, p)
	}
	return render.Page(c, http.StatusOK, views.Extensions(views.ExtensionsPage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, EnvID: p.environmentID(), SharingOn: p.SharingOn,
		CanChange: may.Allowed, WhyNot: reason(c.Request().Context(), may),
	}))
}

// mayDisable decides whether somebody who confirms it may turn sharing off.
func mayDisable(c echo.Context, p place) models.Decision {
	return models.MayDisableSharing(p.standing(c), models.AppFacts{App: p.App, OwnEnvironments: p.Own}, 0, true)
}

func (h extensions) enable(c echo.Context) error {
	app := c.Param(appParam)
	if err := h.services.Sharing.Enable(c.Request().Context(), session.Actor(c), app); err != nil {
		return err
	}
	return done(c, paths.Shares(app), "flash.sharing_enabled")
}

// confirmDisable shows which shares end.
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
	if err := mayDisable(c, p).Err(); err != nil {
		return err
	}
	all, err := h.allOutgoing(c.Request().Context(), session.Actor(c), p.App.AppID)
	if err != nil {
		return err
	}
	page := views.SharingDisablePage{Base: h.base(c, p, tabSettings), AppID: p.App.AppID, Errors: errs}
	for _, s := range all {
		page.Shares = append(page.Shares, h.shareRow(p.App.AppID, s))
	}
	return render.Page(c, status, views.SharingDisable(page))
}

// allOutgoing returns everything that an app lends.
func (h pages) allOutgoing(ctx context.Context, actor models.Actor, app string) ([]service.ListedShare, error) {
	var all []service.ListedShare
	for page := 1; ; page++ {
		list, err := h.services.Sharing.Outgoing(ctx, actor, app, models.PageRequest{Page: page, Size: models.MaxPageSize})
		if err != nil {
			return nil, err
		}
		all = append(all, list.Shares...)
		if len(list.Shares) < models.MaxPageSize {
			return all, nil
		}
	}
}
