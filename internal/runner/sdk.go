package runner

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// sdkFiles holds package.json and package-lock.json of the SDK that functions get without installing it, and the
// archive wx-server-sdk.tar.gz of its node_modules when sdk/build.sh made one before the programme was built.
//
//go:embed sdk
var sdkFiles embed.FS

const (
	// sdkVersion is the version of wx-server-sdk in sdk/package.json.
	sdkVersion = "4.0.2"
	sdkArchive = "sdk/wx-server-sdk.tar.gz"
)

// PrepareSDK makes the folder of the provided SDK below dir, unless it is there, and returns it; its node_modules
// holds the genuine wx-server-sdk. The files come from the archive in the programme, or from the package registry
// where there is none. Everybody may read them and nobody is meant to write to them. Several processes may do this at
// once. As root, a folder under os.TempDir takes the place of a dir that other users cannot reach.
func PrepareSDK(ctx context.Context, dir string) (string, error) {
	dir, err := reachable(dir)
	if err != nil {
		return "", fmt.Errorf("make SDK folder: %w", err)
	}
	archive, digest, err := sdkSource()
	if err != nil {
		return "", err
	}
	target := filepath.Join(dir, "sdk-"+digest)
	if _, err := os.Stat(target); err == nil {
		return target, nil
	}
	temp, err := os.MkdirTemp(dir, "sdk-new-")
	if err != nil {
		return "", fmt.Errorf("make SDK folder: %w", err)
	}
	defer os.RemoveAll(temp) //nolint:errcheck // gone after the rename

	if archive != nil {
		err = unpack(bytes.NewReader(archive), temp)
	} else {
		err = installSDK(ctx, temp)
	}
	if err == nil {
		err = makeReadable(temp)
	}
	if err != nil {
		return "", fmt.Errorf("prepare wx-server-sdk: %w", err)
	}
	if err := os.Rename(temp, target); err != nil {
		if _, there := os.Stat(target); there != nil {
			return "", fmt.Errorf("prepare wx-server-sdk: %w", err)
		}
	}
	return target, nil
}

// sdkSource returns the embedded archive, nil if there is none, and a digest that changes with the SDK.
func sdkSource() (archive []byte, digest string, err error) {
	sum := sha256.New()
	lock, err := sdkFiles.ReadFile("sdk/package-lock.json")
	if err != nil {
		return nil, "", fmt.Errorf("read lock file of the SDK: %w", err)
	}
	sum.Write(lock)
	archive, err = sdkFiles.ReadFile(sdkArchive)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("read archive of the SDK: %w", err)
	}
	sum.Write(archive)
	return archive, hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

func installSDK(ctx context.Context, dir string) error {
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := sdkFiles.ReadFile("sdk/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, npmTimeout)
	defer cancel()
	if output, err := runNPM(ctx, dir, "ci", "--omit=dev"); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return nil
}

// unpack extracts a gzipped tar of plain files and folders.
func unpack(archive io.Reader, dir string) error {
	zipped, err := gzip.NewReader(archive)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // holds no data

	files := tar.NewReader(zipped)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.Clean(header.Name)
		switch header.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case tar.TypeReg:
			err = unpackFile(root, name, files)
		}
		if err != nil {
			return err
		}
	}
}

func unpackFile(root *os.Root, name string, content io.Reader) error {
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	return errors.Join(err, out.Close())
}

// makeReadable lets everybody read a tree and takes the right to write to its files from all. Symbolic links, which
// only npm's .bin folders hold, are removed: nothing in a function can start a programme.
func makeReadable(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return os.Chmod(path, 0o755)
		case entry.Type()&fs.ModeSymlink != 0:
			return os.Remove(path)
		}
		return os.Chmod(path, 0o444)
	})
}
