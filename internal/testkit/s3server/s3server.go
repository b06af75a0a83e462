// Package s3server starts a real S3 server for tests.
//
// It knows the server's binary, which make build/tools/minio builds. It must not
// know who stores what there; nothing but tests may import it.
package s3server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// binaryVariable names the server's binary, where it is not in build/tools.
const binaryVariable = "ENVSHARE_TEST_MINIO"

// Server is a running server with an empty bucket.
type Server struct {
	URL, Bucket          string
	AccessKey, SecretKey string
}

// Start starts a server on a port of its own, which ends with the test. Without
// the binary the test is skipped, except in CI.
func Start(t *testing.T) Server {
	t.Helper()
	path := binary(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	s := Server{URL: "http://" + address, Bucket: "files", AccessKey: "tester", SecretKey: "a-secret-for-the-test"}
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, path, "server", "--quiet", "--address", address, t.TempDir())
	command.Env = append(os.Environ(), "MINIO_BROWSER=off", "MINIO_ROOT_USER="+s.AccessKey, "MINIO_ROOT_PASSWORD="+s.SecretKey)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = command.Wait() })
	waitReady(t, s.URL+"/minio/health/ready")
	client, err := minio.New(address, &minio.Options{Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(t.Context(), s.Bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	return s
}

func binary(t *testing.T) string {
	t.Helper()
	wanted := os.Getenv(binaryVariable)
	if wanted == "" {
		wanted = filepath.Join(root(t), "build/tools/minio")
	}
	path, err := exec.LookPath(wanted)
	if err != nil {
		path, err = exec.LookPath("minio")
	}
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("an S3 server must be there in CI: make build/tools/minio")
	}
	if err != nil {
		t.Skip("no S3 server: make build/tools/minio")
	}
	return path
}

// root returns the folder of the module.
func root(t *testing.T) string {
	t.Helper()
	at, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, err := os.Stat(filepath.Join(at, "go.mod"))
		if err == nil {
			return at
		}
		if !errors.Is(err, os.ErrNotExist) || at == filepath.Dir(at) {
			t.Fatalf("no go.mod above the test: %v", err)
		}
		at = filepath.Dir(at)
	}
}

func waitReady(t *testing.T, url string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		answer, err := http.Get(url)
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		<-time.After(50 * time.Millisecond)
	}
	t.Fatal("the S3 server does not start")
}
