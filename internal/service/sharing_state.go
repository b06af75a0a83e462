package service

import (
	"context"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// Pause makes a share rest: calls are refused until it is resumed.
// Administrators of the owner app may call it; pausing twice is fine.
func (s *Sharing) Pause(ctx context.Context, actor models.Actor, appID, shareID string) error {
	now := s.now()
	return s.setPaused(ctx, actor, appID, shareID, &now, models.AuditSharePaused)
}

// Resume lets a paused share work again. Administrators of the owner app may
// call it.
func (s *Sharing) Resume(ctx context.Context, actor models.Actor, appID, shareID string) error {
	return s.setPaused(ctx, actor, appID, shareID, nil, models.AuditShareResumed)
}

func (s *Sharing) setPaused(ctx context.Context, actor models.Actor, appID, shareID string, at *time.Time, action models.AuditAction) error {
	return s.change(ctx, func(tx *store.Store) error {
		share, err := s.managed(ctx, tx, actor, appID, shareID)
		if err != nil {
			return err
		}
		if (share.PausedAt == nil) == (at == nil) {
			return nil
		}
		next := share
		next.Grants = append([]models.Grant(nil), share.Grants...)
		next.PausedAt = at
		_, err = s.update(ctx, tx, actor, share, next, action)
		return err
	})
}

// Remove ends a share. Administrators of the owner app may call it.
func (s *Sharing) Remove(ctx context.Context, actor models.Actor, appID, shareID string) error {
	return s.change(ctx, func(tx *store.Store) error {
		share, err := s.managed(ctx, tx, actor, appID, shareID)
		if err != nil {
			return err
		}
		return s.end(ctx, tx, actor, share, models.AuditShareRemoved)
	})
}

// Leave ends a share from the grantee's side (S12). Administrators of the
// grantee app may call it.
func (s *Sharing) Leave(ctx context.Context, actor models.Actor, appID, shareID string) error {
	return s.change(ctx, func(tx *store.Store) error {
		place, err := standing(ctx, tx, actor, appID)
		if err != nil {
			return err
		}
		if err := models.MaySeeShares(place).Err(); err != nil {
			return err
		}
		share, err := tx.Shares.ByID(ctx, appID, shareID)
		if err != nil {
			return err
		}
		if err := models.MayLeaveShare(place, share, appID).Err(); err != nil {
			return err
		}
		return s.end(ctx, tx, actor, share, models.AuditShareLeft)
	})
}

// end deletes a share and settles the grantee's sharing (S11).
func (s *Sharing) end(ctx context.Context, tx *store.Store, actor models.Actor, share models.Share, action models.AuditAction) error {
	if err := tx.Shares.Delete(ctx, share.ID); err != nil {
		return err
	}
	grantee, err := s.appFacts(ctx, tx, share.GranteeAppID)
	if err != nil {
		return err
	}
	if sharing := models.SharingAfterLeaving(grantee, s.now()); sharing != grantee.App.Sharing {
		if err := tx.Apps.SetSharing(ctx, share.GranteeAppID, sharing); err != nil {
			return err
		}
		if err := record(ctx, tx, actor, s.now(), sharingChange(models.AuditSharingDisabled, share.GranteeAppID)); err != nil {
			return err
		}
	}
	return recordShare(ctx, tx, actor, s.now(), action, &share, nil)
}
