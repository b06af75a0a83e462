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
	"envshare/views/shares"
	"envshare/web/render"
	"envshare/web/session"
)

// mapRows is how many shares the table below the picture shows at once.
const mapRows = 50

// picture is who shares with whom, drawn and as a table.
func (h Shares) picture(c echo.Context) error {
	request, err := requestedPage(c)
	if err != nil {
		return err
	}
	p, err := h.enter(c)
	if err != nil {
		return err
	}
	ctx, app := c.Request().Context(), p.App.AppID
	request.Size = mapRows
	found, err := h.services.Sharing.Map(ctx, session.Actor(c), app, request)
	if err != nil {
		return err
	}
	page := shares.MapPage{
		Base: h.base(c, p, tabSharing), AppID: app, CanShare: p.MayAdministerSharing.Allowed && p.SharingOn,
		Pagination: pagination(ctx, paths.ShareMap(app), found.Page, found.Total),
	}
	if found.Total > 0 {
		page.Graph = drawShares(ctx, app, found)
	}
	for _, s := range found.Listed {
		page.Rows = append(page.Rows, h.mapRow(found, s))
	}
	return render.Page(c, http.StatusOK, shares.Map(page))
}

func (h Shares) mapRow(found service.ShareMap, s service.MappedShare) shares.MapRow {
	row := shares.MapRow{
		Href:  paths.Share(s.Through, s.Share.ID),
		Owner: mappedApp(found, s.Share.OwnerAppID), Grantee: mappedApp(found, s.Share.GranteeAppID),
		State: h.shareState(s.Share, s.Status), Until: h.minuteOrNone(s.Share.Until),
	}
	for _, g := range s.Share.Grants {
		row.Grants = append(row.Grants, views.GrantRow{EnvironmentID: g.EnvironmentID, Permissions: g.Permissions})
	}
	return row
}

// mappedApp names an app on the map; whether it is activated is not told there.
func mappedApp(found service.ShareMap, id string) views.AppRef { return appRef(found.Apps[id], true) }

// edgeTitle says in words what a line of the picture shows.
func edgeTitle(ctx context.Context, found service.ShareMap, s service.MappedShare) string {
	return i18n.T(ctx, "share_map.edge", "owner", found.Apps[s.Share.OwnerAppID].Name, "grantee", found.Apps[s.Share.GranteeAppID].Name,
		"status", statusLabel(ctx, s.Status), "environments", len(s.Share.Grants))
}

func statusLabel(ctx context.Context, s models.ShareStatus) string {
	switch s {
	case models.SharePaused:
		return i18n.T(ctx, "share_status.paused")
	case models.ShareExpired:
		return i18n.T(ctx, "share_status.expired")
	}
	return i18n.T(ctx, "share_status.active")
}
