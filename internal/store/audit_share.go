package store

import (
	"context"

	"gorm.io/gorm"

	"envshare/models"
)

// shareActions are the actions whose subject is a share.
var shareActions = []models.AuditAction{
	models.AuditShareCreated, models.AuditShareChanged, models.AuditSharePaused, models.AuditShareResumed,
	models.AuditShareRemoved, models.AuditShareLeft,
}

// OfShare returns a page of the events of a share that concern an app, newest
// first, and how many there are.
func (r Audit) OfShare(ctx context.Context, appID, shareID string, page models.PageRequest) ([]models.AuditEvent, int64, error) {
	found := func() *gorm.DB {
		return r.s.reader(ctx).Model(&models.AuditEvent{}).
			Where("subject = ? AND action IN ? AND (app_id = ? OR other_app_id = ?)", shareID, shareActions, appID, appID)
	}
	var total int64
	if err := found().Count(&total).Error; err != nil {
		return nil, 0, translate(err)
	}
	var list []models.AuditEvent
	page = page.Within(total)
	err := found().Order("occurred_at DESC, id DESC").Offset(page.Offset()).Limit(page.Size).Find(&list).Error
	return list, total, translate(err)
}
