package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/signin"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// pendingCookie holds the token of a sign-in that waits for the second factor. It
// is no session: nothing but this page reads it.
const pendingCookie = "envshare_pending"

// finish begins the session of somebody who is signed in, or asks for the second
// factor where one is missing.
func (h pages) finish(c echo.Context, in service.SignedIn, next string) error {
	if in.Pending != "" {
		h.keep(c, pendingCookie, paths.Login(), in.Pending, models.PendingLifetime)
		return c.Redirect(http.StatusSeeOther, paths.LoginSecondFactorNext(form.Local(next)))
	}
	if err := session.SignIn(c, in.User); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, form.Local(next))
}

// LoginSecondFactor is the second page of signing in.
type LoginSecondFactor struct{ Login }

type secondFactorForm struct {
	Code string `form:"code"`
	Next string `form:"next" query:"next"`
}

func (h LoginSecondFactor) new(c echo.Context) error {
	var f secondFactorForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err := h.services.Accounts.CheckPending(c.Request().Context(), kept(c, pendingCookie))
	if models.IsCode(err, models.CodeUnauthenticated) {
		return c.Redirect(http.StatusSeeOther, paths.LoginNext(form.Local(f.Next)))
	}
	if err != nil {
		return err
	}
	return h.ask(c, http.StatusOK, f, nil, "")
}

func (h LoginSecondFactor) create(c echo.Context) error {
	var f secondFactorForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	user, err := h.services.Accounts.FinishSignIn(ctx, session.Actor(c), kept(c, pendingCookie), f.Code)
	if fields := models.FieldErrors(err); fields != nil {
		return h.ask(c, http.StatusUnprocessableEntity, f, fields, "")
	}
	switch models.CodeOf(err) {
	case "":
	case models.CodeLimited:
		return h.ask(c, http.StatusTooManyRequests, f, nil, i18n.T(ctx, models.MsgOf(err).Key))
	case models.CodeUnauthenticated:
		h.forget(c, pendingCookie, paths.Login())
		return h.page(c, http.StatusUnprocessableEntity, loginForm{Next: f.Next}, i18n.T(ctx, models.MsgOf(err).Key))
	default:
		return err
	}
	h.forget(c, pendingCookie, paths.Login())
	return h.finish(c, service.SignedIn{User: user}, f.Next)
}

func (h LoginSecondFactor) ask(c echo.Context, status int, f secondFactorForm, errs views.Errors, refusal string) error {
	return render.Page(c, status, signin.LoginSecondFactor(signin.LoginSecondFactorPage{
		Base: render.Base(c, ""), Next: form.Local(f.Next), Errors: errs, Refusal: refusal,
	}))
}
