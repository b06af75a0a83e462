package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"envshare/models"
)

// SecondFactor keeps one-time codes, recovery codes and half-done sign-ins.
type SecondFactor struct{ s *Store }

// ByUser returns a user's second factor, confirmed or not.
func (r SecondFactor) ByUser(ctx context.Context, userID string) (models.SecondFactor, error) {
	var f models.SecondFactor
	return f, translate(r.s.reader(ctx).Take(&f, "user_id = ?", userID).Error)
}

// Begin stores an unconfirmed second factor in the place of another unconfirmed
// one; a confirmed one stays, and is a conflict.
func (r SecondFactor) Begin(ctx context.Context, f models.SecondFactor) error {
	old := r.s.writer(ctx).Where("user_id = ? AND confirmed_at IS NULL", f.UserID).Delete(&models.SecondFactor{})
	if old.Error != nil {
		return translate(old.Error)
	}
	return translate(r.s.writer(ctx).Create(&f).Error)
}

// Confirm turns on a second factor that was begun, with the step of the code that
// confirmed it; not found when it is on already or gone.
func (r SecondFactor) Confirm(ctx context.Context, userID string, at time.Time, step int64) error {
	return affected(r.s.writer(ctx).Model(&models.SecondFactor{}).Where("user_id = ? AND confirmed_at IS NULL", userID).
		UpdateColumns(map[string]any{"confirmed_at": at, "last_step": step}))
}

// UseStep notes that the code of a step was used; not found when it, or a later
// one, was used before: of two who bring one code at once, one gets in.
func (r SecondFactor) UseStep(ctx context.Context, userID string, step int64) error {
	return affected(r.s.writer(ctx).Model(&models.SecondFactor{}).Where("user_id = ? AND confirmed_at IS NOT NULL AND last_step < ?", userID, step).
		UpdateColumn("last_step", step))
}

// Delete takes second factor, recovery codes and half-done sign-ins of a user
// away; not found when there was no second factor. Call it in a transaction.
func (r SecondFactor) Delete(ctx context.Context, userID string) error {
	if err := affected(r.s.writer(ctx).Where("user_id = ?", userID).Delete(&models.SecondFactor{})); err != nil {
		return err
	}
	if err := r.ReplaceCodes(ctx, userID, nil); err != nil {
		return err
	}
	return r.DeletePendingOfUser(ctx, userID)
}

// ReplaceCodes stores the digests of a new set of recovery codes; the old ones
// end. Call it in a transaction.
func (r SecondFactor) ReplaceCodes(ctx context.Context, userID string, digests []string) error {
	if err := r.s.writer(ctx).Where("user_id = ?", userID).Delete(&models.RecoveryCode{}).Error; err != nil || len(digests) == 0 {
		return translate(err)
	}
	rows := make([]models.RecoveryCode, len(digests))
	for i, d := range digests {
		rows[i] = models.RecoveryCode{UserID: userID, Digest: d}
	}
	return translate(r.s.writer(ctx).Create(&rows).Error)
}

// UseCode takes a recovery code; not found when the user has none like it.
func (r SecondFactor) UseCode(ctx context.Context, userID, digest string) error {
	return affected(r.s.writer(ctx).Where("user_id = ? AND digest = ?", userID, digest).Delete(&models.RecoveryCode{}))
}

// CountCodes returns how many recovery codes a user has left.
func (r SecondFactor) CountCodes(ctx context.Context, userID string) (int64, error) {
	var n int64
	return n, translate(r.s.reader(ctx).Model(&models.RecoveryCode{}).Where("user_id = ?", userID).Count(&n).Error)
}

// InsertPending adds a half-done sign-in, and drops those that are over.
func (r SecondFactor) InsertPending(ctx context.Context, p models.PendingSignIn) error {
	if err := r.s.writer(ctx).Where("expires_at <= ?", p.CreatedAt.UTC()).Delete(&models.PendingSignIn{}).Error; err != nil {
		return translate(err)
	}
	return translate(r.s.writer(ctx).Create(&p).Error)
}

// Pending returns a half-done sign-in that has not expired.
func (r SecondFactor) Pending(ctx context.Context, id string, now time.Time) (models.PendingSignIn, error) {
	var p models.PendingSignIn
	return p, translate(r.s.reader(ctx).Take(&p, "id = ? AND expires_at > ?", id, now.UTC()).Error)
}

// CountTry counts a code that was tried; not found when that was one too many.
func (r SecondFactor) CountTry(ctx context.Context, id string, limit int) error {
	return affected(r.s.writer(ctx).Model(&models.PendingSignIn{}).Where("id = ? AND tries < ?", id, limit).
		UpdateColumn("tries", gorm.Expr("tries + 1")))
}

// DeletePending ends a half-done sign-in; not found when it ended already.
func (r SecondFactor) DeletePending(ctx context.Context, id string) error {
	return affected(r.s.writer(ctx).Where("id = ?", id).Delete(&models.PendingSignIn{}))
}

// DeletePendingOfUser ends all half-done sign-ins of a user.
func (r SecondFactor) DeletePendingOfUser(ctx context.Context, userID string) error {
	return translate(r.s.writer(ctx).Where("user_id = ?", userID).Delete(&models.PendingSignIn{}).Error)
}
