package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"envshare/models"
)

// ShareSearch asks for shares of an app, of one direction.
type ShareSearch struct {
	AppID string
	// Incoming looks for what the app borrows instead of what it lends.
	Incoming bool
	Filter   models.ShareFilter // cleaned
	// Now decides about ends, Week is the first of the days whose calls are counted
	// for the order by calls.
	Now  time.Time
	Week string
}

// sides returns the columns of the app and of the one on the other side.
func sides(incoming bool) (own, other string) {
	own, other = "owner_app_id", "grantee_app_id"
	if incoming {
		own, other = other, own
	}
	return "shares." + own, "shares." + other
}

// where narrows a query to what the search finds, all but the state.
func (q ShareSearch) where(db *gorm.DB) *gorm.DB {
	own, other := sides(q.Incoming)
	db = db.Where(own+" = ?", q.AppID)
	if text := q.Filter.Text; text != "" {
		like := containing(text)
		db = db.Joins("JOIN apps AS other ON other.app_id = "+other).
			Where("("+holds(db, "other.name")+" OR "+holds(db, "other.app_id")+" OR "+holds(db, "shares.note")+")", like, like, like)
	}
	env, permission := q.Filter.EnvironmentID, string(q.Filter.Permission)
	if env == "" && permission == "" {
		return db
	}
	grant, args := "grants.share_id = shares.id", []any{}
	if env != "" {
		grant, args = grant+" AND grants.environment_id = ?", append(args, env)
	}
	if permission != "" {
		grant, args = grant+" AND ',' || grants.permissions || ',' LIKE ?", append(args, "%,"+permission+",%")
	}
	return db.Where("EXISTS (SELECT 1 FROM grants WHERE "+grant+")", args...)
}

// The states as conditions; the moments they take are the same as in states.
const (
	stateExpired = "shares.until <= @now"
	stateRuns    = "(shares.until IS NULL OR shares.until > @now)"
	statePaused  = stateRuns + " AND shares.paused_at IS NOT NULL"
	stateActive  = stateRuns + " AND shares.paused_at IS NULL"
	stateEnding  = "shares.until > @now AND shares.until <= @soon AND shares.paused_at IS NULL"
)

func (q ShareSearch) moments() map[string]any {
	now := q.Now.UTC()
	return map[string]any{"now": now, "soon": now.Add(models.EndingSoon)}
}

// state narrows a query to the state of the filter.
func (q ShareSearch) state(db *gorm.DB) *gorm.DB {
	switch q.Filter.State {
	case models.ListActive:
		return db.Where(stateActive, q.moments())
	case models.ListEnding:
		return db.Where(stateEnding, q.moments())
	case models.ListPaused:
		return db.Where(statePaused, q.moments())
	case models.ListExpired:
		return db.Where(stateExpired, q.moments())
	}
	return db
}

// Count counts what a search finds, in every state.
func (r Shares) Count(ctx context.Context, q ShareSearch) (models.ShareCounts, error) {
	const one = "COALESCE(SUM(CASE WHEN "
	const zero = " THEN 1 ELSE 0 END), 0) AS "
	var counts models.ShareCounts
	err := q.where(r.s.reader(ctx).Model(&shareRow{})).Select("COUNT(*) AS \"all\", "+
		one+stateActive+zero+"active, "+one+stateEnding+zero+"ending, "+one+statePaused+zero+"paused, "+one+stateExpired+zero+"expired",
		q.moments()).Scan(&counts).Error
	return counts, translate(err)
}

// Find returns a page of what a search finds.
func (r Shares) Find(ctx context.Context, q ShareSearch, page models.PageRequest) ([]models.Share, error) {
	var rows []shareRow
	page = page.Clamped()
	err := q.state(q.where(r.query(ctx).Model(&shareRow{}))).Select("shares.*").Clauses(q.order()).
		Offset(page.Offset()).Limit(page.Size).Find(&rows).Error
	if err != nil {
		return nil, translate(err)
	}
	return sharesOf(rows)
}

// order is the order of the filter; among equals the newest come first.
func (q ShareSearch) order() clause.OrderBy {
	const newest = "shares.created_at DESC, shares.id DESC"
	_, other := sides(q.Incoming)
	switch q.Filter.Sort {
	case models.SortName:
		return orderBy("(SELECT named.name FROM apps AS named WHERE named.app_id = " + other + "), " + newest)
	case models.SortEnding:
		return orderBy("CASE WHEN shares.until IS NULL THEN 1 ELSE 0 END, shares.until, " + newest)
	case models.SortCalls:
		return orderBy("(SELECT COALESCE(SUM(usage_days.calls), 0) FROM grants JOIN usage_days ON "+sharedUse+
			" WHERE grants.share_id = shares.id AND usage_days.day >= ?) DESC, "+newest, q.Week)
	}
	return orderBy(newest)
}

func orderBy(sql string, args ...any) clause.OrderBy {
	return clause.OrderBy{Expression: clause.Expr{SQL: sql, Vars: args}}
}

// Totals counts what an app lends and what it borrows.
func (r Shares) Totals(ctx context.Context, appID string) (outgoing, incoming int64, err error) {
	var n struct{ Outgoing, Incoming int64 }
	err = r.s.reader(ctx).Raw("SELECT (SELECT COUNT(*) FROM shares WHERE owner_app_id = ?) AS outgoing,"+
		" (SELECT COUNT(*) FROM shares WHERE grantee_app_id = ?) AS incoming", appID, appID).Scan(&n).Error
	return n.Outgoing, n.Incoming, translate(err)
}
