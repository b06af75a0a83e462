package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"envshare/models"
)

// page counts what a query finds and loads one page of it.
func page[T any](query *gorm.DB, order string, p models.PageRequest) ([]T, int64, error) {
	var total int64
	var list []T
	query = query.Session(&gorm.Session{})
	if err := query.Count(&total).Error; err != nil {
		return nil, 0, translate(err)
	}
	p = p.Within(total)
	err := query.Order(order).Offset(p.Offset()).Limit(p.Size).Find(&list).Error
	return list, total, translate(err)
}

// counted is a group of rows and how many there are in it.
type counted struct {
	Name string
	N    int64
}

func counts(query *gorm.DB) (map[string]int64, error) {
	var rows []counted
	err := query.Find(&rows).Error
	out := make(map[string]int64, len(rows))
	for _, row := range rows {
		out[row.Name] = row.N
	}
	return out, translate(err)
}

// Search returns a page of the principals whose id or name holds a text, by id,
// and how many there are.
func (r Principals) Search(ctx context.Context, text string, p models.PageRequest) ([]models.Principal, int64, error) {
	query := r.s.reader(ctx).Model(&models.Principal{})
	if text != "" {
		query = query.Where(holds(query, "id")+" OR "+holds(query, "name"), containing(text), containing(text))
	}
	return page[models.Principal](query, "id", p)
}

// ByIDs returns the principals with these ids, by id.
func (r Principals) ByIDs(ctx context.Context, ids []string) (map[string]models.Principal, error) {
	var list []models.Principal
	err := r.s.reader(ctx).Find(&list, "id IN ?", ids).Error
	out := make(map[string]models.Principal, len(list))
	for _, p := range list {
		out[p.ID] = p
	}
	return out, translate(err)
}

// AppCounts returns how many apps these principals have, by id.
func (r Principals) AppCounts(ctx context.Context, ids []string) (map[string]int64, error) {
	return counts(r.s.reader(ctx).Table("apps").Select("principal_id AS name, COUNT(*) AS n").Where("principal_id IN ?", ids).Group("principal_id"))
}

// Delete removes a principal; one that has apps is a conflict for the database.
func (r Principals) Delete(ctx context.Context, id string) error {
	return affected(r.s.writer(ctx).Where("id = ?", id).Delete(&models.Principal{}))
}

// Search returns a page of the apps whose AppID or name holds a text, newest
// first, of one principal unless that is empty, and how many there are.
func (r Apps) Search(ctx context.Context, text, principal string, p models.PageRequest) ([]models.App, int64, error) {
	query := r.s.reader(ctx).Model(&models.App{})
	if text != "" {
		query = query.Where(holds(query, "app_id")+" OR "+holds(query, "name"), containing(text), containing(text))
	}
	if principal != "" {
		query = query.Where("principal_id = ?", principal)
	}
	return page[models.App](query, "created_at DESC, app_id", p)
}

// WithSecret returns which of these apps have a secret.
func (r Apps) WithSecret(ctx context.Context, appIDs []string) (map[string]bool, error) {
	var ids []string
	err := r.s.reader(ctx).Table("apps").Where("app_id IN ? AND secret_sealed IS NOT NULL", appIDs).Pluck("app_id", &ids).Error
	out := make(map[string]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, translate(err)
}

// Search returns a page of the users whose name holds a text, by name, and how
// many there are.
func (r Users) Search(ctx context.Context, text string, p models.PageRequest) ([]models.User, int64, error) {
	query := r.s.reader(ctx).Model(&models.User{})
	if text != "" {
		query = query.Where(holds(query, "username"), containing(text))
	}
	return page[models.User](query, "username", p)
}

// MembershipCounts returns in how many apps these users are members, by id.
func (r Users) MembershipCounts(ctx context.Context, ids []string) (map[string]int64, error) {
	return counts(r.s.reader(ctx).Table("memberships").Select("user_id AS name, COUNT(*) AS n").Where("user_id IN ?", ids).Group("user_id"))
}

// SetDisabled stores since when a user may not sign in, nil for who may again.
func (r Users) SetDisabled(ctx context.Context, id string, at *time.Time, now time.Time) error {
	return affected(r.s.writer(ctx).Model(&models.User{}).Where("id = ?", id).
		Select("DisabledAt", "UpdatedAt").UpdateColumns(models.User{DisabledAt: at, UpdatedAt: now}))
}

// OtherOperators counts the operators beside one who can sign in: who is not
// disabled, and has chosen a password.
func (r Users) OtherOperators(ctx context.Context, id string) (int64, error) {
	var n int64
	err := r.s.reader(ctx).Model(&models.User{}).
		Where(`"operator" AND disabled_at IS NULL AND id <> ? AND NOT EXISTS (SELECT 1 FROM user_setups s WHERE s.user_id = users.id)`, id).Count(&n).Error
	return n, translate(err)
}

// SaveSetup stores the link by which a user chooses a password; an earlier one
// ends.
func (r Users) SaveSetup(ctx context.Context, s models.UserSetup) error {
	return translate(r.s.writer(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "user_id"}}, DoUpdates: clause.AssignmentColumns([]string{"digest", "expires_at"}),
	}).Create(&s).Error)
}

// Setups returns the links of these users, by the user's id.
func (r Users) Setups(ctx context.Context, ids []string) (map[string]models.UserSetup, error) {
	var list []models.UserSetup
	err := r.s.reader(ctx).Find(&list, "user_id IN ?", ids).Error
	out := make(map[string]models.UserSetup, len(list))
	for _, s := range list {
		out[s.UserID] = s
	}
	return out, translate(err)
}

// SetupByDigest returns the link with a token of this digest, unless it expired.
func (r Users) SetupByDigest(ctx context.Context, digest string, now time.Time) (models.UserSetup, error) {
	var s models.UserSetup
	return s, translate(r.s.reader(ctx).Take(&s, "digest = ? AND expires_at > ?", digest, now.UTC()).Error)
}

// DeleteSetup ends a user's link; without one it does nothing.
func (r Users) DeleteSetup(ctx context.Context, userID string) error {
	return translate(r.s.writer(ctx).Where("user_id = ?", userID).Delete(&models.UserSetup{}).Error)
}
