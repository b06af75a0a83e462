package handlers

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/database"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Indexes are those of a collection.
type Indexes struct{ pages }

type indexForm struct {
	Fields string `form:"fields"`
	Unique bool   `form:"unique"`
	Sparse bool   `form:"sparse"`
	Index  string `form:"index"`
}

func (h Indexes) index(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	return h.list(c, http.StatusOK, p, indexForm{}, nil)
}

func (h Indexes) list(c echo.Context, status int, p place, f indexForm, errs views.Errors) error {
	ctx, name := c.Request().Context(), c.Param(nameParam)
	list, err := h.services.Documents.Indexes(ctx, session.Actor(c), p.App.AppID, p.environmentID(), name)
	if err != nil {
		return err
	}
	page := database.IndexesPage{
		Base: h.base(c, p, tabDatabase), Head: collectionHead(ctx, p, name), Fields: f.Fields, Unique: f.Unique, Sparse: f.Sparse, Errors: errs,
	}
	for i, one := range list {
		page.Indexes = append(page.Indexes, indexRow(ctx, one, i == 0))
	}
	return render.Page(c, status, database.Indexes(page))
}

func indexRow(ctx context.Context, i service.Index, fixed bool) database.IndexRow {
	var notes []string
	if i.Unique {
		notes = append(notes, i18n.T(ctx, "indexes.unique"))
	}
	if i.Sparse {
		notes = append(notes, i18n.T(ctx, "indexes.sparse"))
	}
	if i.Building {
		notes = append(notes, i18n.T(ctx, "indexes.building"))
	}
	return database.IndexRow{Name: i.Name, Fields: i.Fields, Notes: strings.Join(notes, ", "), Fixed: fixed}
}

func (h Indexes) create(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	var f indexForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, env, name := p.App.AppID, p.environmentID(), c.Param(nameParam)
	err = h.services.Documents.AddIndex(c.Request().Context(), session.Actor(c), app, env, name, service.Index{Fields: f.Fields, Unique: f.Unique, Sparse: f.Sparse})
	if said := refusedBy(err); said != nil {
		return h.list(c, http.StatusUnprocessableEntity, p, f, views.Errors{"fields": *said})
	}
	if err != nil {
		return err
	}
	return done(c, paths.Indexes(app, env, name), "flash.index_created")
}

// confirmDelete asks before an index is deleted, and says what that costs.
func (h Indexes) confirmDelete(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	var f struct {
		Index string `query:"index"`
	}
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx, name := c.Request().Context(), c.Param(nameParam)
	list, err := h.services.Documents.Indexes(ctx, session.Actor(c), p.App.AppID, p.environmentID(), name)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(i service.Index) bool { return i.Name == f.Index })
	if at <= 0 { // that of _id comes first, and stays
		return models.E(models.CodeNotFound, "error.not_found")
	}
	return render.Page(c, http.StatusOK, database.IndexDelete(database.IndexDeletePage{
		Base: h.base(c, p, tabDatabase), Head: collectionHead(ctx, p, name), Index: indexRow(ctx, list[at], false),
	}))
}

func (h Indexes) delete(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	var f indexForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	app, env, name := p.App.AppID, p.environmentID(), c.Param(nameParam)
	if err := h.services.Documents.DropIndex(c.Request().Context(), session.Actor(c), app, env, name, f.Index); err != nil {
		return err
	}
	return done(c, paths.Indexes(app, env, name), "flash.index_deleted", "name", f.Index)
}
