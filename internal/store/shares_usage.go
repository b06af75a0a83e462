package store

import (
	"context"
	"time"
)

// sharedUse ties the use of an environment to the grant and the share that allow
// it.
const sharedUse = "usage_days.environment_id = grants.environment_id AND usage_days.caller_app_id = shares.grantee_app_id"

// SharedUse is what was called through all shares of an app of one direction.
type SharedUse struct {
	Calls, Denied int64
	Before        int64 // calls before the day
}

// SharedCalls adds up what was called through all shares of an app of one direction,
// from a day on and, from an earlier one, before it.
func (r Usage) SharedCalls(ctx context.Context, appID string, incoming bool, earlier, day string) (SharedUse, error) {
	side, _ := sides(incoming)
	var sum SharedUse
	since := func(column, sign string) string {
		return "CAST(COALESCE(SUM(CASE WHEN usage_days.day " + sign + " @day THEN usage_days." + column + " ELSE 0 END), 0) AS bigint)"
	}
	err := r.s.reader(ctx).Raw("SELECT "+since("calls", ">=")+" AS calls, "+since("denied", ">=")+" AS denied, "+since("calls", "<")+" AS before"+
		" FROM shares JOIN grants ON grants.share_id = shares.id JOIN usage_days ON "+sharedUse+
		" WHERE "+side+" = @app AND usage_days.day >= @earlier", map[string]any{"app": appID, "day": day, "earlier": earlier}).Scan(&sum).Error
	return sum, translate(err)
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
