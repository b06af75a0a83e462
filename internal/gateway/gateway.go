// Package gateway is the data plane's HTTP: what function code and clients of
// apps talk to, on an origin of its own.
//
// It knows its routes, what every answer must carry, and the wire protocols in
// its sub-packages. It must not know the console's sessions, pages or flash
// messages, and sets no cookie: functions and files can return any HTML.
package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/gommon/log"

	"envshare/internal/gateway/admin"
	"envshare/internal/gateway/client"
	"envshare/internal/gateway/files"
	"envshare/internal/service"
)

// Config says how the data plane works. Zero values take each protocol's
// defaults.
type Config struct {
	Admin  admin.Config
	Client client.Config
	// ClientIP says where a request comes from; nil for where its connection does.
	// Headers that name an address are the caller's words, unless a proxy that is
	// trusted wrote them.
	ClientIP func(*http.Request) string
}

// Deps is what the data plane stands on.
type Deps struct {
	Calls       *service.Calls
	Documents   *service.Documents
	Files       *service.Files
	Clients     *service.Clients
	Credentials *service.Credentials
	// Ready says why calls cannot be served now, nil when they can.
	Ready  func(context.Context) error
	Logger *slog.Logger
	// Now is the clock; nil for the real one.
	Now func() time.Time
	// Life ends when the server stops, and the sockets of clients with it; nil for
	// never.
	Life context.Context
}

// maxBody bounds every body before anything reads it, in bytes. It stays above
// the limits of the protocols, which have answers of their own for too much.
const maxBody = 64 << 20

// New makes the data plane's server. Its time limits are those of the listener's
// http.Server, where ReadTimeout and WriteTimeout must be zero, since functions
// may run long, and IdleTimeout at least 60 s, since SDKs keep connections (admin
// protocol, section 16); ReadHeaderTimeout is safe to set.
//
// Middleware stands in this order: the request id, which everything after it
// logs; the access log, outside of recovery so that it sees what a panic was
// answered with; recovery; headers, on every answer; the bound on bodies.
func New(cfg Config, d Deps) *echo.Echo {
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetLevel(log.OFF) // slog is the only log
	if e.IPExtractor = cfg.ClientIP; e.IPExtractor == nil {
		e.IPExtractor = echo.ExtractIPDirect()
	}
	e.HTTPErrorHandler = errorAnswers{d.Logger}.handle
	e.Use(requestID, accessLog(d.Logger, d.Now), recovery, headers, boundBody)

	h := health{ready: d.Ready, logger: d.Logger}
	e.Match([]string{http.MethodGet, http.MethodHead}, "/healthz", h.alive)
	e.Match([]string{http.MethodGet, http.MethodHead}, "/readyz", h.isReady)
	server := admin.New(cfg.Admin, admin.Deps{Calls: d.Calls, Documents: d.Documents, Files: d.Files, Credentials: d.Credentials, Logger: d.Logger, Now: d.Now})
	e.POST("/admin", func(c echo.Context) error {
		o := server.Serve(c.Response(), c.Request(), idOf(c), c.RealIP())
		c.Set(outcomeKey, outcome{o.Action, o.AppID, o.EnvironmentID, o.Code})
		return nil
	})
	clientRoutes(e, client.New(cfg.Client, client.Deps{Clients: d.Clients, Credentials: d.Credentials, Logger: d.Logger, Now: d.Now, Life: d.Life}), d.Credentials)
	bytes := files.New(d.Files, d.Logger)
	upload := func(c echo.Context) error {
		bytes.Upload(c.Response(), c.Request(), c.Param("ticket"), idOf(c))
		return nil
	}
	e.PUT(admin.UploadPath+":ticket", upload, anyPage)
	e.POST(admin.UploadPath+":ticket", upload, anyPage)
	e.Match([]string{http.MethodGet, http.MethodHead}, admin.DownloadPath+":ticket", func(c echo.Context) error {
		bytes.Download(c.Response(), c.Request(), c.Param("ticket"), idOf(c))
		return nil
	}, anyPage)
	e.OPTIONS(admin.UploadPath+":ticket", filesPreflight, anyPage)
	e.OPTIONS(admin.DownloadPath+":ticket", filesPreflight, anyPage)
	return e
}

// readyWithin bounds how long readiness may take to find out.
const readyWithin = 3 * time.Second

// health answers whatever watches the process.
type health struct {
	ready  func(context.Context) error
	logger *slog.Logger
}

func (h health) alive(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

// isReady says whether calls can be served now; why not stands in the log only.
func (h health) isReady(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyWithin)
	defer cancel()
	if err := h.ready(ctx); err != nil {
		h.logger.WarnContext(ctx, "not ready", "error", err, "request_id", idOf(c))
		return c.JSON(http.StatusServiceUnavailable, map[string]string{"status": "unavailable"})
	}
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}
