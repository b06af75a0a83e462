package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"envshare/models"
)

// FunctionDrafts keeps what people changed of functions and have not deployed.
type FunctionDrafts struct{ s *Store }

// Of returns the draft that a person has of a function.
func (r FunctionDrafts) Of(ctx context.Context, functionID, userID string) (models.FunctionDraft, error) {
	var d models.FunctionDraft
	return d, translate(r.s.reader(ctx).Take(&d, "function_id = ? AND user_id = ?", functionID, userID).Error)
}

// Insert adds a draft; a second one of the same person and function is a
// conflict.
func (r FunctionDrafts) Insert(ctx context.Context, d models.FunctionDraft) error {
	return translate(r.s.writer(ctx).Create(&d).Error)
}

// Update changes what a draft began from, and when it was changed last.
func (r FunctionDrafts) Update(ctx context.Context, d models.FunctionDraft) error {
	return affected(r.s.writer(ctx).Model(&models.FunctionDraft{}).Where("id = ?", d.ID).
		Select("BaseID", "BaseVersion", "UpdatedAt").UpdateColumns(d))
}

// Delete removes a draft with its files; one that is not there is not missed.
func (r FunctionDrafts) Delete(ctx context.Context, id string) error {
	return translate(r.s.writer(ctx).Where("id = ?", id).Delete(&models.FunctionDraft{}).Error)
}

// DeleteUnchanged removes a draft that nobody changed after a moment.
func (r FunctionDrafts) DeleteUnchanged(ctx context.Context, id string, since time.Time) error {
	return translate(r.s.writer(ctx).Where("id = ? AND updated_at <= ?", id, since.UTC()).Delete(&models.FunctionDraft{}).Error)
}

// Files returns the files of a draft by path.
func (r FunctionDrafts) Files(ctx context.Context, id string) ([]models.FunctionDraftFile, error) {
	var list []models.FunctionDraftFile
	return list, translate(r.s.reader(ctx).Order("path").Find(&list, "draft_id = ?", id).Error)
}

// PutFile adds or replaces a file of a draft.
func (r FunctionDrafts) PutFile(ctx context.Context, f models.FunctionDraftFile) error {
	if f.Content == nil {
		f.Content = []byte{}
	}
	replace := clause.OnConflict{
		Columns:   []clause.Column{{Name: "draft_id"}, {Name: "path"}},
		DoUpdates: clause.AssignmentColumns([]string{"content", "removed"}),
	}
	return translate(r.s.writer(ctx).Clauses(replace).Create(&f).Error)
}

// DropFile lets a file of a draft be as it was.
func (r FunctionDrafts) DropFile(ctx context.Context, id, path string) error {
	return translate(r.s.writer(ctx).Where("draft_id = ? AND path = ?", id, path).Delete(&models.FunctionDraftFile{}).Error)
}
