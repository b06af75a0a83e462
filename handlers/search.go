package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/apps"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Search looks for a text in the console of an app.
type Search struct{ pages }

func (h Search) show(c echo.Context) error {
	var q listQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	ctx, app := c.Request().Context(), p.App.AppID
	found, err := h.services.Search.Find(ctx, session.Actor(c), app, q.Text)
	if err != nil {
		return err
	}
	page := apps.SearchPage{Base: h.base(c, p, ""), AppID: app, Text: q.Text}
	for _, kind := range []apps.FoundKind{
		foundEnvironments(ctx, app, q.Text, found.Environments),
		foundFunctions(ctx, app, found),
		foundShares(ctx, app, q.Text, found.Lends, false),
		foundShares(ctx, app, q.Text, found.Borrows, true),
	} {
		if len(kind.Things) > 0 {
			page.Found = append(page.Found, kind)
		}
	}
	if found.Partly {
		page.Partly = i18n.T(ctx, "search.partly", "count", number(service.MaxSearched))
	}
	return render.Page(c, http.StatusOK, apps.Search(page))
}

func foundEnvironments(ctx context.Context, app, text string, list service.EnvironmentList) apps.FoundKind {
	kind := apps.FoundKind{ID: "environments", Title: i18n.T(ctx, "search.environments", "count", number(list.Total()))}
	for _, e := range list.Own {
		kind.Things = append(kind.Things, apps.FoundThing{Href: paths.Environment(app, e.ID), Name: e.Name, ID: e.ID})
	}
	for _, b := range list.Borrowed {
		kind.Things = append(kind.Things, apps.FoundThing{
			Href: paths.Environment(app, b.Environment.ID), Name: b.Environment.Name, ID: b.Environment.ID, Where: b.Owner.Name, Lent: true,
		})
	}
	if list.Total() > int64(len(kind.Things)) {
		kind.MoreHref = paths.EnvironmentsQuery(app, text)
	}
	return kind
}

func foundFunctions(ctx context.Context, app string, found service.Found) apps.FoundKind {
	kind := apps.FoundKind{ID: "functions", Title: i18n.T(ctx, "nav.functions")}
	for _, f := range found.Functions {
		kind.Things = append(kind.Things, apps.FoundThing{
			Href: paths.Function(app, f.Environment.ID, f.Name), Name: f.Name, ID: f.Environment.ID, Where: f.Environment.Name, Lent: f.Borrowed,
		})
	}
	if found.MoreFunctions {
		kind.More = i18n.T(ctx, "search.more_functions", "shown", number(len(found.Functions)))
	}
	return kind
}

func foundShares(ctx context.Context, app, text string, list service.FoundShares, withMe bool) apps.FoundKind {
	total := list.Total
	kind := apps.FoundKind{ID: "lends", Title: i18n.T(ctx, "search.lends", "count", number(total))}
	if withMe {
		kind.ID, kind.Title = "borrows", i18n.T(ctx, "search.borrows", "count", number(total))
	}
	for _, s := range list.Shares {
		kind.Things = append(kind.Things, apps.FoundThing{
			Href: paths.Share(app, s.ID), Name: s.Other.Name, ID: s.Other.AppID, Where: s.Note, Lent: withMe,
		})
	}
	if total > int64(len(list.Shares)) {
		kind.MoreHref = paths.SharesQuery(app, shareQuery(withMe, models.ShareFilter{Text: text}.Clean()))
	}
	return kind
}
