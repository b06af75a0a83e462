package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
	echomw "github.com/labstack/echo/v4/middleware"

	"envshare/models"
)

// contentSecurityPolicy lets a page load what the console itself serves, and
// nothing inline, so that text which slips through as markup stays harmless.
const contentSecurityPolicy = "default-src 'self'; img-src 'self' data:; object-src 'none'; " +
	"base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// securityHeaders stand on every answer. Pages are private and must not come back
// from a cache after signing out; static files say otherwise themselves.
func securityHeaders(secure bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("Content-Security-Policy", contentSecurityPolicy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "same-origin")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Cache-Control", "no-store")
			if secure {
				h.Set("Strict-Transport-Security", "max-age=31536000")
			}
			return next(c)
		}
	}
}

// errCSRF is a form that may not come from the console itself.
var errCSRF = models.E(models.CodeForbidden, "error.csrf")

// sameOrigin refuses what another origin's page sends to change something here.
// Another port of this host is another origin: the gateway listens there, user
// code answers on it, and cookies do not tell ports apart, so the token alone
// would not keep that code out.
func sameOrigin() echo.MiddlewareFunc {
	protection := http.NewCrossOriginProtection()
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := protection.Check(c.Request()); err != nil {
				return errCSRF.Wrap(err)
			}
			return next(c)
		}
	}
}

// csrf demands the token of whoever changes something, unless the browser itself
// says that the request comes from this origin. The cookie is not handed out
// with what caches keep.
func csrf(secure bool) echo.MiddlewareFunc {
	return echomw.CSRFWithConfig(echomw.CSRFConfig{
		Skipper:        impersonal,
		TokenLookup:    "form:_csrf,header:" + echo.HeaderXCSRFToken,
		CookieName:     "envshare_csrf",
		CookiePath:     "/",
		CookieSecure:   secure,
		CookieHTTPOnly: true,
		CookieSameSite: http.SameSiteLaxMode,
		ErrorHandler:   func(err error, _ echo.Context) error { return errCSRF.Wrap(err) },
	})
}

// knownHost refuses requests that came under a name that is not the console's.
// Health probes may come by address.
func knownHost(hosts []string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if len(hosts) == 0 || isHealth(c.Request()) {
				return next(c)
			}
			u := url.URL{Host: c.Request().Host}
			for _, host := range hosts {
				if strings.EqualFold(u.Hostname(), host) {
					return next(c)
				}
			}
			return models.E(models.CodeNotFound, "error.host")
		}
	}
}
