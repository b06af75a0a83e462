package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/views/database"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Documents are single documents of a collection.
type Documents struct{ pages }

// maxDocumentForm bounds a form with a document of 16 MiB, which grows as extended
// JSON and by the escapes of a form.
const maxDocumentForm = 48 << 20

// LargeForms are the routes whose forms may be larger than others: web.Config takes
// them.
func LargeForms() map[string]int64 {
	return map[string]int64{
		paths.Documents(anyApp, anyEnv, anyName):                             maxDocumentForm,
		paths.Document(anyApp, anyEnv, anyName, anyDocument, paths.Browse{}): maxDocumentForm,
		paths.FunctionCode(anyApp, anyEnv, anyName):                          maxCodeForm,
		paths.RunFunction(anyApp, anyEnv, anyName):                           maxEventForm,
	}
}

type documentForm struct {
	browseQuery
	Text    string `form:"text"`
	Version string `form:"version"`
}

// emptyDocument is what the editor begins with.
const emptyDocument = "{\n  \n}"

func (h Documents) new(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	// The collection must be there.
	if _, err := h.services.Documents.CountMatching(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), c.Param(nameParam), noDocument); err != nil {
		return err
	}
	f := documentForm{Text: emptyDocument}
	if err := form.Bind(c, &f.browseQuery); err != nil {
		return err
	}
	return h.form(c, http.StatusOK, p, f, nil, "")
}

// noDocument matches nothing.
const noDocument = `{"_id":{"$in":[]}}`

func (h Documents) create(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	var f documentForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, env, name := p.App.AppID, p.environmentID(), c.Param(nameParam)
	_, err = h.services.Documents.AddDocument(c.Request().Context(), session.Actor(c), app, env, name, f.Text)
	if said := refusedBy(err); said != nil {
		return h.form(c, http.StatusUnprocessableEntity, p, f, views.Errors{"text": documentError(f.Text, *said)}, "")
	}
	if err != nil {
		return err
	}
	return done(c, paths.CollectionQuery(app, env, name, f.place()), "flash.document_saved")
}

func (h Documents) edit(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	d, err := h.services.Documents.Document(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), c.Param(nameParam), c.Param(documentParam))
	if err != nil {
		return err
	}
	f := documentForm{Text: indented(d.Text), Version: d.Version}
	if err := form.Bind(c, &f.browseQuery); err != nil {
		return err
	}
	return h.form(c, http.StatusOK, p, f, nil, "")
}

func (h Documents) update(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	var f documentForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx, actor, app, env, name, key := c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), c.Param(nameParam), c.Param(documentParam)
	err = h.services.Documents.EditDocument(ctx, actor, app, env, name, key, f.Version, f.Text)
	if models.IsCode(err, models.CodeConflict) {
		// What was typed stays; saving again is over what is there now.
		now, readErr := h.services.Documents.Document(ctx, actor, app, env, name, key)
		if models.IsCode(readErr, models.CodeNotFound) {
			return h.gone(c, p, f)
		}
		if readErr != nil {
			return readErr
		}
		f.Version = now.Version
		return h.form(c, http.StatusConflict, p, f, views.Errors{"text": models.MsgOf(err)}, indented(now.Text))
	}
	if models.IsCode(err, models.CodeNotFound) {
		return h.gone(c, p, f)
	}
	if said := refusedBy(err); said != nil {
		return h.form(c, http.StatusUnprocessableEntity, p, f, views.Errors{"text": documentError(f.Text, *said)}, "")
	}
	if err != nil {
		return err
	}
	return done(c, paths.CollectionQuery(app, env, name, f.place()), "flash.document_saved")
}

// gone shows what was typed into a document that somebody deleted meanwhile: it can
// be saved as a new one. A collection that is gone has no form.
func (h Documents) gone(c echo.Context, p place, f documentForm) error {
	if _, err := h.services.Documents.CountMatching(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), c.Param(nameParam), noDocument); err != nil {
		return err
	}
	page := h.page(c, p, f, views.Errors{"text": models.M("error.document_deleted_meanwhile")}, "")
	page.Key = ""
	return render.Page(c, http.StatusConflict, database.Document(page))
}

// confirmDelete asks before a document is deleted, and shows it.
func (h Documents) confirmDelete(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	var f documentForm
	if err := form.Bind(c, &f.browseQuery); err != nil {
		return err
	}
	return h.deletePage(c, http.StatusOK, p, f, nil)
}

func (h Documents) deletePage(c echo.Context, status int, p place, f documentForm, errs views.Errors) error {
	d, err := h.services.Documents.Document(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), c.Param(nameParam), c.Param(documentParam))
	if err != nil {
		return err
	}
	f.Text, f.Version = indented(d.Text), d.Version
	return render.Page(c, status, database.DocumentDelete(h.page(c, p, f, errs, "")))
}

func (h Documents) delete(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	var f documentForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, env, name := p.App.AppID, p.environmentID(), c.Param(nameParam)
	err = h.services.Documents.DeleteDocument(c.Request().Context(), session.Actor(c), app, env, name, c.Param(documentParam), f.Version)
	if models.IsCode(err, models.CodeConflict) {
		return h.deletePage(c, http.StatusConflict, p, f, views.Errors{"version": models.MsgOf(err)})
	}
	if err != nil {
		return err
	}
	return done(c, paths.CollectionQuery(app, env, name, f.place()), "flash.document_deleted")
}

func (h Documents) form(c echo.Context, status int, p place, f documentForm, errs views.Errors, newer string) error {
	return render.Page(c, status, database.Document(h.page(c, p, f, errs, newer)))
}

func (h Documents) page(c echo.Context, p place, f documentForm, errs views.Errors, newer string) database.DocumentPage {
	return database.DocumentPage{
		Base: h.base(c, p, tabDatabase), Head: collectionHead(c.Request().Context(), p, c.Param(nameParam)),
		Key: c.Param(documentParam), Version: f.Version, Text: f.Text, Errors: errs, Newer: newer, At: f.place(),
	}
}
