package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/web/form"
	"envshare/web/render"
	"envshare/web/session"
)

// shares is what an app lends, and what is lent to it.
type shares struct{ pages }

type sharesQuery struct {
	Tab string `query:"tab"`
}

func (h shares) index(c echo.Context) error {
	var q sharesQuery
	if err := form.Bind(c, &q); err != nil {
		return err
	}
	request, err := requestedPage(c)
	if err != nil {
		return err
	}
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	page, err := h.indexPage(c.Request().Context(), session.Actor(c), p.App.AppID, q.Tab == "with-me", request)
	if err != nil {
		return err
	}
	page.Base = h.base(c, p, tabSharing)
	if !p.SharingOn && p.MayEnableSharing.Allowed {
		page.EnableHref = paths.Extensions(p.App.AppID)
	}
	return render.Page(c, http.StatusOK, views.SharesIndex(page))
}

// indexPage lists one direction, with counts of both.
func (h shares) indexPage(ctx context.Context, actor models.Actor, app string, withMe bool, request models.PageRequest) (views.SharesIndexPage, error) {
	page := views.SharesIndexPage{AppID: app, WithMe: withMe}
	list, address := h.services.Sharing.Outgoing, paths.Shares(app)
	if withMe {
		list, address = h.services.Sharing.Incoming, paths.SharesWithMe(app)
	}
	found, err := list(ctx, actor, app, request)
	if err != nil {
		return page, err
	}
	total := found.TotalOutgoing
	if withMe {
		total = found.TotalIncoming
	}
	page.ByMeCount, page.WithMeCount = number(found.TotalOutgoing), number(found.TotalIncoming)
	page.Calls7Days, page.Denied7Days = number(found.Calls7Days), number(found.Denied7Days)
	page.CanShare, page.WhyNot = found.MayShare.Allowed, reason(ctx, found.MayShare)
	page.CanLeave, page.WhyNotLeave = found.MayLeave.Allowed, reason(ctx, found.MayLeave)
	page.Pagination = pagination(ctx, address, request, total)
	for _, s := range found.Shares {
		if withMe {
			page.Incoming = append(page.Incoming, h.incomingRow(app, s))
			continue
		}
		page.ByMe = append(page.ByMe, h.shareRow(app, s))
	}
	return page, nil
}

func (h pages) shareRow(app string, s service.ListedShare) views.ShareRow {
	return views.ShareRow{
		ID: s.Share.ID, Grantee: appRef(s.Other, s.OtherActivated), Grants: grantRows(app, s, true),
		State: h.shareState(s.Share, s.Status), Calls7Days: number(s.Usage.Calls7Days),
		CanPause:  s.MayManage.Allowed && s.Status == models.ShareActive,
		CanResume: s.MayManage.Allowed && s.Status == models.SharePaused,
		CanRemove: s.MayManage.Allowed,
		LastUse:   h.minuteOrNone(s.Usage.LastCallAt), Until: h.minuteOrNone(s.Share.Until), Note: s.Share.Note,
	}
}

func (h shares) incomingRow(app string, s service.ListedShare) views.IncomingShareRow {
	return views.IncomingShareRow{
		ID: s.Share.ID, Owner: appRef(s.Other, s.OtherActivated), Grants: grantRows(app, s, s.Status == models.ShareActive),
		State: h.shareState(s.Share, s.Status), Since: h.day(s.Share.CreatedAt),
		Until: h.minuteOrNone(s.Share.Until), Note: s.Share.Note,
	}
}

// grantRows are the environments of a share as they are seen from an app.
func grantRows(app string, s service.ListedShare, opens bool) []views.GrantRow {
	rows := make([]views.GrantRow, 0, len(s.Share.Grants))
	for _, g := range s.Share.Grants {
		row := views.GrantRow{
			EnvironmentID: g.EnvironmentID, EnvironmentName: s.Environments[g.EnvironmentID].Name, Permissions: g.Permissions,
		}
		if opens {
			row.Href = paths.Environment(app, g.EnvironmentID)
		}
		rows = append(rows, row)
	}
	return rows
}

// impact is who used a share lately (S15).
func (h pages) impact(u models.ShareUsage) views.ShareImpact {
	return views.ShareImpact{
		Calls7Days: number(u.Calls7Days), Calls30Days: number(u.Calls30Days),
		LastCall: h.minuteOrNone(u.LastCallAt), InUse: u.Calls30Days > 0,
	}
}

// show leads from the address of a share to the page on which it can be worked
// with.
func (h shares) show(c echo.Context) error {
	p, s, err := h.find(c)
	if err != nil {
		return err
	}
	target := paths.EditShare(p.App.AppID, s.Share.ID)
	switch s.MayManage.Code {
	case models.CodeForbidden:
		target = paths.Shares(p.App.AppID)
	case models.CodeNotFound:
		target = paths.SharesWithMe(p.App.AppID)
	}
	return c.Redirect(http.StatusSeeOther, target)
}

// find loads the share that a route names.
func (h shares) find(c echo.Context) (place, service.ListedShare, error) {
	p, err := h.enter(c)
	if err != nil {
		return place{}, service.ListedShare{}, err
	}
	s, err := h.services.Sharing.Get(c.Request().Context(), session.Actor(c), p.App.AppID, c.Param(shareParam))
	return p, s, err
}

// lent loads the outgoing share that a route names, for somebody who may change
// it.
func (h shares) lent(c echo.Context) (place, service.ListedShare, error) {
	p, s, err := h.find(c)
	if err != nil {
		return place{}, service.ListedShare{}, err
	}
	return p, s, s.MayManage.Err()
}
