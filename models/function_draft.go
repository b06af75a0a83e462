package models

import "time"

// FunctionDraft is what one person changed of a function's code and has not
// deployed: their working copy, as the difference to the version it began from.
type FunctionDraft struct {
	ID          string `gorm:"primaryKey"`
	FunctionID  string
	UserID      string
	BaseID      string // the version that it began from
	BaseVersion int    // its number
	UpdatedAt   time.Time
}

// FunctionDraftFile is one file that a draft adds, changes or removes.
type FunctionDraftFile struct {
	DraftID string `gorm:"primaryKey"`
	Path    string `gorm:"primaryKey"`
	Content []byte
	Removed bool
}

// Limits of a draft.
const (
	// MaxEditableFile bounds a file that is edited in the console, in bytes.
	MaxEditableFile = 256 << 10
	// MaxDraftFiles bounds the files that a draft changes.
	MaxDraftFiles = 500
)
