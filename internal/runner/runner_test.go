package runner

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// sdkFolder prepares the SDK once for all tests, and keeps it for the next run.
var sdkFolder = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return PrepareSDK(context.Background(), filepath.Join(cache, "envshare-test"))
})

// needNode skips a test where Node.js is absent, except in CI.
func needNode(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("CI must have Node.js")
		}
		t.Skip("Node.js is not installed")
	}
}

// openTempDir is t.TempDir for folders that workers with users of their own must reach.
func openTempDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// newRunner returns a runner that the end of the test closes, checking that nothing survives.
func newRunner(t testing.TB, change ...func(*Config)) *Runner {
	t.Helper()
	needNode(t)
	sdk, err := sdkFolder()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{SDKDir: sdk, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
	for _, f := range change {
		f(&cfg)
	}
	if cfg.WorkDir == "" {
		cfg.WorkDir = openTempDir(t)
	}
	r, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := r.Close(ctx); err != nil && err != ErrClosed { //nolint:errorlint // never wrapped
			t.Errorf("close: %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(r.workDir, "worker-*")); len(left) > 0 {
			t.Errorf("folders left behind: %v", left)
		}
	})
	return r
}

// version returns the function testdata/functions/<name>.
func version(t testing.TB, name string, change ...func(*Version)) Version {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("testdata", "functions", name))
	if err != nil {
		t.Fatal(err)
	}
	v := Version{ID: name + "-1", EnvironmentID: "test-f96b31", FunctionName: name, Number: 1, Dir: dir}
	for _, f := range change {
		f(&v)
	}
	return v
}

func event(t testing.TB, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func invoke(t testing.TB, r *Runner, v Version, in Invocation) Result {
	t.Helper()
	if in.Timeout == 0 {
		in.Timeout = 20 * time.Second
	}
	result, err := r.Invoke(t.Context(), v, in)
	if err != nil {
		t.Fatalf("invoke %s: %v", v.FunctionName, err)
	}
	return result
}

// wantValue fails the test unless the result is ok with this JSON text.
func wantValue(t testing.TB, result Result, value string) {
	t.Helper()
	if result.Status != StatusOK || string(result.Value) != value {
		t.Fatalf("got %s %s %s, want ok %s", result.Status, result.Value, result.Error, value)
	}
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		case <-tick.C:
		}
	}
}
