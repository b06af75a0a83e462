package service

import (
	"bytes"
	"context"
	"strings"

	"envshare/internal/store"
	"envshare/models"
)

// FileEdit is a file as somebody edited it.
type FileEdit struct {
	Path    string
	Content string
	// Seen is the digest of what the editing began with. When the file is another
	// by then, saving is a conflict.
	Seen string
}

// SaveFile keeps an edited file in the actor's working copy. Needs
// functions.operate, and the owner's side for cloudbase_auth (S10). Field error
// content; conflict when the file was changed meanwhile, as in another tab.
func (s *Functions) SaveFile(ctx context.Context, actor models.Actor, appID, env, name string, e FileEdit) error {
	return s.work(ctx, actor, appID, env, name, func(tx *store.Store, w WorkingCopy) error {
		file, ok := w.File(e.Path)
		if !ok {
			return models.E(models.CodeNotFound, "error.not_found")
		}
		content := sameNewlines(e.Content, file.Data)
		if len(content) > models.MaxEditableFile {
			return fieldError("content", "error.code_file_too_large", "kb", models.MaxEditableFile>>10)
		}
		if bytes.Equal(content, file.Data) {
			return nil
		}
		if e.Seen != file.Digest() {
			return models.E(models.CodeConflict, "error.code_file_changed")
		}
		return tx.FunctionDrafts.PutFile(ctx, models.FunctionDraftFile{DraftID: w.draft.ID, Path: e.Path, Content: content})
	})
}

// sameNewlines writes the ends of lines as the file has them: forms send all of
// them as CR LF.
func sameNewlines(text string, before []byte) []byte {
	lines := strings.ReplaceAll(text, "\r\n", "\n")
	if bytes.Contains(before, []byte("\r\n")) {
		lines = strings.ReplaceAll(lines, "\n", "\r\n")
	}
	return []byte(lines)
}

// AddFile adds an empty file to the actor's working copy and returns its path.
// Needs functions.operate, and the owner's side for cloudbase_auth. Field error
// path.
func (s *Functions) AddFile(ctx context.Context, actor models.Actor, appID, env, name, path string) (string, error) {
	var added string
	return added, s.work(ctx, actor, appID, env, name, func(tx *store.Store, w WorkingCopy) error {
		var err error
		if added, err = w.freePath(path, ""); err != nil {
			return err
		}
		return tx.FunctionDrafts.PutFile(ctx, models.FunctionDraftFile{DraftID: w.draft.ID, Path: added})
	})
}

// RenameFile gives a file of the actor's working copy another path, which it
// returns. Needs functions.operate, and the owner's side for cloudbase_auth.
// Field error path.
func (s *Functions) RenameFile(ctx context.Context, actor models.Actor, appID, env, name, from, to string) (string, error) {
	var renamed string
	return renamed, s.work(ctx, actor, appID, env, name, func(tx *store.Store, w WorkingCopy) error {
		file, ok := w.File(from)
		if !ok {
			return models.E(models.CodeNotFound, "error.not_found")
		}
		var err error
		if renamed, err = w.freePath(to, from); err != nil || renamed == from {
			return err
		}
		if err := tx.FunctionDrafts.PutFile(ctx, models.FunctionDraftFile{DraftID: w.draft.ID, Path: renamed, Content: file.Data}); err != nil {
			return err
		}
		return s.takeOut(ctx, tx, w, file)
	})
}

// DeleteFile takes a file out of the actor's working copy. Needs
// functions.operate, and the owner's side for cloudbase_auth.
func (s *Functions) DeleteFile(ctx context.Context, actor models.Actor, appID, env, name, path string) error {
	return s.work(ctx, actor, appID, env, name, func(tx *store.Store, w WorkingCopy) error {
		file, ok := w.File(path)
		if !ok {
			return models.E(models.CodeNotFound, "error.not_found")
		}
		return s.takeOut(ctx, tx, w, file)
	})
}

func (s *Functions) takeOut(ctx context.Context, tx *store.Store, w WorkingCopy, file WorkingFile) error {
	if file.State == FileAdded {
		return tx.FunctionDrafts.DropFile(ctx, w.draft.ID, file.Path)
	}
	return tx.FunctionDrafts.PutFile(ctx, models.FunctionDraftFile{DraftID: w.draft.ID, Path: file.Path, Removed: true})
}

