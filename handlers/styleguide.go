package handlers

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"envshare/models"
	"envshare/views/styleguide"
	"envshare/web/render"
	"envshare/web/session"
)

// Styleguide shows the parts of which pages are made. It is for development, and
// for operators.
type Styleguide struct{ pages }

func (h Styleguide) show(c echo.Context) error { return h.render(c, styleguide.Styleguide) }

func (h Styleguide) dialog(c echo.Context) error { return h.render(c, styleguide.Dialog) }

func (h Styleguide) render(c echo.Context, page func(styleguide.Page) templ.Component) error {
	if err := models.MayAdministerInstallation(session.Actor(c)).Err(); err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, page(styleguide.Page{Base: render.Base(c, "")}))
}
