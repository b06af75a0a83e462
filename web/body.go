package web

import (
	"github.com/labstack/echo/v4"

	"envshare/web/form"
	"envshare/web/session"
)

// readBody parses the body of a form and bounds every other one. Somebody who is
// signed in may send files; nobody else has a form that takes any.
func readBody(maxUpload int64) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) (err error) {
			limit := int64(form.MaxBody)
			if _, ok := session.User(c); ok && form.Multipart(c.Request()) {
				limit = maxUpload
			}
			defer func() {
				if failed := form.Release(c); err == nil {
					err = failed
				}
			}()
			if err := form.Parse(c, limit); err != nil {
				return err
			}
			return next(c)
		}
	}
}
