package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/views/account"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Account is what everybody sets for themselves.
type Account struct{ pages }

// show is 账户 → 安全.
func (h Account) show(c echo.Context) error {
	ctx, actor := c.Request().Context(), session.Actor(c)
	user, err := h.services.Accounts.OwnAccount(ctx, actor)
	if err != nil {
		return err
	}
	second, err := h.services.Accounts.SecondFactor(ctx, actor)
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, account.Account(account.Page{
		Base: render.Base(c, ""), Username: user.Username, Operator: user.Operator, Created: h.day(user.CreatedAt), HasPassword: user.PasswordHash != "",
		SecondFactor: second.On, SecondFactorSince: h.day(second.Since), CodesLeft: int(second.CodesLeft),
	}))
}

type passwordForm struct {
	Current       string `form:"current" trim:"no"`
	Password      string `form:"password" trim:"no"`
	PasswordAgain string `form:"password_again" trim:"no"`
}

func (h Account) editPassword(c echo.Context) error { return h.passwordPage(c, http.StatusOK, nil) }

// updatePassword ends every session, this one too, and begins a new one here: a
// copy of the old cookie is worth nothing any more.
func (h Account) updatePassword(c echo.Context) error {
	var f passwordForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	if f.Password != f.PasswordAgain {
		return h.passwordPage(c, http.StatusUnprocessableEntity, views.Errors{"password_again": models.M("error.password_mismatch")})
	}
	user, err := h.services.Accounts.ChangePassword(c.Request().Context(), session.Actor(c), f.Current, f.Password)
	if fields := models.FieldErrors(err); fields != nil {
		return h.passwordPage(c, http.StatusUnprocessableEntity, fields)
	}
	if err != nil {
		return err
	}
	if err := session.SignIn(c, user); err != nil {
		return err
	}
	return done(c, paths.Account(), "flash.password_changed")
}

func (h Account) passwordPage(c echo.Context, status int, errs views.Errors) error {
	user, err := h.services.Accounts.OwnAccount(c.Request().Context(), session.Actor(c))
	if err != nil {
		return err
	}
	return render.Page(c, status, account.Password(account.PasswordPage{
		Base: render.Base(c, ""), HasPassword: user.PasswordHash != "", Errors: errs,
	}))
}

// preferences is 账户 → 偏好设置; the shell stores what is chosen there.
func (h Account) preferences(c echo.Context) error {
	return render.Page(c, http.StatusOK, account.Preferences(account.PreferencesPage{Base: render.Base(c, "")}))
}
