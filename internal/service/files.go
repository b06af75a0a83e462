package service

import (
	"context"
	"errors"
	"io"
	"time"

	"envshare/internal/blob"
	"envshare/internal/store"
	"envshare/models"
)

// Files are the storage of environments. Bytes come and go under tickets: short
// sealed texts that say what may be done, for how long, and for whom. Whether it
// still may is decided again when a ticket is used. The data plane's calls are in
// this file; those of the console are in files_console.go.
type Files struct {
	base
	calls *Calls
	keys  Keys
	blobs blob.Store

	clients *Clients // decides about tickets of clients
	sweeper background
}

const (
	// MaxFile bounds a file, in bytes.
	MaxFile = 5 << 30
	// maxFileBatch is how many files one call names.
	maxFileBatch = 50
	uploadLife   = 15 * time.Minute
	defaultAge   = 2 * time.Hour
	maxAge       = 7 * 24 * time.Hour
)

const (
	ticketUp   = "up"
	ticketDown = "down"
)

// Upload begins an upload and returns its ticket and the file's id. Needs
// storage.write. Codes besides those of a refused call: invalid.
func (s *Files) Upload(ctx context.Context, cred Credential, info CallInfo, path string) (text, fileID string, err error) {
	defer s.calls.countedFor(&cred, &info, models.StorageWrite, &err)
	info.resource = path
	env, err := s.calls.authorize(ctx, cred, info, models.StorageWrite)
	if err != nil {
		return "", "", err
	}
	if err := models.CheckFilePath(path); err != nil {
		return "", "", err
	}
	text, err = s.seal(s.ticketOf(cred, info, ticketUp, env, path, uploadLife))
	return text, models.FileID(env, path), err
}

// Accept takes in the bytes of an upload. The ticket decides, once. Codes:
// forbidden for a ticket that is over or was used, invalid for a file that is too
// large, and those of a share that ended.
func (s *Files) Accept(ctx context.Context, text string, form UploadForm, body io.Reader) (models.File, error) {
	t, err := s.unseal(text, ticketUp)
	if err == nil {
		err = form.check(t, text)
	}
	if err != nil {
		return models.File{}, err
	}
	if err := s.still(ctx, t, models.StorageWrite); err != nil {
		return models.File{}, err
	}
	if err := s.store.Files.UseTicket(ctx, t.ID, time.UnixMilli(t.Expires).UTC()); err != nil {
		if models.IsCode(err, models.CodeConflict) {
			err = models.E(models.CodeForbidden, "error.file_ticket")
		}
		return models.File{}, err
	}
	f, err := s.put(ctx, t, body)
	s.calls.recorder.transferred(t.Env, t.AppID, models.StorageWrite, f.Size)
	return f, err
}

// put stores bytes first and their record after: a crash in between leaves bytes
// without a record, which the sweeper finds, never a record without bytes.
func (s *Files) put(ctx context.Context, t ticket, body io.Reader) (models.File, error) {
	sniffed := &sniffer{r: io.LimitReader(body, MaxFile+1)}
	info, err := s.blobs.Put(ctx, newID(), sniffed)
	if err != nil {
		return models.File{}, err
	}
	now := s.now()
	f := models.File{
		EnvironmentID: t.Env, Path: t.Path, BlobKey: info.Key, Size: info.Size, SHA256: info.SHA256,
		OwnerAppID: t.AppID, OwnerOpenID: t.OpenID, CreatedAt: now, UpdatedAt: now,
	}
	f.ContentType = contentType(f.Name(), sniffed.head)
	if info.Size > MaxFile {
		err = models.E(models.CodeInvalid, "error.file_large", "gb", MaxFile>>30)
	} else {
		err = s.keep(context.WithoutCancel(ctx), t, f)
	}
	if err != nil {
		return models.File{}, errors.Join(err, s.blobs.Delete(context.WithoutCancel(ctx), info.Key))
	}
	s.sweeper.hurry()
	return f, nil
}

// keepAttempts bounds how often keep meets another upload to the same path.
const keepAttempts = 5

// keep stores the record of a file. A client's upload is decided about the file
// that stands there now; when that one changes meanwhile, it is decided again.
func (s *Files) keep(ctx context.Context, t ticket, f models.File) error {
	if t.fresh {
		return onlyWhereFree(t.Path, s.store.Tx(ctx, func(tx *store.Store) error { return tx.Files.Add(ctx, f) }))
	}
	if !t.Client {
		return s.store.Tx(ctx, func(tx *store.Store) error { return tx.Files.Put(ctx, f) })
	}
	there := func(from *store.Store) (models.File, error) {
		old, err := from.Files.ByPath(ctx, t.Env, t.Path)
		if models.IsCode(err, models.CodeNotFound) {
			return models.File{}, nil
		}
		return old, err
	}
	err := error(models.E(models.CodeConflict, "error.file_exists", "path", t.Path))
	for range keepAttempts {
		decided, readErr := there(s.store)
		if readErr != nil {
			return readErr
		}
		if err := s.clients.acceptAgain(ctx, t, decided); err != nil {
			return err
		}
		err = s.store.Tx(ctx, func(tx *store.Store) error {
			now, err := there(tx)
			if err == nil && now.BlobKey != decided.BlobKey {
				err = models.E(models.CodeConflict, "error.file_exists", "path", t.Path)
			}
			if err != nil {
				return err
			}
			return tx.Files.Put(ctx, f)
		})
		if !models.IsCode(err, models.CodeConflict) {
			return err
		}
	}
	return err
}

