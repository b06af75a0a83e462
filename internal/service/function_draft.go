package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// WorkingCopy is a function's code as one person sees it: the version that their
// changes began from, with these changes.
type WorkingCopy struct {
	Function models.Function
	// BaseVersion is the version that the changes began from: the one that runs
	// while nothing is changed.
	BaseVersion int
	Files       []WorkingFile // by path, removed ones included

	draft models.FunctionDraft // with an id once something is changed
}

// WorkingFile is a file of a working copy.
type WorkingFile struct {
	Path  string
	Data  []byte     // what it holds, for a removed one what it held
	State FileChange // "" as it was
}

// Digest tells contents of a file apart.
func (f WorkingFile) Digest() string {
	sum := sha256.Sum256(f.Data)
	return hex.EncodeToString(sum[:])
}

// Changed is how many files are changed.
func (w WorkingCopy) Changed() int {
	n := 0
	for _, f := range w.Files {
		if f.State != "" {
			n++
		}
	}
	return n
}

// Outdated reports that another version was deployed since the changes began.
func (w WorkingCopy) Outdated() bool {
	return w.draft.ID != "" && w.draft.BaseID != w.Function.ActiveID
}

// File returns a file that is there.
func (w WorkingCopy) File(path string) (WorkingFile, bool) {
	for _, f := range w.Files {
		if f.Path == path && f.State != FileRemoved {
			return f, true
		}
	}
	return WorkingFile{}, false
}

// present are the files without removed ones.
func (w WorkingCopy) present() []SourceFile {
	var files []SourceFile
	for _, f := range w.Files {
		if f.State != FileRemoved {
			files = append(files, SourceFile{Path: f.Path, Data: f.Data})
		}
	}
	return files
}

// workingCopy puts a draft over the version that it began from.
func workingCopy(f models.Function, draft models.FunctionDraft, base []SourceFile, changes []models.FunctionDraftFile) WorkingCopy {
	w := WorkingCopy{Function: f, BaseVersion: draft.BaseVersion, draft: draft}
	changed := map[string]models.FunctionDraftFile{}
	for _, c := range changes {
		changed[c.Path] = c
	}
	for _, b := range base {
		file := WorkingFile{Path: b.Path, Data: b.Data}
		if c, ok := changed[b.Path]; ok {
			delete(changed, b.Path)
			switch {
			case c.Removed:
				file.State = FileRemoved
			case string(c.Content) != string(b.Data):
				file.Data, file.State = c.Content, FileEdited
			}
		}
		w.Files = append(w.Files, file)
	}
	for _, c := range changed {
		if !c.Removed {
			w.Files = append(w.Files, WorkingFile{Path: c.Path, Data: c.Content, State: FileAdded})
		}
	}
	slices.SortFunc(w.Files, func(a, b WorkingFile) int { return strings.Compare(a.Path, b.Path) })
	return w
}

// Code returns the code of a function with what the actor changed of it. Needs
// functions.view; changes are shown to their author alone, and only while they
// may change the function.
func (s *Functions) Code(ctx context.Context, actor models.Actor, appID, env, name string) (WorkingCopy, error) {
	place, _, view, err := s.look(ctx, s.store, actor, appID, env)
	if err != nil {
		return WorkingCopy{}, err
	}
	if err := models.MayUse(place, view, models.FunctionsView, s.now()).Err(); err != nil {
		return WorkingCopy{}, err
	}
	mine := models.MayChangeFunction(place, view, name, s.now()).Allowed
	return s.copyOf(ctx, s.store, actor, env, name, mine)
}

func (s *Functions) copyOf(ctx context.Context, tx *store.Store, actor models.Actor, env, name string, mine bool) (WorkingCopy, error) {
	f, err := tx.Functions.ByName(ctx, env, name)
	if err != nil {
		return WorkingCopy{}, err
	}
	draft := models.FunctionDraft{BaseID: f.ActiveID, BaseVersion: f.ActiveVersion}
	var changes []models.FunctionDraftFile
	if mine {
		found, err := tx.FunctionDrafts.Of(ctx, f.ID, actor.UserID)
		switch {
		case err == nil:
			draft = found
			if changes, err = tx.FunctionDrafts.Files(ctx, draft.ID); err != nil {
				return WorkingCopy{}, err
			}
		case !models.IsCode(err, models.CodeNotFound):
			return WorkingCopy{}, err
		}
	}
	archive, err := tx.Functions.Source(ctx, draft.BaseID)
	if err != nil {
		return WorkingCopy{}, err
	}
	base, err := readZip(archive, maxSourceBytes, maxSourceFiles)
	return workingCopy(f, draft, base, changes), err
}

// work changes the actor's working copy of a function, making it when there is
// none. Nothing of it runs, and nobody else sees it, until it is deployed.
func (s *Functions) work(ctx context.Context, actor models.Actor, appID, env, name string, f func(tx *store.Store, w WorkingCopy) error) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		place, _, view, err := s.look(ctx, tx, actor, appID, env)
		if err != nil {
			return err
		}
		if err := models.MayChangeFunction(place, view, name, s.now()).Err(); err != nil {
			return err
		}
		w, err := s.copyOf(ctx, tx, actor, env, name, true)
		if err != nil {
			return err
		}
		if w.draft.ID == "" {
			w.draft.ID, w.draft.FunctionID, w.draft.UserID, w.draft.UpdatedAt = newID(), w.Function.ID, actor.UserID, s.now()
			if err := tx.FunctionDrafts.Insert(ctx, w.draft); err != nil {
				return err
			}
		}
		if err := f(tx, w); err != nil {
			return err
		}
		return s.settle(ctx, tx, actor, env, name)
	})
}

// settle notes that a working copy was changed, and forgets one in which nothing
// is changed any more.
func (s *Functions) settle(ctx context.Context, tx *store.Store, actor models.Actor, env, name string) error {
	w, err := s.copyOf(ctx, tx, actor, env, name, true)
	if err != nil || w.draft.ID == "" {
		return err
	}
	if w.Changed() == 0 {
		return tx.FunctionDrafts.Delete(ctx, w.draft.ID)
	}
	if w.Changed() > models.MaxDraftFiles {
		return fieldError("path", "error.draft_too_many", "max", models.MaxDraftFiles)
	}
	if err := boundDraft(w.present()); err != nil {
		return err
	}
	// Each change is later than the one before, so that deploying tells them apart.
	before := w.draft.UpdatedAt
	if w.draft.UpdatedAt = s.now(); !w.draft.UpdatedAt.After(before) {
		w.draft.UpdatedAt = before.Add(time.Millisecond)
	}
	return tx.FunctionDrafts.Update(ctx, w.draft)
}

// boundDraft refuses a working copy that is larger than code may be.
func boundDraft(files []SourceFile) error {
	total := 0
	for _, f := range files {
		total += len(f.Data)
	}
	if len(files) > maxSourceFiles || total > maxSourceBytes {
		return fieldError("path", "error.code_too_large", "mb", maxSourceBytes>>20, "files", maxSourceFiles)
	}
	return nil
}

// fieldError is an invalid error about one field.
func fieldError(field, key string, namesAndValues ...any) error {
	msg := models.M(key, namesAndValues...)
	return &models.Error{Code: models.CodeInvalid, Msg: msg, Fields: models.Fields{field: msg}}
}
