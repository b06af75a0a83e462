package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/views/settings"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// EnvironmentName gives an environment another name.
type EnvironmentName struct{ pages }

type environmentNameForm struct {
	Name string `form:"name"`
	Was  string `form:"was" trim:"no"`
}

func (h EnvironmentName) edit(c echo.Context) error {
	return h.form(c, http.StatusOK, "", nil)
}

func (h EnvironmentName) update(c echo.Context) error {
	var f environmentNameForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, env := c.Param(appParam), c.Param(envParam)
	err := h.services.Environments.Rename(c.Request().Context(), session.Actor(c), app, env, f.Was, f.Name)
	switch fields := models.FieldErrors(err); {
	case fields != nil:
		return h.form(c, http.StatusUnprocessableEntity, f.Name, fields)
	case models.IsCode(err, models.CodeConflict):
		return h.form(c, http.StatusUnprocessableEntity, f.Name, views.Errors{"name": models.MsgOf(err)})
	case err != nil:
		return err
	}
	return done(c, paths.Settings(app, env), "flash.environment_renamed", "name", f.Name)
}

// form is opened on the name that the environment has now; typed is kept.
func (h EnvironmentName) form(c echo.Context, status int, typed string, errs views.Errors) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	if err := p.opened.MayConfigure().Err(); err != nil {
		return err
	}
	name := p.opened.View.Environment.Name
	if errs == nil {
		typed = name
	}
	return render.Page(c, status, settings.EnvironmentName(settings.EnvironmentNamePage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, EnvID: p.environmentID(), Name: typed, Was: name, Errors: errs,
	}))
}
