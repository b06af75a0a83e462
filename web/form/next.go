package form

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
)

// maxNext bounds a local address, in bytes.
const maxNext = 2048

// Next returns the local address that the request's field next names, the home
// page when there is none or it could lead elsewhere.
func Next(c echo.Context) string { return Local(c.FormValue("next")) }

// Local returns address when it is surely a path of this console, the home page
// otherwise. Browsers read "//host", "/\host" and, after dropping control
// characters, "/<tab>/host" as other sites, so all of those are refused, also in
// their percent-encoded forms, which something on the way might decode.
func Local(address string) string {
	if len(address) > maxNext || !localPath(address) {
		return paths.Home()
	}
	u, err := url.Parse(address)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !localPath(u.Path) {
		return paths.Home()
	}
	return address
}

func localPath(p string) bool {
	return strings.HasPrefix(p, "/") &&
		!strings.HasPrefix(p, "//") &&
		!strings.Contains(p, `\`) &&
		!strings.ContainsFunc(p, func(r rune) bool { return r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0xfffd })
}
