package runner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWorkThatGoesOnAfterAnInvocationIsEnded(t *testing.T) {
	r := newRunner(t)
	v := version(t, "misbehave")
	quiet := version(t, "echo")
	wantValue(t, invoke(t, r, quiet, Invocation{}), "{}")
	wantValue(t, invoke(t, r, v, misbehaving(t, "leavesLoop")), `"left"`)
	eventually(t, "the busy loop is ended", func() bool { return r.Stats().Workers == 1 })
	if result := invoke(t, r, quiet, Invocation{}); result.Cold {
		t.Error("a quiet worker was ended too")
	}
	wantValue(t, invoke(t, r, v, misbehaving(t, "fine")), `"fine"`)
}

func TestTemporaryFolderIsBounded(t *testing.T) {
	r := newRunner(t)
	for _, way := range []string{"fills", "litters"} {
		t.Run(way, func(t *testing.T) {
			result := invoke(t, r, version(t, "misbehave"), misbehaving(t, way))
			if result.Status != StatusCrashed || !strings.Contains(result.Error, "512 MB") {
				t.Errorf("got %+v", result)
			}
		})
	}
}

func TestMeasureOfTemporaryFolder(t *testing.T) {
	t.Run("links are not followed", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Symlink("/", filepath.Join(dir, "all")); err != nil {
			t.Fatal(err)
		}
		if full(dir) {
			t.Error("full")
		}
	})
	t.Run("folders in folders are bounded", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, strings.Repeat("d/", tmpDepth+2)), 0o700); err != nil {
			t.Fatal(err)
		}
		if !full(dir) {
			t.Error("not full")
		}
	})
	t.Run("a file with holes takes no space", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "sparse")
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, 2*tmpBytes); err != nil {
			t.Fatal(err)
		}
		if full(filepath.Dir(name)) {
			t.Error("full")
		}
	})
}
