package service

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"envshare/models"
)

// zipped is a zip with entries of any name and mode, in this order.
func zipped(t testing.TB, entries ...zipEntry) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.mode != 0 {
			h.SetMode(e.mode)
		}
		part, err := w.CreateHeader(h)
		must(t, err)
		_, err = part.Write(e.data)
		must(t, err)
	}
	must(t, w.Close())
	return buf.Bytes()
}

type zipEntry struct {
	name string
	data []byte
	mode fs.FileMode
}

func entryNamed(name string) zipEntry {
	return zipEntry{name: name, data: []byte("content of " + name)}
}

func pathsOf(s Source) []string {
	var out []string
	for _, f := range s.Files() {
		out = append(out, f.Path)
	}
	return out
}

func TestArchive_Bombs(t *testing.T) {
	t.Run("one file that unpacks to more than allowed", func(t *testing.T) {
		data := zipped(t, zipEntry{name: "index.js", data: make([]byte, maxSourceBytes+1)})
		if len(data) > maxSourceBytes/500 {
			t.Fatalf("no bomb: %d bytes", len(data))
		}
		_, err := SourceFromZip(data)
		wantField(t, err, "code", "error.code_too_large")
	})
	t.Run("many files that unpack to more than allowed together", func(t *testing.T) {
		entries := []zipEntry{entryNamed("index.js")}
		for i := range 6 {
			entries = append(entries, zipEntry{name: fmt.Sprintf("%d.bin", i), data: make([]byte, maxSourceBytes/5)})
		}
		_, err := SourceFromZip(zipped(t, entries...))
		wantField(t, err, "code", "error.code_too_large")
	})
	t.Run("a size that is stated too small", func(t *testing.T) {
		data := zipped(t, zipEntry{name: "index.js", data: make([]byte, 1<<20)})
		lied := bytes.ReplaceAll(data, []byte{0, 0, 0x10, 0}, []byte{1, 0, 0, 0})
		if bytes.Equal(lied, data) {
			t.Fatal("the size is not where it was looked for")
		}
		_, err := SourceFromZip(lied)
		wantField(t, err, "code", "error.code_zip")
	})
	t.Run("more files than allowed", func(t *testing.T) {
		entries := []zipEntry{entryNamed("index.js")}
		for i := range maxSourceFiles {
			entries = append(entries, zipEntry{name: fmt.Sprint(i)})
		}
		_, err := SourceFromZip(zipped(t, entries...))
		wantField(t, err, "code", "error.code_too_large")
		_, err = SourceFromZip(zipped(t, entries[:maxSourceFiles]...))
		must(t, err)
	})
	t.Run("more folders than allowed", func(t *testing.T) {
		entries := []zipEntry{entryNamed("index.js")}
		for i := range 2 * maxSourceFiles {
			entries = append(entries, zipEntry{name: fmt.Sprintf("%d/", i)})
		}
		_, err := SourceFromZip(zipped(t, entries...))
		wantField(t, err, "code", "error.code_too_large")
	})
	for name, data := range map[string][]byte{"nothing": nil, "no zip": []byte("PK but not really"), "half a zip": zipped(t, entryNamed("index.js"))[:40]} {
		t.Run(name, func(t *testing.T) {
			_, err := SourceFromZip(data)
			wantField(t, err, "code", "error.code_zip")
		})
	}
}

func TestArchive_PathsThatAreRefused(t *testing.T) {
	for name, path := range map[string]string{
		"up":                       "../evil.js",
		"up from below":            "a/../../evil.js",
		"up with backslashes":      `..\evil.js`,
		"up with both":             `a\..\../evil.js`,
		"absolute":                 "/etc/evil.js",
		"absolute with backslash":  `\evil.js`,
		"network share":            `\\host\share\evil.js`,
		"drive letter":             `C:\evil.js`,
		"drive letter, relative":   "C:evil.js",
		"alternate stream":         "index.js:evil",
		"NUL":                      "a\x00.js",
		"line break":               "a\n.js",
		"delete":                   "a\x7f.js",
		"no text":                  "a\xff.js",
		"very long":                strings.Repeat("a", maxPathLength-2) + ".js",
		"very deep":                strings.Repeat("a/", maxPathLength/2) + "a.js",
		"the folder itself":        ".",
		"the folder itself, again": "a/..",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := SourceFromZip(zipped(t, entryNamed("index.js"), entryNamed(path)))
			wantField(t, err, "code", "error.code_path")
			_, err = NewSource([]SourceFile{{Path: "index.js"}, {Path: path}})
			wantField(t, err, "code", "error.code_path")
		})
	}
	t.Run("as long as allowed", func(t *testing.T) {
		_, err := NewSource([]SourceFile{{Path: "index.js"}, {Path: strings.Repeat("a", maxPathLength)}})
		must(t, err)
	})
}

func TestArchive_NamesThatClash(t *testing.T) {
	for name, paths := range map[string][]string{
		"twice":                        {"a.js", "a.js"},
		"twice, written differently":   {"lib/a.js", `lib\a.js`},
		"twice, with a detour":         {"a.js", "lib/../a.js"},
		"a file that is a folder too":  {"lib", "lib/a.js"},
		"a file that is a folder deep": {"a/b", "a/b/c/d.js"},
		"a folder with a like sibling": {"lib", "lib-x.js", "lib/a.js"},
	} {
		t.Run(name, func(t *testing.T) {
			entries := []zipEntry{entryNamed("index.js")}
			for _, p := range paths {
				entries = append(entries, entryNamed(p))
			}
			_, err := SourceFromZip(zipped(t, entries...))
			wantField(t, err, "code", "error.code_path_twice")
		})
	}
}

