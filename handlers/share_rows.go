package handlers

import (
	"context"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views"
	"envshare/views/shares"
)

func (h pages) shareRow(ctx context.Context, app string, s service.ListedShare) shares.Row {
	return shares.Row{
		ID: s.Share.ID, Grantee: appRef(s.Other, s.OtherActivated), Grants: grantRows(app, s, true),
		State: h.shareState(s.Share, s.Status), Calls7Days: number(s.Usage.Calls7Days), Trend: trend(s),
		CanPause:  s.MayManage.Allowed && s.Status == models.ShareActive,
		CanResume: s.MayManage.Allowed && s.Status == models.SharePaused,
		CanRemove: s.MayManage.Allowed,
		LastUse:   h.momentOrNone(ctx, s.Usage.LastCallAt), Until: h.minuteOrNone(s.Share.Until), Note: s.Share.Note,
	}
}

// trendDays is how many days the line in a row shows.
const trendDays = 14

// trend is the calls of the last days, nil for none at all.
func trend(s service.ListedShare) []int64 {
	days := s.Days[len(s.Days)-trendDays:]
	out, any := make([]int64, len(days)), false
	for i, d := range days {
		out[i], any = d.Calls, any || d.Calls > 0
	}
	if !any {
		return nil
	}
	return out
}

func (h pages) incomingRow(app string, s service.ListedShare) shares.IncomingShareRow {
	return shares.IncomingShareRow{
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
