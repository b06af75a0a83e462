package service

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"envshare/models"
)

// Limits of a function's source.
const (
	// MaxUploadBytes bounds what is uploaded for one deployment.
	MaxUploadBytes   = 20 << 20
	maxSourceBytes   = 50 << 20
	maxSourceFiles   = 5000
	maxPathLength    = 255
	maxModulesBytes  = 200 << 20
	maxModuleEntries = 50_000
)

// SourceFile is one file of a function's code. The path is relative, with
// slashes.
type SourceFile struct {
	Path string
	Data []byte
}

// Source is a function's code, checked and in a canonical form.
type Source struct {
	files []SourceFile
}

// NewSource checks files and returns them in canonical form: sorted, without a
// common top folder, without what editors and systems leave behind. Paths that
// lead out, clash or are too long, and code without index.js are invalid.
func NewSource(files []SourceFile) (Source, error) {
	kept := make([]SourceFile, 0, len(files))
	total := 0
	for _, f := range files {
		name, err := cleanPath(f.Path)
		if err != nil {
			return Source{}, err
		}
		if name == "" || leftover(name) {
			continue
		}
		total += len(f.Data)
		kept = append(kept, SourceFile{Path: name, Data: f.Data})
	}
	if len(kept) > maxSourceFiles || total > maxSourceBytes {
		return Source{}, codeError("error.code_too_large", "mb", maxSourceBytes>>20, "files", maxSourceFiles)
	}
	kept = withoutTopFolder(kept)
	slices.SortFunc(kept, func(a, b SourceFile) int { return strings.Compare(a.Path, b.Path) })
	seen := map[string]bool{}
	for _, f := range kept {
		if seen[f.Path] {
			return Source{}, codeError("error.code_path_twice", "path", f.Path)
		}
		seen[f.Path] = true
	}
	for _, f := range kept {
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			if seen[dir] {
				return Source{}, codeError("error.code_path_twice", "path", dir)
			}
		}
	}
	if !seen["index.js"] && !seen["index.mjs"] {
		return Source{}, codeError("error.code_no_index")
	}
	return Source{files: kept}, nil
}

func codeError(key string, namesAndValues ...any) error {
	msg := models.M(key, namesAndValues...)
	return &models.Error{Code: models.CodeInvalid, Msg: msg, Fields: models.Fields{"code": msg}}
}

