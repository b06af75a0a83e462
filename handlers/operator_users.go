package handlers

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/operator"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// OperatorUsers are the users of the installation.
type OperatorUsers struct{ pages }

func (h OperatorUsers) index(c echo.Context) error {
	q, request, err := bindOperator(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	list, total, err := h.services.Operator.Users(ctx, session.Actor(c), q.Text, request)
	if err != nil {
		return err
	}
	page := operator.UsersPage{Base: render.Base(c, ""), Text: q.Text, Pagination: pagination(ctx, q.address(paths.OperatorUsers()), request, total)}
	for _, u := range list {
		page.Users = append(page.Users, h.userRow(u))
	}
	return render.Page(c, http.StatusOK, operator.Users(page))
}

func (h OperatorUsers) userRow(u service.OperatorUser) operator.UserRow {
	row := operator.UserRow{
		ID: u.ID, Name: u.Username, Operator: u.Operator, Apps: countOf(u.Apps), Created: h.day(u.CreatedAt), Disabled: h.minuteOrNone(u.DisabledAt),
	}
	if u.Setup != nil {
		row.SetupUntil, row.SetupOver = h.minute(u.Setup.ExpiresAt), u.Setup.ExpiresAt.Before(h.now())
	}
	return row
}

type userForm struct {
	Username string `form:"username"`
	Operator string `form:"operator"`
	Version  string `form:"version"`
	Issuer   string `form:"issuer"`
	Links    string `form:"links"`         // yes, or the links stay
	Second   string `form:"second_factor"` // yes, or the second factor stays
	AppID    string `form:"appid"`
	Role     string `form:"role"`
}

func (h OperatorUsers) new(c echo.Context) error {
	if err := h.services.Operator.Check(session.Actor(c)); err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, operator.UserNew(operator.UserNewPage{Base: render.Base(c, "")}))
}

// create answers with the link itself: it is shown once and stored nowhere.
func (h OperatorUsers) create(c echo.Context) error {
	var f userForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	user, token, err := h.services.Operator.InviteUser(c.Request().Context(), session.Actor(c), f.Username, f.Operator == yes)
	if fields := models.FieldErrors(err); fields != nil {
		return render.Page(c, http.StatusUnprocessableEntity, operator.UserNew(operator.UserNewPage{
			Base: render.Base(c, ""), Username: f.Username, Operator: f.Operator == yes, Errors: fields,
		}))
	}
	if err != nil {
		return err
	}
	return h.link(c, user, token)
}

// link shows the link by which a user chooses a password.
func (h OperatorUsers) link(c echo.Context, user models.User, token string) error {
	origin := h.consoleURL
	if origin == "" {
		origin = c.Scheme() + "://" + c.Request().Host
	}
	return render.Page(c, http.StatusOK, operator.UserLink(operator.UserLinkPage{
		Base: render.Base(c, ""), UserID: user.ID, Name: user.Username, Link: strings.TrimSuffix(origin, "/") + paths.ChoosePassword(token),
	}))
}

func (h OperatorUsers) show(c echo.Context) error {
	return h.page(c, http.StatusOK, userForm{}, nil, false)
}

// page shows a user with the forms that change it.
func (h OperatorUsers) page(c echo.Context, status int, f userForm, errs views.Errors, conflict bool) error {
	ctx := c.Request().Context()
	u, err := h.services.Operator.User(ctx, session.Actor(c), c.Param(userParam))
	if err != nil {
		return err
	}
	page := operator.UserPage{
		Base: render.Base(c, ""), UserRow: h.userRow(u), Version: u.Version, WhyKeep: reason(ctx, u.MayTake),
		AppID: f.AppID, Role: f.Role, Errors: errs, Conflict: conflict, WhyKeepLinks: reason(ctx, u.MayRemoveLink),
	}
	for _, l := range u.Links {
		page.Links = append(page.Links, operator.UserLinked{
			Issuer: l.Issuer, Subject: l.Subject, Name: cmp.Or(l.Name, l.Subject), Since: h.day(l.CreatedAt), LastUsed: h.minuteOrNone(l.LastUsedAt),
		})
	}
	for appID, role := range u.Roles {
		page.Memberships = append(page.Memberships, operator.Membership{AppRef: appRef(u.Members[appID], true), Role: role})
	}
	slices.SortFunc(page.Memberships, func(a, b operator.Membership) int { return strings.Compare(a.AppID, b.AppID) })
	return render.Page(c, status, operator.User(page))
}

// answer is what follows a change of a user: its page, with why not where it was
// refused.
func (h OperatorUsers) answer(c echo.Context, f userForm, err error, flash string) error {
	fields := models.FieldErrors(err)
	switch {
	case err == nil:
		return done(c, paths.OperatorUser(c.Param(userParam)), flash)
	case fields != nil:
		return h.page(c, http.StatusUnprocessableEntity, f, fields, false)
	case models.IsCode(err, models.CodeConflict):
		changed := models.MsgOf(err).Key == "error.changed_meanwhile"
		return h.page(c, http.StatusConflict, f, views.Errors{"user": models.MsgOf(err)}, changed)
	}
	return err
}

func (h OperatorUsers) setOperator(c echo.Context) error {
	var f userForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err := h.services.Operator.SetOperator(c.Request().Context(), session.Actor(c), c.Param(userParam), f.Version, f.Operator == yes)
	return h.answer(c, f, err, "flash.user_changed")
}

func (h OperatorUsers) setRole(c echo.Context) error {
	var f userForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	role := models.RoleNone
	if f.Role != "none" {
		var err error
		if role, err = models.ParseRole(f.Role); err != nil {
			return h.answer(c, f, models.Fields{"role": models.MsgOf(err)}.Err(), "")
		}
	}
	err := h.services.Operator.SetRole(c.Request().Context(), session.Actor(c), c.Param(userParam), f.Version, f.AppID, role)
	return h.answer(c, f, err, "flash.user_changed")
}
