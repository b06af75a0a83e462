package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/mileusna/useragent"

	"envshare/internal/paths"
	"envshare/views/account"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// AccountSessions is 账户 → 登录会话: where somebody is signed in.
type AccountSessions struct{ pages }

func (h AccountSessions) index(c echo.Context) error {
	list, err := h.services.Accounts.Sessions(c.Request().Context(), session.Actor(c))
	if err != nil {
		return err
	}
	page := account.SessionsPage{Base: render.Base(c, "")}
	for _, s := range list {
		page.Sessions = append(page.Sessions, account.SessionRow{
			ID: s.ID, Device: device(s.UserAgent), IP: s.IP, Created: h.minute(s.CreatedAt), LastSeen: h.minute(s.LastSeenAt), This: s.ID == session.ID(c),
		})
	}
	return render.Page(c, http.StatusOK, account.Sessions(page))
}

// device is what a browser says of itself, in short; "" when that is nothing known.
func device(userAgent string) string {
	ua := useragent.Parse(userAgent)
	parts := []string{}
	for _, part := range []string{ua.Name, ua.OS, ua.Device} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " · ")
}

type sessionForm struct {
	ID string `form:"session"`
}

func (h AccountSessions) end(c echo.Context) error {
	var f sessionForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	if err := h.services.Accounts.EndSession(c.Request().Context(), session.Actor(c), f.ID); err != nil {
		return err
	}
	return done(c, paths.AccountSessions(), "flash.session_ended")
}

func (h AccountSessions) endOthers(c echo.Context) error {
	n, err := h.services.Accounts.EndOtherSessions(c.Request().Context(), session.Actor(c), session.ID(c))
	if err != nil {
		return err
	}
	return done(c, paths.AccountSessions(), "flash.sessions_ended", "count", n)
}
