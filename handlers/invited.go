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

// Invited is what the link of an invitation opens, for whoever holds it.
type Invited struct{ pages }

func (h Invited) show(c echo.Context) error {
	return h.page(c, http.StatusOK, setupForm{}, nil)
}

// accept makes who is signed in a member.
func (h Invited) accept(c echo.Context) error {
	i, err := h.services.Members.Accept(c.Request().Context(), session.Actor(c), c.Param(tokenParam))
	if models.IsCode(err, models.CodeConflict) {
		return h.page(c, http.StatusConflict, setupForm{}, nil) // says why
	}
	if err != nil {
		return err
	}
	return h.joined(c, i)
}

func (h Invited) joined(c echo.Context, i models.Invitation) error {
	app, err := h.services.Apps.Console(c.Request().Context(), session.Actor(c), i.AppID)
	if err != nil {
		return err
	}
	if !app.MayOpen.Allowed {
		return done(c, paths.Apps(), "flash.invitation_accepted", "name", app.App.Name)
	}
	return done(c, paths.App(i.AppID), "flash.invitation_accepted", "name", app.App.Name)
}

// register makes an account for who has none, and signs it in.
func (h Invited) register(c echo.Context) error {
	var f setupForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	token := c.Param(tokenParam)
	if _, ok := session.User(c); ok {
		return c.Redirect(http.StatusSeeOther, paths.Invitation(token))
	}
	if f.Password != f.PasswordAgain {
		return h.page(c, http.StatusUnprocessableEntity, f, views.Errors{"password_again": models.M("error.password_mismatch")})
	}
	user, i, err := h.services.Members.AcceptAsNew(c.Request().Context(), session.Actor(c), token, f.Username, f.Password)
	if fields := models.FieldErrors(err); fields != nil {
		return h.page(c, http.StatusUnprocessableEntity, f, fields)
	}
	if err != nil {
		return err
	}
	if err := session.SignIn(c, user); err != nil {
		return err
	}
	return h.joined(c, i)
}

func (h Invited) page(c echo.Context, status int, f setupForm, errs views.Errors) error {
	ctx, token := c.Request().Context(), c.Param(tokenParam)
	offered, err := h.services.Members.Offered(ctx, session.Actor(c), token)
	if err != nil {
		return err
	}
	return render.Page(c, status, signin.Invitation(signin.InvitationPage{
		Base: render.Base(c, ""), Token: token, App: appRef(offered.App, true), Principal: offered.Principal.Name,
		Role: offered.Role, InvitedBy: offered.InvitedByName, Expires: h.minute(offered.ExpiresAt),
		Problem: reason(ctx, offered.May), Username: f.Username, Errors: errs,
	}))
}
