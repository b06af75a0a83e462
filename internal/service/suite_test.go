package service

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"envshare/internal/blob"
	"envshare/internal/docdb"
	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/models"
)

// The apps of the tests: shop and kitchen are activated, diner and press are
// not; stranger is activated and belongs to another principal.
const (
	shop     = "wx0000000000000001"
	diner    = "wx0000000000000002"
	kitchen  = "wx0000000000000003"
	press    = "wx0000000000000004" // an official account
	stranger = "wx0000000000000005"
	nobodys  = "wx00000000000000ff" // not registered
)

// The people of the tests.
var (
	shopAdmin     = person("shop-admin")
	shopDeveloper = person("shop-developer")
	shopViewer    = person("shop-viewer")
	dinerAdmin    = person("diner-admin")
	dinerViewer   = person("diner-viewer")
	kitchenAdmin  = person("kitchen-admin")
	outsider      = person("outsider") // administrator of stranger
	operator      = models.Actor{UserID: "op", Username: "op", Operator: true, Via: "console"}
	system        = models.SystemActor("test")
)

var roles = map[string]models.Membership{
	"shop-admin":     {AppID: shop, Role: models.RoleAdmin},
	"shop-developer": {AppID: shop, Role: models.RoleDeveloper},
	"shop-viewer":    {AppID: shop, Role: models.RoleViewer},
	"diner-admin":    {AppID: diner, Role: models.RoleAdmin},
	"diner-viewer":   {AppID: diner, Role: models.RoleViewer},
	"kitchen-admin":  {AppID: kitchen, Role: models.RoleAdmin},
	"outsider":       {AppID: stranger, Role: models.RoleAdmin},
}

func person(name string) models.Actor {
	return models.Actor{UserID: name, Username: name, Via: "console", IP: "192.0.2.7", RequestID: "request-of-" + name}
}

// start is when the tests begin, with milliseconds that end in no zero.
var start = time.Date(2026, 11, 22, 8, 30, 0, 123_000_000, time.UTC)

// testGrace is how long a deleted environment is kept.
const testGrace = 7 * 24 * time.Hour

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// world is the services of one process on a database.
type world struct {
	*Services
	store   *store.Store
	options store.Options
	clock   *clock
	keys    Keys
}

// eachWorld runs a test on a populated database of every dialect.
func eachWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	databases.Each(t, func(t *testing.T, o store.Options) {
		w := emptyWorld(t, o)
		w.populate(t)
		test(t, w)
	})
}

// sqliteWorld is a populated SQLite database, for what no dialect changes.
func sqliteWorld(t testing.TB) *world {
	t.Helper()
	w := emptyWorld(t, store.Options{DataDir: t.TempDir()})
	w.populate(t)
	return w
}

func emptyWorld(t testing.TB, o store.Options) *world {
	t.Helper()
	return newWorld(t, o, &clock{t: start}, testKeys(t, 1))
}

// another is the same database as another process sees it.
func (w *world) another(t testing.TB) *world {
	t.Helper()
	return newWorld(t, w.options, w.clock, w.keys)
}

func newWorld(t testing.TB, o store.Options, c *clock, keys Keys) *world {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	must(t, err)
	_, err = s.Migrate(t.Context())
	must(t, err)
	kept := docdb.Options{Postgres: o.URL, SQLite: filepath.Join(o.DataDir, "documents.db"), Now: c.now, Logger: silent()}
	documents, err := docdb.Open(t.Context(), kept)
	must(t, err)
	blobs, err := blob.OpenLocal(t.TempDir())
	must(t, err)
	services := New(Deps{Store: s, Blobs: blobs, Documents: documents, Keys: keys, FunctionsDir: t.TempDir(), TransfersDir: t.TempDir(), EnvironmentGrace: testGrace, Now: c.now, Logger: silent()})
	t.Cleanup(func() {
		_ = services.Close(context.Background())
		_ = documents.Close()
		_ = s.Close()
	})
	return &world{Services: services, store: s, options: o, clock: c, keys: keys}
}

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// testKeys is the secret of one installation.
func testKeys(t testing.TB, installation byte) Keys {
	t.Helper()
	master := make([]byte, keySize)
	master[0] = installation
	keys, err := NewKeys(master)
	must(t, err)
	return keys
}

func (w *world) populate(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	must(t, w.store.Tx(ctx, func(tx *store.Store) error {
		for _, id := range []string{"acme", "other"} {
			must(t, tx.Principals.Save(ctx, models.Principal{ID: id, Name: id, CreatedAt: start}))
		}
		for i, id := range []string{shop, diner, kitchen, press, stranger} {
			app := models.App{AppID: id, Name: "app " + id, Kind: models.MiniProgram, PrincipalID: "acme", CreatedAt: start.Add(time.Duration(i))}
			if id == press {
				app.Kind = models.OfficialAccount
			}
			if id == stranger {
				app.PrincipalID = "other"
			}
			must(t, tx.Apps.Insert(ctx, app))
		}
		for i, e := range []models.Environment{
			{ID: "shop-1", AppID: shop}, {ID: "shop-2", AppID: shop}, {ID: "kitchen-1", AppID: kitchen}, {ID: "stranger-1", AppID: stranger},
		} {
			e.Name, e.CreatedAt = "environment "+e.ID, start.Add(time.Duration(i)*time.Second)
			must(t, tx.Environments.Insert(ctx, e))
		}
		for name, m := range roles {
			must(t, tx.Users.Insert(ctx, models.User{ID: name, Username: name, CreatedAt: start, UpdatedAt: start}))
			m.UserID = name
			must(t, tx.Users.SetMembership(ctx, m))
		}
		must(t, tx.Apps.SetSharing(ctx, shop, true))
		return tx.Access.Bump(ctx)
	}))
}

