package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// keep lets the browser hold a value for a short while, for the pages below a path
// alone. It must come back from the OpenID provider too, so it is Lax.
func (h pages) keep(c echo.Context, name, path, value string, lifetime time.Duration) {
	c.SetCookie(&http.Cookie{
		Name: name, Value: value, Path: path, MaxAge: int(lifetime / time.Second),
		HttpOnly: true, Secure: h.secure, SameSite: http.SameSiteLaxMode,
	})
}

// forget takes such a value back.
func (h pages) forget(c echo.Context, name, path string) {
	c.SetCookie(&http.Cookie{Name: name, Path: path, MaxAge: -1, HttpOnly: true, Secure: h.secure, SameSite: http.SameSiteLaxMode})
}

// kept returns the value that the browser holds, "" for none.
func kept(c echo.Context, name string) string {
	cookie, err := c.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}
