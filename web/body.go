package web

import (
	"github.com/labstack/echo/v4"

	"envshare/web/form"
	"envshare/web/session"
)

// readBody parses the body of a form and bounds every other one. Somebody who is
// signed in may send files; nobody else has a form that takes any. The routes in
// Config.Streams read their forms themselves, part by part.
func readBody(config Config) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) (err error) {
			limit := int64(form.MaxBody)
			switch _, signedIn := session.User(c); {
			case signedIn && form.Multipart(c.Request()):
				if stream, ok := config.Streams[c.Path()]; ok {
					if err := form.OpenParts(c, stream); err != nil {
						return err
					}
					return next(c)
				}
				limit = config.MaxUpload
			case signedIn:
				limit = max(limit, config.LargeForms[c.Path()])
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