// RestoreFile lets a file of the actor's working copy be as it was in the version
// that the changes began from. Needs functions.operate, and the owner's side for
// cloudbase_auth.
func (s *Functions) RestoreFile(ctx context.Context, actor models.Actor, appID, env, name, path string) error {
	return s.work(ctx, actor, appID, env, name, func(tx *store.Store, w WorkingCopy) error {
		return tx.FunctionDrafts.DropFile(ctx, w.draft.ID, path)
	})
}

// freePath checks a path for a file that is to be there, beside what is; except
// is one that makes room.
func (w WorkingCopy) freePath(path, except string) (string, error) {
	clean, err := cleanPath(path)
	switch {
	case err != nil:
		return "", fieldError("path", "error.code_path", "path", strings.ToValidUTF8(path, "?"))
	case clean == "":
		return "", fieldError("path", "error.required")
	case leftover(clean) || clean == "node_modules" || strings.HasPrefix(clean, "node_modules/"):
		return "", fieldError("path", "error.code_path_reserved", "path", clean)
	}
	for _, f := range w.present() {
		if f.Path == except {
			continue
		}
		if f.Path == clean || strings.HasPrefix(f.Path, clean+"/") || strings.HasPrefix(clean, f.Path+"/") {
			return "", fieldError("path", "error.code_path_twice", "path", f.Path)
		}
	}
	return clean, nil
}

// DiscardDraft forgets what the actor changed of a function. Needs
// functions.operate, and the owner's side for cloudbase_auth.
func (s *Functions) DiscardDraft(ctx context.Context, actor models.Actor, appID, env, name string) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		place, _, view, err := s.look(ctx, tx, actor, appID, env)
		if err != nil {
			return err
		}
		if err := models.MayChangeFunction(place, view, name, s.now()).Err(); err != nil {
			return err
		}
		w, err := s.copyOf(ctx, tx, actor, env, name, true)
		if err != nil || w.draft.ID == "" {
			return err
		}
		return tx.FunctionDrafts.Delete(ctx, w.draft.ID)
	})
}

// TakeIn puts the actor's changes over the version that runs now: files that they
// did not touch become what others made of them, files that they did stay theirs.
// Needs functions.operate, and the owner's side for cloudbase_auth.
func (s *Functions) TakeIn(ctx context.Context, actor models.Actor, appID, env, name string) error {
	return s.work(ctx, actor, appID, env, name, func(tx *store.Store, w WorkingCopy) error {
		w.draft.BaseID, w.draft.BaseVersion = w.Function.ActiveID, w.Function.ActiveVersion
		return tx.FunctionDrafts.Update(ctx, w.draft)
	})
}

// DeployDraft deploys a working copy of the actor's, as Code returned it, as one new
// version, over the version whose id they saw running. Needs what Deploy needs.
// Another version that runs by then is a conflict, and the working copy stays. A
// function that was deleted since Code returned it is the conflict
// error.function_deleted_meanwhile, also when there is another one of its name: its
// working copies went with it, and w is all that is left of this one.
func (s *Functions) DeployDraft(ctx context.Context, actor models.Actor, appID, env string, w WorkingCopy, over, note string) (models.Function, error) {
	source, err := NewSource(w.present())
	if err != nil {
		return models.Function{}, err
	}
	deployed, err := s.Deploy(ctx, actor, appID, env, Deployment{Name: w.Function.Name, Source: source, Note: note, Over: over, draft: &w.draft})
	if models.IsCode(err, models.CodeConflict) || models.FieldErrors(err) != nil {
		// Whatever else is wrong: without its function, nothing is kept of the copy.
		if failed := s.stillThere(ctx, env, w.Function); failed != nil {
			return models.Function{}, failed
		}
	}
	return deployed, err
}

// stillThere refuses a function that was deleted since, though there may be another
// one of its name.
func (s *Functions) stillThere(ctx context.Context, env string, f models.Function) error {
	now, err := s.store.Functions.ByName(ctx, env, f.Name)
	if models.IsCode(err, models.CodeNotFound) || err == nil && now.ID != f.ID {
		return functionDeleted(f.Name)
	}
	return err
}

func functionDeleted(name string) error {
	return models.E(models.CodeConflict, "error.function_deleted_meanwhile", "name", name)
}
