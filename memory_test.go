package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"envshare/internal/testkit/s3server"
	"envshare/models"
)

const (
	bigFile   = 1 << 30
	bigFileS3 = 256 << 20 // the S3 server of the test writes all of it to the same disk again
	// moreMemory bounds by how much a big file may make the server grow.
	moreMemory = 100 << 20
)

const memoryManifest = `
principals: [{id: p, name: P}]
apps: [{appid: wxaaaaaaaaaaaaaaaa, name: A, type: miniprogram, principal: p, environments: [{id: a-main}]}]
`

// TestBigFilesNeedLittleMemory sends a big file through a real server, both ways.
func TestBigFilesNeedLittleMemory(t *testing.T) {
	if runtime.GOOS != "linux" || testing.Short() {
		t.Skip("needs /proc, and some seconds")
	}
	binary := filepath.Join(t.TempDir(), "envshare")
	run(t, exec.Command("go", "build", "-o", binary, "."))
	t.Run("local", func(t *testing.T) {
		throughServer(t, &installation{binary: binary, data: filepath.Join(t.TempDir(), "data")}, bigFile)
	})
	t.Run("s3", func(t *testing.T) {
		s := s3server.Start(t)
		throughServer(t, &installation{
			binary: binary, data: filepath.Join(t.TempDir(), "data"),
			flags: []string{"--storage", "s3://" + s.Bucket + "?endpoint=" + s.URL},
			env:   []string{"ENVSHARE_S3_ACCESS_KEY=" + s.AccessKey, "ENVSHARE_S3_SECRET_KEY=" + s.SecretKey},
		}, bigFileS3)
	})
}

func throughServer(t *testing.T, i *installation, size int64) {
	t.Helper()
	manifest := filepath.Join(t.TempDir(), "envshare.yaml")
	if err := os.WriteFile(manifest, []byte(memoryManifest), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(i.binary, "apply", "--data", i.data, "-f", manifest))
	i.start(t)
	i.issue(t)
	defer func() {
		_ = i.server.Process.Kill()
		_ = i.server.Wait()
	}()
	i.sendBig(t, "small", 1<<20) // what the first file costs, each file does not
	i.fetchBig(t, "small", 1<<20)
	before := peakMemory(t, i.server.Process.Pid)
	i.sendBig(t, "big", size)
	uploaded := peakMemory(t, i.server.Process.Pid)
	i.fetchBig(t, "big", size)
	after := peakMemory(t, i.server.Process.Pid)
	t.Logf("%d MiB: %d MiB of memory before, %d after upload, %d after download", size>>20, before>>20, uploaded>>20, after>>20)
	if after-before >= moreMemory {
		t.Errorf("the server grew by %d MiB, at most %d are allowed", (after-before)>>20, moreMemory>>20)
	}
}

// peakMemory returns the most memory that a process has had, in bytes.
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) == 3 && fields[0] == "VmHWM:" {
			kb, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmHWM in /proc")
	return 0
}

// content is a stream of bytes that has no end and is the same each time.
func content() io.Reader { return rand.NewChaCha8([32]byte{'b', 'i', 'g'}) }

func (i *installation) sendBig(t *testing.T, path string, size int64) {
	t.Helper()
	begun := i.must(t, "storage.getUploadMetadata", map[string]any{"path": path})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, begun["data"].(map[string]any)["url"].(string), io.LimitReader(content(), size))
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = size
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end
	if body, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("upload: %s %s %v", answer.Status, body, err)
	}
}

func (i *installation) fetchBig(t *testing.T, path string, size int64) {
	t.Helper()
	out := i.must(t, "storage.batchGetDownloadUrl", map[string]any{"file_list": []map[string]any{{"fileid": models.FileID("a-main", path)}}})
	one := out["data"].(map[string]any)["download_list"].([]any)[0].(map[string]any)
	answer, err := http.Get(one["tempFileURL"].(string))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end
	n, err := io.Copy(&same{want: content()}, answer.Body)
	if err != nil || n != size || answer.StatusCode != http.StatusOK {
		t.Fatalf("download: %s, %d bytes of %d, %v", answer.Status, n, size, err)
	}
}

// same takes only the bytes that a reader gives.
type same struct {
	want io.Reader
	buf  []byte
}

func (s *same) Write(p []byte) (int, error) {
	s.buf = append(s.buf[:0], p...)
	if _, err := io.ReadFull(s.want, s.buf); err != nil {
		return 0, err
	}
	if !bytes.Equal(s.buf, p) {
		return 0, errors.New("the bytes differ from those that were sent")
	}
	return len(p), nil
}
