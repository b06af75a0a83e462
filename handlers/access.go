package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/views/rules"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Access is what an environment's owner decides about clients.
type Access struct{ pages }

type accessForm struct {
	Unauthenticated bool   `form:"unauthenticated"`
	Origins         string `form:"origins"`
}

func (f accessForm) policy() models.ClientPolicy {
	return models.ClientPolicy{Unauthenticated: f.Unauthenticated, Origins: strings.Fields(f.Origins)}
}

// settingsPlace opens the environment for a page below 设置.
func (h pages) settingsPlace(c echo.Context) (place, error) {
	p, err := h.open(c)
	if err != nil {
		return place{}, err
	}
	return p, p.opened.May(models.SettingsView).Err()
}

func (h Access) show(c echo.Context) error {
	p, err := h.settingsPlace(c)
	if err != nil {
		return err
	}
	if !p.opened.MayConfigure().Allowed {
		return h.page(c, http.StatusOK, p, accessForm{}, nil)
	}
	policy, err := h.services.Access.Policy(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID())
	if err != nil {
		return err
	}
	return h.page(c, http.StatusOK, p, accessForm{policy.Unauthenticated, strings.Join(policy.Origins, "\n")}, nil)
}

func (h Access) page(c echo.Context, status int, p place, f accessForm, errs views.Errors) error {
	return render.Page(c, status, rules.Access(rules.AccessPage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, EnvID: p.environmentID(), Errors: errs,
		WhyNot: reason(c.Request().Context(), p.opened.MayConfigure()), Unauthenticated: f.Unauthenticated, Origins: f.Origins,
	}))
}

func (h Access) update(c echo.Context) error {
	p, err := h.settingsPlace(c)
	if err != nil {
		return err
	}
	var f accessForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err = h.services.Access.SetPolicy(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), f.policy())
	if fields := models.FieldErrors(err); fields != nil {
		return h.page(c, http.StatusUnprocessableEntity, p, f, fields)
	}
	if err != nil {
		return err
	}
	return done(c, paths.Access(p.App.AppID, p.environmentID()), "flash.access_saved")
}
