package handlers

import (
	"cmp"
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/ui"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// database is the collections of an environment.
type database struct{ pages }

type collectionForm struct {
	Name string `form:"name"`
}

func (h database) index(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	return h.list(c, http.StatusOK, p, collectionForm{}, nil)
}

func (h database) list(c echo.Context, status int, p place, f collectionForm, errs views.Errors) error {
	ctx, actor, app, env := c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID()
	list, err := h.services.Documents.Collections(ctx, actor, app, env)
	if err != nil {
		return err
	}
	rules, err := h.services.Documents.Rules(ctx, actor, app, env)
	if err != nil {
		return err
	}
	may := p.opened.May(models.DatabaseOperate)
	page := views.DatabasePage{
		Base: h.base(c, p, tabDatabase), AppID: app, EnvID: env, Name: f.Name, Errors: errs, CanOperate: may.Allowed, WhyNot: reason(ctx, may),
	}
	for _, one := range list {
		rule := cmp.Or(rules[one.Name], models.PresetDefault)
		page.Collections = append(page.Collections, views.CollectionRow{Name: one.Name, Indexes: number(len(one.Indexes)), Rule: i18n.T(ctx, rule.MessageKey())})
	}
	return render.Page(c, status, views.Database(page))
}

func (h database) create(c echo.Context) error {
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

func collectionHead(ctx context.Context, p place, name string) views.CollectionHead {
	may := p.opened.May(models.DatabaseOperate)
	return views.CollectionHead{AppID: p.App.AppID, EnvID: p.environmentID(), Name: name, CanOperate: may.Allowed, WhyNot: reason(ctx, may)}
}

type browseQuery struct {
	Filter string `query:"filter"`
	Sort   string `query:"sort"`
	Page   int    `query:"page"`
}

// shownDocuments is how many documents a page shows.
const shownDocuments = 20

func (h database) show(c echo.Context) error {
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
	page := views.CollectionPage{Base: h.base(c, p, tabDatabase), Head: collectionHead(ctx, p, name), Filter: q.Filter, Sort: q.Sort}
	found, err := h.services.Documents.Browse(ctx, actor, app, env, name,
		service.DocumentQuery{Query: q.Filter, Order: q.Sort, Limit: shownDocuments, Offset: (q.Page - 1) * shownDocuments})
	if said := refusedBy(err); said != nil {
		page.Errors = views.Errors{"filter": *said}
		return render.Page(c, http.StatusUnprocessableEntity, views.Collection(page))
	}
	if err != nil {
		return err
	}
	total, err := h.services.Documents.CountMatching(ctx, actor, app, env, name, q.Filter)
	if err != nil {
		return err
	}
	page.Total = i18n.T(ctx, "collection.total", "count", number(total))
	for _, d := range found.Documents {
		page.Documents = append(page.Documents, views.DocumentRow{Key: d.Key, Text: d.Text})
	}
	page.Pagination = turns(app, env, name, q, found.More)
	return render.Page(c, http.StatusOK, views.Collection(page))
}

// turns leads to the pages before and after.
func turns(app, env, name string, q browseQuery, more bool) ui.PaginationProps {
	var out ui.PaginationProps
	if q.Page > 1 {
		out.Prev = paths.CollectionQuery(app, env, name, q.Filter, q.Sort, q.Page-1)
	}
	if more {
		out.Next = paths.CollectionQuery(app, env, name, q.Filter, q.Sort, q.Page+1)
	}
	return out
}

func (h database) confirmDelete(c echo.Context) error {
	p, err := h.operate(c)
	if err != nil {
		return err
	}
	ctx, name := c.Request().Context(), c.Param(nameParam)
	total, err := h.services.Documents.CountMatching(ctx, session.Actor(c), p.App.AppID, p.environmentID(), name, "")
	if err != nil {
		return err
	}
	return render.Page(c, http.StatusOK, views.CollectionDelete(views.CollectionDeletePage{
		Base: h.base(c, p, tabDatabase), Head: collectionHead(ctx, p, name), Documents: number(total),
	}))
}

func (h database) delete(c echo.Context) error {
	app, env, name := c.Param(appParam), c.Param(envParam), c.Param(nameParam)
	if err := h.services.Documents.DropCollection(c.Request().Context(), session.Actor(c), app, env, name); err != nil {
		return err
	}
	return done(c, paths.Collections(app, env), "flash.collection_deleted", "name", name)
}
