package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/database"
	"envshare/views/ui"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Database is the collections of an environment.
type Database struct{ pages }

type collectionForm struct {
	Name string `form:"name"`
}

func (h Database) index(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	return h.list(c, http.StatusOK, p, collectionForm{}, nil)
}

func (h Database) list(c echo.Context, status int, p place, f collectionForm, errs views.Errors) error {
	ctx, actor, app, env := c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID()
	var q listQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	found, err := h.services.Documents.CollectionPage(ctx, actor, app, env, q.Text, models.PageRequest{Page: q.Page})
	if err != nil {
		return err
	}
	may := p.opened.May(models.DatabaseOperate)
	page := database.IndexPage{
		Base: h.base(c, p, tabDatabase), AppID: app, EnvID: env, Name: f.Name, Errors: errs, CanOperate: may.Allowed, WhyNot: reason(ctx, may),
		Search: q.Text != "" || found.Total > int64(found.Page.Size), Text: q.Text, Pagination: pagination(ctx, paths.CollectionsQuery(app, env, q.Text), found.Page, found.Total),
	}
	for _, one := range found.Collections {
		page.Collections = append(page.Collections, database.CollectionRow{Name: one.Name, Indexes: number(len(one.Indexes)), Rule: i18n.T(ctx, one.Rule.MessageKey())})
	}
	return render.Page(c, status, database.Index(page))
}

func (h Database) create(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	var f collectionForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	err = h.services.Documents.AddCollection(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), f.Name)
	if said := refusedBy(err); said != nil {
		return h.list(c, http.StatusUnprocessableEntity, p, f, views.Errors{"name": *said})
	}
	if err != nil {
		return err
	}
	return done(c, paths.Collection(p.App.AppID, p.environmentID(), f.Name), "flash.collection_created", "name", f.Name)
}

// operate opens the environment for a change of its documents.
func (h pages) operate(c echo.Context) (place, error) {
	p, err := h.open(c)
	if err != nil {
		return place{}, err
	}
	return p, p.opened.May(models.DatabaseOperate).Err()
}

// refusedBy returns what the document engine says of an input that it does not
// take, nil for any other error.
func refusedBy(err error) *models.Msg {
	switch models.CodeOf(err) {
	case models.CodeInvalid, models.CodeOperator, models.CodeWriteRefused, models.CodeCollectionExists, models.CodeCollectionLimit, models.CodeConflict,
		models.CodeResultTooLarge:
		if err != nil {
			msg := models.MsgOf(err)
			return &msg
		}
	}
	return nil
}

func collectionHead(ctx context.Context, p place, name string) database.CollectionHead {
	may := p.opened.May(models.DatabaseOperate)
	return database.CollectionHead{AppID: p.App.AppID, EnvID: p.environmentID(), Name: name, CanOperate: may.Allowed, WhyNot: reason(ctx, may)}
}

// browseQuery is what is shown of a collection. Forms carry it along, so that
// whoever saves a document comes back to where they were.
type browseQuery struct {
	Filter string `query:"filter" form:"filter"`
	Sort   string `query:"sort" form:"sort"`
	View   string `query:"view" form:"view"` // json, or "" for the table
	Page   int    `query:"page" form:"page"`
}

func (q browseQuery) place() paths.Browse {
	return paths.Browse{Filter: q.Filter, Sort: q.Sort, View: q.View, Page: q.Page}
}

// shownDocuments is how many documents a page shows.
const shownDocuments = 20

func (h Database) show(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	var q browseQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	ctx, actor, app, env, name := c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), c.Param(nameParam)
	q.Page = models.PageRequest{Page: q.Page, Size: shownDocuments}.Clamped().Page
	page := database.CollectionPage{Base: h.base(c, p, tabDatabase), Head: collectionHead(ctx, p, name), Filter: q.Filter, Sort: q.Sort, View: q.View}
	page.TableHref, page.JSONHref = viewsOf(app, env, name, q)
	found, err := h.services.Documents.Browse(ctx, actor, app, env, name,
		service.DocumentQuery{Query: q.Filter, Order: q.Sort, Limit: shownDocuments, Offset: (q.Page - 1) * shownDocuments})
	if errs := queryErrors(err); errs != nil {
		page.Errors, page.Failed = errs, true
		return render.Page(c, http.StatusUnprocessableEntity, database.Collection(page))
	}
	if err != nil {
		return err
	}
	total, err := h.services.Documents.CountMatching(ctx, actor, app, env, name, q.Filter)
	if err != nil {
		return err
	}
	page.Total = i18n.T(ctx, "collection.total", "count", number(total))
	fillTable(&page, found.Documents, q)
	page.Pagination = turns(app, env, name, q, found.More)
	return render.Page(c, http.StatusOK, database.Collection(page))
}

// queryErrors are the messages for filter and sort, nil when err is about neither.
func queryErrors(err error) views.Errors {
	if fields := models.FieldErrors(err); fields != nil {
		out := views.Errors{}
		for field, name := range map[string]string{"query": "filter", "order": "sort"} {
			if msg, ok := fields[field]; ok {
				out[name] = msg
			}
		}
		return out
	}
	if said := refusedBy(err); said != nil {
		return views.Errors{"filter": *said}
	}
	return nil
}

// viewsOf leads to the two ways in which documents are shown.
func viewsOf(app, env, name string, q browseQuery) (table, asJSON string) {
	at := q.place()
	at.View = ""
	table = paths.CollectionQuery(app, env, name, at)
	at.View = "json"
	return table, paths.CollectionQuery(app, env, name, at)
}

// turns leads to the pages before and after.
func turns(app, env, name string, q browseQuery, more bool) ui.PaginationProps {
	var out ui.PaginationProps
	at := q.place()
	if q.Page > 1 {
		at.Page = q.Page - 1
		out.Prev = paths.CollectionQuery(app, env, name, at)
	}
	if more {
		at.Page = q.Page + 1
		out.Next = paths.CollectionQuery(app, env, name, at)
	}
	return out
}

func (h Database) confirmDelete(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	return h.deletePage(c, http.StatusOK, p, nil)
}

func (h Database) deletePage(c echo.Context, status int, p place, errs views.Errors) error {
	ctx, name := c.Request().Context(), c.Param(nameParam)
	total, err := h.services.Documents.CountMatching(ctx, session.Actor(c), p.App.AppID, p.environmentID(), name, "")
	if err != nil {
		return err
	}
	return render.Page(c, status, database.CollectionDelete(database.CollectionDeletePage{
		Base: h.base(c, p, tabDatabase), Head: collectionHead(ctx, p, name), Documents: number(total), Typed: total > 0, Errors: errs,
	}))
}

type collectionDeleteForm struct {
	Name string `form:"name"`
}

// delete drops a collection. One with documents is dropped by who types its name:
// nothing brings them back.
func (h Database) delete(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	var f collectionDeleteForm
	if err := form.Bind(c, &f); err != nil {
		return err
	}
	ctx, actor, app, env, name := c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), c.Param(nameParam)
	total, err := h.services.Documents.CountMatching(ctx, actor, app, env, name, "")
	if err != nil {
		return err
	}
	if total > 0 && f.Name != name {
		return h.deletePage(c, http.StatusUnprocessableEntity, p, views.Errors{"name": models.M("error.name_typed", "name", name)})
	}
	if err := h.services.Documents.DropCollection(ctx, actor, app, env, name); err != nil {
		return err
	}
	return done(c, paths.Collections(app, env), "flash.collection_deleted", "name", name)
}
