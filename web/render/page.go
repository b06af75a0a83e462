package render

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
	echomw "github.com/labstack/echo/v4/middleware"
)

// compressFrom is the size from which compressing pays, in bytes.
const compressFrom = 1024

// Compress is gzip for a handler that answers with text. It is applied where the
// type of an answer is known, so that archives and images are left alone.
var Compress = echomw.GzipWithConfig(echomw.GzipConfig{MinLength: compressFrom})

// The request headers by which htmx says what it wants, on which an answer that
// may be a fragment depends.
const (
	headerRequest = "HX-Request"
	headerBoosted = "HX-Boosted"
	headerHistory = "HX-History-Restore-Request"
)

// Page answers with a component. It is rendered whole before the first byte is
// written, so that one that fails can still become an error page.
func Page(c echo.Context, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(c.Request().Context(), &b); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	return Compress(func(c echo.Context) error {
		return c.HTMLBlob(status, b.Bytes())
	})(c)
}

// Fragment answers with the part of a page that htmx asked for, and with the full
// page to everybody else: also to a boosted link, which replaces the whole body,
// and to a history restore, which rebuilds a page that the browser forgot.
func Fragment(c echo.Context, status int, full, fragment templ.Component) error {
	for _, name := range []string{headerRequest, headerBoosted, headerHistory} {
		c.Response().Header().Add(echo.HeaderVary, name)
	}
	if WantsFragment(c) {
		return Page(c, status, fragment)
	}
	return Page(c, status, full)
}

// WantsFragment reports whether htmx asks for a part of a page.
func WantsFragment(c echo.Context) bool {
	h := c.Request().Header
	return h.Get(headerRequest) == "true" && h.Get(headerBoosted) != "true" && h.Get(headerHistory) != "true"
}

// Redirect leads to a path of the console after a form was handled. A fragment
// request would put the page it is redirected to inside the present one, so htmx
// is told to go there itself.
func Redirect(c echo.Context, path string) error {
	if WantsFragment(c) {
		c.Response().Header().Set("HX-Redirect", path)
		return c.NoContent(http.StatusNoContent)
	}
	return c.Redirect(http.StatusSeeOther, path)
}
