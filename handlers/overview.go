package handlers

import (
	"context"
	"fmt"
	"net/http"

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
	ctx, app := c.Request().Context(), p.App.AppID
	e := p.opened.View.Environment
	page := apps.OverviewPage{
		Base: h.base(c, p, tabOverview), AppID: app, EnvID: e.ID, EnvName: e.Name,
		OwnerName: p.opened.Owner.Name, Borrowed: p.opened.View.Borrowed(),
		FunctionCount: unknownCount, Invocations24Hours: unknownCount,
		SharedByMe: number(p.Outgoing), SharedWithMe: number(p.Incoming),
		AuthMissing: authMissing(ctx, p), Code: environmentCode(p.opened.View),
	}
	if err := h.addRefused(c, p, &page); err != nil {
		return err
	}
	functions, err := h.addFunctions(ctx, session.Actor(c), p.opened.May(models.FunctionsView), &page)
	if err != nil {
		return err
	}
	if !page.Borrowed {
		page.Start = firstSteps(ctx, p, functions > 0)
	}
	return render.Page(c, http.StatusOK, apps.Overview(page))
}

// firstSteps is what to do first in an own environment, nil when nothing of it is
// left for this person to do.
func firstSteps(ctx context.Context, p place, hasFunction bool) *apps.GettingStarted {
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
		Share: step(p.Outgoing > 0, p.MayShare, paths.NewShare(app)),
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
	found, err := h.services.Denials.Latest(c.Request().Context(), session.Actor(c), page.AppID, filter, 1)
	if err != nil || len(found) == 0 {
		return err
	}
	page.LastRefused, page.RefusedHref = h.second(found[0].LastAt), denialsIn(p, "")
	return nil
}

// addFunctions adds what only somebody sees who may view functions, or why not,
// and returns how many functions there are to see.
func (h Overview) addFunctions(ctx context.Context, actor models.Actor, may models.Decision, page *apps.OverviewPage) (int64, error) {
	if !may.Allowed {
		page.WhyNoFunctions = reason(ctx, may)
		return 0, nil
	}
	found, err := h.services.Functions.Overview(ctx, actor, page.AppID, page.EnvID, recentShown)
	if err != nil {
		return 0, err
	}
	page.FunctionCount, page.Invocations24Hours = number(found.Functions), number(found.Runs)
	for _, i := range found.Recent {
		page.Recent = append(page.Recent, apps.RecentInvocation{
			Function: i.FunctionName, ID: i.ID, OK: i.Status == models.InvocationOK, Status: statusKey(i.Status),
			When: *h.moment(ctx, i.StartedAt), Duration: duration(i.DurationMS),
		})
	}
	return found.Functions, nil
}

// lentCode is what follows in a function that uses a borrowed environment.
const lentCode = `
exports.main = async () => {
  const lent = new cloud.Cloud({ resourceAppid: '%s', resourceEnv: '%s' })
  await lent.init()
  // lent.callFunction({ … })  lent.database()  lent.downloadFile({ … })
}`

// environmentCode is how code in a function reaches an environment: one's own by its
// id, that of another app through a handshake. The words are those of wx-server-sdk.
func environmentCode(view models.EnvironmentView) string {
	begin := "const cloud = require('wx-server-sdk')\n"
	if !view.Borrowed() {
		return fmt.Sprintf(begin+"cloud.init({ env: '%s' })", view.Environment.ID)
	}
	return fmt.Sprintf(begin+lentCode, view.Environment.AppID, view.Environment.ID)
}

// recentShown is how many of the last invocations the overview shows.
const recentShown = 5
