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

// ChoosePassword is the page behind the link that an operator hands out.
type ChoosePassword struct{ pages }

type choosePasswordForm struct {
	Password      string `form:"password" trim:"no"`
	PasswordAgain string `form:"password_again" trim:"no"`
}

func (h ChoosePassword) new(c echo.Context) error { return h.page(c, http.StatusOK, nil) }

// create stores the password. Signing in follows, with all that is asked there.
func (h ChoosePassword) create(c echo.Context) error {
	var f choosePasswordForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	if f.Password != f.PasswordAgain {
		return h.page(c, http.StatusUnprocessableEntity, views.Errors{"password_again": models.M("error.password_mismatch")})
	}
	_, err := h.services.Accounts.ChoosePassword(c.Request().Context(), session.Actor(c), c.Param(tokenParam), f.Password)
	if fields := models.FieldErrors(err); fields != nil {
		return h.page(c, http.StatusUnprocessableEntity, fields)
	}
	if err != nil {
		return err
	}
	if err := session.SignOut(c); err != nil { // whoever was signed in here is somebody else
		return err
	}
	return c.Redirect(http.StatusSeeOther, paths.Login())
}

func (h ChoosePassword) page(c echo.Context, status int, errs views.Errors) error {
	user, err := h.services.Accounts.SetupUser(c.Request().Context(), c.Param(tokenParam))
	if err != nil {
		return err
	}
	return render.Page(c, status, signin.ChoosePassword(signin.ChoosePasswordPage{
		Base: render.Base(c, ""), Token: c.Param(tokenParam), Username: user.Username, Errors: errs,
	}))
}
