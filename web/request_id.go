package web

import (
	"github.com/labstack/echo/v4"
	"github.com/oklog/ulid/v2"
)

// requestID names the request, for logs, the audit log and error pages. A name
// that came with the request is ignored: it could repeat another's, or lie in
// the log.
func requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, ulid.Make().String())
		return next(c)
	}
}

// idOf returns the request's name.
func idOf(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }
