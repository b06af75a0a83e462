package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"envshare/models"
)

// Principals keeps the principals.
type Principals struct{ s *Store }

// Save inserts a principal or changes its name.
func (r Principals) Save(ctx context.Context, p models.Principal) error {
	return translate(r.s.writer(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"name"}),
	}).Create(&p).Error)
}

// ByID returns a principal.
func (r Principals) ByID(ctx context.Context, id string) (models.Principal, error) {
	var p models.Principal
	return p, translate(r.s.reader(ctx).Take(&p, "id = ?", id).Error)
}

// List returns all principals by id.
func (r Principals) List(ctx context.Context) ([]models.Principal, error) {
	var list []models.Principal
	return list, translate(r.s.reader(ctx).Order("id").Find(&list).Error)
}

// Apps keeps the apps.
type Apps struct{ s *Store }

// Insert adds an app.
func (r Apps) Insert(ctx context.Context, a models.App) error {
	return translate(r.s.writer(ctx).Create(&a).Error)
}

// Update changes an app's name, kind and principal.
func (r Apps) Update(ctx context.Context, a models.App) error {
	return affected(r.s.writer(ctx).Model(&models.App{}).Where("app_id = ?", a.AppID).
		Select("Name", "Kind", "PrincipalID").Updates(a))
}

// SetSharing stores whether environment sharing is on.
func (r Apps) SetSharing(ctx context.Context, appID string, on bool) error {
	return affected(r.s.writer(ctx).Model(&models.App{}).Where("app_id = ?", appID).Update("sharing", on))
}

// SetWebDomains stores the hosts that a login of the app may return to.
func (r Apps) SetWebDomains(ctx context.Context, appID string, domains []string) error {
	return affected(r.s.writer(ctx).Model(&models.App{}).Where("app_id = ?", appID).Select("WebDomains").Updates(models.App{WebDomains: domains}))
}

// SetSecret stores the app's secret in its sealed form.
func (r Apps) SetSecret(ctx context.Context, appID string, sealed []byte) error {
	return affected(r.s.writer(ctx).Table("apps").Where("app_id = ?", appID).Update("secret_sealed", sealed))
}

// Secret returns the app's secret in its sealed form, nil when there is none.
func (r Apps) Secret(ctx context.Context, appID string) ([]byte, error) {
	var row struct{ SecretSealed []byte }
	err := r.s.reader(ctx).Table("apps").Select("secret_sealed").Where("app_id = ?", appID).Take(&row).Error
	return row.SecretSealed, translate(err)
}

// ByID returns an app.
func (r Apps) ByID(ctx context.Context, appID string) (models.App, error) {
	var a models.App
	return a, translate(r.s.reader(ctx).Take(&a, "app_id = ?", appID).Error)
}

// ByIDs returns the apps with these AppIDs, by AppID.
func (r Apps) ByIDs(ctx context.Context, appIDs []string) (map[string]models.App, error) {
	var list []models.App
	if err := r.s.reader(ctx).Find(&list, "app_id IN ?", appIDs).Error; err != nil {
		return nil, translate(err)
	}
	out := make(map[string]models.App, len(list))
	for _, a := range list {
		out[a.AppID] = a
	}
	return out, nil
}

// List returns all apps by creation.
func (r Apps) List(ctx context.Context) ([]models.App, error) {
	var list []models.App
	return list, translate(r.s.reader(ctx).Order("created_at, app_id").Find(&list).Error)
}

// Environments keeps the environments. Those that were deleted are kept for a
// while: only the methods that say so find them.
type Environments struct{ s *Store }

// live are the environments that were not deleted. Every query of them begins
// here.
func (r Environments) live(db *gorm.DB) *gorm.DB {
	return db.Model(&models.Environment{}).Where("deleted_at IS NULL")
}

// Insert adds an environment; an id that exists is a conflict, also while the
// deleted environment that had it is kept.
func (r Environments) Insert(ctx context.Context, e models.Environment) error {
	return translate(r.s.writer(ctx).Create(&e).Error)
}

// Rename changes an environment's name.
func (r Environments) Rename(ctx context.Context, id, name string) error {
	return affected(r.live(r.s.writer(ctx)).Where("id = ?", id).Update("name", name))
}

// SetPolicy stores what the owner decided about clients.
func (r Environments) SetPolicy(ctx context.Context, id string, p models.ClientPolicy) error {
	return affected(r.live(r.s.writer(ctx)).Where("id = ?", id).Select("UnauthenticatedAccess", "AllowedOrigins").
		Updates(models.Environment{UnauthenticatedAccess: p.Unauthenticated, AllowedOrigins: p.Origins}))
}

// ByID returns an environment.
func (r Environments) ByID(ctx context.Context, id string) (models.Environment, error) {
	var e models.Environment
	return e, translate(r.live(r.s.reader(ctx)).Take(&e, "id = ?", id).Error)
}

// ByIDs returns the environments with these ids, by id.
func (r Environments) ByIDs(ctx context.Context, ids []string) (map[string]models.Environment, error) {
	var list []models.Environment
	if err := r.live(r.s.reader(ctx)).Find(&list, "id IN ?", ids).Error; err != nil {
		return nil, translate(err)
	}
	out := make(map[string]models.Environment, len(list))
	for _, e := range list {
		out[e.ID] = e
	}
	return out, nil
}

// OwnedBy returns the environments of an app, oldest first.
func (r Environments) OwnedBy(ctx context.Context, appID string) ([]models.Environment, error) {
	var list []models.Environment
	return list, translate(r.live(r.s.reader(ctx)).Order("created_at, id").Find(&list, "app_id = ?", appID).Error)
}

// Owners returns the AppID of the owner of every environment that has one of
// these ids, by id.
func (r Environments) Owners(ctx context.Context, ids []string) (map[string]string, error) {
	envs, err := r.ByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(envs))
	for id, e := range envs {
		out[id] = e.AppID
	}
	return out, nil
}
