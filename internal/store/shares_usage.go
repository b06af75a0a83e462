package store

import (
	"context"
	"time"
)

// sharedUse ties the use of an environment to the grant and the share that allow
// it.
const sharedUse = "usage_days.environment_id = grants.environment_id AND usage_days.caller_app_id = shares.grantee_app_id"

// SharedCalls adds up, from a day on, what was called through all shares of an
// app of one direction.
func (r Usage) SharedCalls(ctx context.Context, appID string, incoming bool, day string) (calls, denied int64, err error) {
	side, _ := sides(incoming)
	var sum struct{ Calls, Denied int64 }
	err = r.s.reader(ctx).Raw("SELECT COALESCE(SUM(usage_days.calls), 0) AS calls, COALESCE(SUM(usage_days.denied), 0) AS denied"+
		" FROM shares JOIN grants ON grants.share_id = shares.id JOIN usage_days ON "+sharedUse+
		" WHERE "+side+" = ? AND usage_days.day >= ?", appID, day).Scan(&sum).Error
	return sum.Calls, sum.Denied, translate(err)
}

// OfShares returns, from a day on, what was called through these shares, by day.
func (r Usage) OfShares(ctx context.Context, day string, shareIDs []string) ([]ShareDay, error) {
	var list []ShareDay
	err := r.s.reader(ctx).Raw("SELECT shares.id AS share_id, usage_days.environment_id, usage_days.day, usage_days.calls, usage_days.denied, usage_days.last_at"+
		" FROM shares JOIN grants ON grants.share_id = shares.id JOIN usage_days ON "+sharedUse+
		" WHERE shares.id IN ? AND usage_days.day >= ? ORDER BY usage_days.day", shareIDs, day).Scan(&list).Error
	return list, translate(err)
}

// ShareDay is what was called through one share in one environment on one day.
type ShareDay struct {
	ShareID, Day  string
	EnvironmentID string
	Calls, Denied int64
	LastAt        *time.Time
}
