package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"envshare/models"
)

// EnvironmentSearch asks for environments that an app owns or borrows.
type EnvironmentSearch struct {
	AppID string
	Text  string // in name or id, or in those of its owner; in capitals or not
	Now   time.Time
}

// Lent names an environment that a share lends.
type Lent struct{ ShareID, EnvironmentID string }

func (r Environments) owned(ctx context.Context, q EnvironmentSearch) *gorm.DB {
	db := r.live(r.s.reader(ctx)).Where("app_id = ?", q.AppID)
	if q.Text != "" {
		db = db.Where("("+holds(db, "name")+" OR "+holds(db, "id")+")", containing(q.Text), containing(q.Text))
	}
	return db
}

// borrowed are the grants of shares to an app that have not ended.
func (r Environments) borrowed(ctx context.Context, q EnvironmentSearch) *gorm.DB {
	db := r.s.reader(ctx).Table("shares").Joins("JOIN grants ON grants.share_id = shares.id").
		Where("shares.grantee_app_id = ?", q.AppID).Where(stateRuns, ShareSearch{Now: q.Now}.moments())
	if q.Text == "" {
		return db
	}
	like := containing(q.Text)
	return db.Joins("JOIN environments AS e ON e.id = grants.environment_id").Joins("JOIN apps AS a ON a.app_id = shares.owner_app_id").
		Where("("+holds(db, "e.name")+" OR "+holds(db, "e.id")+" OR "+holds(db, "a.name")+" OR "+holds(db, "a.app_id")+")",
			like, like, like, like)
}

// CountOwned returns how many environments an app owns that a search finds.
func (r Environments) CountOwned(ctx context.Context, q EnvironmentSearch) (int64, error) {
	var n int64
	return n, translate(r.owned(ctx, q).Count(&n).Error)
}

// Owned returns some of the environments that an app owns, oldest first.
func (r Environments) Owned(ctx context.Context, q EnvironmentSearch, offset, limit int) ([]models.Environment, error) {
	var list []models.Environment
	return list, translate(r.owned(ctx, q).Order("created_at, id").Offset(offset).Limit(limit).Find(&list).Error)
}

// CountBorrowed returns how many environments an app borrows that a search finds.
func (r Environments) CountBorrowed(ctx context.Context, q EnvironmentSearch) (int64, error) {
	var n int64
	return n, translate(r.borrowed(ctx, q).Count(&n).Error)
}

// Borrowed names some of the environments that an app borrows, in the order of the
// shares, oldest first.
func (r Environments) Borrowed(ctx context.Context, q EnvironmentSearch, offset, limit int) ([]Lent, error) {
	var list []Lent
	err := r.borrowed(ctx, q).Select("grants.share_id, grants.environment_id").Order("shares.created_at, shares.id, grants.position").
		Offset(offset).Limit(limit).Find(&list).Error
	return list, translate(err)
}

// Names returns the names of all environments that an app owns or borrows, by id.
func (r Environments) Names(ctx context.Context, appID string, now time.Time) (map[string]string, error) {
	var list []models.Environment
	err := r.live(r.s.reader(ctx)).Select("id, name").
		Where("(app_id = ? OR id IN (?))", appID, r.borrowed(ctx, EnvironmentSearch{AppID: appID, Now: now}).Select("grants.environment_id")).
		Find(&list).Error
	return namesOf(list), translate(err)
}

func namesOf(list []models.Environment) map[string]string {
	out := make(map[string]string, len(list))
	for _, e := range list {
		out[e.ID] = e.Name
	}
	return out
}

// ByIDs returns the shares with these ids, with their grants, by id.
func (r Shares) ByIDs(ctx context.Context, ids []string) (map[string]models.Share, error) {
	list, err := r.all(r.query(ctx).Where("id IN ?", ids))
	out := make(map[string]models.Share, len(list))
	for _, s := range list {
		out[s.ID] = s
	}
	return out, err
}
