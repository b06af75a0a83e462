package runner

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// copyCode copies the tree of a version to target, readable by everybody: the folder around it is what keeps others
// out, and a worker has no business writing to its code. A symbolic link becomes a copy of the file it leads to when
// that is inside the tree, and is left out otherwise: Node.js follows links out of the folders it may read.
func copyCode(source, target string) error {
	root, err := os.OpenRoot(source)
	if err != nil {
		return fmt.Errorf("open function code: %w", err)
	}
	defer root.Close() //nolint:errcheck // opened for reading

	buffer := make([]byte, 64*1024)
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(target, name)
		switch {
		case entry.IsDir():
			if err := os.Mkdir(to, 0o755); err != nil {
				return err
			}
			return os.Chmod(to, 0o755)
		case entry.Type().IsRegular(), entry.Type()&fs.ModeSymlink != 0:
			return copyFile(root, name, to, buffer)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("copy function code: %w", err)
	}
	return nil
}

func copyFile(root *os.Root, name, to string, buffer []byte) error {
	link, err := root.Lstat(name)
	if err != nil {
		return err
	}
	info, err := root.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		if link.Mode()&fs.ModeSymlink != 0 {
			return nil // leads out of the tree, to nothing, or to a folder
		}
		return errors.Join(err, fmt.Errorf("%s is not a regular file", name))
	}
	in, err := root.Open(name)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // opened for reading

	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err = io.CopyBuffer(out, in, buffer); err == nil {
		err = out.Chmod(0o644)
	}
	return errors.Join(err, out.Close())
}
