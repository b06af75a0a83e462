package handlers

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/explain"
	"envshare/views/shares"
	"envshare/views/ui"
	"envshare/web/render"
	"envshare/web/session"
)

// show is one share, as either side sees it.
func (h Shares) show(c echo.Context) error {
	request, err := requestedPage(c)
	if err != nil {
		return err
	}
	p, s, err := h.find(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	events, total, err := h.services.Sharing.History(ctx, session.Actor(c), p.App.AppID, s.Share.ID, request)
	if err != nil {
		return err
	}
	refused, err := h.recentDenials(ctx, session.Actor(c), p.App.AppID, s)
	if err != nil {
		return err
	}
	page := h.showPage(ctx, p, s)
	flagAuthMissing(ctx, p.App.AppID, s, page.Grants)
	page.Refused, page.RefusedHref = refused, paths.Denials(p.App.AppID, denialsOf(p.App.AppID, s))
	page.Base = h.base(c, p, tabSharing)
	page.History = h.shareEvents(ctx, s.Environments, events)
	page.Pagination = pagination(ctx, paths.Share(p.App.AppID, s.Share.ID), request, total)
	return render.Page(c, http.StatusOK, shares.Show(page))
}

// shownDenials is how many refused calls the page of a share shows.
const shownDenials = 5

// denialsOf narrows the refused calls to those of a share, as far as an address can.
func denialsOf(app string, s service.ListedShare) paths.DenialQuery {
	if s.Share.OwnerAppID == app {
		return paths.DenialQuery{Caller: s.Share.GranteeAppID}
	}
	return paths.DenialQuery{Borrowed: true, Owner: s.Share.OwnerAppID}
}

// recentDenials are the last calls between both sides of a share that were refused.
func (h Shares) recentDenials(ctx context.Context, actor models.Actor, app string, s service.ListedShare) ([]explain.DenialRow, error) {
	q := denialsOf(app, s)
	found, err := h.services.Denials.Latest(ctx, actor, app, models.DenialFilter{CallerAppID: q.Caller, OwnerAppID: q.Owner, Borrowed: q.Borrowed}, shownDenials)
	if err != nil {
		return nil, err
	}
	return h.denialRows(ctx, app, found), nil
}

func (h Shares) showPage(ctx context.Context, p place, s service.ListedShare) shares.ShowPage {
	app := p.App.AppID
	mine, other := appRef(p.App, p.Activated), appRef(s.Other, s.OtherActivated)
	page := shares.ShowPage{
		AppID: app, ShareID: s.Share.ID, Lends: s.Share.OwnerAppID == app, Owner: mine, Grantee: other,
		State: h.shareState(s.Share, s.Status), Created: h.minute(s.Share.CreatedAt), Changed: h.minute(s.Share.UpdatedAt),
		Until: h.minuteOrNone(s.Share.Until), Note: s.Share.Note, Impact: h.impact(s.Usage), Denied7Days: number(s.Usage.Denied7Days),
		CanPause:  s.MayManage.Allowed && s.Status == models.ShareActive,
		CanResume: s.MayManage.Allowed && s.Status == models.SharePaused,
		CanRemove: s.MayManage.Allowed, CanLeave: s.MayLeave.Allowed,
		Chart: usageChart(ctx, s, s.Share.OwnerAppID == app), Denied: deniedDays(s.Days),
	}
	switch {
	case !page.Lends:
		page.Owner, page.Grantee = other, mine
		page.WhyNot = reason(ctx, s.MayLeave)
	case !s.MayManage.Allowed:
		page.WhyNot = reason(ctx, s.MayManage)
	case !p.SharingOn:
		page.WhyNotEdit = i18n.T(ctx, "error.sharing_off")
	}
	page.Grants = grantRows(app, s, page.Lends || s.Status == models.ShareActive)
	return page
}

// usageChart is the calls of a share over time. On the borrower's side its colour
// says borrowed.
func usageChart(ctx context.Context, s service.ListedShare, lends bool) ui.ChartProps {
	calls := ui.ChartSeries{Label: i18n.T(ctx, "share_show.calls"), Tone: ui.ToneOn, Unit: i18n.T(ctx, "share_show.times")}
	if !lends {
		calls.Tone = ui.ToneLent
	}
	denied := ui.ChartSeries{Label: i18n.T(ctx, "share_show.denied"), Tone: ui.ToneDanger, Unit: calls.Unit}
	chart := ui.ChartProps{ID: "share-calls", Label: i18n.T(ctx, "share_show.chart"), Kind: "line"}
	for _, d := range s.Days {
		chart.Categories = append(chart.Categories, d.Day)
		calls.Values = append(calls.Values, d.Calls)
		denied.Values = append(denied.Values, d.Denied)
	}
	chart.Series = []ui.ChartSeries{calls, denied}
	return chart
}

// deniedDays are the days on which calls were refused, newest first.
func deniedDays(days []models.UseDay) []shares.DeniedDay {
	var out []shares.DeniedDay
	for _, d := range slices.Backward(days) {
		if d.Denied > 0 {
			out = append(out, shares.DeniedDay{Day: d.Day, Count: number(d.Denied)})
		}
	}
	return out
}
