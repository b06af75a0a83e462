package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"envshare/models"
)

// Files keeps what is known of files; their bytes are blobs.
type Files struct{ s *Store }

type blobDeletion struct {
	BlobKey   string `gorm:"primaryKey"`
	CreatedAt time.Time
}

type usedTicket struct {
	ID        string `gorm:"primaryKey"`
	ExpiresAt time.Time
}

// ByPath returns a file of an environment.
func (r Files) ByPath(ctx context.Context, env, path string) (models.File, error) {
	var f models.File
	return f, translate(r.s.reader(ctx).Take(&f, "environment_id = ? AND path = ?", env, path).Error)
}

// ByPaths returns those files of an environment that exist.
func (r Files) ByPaths(ctx context.Context, env string, paths []string) ([]models.File, error) {
	var list []models.File
	return list, translate(r.s.reader(ctx).Find(&list, "environment_id = ? AND path IN ?", env, paths).Error)
}

// Put adds a file, or takes the place of the one that has its path, whose bytes
// are marked for deletion. Call it in a transaction.
func (r Files) Put(ctx context.Context, f models.File) error {
	old, err := r.ByPath(ctx, f.EnvironmentID, f.Path)
	switch {
	case err == nil:
		f.CreatedAt = old.CreatedAt
		if err := r.Discard(ctx, old.BlobKey, f.UpdatedAt); err != nil {
			return err
		}
	case !models.IsCode(err, models.CodeNotFound):
		return err
	}
	replace := clause.OnConflict{
		Columns:   []clause.Column{{Name: "environment_id"}, {Name: "path"}},
		DoUpdates: clause.AssignmentColumns([]string{"blob_key", "size", "content_type", "sha256", "owner_app_id", "owner_openid", "updated_at"}),
	}
	return translate(r.s.writer(ctx).Clauses(replace).Create(&f).Error)
}

// Delete removes a file and marks its bytes for deletion. Call it in a
// transaction.
func (r Files) Delete(ctx context.Context, env, path string, now time.Time) error {
	f, err := r.ByPath(ctx, env, path)
	if err != nil {
		return err
	}
	if err := affected(r.s.writer(ctx).Delete(&models.File{}, "environment_id = ? AND path = ?", env, path)); err != nil {
		return err
	}
	return r.Discard(ctx, f.BlobKey, now)
}

// Move gives a file another path, which must be free.
func (r Files) Move(ctx context.Context, env, from, to string, now time.Time) error {
	return affected(r.s.writer(ctx).Model(&models.File{}).Where("environment_id = ? AND path = ?", env, from).
		UpdateColumns(map[string]any{"path": to, "updated_at": now}))
}

// Discard marks bytes for deletion.
func (r Files) Discard(ctx context.Context, blobKey string, now time.Time) error {
	return translate(r.s.writer(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&blobDeletion{blobKey, now}).Error)
}

// Discarded returns bytes that are marked for deletion, oldest first.
func (r Files) Discarded(ctx context.Context, limit int) ([]string, error) {
	var keys []string
	return keys, translate(r.s.reader(ctx).Model(&blobDeletion{}).Order("created_at").Limit(limit).Pluck("blob_key", &keys).Error)
}

// Gone forgets bytes that were deleted.
func (r Files) Gone(ctx context.Context, keys []string) error {
	return translate(r.s.writer(ctx).Delete(&blobDeletion{}, "blob_key IN ?", keys).Error)
}

// Known returns which of these bytes belong to a file or are marked already.
func (r Files) Known(ctx context.Context, keys []string) (map[string]bool, error) {
	out := map[string]bool{}
	for _, table := range []any{&models.File{}, &blobDeletion{}} {
		var found []string
		if err := r.s.reader(ctx).Model(table).Where("blob_key IN ?", keys).Pluck("blob_key", &found).Error; err != nil {
			return nil, translate(err)
		}
		for _, key := range found {
			out[key] = true
		}
	}
	return out, nil
}

