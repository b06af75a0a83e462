package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// reachable returns a folder that the users of workers can pass through: dir itself or, when the server runs as root
// and a folder above dir is closed to others (such as /root), one under the system's folder of temporary files.
func reachable(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("absolute path of %s: %w", dir, err)
	}
	if os.Geteuid() != 0 {
		return dir, os.MkdirAll(dir, 0o700)
	}
	if err = makePassable(dir); err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	if closedAncestor(filepath.Dir(dir)) != "" {
		sum := sha256.Sum256([]byte(dir))
		if dir, err = rootOwned(filepath.Join(os.TempDir(), "envshare-"+hex.EncodeToString(sum[:8]))); err != nil {
			return "", err
		}
	}
	return dir, os.Chmod(dir, 0o711)
}

// makePassable is os.MkdirAll for folders that others may pass through, whatever the umask of the server.
func makePassable(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := makePassable(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o711); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil // another server was faster, or a file, which the caller will notice
		}
		return err
	}
	return os.Chmod(dir, 0o711)
}

// closedAncestor returns the first of path and the folders above it that others may not pass through, or "".
func closedAncestor(path string) string {
	for {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return path
		}
		if path == filepath.Dir(path) {
			return ""
		}
		path = filepath.Dir(path)
	}
}

// rootOwned makes dir, or checks that the one that is there can only have been made by root.
func rootOwned(dir string) (string, error) {
	if closed := closedAncestor(filepath.Dir(dir)); closed != "" {
		return "", fmt.Errorf("workers run as users of their own and cannot pass through %s; choose a data folder that others can pass through", closed)
	}
	if err := os.Mkdir(dir, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return "", fmt.Errorf("inspect %s: %w", dir, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Uid != 0 || st.Mode&0o022 != 0 {
		return "", fmt.Errorf("%s is not a folder that only root can write to", dir)
	}
	return dir, nil
}

// removeTree removes dir even when a function took the permissions of folders in it away.
func removeTree(dir string) error {
	if os.RemoveAll(dir) == nil {
		return nil
	}
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return err
	})
	return os.RemoveAll(dir)
}
