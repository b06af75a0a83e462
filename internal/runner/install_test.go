package runner

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDependencySpecs(t *testing.T) {
	cases := []struct {
		name, spec string
		allowed    bool
	}{
		{"lodash", "^4.17.0", true},
		{"lodash", "", true},
		{"lodash", "*", true},
		{"lodash", "latest", true},
		{"lodash", ">=1.2.3 <2 || 3.x", true},
		{"lodash", "1.0.0 - 2.0.0", true},
		{"lodash", "1.0.0-beta.1+build", true},
		{"@scope/pkg", "~1", true},
		{"alias", "npm:lodash@^4", true},
		{"alias", "npm:@scope/pkg@1", true},
		{"alias", "npm:lodash", true},
		{"alias", "npm:npm:lodash@1", false},
		{"alias", "npm:lodash@http://a/b", false},
		{"a", "user/repo", false},
		{"a", "github:user/repo", false},
		{"a", "git+ssh://git@host/x.git", false},
		{"a", "git://host/x", false},
		{"a", "http://host/x.tgz", false},
		{"a", "https://host/x.tgz", false},
		{"a", "file:../x", false},
		{"a", "link:../x", false},
		{"a", "workspace:*", false},
		{"a", "../x", false},
		{"a", ".", false},
		{"a", "/etc", false},
		{"a", "~/x", false},
		{"a", "x.tgz", false},
		{"a", "1.0.0.TAR.GZ", false},
		{"a", "c:x", false},
		{"a", "1\n2", false},
		{"../a", "1", false},
		{"a/b", "1", false},
		{"", "1", false},
		{".bin", "1", false},
		{"@s/..", "1", false},
	}
	for _, c := range cases {
		t.Run(c.name+" "+c.spec, func(t *testing.T) {
			err := checkDependency(c.name, c.spec)
			if (err == nil) != c.allowed {
				t.Errorf("got %v, want allowed %v", err, c.allowed)
			}
			if err != nil && !strings.Contains(err.Error(), c.name) {
				t.Errorf("error does not name the package: %v", err)
			}
		})
	}
}

func TestProvidedSDKSatisfies(t *testing.T) {
	for spec, want := range map[string]bool{"": true, "*": true, "latest": true, "^4.0.0": true, "4.0.2": true, ">=2": true, "~2.6.3": false, "4.0.1": false, "beta": false} {
		if got := sdkSatisfies(spec); got != want {
			t.Errorf("%q: got %v, want %v", spec, got, want)
		}
	}
}

// codeFolder returns a folder with these files.
func codeFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "code")
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestInstallNeedsNothing(t *testing.T) {
	cases := map[string]struct {
		files map[string]string
		want  InstallResult
	}{
		"no package.json":       {map[string]string{"index.js": ""}, InstallResult{}},
		"no dependencies":       {map[string]string{"package.json": `{"name":"x"}`}, InstallResult{}},
		"only the provided SDK": {map[string]string{"package.json": `{"dependencies":{"wx-server-sdk":"latest"}}`}, InstallResult{}},
		"uploaded node_modules": {map[string]string{"package.json": `{"dependencies":{"is-odd":"3"}}`, "node_modules/is-odd/index.js": ""}, InstallResult{Kept: true}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := InstallDependencies(t.Context(), codeFolder(t, c.files), InstallConfig{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInstallRefuses(t *testing.T) {
	cases := map[string]struct{ manifest, text string }{
		"a git dependency": {`{"dependencies":{"fine":"1","bad":"git+https://host/x.git"}}`, "package bad"},
		"broken JSON":      {`{"dependencies":`, "package.json"},
		"wrong types":      {`{"dependencies":{"a":1}}`, "package.json"},
		"a giant manifest": {strings.Repeat(" ", manifestLimit+1), "at most"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := InstallDependencies(t.Context(), codeFolder(t, map[string]string{"package.json": c.manifest}), InstallConfig{})
			if !errors.Is(err, ErrDependencies) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func needNPM(t *testing.T) {
	t.Helper()
	needNode(t)
	if _, err := exec.LookPath("npm"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("CI must have npm")
		}
		t.Skip("npm is not installed")
	}
}

func TestInstallFromRegistry(t *testing.T) {
	needNPM(t)
	dir := codeFolder(t, map[string]string{
		"package.json": `{"dependencies":{"ms":"2.1.3","left":"npm:ms@2.0.0"},"scripts":{"install":"touch ran","preinstall":"touch ran"},"workspaces":["x"]}`,
		".npmrc":       "registry=http://127.0.0.1:1/\nignore-scripts=false\n",
		"index.js":     `exports.main = async () => [require('ms')('2h'), require('left')('1s')];`,
	})
	got, err := InstallDependencies(t.Context(), dir, InstallConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"left", "ms"}, got.Installed); diff != "" || got.Bytes == 0 {
		t.Error(diff, got.Bytes)
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("a script ran")
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), ".install-*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	r := newRunner(t)
	wantValue(t, invoke(t, r, Version{ID: "installed", Dir: dir}, Invocation{}), `[7200000,1000]`)
}

func TestInstallFailures(t *testing.T) {
	needNPM(t)
	t.Run("unknown version carries npm's words", func(t *testing.T) {
		dir := codeFolder(t, map[string]string{"package.json": `{"dependencies":{"ms":"999.0.0"}}`})
		_, err := InstallDependencies(t.Context(), dir, InstallConfig{})
		if !errors.Is(err, ErrDependencies) || !strings.Contains(err.Error(), "ms@999.0.0") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("too large", func(t *testing.T) {
		dir := codeFolder(t, map[string]string{"package.json": `{"dependencies":{"ms":"2.1.3"}}`})
		_, err := InstallDependencies(t.Context(), dir, InstallConfig{MaxBytes: 100})
		if !errors.Is(err, ErrDependencies) || !strings.Contains(err.Error(), "MB") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("timeout", func(t *testing.T) {
		dir := codeFolder(t, map[string]string{"package.json": `{"dependencies":{"ms":"2.1.3"}}`})
		_, err := InstallDependencies(t.Context(), dir, InstallConfig{Timeout: time.Millisecond})
		if err == nil || !strings.Contains(err.Error(), "longer than") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("caller went away", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		dir := codeFolder(t, map[string]string{"package.json": `{"dependencies":{"ms":"2.1.3"}}`})
		if _, err := InstallDependencies(ctx, dir, InstallConfig{}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestPackagesFromElsewhereAreRefused(t *testing.T) {
	for name, lock := range map[string]string{
		"address": `{"packages":{"":{},"node_modules/a":{"version":"1.0.0"},"node_modules/b":{"resolved":"http://host/b.tgz"}}}`,
		"link":    `{"packages":{"node_modules/b":{"link":true}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := codeFolder(t, map[string]string{"package-lock.json": lock})
			if err := checkOrigins(dir); !errors.Is(err, ErrDependencies) || !strings.Contains(err.Error(), "node_modules/b") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAnotherSDKVersionIsInstalledAndUsed(t *testing.T) {
	needNPM(t)
	dir := codeFolder(t, map[string]string{
		"package.json": `{"dependencies":{"wx-server-sdk":"2.6.3"}}`,
		"index.js":     `exports.main = async () => [require('wx-server-sdk/package.json').version, typeof require('wx-server-sdk').init];`,
	})
	if _, err := InstallDependencies(t.Context(), dir, InstallConfig{}); err != nil {
		t.Fatal(err)
	}
	r := newRunner(t)
	wantValue(t, invoke(t, r, Version{ID: "pinned", Dir: dir}, Invocation{}), `["2.6.3","function"]`)
}
