package runner

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWorkersReadTheirFilesUnderAnyUmask(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("users of their own need root")
	}
	dir, code := openTempDir(t), t.TempDir()
	before := unix.Umask(0o077)
	defer unix.Umask(before)

	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"index.js":     `const sdk = require('wx-server-sdk'); exports.main = () => [typeof sdk.init, require('./lib/part')];`,
		"lib/part.js":  `module.exports = 'part';`,
		"package.json": `{}`,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(code, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(code, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sdk, err := PrepareSDK(t.Context(), filepath.Join(dir, "a", "sdk"))
	if err != nil {
		t.Fatal(err)
	}
	if rel, err := filepath.Rel(dir, sdk); err != nil || !filepath.IsLocal(rel) {
		t.Errorf("the SDK went elsewhere: %s", sdk)
	}
	r := newRunner(t, func(c *Config) { c.SDKDir = sdk; c.WorkDir = filepath.Join(dir, "b", "work") })
	wantValue(t, invoke(t, r, Version{ID: "umask", Dir: code}, Invocation{}), `["function","part"]`)
}
