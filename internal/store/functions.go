package store

import (
	"context"

	"gorm.io/gorm"

	"envshare/models"
)

// Functions keeps functions, their versions and the code of each version.
type Functions struct{ s *Store }

type archiveRow struct {
	VersionID string `gorm:"primaryKey"`
	Source    []byte
	Modules   []byte
}

func (archiveRow) TableName() string { return "function_archives" }

// Insert adds a function; a name that exists in the environment is a conflict.
func (r Functions) Insert(ctx context.Context, f models.Function) error {
	f.Variables = variables(f)
	return translate(r.s.writer(ctx).Create(&f).Error)
}

// variables returns none as an empty object: the column has no NULL.
func variables(f models.Function) map[string]string {
	if f.Variables == nil {
		return map[string]string{}
	}
	return f.Variables
}

// Update changes configuration and active version.
func (r Functions) Update(ctx context.Context, f models.Function) error {
	f.Variables = variables(f)
	return affected(r.s.writer(ctx).Model(&models.Function{}).Where("id = ?", f.ID).
		Select("TimeoutSeconds", "MemoryMB", "Concurrency", "Variables", "ActiveVersion", "ActiveID", "UpdatedAt").UpdateColumns(f))
}

// Delete removes a function with its versions and their code.
func (r Functions) Delete(ctx context.Context, id string) error {
	return affected(r.s.writer(ctx).Where("id = ?", id).Delete(&models.Function{}))
}

// ByName returns a function of an environment.
func (r Functions) ByName(ctx context.Context, environmentID, name string) (models.Function, error) {
	var f models.Function
	return f, translate(r.s.reader(ctx).Take(&f, "environment_id = ? AND name = ?", environmentID, name).Error)
}

// List returns the functions of an environment by name.
func (r Functions) List(ctx context.Context, environmentID string) ([]models.Function, error) {
	var list []models.Function
	return list, translate(r.s.reader(ctx).Order("name").Find(&list, "environment_id = ?", environmentID).Error)
}

// Names returns which of these environments have a function of that name.
func (r Functions) Names(ctx context.Context, name string, environmentIDs []string) (map[string]bool, error) {
	var ids []string
	err := r.s.reader(ctx).Model(&models.Function{}).Where("name = ? AND environment_id IN ?", name, environmentIDs).
		Pluck("environment_id", &ids).Error
	out := make(map[string]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, translate(err)
}

// InsertVersion adds a version with its source (a zip) and its installed
// modules (a zip, nil when there are none).
func (r Functions) InsertVersion(ctx context.Context, v models.FunctionVersion, source, modules []byte) error {
	return r.s.Tx(ctx, func(tx *Store) error {
		if err := tx.writer(ctx).Create(&v).Error; err != nil {
			return translate(err)
		}
		return translate(tx.writer(ctx).Create(&archiveRow{VersionID: v.ID, Source: source, Modules: modules}).Error)
	})
}

// Version returns a version of a function by number.
func (r Functions) Version(ctx context.Context, functionID string, number int) (models.FunctionVersion, error) {
	var v models.FunctionVersion
	return v, translate(r.s.reader(ctx).Take(&v, "function_id = ? AND number = ?", functionID, number).Error)
}

// HasVersion reports whether a version is one of a function's, by ids.
func (r Functions) HasVersion(ctx context.Context, functionID, versionID string) (bool, error) {
	var n int64
	err := r.s.reader(ctx).Model(&models.FunctionVersion{}).Where("id = ? AND function_id = ?", versionID, functionID).Count(&n).Error
	return n > 0, translate(err)
}

// LastVersion returns the highest version number of a function, 0 for none.
func (r Functions) LastVersion(ctx context.Context, functionID string) (int, error) {
	var n int
	err := r.s.reader(ctx).Model(&models.FunctionVersion{}).Where("function_id = ?", functionID).
		Select("COALESCE(MAX(number), 0)").Scan(&n).Error
	return n, translate(err)
}

// Versions returns the versions of a function, newest first, at most limit.
func (r Functions) Versions(ctx context.Context, functionID string, limit int) ([]models.FunctionVersion, error) {
	var list []models.FunctionVersion
	return list, translate(r.s.reader(ctx).Order("number DESC").Limit(limit).Find(&list, "function_id = ?", functionID).Error)
}

// Source returns the source of a version as a zip.
func (r Functions) Source(ctx context.Context, versionID string) ([]byte, error) {
	row, err := r.archive(r.s.reader(ctx).Select("source"), versionID)
	return row.Source, err
}

// Archive returns the source and the installed modules of a version as zips.
func (r Functions) Archive(ctx context.Context, versionID string) (source, modules []byte, err error) {
	row, err := r.archive(r.s.reader(ctx), versionID)
	return row.Source, row.Modules, err
}

func (r Functions) archive(db *gorm.DB, versionID string) (archiveRow, error) {
	var row archiveRow
	return row, translate(db.Take(&row, "version_id = ?", versionID).Error)
}
