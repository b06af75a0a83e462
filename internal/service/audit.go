package service

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// change is what the audit log records of a change besides who and when.
type change struct {
	Action        models.AuditAction
	AppID         string
	OtherAppID    string
	EnvironmentID string
	Subject       string
	Before, After any // nil for no state
}

// record adds an event to the audit log, in the transaction that made the
// change.
func record(ctx context.Context, tx *store.Store, actor models.Actor, now time.Time, c change) error {
	before, err := stateText(c.Before)
	if err != nil {
		return err
	}
	after, err := stateText(c.After)
	if err != nil {
		return err
	}
	return tx.Audit.Insert(ctx, models.AuditEvent{
		ID: newID(), At: now, ActorID: actor.UserID, ActorName: actor.Username, Via: actor.Via, IP: actor.IP,
		RequestID: actor.RequestID, Action: c.Action, AppID: c.AppID, OtherAppID: c.OtherAppID,
		EnvironmentID: c.EnvironmentID, Subject: c.Subject, Before: before, After: after,
	})
}

func stateText(state any) (string, error) {
	if state == nil {
		return "", nil
	}
	text, err := json.Marshal(state)
	if err != nil {
		return "", fmt.Errorf("encode audit state: %w", err)
	}
	return string(text), nil
}

// shareState is a share as the audit log keeps it.
func shareState(s models.Share) map[string]any {
	grants := map[string][]string{}
	for _, g := range s.Grants {
		grants[g.EnvironmentID] = g.Permissions.Keys()
	}
	state := map[string]any{"owner": s.OwnerAppID, "grantee": s.GranteeAppID, "grants": grants, "note": s.Note, "paused": s.PausedAt != nil}
	if s.Until != nil {
		state["until"] = s.Until.UTC().Format(time.RFC3339)
	}
	return state
}

// recordInEnvironment records what was changed in an environment, seen from an
// app: the event belongs to the environment's owner and concerns the borrower that
// made it.
func (b base) recordInEnvironment(ctx context.Context, actor models.Actor, appID string, c change) error {
	environment, err := b.store.Environments.ByID(ctx, c.EnvironmentID)
	if err != nil {
		return err
	}
	c.AppID = environment.AppID
	if appID != environment.AppID {
		c.OtherAppID = appID
	}
	return record(ctx, b.store, actor, b.now(), c)
}

// sharingChange is environment sharing turned on or off.
func sharingChange(action models.AuditAction, appID string) change {
	on := action == models.AuditSharingEnabled
	return change{
		Action: action, AppID: appID, Subject: appID,
		Before: map[string]any{"sharing": !on}, After: map[string]any{"sharing": on},
	}
}

// secretChange is an app's secret that was stored or taken away: whether there is
// one, never what it is.
func secretChange(appID string, before, after bool) change {
	return change{
		Action: models.AuditAppSecretSet, AppID: appID, Subject: appID,
		Before: map[string]any{"secret": before}, After: map[string]any{"secret": after},
	}
}