// UseTicket notes that a ticket was used; a second time is a conflict.
func (r Files) UseTicket(ctx context.Context, id string, expires time.Time) error {
	return translate(r.s.writer(ctx).Create(&usedTicket{id, expires}).Error)
}

// ForgetTickets drops the notes of tickets that have expired.
func (r Files) ForgetTickets(ctx context.Context, now time.Time) error {
	return translate(r.s.writer(ctx).Delete(&usedTicket{}, "expires_at < ?", now).Error)
}

// Listing is a page of a folder.
type Listing struct {
	Folders []string // names
	Files   []models.File
	Next    string // where the next page begins; "" for the last one
}

// List returns the folders and files directly below a folder, given as "" or
// "a/b/", in the order of their paths. after is the Next of the page before.
// Folders are stepped over, however much is in them.
func (r Files) List(ctx context.Context, env, folder, after string, limit int) (Listing, error) {
	var out Listing
	at := max(folder, after)
	for len(out.Folders)+len(out.Files) < limit {
		var page []models.File
		q := r.s.reader(ctx).Where("environment_id = ? AND path >= ?", env, at)
		if end := following(folder); end != "" {
			q = q.Where("path < ?", end)
		}
		if err := q.Order("path").Limit(limit - len(out.Folders) - len(out.Files)).Find(&page).Error; err != nil {
			return Listing{}, translate(err)
		}
		if len(page) == 0 {
			return out, nil
		}
		for _, f := range page {
			name, _, deeper := strings.Cut(f.Path[len(folder):], "/")
			if deeper {
				out.Folders = append(out.Folders, name)
				at = following(folder + name + "/")
				break
			}
			out.Files = append(out.Files, f)
			at = f.Path + "\x01" // no path has such a byte
		}
	}
	out.Next = at
	return out, nil
}

// Before returns where the page begins that ends right before at, and whether
// anything stands there. The first page begins at "".
func (r Files) Before(ctx context.Context, env, folder, at string, limit int) (start string, any bool, err error) {
	for found := 0; found < limit; {
		var page []models.File
		q := r.s.reader(ctx).Select("path").Where("environment_id = ? AND path >= ? AND path < ?", env, folder, at)
		if err := q.Order("path DESC").Limit(limit - found).Find(&page).Error; err != nil {
			return "", false, translate(err)
		}
		if len(page) == 0 {
			return "", any, nil
		}
		for _, f := range page {
			any, found, at = true, found+1, f.Path
			if name, _, deeper := strings.Cut(f.Path[len(folder):], "/"); deeper {
				at = folder + name + "/"
				break
			}
		}
	}
	return at, any, nil
}

// Sum is how many files there are and how long they are together.
type Sum struct{ Files, Bytes int64 }

// Sum adds up what is in a folder, given as "a/b/", and in those inside of it.
func (r Files) Sum(ctx context.Context, env, folder string) (Sum, error) {
	var out Sum
	return out, translate(r.s.reader(ctx).Model(&models.File{}).Select("COUNT(*) AS files, COALESCE(SUM(size), 0) AS bytes").
		Where("environment_id = ? AND path >= ? AND path < ?", env, folder, following(folder)).Scan(&out).Error)
}

// Total adds up all files of an environment.
func (r Files) Total(ctx context.Context, env string) (Sum, error) {
	var out Sum
	return out, translate(r.s.reader(ctx).Model(&models.File{}).Select("COUNT(*) AS files, COALESCE(SUM(size), 0) AS bytes").
		Where("environment_id = ?", env).Scan(&out).Error)
}

// following returns the first text behind all that begin with a folder.
func following(folder string) string {
	if folder == "" {
		return ""
	}
	return folder[:len(folder)-1] + "0" // the byte after the slash
}

// Below returns the files in a folder, given as "a/b/", and in those inside of it.
func (r Files) Below(ctx context.Context, env, folder string, limit int) ([]models.File, error) {
	var list []models.File
	return list, translate(r.s.reader(ctx).Order("path").Limit(limit).
		Find(&list, "environment_id = ? AND path >= ? AND path < ?", env, folder, following(folder)).Error)
}
