package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"envshare/models"
)

// Audit keeps the audit log. Events are only ever added.
type Audit struct{ s *Store }

// Insert adds an event.
func (r Audit) Insert(ctx context.Context, e models.AuditEvent) error {
	e.ActorName, e.Subject = fit(e.ActorName, 64), fit(e.Subject, 128)
	return translate(r.s.writer(ctx).Create(&e).Error)
}

// List returns a page of the events that concern an app, newest first, and how
// many there are.
func (r Audit) List(ctx context.Context, appID string, page models.PageRequest) ([]models.AuditEvent, int64, error) {
	const where = "app_id = ? OR other_app_id = ?"
	var total int64
	if err := r.s.reader(ctx).Model(&models.AuditEvent{}).Where(where, appID, appID).Count(&total).Error; err != nil {
		return nil, 0, translate(err)
	}
	var list []models.AuditEvent
	page = page.Clamped()
	err := r.s.reader(ctx).Where(where, appID, appID).Order("occurred_at DESC, id DESC").
		Offset(page.Offset()).Limit(page.Size).Find(&list).Error
	return list, total, translate(err)
}

// Credentials keeps which credentials were issued; never their secrets.
type Credentials struct{ s *Store }

// Insert adds a credential.
func (r Credentials) Insert(ctx context.Context, c models.Credential) error {
	return translate(r.s.writer(ctx).Create(&c).Error)
}

// ByID returns a credential.
func (r Credentials) ByID(ctx context.Context, id string) (models.Credential, error) {
	var c models.Credential
	return c, translate(r.s.reader(ctx).Take(&c, "id = ?", id).Error)
}

// Revoke ends a credential.
func (r Credentials) Revoke(ctx context.Context, id string, at time.Time) error {
	return affected(r.s.writer(ctx).Model(&models.Credential{}).Where("id = ? AND revoked_at IS NULL", id).Update("revoked_at", at))
}

// RevokeOf ends all credentials of an environment.
func (r Credentials) RevokeOf(ctx context.Context, environmentID string, at time.Time) error {
	return translate(r.s.writer(ctx).Model(&models.Credential{}).
		Where("environment_id = ? AND revoked_at IS NULL", environmentID).Update("revoked_at", at).Error)
}

// Settings keeps single values of the installation.
type Settings struct{ s *Store }

type settingRow struct {
	Name  string `gorm:"primaryKey"`
	Value string
}

func (settingRow) TableName() string { return "settings" }

// Get returns a value, "" when it was never set.
func (r Settings) Get(ctx context.Context, name string) (string, error) {
	var rows []settingRow
	err := r.s.reader(ctx).Limit(1).Find(&rows, "name = ?", name).Error
	if err != nil || len(rows) == 0 {
		return "", translate(err)
	}
	return rows[0].Value, nil
}

// Set stores a value.
func (r Settings) Set(ctx context.Context, name, value string) error {
	return translate(r.s.writer(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "name"}}, DoUpdates: clause.AssignmentColumns([]string{"value"}),
	}).Create(&settingRow{Name: name, Value: value}).Error)
}

// Delete removes a value and reports whether it was there, so that of two who
// take a one-time value only one succeeds.
func (r Settings) Delete(ctx context.Context, name, value string) (bool, error) {
	result := r.s.writer(ctx).Where("name = ? AND value = ?", name, value).Delete(&settingRow{})
	return result.RowsAffected == 1, translate(result.Error)
}
