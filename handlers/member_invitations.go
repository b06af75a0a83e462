package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/views/settings"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// MemberInvitations makes and revokes invitations to an app.
type MemberInvitations struct {
	pages
	url string // how browsers reach the console, "" for what a request names
}

type invitationForm struct {
	Role string `form:"role"`
	Days int    `form:"days"`
}

// proposedDays is how long an invitation is open unless somebody chooses.
const proposedDays = 3

func (h MemberInvitations) new(c echo.Context) error {
	return h.form(c, http.StatusOK, models.NewInvitation{Role: models.RoleViewer, Days: proposedDays}, nil)
}

// create shows the link at once, on a page that cannot be opened again.
func (h MemberInvitations) create(c echo.Context) error {
	var f invitationForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	n := models.NewInvitation{Role: role(f.Role), Days: f.Days}
	invitation, token, err := h.services.Members.Invite(c.Request().Context(), session.Actor(c), p.App.AppID, n)
	if fields := models.FieldErrors(err); fields != nil {
		return h.form(c, http.StatusUnprocessableEntity, n, fields)
	}
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, settings.InvitationMade(settings.InvitationMadePage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, Link: h.address(c) + paths.Invitation(token),
		Role: invitation.Role, Expires: h.minute(invitation.ExpiresAt),
	}))
}

// address is how browsers reach the console.
func (h MemberInvitations) address(c echo.Context) string {
	if h.url != "" {
		return h.url
	}
	return c.Scheme() + "://" + c.Request().Host
}

func (h MemberInvitations) form(c echo.Context, status int, n models.NewInvitation, errs views.Errors) error {
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	if err := p.MayCreateEnvironment.Err(); err != nil {
		return err
	}
	return render.Page(c, status, settings.InvitationNew(settings.InvitationNewPage{
		Base: h.base(c, p, tabSettings), AppID: p.App.AppID, Role: n.Role, Days: n.Days, Errors: errs,
	}))
}

func (h MemberInvitations) revoke(c echo.Context) error {
	app := c.Param(appParam)
	if err := h.services.Members.RevokeInvitation(c.Request().Context(), session.Actor(c), app, c.Param(invitationParam)); err != nil {
		return err
	}
	return done(c, paths.Members(app), "flash.invitation_revoked")
}
