package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"envshare/models"
)

// Oldest returns the first n environments of an app, oldest first.
func (r Environments) Oldest(ctx context.Context, appID string, n int) ([]models.Environment, error) {
	var list []models.Environment
	return list, translate(r.live(r.s.reader(ctx)).Order("created_at, id").Limit(n).Find(&list, "app_id = ?", appID).Error)
}

// OldestOf returns the oldest environment of each of these apps that owns one. One
// statement, which reads one row an app.
func (r Environments) OldestOf(ctx context.Context, appIDs []string) ([]models.Environment, error) {
	oldest := r.s.reader(ctx).Table("apps").Where("apps.app_id IN ?", appIDs).Select(
		"(SELECT e.id FROM environments e WHERE e.app_id = apps.app_id AND e.deleted_at IS NULL ORDER BY e.created_at, e.id LIMIT 1)")
	var list []models.Environment
	return list, translate(r.live(r.s.reader(ctx)).Find(&list, "id IN (?)", oldest).Error)
}

// Entering returns what decides how an app that borrows enters the console: the
// first n shares to it that work, and the two oldest that have not ended, whether
// they work or rest. Oldest first, at most n+2.
func (r Shares) Entering(ctx context.Context, appID string, n int, now time.Time) ([]models.Share, error) {
	moments := ShareSearch{Now: now}.moments()
	oldest := func(state string, n int) *gorm.DB {
		return r.s.reader(ctx).Table("shares").Select("id").Where("grantee_app_id = ?", appID).Where(state, moments).
			Order("created_at, id").Limit(n)
	}
	return r.all(r.query(ctx).Where("id IN (?) OR id IN (?)", oldest(stateActive, n), oldest(stateRuns, 2)))
}

// RunningOf returns, of each of these apps that somebody shares with, the oldest
// share that has not ended, without its grants. One statement, which reads one share
// an app unless others ended before it.
func (r Shares) RunningOf(ctx context.Context, appIDs []string, now time.Time) ([]models.Share, error) {
	oldest := r.s.reader(ctx).Table("apps").Where("apps.app_id IN ?", appIDs).Select(
		"(SELECT shares.id FROM shares WHERE shares.grantee_app_id = apps.app_id AND "+stateRuns+" ORDER BY shares.created_at, shares.id LIMIT 1)",
		ShareSearch{Now: now}.moments())
	var rows []shareRow
	if err := r.s.reader(ctx).Find(&rows, "id IN (?)", oldest).Error; err != nil {
		return nil, translate(err)
	}
	return sharesOf(rows)
}

// AppSearch asks for the apps that a user is a member of.
type AppSearch struct {
	UserID string
	Text   string // in its name or AppID, in capitals or not
	// Entering leaves out apps without a way into the console at a time: those that
	// own nothing, and that no share lends to. Zero leaves out nothing.
	Entering time.Time
}

// MemberApp is an app with what somebody is in it.
type MemberApp struct {
	models.App
	Role models.Role
}

type memberAppRow struct {
	models.App
	Role string
}

func (r Users) apps(ctx context.Context, q AppSearch) *gorm.DB {
	db := r.s.reader(ctx).Table("memberships").Joins("JOIN apps AS a ON a.app_id = memberships.app_id").Where("memberships.user_id = ?", q.UserID)
	if q.Text != "" {
		db = db.Where("("+holds(db, "a.name")+" OR "+holds(db, "a.app_id")+")", containing(q.Text), containing(q.Text))
	}
	if !q.Entering.IsZero() {
		db = db.Where("(EXISTS (SELECT 1 FROM environments e WHERE e.app_id = a.app_id AND e.deleted_at IS NULL)"+
			" OR EXISTS (SELECT 1 FROM shares WHERE shares.grantee_app_id = a.app_id AND "+stateRuns+"))", ShareSearch{Now: q.Entering}.moments())
	}
	return db
}

// CountApps returns how many apps a search finds.
func (r Users) CountApps(ctx context.Context, q AppSearch) (int64, error) {
	var n int64
	return n, translate(r.apps(ctx, q).Count(&n).Error)
}

// Apps returns a page of the apps that a search finds, by name.
func (r Users) Apps(ctx context.Context, q AppSearch, page models.PageRequest) ([]MemberApp, error) {
	var rows []memberAppRow
	page = page.Clamped()
	err := r.apps(ctx, q).Select("a.*, memberships.role").Order("a.name, a.app_id").Offset(page.Offset()).Limit(page.Size).Find(&rows).Error
	if err != nil {
		return nil, translate(err)
	}
	out := make([]MemberApp, len(rows))
	for i, row := range rows {
		role, err := models.ParseRole(row.Role)
		if err != nil {
			return nil, err
		}
		out[i] = MemberApp{row.App, role}
	}
	return out, nil
}
