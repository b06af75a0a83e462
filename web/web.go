package web

import (
	"net"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/gommon/log"

	"envshare/internal/paths"
	"envshare/web/render"
	"envshare/web/session"
)

// New makes the console's shell; handlers add their routes to it. A GET route
// answers HEAD as well. Middleware stands in this order, and each place matters:
//
//  1. request id: everything after it may log or show it;
//  2. access log: outside of recovery, so that it sees what a panic was answered with;
//  3. recovery: a panic becomes the 500 page;
//  4. security headers: on every answer, errors and files included;
//  5. language of the browser: error pages after it speak it;
//  6. host check: under another name nobody is anybody;
//  7. session: who asks;
//  8. language of the user, which goes before the browser's;
//  9. origin check: another origin's form goes no further, its body unread;
//  10. body: parsed once, bounded by who asks, before CSRF looks for its field; of
//     a form that is read in parts only the token;
//  11. CSRF token: nothing that changes anything is exempt.
//
// Time limits are the server's. The method cannot be overridden. Compression is
// applied where an answer's type is known: render.Page and the static files.
func New(config Config, deps Deps) (*echo.Echo, error) {
	config, deps = config.withDefaults(), deps.withDefaults()
	assets, err := NewAssets(deps.Static)
	if err != nil {
		return nil, err
	}

	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetLevel(log.OFF) // slog is the only log
	e.IPExtractor = ClientIP(config.TrustedProxies)
	e.HTTPErrorHandler = (&errorPages{logger: deps.Logger}).handle
	e.OnAddRouteHandler = func(_ string, route echo.Route, handler echo.HandlerFunc, middleware []echo.MiddlewareFunc) {
		if route.Method == http.MethodGet {
			e.Add(http.MethodHead, route.Path, handler, middleware...)
		}
	}

	e.Use(
		requestID,
		accessLog(deps.Logger, deps.Now),
		recovery(),
		securityHeaders(config.Secure),
		render.Middleware(render.Config{Secure: config.Secure, Asset: assets.URL}),
		knownHost(config.Hosts),
		session.Middleware(deps.Sessions, session.Config{Secure: config.Secure, Now: deps.Now, Logger: deps.Logger, Skipper: impersonal}),
		render.UserLanguage,
		sameOrigin(),
		readBody(config),
		csrf(config.Secure),
	)

	h := health{ready: deps.Ready, logger: deps.Logger}
	e.GET(healthPath, h.alive)
	e.GET(readyPath, h.isReady)
	e.GET(paths.Static("*"), assets.serve)
	p := preferences{setLanguage: deps.SetLanguage}
	e.POST(paths.Language(), p.language)
	e.POST(paths.Theme(), p.theme)
	return e, nil
}

// ClientIP believes nobody's word for where a request comes from, except that of the
// named proxies.
func ClientIP(proxies []*net.IPNet) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, network := range proxies {
		trust = append(trust, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

// impersonal reports whether a request reads something that is the same for
// everybody: it needs neither session nor CSRF cookie, and can be cached.
func impersonal(c echo.Context) bool {
	r := c.Request()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	return isHealth(r) || strings.HasPrefix(r.URL.Path, paths.Static(""))
}
