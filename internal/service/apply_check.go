package service

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/transfer"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// checkData reads everything that a manifest brings into collections and storage,
// so that what is wrong in it is said before anything changes, and by a plan too.
func (s *Manifests) checkData(m Manifest, o ApplyOptions) error {
	for _, app := range m.Apps {
		for _, env := range app.Environments {
			if err := s.checkEnvironment(env, o); err != nil {
				return fmt.Errorf("environment %s: %w", env.ID, err)
			}
		}
	}
	return nil
}

func (s *Manifests) checkEnvironment(env ManifestEnvironment, o ApplyOptions) error {
	for _, name := range slices.Sorted(maps.Keys(env.Collections)) {
		if err := s.checkCollection(name, env.Collections[name], o); err != nil {
			return fmt.Errorf("collection %s: %w", name, err)
		}
	}
	if env.Storage.Folder == "" {
		return nil
	}
	if err := eachFile(o.Files, env.Storage.Folder, func(fs.FS, string) error { return nil }); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return nil
}

func (s *Manifests) checkCollection(name string, c ManifestCollection, o ApplyOptions) error {
	if err := models.CheckCollectionName(name); err != nil {
		return err
	}
	for _, declared := range c.Indexes {
		index, err := declared.index()
		if err == nil {
			err = index.Validate()
		}
		if err != nil {
			return fmt.Errorf("index %s: %w", declared.name(), err)
		}
	}
	if c.Documents == "" {
		return nil
	}
	// Of two documents with one _id each run would replace the one by the other.
	seen := map[[16]byte]int{}
	return eachDocument(o.Files, c.Documents, s.now(), func(doc bson.Raw, line int) error {
		id := value.Get(doc, value.Path{"_id"})
		if id.IsZero() {
			return models.E(models.CodeInvalid, "error.document_needs_id")
		}
		sum := sha256.Sum256(value.AppendKey(nil, id, false))
		key := [16]byte(sum[:16])
		if first, twice := seen[key]; twice {
			return models.E(models.CodeInvalid, "error.document_twice", "line", first)
		}
		seen[key] = line
		return nil
	})
}

// eachDocument calls f with the documents of a file and their lines, which its
// errors name.
func eachDocument(files fs.FS, name string, now time.Time, f func(doc bson.Raw, line int) error) (err error) {
	file, err := openDeclared(files, name)
	if err != nil {
		return fmt.Errorf("documents: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	format := transfer.JSON
	if strings.EqualFold(path.Ext(name), ".csv") {
		format = transfer.CSV
	}
	reader := transfer.NewReader(file, format, now)
	for {
		doc, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = f(doc, reader.Line())
		}
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", name, reader.Line(), err)
		}
	}
}

// eachFile calls f with the files of a declared folder and their paths in it;
// those whose names begin with a dot are left out.
func eachFile(files fs.FS, name string, f func(root fs.FS, at string) error) error {
	folder, err := openDeclared(files, name)
	if err != nil {
		return err
	}
	info, err := folder.Stat()
	if err = errors.Join(err, folder.Close()); err != nil {
		return manifestFile(name, err)
	}
	if !info.IsDir() {
		return models.E(models.CodeInvalid, "error.manifest_folder", "path", name)
	}
	root, err := fs.Sub(files, path.Clean(name))
	if err != nil {
		return manifestFile(name, err)
	}
	return fs.WalkDir(root, ".", func(at string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return manifestFile(path.Join(name, at), err)
		case at != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			return models.E(models.CodeInvalid, "error.code_not_regular", "path", path.Join(name, at))
		}
		if err := models.CheckFilePath(at); err != nil {
			return fmt.Errorf("%s: %w", path.Join(name, at), err)
		}
		return f(root, at)
	})
}

// openDeclared opens what a manifest names, which lies in the manifest's folder.
func openDeclared(files fs.FS, name string) (fs.File, error) {
	clean := path.Clean(name)
	if !fs.ValidPath(clean) {
		return nil, models.E(models.CodeInvalid, "error.manifest_path", "path", name)
	}
	file, err := files.Open(clean)
	if err != nil {
		return nil, manifestFile(name, err)
	}
	return file, nil
}

// manifestFile says which declared file cannot be read, and why.
func manifestFile(name string, err error) error {
	reason := err
	var wrong *fs.PathError
	if errors.As(err, &wrong) {
		reason = wrong.Err
	}
	return models.E(models.CodeInvalid, "error.manifest_file", "path", name, "reason", reason.Error()).Wrap(err)
}
