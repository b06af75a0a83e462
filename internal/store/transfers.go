package store

import (
	"context"
	"time"

	"envshare/models"
)

// Transfers keeps imports and exports.
type Transfers struct{ s *Store }

// Insert adds a transfer.
func (r Transfers) Insert(ctx context.Context, t models.Transfer) error {
	return translate(r.s.writer(ctx).Create(&t).Error)
}

// Progress saves how far a transfer is. A transfer that has ended meanwhile (it
// was cancelled) is not found.
func (r Transfers) Progress(ctx context.Context, t models.Transfer) error {
	return affected(r.s.writer(ctx).Model(&models.Transfer{}).
		Where("id = ? AND status IN ?", t.ID, []models.TransferStatus{models.TransferWaiting, models.TransferRunning}).
		Select("BytesDone", "Bytes", "Total", "Documents", "Failed", "Errors", "Status", "UpdatedAt").UpdateColumns(t))
}

// Reopen lets an ended transfer wait again.
func (r Transfers) Reopen(ctx context.Context, id string, now time.Time) error {
	return affected(r.s.writer(ctx).Model(&models.Transfer{}).
		Where("id = ? AND status IN ?", id, []models.TransferStatus{models.TransferFailed, models.TransferCancelled}).
		UpdateColumns(map[string]any{"status": models.TransferWaiting, "resumed": true, "updated_at": now}))
}

// ByID returns a transfer of an environment.
func (r Transfers) ByID(ctx context.Context, environmentID, id string) (models.Transfer, error) {
	var t models.Transfer
	return t, translate(r.s.reader(ctx).Take(&t, "id = ? AND environment_id = ?", id, environmentID).Error)
}

// List returns the latest transfers of a collection, newest first: those that were
// begun through one app, or all for "".
func (r Transfers) List(ctx context.Context, environmentID, collection, appID string, limit int) ([]models.Transfer, error) {
	var list []models.Transfer
	query := r.s.reader(ctx).Order("id DESC").Limit(limit).Where("environment_id = ? AND collection = ?", environmentID, collection)
	if appID != "" {
		query = query.Where("app_id = ?", appID)
	}
	return list, translate(query.Find(&list).Error)
}

// DeleteCollection removes the transfers of a collection, however far they are,
// and returns their ids.
func (r Transfers) DeleteCollection(ctx context.Context, environmentID, collection string) ([]string, error) {
	var ids []string
	err := r.s.Tx(ctx, func(tx *Store) error {
		of := tx.writer(ctx).Model(&models.Transfer{}).Where("environment_id = ? AND collection = ?", environmentID, collection)
		if err := of.Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
			return translate(err)
		}
		return translate(tx.writer(ctx).Delete(&models.Transfer{}, "id IN ?", ids).Error)
	})
	return ids, err
}

// CancelOf ends the transfers of an environment that have not ended.
func (r Transfers) CancelOf(ctx context.Context, environmentID string, now time.Time) error {
	return translate(r.s.writer(ctx).Model(&models.Transfer{}).
		Where("environment_id = ? AND status IN ?", environmentID, []models.TransferStatus{models.TransferWaiting, models.TransferRunning}).
		UpdateColumns(map[string]any{"status": models.TransferCancelled, "updated_at": now}).Error)
}

// DeleteOf removes the transfers of an environment, however far they are, and
// returns their ids.
func (r Transfers) DeleteOf(ctx context.Context, environmentID string) ([]string, error) {
	var ids []string
	err := r.s.Tx(ctx, func(tx *Store) error {
		of := tx.writer(ctx).Model(&models.Transfer{}).Where("environment_id = ?", environmentID)
		if err := of.Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
			return translate(err)
		}
		return translate(tx.writer(ctx).Delete(&models.Transfer{}, "id IN ?", ids).Error)
	})
	return ids, err
}

// Unfinished returns the transfers that have not ended, oldest first.
func (r Transfers) Unfinished(ctx context.Context) ([]models.Transfer, error) {
	var list []models.Transfer
	return list, translate(r.s.reader(ctx).Order("id").
		Find(&list, "status IN ?", []models.TransferStatus{models.TransferWaiting, models.TransferRunning}).Error)
}

// DeleteBefore removes transfers that ended before a moment and returns their ids.
func (r Transfers) DeleteBefore(ctx context.Context, before time.Time) ([]string, error) {
	var ids []string
	err := r.s.Tx(ctx, func(tx *Store) error {
		ended := tx.writer(ctx).Model(&models.Transfer{}).Where("updated_at < ? AND status IN ?", before,
			[]models.TransferStatus{models.TransferDone, models.TransferFailed, models.TransferCancelled})
		if err := ended.Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
			return translate(err)
		}
		return translate(tx.writer(ctx).Delete(&models.Transfer{}, "id IN ?", ids).Error)
	})
	return ids, err
}
