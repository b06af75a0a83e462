package main

import (
	"embed"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/service"
)

// demoPagesPath is where the demo's gateway serves its web pages.
const demoPagesPath = "/demo"

// demoPages are pages that use the genuine client SDK; the build copies it to
// vendor from the locked npm package, so it is absent in a tree that was never
// built.
//
//go:embed all:examples/web
var demoPages embed.FS

// mountDemoPages serves the pages of the demo. They log in to the simulator, so
// they are served only beside it. They share the gateway's origin, as a page with
// login must (client protocol, section 1.1), and are ours: what users upload is
// served on that origin in a sandbox.
func mountDemoPages(e *echo.Echo, services *service.Services) {
	pages, err := fs.Sub(demoPages, "examples/web")
	if err != nil {
		panic(err) // the name is a constant
	}
	files := http.StripPrefix(demoPagesPath, http.FileServerFS(pages))
	e.GET(demoPagesPath, func(c echo.Context) error { return c.Redirect(http.StatusFound, demoPagesPath+"/") })
	e.GET(demoPagesPath+"/*", func(c echo.Context) error {
		name := c.Param("*")
		if file, err := fs.Stat(pages, path.Clean("./"+name)); err != nil || file.IsDir() && name != "" {
			return echo.ErrNotFound
		}
		gatewayURL, err := services.Credentials.GatewayURL(c.Request().Context())
		if err != nil {
			return err
		}
		h := c.Response().Header()
		h.Set("Content-Security-Policy", demoPolicy(gatewayURL))
		h.Set("Cache-Control", "no-cache")
		files.ServeHTTP(c.Response(), c.Request())
		return nil
	})
}

// demoPolicy lets a page run scripts from files of this origin and nothing
// inline. Files and live changes come from the gateway's outer address, which may
// be another name of the same place.
func demoPolicy(gatewayURL string) string {
	outer, socket := "", ""
	if u, err := url.Parse(gatewayURL); err == nil && u.Host != "" {
		outer = u.Scheme + "://" + u.Host
		socket = strings.Replace(u.Scheme, "http", "ws", 1) + "://" + u.Host
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' " + outer +
		"; connect-src 'self' " + outer + " " + socket + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
