package handlers

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/apps"
	"envshare/web/render"
	"envshare/web/session"
)

// Overview is an environment at a glance.
type Overview struct{ pages }

// unknownCount stands where the person may not see what is counted.
const unknownCount = "–"

func (h Overview) show(c echo.Context) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	ctx, actor, app := c.Request().Context(), session.Actor(c), p.App.AppID
	list, err := h.services.Sharing.Outgoing(ctx, actor, app, models.PageRequest{Page: 1, Size: 1})
	if err != nil {
		return err
	}
	e := p.opened.View.Environment
	page := apps.OverviewPage{
		Base: h.base(c, p, tabOverview), AppID: app, EnvID: e.ID, EnvName: e.Name,
		OwnerName: p.opened.Owner.Name, Borrowed: p.opened.View.Borrowed(),
		FunctionCount: unknownCount, Invocations24Hours: unknownCount,
		SharedByMe: number(list.TotalOutgoing), SharedWithMe: number(list.TotalIncoming),
		AuthMissing: authMissing(ctx, p),
	}
	if err := h.addRefused(c, p, &page); err != nil {
		return err
	}
	functions, err := h.addFunctions(ctx, actor, p.opened.May(models.FunctionsView), &page)
	if err != nil {
		return err
	}
	if !page.Borrowed {
		page.Start = firstSteps(ctx, p, functions > 0, list)
	}
	return render.Page(c, http.StatusOK, apps.Overview(page))
}

// firstSteps is what to do first in an own environment, nil when nothing of it is
// left for this person to do.
func firstSteps(ctx context.Context, p place, hasFunction bool, list service.ShareList) *apps.GettingStarted {
	app, env, useful := p.App.AppID, p.environmentID(), false
	step := func(done bool, may models.Decision, href string) apps.StartStep {
		s := apps.StartStep{Done: done, WhyNot: reason(ctx, may)}
		if !done && may.Allowed {
			s.Href, useful = href, true
		}
		return s
	}
	start := apps.GettingStarted{
		Function: step(hasFunction, p.opened.May(models.FunctionsOperate), paths.NewFunction(app, env)),
		Sharing:  step(p.SharingOn, p.MayEnableSharing, paths.Extensions(app)),
		Auth: step(p.opened.HasAuthFunction, p.opened.MayChangeFunction(models.AuthFunction),
			paths.NewFunctionFrom(app, env, service.TemplateAuth)),
		Share: step(list.TotalOutgoing > 0, list.MayShare, paths.NewShare(app)),
	}
	if !useful {
		return nil
	}
	return &start
}

// addRefused adds when something was refused last in the environment, as far as the
// reader may know.
func (h Overview) addRefused(c echo.Context, p place, page *apps.OverviewPage) error {
	filter := models.DenialFilter{EnvironmentID: page.EnvID, Borrowed: page.Borrowed}
	found, err := h.services.Denials.List(c.Request().Context(), session.Actor(c), page.AppID, filter, models.PageRequest{Page: 1, Size: 1})
	if err != nil || len(found.Denials) == 0 {
		return err
	}
	page.LastRefused, page.RefusedHref = h.second(found.Denials[0].LastAt), denialsIn(p, "")
	return nil
}

// addFunctions adds what only somebody sees who may view functions, or why not,
// and returns how many functions there are to see.
func (h Overview) addFunctions(ctx context.Context, actor models.Actor, may models.Decision, page *apps.OverviewPage) (int, error) {
	if !may.Allowed {
		page.WhyNoFunctions = reason(ctx, may)
		return 0, nil
	}
	list, err := h.services.Functions.List(ctx, actor, page.AppID, page.EnvID)
	if err != nil {
		return 0, err
	}
	var calls int64
	for _, f := range list {
		calls += f.Calls
	}
	page.FunctionCount, page.Invocations24Hours = number(len(list)), number(calls)
	recent, err := h.recent(ctx, actor, page.AppID, page.EnvID, list)
	if err != nil {
		return 0, err
	}
	for _, i := range recent {
		page.Recent = append(page.Recent, apps.RecentInvocation{
			Function: i.FunctionName, ID: i.ID, OK: i.Status == models.InvocationOK, Status: statusKey(i.Status),
			When: h.second(i.StartedAt), Duration: duration(i.DurationMS),
		})
	}
	return len(list), nil
}

// recentShown is how many of the last invocations the overview shows.
const recentShown = 5

// recent returns the last invocations of an environment. They are among the last
// few of the functions that were called last.
func (h Overview) recent(ctx context.Context, actor models.Actor, app, env string, list []service.ListedFunction) ([]models.Invocation, error) {
	called := slices.DeleteFunc(slices.Clone(list), func(f service.ListedFunction) bool { return f.LastAt.IsZero() })
	slices.SortFunc(called, func(a, b service.ListedFunction) int { return b.LastAt.Compare(a.LastAt) })
	var all []models.Invocation
	for _, f := range called[:min(recentShown, len(called))] {
		some, _, err := h.services.Functions.Invocations(ctx, actor, app, env, f.Function.Name, models.PageRequest{Page: 1, Size: recentShown})
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b models.Invocation) int { return b.StartedAt.Compare(a.StartedAt) })
	return all[:min(recentShown, len(all))], nil
}
