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
// first, each with the beginning of its logs and without its result, and how many
// there are. Two statements.
func (r Invocations) Logs(ctx context.Context, environmentID, name string, filter models.InvocationFilter, page models.PageRequest) ([]models.Invocation, int64, error) {
	filter = filter.Clamped()
	chosen := func() *gorm.DB { return r.chosen(ctx, environmentID, name, filter) }
	var total int64
	if filter.Text == "" {
		if err := chosen().Count(&total).Error; err != nil {
			return nil, 0, translate(err)
		}
		page = page.Within(total)
		list, err := beginnings(newestFirst(chosen()).Offset(page.Offset()).Limit(page.Size))
		return list, total, err
	}
	ids, err := r.search(ctx, chosen, filter.Text)
	if err != nil {
		return nil, 0, err
	}
	page = page.Within(int64(len(ids)))
	first := min(page.Offset(), len(ids))
	shown := ids[first:min(first+page.Size, len(ids))]
	list, err := beginnings(newestFirst(r.s.reader(ctx).Model(&models.Invocation{}).Where("id IN ?", shown)))
	return list, int64(len(ids)), err
}

// chosen is the query for what a filter chooses, its text aside.
func (r Invocations) chosen(ctx context.Context, environmentID, name string, f models.InvocationFilter) *gorm.DB {
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

// search returns the ids of the newest invocations in whose logs or error a text
// stands, newest first. It reads the logs of models.SearchedInvocations at most,
// and each once.
func (r Invocations) search(ctx context.Context, chosen func() *gorm.DB, text string) ([]string, error) {
	like := "LIKE" // knows no capitals on SQLite
	if r.s.dialect == "postgres" {
		like = "ILIKE"
	}
	pattern := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
	newest := newestFirst(chosen().Select("id")).Limit(models.SearchedInvocations)
	var ids []string
	err := newestFirst(r.s.reader(ctx).Model(&models.Invocation{}).Where("id IN (SELECT id FROM (?) AS newest)", newest).
		Where("(logs "+like+` ? ESCAPE '\' OR error `+like+` ? ESCAPE '\')`, pattern, pattern)).Pluck("id", &ids).Error
	return ids, translate(err)
}

func newestFirst(q *gorm.DB) *gorm.DB { return q.Order("started_at DESC, id DESC") }

// beginnings reads invocations with the beginning of their logs.
func beginnings(q *gorm.DB) ([]models.Invocation, error) {
	var list []models.Invocation
	err := q.Select("id, environment_id, function_name, version, trigger_kind, caller_app_id, caller_openid, status, error, SUBSTR(logs, 1, ?) AS logs, "+
		"duration_ms, memory_bytes, cold_start, started_at", shownLogs+1).Find(&list).Error
	return list, translate(err)
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
