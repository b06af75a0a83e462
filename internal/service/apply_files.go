package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"envshare/models"
)

// folder stores the files of a folder under the paths that they have in it. Files
// with other bytes are replaced; what is not in the folder stays.
func (r *applyData) folder(ctx context.Context, env, name string) error {
	root, err := fs.Sub(r.options.Files, path.Clean(name))
	if err != nil {
		return err
	}
	return fs.WalkDir(root, ".", func(at string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case at != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			return models.E(models.CodeInvalid, "error.code_not_regular", "path", at)
		}
		if err := models.CheckFilePath(at); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		return r.file(ctx, env, root, at)
	})
}

func (r *applyData) file(ctx context.Context, env string, root fs.FS, at string) error {
	sum, err := fileDigest(root, at)
	if err != nil {
		return err
	}
	existing, err := r.store.Files.ByPath(ctx, env, at)
	op := "~"
	switch {
	case models.IsCode(err, models.CodeNotFound):
		op = "+"
	case err != nil:
		return err
	case existing.SHA256 == sum:
		op = "="
	}
	r.note(op, "file", env+"/"+at, "")
	if op == "=" || r.options.DryRun {
		return nil
	}
	file, err := root.Open(at)
	if err != nil {
		return err
	}
	_, err = r.files.put(ctx, ticket{Env: env, Path: at, AppID: r.appID}, file)
	return errors.Join(err, file.Close())
}

func fileDigest(root fs.FS, at string) (sum string, err error) {
	file, err := root.Open(at)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	return hex.EncodeToString(hash.Sum(nil)), err
}
