package service

import (
	"context"
	"errors"

	"envshare/internal/store"
	"envshare/models"
)

// CopyRequest copies a file inside of an environment, or moves it.
type CopyRequest struct {
	From, To  string // paths
	Overwrite bool
	Move      bool
}

// Copy copies or moves files; each has its own result. Needs storage.write, and
// storage.read for what is read.
func (s *Files) Copy(ctx context.Context, cred Credential, info CallInfo, list []CopyRequest) (_ []FileResult, err error) {
	defer s.calls.countedFor(&cred, &info, models.StorageWrite, &err)
	env, err := s.calls.authorize(ctx, cred, info, models.StorageWrite)
	if err == nil {
		_, err = s.calls.authorize(ctx, cred, info, models.StorageRead)
	}
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || len(list) > maxFileBatch {
		return nil, models.E(models.CodeInvalid, "call.files_count", "max", maxFileBatch)
	}
	out := make([]FileResult, len(list))
	for i, one := range list {
		out[i].FileID = models.FileID(env, one.To)
		out[i].Err = s.copyOne(ctx, ticket{Env: env, AppID: cred.AppID(), OpenID: cred.claims.User.OpenID}, one)
		if models.CodeOf(out[i].Err) == models.CodeInternal && out[i].Err != nil {
			return nil, out[i].Err
		}
	}
	s.sweeper.hurry()
	return out, nil
}

// copyOne copies bytes, so that each file can go without the other.
func (s *Files) copyOne(ctx context.Context, t ticket, c CopyRequest) error {
	if err := errors.Join(models.CheckFilePath(c.From), models.CheckFilePath(c.To)); err != nil {
		return models.E(models.CodeInvalid, "error.file_path", "max", models.MaxFilePath)
	}
	from, err := s.store.Files.ByPath(ctx, t.Env, c.From)
	if models.IsCode(err, models.CodeNotFound) {
		return models.E(models.CodeFileUnknown, "call.file_unknown", "file", models.FileID(t.Env, c.From))
	}
	if err != nil || c.From == c.To {
		return err
	}
	if !c.Overwrite {
		if _, err := s.store.Files.ByPath(ctx, t.Env, c.To); err == nil {
			return models.E(models.CodeConflict, "error.file_exists", "path", c.To)
		}
	}
	if c.Move {
		return onlyWhereFree(c.To, s.store.Tx(ctx, func(tx *store.Store) error {
			if c.Overwrite {
				err := tx.Files.Delete(ctx, t.Env, c.To, s.now())
				if err != nil && !models.IsCode(err, models.CodeNotFound) {
					return err
				}
			}
			return tx.Files.Move(ctx, t.Env, c.From, c.To, s.now())
		}))
	}
	body, err := s.blobs.Open(ctx, from.BlobKey, 0, -1)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	t.Path, t.fresh = c.To, !c.Overwrite
	_, err = s.put(ctx, t, body)
	return err
}

// onlyWhereFree names the path of a file that came first.
func onlyWhereFree(path string, err error) error {
	if models.IsCode(err, models.CodeConflict) {
		return models.E(models.CodeConflict, "error.file_exists", "path", path).Wrap(err)
	}
	return err
}
