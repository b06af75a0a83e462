package testkit

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	_ "github.com/mattn/go-sqlite3" // the driver of raw connections
)

// takeDown closes the parts of the installation, the last one first.
func (k *Kit) takeDown() error {
	var errs []error
	for _, shut := range slices.Backward(k.closers) {
		errs = append(errs, shut())
	}
	return errors.Join(errs...)
}

// Save takes the installation down and returns what its folder holds, for
// Options.Data of others: copying a folder is quicker than making its world again.
func (k *Kit) Save(t testing.TB) fs.FS {
	t.Helper()
	must(t, k.end())
	saved := fstest.MapFS{}
	must(t, filepath.WalkDir(k.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(k.dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path) // #nosec G304 -- the test's own folder
		saved[filepath.ToSlash(name)] = &fstest.MapFile{Data: data, Mode: 0o600}
		return err
	}))
	return saved
}

// passing are the tables that change while somebody only looks around, or is
// refused: sessions say when they were last seen, uses and denials are counted.
var passing = []string{"sessions", "denials", "usage_counts"}

// Rows returns every row of every table of the installation, as text by table and
// number, so that a test can tell that nothing changed, or what did.
func (k *Kit) Rows(t testing.TB) map[string]string {
	t.Helper()
	rows := map[string]string{}
	for _, name := range []string{"envshare.db", "documents.db"} {
		db, err := sql.Open("sqlite3", "file:"+filepath.Join(k.dir, name)+"?mode=ro&_busy_timeout=5000")
		must(t, err)
		for _, table := range texts(t, db, "SELECT name FROM sqlite_master WHERE type = 'table'") {
			if slices.Contains(passing, table) {
				continue
			}
			for i, row := range texts(t, db, `SELECT * FROM "`+table+`"`) {
				rows[fmt.Sprintf("%s %s %d", name, table, i)] = row
			}
		}
		must(t, db.Close())
	}
	return rows
}

// texts returns the rows of a query, each as one text.
func texts(t testing.TB, db *sql.DB, query string) []string {
	t.Helper()
	found, err := db.QueryContext(t.Context(), query)
	must(t, err)
	defer func() { must(t, found.Close()) }()
	columns, err := found.Columns()
	must(t, err)
	var out []string
	for found.Next() {
		cells, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		must(t, found.Scan(into...))
		var b strings.Builder
		for i, cell := range cells {
			if i > 0 {
				b.WriteByte(0x1f)
			}
			b.Write(cell)
		}
		out = append(out, b.String())
	}
	must(t, found.Err())
	return out
}
