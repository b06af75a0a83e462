package gateway

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/oklog/ulid/v2"

	"envshare/internal/gateway/admin"
)

// requestID names the request: for the log, for the invocation that it starts,
// and for the caller. A name that came with it could repeat another's.
func requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, ulid.Make().String())
		return next(c)
	}
}

// idOf returns the request's name.
func idOf(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// outcomeKey is where a protocol leaves what the access log tells of a call.
const outcomeKey = "gateway.outcome"

type outcome struct{ action, app, environment, code string }

// maxLoggedPath bounds what a stranger's address puts into the log, in bytes.
const maxLoggedPath = 256

// loggedPath is what the log tells of an address: nothing of a ticket, with which
// whoever reads the log could fetch the file.
func loggedPath(c echo.Context) string {
	path := c.Request().URL.Path
	for _, secret := range []string{admin.UploadPath, admin.DownloadPath} {
		if strings.HasPrefix(path, secret) {
			return secret + "…"
		}
	}
	if len(path) > maxLoggedPath {
		path = strings.ToValidUTF8(path[:maxLoggedPath], "") + "…"
	}
	return path
}

// accessLog writes one line per request: never a query, a header or a body,
// which hold credentials and people's data. It also tells of a request whose
// connection a panic cut.
func accessLog(logger *slog.Logger, now func() time.Time) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := now()
			defer func() {
				r, path := c.Request(), loggedPath(c)
				level := slog.LevelInfo
				if path == "/healthz" || path == "/readyz" {
					level = slog.LevelDebug
				}
				o, _ := c.Get(outcomeKey).(outcome)
				logger.LogAttrs(r.Context(), level, "call",
					slog.String("request_id", idOf(c)), slog.String("method", r.Method), slog.String("path", path),
					slog.Int("status", c.Response().Status), slog.String("action", o.action),
					slog.String("app", o.app), slog.String("environment", o.environment),
					slog.String("code", o.code), slog.Duration("duration", now().Sub(start)),
				)
			}()
			if err := next(c); err != nil {
				c.Error(err) // the answer decides the status that is logged
			}
			return nil
		}
	}
}

// panicError is a panic of this server, with where it happened.
type panicError struct {
	value any
	stack string
}

func (e *panicError) Error() string { return "panic" }

// recovery turns a panic into an error, which errorAnswers logs and answers. The
// server's own way to cut an answer short passes.
func recovery(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			if cause, ok := value.(error); ok && errors.Is(cause, http.ErrAbortHandler) {
				panic(value)
			}
			err = &panicError{value: value, stack: string(debug.Stack())}
		}()
		return next(c)
	}
}

// headers make whatever an answer holds harmless in a browser: it is never
// guessed to be a page, a page gets no origin, and nobody frames it.
func headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		return next(c)
	}
}

// strayBodyTimeout bounds how long a body of an unknown address may take.
const strayBodyTimeout = 10 * time.Second

func boundBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if strings.HasPrefix(r.URL.Path, admin.UploadPath) {
			return next(c) // streamed, with bounds of its own
		}
		// The protocols set deadlines of their own; what is none of them has nothing
		// to send. A writer without deadlines, as in tests, has nothing to bound.
		_ = http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(strayBodyTimeout))
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxBody)
		return next(c)
	}
}

// errorAnswers answer what no protocol has answered: unknown addresses, wrong
// methods, and panics.
type errorAnswers struct{ logger *slog.Logger }

func (a errorAnswers) handle(err error, c echo.Context) {
	status, code := http.StatusInternalServerError, "SYS_ERR"
	var answer *echo.HTTPError
	var crash *panicError
	switch {
	case errors.As(err, &answer):
		status, code = answer.Code, strings.ToUpper(strings.ReplaceAll(http.StatusText(answer.Code), " ", "_"))
	case errors.As(err, &crash):
		a.logger.ErrorContext(c.Request().Context(), "panic", "value", crash.value, "stack", crash.stack, "request_id", idOf(c))
	default:
		a.logger.ErrorContext(c.Request().Context(), "request failed", "error", err, "request_id", idOf(c))
	}
	if c.Response().Committed {
		// Half an answer must not look like a whole one.
		panic(http.ErrAbortHandler)
	}
	// The server SDK reads a body before it looks at the status.
	err = c.JSON(status, admin.Failure{Code: code, Message: http.StatusText(status), RequestID: idOf(c)})
	if err != nil {
		a.logger.DebugContext(c.Request().Context(), "answer not delivered", "error", err, "request_id", idOf(c))
	}
}
