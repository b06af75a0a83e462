package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"envshare/models"
)

// deletedRow is the row of a deleted environment.
type deletedRow struct {
	models.Environment
	DeletedAt time.Time
	DeletedBy string
	Purging   bool
}

func (deletedRow) TableName() string { return "environments" }

func (r deletedRow) model() models.DeletedEnvironment {
	return models.DeletedEnvironment{Environment: r.Environment, DeletedAt: r.DeletedAt, DeletedBy: r.DeletedBy, Purging: r.Purging}
}

func (r Environments) deleted(db *gorm.DB) *gorm.DB {
	return db.Table("environments").Where("deleted_at IS NOT NULL")
}

// Delete makes an environment disappear; what it holds stays.
func (r Environments) Delete(ctx context.Context, id, by string, at time.Time) error {
	return affected(r.live(r.s.writer(ctx)).Where("id = ?", id).
		UpdateColumns(map[string]any{"deleted_at": at.UTC(), "deleted_by": fit(by, 64)}))
}

// Restore brings a deleted environment back, unless its removal has begun.
func (r Environments) Restore(ctx context.Context, id string) error {
	return affected(r.deleted(r.s.writer(ctx)).Where("id = ? AND purging = ?", id, false).
		UpdateColumns(map[string]any{"deleted_at": nil, "deleted_by": ""}))
}

// DeletedByID returns a deleted environment.
func (r Environments) DeletedByID(ctx context.Context, id string) (models.DeletedEnvironment, error) {
	var row deletedRow
	err := r.deleted(r.s.reader(ctx)).Take(&row, "id = ?", id).Error
	return row.model(), translate(err)
}

// DeletedOf returns the deleted environments of an app that can come back, the
// latest first.
func (r Environments) DeletedOf(ctx context.Context, appID string) ([]models.DeletedEnvironment, error) {
	var rows []deletedRow
	if err := r.deleted(r.s.reader(ctx)).Order("deleted_at DESC, id").Find(&rows, "app_id = ? AND purging = ?", appID, false).Error; err != nil {
		return nil, translate(err)
	}
	out := make([]models.DeletedEnvironment, len(rows))
	for i, row := range rows {
		out[i] = row.model()
	}
	return out, nil
}

// DeletedBefore returns the ids of the environments that were deleted before a
// moment, the oldest first.
func (r Environments) DeletedBefore(ctx context.Context, before time.Time) ([]string, error) {
	var ids []string
	return ids, translate(r.deleted(r.s.reader(ctx)).Where("deleted_at <= ?", before.UTC()).Order("deleted_at, id").Pluck("id", &ids).Error)
}

// BeginPurge notes that the removal of an environment begins that was deleted
// before a moment, from where there is no way back. One that was restored
// meanwhile is not found.
func (r Environments) BeginPurge(ctx context.Context, id string, before time.Time) error {
	return affected(r.deleted(r.s.writer(ctx)).Where("id = ? AND deleted_at <= ?", id, before.UTC()).UpdateColumn("purging", true))
}

// Keep returns which of these environments stand, deleted ones included whose removal
// has not begun, and keeps removals from beginning until the transaction ends: what
// it adds to them goes with the rest.
func (r Environments) Keep(ctx context.Context, ids []string) (map[string]bool, error) {
	q := r.s.writer(ctx).Table("environments").Where("id IN ? AND purging = ?", ids, false).Order("id")
	if r.s.dialect == "postgres" { // SQLite has one writer at a time
		q = q.Clauses(clause.Locking{Strength: "SHARE"})
	}
	var found []string
	if err := q.Pluck("id", &found).Error; err != nil {
		return nil, translate(err)
	}
	kept := make(map[string]bool, len(found))
	for _, id := range found {
		kept[id] = true
	}
	return kept, nil
}

// Remove drops the row of an environment whose removal has begun, when nothing
// refers to it any more, and reports whether it was there.
func (r Environments) Remove(ctx context.Context, id string) (bool, error) {
	result := r.s.writer(ctx).Exec("DELETE FROM environments WHERE id = ? AND purging = ?", id, true)
	return result.RowsAffected == 1, translate(result.Error)
}
