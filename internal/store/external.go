package store

import (
	"context"
	"time"

	"envshare/models"
)

// External keeps which accounts of the OpenID provider sign in as whom.
type External struct{ s *Store }

// Insert links an account to a user, its name as far as it fits. An account that
// is somebody's already, and a second one of a user, are conflicts.
func (r External) Insert(ctx context.Context, a models.ExternalAccount) error {
	a.Name = fit(a.Name, 128)
	return translate(r.s.writer(ctx).Create(&a).Error)
}

// ByAccount returns the link of an account.
func (r External) ByAccount(ctx context.Context, issuer, subject string) (models.ExternalAccount, error) {
	var a models.ExternalAccount
	return a, translate(r.s.reader(ctx).Take(&a, "issuer = ? AND subject = ?", issuer, subject).Error)
}

// OfUser returns a user's account at an issuer.
func (r External) OfUser(ctx context.Context, userID, issuer string) (models.ExternalAccount, error) {
	var a models.ExternalAccount
	return a, translate(r.s.reader(ctx).Take(&a, "user_id = ? AND issuer = ?", userID, issuer).Error)
}

// AllOf returns every account of a user, by issuer.
func (r External) AllOf(ctx context.Context, userID string) ([]models.ExternalAccount, error) {
	var list []models.ExternalAccount
	return list, translate(r.s.reader(ctx).Order("issuer").Find(&list, "user_id = ?", userID).Error)
}

// Used notes when, and under what name, somebody came with an account.
func (r External) Used(ctx context.Context, a models.ExternalAccount, at time.Time) error {
	return affected(r.s.writer(ctx).Model(&models.ExternalAccount{}).Where("issuer = ? AND subject = ?", a.Issuer, a.Subject).
		UpdateColumns(map[string]any{"last_used_at": at, "name": fit(a.Name, 128)}))
}

// Delete ends the link of a user's account at an issuer.
func (r External) Delete(ctx context.Context, userID, issuer string) error {
	return affected(r.s.writer(ctx).Where("user_id = ? AND issuer = ?", userID, issuer).Delete(&models.ExternalAccount{}))
}
