package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"envshare/models"
)

// Users keeps the console's users and their memberships.
type Users struct{ s *Store }

type membershipRow struct {
	UserID string `gorm:"primaryKey"`
	AppID  string `gorm:"primaryKey"`
	Role   string
}

func (membershipRow) TableName() string { return "memberships" }

// Insert adds a user; a user name that exists is a conflict.
func (r Users) Insert(ctx context.Context, u models.User) error {
	return translate(r.s.writer(ctx).Create(&u).Error)
}

// Update changes password hash, operator flag and language.
func (r Users) Update(ctx context.Context, u models.User) error {
	return affected(r.s.writer(ctx).Model(&models.User{}).Where("id = ?", u.ID).
		Select("PasswordHash", "Operator", "Language", "UpdatedAt").UpdateColumns(u))
}

// ByID returns a user.
func (r Users) ByID(ctx context.Context, id string) (models.User, error) {
	var u models.User
	return u, translate(r.s.reader(ctx).Take(&u, "id = ?", id).Error)
}

// ByUsername returns a user.
func (r Users) ByUsername(ctx context.Context, name string) (models.User, error) {
	var u models.User
	return u, translate(r.s.reader(ctx).Take(&u, "username = ?", name).Error)
}

// Count returns the number of users.
func (r Users) Count(ctx context.Context) (int64, error) {
	var n int64
	return n, translate(r.s.reader(ctx).Model(&models.User{}).Count(&n).Error)
}

// SetMembership gives a user a role in an app, replacing an earlier one.
func (r Users) SetMembership(ctx context.Context, m models.Membership) error {
	row := membershipRow{UserID: m.UserID, AppID: m.AppID, Role: m.Role.String()}
	return translate(r.s.writer(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "user_id"}, {Name: "app_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"role"}),
	}).Create(&row).Error)
}

// RemoveMembership takes a user's role in an app away.
func (r Users) RemoveMembership(ctx context.Context, userID, appID string) error {
	return translate(r.s.writer(ctx).Where("user_id = ? AND app_id = ?", userID, appID).Delete(&membershipRow{}).Error)
}

// Role returns a user's role in an app, RoleNone for a stranger.
func (r Users) Role(ctx context.Context, userID, appID string) (models.Role, error) {
	var rows []membershipRow
	err := r.s.reader(ctx).Limit(1).Find(&rows, "user_id = ? AND app_id = ?", userID, appID).Error
	if err != nil || len(rows) == 0 {
		return models.RoleNone, translate(err)
	}
	return models.ParseRole(rows[0].Role)
}

// Memberships returns a user's roles by AppID.
func (r Users) Memberships(ctx context.Context, userID string) (map[string]models.Role, error) {
	var rows []membershipRow
	if err := r.s.reader(ctx).Find(&rows, "user_id = ?", userID).Error; err != nil {
		return nil, translate(err)
	}
	out := make(map[string]models.Role, len(rows))
	for _, row := range rows {
		role, err := models.ParseRole(row.Role)
		if err != nil {
			return nil, err
		}
		out[row.AppID] = role
	}
	return out, nil
}

// EndSignIns ends every sign-in of a user that is under way.
func (r Users) EndSignIns(ctx context.Context, id string) error {
	return affected(r.s.writer(ctx).Model(&models.User{}).Where("id = ?", id).
		UpdateColumn("sign_in_revision", gorm.Expr("sign_in_revision + 1")))
}

// Sessions keeps the console sessions.
type Sessions struct{ s *Store }

// Insert adds a session, its user agent as far as it fits.
func (r Sessions) Insert(ctx context.Context, session models.Session) error {
	session.UserAgent = fit(session.UserAgent, 255)
	return translate(r.s.writer(ctx).Create(&session).Error)
}

// Update replaces a session's data and times. One that was ended meanwhile is
// not found: it must not come back.
func (r Sessions) Update(ctx context.Context, session models.Session) error {
	return affected(r.s.writer(ctx).Model(&models.Session{}).Where("id = ?", session.ID).
		Select("Data", "LastSeenAt", "ExpiresAt").Updates(session))
}

// ByID returns a session that has not expired.
func (r Sessions) ByID(ctx context.Context, id string, now time.Time) (models.Session, error) {
	var session models.Session
	return session, translate(r.s.reader(ctx).Take(&session, "id = ? AND expires_at > ?", id, now.UTC()).Error)
}

// Delete ends a session; ending it twice is fine.
func (r Sessions) Delete(ctx context.Context, id string) error {
	return translate(r.s.writer(ctx).Where("id = ?", id).Delete(&models.Session{}).Error)
}

// DeleteOfUser ends all sessions of a user.
func (r Sessions) DeleteOfUser(ctx context.Context, userID string) error {
	return translate(r.s.writer(ctx).Where("user_id = ?", userID).Delete(&models.Session{}).Error)
}

// OfUser returns a user's sessions that have not expired, the latest seen first.
func (r Sessions) OfUser(ctx context.Context, userID string, now time.Time) ([]models.Session, error) {
	var list []models.Session
	return list, translate(r.s.reader(ctx).Omit("Data").Order("last_seen_at DESC, id").Limit(models.MaxPageSize).
		Find(&list, "user_id = ? AND expires_at > ?", userID, now.UTC()).Error)
}

// DeleteOne ends one session of a user; not found when it is somebody else's or
// ended.
func (r Sessions) DeleteOne(ctx context.Context, userID, id string) error {
	return affected(r.s.writer(ctx).Where("id = ? AND user_id = ?", id, userID).Delete(&models.Session{}))
}

// DeleteOthers ends all sessions of a user but one, and returns how many ended.
func (r Sessions) DeleteOthers(ctx context.Context, userID, keep string) (int64, error) {
	result := r.s.writer(ctx).Where("user_id = ? AND id <> ?", userID, keep).Delete(&models.Session{})
	return result.RowsAffected, translate(result.Error)
}

// DeleteExpired removes the sessions that ended before now.
func (r Sessions) DeleteExpired(ctx context.Context, now time.Time) error {
	return translate(r.s.writer(ctx).Where("expires_at <= ?", now.UTC()).Delete(&models.Session{}).Error)
}
