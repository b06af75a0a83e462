package handlers

import (
	"bytes"
	"mime"
	"net/http"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// functionCode shows the code of a function and its versions, and changes which
// one runs.
type functionCode struct{ pages }

type codeQuery struct {
	File string `query:"file"`
}

func (h functionCode) show(c echo.Context) error {
	var q codeQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	return h.page(c, http.StatusOK, q.File, nil)
}

func (h functionCode) page(c echo.Context, status int, file string, errs views.Errors) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	source, err := h.services.Functions.Source(ctx, session.Actor(c), p.App.AppID, p.environmentID(), f.Name)
	if err != nil {
		return err
	}
	shown, err := chooseFile(source.Files(), file)
	if err != nil {
		return err
	}
	may := p.opened.MayChangeFunction(f.Name)
	page := views.FunctionCodePage{
		Base: h.base(c, p, tabFunctions), FunctionHead: h.head(ctx, p, f.Name, f.ActiveVersion),
		FileName: shown.Path, CanDeploy: may.Allowed, WhyNot: reason(ctx, may), Errors: errs,
	}
	for _, s := range source.Files() {
		page.Files = append(page.Files, views.SourceFile{Name: s.Path, Size: size(int64(len(s.Data))), Active: s.Path == shown.Path})
	}
	if key := unreadable(shown.Data); key != "" {
		page.Unreadable = i18n.T(ctx, key, "size", size(maxShownFile))
	} else {
		page.Content = string(shown.Data)
	}
	return render.Page(c, status, views.FunctionCode(page))
}

// chooseFile returns the file of that name, for no name the entry file.
func chooseFile(files []service.SourceFile, name string) (service.SourceFile, error) {
	names := []string{name}
	if name == "" {
		names = []string{"index.js", "index.mjs"}
	}
	for _, wanted := range names {
		for _, f := range files {
			if f.Path == wanted {
				return f, nil
			}
		}
	}
	return service.SourceFile{}, models.E(models.CodeNotFound, "error.not_found")
}

// maxShownFile bounds what a page shows of a file, in bytes.
const maxShownFile = 256 << 10

// unreadable returns why a file is not shown, as a key of the catalogues, "" when
// it is.
func unreadable(data []byte) string {
	switch {
	case len(data) > maxShownFile:
		return "function_code.too_large"
	case !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0:
		return "function_code.binary"
	}
	return ""
}

// download sends the running version as a zip, never as something that a browser
// would show on the console's origin.
func (h functionCode) download(c echo.Context) error {
	name := c.Param(nameParam)
	archive, err := h.services.Functions.Download(c.Request().Context(), session.Actor(c), c.Param(appParam), c.Param(envParam), name)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition,
		mime.FormatMediaType("attachment", map[string]string{"filename": name + ".zip"}))
	return c.Blob(http.StatusOK, "application/zip", archive)
}

func (h functionCode) deploy(c echo.Context) error {
	p, f, err := h.function(c)
	if err != nil {
		return err
	}
	if err := p.opened.MayChangeFunction(f.Name).Err(); err != nil {
		return err
	}
	source, field, err := uploadedSource(c)
	if err == nil {
		f, err = h.services.Functions.Deploy(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(),
			service.Deployment{Name: f.Name, Source: source})
	}
	if fields := codeFields(err, field); fields != nil {
		return h.page(c, http.StatusUnprocessableEntity, "", fields)
	}
	if err != nil {
		return err
	}
	return done(c, paths.FunctionCode(p.App.AppID, p.environmentID(), f.Name),
		"flash.function_deployed", "name", f.Name, "version", version(f.ActiveVersion))
}
