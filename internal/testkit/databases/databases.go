// Package databases makes empty databases of both dialects for tests.
//
// It knows the store's options. It must not know the services, whose own tests
// stand on it, and nothing but tests may import it.
package databases

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that makes databases

	"envshare/internal/store"
)

// postgresVariable names a server on which the user may create databases, as a
// postgres:// URL. Without it the tests run on SQLite alone, except in CI.
const postgresVariable = "ENVSHARE_TEST_POSTGRES"

// Each runs a test on an empty database of every dialect. The database
// goes when the test ends.
func Each(t *testing.T, test func(t *testing.T, o store.Options)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, store.Options{DataDir: t.TempDir()})
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
		test(t, store.Options{URL: Postgres(t, server)})
	})
}

// Postgres makes a database on a server and drops it when the test ends.
func Postgres(t testing.TB, server string) string {
	t.Helper()
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := "envshare_test_" + rand.Text()[:16]
	if _, err := admin.ExecContext(t.Context(), fmt.Sprintf(`CREATE DATABASE %q`, name)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), fmt.Sprintf(`DROP DATABASE %q WITH (FORCE)`, name)); err != nil {
			t.Errorf("drop %s: %v", name, err)
		}
		_ = admin.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
