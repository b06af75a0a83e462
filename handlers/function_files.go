package handlers

import (
	"net/http"

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

// sourceFileForm names a file of a working copy, and the path that it shall have.
type sourceFileForm struct {
	File string `form:"file" query:"file" trim:"no"`
	Path string `form:"path"`
}

func (h FunctionDraft) newFile(c echo.Context) error {
	p, w, err := h.mine(c)
	if err != nil {
		return err
	}
	return h.pathForm(c, http.StatusOK, p, w, sourceFileForm{}, nil)
}

// pathForm asks for the path of a file: of a new one, when none is named.
func (h FunctionDraft) pathForm(c echo.Context, status int, p place, w service.WorkingCopy, f sourceFileForm, errs views.Errors) error {
	ctx, app, env := c.Request().Context(), p.App.AppID, p.environmentID()
	page := functions.FilePathPage{
		Base: h.base(c, p, tabFunctions), Title: i18n.T(ctx, "function_file.new_title"), Action: paths.FunctionFiles(app, env, w.Function.Name),
		Back: paths.FunctionCode(app, env, w.Function.Name), Path: f.Path, Submit: i18n.T(ctx, "function_file.add"), Errors: errs,
	}
	if f.File != "" {
		page.Title, page.Submit = i18n.T(ctx, "function_file.rename_title", "file", f.File), i18n.T(ctx, "function_file.rename")
		page.Action, page.File = paths.RenameFunctionFile(app, env, w.Function.Name, ""), f.File
		page.Back = paths.FunctionFile(app, env, w.Function.Name, f.File)
	}
	return render.Page(c, status, functions.FilePath(page))
}

func (h FunctionDraft) addFile(c echo.Context) error {
	p, w, err := h.mine(c)
	if err != nil {
		return err
	}
	var f sourceFileForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, env, name := p.App.AppID, p.environmentID(), w.Function.Name
	added, err := h.services.Functions.AddFile(c.Request().Context(), session.Actor(c), app, env, name, f.Path)
	if fields := models.FieldErrors(err); fields != nil {
		return h.pathForm(c, http.StatusUnprocessableEntity, p, w, sourceFileForm{Path: f.Path}, fields)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, paths.FunctionFile(app, env, name, added))
}

// named loads the working copy and the file in it that the form names.
func (h FunctionDraft) named(c echo.Context) (place, service.WorkingCopy, sourceFileForm, error) {
	p, w, err := h.mine(c)
	if err != nil {
		return place{}, w, sourceFileForm{}, err
	}
	var f sourceFileForm
	if err := form.Bind(c, &f); err != nil {
		return place{}, w, f, err
	}
	if _, ok := w.File(f.File); !ok {
		return place{}, w, f, errNoFile
	}
	return p, w, f, nil
}

func (h FunctionDraft) askRename(c echo.Context) error {
	p, w, f, err := h.named(c)
	if err != nil {
		return err
	}
	f.Path = f.File
	return h.pathForm(c, http.StatusOK, p, w, f, nil)
}

func (h FunctionDraft) rename(c echo.Context) error {
	p, w, f, err := h.named(c)
	if err != nil {
		return err
	}
	app, env, name := p.App.AppID, p.environmentID(), w.Function.Name
	renamed, err := h.services.Functions.RenameFile(c.Request().Context(), session.Actor(c), app, env, name, f.File, f.Path)
	if fields := models.FieldErrors(err); fields != nil {
		return h.pathForm(c, http.StatusUnprocessableEntity, p, w, f, fields)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, paths.FunctionFile(app, env, name, renamed))
}

func (h FunctionDraft) confirmDelete(c echo.Context) error {
	p, w, f, err := h.named(c)
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, functions.FileDelete(functions.FileDeletePage{
		Base: h.base(c, p, tabFunctions), AppID: p.App.AppID, EnvID: p.environmentID(), Name: w.Function.Name, File: f.File,
	}))
}

func (h FunctionDraft) deleteFile(c echo.Context) error {
	p, w, f, err := h.named(c)
	if err != nil {
		return err
	}
	app, env, name := p.App.AppID, p.environmentID(), w.Function.Name
	if err := h.services.Functions.DeleteFile(c.Request().Context(), session.Actor(c), app, env, name, f.File); err != nil {
		return err
	}
	return done(c, paths.FunctionCode(app, env, name), "flash.function_file_deleted", "file", f.File)
}

// restoreFile undoes what was done to a file; one that was added is gone then.
func (h FunctionDraft) restoreFile(c echo.Context) error {
	var f sourceFileForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, env, name := c.Param(appParam), c.Param(envParam), c.Param(nameParam)
	if err := h.services.Functions.RestoreFile(c.Request().Context(), session.Actor(c), app, env, name, f.File); err != nil {
		return err
	}
	return done(c, paths.FunctionCode(app, env, name), "flash.function_file_restored", "file", f.File)
}
