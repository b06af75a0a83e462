package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/views/signin"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Setup is the first-run page behind its one-time link.
type Setup struct{ pages }

type setupForm struct {
	Username      string `form:"username"`
	Password      string `form:"password" trim:"no"`
	PasswordAgain string `form:"password_again" trim:"no"`
}

func (h Setup) new(c echo.Context) error {
	if err := h.services.Accounts.CheckSetupToken(c.Request().Context(), c.Param(tokenParam)); err != nil {
		return err
	}
	return h.page(c, http.StatusOK, setupForm{}, nil)
}

// create makes the first operator, who is signed in from then on.
func (h Setup) create(c echo.Context) error {
	var f setupForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx, token := c.Request().Context(), c.Param(tokenParam)
	if err := h.services.Accounts.CheckSetupToken(ctx, token); err != nil {
		return err
	}
	if f.Password != f.PasswordAgain {
		return h.page(c, http.StatusUnprocessableEntity, f, views.Errors{"password_again": models.M("error.password_mismatch")})
	}
	user, err := h.services.Accounts.SetUp(ctx, session.Actor(c), token, f.Username, f.Password)
	if fields := models.FieldErrors(err); fields != nil {
		return h.page(c, http.StatusUnprocessableEntity, f, fields)
	}
	if err != nil {
		return err
	}
	if err := session.SignIn(c, user); err != nil {
		return err
	}
	return done(c, paths.Home(), "flash.set_up", "name", user.Username)
}

func (h Setup) page(c echo.Context, status int, f setupForm, errs views.Errors) error {
	return render.Page(c, status, signin.Setup(signin.SetupPage{
		Base: render.Base(c, ""), Token: c.Param(tokenParam), Username: f.Username, Errors: errs,
	}))
}
