package handlers

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// new is the empty form, or the one for the app that ?to= names. While sharing is
// off, it leads to where it is turned on.
func (h shares) new(c echo.Context) error {
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
	page := views.ShareFormPage{}
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
func (h shares) lookUp(c echo.Context, to string) (service.Lookup, error) {
	found, err := h.services.Sharing.Lookup(c.Request().Context(), session.Actor(c), c.Param(appParam), to)
	if err == nil && !models.ValidAppID(to) {
		found.Allowed = models.Deny(models.CodeInvalid, "error.appid")
	}
	return found, err
}

// fillFound shows what was looked up. Where a share is already there for the
// pair, the form says so and becomes that share's (S6).
func (h shares) fillFound(page *views.ShareFormPage, app string, f shareForm, found service.Lookup) shareForm {
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

func grantee(found service.Lookup) *views.ShareGrantee {
	return &views.ShareGrantee{AppRef: appRef(found.App, found.Activated), Principal: found.Principal.Name}
}

// create lends environments. A form that did not know of an existing share
// changes nothing: it leads to that share's own form.
func (h shares) create(c echo.Context) error {
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
	case f.Adjust != "":
		return h.again(c, http.StatusOK, f.adjusted(), found, views.ShareFormPage{Errors: errs})
	case !found.Allowed.Allowed:
		errs["to"] = found.Allowed.Msg
	case found.Existing != nil && f.Version == 0:
		session.Flash(c, "warning", "flash.share_exists", "name", found.App.Name)
		return c.Redirect(http.StatusSeeOther, paths.EditShare(app, found.Existing.ID))
	}
	if len(errs) > 0 {
		return h.again(c, http.StatusUnprocessableEntity, f, found, views.ShareFormPage{Errors: errs})
	}
	_, err = h.services.Sharing.Share(c.Request().Context(), session.Actor(c), app, f.input(f.To))
	if fields := models.FieldErrors(err); fields != nil {
		return h.again(c, http.StatusUnprocessableEntity, f, found, views.ShareFormPage{Errors: fields})
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
func (h shares) again(c echo.Context, status int, f shareForm, found service.Lookup, page views.ShareFormPage) error {
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
func (h shares) form(c echo.Context, status int, p place, f shareForm, page views.ShareFormPage) error {
	ctx, actor, app := c.Request().Context(), session.Actor(c), p.App.AppID
	offered, err := h.services.Sharing.Offered(ctx, actor, app)
	if err != nil {
		return err
	}
	for _, e := range offered {
		row := views.ShareFormEnvironment{
			ID: e.ID, Name: e.Name, Included: slices.Contains(f.Environments, e.ID), Permissions: models.AllPermissions,
			AuthMissing: !e.AuthDeployed, AuthHref: paths.NewFunctionFrom(app, e.ID, service.TemplateAuth),
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
	page.To, page.Until, page.Note, page.TimeZone = f.To, f.Until, f.Note, h.zoneName()
	if f.Version > 0 {
		page.Version = strconv.Itoa(f.Version)
	}
	return render.Page(c, status, views.ShareForm(page))
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
