package handlers

import (
	"context"

	"envshare/internal/i18n"
	"envshare/internal/service"
	"envshare/models"
	"envshare/views/shares"
)

// shareEvents are the changes of a share in words.
func (h Shares) shareEvents(ctx context.Context, environments map[string]models.Environment, events []service.ShareEvent) []shares.EventRow {
	rows := make([]shares.EventRow, 0, len(events))
	for _, e := range events {
		row := shares.EventRow{
			When: h.second(e.Event.At), Who: e.Event.ActorName, Title: shareEventTitle(ctx, e.Event),
			Changes: h.changeRows(e.Changes, environments),
		}
		if e.Event.Via != "console" {
			row.Via = i18n.T(ctx, "share_history.via", "via", e.Event.Via)
		}
		rows = append(rows, row)
	}
	return rows
}

func shareEventTitle(ctx context.Context, e models.AuditEvent) string {
	switch e.Action {
	case models.AuditShareCreated:
		return i18n.T(ctx, "share_history.created", "who", e.ActorName)
	case models.AuditSharePaused:
		return i18n.T(ctx, "share_history.paused", "who", e.ActorName)
	case models.AuditShareResumed:
		return i18n.T(ctx, "share_history.resumed", "who", e.ActorName)
	case models.AuditShareRemoved:
		return i18n.T(ctx, "share_history.removed", "who", e.ActorName)
	case models.AuditShareLeft:
		return i18n.T(ctx, "share_history.left", "who", e.ActorName)
	}
	return i18n.T(ctx, "share_history.changed", "who", e.ActorName)
}

// changeRows are what two states of a share differ in, ready to print.
func (h pages) changeRows(c models.ShareChanges, environments map[string]models.Environment) shares.ChangeRows {
	rows := shares.ChangeRows{
		UntilChanged: c.UntilChanged, UntilBefore: h.minuteOrNone(c.UntilBefore), Until: h.minuteOrNone(c.Until),
		NoteChanged: c.NoteDiff, NoteBefore: c.NoteBefore, Note: c.Note,
	}
	for _, g := range c.Grants {
		rows.Grants = append(rows.Grants, shares.GrantChangeRow{
			EnvironmentID: g.EnvironmentID, EnvironmentName: environments[g.EnvironmentID].Name,
			Joined: g.Joined, Left: g.Left, Added: g.Added, Removed: g.Removed,
		})
	}
	return rows
}

// changedBy is who changed a share last and when, "" where nobody is recorded.
func (h Shares) changedBy(ctx context.Context, actor models.Actor, app string, share models.Share) (who, when string, err error) {
	events, _, err := h.services.Sharing.History(ctx, actor, app, share.ID, models.PageRequest{Page: 1, Size: 1})
	if err != nil || len(events) == 0 {
		return "", h.second(share.UpdatedAt), err
	}
	return events[0].Event.ActorName, h.second(events[0].Event.At), nil
}