// cleanPath returns a relative path with slashes, or an error for one that
// leads out or cannot be a path on every system.
func cleanPath(name string) (string, error) {
	name = strings.ReplaceAll(name, `\`, "/")
	if name == "" || strings.HasSuffix(name, "/") {
		return "", nil
	}
	clean := path.Clean(name)
	if clean == "." || !fs.ValidPath(clean) || !filepath.IsLocal(filepath.FromSlash(clean)) || len(clean) > maxPathLength ||
		!utf8.ValidString(clean) || strings.ContainsFunc(clean, func(r rune) bool { return r < 0x20 || r == 0x7f || r == ':' }) {
		return "", codeError("error.code_path", "path", strings.ToValidUTF8(name, "?"))
	}
	return clean, nil
}

// leftover reports files that systems and editors leave in a folder, and
// credentials that never belong into an upload.
func leftover(name string) bool {
	for _, part := range strings.Split(name, "/") {
		switch part {
		case "__MACOSX", ".DS_Store", "Thumbs.db", ".git", ".npmrc":
			return true
		}
	}
	return false
}

// withoutTopFolder drops a folder that everything is in, when it hides the entry
// file: zips and browsers' folder uploads have one.
func withoutTopFolder(files []SourceFile) []SourceFile {
	for len(files) > 0 {
		top, _, found := strings.Cut(files[0].Path, "/")
		if !found || top == "node_modules" {
			return files
		}
		for _, f := range files {
			if !strings.HasPrefix(f.Path, top+"/") {
				return files
			}
		}
		for i := range files {
			files[i].Path = strings.TrimPrefix(files[i].Path, top+"/")
		}
	}
	return files
}

// SourceFromZip reads the files of an uploaded zip. Bombs, links and broken
// archives are invalid.
func SourceFromZip(data []byte) (Source, error) {
	files, err := readZip(data, maxSourceBytes, maxSourceFiles)
	if err != nil {
		return Source{}, err
	}
	return NewSource(files)
}

// SourceFromFS reads the files below a folder of fsys, without node_modules.
func SourceFromFS(fsys fs.FS, dir string) (Source, error) {
	var files []SourceFile
	total := 0
	err := fs.WalkDir(fsys, dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() {
			return codeError("error.code_not_regular", "path", name)
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if total += len(data); total > maxSourceBytes {
			return codeError("error.code_too_large", "mb", maxSourceBytes>>20, "files", maxSourceFiles)
		}
		rel, err := filepath.Rel(filepath.FromSlash(dir), filepath.FromSlash(name))
		files = append(files, SourceFile{Path: filepath.ToSlash(rel), Data: data})
		return err
	})
	if err != nil {
		return Source{}, err
	}
	return NewSource(files)
}

// Files returns the files, sorted by path.
func (s Source) Files() []SourceFile { return s.files }

// file returns the content of a file, nil when there is none.
func (s Source) file(name string) []byte {
	for _, f := range s.files {
		if f.Path == name {
			return f.Data
		}
	}
	return nil
}

// zip returns the files as a zip that depends on nothing but them, and its
// digest.
func (s Source) zip() ([]byte, string, error) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, f := range s.files {
		part, err := w.CreateHeader(&zip.FileHeader{Name: f.Path, Method: zip.Deflate})
		if err != nil {
			return nil, "", err
		}
		if _, err := part.Write(f.Data); err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(buf.Bytes())
	return buf.Bytes(), hex.EncodeToString(sum[:]), nil
}

// readZip returns the files of a zip whose unpacked size and number are bounded.
// The sizes that the archive states are not believed.
func readZip(data []byte, maxBytes, maxFiles int) ([]SourceFile, error) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, codeError("error.code_zip")
	}
	if len(r.File) > 2*maxFiles {
		return nil, codeError("error.code_too_large", "mb", maxBytes>>20, "files", maxFiles)
	}
	var files []SourceFile
	left := int64(maxBytes)
	for _, f := range r.File {
		if f.FileInfo().IsDir() {
			continue
		}
		if !f.Mode().IsRegular() {
			return nil, codeError("error.code_not_regular", "path", strings.ToValidUTF8(f.Name, "?"))
		}
		content, err := readZipFile(f, left)
		if err != nil {
			return nil, err
		}
		if left -= int64(len(content)); left < 0 {
			return nil, codeError("error.code_too_large", "mb", maxBytes>>20, "files", maxFiles)
		}
		files = append(files, SourceFile{Path: f.Name, Data: content})
	}
	return files, nil
}

func readZipFile(f *zip.File, limit int64) ([]byte, error) {
	part, err := f.Open()
	if err != nil {
		return nil, codeError("error.code_zip")
	}
	defer func() { _ = part.Close() }()
	content, err := io.ReadAll(io.LimitReader(part, limit+1))
	if err != nil {
		return nil, codeError("error.code_zip")
	}
	return content, nil
}

// unpackZip writes an archive that was made here into dir.
func unpackZip(archive []byte, dir string) error {
	files, err := readZip(archive, maxModulesBytes, maxModuleEntries)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for _, f := range files {
		name := filepath.FromSlash(f.Path)
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := root.WriteFile(name, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// packFolder returns the regular files below dir/sub as a zip with their paths
// from dir. Links are left out: they would lead somewhere else on unpacking.
func packFolder(dir, sub string) ([]byte, error) {
	var files []SourceFile
	total := 0
	err := fs.WalkDir(os.DirFS(dir), sub, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if total += len(data); total > maxModulesBytes {
			return codeError("error.code_modules_too_large", "mb", maxModulesBytes>>20)
		}
		files = append(files, SourceFile{Path: name, Data: data})
		return err
	})
	if err != nil {
		return nil, err
	}
	archive, _, err := Source{files: files}.zip()
	return archive, err
}
