package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/models"
	"envshare/views/signin"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// externalCookie holds, sealed, what an attempt to sign in at the OpenID provider
// began with: the answer counts in this browser alone.
const (
	externalCookie   = "envshare_oidc"
	externalLifetime = 10 * time.Minute
)

// LoginExternal signs people in with accounts of the OpenID provider.
type LoginExternal struct{ Login }

func (h LoginExternal) create(c echo.Context) error {
	var f loginForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	address, sealed, err := h.services.Accounts.BeginExternal(ctx, form.Local(f.Next))
	if models.IsCode(err, models.CodeUnavailable) {
		return h.page(c, http.StatusServiceUnavailable, f, i18n.T(ctx, models.MsgOf(err).Key))
	}
	if err != nil {
		return err
	}
	return h.depart(c, address, sealed)
}

// depart sends a browser to the OpenID provider. The page's policy keeps forms from
// leading elsewhere, redirects included, so that a page in between does it.
func (h pages) depart(c echo.Context, address, sealed string) error {
	h.keep(c, externalCookie, paths.LoginExternal(), sealed, externalLifetime)
	c.Response().Header().Set("Refresh", "0; url="+address)
	return render.Page(c, http.StatusOK, signin.ExternalDepart(signin.ExternalDepartPage{
		Base: render.Bare(c, ""), Name: h.services.Accounts.ExternalName(), Address: address,
	}))
}

// callback is where the provider sends people back to. The answer counts once.
func (h LoginExternal) callback(c echo.Context) error {
	ctx, sealed := c.Request().Context(), kept(c, externalCookie)
	h.forget(c, externalCookie, paths.LoginExternal())
	r, err := h.services.Accounts.FinishExternal(ctx, session.Actor(c), sealed, c.QueryParams())
	if _, signedIn := session.User(c); signedIn && linkRefused(err) {
		session.Flash(c, "error", models.MsgOf(err).Key)
		return c.Redirect(http.StatusSeeOther, paths.SignInMethods())
	}
	switch models.CodeOf(err) {
	case "":
	case models.CodeUnauthenticated, models.CodeConflict:
		return h.page(c, http.StatusUnprocessableEntity, loginForm{}, i18n.T(ctx, models.MsgOf(err).Key))
	case models.CodeLimited:
		return h.page(c, http.StatusTooManyRequests, loginForm{}, i18n.T(ctx, models.MsgOf(err).Key))
	case models.CodeUnavailable:
		return h.page(c, http.StatusServiceUnavailable, loginForm{}, i18n.T(ctx, models.MsgOf(err).Key))
	default:
		return err
	}
	if r.Linked != "" {
		return done(c, paths.SignInMethods(), "flash.external_linked", "name", r.Linked)
	}
	return h.finish(c, r.SignedIn, r.Next)
}

// linkRefused reports whether somebody who is signed in can be told so on their own
// page.
func linkRefused(err error) bool {
	switch models.CodeOf(err) {
	case models.CodeUnauthenticated, models.CodeConflict, models.CodeUnavailable, models.CodeLimited:
		return true
	}
	return false
}
