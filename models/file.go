package models

import (
	"encoding/hex"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// File is a file in the storage of an environment.
type File struct {
	EnvironmentID string `gorm:"primaryKey"`
	Path          string `gorm:"primaryKey"`
	BlobKey       string
	Size          int64
	ContentType   string
	SHA256        string `gorm:"column:sha256"`
	OwnerAppID    string // app whose code or console stored it
	OwnerOpenID   string `gorm:"column:owner_openid"` // end user on whose behalf; "" for none
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// Name is the last part of the path.
func (f File) Name() string { return f.Path[strings.LastIndexByte(f.Path, '/')+1:] }

// ID is the file id that programs use: cloud://<environment>.<bucket>/<path>.
func (f File) ID() string { return FileID(f.EnvironmentID, f.Path) }

// FileID makes a file id.
func FileID(env, path string) string { return "cloud://" + env + "." + Bucket(env) + "/" + path }

// Bucket names the one bucket of an environment, in the vendor's manner.
func Bucket(env string) string { return hex.EncodeToString([]byte(env[:min(2, len(env))])) + "-" + env }

// ParseFileID takes a file id apart; ok is false for anything else.
func ParseFileID(id string) (env, path string, ok bool) {
	rest, ok := strings.CutPrefix(id, "cloud://")
	if !ok {
		return "", "", false
	}
	place, path, ok := strings.Cut(rest, "/")
	env, bucket, dotted := strings.Cut(place, ".")
	return env, path, ok && dotted && env != "" && bucket != "" && CheckFilePath(path) == nil
}

// MaxFilePath bounds the path of a file in bytes.
const MaxFilePath = 850

// CheckFilePath says what is wrong with the path of a file, nil for a good one:
// parts between slashes, none of them empty, "." or "..", and no control
// characters or backslashes.
func CheckFilePath(path string) error {
	bad := E(CodeInvalid, "error.file_path", "max", MaxFilePath)
	if path == "" || len(path) > MaxFilePath || !utf8.ValidString(path) || strings.ContainsRune(path, '\\') {
		return bad
	}
	if strings.ContainsFunc(path, unicode.IsControl) {
		return bad
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." {
			return bad
		}
	}
	return nil
}
