package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/functions"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// upload is the form that deploys files as a new version.
func (h FunctionCode) upload(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	if err := p.opened.MayChangeFunction(f.Name).Err(); err != nil {
		return err
	}
	return h.uploadPage(c, http.StatusOK, p, f, deployForm{}, nil)
}

func (h FunctionCode) uploadPage(c echo.Context, status int, p place, f models.Function, typed deployForm, errs views.Errors) error {
	return render.Page(c, status, functions.Upload(functions.UploadPage{
		Base: h.base(c, p, tabFunctions), AppID: p.App.AppID, EnvID: p.environmentID(), Name: f.Name,
		Over: f.ActiveID, Version: version(f.ActiveVersion), Note: typed.Note, Errors: errs,
	}))
}

// deployForm says over which version something is deployed, by id: "" for whatever
// runs.
type deployForm struct {
	Over string `form:"over"`
	Note string `form:"note"`
}

func (h FunctionCode) deploy(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	if err := p.opened.MayChangeFunction(f.Name).Err(); err != nil {
		return err
	}
	var typed deployForm
	if err := form.Bind(c, &typed); err != nil {
		return err
	}
	source, field, err := uploadedSource(c)
	deployed := f
	if err == nil {
		deployed, err = h.services.Functions.Deploy(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(),
			service.Deployment{Name: f.Name, Source: source, Over: typed.Over, Note: typed.Note})
	}
	if models.IsCode(err, models.CodeConflict) {
		return h.uploadPage(c, http.StatusConflict, p, f, typed, views.Errors{"over": models.MsgOf(err)})
	}
	if fields := codeFields(err, field); fields != nil {
		return h.uploadPage(c, http.StatusUnprocessableEntity, p, f, typed, fields)
	}
	if err != nil {
		return err
	}
	return done(c, paths.FunctionCode(p.App.AppID, p.environmentID(), f.Name),
		"flash.function_deployed", "name", f.Name, "version", version(deployed.ActiveVersion))
}
