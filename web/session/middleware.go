package session

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"
	echomw "github.com/labstack/echo/v4/middleware"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/web/form"
)

// Config is how sessions are kept.
type Config struct {
	// Secure keeps the cookie from being sent without TLS. Only a console that
	// listens on loopback without TLS turns it off.
	Secure bool
	// Now is the clock; nil for the real one.
	Now func() time.Time
	// Logger hears of a session that could not be written while the response was
	// under way already; nil for the default one.
	Logger *slog.Logger
	// Skipper names requests that need no session; nil for none.
	Skipper echomw.Skipper
}

// state is a request's session.
type state struct {
	store *store
	gs    *sessions.Session
	// loaded is how many messages there were when the request came.
	loaded int
	// shown says that they were taken, changed that the record must be written.
	shown, changed bool
}

const contextKey = "envshare.session"

// of returns the request's session, nil where Middleware did not run.
func of(c echo.Context) *state {
	st, _ := c.Get(contextKey).(*state)
	return st
}

// Middleware loads the session before the handler, and writes what the handler
// changed in it before the first byte of the response: what follows a redirect
// finds it.
func Middleware(records Records, config Config) echo.MiddlewareFunc {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Skipper == nil {
		config.Skipper = echomw.DefaultSkipper
	}
	// UTC, and as fine as records keep it: SQLite compares times as text.
	clock := config.Now
	config.Now = func() time.Time { return clock().UTC().Truncate(time.Millisecond) }
	s := &store{records: records, config: config}

	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if config.Skipper(c) {
				return next(c)
			}
			if err := s.load(c); err != nil {
				return err
			}
			c.Response().Before(func() { s.flush(c) })
			return next(c)
		}
	}
}

// load puts the request's session into c. A cookie that opens nothing is taken
// back, and a session that was not seen for a while lives longer.
func (s *store) load(c echo.Context) error {
	gs, err := s.Get(c.Request(), CookieName)
	if err != nil {
		return err
	}
	if _, err := c.Cookie(CookieName); err == nil && gs.IsNew {
		expired := *gs.Options
		expired.MaxAge = -1
		c.SetCookie(sessions.NewCookie(CookieName, "", &expired))
	}
	c.Set(contextKey, &state{store: s, gs: gs, loaded: len(flashesOf(gs))})

	record, ok := gs.Values[recordKey].(models.Session)
	if !ok || s.config.Now().Sub(record.LastSeenAt) < touchEvery {
		return nil
	}
	err = s.touch(c.Request(), c.Response(), gs)
	if models.IsCode(err, models.CodeNotFound) {
		c.Set(contextKey, &state{store: s, gs: s.empty(CookieName)})
		return nil
	}
	return err
}

// flush writes the session if the request changed it. The response is under way:
// whoever asked leaving does not matter, and a failure can only be logged. A
// session that ended meanwhile stays ended.
func (s *store) flush(c echo.Context) {
	st := of(c)
	if st == nil || !st.changed || st.gs.IsNew {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), 5*time.Second)
	defer cancel()
	err := s.merge(c.Request().WithContext(ctx), c.Response(), st)
	if err != nil && !models.IsCode(err, models.CodeNotFound) {
		s.config.Logger.ErrorContext(ctx, "session not written", "error", err, "request_id", requestID(c))
	}
}

// Required lets only people pass who are signed in; others are sent to sign in.
func Required(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, ok := User(c); !ok {
			return ToLogin(c)
		}
		return next(c)
	}
}

// ToLogin sends somebody to the sign-in page: from a page that was asked for,
// with the way back to it; from a form that was sent, without, because sending
// it again is the person's decision. htmx is told to go there itself, since it
// would show the page it is redirected to inside the present one.
func ToLogin(c echo.Context) error {
	r := c.Request()
	login := paths.Login()
	if r.Header.Get("HX-Request") == "true" {
		if here, err := url.Parse(r.Header.Get("HX-Current-URL")); err == nil {
			login = loginNext(here.RequestURI())
		}
		c.Response().Header().Set("HX-Redirect", login)
		return c.NoContent(http.StatusUnauthorized)
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		login = loginNext(r.URL.RequestURI())
	}
	if err := c.Redirect(http.StatusSeeOther, login); err != nil {
		return fmt.Errorf("redirect to sign-in: %w", err)
	}
	return nil
}

func loginNext(address string) string {
	if next := form.Local(address); next != paths.Home() {
		return paths.LoginNext(next)
	}
	return paths.Login()
}
