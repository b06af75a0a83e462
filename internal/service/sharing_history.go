package service

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"envshare/models"
)

// ShareEvent is one change of a share.
type ShareEvent struct {
	Event models.AuditEvent
	// Changes is what the states before and after differ in; of a new share all it
	// held.
	Changes models.ShareChanges
}

// History returns a page of what happened to a share, newest first, and how many
// events there are. Members of either side may call it (S14).
func (s *Sharing) History(ctx context.Context, actor models.Actor, appID, shareID string, page models.PageRequest) ([]ShareEvent, int64, error) {
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil {
		return nil, 0, err
	}
	if err := models.MaySeeShares(place).Err(); err != nil {
		return nil, 0, err
	}
	if _, err := s.store.Shares.ByID(ctx, appID, shareID); err != nil {
		return nil, 0, err
	}
	events, total, err := s.store.Audit.OfShare(ctx, appID, shareID, page)
	if err != nil {
		return nil, 0, err
	}
	out := make([]ShareEvent, 0, len(events))
	for _, e := range events {
		if !models.MayReadAudit(place, appID, e).Allowed {
			continue
		}
		before, err := shareOfState(e.Before)
		if err != nil {
			return nil, 0, err
		}
		after, err := shareOfState(e.After)
		if err != nil {
			return nil, 0, err
		}
		out = append(out, ShareEvent{Event: e, Changes: models.ChangesOf(before, after)})
	}
	return out, total, nil
}

// shareOfState reads what shareState wrote; "" is the zero share. A permission
// that no longer exists is left out.
func shareOfState(text string) (models.Share, error) {
	if text == "" {
		return models.Share{}, nil
	}
	var state struct {
		Owner   string              `json:"owner"`
		Grantee string              `json:"grantee"`
		Grants  map[string][]string `json:"grants"`
		Note    string              `json:"note"`
		Paused  bool                `json:"paused"`
		Until   *time.Time          `json:"until"`
	}
	if err := json.Unmarshal([]byte(text), &state); err != nil {
		return models.Share{}, fmt.Errorf("read a share's recorded state: %w", err)
	}
	share := models.Share{OwnerAppID: state.Owner, GranteeAppID: state.Grantee, Note: state.Note, Until: state.Until}
	if state.Paused {
		share.PausedAt = &time.Time{}
	}
	for _, env := range slices.Sorted(maps.Keys(state.Grants)) {
		permissions := make([]models.Permission, 0, len(state.Grants[env]))
		for _, key := range state.Grants[env] {
			permissions = append(permissions, models.Permission(key))
		}
		share.Grants = append(share.Grants, models.Grant{EnvironmentID: env, Permissions: models.NewPermissionSet(permissions...)})
	}
	return share, nil
}
