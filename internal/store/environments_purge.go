package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"envshare/models"
)

// PurgedTables are the tables whose rows of an environment go with it as they
// are. Files, functions and transfers have more than rows and go by themselves.
func PurgedTables() []string {
	return []string{"invocations", "usage_days", "usage_counts", "denials", "client_verdicts", "visitors", "access_rules", "rule_versions", "credentials"}
}

// purgeRows removes the rows of an environment from one of PurgedTables, a batch
// at a time where there may be many.
func (r Environments) purgeRows(ctx context.Context, table, id string) error {
	if table != "invocations" {
		return translate(r.s.writer(ctx).Exec("DELETE FROM "+table+" WHERE environment_id = ?", id).Error)
	}
	for {
		result := r.s.writer(ctx).Exec("DELETE FROM invocations WHERE id IN (SELECT id FROM invocations WHERE environment_id = ? LIMIT ?)", id, purgeBatch)
		if result.Error != nil || result.RowsAffected == 0 {
			return translate(result.Error)
		}
	}
}

// purgeBatch is how many rows one transaction of a removal takes.
const purgeBatch = 500

// PurgeRows removes the rows of an environment from PurgedTables.
func (r Environments) PurgeRows(ctx context.Context, id string) error {
	for _, table := range PurgedTables() {
		if err := r.purgeRows(ctx, table, id); err != nil {
			return err
		}
	}
	return nil
}

// PurgeFiles removes the files of an environment, and marks their bytes for
// deletion with them.
func (r Environments) PurgeFiles(ctx context.Context, id string, now time.Time) error {
	for {
		n := 0
		err := r.s.Tx(ctx, func(tx *Store) error {
			var files []models.File
			if err := tx.reader(ctx).Select("path", "blob_key").Order("path").Limit(purgeBatch).Find(&files, "environment_id = ?", id).Error; err != nil {
				return translate(err)
			}
			if n = len(files); n == 0 {
				return nil
			}
			paths := make([]string, n)
			for i, f := range files {
				paths[i] = f.Path
				if err := tx.Files.Discard(ctx, f.BlobKey, now); err != nil {
					return err
				}
			}
			return translate(tx.writer(ctx).Delete(&models.File{}, "environment_id = ? AND path IN ?", id, paths).Error)
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// PurgeFunctions removes the functions of an environment with their versions and
// code, one at a time, and returns the ids of the versions that went.
func (r Environments) PurgeFunctions(ctx context.Context, id string) (versions []string, err error) {
	for {
		var f models.Function
		err := r.s.reader(ctx).Select("id").Take(&f, "environment_id = ?", id).Error
		if models.IsCode(translate(err), models.CodeNotFound) {
			return versions, nil
		}
		if err != nil {
			return versions, translate(err)
		}
		var some []string
		if err := r.s.reader(ctx).Model(&models.FunctionVersion{}).Where("function_id = ?", f.ID).Pluck("id", &some).Error; err != nil {
			return versions, translate(err)
		}
		if err := r.s.Functions.Delete(ctx, f.ID); err != nil && !models.IsCode(err, models.CodeNotFound) {
			return versions, err
		}
		versions = append(versions, some...)
	}
}

// EnvironmentContents is how much an environment holds, documents aside.
type EnvironmentContents struct {
	Functions, Files, Bytes int64
	Runs7Days, Runs30Days   int64 // of functions, as far as they are kept
}

// Contents counts what an environment holds.
func (r Environments) Contents(ctx context.Context, id string, now time.Time) (EnvironmentContents, error) {
	var out EnvironmentContents
	files, err := r.s.Files.SumAll(ctx, id)
	if err != nil {
		return out, err
	}
	out.Files, out.Bytes = files.Files, files.Bytes
	count := func(into *int64, db *gorm.DB) error { return translate(db.Count(into).Error) }
	if err := count(&out.Functions, r.s.reader(ctx).Model(&models.Function{}).Where("environment_id = ?", id)); err != nil {
		return out, err
	}
	runs := func(days int) *gorm.DB {
		return r.s.reader(ctx).Model(&models.Invocation{}).Where("environment_id = ? AND started_at >= ?", id, now.AddDate(0, 0, -days).UTC())
	}
	if err := count(&out.Runs7Days, runs(7)); err != nil {
		return out, err
	}
	return out, count(&out.Runs30Days, runs(30))
}
