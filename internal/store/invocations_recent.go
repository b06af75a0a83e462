package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"envshare/models"
)

// Count returns how many functions an environment has.
func (r Functions) Count(ctx context.Context, environmentID string) (int64, error) {
	var n int64
	return n, translate(r.s.reader(ctx).Model(&models.Function{}).Where("environment_id = ?", environmentID).Count(&n).Error)
}

// present are the invocations of the functions that an environment still has.
func (r Invocations) present(ctx context.Context, environmentID string) *gorm.DB {
	return r.s.reader(ctx).Model(&models.Invocation{}).Where("environment_id = ?", environmentID).
		Where("function_name IN (SELECT f.name FROM functions f WHERE f.environment_id = ?)", environmentID)
}

// CountSince returns how many invocations of the functions that an environment has
// began since a time.
func (r Invocations) CountSince(ctx context.Context, environmentID string, since time.Time) (int64, error) {
	var n int64
	return n, translate(r.present(ctx, environmentID).Where("started_at >= ?", since.UTC()).Count(&n).Error)
}

// Recent returns the last invocations of the functions that an environment has,
// newest first, without results and logs.
func (r Invocations) Recent(ctx context.Context, environmentID string, limit int) ([]models.Invocation, error) {
	var list []models.Invocation
	return list, translate(newestFirst(r.present(ctx, environmentID)).Omit("Result", "Logs").Limit(limit).Find(&list).Error)
}
