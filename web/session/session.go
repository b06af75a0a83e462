package session

import (
	"errors"
	"fmt"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/models"
)

// maxUserAgent bounds what a record keeps of the browser's name, in bytes.
const maxUserAgent = 256

// errNoMiddleware says that a route that signs people in or out was registered
// outside the shell.
var errNoMiddleware = errors.New("session: Middleware did not run")

// SignIn begins a session for user under a new cookie, and ends the one that the
// browser had: a cookie that somebody planted before is worth nothing after. The user
// is given as the sign-in found them; unauthenticated when that is over meanwhile.
func SignIn(c echo.Context, user models.User) error {
	if err := SignOut(c); err != nil {
		return err
	}

	st := of(c)
	gs := st.store.empty(CookieName)
	gs.ID, gs.IsNew = newToken(), false
	now := st.store.config.Now()
	gs.Values[userKey], gs.Values[newUserKey] = user, user
	gs.Values[recordKey] = models.Session{
		ID: recordID(gs.ID), UserID: user.ID,
		IP: c.RealIP(), UserAgent: userAgent(c),
		CreatedAt: now, LastSeenAt: now,
	}
	if err := gs.Save(c.Request(), c.Response()); err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	c.Set(contextKey, &state{store: st.store, gs: gs})
	return nil
}

// SignOut ends the session on the server and takes the cookie back. Without a
// session it does nothing.
func SignOut(c echo.Context) error {
	st := of(c)
	if st == nil {
		return errNoMiddleware
	}
	if st.gs.IsNew {
		return nil
	}
	st.gs.Options.MaxAge = -1
	if err := st.gs.Save(c.Request(), c.Response()); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	c.Set(contextKey, &state{store: st.store, gs: st.store.empty(CookieName)})
	return nil
}

// User returns the person who is signed in, as the person was when the request
// came.
func User(c echo.Context) (models.User, bool) {
	st := of(c)
	if st == nil || st.gs.IsNew {
		return models.User{}, false
	}
	user, ok := st.gs.Values[userKey].(models.User)
	return user, ok
}

// ID returns the id of the session's record, which tells sessions of one person
// apart and opens none; "" when nobody is signed in.
func ID(c echo.Context) string {
	st := of(c)
	if st == nil || st.gs.IsNew {
		return ""
	}
	record, _ := st.gs.Values[recordKey].(models.Session)
	return record.ID
}

// Actor returns who asks, for the use cases; without UserID, and thus nobody who
// may do anything, when nobody is signed in.
func Actor(c echo.Context) models.Actor {
	user, _ := User(c)
	return models.Actor{
		UserID: user.ID, Username: user.Username, Operator: user.Operator,
		Via: "console", IP: c.RealIP(), RequestID: requestID(c),
	}
}

// requestID returns what the console's shell called this request.
func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

func userAgent(c echo.Context) string {
	ua := strings.ToValidUTF8(c.Request().UserAgent(), "")
	if len(ua) > maxUserAgent {
		ua = strings.ToValidUTF8(ua[:maxUserAgent], "")
	}
	return strings.ReplaceAll(ua, "\x00", "")
}
