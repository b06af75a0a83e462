package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
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

// lastEnvironment returns the environment that was open last if it still can be
// opened, else the one that the console opens on, "" for none.
func lastEnvironment(c echo.Context, console service.Console) string {
	last, err := c.Cookie(environmentCookie)
	if err != nil {
		return console.Default
	}
	for _, e := range console.Own {
		if e.ID == last.Value {
			return e.ID
		}
	}
	for _, b := range console.Borrowed {
		if b.Environment.ID == last.Value && b.Status == models.ShareActive {
			return b.Environment.ID
		}
	}
	return console.Default
}
