package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"envshare/models"
)

// See notes that a visitor was in an environment. The visit is a new one when the
// last init() was longer ago than models.VisitGap.
func (r Clients) See(ctx context.Context, v models.Visitor) error {
	v.Visits = 1
	return translate(r.s.writer(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "environment_id"}, {Name: "app_id"}, {Name: "open_id"}},
		DoUpdates: append(clause.AssignmentColumns([]string{"union_id", "last_seen_at"}), clause.Assignments(map[string]any{
			"visits": gorm.Expr("visitors.visits + CASE WHEN visitors.last_seen_at < ? THEN 1 ELSE 0 END", v.LastSeenAt.Add(-models.VisitGap)),
		})...),
	}).Create(&v).Error)
}

// VisitorFilter says which visitors of an environment are listed.
type VisitorFilter struct {
	EnvironmentID string
	Apps          []string // that they came from; nil for all
	Search        string   // a part of openid or unionid, "" for all
}

// Visitors returns who was seen in an environment, the latest first, and how many
// there are in all.
func (r Clients) Visitors(ctx context.Context, f VisitorFilter, page models.PageRequest) ([]models.Visitor, int64, error) {
	where := func() *gorm.DB {
		q := r.s.reader(ctx).Model(&models.Visitor{}).Where("environment_id = ?", f.EnvironmentID)
		if f.Apps != nil {
			q = q.Where("app_id IN ?", f.Apps)
		}
		if f.Search != "" {
			like := containing(f.Search)
			q = q.Where(`(open_id LIKE ? ESCAPE '\' OR union_id LIKE ? ESCAPE '\')`, like, like)
		}
		return q
	}
	var list []models.Visitor
	var total int64
	if err := where().Count(&total).Error; err != nil {
		return nil, 0, translate(err)
	}
	page = page.Within(total)
	return list, total, translate(where().Order("last_seen_at DESC, app_id, open_id").Offset(page.Offset()).Limit(page.Size).Find(&list).Error)
}

// VisitorApps returns the apps that visitors of an environment came from.
func (r Clients) VisitorApps(ctx context.Context, environmentID string) ([]string, error) {
	var list []string
	return list, translate(r.s.reader(ctx).Model(&models.Visitor{}).Where("environment_id = ?", environmentID).
		Distinct("app_id").Order("app_id").Pluck("app_id", &list).Error)
}

// Visitor returns one visitor of an environment.
func (r Clients) Visitor(ctx context.Context, environmentID, appID, openID string) (models.Visitor, error) {
	var v models.Visitor
	return v, translate(r.s.reader(ctx).Take(&v, "environment_id = ? AND app_id = ? AND open_id = ?", environmentID, appID, openID).Error)
}

// Sessions returns the logins of a person in an app that can still be renewed,
// the latest first, without what WeChat told of them.
func (r Clients) Sessions(ctx context.Context, appID, openID string, now time.Time) ([]models.ClientSession, error) {
	var list []models.ClientSession
	return list, translate(r.s.reader(ctx).Omit("Profile").Order("created_at DESC, id DESC").
		Find(&list, "app_id = ? AND open_id = ? AND refresh_until > ?", appID, openID, now).Error)
}

// DropVisitors forgets who was not seen since a time, and, in environments with
// more than keep visitors, all but the latest.
func (r Clients) DropVisitors(ctx context.Context, before time.Time, keep int) error {
	if err := r.s.writer(ctx).Delete(&models.Visitor{}, "last_seen_at < ?", before.UTC()).Error; err != nil {
		return translate(err)
	}
	const beyond = `DELETE FROM visitors WHERE (environment_id, app_id, open_id) IN (
		SELECT environment_id, app_id, open_id FROM (
			SELECT environment_id, app_id, open_id, ROW_NUMBER() OVER (PARTITION BY environment_id ORDER BY last_seen_at DESC, app_id, open_id) AS place
			FROM visitors WHERE environment_id IN (SELECT environment_id FROM visitors GROUP BY environment_id HAVING COUNT(*) > ?)) AS ranked
		WHERE place > ?)`
	return translate(r.s.writer(ctx).Exec(beyond, keep, keep).Error)
}
