package runner

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestPrepareSDK(t *testing.T) {
	needNPM(t)
	shared, err := sdkFolder()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("genuine package, readable and not writable", func(t *testing.T) {
		path := filepath.Join(shared, "node_modules", "wx-server-sdk", "package.json")
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o444 {
			t.Fatalf("%v, %v", info, err)
		}
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), `"version": "`+sdkVersion+`"`) {
			t.Errorf("not version %s: %v", sdkVersion, err)
		}
	})
	t.Run("several at once make one folder", func(t *testing.T) {
		dir := openTempDir(t)
		made := make([]string, 2)
		var wg sync.WaitGroup
		for i := range made {
			wg.Go(func() {
				path, err := PrepareSDK(t.Context(), dir)
				if err != nil {
					t.Error(err)
				}
				made[i] = path
			})
		}
		wg.Wait()
		if made[0] != made[1] {
			t.Errorf("got %v", made)
		}
		left, _ := filepath.Glob(filepath.Join(filepath.Dir(made[0]), "sdk-*"))
		if len(left) != 1 {
			t.Errorf("folders %v", left)
		}
	})
}

func TestLockFileNamesNoRegistry(t *testing.T) {
	lock, err := sdkFiles.ReadFile("sdk/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), `"resolved"`) {
		t.Error("the lock file holds addresses of packages")
	}
	if !strings.Contains(string(lock), `"wx-server-sdk": "`+sdkVersion+`"`) {
		t.Errorf("the lock file is not for version %s", sdkVersion)
	}
}

func TestUnpack(t *testing.T) {
	pack := func(names ...string) *bytes.Buffer {
		var out bytes.Buffer
		zipped := gzip.NewWriter(&out)
		files := tar.NewWriter(zipped)
		for _, name := range names {
			header := &tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(name)), Mode: 0o644}
			if strings.HasSuffix(name, "/") {
				header.Typeflag, header.Size = tar.TypeDir, 0
			}
			if err := files.WriteHeader(header); err != nil {
				t.Fatal(err)
			}
			if header.Size > 0 {
				if _, err := files.Write([]byte(name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := files.Close(); err != nil {
			t.Fatal(err)
		}
		if err := zipped.Close(); err != nil {
			t.Fatal(err)
		}
		return &out
	}
	t.Run("files and folders", func(t *testing.T) {
		dir := t.TempDir()
		if err := unpack(pack("node_modules/", "node_modules/a/", "node_modules/a/index.js"), dir); err != nil {
			t.Fatal(err)
		}
		if err := makeReadable(dir); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "node_modules/a/index.js")
		text, err := os.ReadFile(path)
		if err != nil || string(text) != "node_modules/a/index.js" {
			t.Errorf("%q, %v", text, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o444 {
			t.Errorf("%v, %v", info, err)
		}
	})
	t.Run("nothing outside of the folder", func(t *testing.T) {
		if err := unpack(pack("../outside"), t.TempDir()); err == nil {
			t.Error("accepted")
		}
	})
	t.Run("broken archive", func(t *testing.T) {
		if err := unpack(bytes.NewReader(pack("a").Bytes()[:20]), t.TempDir()); err == nil {
			t.Error("accepted")
		}
	})
}

func TestClosedFoldersAreReplaced(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root starts workers with users of their own")
	}
	t.Setenv("TMPDIR", openTempDir(t))
	closed := filepath.Join(openTempDir(t), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := reachable(filepath.Join(closed, "work"))
	if err != nil || filepath.Dir(got) != os.TempDir() || closedAncestor(got) != "" {
		t.Fatalf("got %s, %v", got, err)
	}
	if again, err := reachable(filepath.Join(closed, "work")); err != nil || again != got {
		t.Errorf("got %s, %v, want %s", again, err, got)
	}
	t.Run("not one that somebody else made", func(t *testing.T) {
		if err := os.Chown(got, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		if _, err := reachable(filepath.Join(closed, "work")); err == nil {
			t.Error("accepted")
		}
	})
}
