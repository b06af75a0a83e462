package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Local keeps blobs in a folder, which no path can leave.
type Local struct{ root *os.Root }

// OpenLocal opens a folder, made when it is missing.
func OpenLocal(dir string) (*Local, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("storage folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("storage folder: %w", err)
	}
	return &Local{root}, nil
}

// partial ends the name of a file that is being written.
const partial = ".part"

// place spreads blobs over folders by the end of their keys, which differs most.
func place(key string) (folder, name string) {
	folder = strings.ToLower(key[len(key)-2:])
	return folder, path.Join(folder, key)
}

// Put writes beside the final name, syncs, and renames: a blob is there whole or
// not at all.
func (l *Local) Put(ctx context.Context, key string, r io.Reader) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	folder, name := place(key)
	if err := l.root.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return Info{}, fmt.Errorf("store blob: %w", err)
	}
	temporary := name + "." + rand.Text()[:8] + partial
	info, err := l.write(ctx, temporary, r)
	if err == nil {
		err = l.root.Rename(temporary, name)
	}
	if err != nil {
		_ = l.root.Remove(temporary)
		return Info{}, fmt.Errorf("store blob: %w", err)
	}
	info.Key = key
	return info, l.syncFolder(folder)
}

func (l *Local) write(ctx context.Context, name string, r io.Reader) (Info, error) {
	file, err := l.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return Info{}, err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(file, sum), withContext{ctx, r})
	err = errors.Join(err, file.Sync(), file.Close())
	return Info{Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

// syncFolder makes the rename durable.
func (l *Local) syncFolder(folder string) error {
	dir, err := l.root.Open(folder)
	if err != nil {
		return fmt.Errorf("store blob: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// withContext ends reading when a context does.
type withContext struct {
	ctx context.Context
	r   io.Reader
}

func (w withContext) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.r.Read(p)
}

// Open implements Store.
func (l *Local) Open(_ context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	_, name := place(key)
	file, err := l.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open blob: %w", err)
	}
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if length < 0 {
		return file, nil
	}
	return section{io.LimitReader(file, length), file}, nil
}

type section struct {
	io.Reader
	io.Closer
}

// Delete implements Store.
func (l *Local) Delete(_ context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	_, name := place(key)
	if err := l.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete blob: %w", err)
	}
	return nil
}

// List implements Store. Files that a crash left half-written are listed under
// their temporary names as keys, so that whoever sweeps finds them.
func (l *Local) List(ctx context.Context, visit func(Info) error) error {
	return fs.WalkDir(l.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		stat, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		key := path.Base(name)
		if strings.HasSuffix(key, partial) {
			return l.removeStale(name, stat)
		}
		return visit(Info{Key: key, Size: stat.Size(), At: stat.ModTime()})
	})
}
