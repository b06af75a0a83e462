package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver of raw connections

	"envshare/internal/store"
	"envshare/models"
)

// postgresVariable names a server on which the user may create databases, as a
// postgres:// URL. Without it the tests run on SQLite alone, except in CI.
const postgresVariable = "ENVSHARE_TEST_POSTGRES"

// database is an empty database made for one test.
type database struct {
	dialect string
	options store.Options
}

// eachDialect runs a test on an empty database of every dialect.
func eachDialect(t *testing.T, test func(t *testing.T, d database)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, database{"sqlite", store.Options{DataDir: t.TempDir()}})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		server := os.Getenv(postgresVariable)
		switch {
		case server == "" && os.Getenv("CI") == "true":
			t.Fatalf("%s must be set in CI", postgresVariable)
		case server == "":
			t.Skipf("%s is not set", postgresVariable)
		}
		test(t, database{"postgres", store.Options{URL: freshPostgres(t, server)}})
	})
}

// eachStore runs a test on a migrated store of every dialect.
func eachStore(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	eachDialect(t, func(t *testing.T, d database) { test(t, d.migrated(t)) })
}

// freshPostgres makes a database and drops it when the test ends.
func freshPostgres(t *testing.T, server string) string {
	t.Helper()
	admin, err := sql.Open("pgx", server)
	must(t, err)
	name := "envshare_test_" + rand.Text()[:16]
	_, err = admin.ExecContext(t.Context(), fmt.Sprintf(`CREATE DATABASE %q`, name))
	must(t, err)
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), fmt.Sprintf(`DROP DATABASE %q WITH (FORCE)`, name)); err != nil {
			t.Errorf("drop %s: %v", name, err)
		}
		_ = admin.Close()
	})
	u, err := url.Parse(server)
	must(t, err)
	u.Path = "/" + name
	return u.String()
}

// open opens the database as one more process would.
func (d database) open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), d.options)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (d database) migrated(t *testing.T) *store.Store {
	t.Helper()
	s := d.open(t)
	_, err := s.Migrate(t.Context())
	must(t, err)
	return s
}

// raw opens the database without the store.
func (d database) raw(t *testing.T) *sql.DB {
	t.Helper()
	driver, source := "pgx", d.options.URL
	if d.dialect == "sqlite" {
		driver, source = "sqlite3", filepath.Join(d.options.DataDir, "envshare.db")
	}
	db, err := sql.Open(driver, source)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// same compares what was stored with what came back. Times must be equal to the
// nanosecond, and in UTC.
func same(t *testing.T, want, got any) {
	t.Helper()
	exact := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() })
	if diff := cmp.Diff(want, got, exact); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
}

func wantCode(t *testing.T, err error, code models.Code, key string) {
	t.Helper()
	if !models.IsCode(err, code) || models.MsgOf(err).Key != key {
		t.Fatalf("error %v, want %s with %s", err, code, key)
	}
}

func wantNotFound(t *testing.T, err error) {
	t.Helper()
	wantCode(t, err, models.CodeNotFound, "error.not_found")
}

// start is when the records of the tests begin, with milliseconds that end in
// no zero.
var start = time.Date(2026, 11, 22, 8, 30, 0, 123_000_000, time.UTC)

func after(d time.Duration) time.Time { return start.Add(d) }

func pointer(t time.Time) *time.Time { return &t }

const (
	shopID    = "wx0000000000000001"
	dinerID   = "wx0000000000000002"
	kitchenID = "wx0000000000000003"
)

// populate stores a principal, three apps, and two environments for each of the
// first and the third.
func populate(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	must(t, s.Principals.Save(ctx, models.Principal{ID: "acme", Name: "示例", CreatedAt: start}))
	for i, id := range []string{shopID, dinerID, kitchenID} {
		must(t, s.Apps.Insert(ctx, models.App{AppID: id, Name: "app " + id, Kind: models.MiniProgram, PrincipalID: "acme",
			CreatedAt: after(time.Duration(i) * time.Minute)}))
	}
	for i, e := range []models.Environment{
		{ID: "shop-2", AppID: shopID}, {ID: "shop-1", AppID: shopID}, {ID: "kitchen-1", AppID: kitchenID}, {ID: "kitchen-2", AppID: kitchenID},
	} {
		e.Name, e.CreatedAt = "环境 "+e.ID, after(time.Duration(i)*time.Second)
		must(t, s.Environments.Insert(ctx, e))
	}
}

func share(id, owner, grantee string, environments ...string) models.Share {
	s := models.Share{ID: id, OwnerAppID: owner, GranteeAppID: grantee, CreatedAt: start, UpdatedAt: start, Version: 1}
	for _, e := range environments {
		s.Grants = append(s.Grants, models.Grant{ID: id + "-" + e, EnvironmentID: e, Permissions: models.AllPermissions})
	}
	return s
}

func user(id, name string) models.User {
	return models.User{ID: id, Username: name, PasswordHash: "hash of " + name, CreatedAt: start, UpdatedAt: start}
}
