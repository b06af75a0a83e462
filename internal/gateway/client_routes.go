package gateway

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/gateway/client"
	"envshare/internal/service"
)

// clientRoutes are the addresses of the client protocol, under both of the prefixes
// that the SDK uses.
func clientRoutes(e *echo.Echo, h *client.Handler, credentials *service.Credentials) {
	from := func(c echo.Context) client.From {
		return client.From{Origin: foreignOrigin(c.Request(), credentials), IP: c.RealIP(), RequestID: idOf(c)}
	}
	handler := func(serve func(http.ResponseWriter, *http.Request, client.From) client.Outcome) echo.HandlerFunc {
		return func(c echo.Context) error {
			o := serve(c.Response(), c.Request(), from(c))
			c.Set(outcomeKey, outcome{o.Action, o.AppID, o.EnvironmentID, o.Code})
			return nil
		}
	}
	for _, prefix := range []string{"/__wx__", "/wxa-qbase"} {
		for path, serve := range map[string]func(http.ResponseWriter, *http.Request, client.From) client.Outcome{
			"/jsoperatewxdata": h.Call, "/check_login": h.CheckLogin, "/refresh_token": h.RefreshToken, "/login": h.Login, "/logout": h.Logout,
		} {
			e.POST(prefix+path, handler(serve))
			e.OPTIONS(prefix+path, func(c echo.Context) error {
				h.Preflight(c.Response(), c.Request(), from(c))
				return nil
			})
		}
		e.GET(prefix+"/oauth", handler(h.OAuth))
		e.GET(prefix+"/realtime", handler(h.Socket))
		e.Match([]string{http.MethodGet, http.MethodHead}, prefix+"/keepalive", func(c echo.Context) error { return c.String(http.StatusOK, "ok") })
	}
	container := func(c echo.Context) error {
		h.Container(c.Response(), c.Request(), from(c))
		return nil
	}
	e.Any(client.ContainerPath, container)
	e.Any(client.ContainerPath+"/*", container)
}

// foreignOrigin returns the page that sent a request, "" for none and for a page of
// the gateway itself. That the page's host is the one that was asked proves nothing
// by itself: anybody can make a name of theirs point here. So the host must be the
// gateway's, or one of this machine's.
func foreignOrigin(r *http.Request, credentials *service.Credentials) string {
	origin := r.Header.Get("Origin")
	if own, err := credentials.GatewayURL(r.Context()); err == nil && origin == own {
		return ""
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
		return origin
	}
	switch u.Hostname() {
	case "localhost", "127.0.0.1", "::1":
		return ""
	}
	return origin
}

// anyPage lets any page send files to and read them from where its ticket says: a
// ticket is all that is needed, and no cookie exists that could be abused.
func anyPage(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "ETag, Content-Length, Content-Range")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		return next(c)
	}
}

func filesPreflight(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT")
	h.Set("Access-Control-Allow-Headers", "*")
	h.Set("Access-Control-Max-Age", "600")
	return c.NoContent(http.StatusNoContent)
}
