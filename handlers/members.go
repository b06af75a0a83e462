package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/settings"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Members are who may open an app's console.
type Members struct{ pages }

func (h Members) index(c echo.Context) error {
	var q listQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	list, err := h.services.Members.List(ctx, session.Actor(c), p.App.AppID, q.Text, models.PageRequest{Page: q.Page})
	if err != nil {
		return err
	}
	page := settings.MembersPage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, EnvID: p.environmentID(),
		CanInvite: list.MayInvite.Allowed, WhyNot: reason(ctx, list.MayInvite),
		Text: q.Text, Search: q.Text != "" || list.Total > int64(list.Page.Size),
		Pagination: pagination(ctx, paths.MembersQuery(p.App.AppID, q.Text), list.Page, list.Total),
	}
	for _, m := range list.Members {
		page.Members = append(page.Members, settings.MemberRow{
			UserID: m.UserID, Username: m.Username, Role: m.Role, Self: m.Self,
			WhyNotChange: reason(ctx, m.MayChange), WhyNotRemove: reason(ctx, m.MayRemove),
		})
	}
	for _, i := range list.Invitations {
		page.Invitations = append(page.Invitations, h.invitationRow(i))
	}
	return render.Page(c, http.StatusOK, settings.Members(page))
}

func (h Members) invitationRow(i models.Invitation) settings.InvitationRow {
	return settings.InvitationRow{
		ID: i.ID, Role: i.Role, Status: i.Status(h.now()), InvitedBy: i.InvitedByName, AcceptedBy: i.AcceptedByName,
		Created: h.minute(i.CreatedAt), Expires: h.minute(i.ExpiresAt),
	}
}

// member is the member that a route names.
func (h Members) member(c echo.Context) (place, service.ListedMember, error) {
	p, err := h.enter(c)
	if err != nil {
		return place{}, service.ListedMember{}, err
	}
	m, err := h.services.Members.Get(c.Request().Context(), session.Actor(c), p.App.AppID, c.Param(userParam))
	return p, m, err
}

type memberForm struct {
	Role string `form:"role"`
	Was  string `form:"was"`
}

// role returns the role of that name, RoleNone for none: the service refuses it.
func role(name string) models.Role {
	r, err := models.ParseRole(name)
	if err != nil {
		return models.RoleNone
	}
	return r
}

func (h Members) edit(c echo.Context) error {
	return h.form(c, http.StatusOK, models.RoleNone, nil)
}

func (h Members) update(c echo.Context) error {
	var f memberForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, to := c.Param(appParam), role(f.Role)
	err := h.services.Members.Change(c.Request().Context(), session.Actor(c), app, c.Param(userParam), role(f.Was), to)
	switch fields := models.FieldErrors(err); {
	case fields != nil:
		return h.form(c, http.StatusUnprocessableEntity, to, fields)
	case models.IsCode(err, models.CodeConflict):
		return h.form(c, http.StatusUnprocessableEntity, to, views.Errors{"role": models.MsgOf(err)})
	case err != nil:
		return err
	}
	return h.after(c, app, "flash.member_changed")
}

func (h Members) form(c echo.Context, status int, chosen models.Role, errs views.Errors) error {
	p, m, err := h.member(c)
	if err != nil {
		return err
	}
	if err := m.MayChange.Err(); err != nil && errs == nil { // a refused form says why beside it
		return err
	}
	if chosen == models.RoleNone {
		chosen = m.Role
	}
	return render.Page(c, status, settings.MemberRole(settings.MemberRolePage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, UserID: m.UserID, Username: m.Username, Role: chosen, Was: m.Role, Errors: errs,
	}))
}

func (h Members) confirmRemove(c echo.Context) error {
	p, m, err := h.member(c)
	if err != nil {
		return err
	}
	if err := m.MayRemove.Err(); err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, settings.MemberRemove(settings.MemberRemovePage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, UserID: m.UserID, Username: m.Username, Role: m.Role, Self: m.Self,
	}))
}

func (h Members) remove(c echo.Context) error {
	app := c.Param(appParam)
	if err := h.services.Members.Remove(c.Request().Context(), session.Actor(c), app, c.Param(userParam)); err != nil {
		return err
	}
	return h.after(c, app, "flash.member_removed")
}

// after leads back to the members, or to the list of apps for who has just left.
func (h Members) after(c echo.Context, app, flash string) error {
	_, err := h.services.Apps.Console(c.Request().Context(), session.Actor(c), app)
	if models.IsCode(err, models.CodeNotFound) {
		return done(c, paths.Apps(), flash)
	}
	if err != nil {
		return err
	}
	return done(c, paths.Members(app), flash)
}
