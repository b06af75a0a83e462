package runner

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
)

// node is the Node.js that workers run.
type node struct {
	path            string
	permissionFlags []string
}

// findNode finds Node.js and asks it for its version, once.
func findNode(ctx context.Context, name string) (node, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return node{}, fmt.Errorf("find Node.js: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return node{}, fmt.Errorf("find Node.js: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return node{}, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	version, err := semver.NewVersion(strings.TrimSpace(string(out)))
	if err != nil {
		return node{}, fmt.Errorf("version of Node.js %q: %w", out, err)
	}
	if version.Major() < 20 {
		return node{}, fmt.Errorf("functions need Node.js 20 or later; %s is %s", path, version)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil && os.Geteuid() == 0 {
		if closed := closedAncestor(real); closed != "" {
			return node{}, fmt.Errorf("workers run as users of their own and cannot start Node.js: %s is closed to others; install Node.js for all users", closed)
		}
	}
	return node{path: path, permissionFlags: permissionFlags(version)}, nil
}

// permissionFlags turns Node.js's permission model on: no files but those listed, no child processes, no threads, no
// native add-ons. The network is open to functions; from Node.js 25 on that must be said.
func permissionFlags(version *semver.Version) []string {
	switch {
	case version.Major() >= 25:
		return []string{"--permission", "--allow-net"}
	case version.Major() >= 23:
		return []string{"--permission"}
	}
	return []string{"--experimental-permission"}
}
