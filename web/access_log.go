package web

import (
	"log/slog"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/web/session"
)

// maxLoggedPath bounds what a stranger's address puts into the log, in bytes.
const maxLoggedPath = 256

// accessLog writes one line per request. Queries are left out, for they may hold
// what people search; so are the tokens of set-up and invitations. Health and static files are logged
// for debugging only.
func accessLog(logger *slog.Logger, now func() time.Time) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := now()
			if err := next(c); err != nil {
				c.Error(err) // the answer decides the status that is logged
			}

			level := slog.LevelInfo
			if impersonal(c) {
				level = slog.LevelDebug
			}
			user, _ := session.User(c)
			r := c.Request()
			logger.LogAttrs(r.Context(), level, "request",
				slog.String("request_id", idOf(c)),
				slog.String("method", r.Method),
				slog.String("path", loggedPath(r.URL.Path)),
				slog.Int("status", c.Response().Status),
				slog.Int64("bytes", c.Response().Size),
				slog.Duration("latency", now().Sub(start)),
				slog.String("user_id", user.ID),
				slog.String("ip", c.RealIP()),
			)
			return nil
		}
	}
}

// loggedPath returns a path as it may stand in a log. Whoever reads the log must
// not find the one-time token of the first-run page or of an invitation, however
// its address was written.
func loggedPath(path string) string {
	const hidden = ":token"
	for _, secret := range []func(string) string{paths.Setup, paths.Invitation, paths.ChoosePassword} {
		if i := strings.Index(strings.ToLower(path), secret("")); i >= 0 {
			return path[:i] + secret(hidden)
		}
	}
	if len(path) > maxLoggedPath {
		path = strings.ToValidUTF8(path[:maxLoggedPath], "") + "…"
	}
	return path
}
