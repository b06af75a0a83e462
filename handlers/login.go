package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/models"
	"envshare/views/signin"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Login signs people in and out.
type Login struct {
	pages
	needsSetUp func(context.Context) (bool, error)
}

type loginForm struct {
	Username string `form:"username"`
	Password string `form:"password" trim:"no"`
	Next     string `form:"next" query:"next"`
}

func (h Login) new(c echo.Context) error {
	var f loginForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	if _, ok := session.User(c); ok {
		return c.Redirect(http.StatusSeeOther, paths.Home())
	}
	return h.page(c, http.StatusOK, f, "")
}

func (h Login) create(c echo.Context) error {
	var f loginForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	in, err := h.services.Accounts.SignIn(ctx, session.Actor(c), f.Username, f.Password)
	switch models.CodeOf(err) {
	case "":
	case models.CodeUnauthenticated:
		return h.page(c, http.StatusUnprocessableEntity, f, i18n.T(ctx, models.MsgOf(err).Key))
	case models.CodeForbidden: // the password was right, but the user may not sign in
		return h.page(c, http.StatusForbidden, f, i18n.T(ctx, models.MsgOf(err).Key))
	case models.CodeLimited:
		return h.page(c, http.StatusTooManyRequests, f, i18n.T(ctx, models.MsgOf(err).Key))
	default:
		return err
	}
	return h.finish(c, in, f.Next)
}

func (h Login) logout(c echo.Context) error {
	if err := session.SignOut(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, paths.Login())
}

// page shows the form. Nobody can sign in to an installation without users: it
// then says where the link stands that makes the first one.
func (h Login) page(c echo.Context, status int, f loginForm, refusal string) error {
	needed := false
	if h.needsSetUp != nil {
		var err error
		if needed, err = h.needsSetUp(c.Request().Context()); err != nil {
			return err
		}
	}
	return render.Page(c, status, signin.Login(signin.LoginPage{
		Base: render.Base(c, ""), Username: f.Username, Next: form.Local(f.Next), Refusal: refusal, SetupHint: needed,
		External: h.services.Accounts.ExternalName(),
	}))
}
