package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// Where whatever watches the process asks.
const (
	healthPath = "/healthz"
	readyPath  = "/readyz"
)

// readyWithin bounds how long readiness may take to find out.
const readyWithin = 3 * time.Second

func isHealth(r *http.Request) bool { return r.URL.Path == healthPath || r.URL.Path == readyPath }

// health answers whatever watches the process.
type health struct {
	ready  func(context.Context) error
	logger *slog.Logger
}

// alive says that the process serves.
func (h health) alive(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

// isReady says whether pages can be served now; why not stands in the log only.
func (h health) isReady(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyWithin)
	defer cancel()
	if err := h.ready(ctx); err != nil {
		h.logger.WarnContext(ctx, "not ready", "error", err, "request_id", idOf(c))
		return c.JSON(http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "request_id": idOf(c)})
	}
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}
