package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/ui"
	"envshare/views/usage"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// Visitors are the end users who were seen in an environment.
type Visitors struct{ pages }

type visitorsQuery struct {
	From   string `query:"from"`
	Search string `query:"search"`
	Page   int    `query:"page"`
}

func (h Visitors) index(c echo.Context) error {
	var q visitorsQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	p, err := h.open(c)
	if err != nil {
		return err
	}
	ctx, app, env := c.Request().Context(), p.App.AppID, p.environmentID()
	request := models.PageRequest{Page: q.Page}.Clamped()
	list, err := h.services.Visitors.List(ctx, session.Actor(c), app, env, service.VisitorQuery{AppID: q.From, Search: q.Search, Page: request})
	if err != nil {
		return err
	}
	page := usage.VisitorsIndexPage{
		Base: h.base(c, p, tabUsers), AppID: app, EnvID: env, Search: q.Search, Filtered: q.From != "" || q.Search != "",
		From:       []ui.Option{{Label: i18n.T(ctx, "visitors.all_apps"), Selected: q.From == ""}},
		Pagination: pagination(ctx, paths.VisitorsQuery(app, env, q.From, q.Search), request, list.Total),
	}
	for _, id := range list.AppIDs {
		page.From = append(page.From, ui.Option{Value: id, Label: callerName(ctx, list.Apps, id), Selected: id == q.From})
	}
	for _, v := range list.Visitors {
		page.Visitors = append(page.Visitors, h.visitorRow(ctx, p, v, list.Apps[v.AppID]))
	}
	return render.Page(c, http.StatusOK, usage.VisitorsIndex(page))
}

func (h Visitors) visitorRow(ctx context.Context, p place, v models.Visitor, app models.App) usage.VisitorRow {
	return usage.VisitorRow{
		Href: paths.Visitor(p.App.AppID, p.environmentID(), v.Key()), OpenID: v.OpenID, UnionID: v.UnionID,
		AppID: v.AppID, AppName: callerName(ctx, map[string]models.App{app.AppID: app}, v.AppID),
		Borrowed: v.AppID != p.opened.View.Environment.AppID, Channel: channelKey(app.Kind),
		First: h.minute(v.FirstSeenAt), Last: h.minute(v.LastSeenAt), Visits: number(v.Visits),
	}
}

// channelKey is where people use an app, as a key of the catalogues: official
// accounts have web pages.
func channelKey(k models.AppKind) string {
	if k == models.OfficialAccount {
		return "visitors.channel_web"
	}
	return "visitors.channel_miniprogram"
}

func (h Visitors) show(c echo.Context) error {
	p, v, err := h.visitor(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	page := usage.VisitorShowPage{
		Base: h.base(c, p, tabUsers), AppID: p.App.AppID, EnvID: p.environmentID(), Visitor: h.visitorRow(ctx, p, v.Visitor, v.App),
		SignOutHref: paths.SignOutVisitor(p.App.AppID, p.environmentID(), v.Key()), WhyNotSignOut: reason(ctx, v.MaySignOut),
		SeesSessions: v.AppID == p.App.AppID,
	}
	if v.Verdict != nil {
		page.AllowedUntil = h.minute(v.Verdict.ExpiresAt)
	}
	for _, s := range v.Sessions {
		page.Sessions = append(page.Sessions, usage.VisitorSession{
			Began: h.minute(s.CreatedAt), AccessUntil: h.minute(s.AccessUntil), RenewableUntil: h.minute(s.RefreshUntil), Active: h.now().Before(s.AccessUntil),
		})
	}
	return render.Page(c, http.StatusOK, usage.VisitorShow(page))
}

// visitor loads the visitor that a route names, and where it is.
func (h Visitors) visitor(c echo.Context) (place, service.ShownVisitor, error) {
	p, err := h.open(c)
	if err != nil {
		return place{}, service.ShownVisitor{}, err
	}
	v, err := h.services.Visitors.Get(c.Request().Context(), session.Actor(c), p.App.AppID, p.environmentID(), c.Param(visitorParam))
	return p, v, err
}

// confirmSignOut says what ends, before it does.
func (h Visitors) confirmSignOut(c echo.Context) error {
	p, v, err := h.visitor(c)
	if err != nil {
		return err
	}
	if err := v.MaySignOut.Err(); err != nil {
		return err
	}
	app, env := p.App.AppID, p.environmentID()
	return render.Page(c, http.StatusOK, usage.VisitorSignOut(usage.VisitorSignOutPage{
		Base: h.base(c, p, tabUsers), OpenID: v.OpenID, AppName: v.App.Name, Own: v.Own(p.opened.View), Sessions: number(len(v.Sessions)),
		Action: paths.SignOutVisitor(app, env, v.Key()), Back: paths.Visitor(app, env, v.Key()),
	}))
}

func (h Visitors) signOut(c echo.Context) error {
	app, env, key := c.Param(appParam), c.Param(envParam), c.Param(visitorParam)
	if err := h.services.Visitors.SignOut(c.Request().Context(), session.Actor(c), app, env, key); err != nil {
		return err
	}
	return done(c, paths.Visitor(app, env, key), "flash.visitor_signed_out")
}
