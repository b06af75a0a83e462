package store

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"envshare/models"
)

// shownLogs is how much of a run's logs a list holds, in characters.
const shownLogs = 4096

// Logs returns a page of a function's invocations that a filter chooses, newest
// first, each with the beginning of its logs and without its result, and how
// many there are. Two statements.
func (r Invocations) Logs(ctx context.Context, environmentID, name string, filter models.InvocationFilter, page models.PageRequest) ([]models.Invocation, int64, error) {
	filter, page = filter.Clamped(), page.Clamped()
	var total int64
	if err := r.chosen(ctx, environmentID, name, filter).Count(&total).Error; err != nil {
		return nil, 0, translate(err)
	}
	var list []models.Invocation
	err := r.chosen(ctx, environmentID, name, filter).
		Select("id, environment_id, function_name, version, trigger_kind, caller_app_id, caller_openid, status, error, SUBSTR(logs, 1, ?) AS logs, "+
			"duration_ms, memory_bytes, cold_start, started_at", shownLogs+1).
		Order("started_at DESC, id DESC").Offset(page.Offset()).Limit(page.Size).Find(&list).Error
	return list, total, translate(err)
}

// chosen is the query for what a filter chooses. Text is looked for among the
// newest alone.
func (r Invocations) chosen(ctx context.Context, environmentID, name string, f models.InvocationFilter) *gorm.DB {
	all := func() *gorm.DB {
		q := r.s.reader(ctx).Model(&models.Invocation{}).Where("environment_id = ? AND function_name = ?", environmentID, name)
		if f.Failed {
			q = q.Where("status <> ?", models.InvocationOK)
		}
		if f.Status != "" {
			q = q.Where("status = ?", f.Status)
		}
		if f.RequestID != "" {
			q = q.Where("id = ?", f.RequestID)
		}
		return q
	}
	if f.Text == "" {
		return all()
	}
	pattern := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(strings.ToLower(f.Text)) + "%"
	newest := all().Select("id").Order("started_at DESC, id DESC").Limit(models.SearchedInvocations)
	return r.s.reader(ctx).Model(&models.Invocation{}).Where("id IN (SELECT id FROM (?) AS newest)", newest).
		Where(`(LOWER(logs) LIKE ? ESCAPE '\' OR LOWER(error) LIKE ? ESCAPE '\')`, pattern, pattern)
}

// Newest returns the id of a function's last invocation, "" for none.
func (r Invocations) Newest(ctx context.Context, environmentID, name string) (string, error) {
	var ids []string
	err := r.s.reader(ctx).Model(&models.Invocation{}).Where("environment_id = ? AND function_name = ?", environmentID, name).
		Order("started_at DESC, id DESC").Limit(1).Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return "", translate(err)
	}
	return ids[0], nil
}

// Last returns the last invocation of each of these functions that was called,
// without result and logs. One statement, which reads one row a function.
func (r Invocations) Last(ctx context.Context, environmentID string, names []string) (map[string]models.Invocation, error) {
	out := make(map[string]models.Invocation, len(names))
	if len(names) == 0 {
		return out, nil
	}
	newest := r.s.reader(ctx).Table("functions AS f").Where("f.environment_id = ? AND f.name IN ?", environmentID, names).
		Select("(SELECT i.id FROM invocations i WHERE i.environment_id = f.environment_id AND i.function_name = f.name " +
			"ORDER BY i.started_at DESC, i.id DESC LIMIT 1)")
	var list []models.Invocation
	err := r.s.reader(ctx).Model(&models.Invocation{}).Omit("Result", "Logs").Where("id IN (?)", newest).Find(&list).Error
	for _, i := range list {
		out[i.FunctionName] = i
	}
	return out, translate(err)
}
