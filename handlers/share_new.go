package handlers

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/shares"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// new is the empty form, or the one for the app that ?to= names. While sharing is
// off, it leads to where it is turned on.
func (h Shares) new(c echo.Context) error {
	var f shareForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	if !p.SharingOn && p.MayEnableSharing.Allowed {
		session.Flash(c, "warning", "flash.sharing_off")
		return c.Redirect(http.StatusSeeOther, paths.Extensions(p.App.AppID))
	}
	page := shares.FormPage{}
	if f.To != "" {
		found, err := h.lookUp(c, f.To)
		if err != nil {
			return err
		}
		f = h.fillFound(&page, p.App.AppID, f, found)
		if page.Missing = models.MissingOfAppID(f.To); page.Missing > 0 {
			page.Errors = nil
		}
	}
	return h.form(c, http.StatusOK, p, f, page)
}

// lookUp finds the app that a share is to be given to (S2), each refusal with
// its own message.
func (h Shares) lookUp(c echo.Context, to string) (service.Lookup, error) {
	found, err := h.services.Sharing.Lookup(c.Request().Context(), session.Actor(c), c.Param(appParam), to)
	if err == nil && !models.ValidAppID(to) {
		found.Allowed = models.Deny(models.CodeInvalid, "error.appid")
	}
	return found, err
}

// fillFound shows what was looked up. Where a share is already there for the
// pair, the form says so and becomes that share's (S6).
func (h Shares) fillFound(page *shares.FormPage, app string, f shareForm, found service.Lookup) shareForm {
	if !found.Allowed.Allowed {
		page.Errors = views.Errors{"to": found.Allowed.Msg}
		return f
	}
	page.Grantee = grantee(found)
	if found.Existing == nil {
		return f
	}
	page.ExistingHref = paths.EditShare(app, found.Existing.ID)
	return h.formOf(*found.Existing)
}

func grantee(found service.Lookup) *shares.Grantee {
	return &shares.Grantee{AppRef: appRef(found.App, found.Activated), Principal: found.Principal.Name}
}

// create lends environments. A form that did not know of an existing share
// changes nothing: it leads to that share's own form.
func (h Shares) create(c echo.Context) error {
	f, errs, err := h.bindShare(c)
	if err != nil {
		return err
	}
	found, err := h.lookUp(c, f.To)
	if err != nil {
		return err
	}
	app := c.Param(appParam)
	switch {
	case f.CreateAuth != "":
		if err := h.createAuth(c, f.CreateAuth); err != nil {
			return err
		}
		return h.again(c, http.StatusOK, f, found, shares.FormPage{Errors: errs, AuthCreated: f.CreateAuth})
	case f.Adjust != "":
		return h.again(c, http.StatusOK, f.adjusted(), found, shares.FormPage{Errors: errs})
	case !found.Allowed.Allowed:
		errs["to"] = found.Allowed.Msg
	case found.Existing != nil && f.Version == 0:
		session.Flash(c, "warning", "flash.share_exists", "name", found.App.Name)
		return c.Redirect(http.StatusSeeOther, paths.EditShare(app, found.Existing.ID))
	}
	if len(errs) > 0 {
		return h.again(c, http.StatusUnprocessableEntity, f, found, shares.FormPage{Errors: errs})
	}
	_, err = h.services.Sharing.Share(c.Request().Context(), session.Actor(c), app, f.input(f.To))
	if fields := models.FieldErrors(err); fields != nil {
		return h.again(c, http.StatusUnprocessableEntity, f, found, shares.FormPage{Errors: fields})
	}
	if models.IsCode(err, models.CodeConflict) && f.Version != 0 {
		return h.conflicted(c, f)
	}
	if err != nil {
		return err
	}
	return done(c, paths.Shares(app), "flash.share_created", "name", found.App.Name)
}

// again shows the form of a new share once more, with what was typed.
func (h Shares) again(c echo.Context, status int, f shareForm, found service.Lookup, page shares.FormPage) error {
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	if found.Allowed.Allowed {
		page.Grantee = grantee(found)
	}
	return h.form(c, status, p, f, page)
}

// form renders the form of a share with its environments. All permissions are
// ticked where nothing was chosen yet (S5).
func (h Shares) form(c echo.Context, status int, p place, f shareForm, page shares.FormPage) error {
	ctx, actor, app := c.Request().Context(), session.Actor(c), p.App.AppID
	offered, err := h.services.Sharing.Offered(ctx, actor, app)
	if err != nil {
		return err
	}
	for _, e := range offered {
		row := shares.FormEnvironment{
			ID: e.ID, Name: e.Name, Included: slices.Contains(f.Environments, e.ID), Permissions: models.AllPermissions,
			AuthMissing: !e.AuthDeployed, AuthCreated: e.ID == page.AuthCreated,
		}
		if row.Included {
			row.Permissions = f.permissions[e.ID]
		}
		if page.Stored != nil {
			row.Stored = storedOf(page.Stored.Grants, e.ID)
		}
		page.Environments = append(page.Environments, row)
	}
	page.Base, page.AppID = h.base(c, p, tabSharing), app
	page.Fix = lookupFix(ctx, page.Errors["to"])
	page.To, page.Until, page.Note, page.TimeZone = f.To, f.Until, f.Note, h.zoneName()
	if f.Version > 0 {
		page.Version = strconv.Itoa(f.Version)
	}
	return render.Page(c, status, shares.Form(page))
}

// lookupFix says what to do about a refusal of an AppID, "" for nothing.
func lookupFix(ctx context.Context, refusal models.Msg) string {
	switch refusal.Key {
	case "error.grantee_unknown":
		return i18n.T(ctx, "share_form.fix_unknown")
	case "error.grantee_self":
		return i18n.T(ctx, "share_form.fix_self")
	case "error.grantee_principal":
		return i18n.T(ctx, "share_form.fix_principal")
	case "error.appid":
		return i18n.T(ctx, "share_form.fix_appid")
	}
	return ""
}

// storedOf is what is stored of an environment.
func storedOf(grants []views.GrantRow, env string) models.PermissionSet {
	for _, g := range grants {
		if g.EnvironmentID == env {
			return g.Permissions
		}
	}
	return 0
}
