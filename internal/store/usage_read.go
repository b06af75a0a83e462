package store

import (
	"context"
	"time"

	"envshare/models"
)

// UsageFilter says which counts of an environment are read.
type UsageFilter struct {
	EnvironmentID string
	// FunctionName names a function; "" reads what callers did.
	FunctionName string
	Layout       string // of the periods: one of models' layouts
	Since        time.Time
	Caller       *string // only of this app; nil for all
}

func (f UsageFilter) where() (string, []any) {
	unit := units[len(f.Layout)]
	where := " FROM usage_counts WHERE environment_id = ? AND function_name = ? AND period >= ? AND period < ?"
	args := []any{f.EnvironmentID, f.FunctionName, unit + f.Since.UTC().Format(f.Layout), unit + "~"} // behind all digits
	if f.Caller != nil {
		where, args = where+" AND caller_app_id = ?", append(args, *f.Caller)
	}
	return where, args
}

// counted reads rows of some texts and a tally.
func (r Usage) counted(ctx context.Context, query string, args []any, add func(texts []string, t models.Tally), texts int) error {
	rows, err := r.s.reader(ctx).Raw(query, args...).Rows()
	if err != nil {
		return translate(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var t models.Tally
		into, found := make([]any, 0, texts+len(countColumns)), make([]string, texts)
		for i := range found {
			into = append(into, &found[i])
		}
		for _, field := range countFields(&t) {
			into = append(into, field)
		}
		if err := rows.Scan(into...); err != nil {
			return translate(err)
		}
		add(found, t)
	}
	return translate(rows.Err())
}

// Series adds up by period, operation and side, seen from the app self.
func (r Usage) Series(ctx context.Context, f UsageFilter, self string) ([]models.UsagePoint, error) {
	where, args := f.where()
	query := "SELECT substr(period, 2), operation, CASE caller_app_id WHEN ? THEN 'self' WHEN '' THEN 'visitor' ELSE 'others' END, " + countSums + where + " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
	var out []models.UsagePoint
	err := r.counted(ctx, query, append([]any{self}, args...), func(found []string, t models.Tally) {
		out = append(out, models.UsagePoint{Period: found[0], Operation: models.Permission(found[1]), Side: models.UsageSide(found[2]), Tally: t})
	}, 3)
	return out, err
}

// UsageCaller is what one app did in all.
type UsageCaller struct {
	AppID string
	models.Tally
}

// Callers adds up by app, those with most calls first, and returns how many apps
// there are.
func (r Usage) Callers(ctx context.Context, f UsageFilter, page models.PageRequest) ([]UsageCaller, int64, error) {
	where, args := f.where()
	var total int64
	if err := r.s.reader(ctx).Raw("SELECT COUNT(DISTINCT caller_app_id)"+where, args...).Scan(&total).Error; err != nil {
		return nil, 0, translate(err)
	}
	query := "SELECT caller_app_id, " + countSums + where + " GROUP BY 1 ORDER BY SUM(calls) DESC, SUM(denied) DESC, 1 LIMIT ? OFFSET ?"
	page = page.Clamped()
	var out []UsageCaller
	err := r.counted(ctx, query, append(args, page.Size, page.Offset()), func(found []string, t models.Tally) {
		out = append(out, UsageCaller{AppID: found[0], Tally: t})
	}, 1)
	return out, total, err
}

// Table returns the counts by period, app and operation, at most limit rows.
func (r Usage) Table(ctx context.Context, f UsageFilter, limit int) ([]UsageCount, error) {
	where, args := f.where()
	query := "SELECT substr(period, 2), caller_app_id, operation, " + countNames + where + " ORDER BY period, caller_app_id, operation LIMIT ?"
	var out []UsageCount
	err := r.counted(ctx, query, append(args, limit), func(found []string, t models.Tally) {
		out = append(out, UsageCount{
			EnvironmentID: f.EnvironmentID, Period: found[0], CallerAppID: found[1], Operation: models.Permission(found[2]), Tally: t,
		})
	}, 3)
	return out, err
}

// OfFunctions adds up, from a time on, the runs of functions of an environment by
// name, in whole periods of a layout.
func (r Usage) OfFunctions(ctx context.Context, f UsageFilter, names []string) (map[string]models.Tally, error) {
	unit, out := units[len(f.Layout)], map[string]models.Tally{}
	query := "SELECT function_name, " + countSums + " FROM usage_counts WHERE environment_id = ? AND function_name IN ? AND period >= ? AND period < ? GROUP BY 1"
	args := []any{f.EnvironmentID, names, unit + f.Since.UTC().Format(f.Layout), unit + "~"}
	err := r.counted(ctx, query, args, func(found []string, t models.Tally) { out[found[0]] = t }, 1)
	return out, err
}
