package handlers

import (
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/functions"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// FunctionCode shows and edits the code of a function, and takes uploads of it.
type FunctionCode struct{ pages }

// maxCodeForm bounds a form with an edited file, whose bytes may each take three.
const maxCodeForm = 3*models.MaxEditableFile + formOverhead

type codeQuery struct {
	File string `query:"file" form:"file"`
}

func (h FunctionCode) show(c echo.Context) error {
	var q codeQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	p, w, err := h.workingCopy(c)
	if err != nil {
		return err
	}
	page := h.page(c, p, w)
	file, ok := chosenFile(w, q.File)
	if !ok && q.File != "" {
		return models.E(models.CodeNotFound, "error.not_found")
	}
	if ok {
		h.addFile(c, &page, file)
	}
	return render.Page(c, http.StatusOK, functions.Code(page))
}

// workingCopy loads the code of the function that a route names.
func (h pages) workingCopy(c echo.Context) (place, service.WorkingCopy, error) {
	p, err := h.open(c)
	if err != nil {
		return place{}, service.WorkingCopy{}, err
	}
	w, err := h.services.Functions.Code(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), c.Param(nameParam))
	return p, w, err
}

// chosenFile returns the file of that name; for no name the entry file, or else
// the first one.
func chosenFile(w service.WorkingCopy, name string) (service.WorkingFile, bool) {
	if name != "" {
		return w.File(name)
	}
	for _, entry := range []string{"index.js", "index.mjs"} {
		if f, ok := w.File(entry); ok {
			return f, true
		}
	}
	for _, f := range w.Files {
		if f, ok := w.File(f.Path); ok {
			return f, true
		}
	}
	return service.WorkingFile{}, false
}

// page is the page without the file that is shown.
func (h FunctionCode) page(c echo.Context, p place, w service.WorkingCopy) functions.CodePage {
	ctx, may := c.Request().Context(), p.opened.MayChangeFunction(w.Function.Name)
	page := functions.CodePage{
		Base: h.base(c, p, tabFunctions), Head: h.head(ctx, p, w.Function.Name, w.Function.ActiveVersion),
		CanDeploy: may.Allowed, WhyNot: reason(ctx, may), BaseVersion: version(w.BaseVersion), Outdated: w.Outdated(),
	}
	if n := w.Changed(); n > 0 {
		page.Changed = i18n.T(ctx, "function_code.changed", "count", n)
	}
	page.Tree = fileTree(p.App.AppID, p.environmentID(), w, "")
	return page
}

// addFile shows a file: in the editor, or why not.
func (h FunctionCode) addFile(c echo.Context, page *functions.CodePage, f service.WorkingFile) {
	ctx := c.Request().Context()
	page.FileName, page.Seen, page.State = f.Path, f.Digest(), string(f.State)
	page.Language = editorLanguage(f.Path)
	activate(page.Tree, f.Path)
	if key := unreadable(f.Data); key != "" {
		page.Unreadable = i18n.T(ctx, key, "size", size(models.MaxEditableFile))
		return
	}
	page.Content = string(f.Data)
}

// unreadable returns why a file is not shown, as a key of the catalogues, "" when
// it is.
func unreadable(data []byte) string {
	switch {
	case len(data) > models.MaxEditableFile:
		return "function_code.too_large"
	case !service.IsText(data):
		return "function_code.binary"
	}
	return ""
}

// editorLanguage is what the editor takes a file for.
func editorLanguage(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".js", ".mjs", ".cjs", ".jsx", ".ts":
		return "javascript"
	case ".json":
		return "json"
	}
	return "text"
}

type saveForm struct {
	File    string `form:"file" trim:"no"`
	Content string `form:"content" trim:"no"`
	Seen    string `form:"seen"`
	Next    string `form:"next" trim:"no"` // the file to open afterwards
	Then    string `form:"then"`           // "review" goes on to deploying
}

// save keeps the edited file in the working copy.
func (h FunctionCode) save(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	app, env, name := p.App.AppID, p.environmentID(), c.Param(nameParam)
	if err := p.opened.MayChangeFunction(name).Err(); err != nil {
		return err
	}
	var f saveForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err = h.services.Functions.SaveFile(c.Request().Context(), session.Actor(c), app, env, name, service.FileEdit{Path: f.File, Content: f.Content, Seen: f.Seen})
	if models.IsCode(err, models.CodeConflict) || models.FieldErrors(err) != nil {
		return h.notSaved(c, f, err)
	}
	if err != nil {
		return err
	}
	switch {
	case f.Then == "review":
		return c.Redirect(http.StatusSeeOther, paths.FunctionDraft(app, env, name))
	case f.Next != "":
		return c.Redirect(http.StatusSeeOther, paths.FunctionFile(app, env, name, f.Next))
	}
	return done(c, paths.FunctionFile(app, env, name, f.File), "flash.function_file_saved", "file", f.File)
}

// notSaved shows what was typed again, beside what the file is by now.
func (h FunctionCode) notSaved(c echo.Context, f saveForm, refused error) error {
	p, w, err := h.workingCopy(c)
	if err != nil {
		return err
	}
	file, ok := w.File(f.File)
	if !ok {
		return models.E(models.CodeNotFound, "error.not_found")
	}
	page, status := h.page(c, p, w), http.StatusUnprocessableEntity
	h.addFile(c, &page, file)
	page.Errors = models.FieldErrors(refused)
	if models.IsCode(refused, models.CodeConflict) {
		status, page.Newer = http.StatusConflict, page.Content
		page.Errors = views.Errors{"content": models.MsgOf(refused)}
	}
	page.Content = f.Content
	return render.Page(c, status, functions.Code(page))
}

// download sends the running version as a zip, never as something that a browser
// would show on the console's origin.
func (h FunctionCode) download(c echo.Context) error {
	name := c.Param(nameParam)
	archive, err := h.services.Functions.Download(c.Request().Context(), session.Actor(c), c.Param(appParam), c.Param(envParam), name)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition,
		mime.FormatMediaType("attachment", map[string]string{"filename": name + ".zip"}))
	return c.Blob(http.StatusOK, "application/zip", archive)
}
