package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"envshare/models"
)

// Clients keeps the logins of end users, and what cloudbase_auth said of them.
type Clients struct{ s *Store }

// InsertSession adds a login and ends the person's oldest ones in the app beyond
// keep. Call it in a transaction.
func (r Clients) InsertSession(ctx context.Context, c models.ClientSession, keep int) error {
	if err := r.s.writer(ctx).Create(&c).Error; err != nil {
		return translate(err)
	}
	newest := r.s.writer(ctx).Model(&models.ClientSession{}).Select("id").
		Where("app_id = ? AND open_id = ?", c.AppID, c.OpenID).Order("created_at DESC, id DESC").Limit(keep)
	return translate(r.s.writer(ctx).Delete(&models.ClientSession{}, "app_id = ? AND open_id = ? AND id NOT IN (?)", c.AppID, c.OpenID, newest).Error)
}

// Session returns a login.
func (r Clients) Session(ctx context.Context, id string) (models.ClientSession, error) {
	var c models.ClientSession
	return c, translate(r.s.reader(ctx).Take(&c, "id = ?", id).Error)
}

// CountSessions returns how many logins of an app are kept.
func (r Clients) CountSessions(ctx context.Context, appID string) (int64, error) {
	var n int64
	return n, translate(r.s.reader(ctx).Model(&models.ClientSession{}).Where("app_id = ?", appID).Count(&n).Error)
}

// Extend moves the time until which access tokens of a login work.
func (r Clients) Extend(ctx context.Context, id string, until time.Time) error {
	return affected(r.s.writer(ctx).Model(&models.ClientSession{}).Where("id = ?", id).Update("access_until", until))
}

// SignOut ends all logins of a person in an app, and what they were let into.
// Call it in a transaction.
func (r Clients) SignOut(ctx context.Context, appID, openID string) error {
	if err := r.s.writer(ctx).Delete(&models.ClientSession{}, "app_id = ? AND open_id = ?", appID, openID).Error; err != nil {
		return translate(err)
	}
	return translate(r.s.writer(ctx).Delete(&models.Verdict{}, "app_id = ? AND open_id = ?", appID, openID).Error)
}

// Verdict returns what cloudbase_auth of an environment said of a person.
func (r Clients) Verdict(ctx context.Context, appID, openID, environmentID string) (models.Verdict, error) {
	var v models.Verdict
	return v, translate(r.s.reader(ctx).Take(&v, "app_id = ? AND open_id = ? AND environment_id = ?", appID, openID, environmentID).Error)
}

// SaveVerdict keeps a verdict in the place of an older one.
func (r Clients) SaveVerdict(ctx context.Context, v models.Verdict) error {
	return translate(r.s.writer(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "app_id"}, {Name: "open_id"}, {Name: "environment_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"grant_id", "custom", "expires_at"}),
	}).Create(&v).Error)
}

// DropVerdict forgets that a person was let in; none is no error.
func (r Clients) DropVerdict(ctx context.Context, appID, openID, environmentID string) error {
	return translate(r.s.writer(ctx).Delete(&models.Verdict{}, "app_id = ? AND open_id = ? AND environment_id = ?", appID, openID, environmentID).Error)
}

// DropVerdictsOf forgets everybody who was let into an environment.
func (r Clients) DropVerdictsOf(ctx context.Context, environmentID string) error {
	return translate(r.s.writer(ctx).Delete(&models.Verdict{}, "environment_id = ?", environmentID).Error)
}

// DropEnded forgets logins and verdicts that are over.
func (r Clients) DropEnded(ctx context.Context, now time.Time) error {
	if err := r.s.writer(ctx).Delete(&models.ClientSession{}, "refresh_until <= ?", now).Error; err != nil {
		return translate(err)
	}
	return translate(r.s.writer(ctx).Delete(&models.Verdict{}, "expires_at <= ?", now).Error)
}
