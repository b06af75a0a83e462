package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/models"
	"envshare/views"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// statuses is the one table from an error's code to the console's HTTP status.
// Unauthenticated leads to the sign-in page instead of a page of its own.
var statuses = map[models.Code]int{
	models.CodeInvalid:         http.StatusBadRequest, // 422 when it marks fields
	models.CodeUnauthenticated: http.StatusUnauthorized,
	models.CodeForbidden:       http.StatusForbidden,
	models.CodeNotFound:        http.StatusNotFound,
	models.CodeConflict:        http.StatusConflict,
	models.CodeLimited:         http.StatusTooManyRequests,
	models.CodeUnavailable:     http.StatusServiceUnavailable,
	models.CodeInternal:        http.StatusInternalServerError,

	// Refusals of the data plane, which a test run in the console can meet.
	models.CodeEnvUnknown:          http.StatusNotFound,
	models.CodeEnvNotShared:        http.StatusForbidden,
	models.CodeAuthFunctionMissing: http.StatusConflict,
	models.CodeAuthNoErrCode:       http.StatusConflict,
	models.CodeAuthRefused:         http.StatusForbidden,
	models.CodeAuthMalformed:       http.StatusConflict,
	models.CodeSessionInvalid:      http.StatusForbidden,
	models.CodePermissionMissing:   http.StatusForbidden,
	models.CodeFunctionUnknown:     http.StatusNotFound,
	models.CodeFunctionFailed:      http.StatusUnprocessableEntity,
	models.CodeFunctionTimedOut:    http.StatusUnprocessableEntity,
	models.CodeFunctionOutOfMemory: http.StatusUnprocessableEntity,
	models.CodeResultTooLarge:      http.StatusUnprocessableEntity,
	models.CodeOperator:            http.StatusUnprocessableEntity,
	models.CodeWriteRefused:        http.StatusUnprocessableEntity,
	models.CodeCollectionUnknown:   http.StatusNotFound,
	models.CodeCollectionExists:    http.StatusConflict,
	models.CodeCollectionLimit:     http.StatusConflict,
	models.CodeTransactionConflict: http.StatusConflict,
	models.CodeTransactionUnknown:  http.StatusConflict,
	models.CodeTokenExpired:        http.StatusForbidden,
	models.CodeRuleDenied:          http.StatusForbidden,
	models.CodeFileUnknown:         http.StatusNotFound,
	models.CodeFileEnv:             http.StatusNotFound,
}

// statusClientGone is logged for a request whose sender did not wait. Nobody
// reads the answer.
const statusClientGone = 499

// classify returns the status for err and what to tell the person, which is
// empty for the general words of the status. Nothing of an internal error is
// told.
func classify(err error) (int, models.Msg) {
	var (
		tooLarge *http.MaxBytesError
		ours     *models.Error
		echos    *echo.HTTPError
	)
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, models.M("error.body_too_large", "max", bound(tooLarge.Limit))
	case errors.As(err, &ours):
		status, ok := statuses[ours.Code]
		switch {
		case !ok || status == http.StatusInternalServerError:
			return http.StatusInternalServerError, models.M("error.internal")
		case len(ours.Fields) > 0:
			return http.StatusUnprocessableEntity, ours.Msg
		}
		return status, ours.Msg
	case errors.As(err, &echos) && echos.Code >= 400 && echos.Code < 500:
		return echos.Code, models.Msg{}
	}
	return http.StatusInternalServerError, models.M("error.internal")
}

// bound prints a limit in the largest unit that keeps it whole.
func bound(bytes int64) string {
	for _, unit := range []struct {
		name  string
		shift int
	}{{"GB", 30}, {"MB", 20}, {"KB", 10}} {
		if n := bytes >> unit.shift; n > 0 && n<<unit.shift == bytes {
			return strconv.FormatInt(n, 10) + " " + unit.name
		}
	}
	return strconv.FormatInt(bytes, 10) + " B"
}

// cameFrom returns the page of this console that a form stood on, "" for none.
// Another origin's page sends no address, or not this host.
func cameFrom(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	if err != nil || r.Method != http.MethodPost || from.Host != r.Host {
		return ""
	}
	return form.Local(from.RequestURI())
}

// errorPages answers with what a handler could not.
type errorPages struct{ logger *slog.Logger }

// handle is the console's error handler. Internal errors are logged here and
// nowhere else.
func (p *errorPages) handle(err error, c echo.Context) {
	ctx := c.Request().Context()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		p.sent(c, c.NoContent(statusClientGone))
		return
	}
	status, msg := classify(err)
	if status == http.StatusInternalServerError {
		p.logInternal(c, err)
	}
	if c.Response().Committed {
		return
	}

	// What a handler said about the answer that it did not give does not count.
	h := c.Response().Header()
	for _, name := range []string{"Content-Disposition", "Content-Encoding", "Content-Length", "Etag", "Last-Modified"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	p.sent(c, p.answer(c, status, msg))
}

func (p *errorPages) answer(c echo.Context, status int, msg models.Msg) error {
	if isHealth(c.Request()) {
		return c.JSON(status, map[string]string{"status": "error", "request_id": idOf(c)})
	}
	if status == http.StatusUnauthorized {
		return session.ToLogin(c)
	}
	render.Whole(c)

	frame := render.FrameOf(c)
	page := views.ErrorPage{Base: render.Bare(c, ""), Status: status, RequestID: idOf(c), BackHref: cameFrom(c.Request()), AppHref: frame.AppHref, WhyHref: frame.WhyHref}
	page.Nav = frame.Nav
	if msg.Key != "" {
		page.Message = i18n.Text(page.Lang, msg.Key, msg.Args)
	}
	err := render.Page(c, status, views.Error(page))
	if err == nil || c.Response().Committed {
		return err
	}
	return errors.Join(err, c.String(http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError)))
}

// sent logs that an answer could not be given, unless its reader is gone.
func (p *errorPages) sent(c echo.Context, err error) {
	if err != nil && c.Request().Context().Err() == nil {
		p.logInternal(c, err)
	}
}

func (p *errorPages) logInternal(c echo.Context, err error) {
	r := c.Request()
	attrs := []slog.Attr{
		slog.String("request_id", idOf(c)),
		slog.String("method", r.Method),
		slog.String("path", loggedPath(r.URL.Path)),
		slog.Any("error", err),
	}
	var panicked *panicError
	if errors.As(err, &panicked) {
		attrs = append(attrs, slog.String("stack", panicked.stack))
	}
	p.logger.LogAttrs(r.Context(), slog.LevelError, "internal error", attrs...)
}
