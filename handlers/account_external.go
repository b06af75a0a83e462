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

// AccountExternal is 账户 → 登录方式: password, and the account at the OpenID
// provider.
type AccountExternal struct{ pages }

func (h AccountExternal) show(c echo.Context) error {
	ctx, actor := c.Request().Context(), session.Actor(c)
	user, err := h.services.Accounts.OwnAccount(ctx, actor)
	if err != nil {
		return err
	}
	page := account.SignInMethodsPage{Base: render.Base(c, ""), Username: user.Username, HasPassword: user.PasswordHash != "", External: h.services.Accounts.ExternalName()}
	if page.External != "" {
		linked, err := h.services.Accounts.ExternalAccount(ctx, actor)
		if err != nil {
			return err
		}
		page.Linked, page.LinkedSince, page.LastUsed = linked.Name, h.day(linked.CreatedAt), h.minuteOrNone(linked.LastUsedAt)
		page.WhyNotUnlink = reason(ctx, models.MayUnlink(user))
	}
	return render.Page(c, http.StatusOK, account.SignInMethods(page))
}

func (h AccountExternal) confirmLink(c echo.Context) error {
	return h.ask(c, http.StatusOK, askLink, nil)
}

func (h AccountExternal) link(c echo.Context) error {
	var f proofForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	address, sealed, err := h.services.Accounts.BeginLink(c.Request().Context(), session.Actor(c), f.Password)
	if fields := models.FieldErrors(err); fields != nil {
		return h.ask(c, http.StatusUnprocessableEntity, askLink, fields)
	}
	if err != nil {
		return err
	}
	return h.depart(c, address, sealed)
}

func (h AccountExternal) confirmUnlink(c echo.Context) error {
	return h.ask(c, http.StatusOK, askUnlink, nil)
}

func (h AccountExternal) unlink(c echo.Context) error {
	var f proofForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err := h.services.Accounts.Unlink(c.Request().Context(), session.Actor(c), f.Password)
	if fields := models.FieldErrors(err); fields != nil {
		return h.ask(c, http.StatusUnprocessableEntity, askUnlink, fields)
	}
	if err != nil {
		return err
	}
	return done(c, paths.SignInMethods(), "flash.external_unlinked")
}

// The questions before a link is made and ended.
var (
	askLink   = account.ProofPage{Title: "sign_in_methods.link_title", Text: "sign_in_methods.link_text", Submit: "sign_in_methods.link", Action: paths.LinkExternal()}
	askUnlink = account.ProofPage{Title: "sign_in_methods.unlink_title", Text: "sign_in_methods.unlink_text", Submit: "sign_in_methods.unlink", Action: paths.UnlinkExternal(), Danger: true}
)

func (h AccountExternal) ask(c echo.Context, status int, page account.ProofPage, errs views.Errors) error {
	ctx, actor := c.Request().Context(), session.Actor(c)
	user, err := h.services.Accounts.OwnAccount(ctx, actor)
	if err != nil {
		return err
	}
	linked, err := h.services.Accounts.ExternalAccount(ctx, actor)
	if err != nil {
		return err
	}
	if (linked.Subject != "") != page.Danger { // there is nothing to link, or to end
		return c.Redirect(http.StatusSeeOther, paths.SignInMethods())
	}
	page.Base, page.Errors, page.Back = render.Base(c, ""), errs, paths.SignInMethods()
	page.Name, page.AskPassword = h.services.Accounts.ExternalName(), user.PasswordHash != ""
	return render.Page(c, status, account.Proof(page))
}
