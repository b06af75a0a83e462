package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"envshare/models"
)

// Shares keeps the shares with their grants.
type Shares struct{ s *Store }

type shareRow struct {
	ID           string `gorm:"primaryKey"`
	OwnerAppID   string
	GranteeAppID string
	Note         string
	Until        *time.Time
	PausedAt     *time.Time
	Version      int
	CreatedAt    time.Time
	UpdatedAt    time.Time
	Grants       []grantRow `gorm:"foreignKey:ShareID"`
}

func (shareRow) TableName() string { return "shares" }

type grantRow struct {
	ID            string `gorm:"primaryKey"`
	ShareID       string
	EnvironmentID string
	Permissions   string // keys, separated by commas
	Position      int
}

func (grantRow) TableName() string { return "grants" }

func (r shareRow) model() (models.Share, error) {
	s := models.Share{
		ID: r.ID, OwnerAppID: r.OwnerAppID, GranteeAppID: r.GranteeAppID, Note: r.Note, Until: r.Until,
		PausedAt: r.PausedAt, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	for _, g := range r.Grants {
		permissions, err := models.ParsePermissions(strings.Split(g.Permissions, ","))
		if err != nil {
			return models.Share{}, fmt.Errorf("grant %s: %w", g.ID, err)
		}
		s.Grants = append(s.Grants, models.Grant{ID: g.ID, EnvironmentID: g.EnvironmentID, Permissions: permissions})
	}
	return s, nil
}

func rowOfShare(s models.Share) shareRow {
	return shareRow{
		ID: s.ID, OwnerAppID: s.OwnerAppID, GranteeAppID: s.GranteeAppID, Note: s.Note, Until: s.Until,
		PausedAt: s.PausedAt, Version: s.Version, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
}

func rowsOfGrants(s models.Share) []grantRow {
	rows := make([]grantRow, 0, len(s.Grants))
	for i, g := range s.Grants {
		rows = append(rows, grantRow{
			ID: g.ID, ShareID: s.ID, EnvironmentID: g.EnvironmentID,
			Permissions: strings.Join(g.Permissions.Keys(), ","), Position: i,
		})
	}
	return rows
}

// Insert adds a share with its grants. A second share of the same pair is a
// conflict (S6).
func (r Shares) Insert(ctx context.Context, share models.Share) error {
	return r.s.Tx(ctx, func(tx *Store) error {
		row := rowOfShare(share)
		if err := tx.writer(ctx).Omit("Grants").Create(&row).Error; err != nil {
			return translate(err)
		}
		return tx.Shares.insertGrants(ctx, share)
	})
}

func (r Shares) insertGrants(ctx context.Context, share models.Share) error {
	rows := rowsOfGrants(share)
	if len(rows) == 0 {
		return nil
	}
	return translate(r.s.writer(ctx).Create(&rows).Error)
}

// Update replaces note, end, pause and grants of the share whose version is
// share.Version-1. When somebody was faster, it is a conflict.
func (r Shares) Update(ctx context.Context, share models.Share) error {
	return r.s.Tx(ctx, func(tx *Store) error {
		row := rowOfShare(share)
		result := tx.writer(ctx).Model(&shareRow{}).Where("id = ? AND version = ?", share.ID, share.Version-1).
			Select("Note", "Until", "PausedAt", "Version", "UpdatedAt").UpdateColumns(row)
		if result.Error != nil {
			return translate(result.Error)
		}
		if result.RowsAffected == 0 {
			return models.E(models.CodeConflict, "error.share_changed_meanwhile")
		}
		if err := tx.writer(ctx).Where("share_id = ?", share.ID).Delete(&grantRow{}).Error; err != nil {
			return translate(err)
		}
		return tx.Shares.insertGrants(ctx, share)
	})
}

// Delete removes a share with its grants.
func (r Shares) Delete(ctx context.Context, id string) error {
	return affected(r.s.writer(ctx).Where("id = ?", id).Delete(&shareRow{}))
}

func (r Shares) query(ctx context.Context) *gorm.DB {
	return r.s.reader(ctx).Preload("Grants", func(db *gorm.DB) *gorm.DB { return db.Order("position") })
}

func sharesOf(rows []shareRow) ([]models.Share, error) {
	out := make([]models.Share, 0, len(rows))
	for _, row := range rows {
		s, err := row.model()
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (r Shares) one(db *gorm.DB) (models.Share, error) {
	var row shareRow
	if err := db.Take(&row).Error; err != nil {
		return models.Share{}, translate(err)
	}
	return row.model()
}

// ByID returns a share that involves the app, as owner or grantee; a share of
// others is not found.
func (r Shares) ByID(ctx context.Context, appID, id string) (models.Share, error) {
	return r.one(r.query(ctx).Where("id = ? AND (owner_app_id = ? OR grantee_app_id = ?)", id, appID, appID))
}

// Between returns the share of a pair.
func (r Shares) Between(ctx context.Context, ownerAppID, granteeAppID string) (models.Share, error) {
	return r.one(r.query(ctx).Where("owner_app_id = ? AND grantee_app_id = ?", ownerAppID, granteeAppID))
}

// Outgoing returns a page of what an app lends, newest first, and how many
// there are.
func (r Shares) Outgoing(ctx context.Context, appID string, page models.PageRequest) ([]models.Share, int64, error) {
	return r.page(ctx, "owner_app_id = ?", appID, page)
}

// Incoming returns a page of what an app borrows, newest first, and how many
// there are.
func (r Shares) Incoming(ctx context.Context, appID string, page models.PageRequest) ([]models.Share, int64, error) {
	return r.page(ctx, "grantee_app_id = ?", appID, page)
}

func (r Shares) page(ctx context.Context, where, appID string, page models.PageRequest) ([]models.Share, int64, error) {
	var total int64
	if err := r.s.reader(ctx).Model(&shareRow{}).Where(where, appID).Count(&total).Error; err != nil {
		return nil, 0, translate(err)
	}
	var rows []shareRow
	page = page.Clamped()
	err := r.query(ctx).Where(where, appID).Order("created_at DESC, id DESC").
		Offset(page.Offset()).Limit(page.Size).Find(&rows).Error
	if err != nil {
		return nil, 0, translate(err)
	}
	list, err := sharesOf(rows)
	return list, total, err
}

// AllIncoming returns everything that is lent to an app, oldest first.
func (r Shares) AllIncoming(ctx context.Context, appID string) ([]models.Share, error) {
	return r.all(r.query(ctx).Where("grantee_app_id = ?", appID))
}

// AllOutgoing returns everything that an app lends, oldest first.
func (r Shares) AllOutgoing(ctx context.Context, appID string) ([]models.Share, error) {
	return r.all(r.query(ctx).Where("owner_app_id = ?", appID))
}

// Lent reports whether a share that has not ended names an environment.
func (r Shares) Lent(ctx context.Context, environmentID string, now time.Time) (bool, error) {
	var n int64
	err := r.s.reader(ctx).Model(&shareRow{}).Joins("JOIN grants ON grants.share_id = shares.id").
		Where("grants.environment_id = ? AND (shares.until IS NULL OR shares.until > ?)", environmentID, now).Count(&n).Error
	return n > 0, translate(err)
}

func (r Shares) all(db *gorm.DB) ([]models.Share, error) {
	var rows []shareRow
	if err := db.Order("created_at, id").Find(&rows).Error; err != nil {
		return nil, translate(err)
	}
	return sharesOf(rows)
}
