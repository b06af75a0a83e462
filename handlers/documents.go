package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/views"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// documents are single documents of a collection.
type documents struct{ pages }

type documentForm struct {
	Text    string `form:"text"`
	Version string `form:"version"`
}

// emptyDocument is what the editor begins with.
const emptyDocument = "{\n  \n}"

func (h documents) new(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	// The collection must be there.
	if _, err := h.services.Documents.CountMatching(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), c.Param(nameParam), noDocument); err != nil {
		return err
	}
	return h.form(c, http.StatusOK, p, documentForm{Text: emptyDocument}, nil, "")
}

// noDocument matches nothing.
const noDocument = `{"_id":{"$in":[]}}`

func (h documents) create(c echo.Context) error {
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
		return h.form(c, http.StatusUnprocessableEntity, p, f, views.Errors{"text": *said}, "")
	}
	if err != nil {
		return err
	}
	return done(c, paths.Collection(app, env, name), "flash.document_saved")
}

func (h documents) edit(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	d, err := h.services.Documents.Document(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), c.Param(nameParam), c.Param(documentParam))
	if err != nil {
		return err
	}
	return h.form(c, http.StatusOK, p, documentForm{Text: indented(d.Text), Version: d.Version}, nil, "")
}

func (h documents) update(c echo.Context) error {
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
		if readErr != nil {
			return readErr
		}
		f.Version = now.Version
		return h.form(c, http.StatusConflict, p, f, views.Errors{"text": models.MsgOf(err)}, indented(now.Text))
	}
	if said := refusedBy(err); said != nil {
		return h.form(c, http.StatusUnprocessableEntity, p, f, views.Errors{"text": *said}, "")
	}
	if err != nil {
		return err
	}
	return done(c, paths.Collection(app, env, name), "flash.document_saved")
}

func (h documents) delete(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	var f documentForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, env, name := p.App.AppID, p.environmentID(), c.Param(nameParam)
	if err := h.services.Documents.DeleteDocument(c.Request().Context(), session.Actor(c), app, env, name, c.Param(documentParam), f.Version); err != nil {
		return err
	}
	return done(c, paths.Collection(app, env, name), "flash.document_deleted")
}

func (h documents) form(c echo.Context, status int, p place, f documentForm, errs views.Errors, newer string) error {
	return render.Page(c, status, views.Document(views.DocumentPage{
		Base: h.base(c, p, tabDatabase), Head: collectionHead(c.Request().Context(), p, c.Param(nameParam)),
		Key: c.Param(documentParam), Version: f.Version, Text: f.Text, Errors: errs, Newer: newer,
	}))
}