// FileRequest names a file of a batch.
type FileRequest struct {
	FileID string
	MaxAge time.Duration // of a download; 0 for two hours
}

// FileResult is what became of a file of a batch.
type FileResult struct {
	FileID string
	Ticket string
	MaxAge time.Duration
	Err    error
}

// batch decides a call on several files and finds those that exist.
func (s *Files) batch(ctx context.Context, cred Credential, info CallInfo, p models.Permission, list []FileRequest) (string, []FileResult, error) {
	env, err := s.calls.authorize(ctx, cred, info, p)
	if err != nil {
		return "", nil, err
	}
	out, _, err := s.lookUp(ctx, env, list)
	return env, out, err
}

// lookUp finds files of an environment by their ids, and by path those that exist.
func (s *Files) lookUp(ctx context.Context, env string, list []FileRequest) ([]FileResult, map[string]models.File, error) {
	if len(list) == 0 || len(list) > maxFileBatch {
		return nil, nil, models.E(models.CodeInvalid, "call.files_count", "max", maxFileBatch)
	}
	out := make([]FileResult, len(list))
	var paths []string
	for i, one := range list {
		out[i].FileID = one.FileID
		owner, path, ok := models.ParseFileID(one.FileID)
		switch {
		case !ok:
			out[i].Err = models.E(models.CodeInvalid, "call.file_id", "file", one.FileID)
		case owner != env:
			out[i].Err = models.E(models.CodeFileEnv, "call.file_env", "file", one.FileID)
		default:
			paths = append(paths, path)
		}
	}
	found, err := s.store.Files.ByPaths(ctx, env, paths)
	if err != nil {
		return nil, nil, err
	}
	byPath := map[string]models.File{}
	for _, f := range found {
		byPath[f.Path] = f
	}
	for i := range out {
		_, path, _ := models.ParseFileID(out[i].FileID)
		if _, there := byPath[path]; out[i].Err == nil && !there {
			out[i].Err = models.E(models.CodeFileUnknown, "call.file_unknown", "file", out[i].FileID)
		}
	}
	return out, byPath, nil
}

// Download returns tickets to read files by, in the order of the list; a file
// that cannot be read has an error of its own: invalid, file_env, file_unknown.
// Needs storage.read.
func (s *Files) Download(ctx context.Context, cred Credential, info CallInfo, list []FileRequest) (_ []FileResult, err error) {
	defer s.calls.countedFor(&cred, &info, models.StorageRead, &err)
	env, out, err := s.batch(ctx, cred, info, models.StorageRead, list)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Err != nil {
			continue
		}
		age := list[i].MaxAge
		if age <= 0 {
			age = defaultAge
		}
		out[i].MaxAge = min(age, maxAge)
		_, path, _ := models.ParseFileID(out[i].FileID)
		if out[i].Ticket, err = s.seal(s.ticketOf(cred, info, ticketDown, env, path, out[i].MaxAge)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Delete removes files; each has its own result. Needs storage.write.
func (s *Files) Delete(ctx context.Context, cred Credential, info CallInfo, list []FileRequest) (_ []FileResult, err error) {
	defer s.calls.countedFor(&cred, &info, models.StorageWrite, &err)
	env, out, err := s.batch(ctx, cred, info, models.StorageWrite, list)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Err != nil {
			continue
		}
		_, path, _ := models.ParseFileID(out[i].FileID)
		out[i].Err = s.remove(ctx, env, path)
		if models.CodeOf(out[i].Err) == models.CodeInternal && out[i].Err != nil {
			return nil, out[i].Err
		}
	}
	s.sweeper.hurry()
	return out, nil
}

func (s *Files) remove(ctx context.Context, env, path string) error {
	err := s.store.Tx(ctx, func(tx *store.Store) error { return tx.Files.Delete(ctx, env, path, s.now()) })
	if models.IsCode(err, models.CodeNotFound) {
		err = models.E(models.CodeFileUnknown, "call.file_unknown", "file", models.FileID(env, path))
	}
	return err
}

// ReadableFile is a file that may be read.
type ReadableFile struct {
	models.File
	// Attach says that it is to be saved, not shown.
	Attach bool
	// Range opens length bytes from offset on; a negative length means to the end.
	Range func(ctx context.Context, offset, length int64) (io.ReadCloser, error)
}

// Open returns the file that a download ticket is for. Codes: forbidden for a
// ticket that is over, file_unknown, and those of a share that ended.
func (s *Files) Open(ctx context.Context, text string) (ReadableFile, error) {
	t, err := s.unseal(text, ticketDown)
	if err != nil {
		return ReadableFile{}, err
	}
	if err := s.still(ctx, t, models.StorageRead); err != nil {
		return ReadableFile{}, err
	}
	f, err := s.store.Files.ByPath(ctx, t.Env, t.Path)
	if models.IsCode(err, models.CodeNotFound) {
		return ReadableFile{}, models.E(models.CodeFileUnknown, "call.file_unknown", "file", models.FileID(t.Env, t.Path))
	}
	return ReadableFile{File: f, Attach: t.Attach, Range: func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		body, err := s.blobs.Open(ctx, f.BlobKey, offset, length)
		if err != nil {
			return nil, err
		}
		return &countedBody{ReadCloser: body, done: func(n int64) { s.calls.recorder.transferred(t.Env, t.AppID, models.StorageRead, n) }}, nil
	}}, err
}
