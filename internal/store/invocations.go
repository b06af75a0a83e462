package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"envshare/models"
)

// Invocations keeps the runs of functions with their logs.
type Invocations struct{ s *Store }

// InsertBatch adds many invocations at once, or none.
func (r Invocations) InsertBatch(ctx context.Context, list []models.Invocation) error {
	if len(list) == 0 {
		return nil
	}
	rows := slices.Clone(list)
	for i := range rows {
		rows[i].Error, rows[i].Result, rows[i].Logs = text(rows[i].Error), text(rows[i].Result), text(rows[i].Logs)
	}
	return r.s.Batch(ctx, func(tx *Store) error {
		return translate(tx.writer(ctx).CreateInBatches(rows, 50).Error)
	})
}

// ByID returns an invocation of a function.
func (r Invocations) ByID(ctx context.Context, environmentID, name, id string) (models.Invocation, error) {
	var i models.Invocation
	return i, translate(r.s.reader(ctx).Take(&i, "id = ? AND environment_id = ? AND function_name = ?", id, environmentID, name).Error)
}

// List returns a page of a function's invocations, newest first, without result
// and logs, and how many there are.
func (r Invocations) List(ctx context.Context, environmentID, name string, page models.PageRequest) ([]models.Invocation, int64, error) {
	where := func() *gorm.DB {
		return r.s.reader(ctx).Model(&models.Invocation{}).Where("environment_id = ? AND function_name = ?", environmentID, name)
	}
	var total int64
	if err := where().Count(&total).Error; err != nil {
		return nil, 0, translate(err)
	}
	var list []models.Invocation
	page = page.Clamped()
	// The ids of a page come from the index alone, however far it is.
	ids := where().Select("id").Order("started_at DESC, id DESC").Offset(page.Offset()).Limit(page.Size)
	err := r.s.reader(ctx).Where("id IN (?)", ids).Omit("Result", "Logs").Order("started_at DESC, id DESC").Find(&list).Error
	return list, total, translate(err)
}

// InvocationSummary is what the list of functions shows of one function.
type InvocationSummary struct {
	FunctionName string
	Calls        int64
	Failed       int64
	LastAt       time.Time
}

// Summaries counts the invocations of every function of an environment since a
// time. LastAt is taken from a row as it is: SQLite loses the type of MAX(time).
func (r Invocations) Summaries(ctx context.Context, environmentID string, since time.Time) (map[string]InvocationSummary, error) {
	const query = `SELECT DISTINCT lately.function_name, lately.calls, lately.failed, i.started_at AS last_at FROM (
			SELECT function_name, COUNT(*) AS calls, SUM(CASE WHEN status = 'ok' THEN 0 ELSE 1 END) AS failed, MAX(started_at) AS last
			FROM invocations WHERE environment_id = ? AND started_at >= ? GROUP BY function_name) AS lately
		JOIN invocations i ON i.environment_id = ? AND i.function_name = lately.function_name AND i.started_at = lately.last`
	var rows []InvocationSummary
	if err := r.s.reader(ctx).Raw(query, environmentID, since.UTC(), environmentID).Scan(&rows).Error; err != nil {
		return nil, translate(err)
	}
	out := make(map[string]InvocationSummary, len(rows))
	for _, row := range rows {
		out[row.FunctionName] = row
	}
	return out, nil
}

// DeleteBefore removes invocations that started before a time.
func (r Invocations) DeleteBefore(ctx context.Context, t time.Time) error {
	return translate(r.s.writer(ctx).Where("started_at < ?", t.UTC()).Delete(&models.Invocation{}).Error)
}

// Usage counts, per day, what apps called in environments.
type Usage struct{ s *Store }

// UsageDay is what one app called in one environment on one day (UTC).
type UsageDay struct {
	EnvironmentID string `gorm:"primaryKey"`
	CallerAppID   string `gorm:"primaryKey"`
	Day           string `gorm:"primaryKey"` // YYYY-MM-DD
	Calls         int64
	Denied        int64
	LastAt        *time.Time // of the last call that was let through
}

// Add adds counts to the days, making those that are missing: all or none. A
// later last call stays when an earlier one arrives, as from another process.
func (r Usage) Add(ctx context.Context, days []UsageDay) error {
	if len(days) == 0 {
		return nil
	}
	rows := slices.Clone(days)
	// One order for all, so that processes that add at once never wait in a circle.
	slices.SortFunc(rows, func(a, b UsageDay) int {
		return cmp.Or(cmp.Compare(a.EnvironmentID, b.EnvironmentID), cmp.Compare(a.CallerAppID, b.CallerAppID), cmp.Compare(a.Day, b.Day))
	})
	add := clause.OnConflict{
		Columns: []clause.Column{{Name: "environment_id"}, {Name: "caller_app_id"}, {Name: "day"}},
		DoUpdates: clause.Assignments(map[string]any{
			"calls":  gorm.Expr("usage_days.calls + excluded.calls"),
			"denied": gorm.Expr("usage_days.denied + excluded.denied"),
			"last_at": gorm.Expr("CASE WHEN usage_days.last_at > excluded.last_at OR excluded.last_at IS NULL " +
				"THEN usage_days.last_at ELSE excluded.last_at END"),
		}),
	}
	return r.s.Batch(ctx, func(tx *Store) error {
		return translate(tx.writer(ctx).Clauses(add).CreateInBatches(rows, 100).Error)
	})
}

// Since returns the days from a day on of these callers in these environments.
func (r Usage) Since(ctx context.Context, day string, environmentIDs, callerAppIDs []string) ([]UsageDay, error) {
	var list []UsageDay
	err := r.s.reader(ctx).Where("day >= ? AND environment_id IN ? AND caller_app_id IN ?", day, environmentIDs, callerAppIDs).
		Order("day").Find(&list).Error
	return list, translate(err)
}

// LastHandshake returns the last run of cloudbase_auth for an app, or for one of
// its end users when one is named. Without one it is not found.
func (r Invocations) LastHandshake(ctx context.Context, environmentID, callerAppID, openID string) (models.Invocation, error) {
	q := r.s.reader(ctx).Omit("Logs").Order("started_at DESC, id DESC").
		Where("environment_id = ? AND function_name = ? AND trigger_kind = ? AND caller_app_id = ?", environmentID, models.AuthFunction, models.TriggerHandshake, callerAppID)
	if openID != "" {
		q = q.Where("caller_openid = ?", openID)
	}
	var i models.Invocation
	return i, translate(q.Take(&i).Error)
}
