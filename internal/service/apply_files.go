package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"envshare/models"
)

// folder stores the files of a folder under the paths that they have in it. Files
// with other bytes are replaced; what is not in the folder stays.
func (r *applyData) folder(ctx context.Context, env, name string) error {
	return eachFile(r.options.Files, name, func(root fs.FS, at string) error { return r.file(ctx, env, root, at) })
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
	if op == "=" || r.options.DryRun {
		r.note(op, "file", env+"/"+at, "")
		return nil
	}
	file, err := root.Open(at)
	if err != nil {
		return err
	}
	_, err = r.files.put(ctx, ticket{Env: env, Path: at, AppID: r.appID}, file)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	r.note(op, "file", env+"/"+at, "")
	return nil
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