// raw opens the database without the store.
func (w *world) raw(t testing.TB) *sql.DB {
	t.Helper()
	driver, source := "pgx", w.options.URL
	if source == "" {
		driver, source = "sqlite3", "file:"+filepath.Join(w.options.DataDir, "envshare.db")+"?_foreign_keys=on&_busy_timeout=5000"
	}
	db, err := sql.Open(driver, source)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// tables are all tables of records.
var tables = []string{
	"principals", "apps", "environments", "shares", "grants", "settings", "users", "memberships", "sessions", "functions",
	"function_versions", "function_archives", "invocations", "usage_days", "audit_events", "credentials",
	"denials", "client_verdicts", "visitors", "files",
}

// counts returns the number of rows of every table.
func (w *world) counts(t testing.TB) map[string]int {
	t.Helper()
	db := w.raw(t)
	out := map[string]int{}
	for _, table := range tables {
		var n int
		must(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n))
		out[table] = n
	}
	return out
}

// input is a form that lends environments with all permissions.
func input(grantee string, environments ...string) ShareInput {
	return with(ShareInput{GranteeAppID: grantee}, models.AllPermissions, environments...)
}

func with(in ShareInput, permissions models.PermissionSet, environments ...string) ShareInput {
	in.Grants = nil
	for _, e := range environments {
		in.Grants = append(in.Grants, models.Grant{EnvironmentID: e, Permissions: permissions})
	}
	return in
}

// lend shares environments of shop.
func (w *world) lend(t testing.TB, grantee string, environments ...string) models.Share {
	t.Helper()
	share, err := w.Sharing.Share(t.Context(), shopAdmin, shop, input(grantee, environments...))
	must(t, err)
	return share
}

// session is a cross-account session of an app, as init() would have opened it
// for issued credentials; those need no invocation.
func (w *world) session(t testing.TB, app string, share models.Share, environment string) Credential {
	t.Helper()
	grant, ok := share.Grant(environment)
	if !ok {
		t.Fatalf("%s is not in the share", environment)
	}
	cred, err := w.Credentials.issue(claims{
		Kind: kindSession, AppID: app, EnvironmentID: environment, GrantID: grant.ID, ExpiresAt: w.clock.now().Add(sessionTTL).UnixMilli(),
		IssuedID: "issued",
	})
	must(t, err)
	return cred
}

// callCode returns how a call with a credential is decided, "" for allowed.
func (w *world) callCode(t testing.TB, cred Credential, p models.Permission) models.Code {
	t.Helper()
	f, err := w.facts.fresh(t.Context())
	must(t, err)
	_, err = w.Calls.decide(cred, CallInfo{}, f.callFacts(cred.caller(), cred.EnvironmentID()), p)
	return models.CodeOf(err)
}

// source is a function's code that answers with a word.
func source(t testing.TB, word string) Source {
	t.Helper()
	s, err := NewSource([]SourceFile{{Path: "index.js", Data: fmt.Appendf(nil, "exports.main = async () => %q\n", word)}})
	must(t, err)
	return s
}

func (w *world) deploy(t testing.TB, env, name, word string) models.Function {
	t.Helper()
	f, err := w.Functions.Deploy(t.Context(), shopAdmin, shop, env, Deployment{Name: name, Source: source(t, word)})
	must(t, err)
	return f
}

// audit returns what an app reads of the audit log, oldest first.
func (w *world) audit(t testing.TB, app string) []models.AuditEvent {
	t.Helper()
	list, total, err := w.store.Audit.List(t.Context(), app, models.PageRequest{Size: models.MaxPageSize})
	must(t, err)
	if int64(len(list)) != total {
		t.Fatalf("%d of %d events", len(list), total)
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// actions returns the recorded actions in short.
func actions(events []models.AuditEvent) string {
	var out []string
	for _, e := range events {
		out = append(out, string(e.Action))
	}
	return strings.Join(out, " ")
}

// atOnce runs f n times at the same moment and returns the errors.
func atOnce(n int, f func(i int) error) []error {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() {
			<-gate
			errs[i] = f(i)
		})
	}
	close(gate)
	wg.Wait()
	return errs
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
}

// wantError checks code and message of an error.
func wantError(t testing.TB, err error, code models.Code, key string) {
	t.Helper()
	if !models.IsCode(err, code) || models.MsgOf(err).Key != key {
		t.Fatalf("error %v, want %s with %s", err, code, key)
	}
}

// wantField checks that exactly one field of a form is refused, and why.
func wantField(t testing.TB, err error, field, key string) {
	t.Helper()
	fields := models.FieldErrors(err)
	if !models.IsCode(err, models.CodeInvalid) || len(fields) != 1 || fields[field].Key != key {
		t.Fatalf("error %v with fields %v, want %s: %s", err, fields, field, key)
	}
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		case <-tick.C:
		}
	}
}
