package handlers

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"envshare/models"
	"envshare/views"
	"envshare/web/render"
	"envshare/web/session"
)

// styleguide shows the parts of which pages are made. It is for development, and
// for operators.
type styleguide struct{ pages }

func (h styleguide) show(c echo.Context) error { return h.render(c, views.Styleguide) }

func (h styleguide) dialog(c echo.Context) error { return h.render(c, views.StyleguideDialog) }

func (h styleguide) render(c echo.Context, page func(views.StyleguidePage) templ.Component) error {
	if err := models.MayAdministerInstallation(session.Actor(c)).Err(); err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, page(views.StyleguidePage{Base: render.Base(c, "")}))
}
