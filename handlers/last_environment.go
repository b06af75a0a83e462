package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
)

// environmentCookie remembers, for one app, the environment that was open last:
// pages about the whole app keep leading back to it. It opens nothing.
const environmentCookie = "envshare_env"

func (h pages) rememberEnvironment(c echo.Context, app, env string) {
	if last, err := c.Cookie(environmentCookie); err == nil && last.Value == env {
		return
	}
	c.SetCookie(&http.Cookie{
		Name: environmentCookie, Value: env, Path: paths.App(app),
		HttpOnly: true, Secure: h.secure, SameSite: http.SameSiteLaxMode,
	})
}

// lastEnvironment returns the environment that was open last, "" for none. Whether
// it still can be opened is for the service to say.
func lastEnvironment(c echo.Context) string {
	last, err := c.Cookie(environmentCookie)
	if err != nil {
		return ""
	}
	return last.Value
}
