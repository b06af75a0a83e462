package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"

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

// FunctionDraft is what somebody changed of a function's code and has not
// deployed.
type FunctionDraft struct{ pages }

// mine loads the working copy for somebody who may change it; with an error comes
// the place as far as it was opened.
func (h FunctionDraft) mine(c echo.Context) (place, service.WorkingCopy, error) {
	p, w, err := h.workingCopy(c)
	if err != nil {
		return p, service.WorkingCopy{}, err
	}
	return p, w, p.opened.MayChangeFunction(w.Function.Name).Err()
}

// review shows what deploying the working copy changes.
func (h FunctionDraft) review(c echo.Context) error {
	p, w, err := h.mine(c)
	if err != nil {
		return err
	}
	return h.page(c, http.StatusOK, p, w, "", nil)
}

func (h FunctionDraft) page(c echo.Context, status int, p place, w service.WorkingCopy, note string, errs views.Errors) error {
	ctx, app, env := c.Request().Context(), p.App.AppID, p.environmentID()
	changes, err := h.services.Functions.CompareDraft(ctx, session.Actor(c), app, env, w)
	if err != nil {
		return err
	}
	return render.Page(c, status, functions.Draft(functions.DraftPage{
		Base: h.base(c, p, tabFunctions), Head: h.head(ctx, p, w.Function.Name, w.Function.ActiveVersion),
		BaseVersion: version(w.BaseVersion), Over: w.Function.ActiveID, Outdated: w.Outdated(),
		Meanwhile: paths.CompareVersions(app, env, w.Function.Name, strconv.Itoa(w.BaseVersion), strconv.Itoa(w.Function.ActiveVersion)),
		Note:      note, Files: diffFiles(ctx, changes), Errors: errs,
	}))
}

// deploy deploys the working copy. When somebody deployed another version
// meanwhile, both are shown and nothing is lost; when somebody deleted the function,
// what was changed is shown to be copied.
func (h FunctionDraft) deploy(c echo.Context) error {
	p, w, err := h.mine(c)
	if p.opened != nil && models.IsCode(err, models.CodeNotFound) {
		return models.E(models.CodeNotFound, "error.function_deleted_meanwhile", "name", c.Param(nameParam))
	}
	if err != nil {
		return err
	}
	var f deployForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	if f.Over == "" {
		return h.page(c, http.StatusUnprocessableEntity, p, w, f.Note, views.Errors{"code": models.M("error.form_malformed")})
	}
	app, env, name := p.App.AppID, p.environmentID(), w.Function.Name
	deployed, err := h.services.Functions.DeployDraft(c.Request().Context(), session.Actor(c), app, env, w, f.Over, f.Note)
	switch {
	case models.MsgOf(err).Key == "error.function_deleted_meanwhile":
		return h.lost(c, p, w, err)
	case models.IsCode(err, models.CodeConflict):
		p, w, failed := h.mine(c)
		if failed != nil {
			return failed
		}
		return h.page(c, http.StatusConflict, p, w, f.Note, views.Errors{"code": models.MsgOf(err)})
	case models.FieldErrors(err) != nil:
		return h.page(c, http.StatusUnprocessableEntity, p, w, f.Note, codeFields(err, "code"))
	case err != nil:
		return err
	}
	return done(c, paths.FunctionCode(app, env, name), "flash.function_deployed", "name", name, "version", version(deployed.ActiveVersion))
}

func (h FunctionDraft) takeIn(c echo.Context) error {
	app, env, name := c.Param(appParam), c.Param(envParam), c.Param(nameParam)
	if err := h.services.Functions.TakeIn(c.Request().Context(), session.Actor(c), app, env, name); err != nil {
		return err
	}
	return done(c, paths.FunctionDraft(app, env, name), "flash.function_taken_in")
}

func (h FunctionDraft) confirmDiscard(c echo.Context) error {
	p, w, err := h.mine(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	changes, err := h.services.Functions.CompareDraft(ctx, session.Actor(c), p.App.AppID, p.environmentID(), w)
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, functions.Discard(functions.DiscardPage{
		Base: h.base(c, p, tabFunctions), AppID: p.App.AppID, EnvID: p.environmentID(), Name: w.Function.Name, Files: diffFiles(ctx, changes),
	}))
}

func (h FunctionDraft) discard(c echo.Context) error {
	app, env, name := c.Param(appParam), c.Param(envParam), c.Param(nameParam)
	if err := h.services.Functions.DiscardDraft(c.Request().Context(), session.Actor(c), app, env, name); err != nil {
		return err
	}
	return done(c, paths.FunctionCode(app, env, name), "flash.function_discarded")
}

// diffFiles is what changed in files, ready to print.
func diffFiles(ctx context.Context, changes []service.FileDiff) []functions.DiffFile {
	out := make([]functions.DiffFile, 0, len(changes))
	for _, d := range changes {
		f := functions.DiffFile{Path: d.Path, Kind: "diff." + string(d.Kind), Added: number(d.Added), Removed: number(d.Removed)}
		switch {
		case d.Binary:
			f.Note = i18n.T(ctx, "diff.binary", "before", size(int64(d.Before)), "after", size(int64(d.After)))
		case d.TooLarge:
			f.Note = i18n.T(ctx, "diff.too_large", "before", size(int64(d.Before)), "after", size(int64(d.After)))
		case len(d.Hunks) == 0:
			f.Note = i18n.T(ctx, "diff.empty")
		}
		for _, h := range d.Hunks {
			lines := make([]functions.DiffLine, 0, len(h.Lines))
			for _, l := range h.Lines {
				lines = append(lines, functions.DiffLine{Before: lineNumber(l.Before), After: lineNumber(l.After), Text: l.Text})
			}
			f.Hunks = append(f.Hunks, lines)
		}
		out = append(out, f)
	}
	return out
}

func lineNumber(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// errNoFile is asked about when a form names no file of the working copy.
var errNoFile = models.E(models.CodeNotFound, "error.not_found")

// codeFields returns the messages for the fields of a form with code, nil when
// the error has none. What is wrong with the code itself stands beside the field
// that it came in, with what the package manager said, if it did.
func codeFields(err error, field string) views.Errors {
	fields := models.FieldErrors(err)
	if fields == nil {
		return nil
	}
	errs := views.Errors{}
	for name, msg := range fields {
		if name != "code" {
			errs[name] = msg
			continue
		}
		errs[field] = msg
		var e *models.Error
		if errors.As(err, &e) && e.Detail != "" {
			errs[field] = models.M("error.code_dependencies_detail", "detail", e.Detail)
		}
	}
	return errs
}
