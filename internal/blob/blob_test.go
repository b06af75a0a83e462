package blob

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"envshare/internal/testkit/s3server"
)

// each runs the suite on every driver.
func each(t *testing.T, test func(t *testing.T, s Store)) {
	t.Helper()
	t.Run("local", func(t *testing.T) {
		s, err := OpenLocal(filepath.Join(t.TempDir(), "files"))
		if err != nil {
			t.Fatal(err)
		}
		test(t, s)
	})
	t.Run("s3", func(t *testing.T) { test(t, startS3(t)) })
}

// startS3 opens the bucket of a real S3 server.
func startS3(t *testing.T) Store {
	t.Helper()
	server := s3server.Start(t)
	secrets := Secrets{server.AccessKey, server.SecretKey}
	if _, err := Open(t.Context(), "s3://none?endpoint="+server.URL, secrets); err == nil {
		t.Error("a bucket that does not exist was opened")
	}
	s, err := Open(t.Context(), "s3://"+server.Bucket+"?endpoint="+server.URL+"&prefix=a/", secrets)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, s Store, key string, offset, length int64) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), key, offset, length)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return data
}

func TestStore(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		data := make([]byte, 40<<20) // more than one part
		_, _ = rand.Read(data)
		sum := sha256.Sum256(data)
		info, err := s.Put(t.Context(), "01BIG", bytes.NewReader(data))
		if err != nil || info.Size != int64(len(data)) || info.SHA256 != hex.EncodeToString(sum[:]) {
			t.Fatalf("%+v %v", info, err)
		}
		for _, r := range [][2]int64{{0, -1}, {0, 10}, {5, 0}, {17 << 20, 3 << 20}, {40<<20 - 4, 100}, {40 << 20, 5}, {39 << 20, -1}} {
			want := data[r[0]:]
			if r[1] >= 0 && r[1] < int64(len(want)) {
				want = want[:r[1]]
			}
			if !bytes.Equal(read(t, s, "01BIG", r[0], r[1]), want) {
				t.Errorf("range %v differs", r)
			}
		}
		if info, err := s.Put(t.Context(), "01EMPTY", strings.NewReader("")); err != nil || info.Size != 0 {
			t.Fatalf("%+v %v", info, err)
		}
		if got := read(t, s, "01EMPTY", 0, -1); len(got) != 0 {
			t.Error("an empty blob has bytes")
		}
		var keys []string
		if err := s.List(t.Context(), func(i Info) error {
			keys = append(keys, i.Key)
			if time.Since(i.At) > time.Hour {
				t.Errorf("%s is from %s", i.Key, i.At)
			}
			return nil
		}); err != nil || len(keys) != 2 {
			t.Errorf("%v %v", keys, err)
		}
		for range 2 {
			if err := s.Delete(t.Context(), "01BIG"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Open(t.Context(), "01BIG", 0, -1); !errors.Is(err, ErrNotFound) {
			t.Errorf("deleted: %v", err)
		}
	})
}

func TestAnUploadThatBreaksOffLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		broken := io.MultiReader(strings.NewReader("half"), brokenReader{})
		if _, err := s.Put(t.Context(), "01HALF", broken); err == nil {
			t.Fatal("half an upload was stored")
		}
		if _, err := s.Open(t.Context(), "01HALF", 0, -1); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
		if err := s.List(t.Context(), func(i Info) error { return fmt.Errorf("left behind: %s", i.Key) }); err != nil {
			t.Error(err)
		}
	})
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestKeysCannotLeaveTheStore(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		for _, key := range []string{"", "a", "../../x", "a/bcd", "..aa", "abc\x00d", strings.Repeat("a", 65)} {
			if _, err := s.Put(t.Context(), key, strings.NewReader("x")); err == nil {
				t.Errorf("%q was stored", key)
			}
			if _, err := s.Open(t.Context(), key, 0, -1); err == nil || errors.Is(err, ErrNotFound) {
				t.Errorf("%q was looked for", key)
			}
			if err := s.Delete(t.Context(), key); err == nil {
				t.Errorf("%q was deleted", key)
			}
		}
	})
}
