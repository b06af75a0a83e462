package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sync/singleflight"

	"envshare/internal/store"
)

// codeCache unpacks the code of function versions from the database onto the
// local disk, once per version and machine.
type codeCache struct {
	store  *store.Store
	dir    string
	flight singleflight.Group
}

// path returns the folder that holds the unpacked code of a version.
func (c *codeCache) path(ctx context.Context, versionID string) (string, error) {
	dir := filepath.Join(c.dir, versionID)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	_, err, _ := c.flight.Do(versionID, func() (any, error) {
		return nil, c.unpack(context.WithoutCancel(ctx), versionID, dir)
	})
	return dir, err
}

// unpack writes into a temporary folder that becomes dir by a rename, so that
// nobody ever sees half a version.
func (c *codeCache) unpack(ctx context.Context, versionID, dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	source, modules, err := c.store.Functions.Archive(ctx, versionID)
	if err != nil {
		return fmt.Errorf("load code of version %s: %w", versionID, err)
	}
	tmp, err := c.tempDir(".unpack-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	for _, archive := range [][]byte{source, modules} {
		if len(archive) == 0 {
			continue
		}
		if err := unpackZip(archive, tmp); err != nil {
			return fmt.Errorf("unpack version %s: %w", versionID, err)
		}
	}
	err = os.Rename(tmp, dir)
	if errors.Is(err, fs.ErrExist) {
		return nil // another process was faster with the same content
	}
	return err
}

// tempDir makes a private folder for one use on the same disk; the caller
// removes it.
func (c *codeCache) tempDir(pattern string) (string, error) {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(c.dir, pattern)
}
