package service

import (
	"context"
	"strings"

	"envshare/internal/store"
	"envshare/models"
)

// maxMoved bounds how many files move or go in one transaction.
const maxMoved = 1000

// cutSubject bounds what the audit log keeps of a path.
func cutSubject(path string) string {
	if len(path) <= 120 {
		return path
	}
	return strings.ToValidUTF8(path[:120], "") + "…"
}

// noted makes a change that needs storage.operate, and records it.
func (s *Files) noted(ctx context.Context, actor models.Actor, appID string, c *change, f func() error) error {
	if err := s.may(ctx, actor, appID, c.EnvironmentID, models.StorageOperate); err != nil {
		return err
	}
	err := f()
	s.calls.recorder.count(c.EnvironmentID, appID, models.StorageWrite, models.OutcomeOf(err))
	if err != nil {
		return err
	}
	return s.recordInEnvironment(ctx, actor, appID, *c)
}

// Remove deletes a file, or a folder given as "a/b/" with all that is in it.
// Needs storage.operate. Codes: file_unknown, also for an empty folder.
func (s *Files) Remove(ctx context.Context, actor models.Actor, appID, env, path string) error {
	c := change{Action: models.AuditFileDeleted, EnvironmentID: env, Subject: cutSubject(path)}
	return s.noted(ctx, actor, appID, &c, func() error {
		defer s.sweeper.hurry()
		held, err := s.holds(ctx, env, path)
		if err != nil {
			return err
		}
		c.Before = map[string]any{"files": held.Files, "bytes": held.Bytes}
		if !strings.HasSuffix(path, "/") {
			return s.remove(ctx, env, path)
		}
		return s.removeFolder(ctx, env, path)
	})
}

func (s *Files) removeFolder(ctx context.Context, env, folder string) error {
	if _, err := s.holds(ctx, env, folder); err != nil {
		return err
	}
	for {
		list, err := s.store.Files.Below(ctx, env, folder, maxMoved)
		if err != nil || len(list) == 0 {
			return err
		}
		err = s.store.Tx(ctx, func(tx *store.Store) error {
			for _, f := range list {
				if err := tx.Files.Delete(ctx, env, f.Path, s.now()); err != nil && !models.IsCode(err, models.CodeNotFound) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// Holds returns how much a path stands for: a file, or all that is in a folder,
// given as "a/b/". Needs storage.view. Codes: file_unknown, also for an empty
// folder.
func (s *Files) Holds(ctx context.Context, actor models.Actor, appID, env, path string) (store.Sum, error) {
	if err := s.may(ctx, actor, appID, env, models.StorageView); err != nil {
		return store.Sum{}, err
	}
	return s.holds(ctx, env, path)
}

func (s *Files) holds(ctx context.Context, env, path string) (store.Sum, error) {
	unknown := models.E(models.CodeFileUnknown, "call.file_unknown", "file", path)
	if !strings.HasSuffix(path, "/") {
		f, err := s.store.Files.ByPath(ctx, env, path)
		if models.IsCode(err, models.CodeNotFound) {
			return store.Sum{}, unknown
		}
		return store.Sum{Files: 1, Bytes: f.Size}, err
	}
	if !isFolder(path) {
		return store.Sum{}, unknown
	}
	sum, err := s.store.Files.Sum(ctx, env, path)
	if err == nil && sum.Files == 0 {
		err = unknown
	}
	return sum, err
}

// Move gives a file, or all files of a folder, another place, which must be free.
// Needs storage.operate. Codes: invalid, conflict, file_unknown.
func (s *Files) Move(ctx context.Context, actor models.Actor, appID, env, from, to string) error {
	c := change{Action: models.AuditFileMoved, EnvironmentID: env, Subject: cutSubject(from + " → " + to)}
	c.Before, c.After = map[string]any{"path": from}, map[string]any{"path": to}
	return s.noted(ctx, actor, appID, &c, func() error {
		folder := strings.HasSuffix(from, "/")
		if models.CheckFilePath(strings.TrimSuffix(to, "/")) != nil || folder != strings.HasSuffix(to, "/") {
			return models.E(models.CodeInvalid, "error.file_path", "max", models.MaxFilePath)
		}
		if !folder {
			return s.copyOne(ctx, ticket{Env: env, AppID: appID}, CopyRequest{From: from, To: to, Move: true})
		}
		if strings.HasPrefix(to, from) {
			return models.E(models.CodeInvalid, "error.folder_into_itself")
		}
		return s.moveFolder(ctx, env, from, to)
	})
}

// moveFolder moves all files or none.
func (s *Files) moveFolder(ctx context.Context, env, from, to string) error {
	list, err := s.store.Files.Below(ctx, env, from, maxMoved+1)
	switch {
	case err != nil:
		return err
	case len(list) == 0:
		return models.E(models.CodeFileUnknown, "call.file_unknown", "file", from)
	case len(list) > maxMoved:
		return models.E(models.CodeInvalid, "error.folder_large", "max", maxMoved)
	}
	err = s.store.Tx(ctx, func(tx *store.Store) error {
		for _, f := range list {
			target := to + f.Path[len(from):]
			if err := models.CheckFilePath(target); err != nil {
				return err
			}
			if err := tx.Files.Move(ctx, env, f.Path, target, s.now()); err != nil {
				return err
			}
		}
		return nil
	})
	if models.IsCode(err, models.CodeConflict) {
		return models.E(models.CodeConflict, "error.file_exists", "path", to)
	}
	return err
}
