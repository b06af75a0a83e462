package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// InstallConfig says how InstallDependencies works. Zero values take the defaults named here.
type InstallConfig struct {
	// TempDir is where packages are installed before they are moved, on the file system of the code folder;
	// default the folder that holds it.
	TempDir string
	// Timeout bounds npm; default 5 minutes.
	Timeout time.Duration
	// MaxBytes bounds the size of node_modules; default 100 MB.
	MaxBytes int64
}

// InstallResult says what InstallDependencies found and did.
type InstallResult struct {
	// Installed names the direct dependencies that were installed, sorted; nil when there was nothing to do.
	Installed []string
	// Kept reports that the upload brought its own node_modules, which was left as it is.
	Kept bool
	// Bytes is the size of the installed node_modules.
	Bytes int64
}

// ErrDependencies marks errors that the function's author can mend: a package.json that cannot be read or asks for
// what is not allowed, packages that do not exist or are too large.
var ErrDependencies = errors.New("dependencies cannot be installed")

const (
	manifestLimit   = 1 << 20 // bytes of package.json
	installMaxBytes = 100 << 20
	sizeCheckStep   = time.Second
)

// InstallDependencies installs what the package.json in the code folder dir depends on into dir/node_modules.
// The folder is not trusted: npm runs elsewhere, on a list of packages from the registry and nothing else, without
// scripts. The provided wx-server-sdk is not installed when its version satisfies the one asked for.
func InstallDependencies(ctx context.Context, dir string, cfg InstallConfig) (InstallResult, error) {
	if cfg.TempDir == "" {
		cfg.TempDir = filepath.Dir(filepath.Clean(dir))
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = npmTimeout
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = installMaxBytes
	}
	wanted, err := readDependencies(dir)
	if err != nil || len(wanted) == 0 {
		return InstallResult{}, err
	}
	if _, err := os.Lstat(filepath.Join(dir, "node_modules")); err == nil {
		return InstallResult{Kept: true}, nil
	}
	temp, err := os.MkdirTemp(cfg.TempDir, ".install-")
	if err != nil {
		return InstallResult{}, fmt.Errorf("make folder to install in: %w", err)
	}
	defer os.RemoveAll(temp) //nolint:errcheck // what matters was moved out

	if err := install(ctx, temp, wanted, cfg); err != nil {
		return InstallResult{}, err
	}
	result := InstallResult{}
	for name := range wanted {
		result.Installed = append(result.Installed, name)
	}
	slices.Sort(result.Installed)
	modules := filepath.Join(temp, "node_modules")
	if result.Bytes, err = treeSize(modules); err != nil {
		return InstallResult{}, fmt.Errorf("measure installed packages: %w", err)
	}
	if result.Bytes > cfg.MaxBytes {
		return InstallResult{}, tooLarge(cfg.MaxBytes)
	}
	if err := makeReadable(modules); err != nil {
		return InstallResult{}, fmt.Errorf("set modes of installed packages: %w", err)
	}
	if err := os.Rename(modules, filepath.Join(dir, "node_modules")); err != nil {
		return InstallResult{}, fmt.Errorf("move installed packages: %w", err)
	}
	return result, nil
}

// readDependencies returns the checked dependencies of the package.json in dir that must be installed.
func readDependencies(dir string) (map[string]string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open code folder: %w", err)
	}
	defer root.Close() //nolint:errcheck // opened for reading

	info, err := root.Stat("package.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read package.json: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > manifestLimit {
		return nil, fmt.Errorf("%w: package.json is not a plain file of at most %d bytes", ErrDependencies, manifestLimit)
	}
	text, err := root.ReadFile("package.json")
	if err != nil {
		return nil, fmt.Errorf("read package.json: %w", err)
	}
	var manifest struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, fmt.Errorf("%w: package.json: %w", ErrDependencies, err)
	}
	for name, spec := range manifest.Dependencies {
		if err := checkDependency(name, spec); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDependencies, err)
		}
		if name == sdkName && sdkSatisfies(spec) {
			delete(manifest.Dependencies, name)
		}
	}
	return manifest.Dependencies, nil
}

// install runs npm on the wanted packages in temp, and stops it when they grow too large.
func install(ctx context.Context, temp string, wanted map[string]string, cfg InstallConfig) error {
	text, err := json.Marshal(map[string]any{"private": true, "dependencies": wanted})
	if err != nil {
		return fmt.Errorf("write package.json: %w", err)
	}
	if err := os.WriteFile(filepath.Join(temp, "package.json"), text, 0o600); err != nil {
		return fmt.Errorf("write package.json: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, cfg.Timeout, fmt.Errorf("npm took longer than %s", cfg.Timeout))
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	finished, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		watchSize(temp, cfg.MaxBytes, finished, stop)
	}()
	output, err := runNPM(ctx, temp, "install", "--omit=dev", "--no-workspaces", "--omit-lockfile-registry-resolved")
	close(finished)
	<-watched
	stop(nil)
	if err != nil {
		return fmt.Errorf("%w: %w\n%s", ErrDependencies, err, authorsView(output))
	}
	return checkOrigins(temp)
}

// watchSize stops an installation that is larger than max before it is finished.
func watchSize(dir string, limit int64, finished <-chan struct{}, stop context.CancelCauseFunc) {
	ticker := time.NewTicker(sizeCheckStep)
	defer ticker.Stop()
	for {
		select {
		case <-finished:
			return
		case <-ticker.C:
		}
		if size, err := treeSize(dir); err == nil && size > limit {
			stop(tooLarge(limit))
			return
		}
	}
}

// checkOrigins refuses packages that another package brought in from elsewhere than the registry: npm was told to
// leave addresses in the registry out of its lock file, so any address that is in it leads elsewhere.
func checkOrigins(temp string) error {
	text, err := os.ReadFile(filepath.Join(temp, "package-lock.json"))
	if err != nil {
		return fmt.Errorf("read lock file: %w", err)
	}
	var lock struct {
		Packages map[string]struct {
			Resolved string `json:"resolved"`
			Link     bool   `json:"link"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return fmt.Errorf("read lock file: %w", err)
	}
	for name, p := range lock.Packages {
		if p.Resolved != "" || p.Link {
			return fmt.Errorf("%w: %s does not come from the package registry", ErrDependencies, name)
		}
	}
	return nil
}

// treeSize sums the sizes of the files in dir. Files that npm moves away meanwhile do not count.
func treeSize(dir string) (int64, error) {
	var total int64
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if info, err := entry.Info(); err == nil && entry.Type().IsRegular() {
			total += info.Size()
		}
		return nil
	})
	return total, err
}

func tooLarge(limit int64) error {
	return fmt.Errorf("%w: the packages take more than %d MB", ErrDependencies, limit>>20)
}