func TestArchive_OnlyPlainFiles(t *testing.T) {
	for name, mode := range map[string]fs.FileMode{
		"link": fs.ModeSymlink | 0o777, "device": fs.ModeDevice | 0o600, "pipe": fs.ModeNamedPipe | 0o600, "socket": fs.ModeSocket | 0o600,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := SourceFromZip(zipped(t, entryNamed("index.js"), zipEntry{name: "x", data: []byte("/etc/passwd"), mode: mode}))
			wantField(t, err, "code", "error.code_not_regular")
		})
	}
	t.Run("a link in a folder", func(t *testing.T) {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "index.js"), nil, 0o600))
		must(t, os.Symlink("/etc/passwd", filepath.Join(dir, "users")))
		_, err := SourceFromFS(os.DirFS(dir), ".")
		wantField(t, err, "code", "error.code_not_regular")
	})
}

func TestArchive_WhatIsKept(t *testing.T) {
	for _, c := range []struct {
		name     string
		in, want []string
	}{
		{"as it is, sorted", []string{"lib/b.js", "index.js", "a.js"}, []string{"a.js", "index.js", "lib/b.js"}},
		{"without the folder around it", []string{"hello/index.js", "hello/lib/a.js"}, []string{"index.js", "lib/a.js"}},
		{"without several folders", []string{"a/b/index.mjs", "a/b/c/d.js"}, []string{"c/d.js", "index.mjs"}},
		{"with a folder that not all is in", []string{"hello/a.js", "index.js"}, []string{"hello/a.js", "index.js"}},
		{"with folders that begin alike", []string{"index.js", "a/x.js", "ab/x.js"}, []string{"a/x.js", "ab/x.js", "index.js"}},
		{"without what systems leave behind", []string{"f/index.js", "__MACOSX/f/._index.js", "f/.DS_Store", "f/lib/Thumbs.db", "f/.git/config", "f/.npmrc"}, []string{"index.js"}},
		{"with its own modules", []string{"index.js", "node_modules/a/index.js"}, []string{"index.js", "node_modules/a/index.js"}},
		{"with backslashes made slashes", []string{"index.js", `lib\a.js`}, []string{"index.js", "lib/a.js"}},
		{"without empty folders", []string{"index.js", "empty/", `also\`}, []string{"index.js"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var entries []zipEntry
			for _, p := range c.in {
				entries = append(entries, zipEntry{name: p})
			}
			s, err := SourceFromZip(zipped(t, entries...))
			must(t, err)
			same(t, c.want, pathsOf(s))
		})
	}
	for name, paths := range map[string][]string{
		"nothing": nil, "no entry file": {"main.js"}, "an entry file below": {"a.js", "lib/index.js"},
		"only leftovers": {".DS_Store"}, "only modules": {"node_modules/index.js"}, "another case": {"Index.js"},
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			var files []SourceFile
			for _, p := range paths {
				files = append(files, SourceFile{Path: p})
			}
			_, err := NewSource(files)
			wantField(t, err, "code", "error.code_no_index")
		})
	}
}

func TestArchive_TheDigestDependsOnTheFilesAlone(t *testing.T) {
	digestOf := func(files ...SourceFile) string {
		s, err := NewSource(files)
		must(t, err)
		_, sum, err := s.zip()
		must(t, err)
		return sum
	}
	index, lib := SourceFile{"index.js", []byte("1")}, SourceFile{"lib/a.js", []byte("2")}
	first := digestOf(index, lib)
	same(t, first, digestOf(lib, index))
	same(t, first, digestOf(SourceFile{"top/lib/a.js", lib.Data}, SourceFile{"top/index.js", index.Data}))
	for _, other := range []string{digestOf(index), digestOf(index, SourceFile{"lib/b.js", lib.Data}), digestOf(SourceFile{"index.js", []byte("3")}, lib)} {
		if other == first {
			t.Error("other files have the same digest")
		}
	}
}

func TestArchive_ComesBackAsItWas(t *testing.T) {
	s, err := NewSource([]SourceFile{{"index.js", []byte("exports.main = 1")}, {"lib/深/a.js", nil}, {"b.bin", []byte{0, 255, 10}}})
	must(t, err)
	archive, _, err := s.zip()
	must(t, err)
	dir := t.TempDir()
	must(t, unpackZip(archive, dir))
	for _, f := range s.Files() {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(f.Path)))
		must(t, err)
		if !bytes.Equal(f.Data, data) {
			t.Errorf("%s is %q", f.Path, data)
		}
	}
	from, err := SourceFromFS(os.DirFS(dir), ".")
	must(t, err)
	same(t, pathsOf(s), pathsOf(from))
	if err := unpackZip(zipped(t, entryNamed("../evil.js")), dir); err == nil {
		t.Fatal("unpacked outside of the folder")
	}
	if _, err := os.Stat(filepath.Join(dir, "..", "evil.js")); err == nil {
		t.Fatal("a file was written outside")
	}
}

func TestArchive_SourceFromFSLeavesModulesOut(t *testing.T) {
	s, err := SourceFromFS(fstest.MapFS{
		"f/index.js": {}, "f/node_modules/a/index.js": {}, "f/lib/node_modules/b.js": {}, "f/lib/c.js": {}, "other/x.js": {},
	}, "f")
	must(t, err)
	same(t, []string{"index.js", "lib/c.js"}, pathsOf(s))
	if _, err := SourceFromFS(fstest.MapFS{}, "gone"); err == nil || models.CodeOf(err) != models.CodeInternal {
		t.Fatalf("a folder that is not there: %v", err)
	}
}
