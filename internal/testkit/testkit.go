// Package testkit runs the real parts for tests: services on SQLite in a folder
// of the test, the real function runner with the genuine wx-server-sdk, and a
// listener that functions reach.
//
// It knows how an installation is put together. It must not know handlers or the
// gateway, whose tests stand on it, and nothing but tests may import it.
package testkit

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"envshare/internal/blob"
	"envshare/internal/docdb"
	"envshare/internal/identity"
	"envshare/internal/runner"
	"envshare/internal/service"
	"envshare/internal/store"
	"envshare/models"
)

// Actor may do what any owner may: a command beside the data.
var Actor = models.SystemActor("test")

// MasterKey is the secret of every test installation.
var MasterKey = bytes.Repeat([]byte("k"), 32)

// EnvironmentGrace is how long every test installation keeps a deleted environment.
const EnvironmentGrace = 7 * 24 * time.Hour

// passwordMemory is what hashing a password takes in test installations, in KiB:
// tests sign in hundreds of people.
const passwordMemory = 64

// Options change what New builds.
type Options struct {
	// Database is the URL of an empty PostgreSQL database for the records; "" for
	// SQLite.
	Database string
	// NoRunner leaves function workers out, for tests that run no function.
	NoRunner bool
	// Now is the clock; nil for the real one.
	Now func() time.Time
	// Logger gets the log; nil drops it.
	Logger *slog.Logger
	// Statements is called after every statement of the store; nil for none.
	Statements func()
	// Simulator lets a simulated WeChat say who end users are.
	Simulator bool
	// External is the OpenID provider of the console; nil for none.
	External identity.External
	// CreateExternalUsers makes users of whoever comes from there unknown.
	CreateExternalUsers bool
	// Data is what the folder of the installation begins with: what Save returned of
	// another one. Nil for an empty folder.
	Data fs.FS
}

// Kit is one installation.
type Kit struct {
	// Documents is the document database of the services.
	Documents *docdb.DB
	Services  *service.Services
	Store     *store.Store
	Logger    *slog.Logger
	// SDKDir holds the node_modules with wx-server-sdk; empty without a runner.
	SDKDir string
	// GatewayURL is where functions find the gateway, without a path: Serve makes
	// somebody answer there.
	GatewayURL string
	// SimulatorURL is where the simulated WeChat answers; empty without one.
	SimulatorURL string

	listener net.Listener
	dir      string
	// closers take the parts down, the last one first; end does it once.
	closers []func() error
	end     func() error
}

// New builds an installation that the end of the test takes down. With a runner
// it skips a test where Node.js is absent, except in CI.
func New(t testing.TB, o Options) *Kit {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	dir := t.TempDir()
	k := &Kit{Logger: o.Logger, dir: dir}
	k.end = sync.OnceValue(k.takeDown)
	t.Cleanup(func() { report(t, k.end()) })
	if o.Data != nil {
		must(t, os.CopyFS(dir, o.Data))
	}
	var err error
	k.Store, err = store.Open(t.Context(), store.Options{URL: o.Database, DataDir: dir, Statements: o.Statements})
	must(t, err)
	k.closers = append(k.closers, k.Store.Close)
	_, err = k.Store.Migrate(t.Context())
	must(t, err)

	k.listener, err = net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = k.listener.Close() }) // Serve's server may have closed it
	k.GatewayURL = "http://" + k.listener.Addr().String()

	keys, err := service.NewKeys(MasterKey)
	must(t, err)
	k.Documents, err = docdb.Open(t.Context(), docdb.Options{SQLite: filepath.Join(dir, "documents.db"), Logger: o.Logger, Now: o.Now})
	must(t, err)
	k.closers = append(k.closers, k.Documents.Close)
	blobs, err := blob.OpenLocal(filepath.Join(dir, "files"))
	must(t, err)
	deps := service.Deps{
		Store: k.Store, Blobs: blobs, Documents: k.Documents, Keys: keys, TransfersDir: filepath.Join(dir, "transfers"), FunctionsDir: filepath.Join(dir, "functions"),
		WorkerGatewayURL: k.GatewayURL, Logger: o.Logger, Now: o.Now, External: o.External, CreateExternalUsers: o.CreateExternalUsers,
		PasswordMemory: passwordMemory,
	}
	deps.EnvironmentGrace = EnvironmentGrace
	if !o.NoRunner {
		deps.Runner = k.startRunner(t, dir)
	}
	if o.Simulator {
		deps.WeChat = k.startSimulator(t, o.Now)
	}
	must(t, os.MkdirAll(deps.FunctionsDir, 0o700))
	k.Services = service.New(deps)
	k.closers = append(k.closers, func() error { return k.Services.Close(context.Background()) })
	return k
}

// sdkFolder prepares the SDK once for all tests, and keeps it for the next run.
var sdkFolder = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return runner.PrepareSDK(context.Background(), filepath.Join(cache, "envshare-test"))
})

func (k *Kit) startRunner(t testing.TB, dir string) *runner.Runner {
	t.Helper()
	NeedNode(t)
	var err error
	k.SDKDir, err = sdkFolder()
	must(t, err)
	r, err := runner.New(t.Context(), runner.Config{WorkDir: filepath.Join(dir, "workers"), SDKDir: k.SDKDir, Logger: k.Logger})
	must(t, err)
	k.closers = append(k.closers, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return r.Close(ctx)
	})
	return r
}

// NeedNode skips a test where Node.js is absent, except in CI.
func NeedNode(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("node"); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("CI must have Node.js")
	}
	t.Skip("Node.js is not installed")
}

// Serve lets handler answer at GatewayURL until the test ends.
func (k *Kit) Serve(t testing.TB, handler http.Handler) {
	t.Helper()
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(k.Logger.Handler(), slog.LevelWarn)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(k.listener) // always http.ErrServerClosed
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
}

// Apply brings the installation to the state that a manifest declares (DESIGN.md
// section 6). Files are those that the manifest's folders of functions hold, by
// path.
func (k *Kit) Apply(t testing.TB, manifest string, files map[string]string) {
	t.Helper()
	m, err := service.ParseManifest(strings.NewReader(manifest))
	must(t, err)
	folder := fstest.MapFS{}
	for path, text := range files {
		folder[path] = &fstest.MapFile{Data: []byte(text)}
	}
	_, err = k.Services.Manifests.Apply(t.Context(), Actor, m, service.ApplyOptions{Files: folder, Getenv: os.Getenv})
	must(t, err)
}

// Credential issues a credential of an app for code outside of functions, good
// for an hour, and its id for revoking.
func (k *Kit) Credential(t testing.TB, appID, environmentID string) (service.Credential, string) {
	t.Helper()
	credential, row, err := k.Services.Credentials.Issue(t.Context(), Actor, appID, environmentID, time.Hour)
	must(t, err)
	return credential, row.ID
}

// must ends a test that could not be set up.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func report(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("take down: %v", err)
	}
}
