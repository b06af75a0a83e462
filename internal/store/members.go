package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"envshare/models"
)

// Member is a user with a role in an app.
type Member struct {
	UserID, Username string
	Role             models.Role
	Disabled         bool // kept from signing in
}

func (r Users) members(ctx context.Context, appID, text string) *gorm.DB {
	db := r.s.reader(ctx).Table("memberships").Joins("JOIN users ON users.id = memberships.user_id").Where("memberships.app_id = ?", appID)
	if text != "" {
		db = db.Where(holds(db, "users.username"), containing(text))
	}
	return db
}

// CountMembers returns how many members of an app have a name that holds a text.
func (r Users) CountMembers(ctx context.Context, appID, text string) (int64, error) {
	var n int64
	return n, translate(r.members(ctx, appID, text).Count(&n).Error)
}

// Members returns a page of the members of an app whose names hold a text, by user
// name.
func (r Users) Members(ctx context.Context, appID, text string, page models.PageRequest) ([]Member, error) {
	var rows []struct {
		UserID, Username, Role string
		DisabledAt             *time.Time
	}
	page = page.Clamped()
	err := r.members(ctx, appID, text).Select("memberships.user_id, users.username, users.disabled_at, memberships.role").
		Order("users.username").Offset(page.Offset()).Limit(page.Size).Scan(&rows).Error
	if err != nil {
		return nil, translate(err)
	}
	out := make([]Member, len(rows))
	for i, row := range rows {
		role, err := models.ParseRole(row.Role)
		if err != nil {
			return nil, err
		}
		out[i] = Member{UserID: row.UserID, Username: row.Username, Role: role, Disabled: row.DisabledAt != nil}
	}
	return out, nil
}

// CountAdmins returns how many administrators an app has who are not kept from
// signing in.
func (r Users) CountAdmins(ctx context.Context, appID string) (int, error) {
	var n int64
	err := r.s.reader(ctx).Model(&membershipRow{}).Joins("JOIN users ON users.id = memberships.user_id AND users.disabled_at IS NULL").
		Where("memberships.app_id = ? AND memberships.role = ?", appID, models.RoleAdmin.String()).Count(&n).Error
	return int(n), translate(err)
}

// Invitations keeps the invitations to apps; never their links.
type Invitations struct{ s *Store }

type invitationRow struct {
	models.Invitation
	Role string
}

func (invitationRow) TableName() string { return "invitations" }

func (r invitationRow) model() (models.Invitation, error) {
	var err error
	r.Invitation.Role, err = models.ParseRole(r.Role)
	return r.Invitation, err
}

// Insert adds an invitation.
func (r Invitations) Insert(ctx context.Context, i models.Invitation) error {
	i.InvitedByName = fit(i.InvitedByName, 64)
	return translate(r.s.writer(ctx).Create(&invitationRow{Invitation: i, Role: i.Role.String()}).Error)
}

func (r Invitations) one(db *gorm.DB) (models.Invitation, error) {
	var row invitationRow
	if err := db.Take(&row).Error; err != nil {
		return models.Invitation{}, translate(err)
	}
	return row.model()
}

// ByDigest returns the invitation whose link has this digest.
func (r Invitations) ByDigest(ctx context.Context, digest string) (models.Invitation, error) {
	return r.one(r.s.reader(ctx).Where("digest = ?", digest))
}

// ByID returns an invitation to an app.
func (r Invitations) ByID(ctx context.Context, appID, id string) (models.Invitation, error) {
	return r.one(r.s.reader(ctx).Where("id = ? AND app_id = ?", id, appID))
}

// List returns the latest invitations to an app, newest first.
func (r Invitations) List(ctx context.Context, appID string, limit int) ([]models.Invitation, error) {
	var rows []invitationRow
	if err := r.s.reader(ctx).Where("app_id = ?", appID).Order("created_at DESC, id DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, translate(err)
	}
	out := make([]models.Invitation, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = row.model(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// CountOpen returns how many invitations to an app can be accepted.
func (r Invitations) CountOpen(ctx context.Context, appID string, now time.Time) (int64, error) {
	var n int64
	return n, translate(r.open(r.s.reader(ctx)).Where("app_id = ? AND expires_at > ?", appID, now.UTC()).Count(&n).Error)
}

func (r Invitations) open(db *gorm.DB) *gorm.DB {
	return db.Model(&invitationRow{}).Where("accepted_at IS NULL AND revoked_at IS NULL")
}

// Accept notes that an invitation was accepted; one that is not open any more is
// not found, so that of two who accept at once only one does.
func (r Invitations) Accept(ctx context.Context, id, username string, at time.Time) error {
	return affected(r.open(r.s.writer(ctx)).Where("id = ?", id).
		UpdateColumns(map[string]any{"accepted_at": at.UTC(), "accepted_by_name": fit(username, 64)}))
}

// Revoke ends an invitation that is open.
func (r Invitations) Revoke(ctx context.Context, id string, at time.Time) error {
	return affected(r.open(r.s.writer(ctx)).Where("id = ?", id).UpdateColumn("revoked_at", at.UTC()))
}

// RevokeAllOf ends the open invitations that a user made to any app.
func (r Invitations) RevokeAllOf(ctx context.Context, userID string, at time.Time) error {
	return translate(r.open(r.s.writer(ctx)).Where("invited_by = ?", userID).UpdateColumn("revoked_at", at.UTC()).Error)
}

// RevokeOf ends the open invitations that a user made to an app.
func (r Invitations) RevokeOf(ctx context.Context, appID, userID string, at time.Time) error {
	return translate(r.open(r.s.writer(ctx)).Where("app_id = ? AND invited_by = ?", appID, userID).UpdateColumn("revoked_at", at.UTC()).Error)
}
