package store_test

import (
	"database/sql"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"envshare/internal/store"
	"envshare/internal/store/migrations"
)

func TestMigrate_IsIdempotent(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		s := d.open(t)
		for range 3 {
			n, err := s.Migrate(t.Context())
			must(t, err)
			same(t, len(migrations.All()), n)
		}
		populate(t, s)
		_, err := s.Migrate(t.Context())
		must(t, err)
		apps, err := s.Apps.List(t.Context())
		must(t, err)
		same(t, 3, len(apps))
		revision, err := s.Access.Revision(t.Context())
		must(t, err)
		same(t, int64(1), revision)
	})
}

func TestMigrate_TwoProcessesAtOnce(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		for _, err := range raceOn([]*store.Store{d.open(t), d.open(t)}, 4, func(s *store.Store, _ int) error {
			_, err := s.Migrate(t.Context())
			return err
		}) {
			must(t, err)
		}
		var n int
		must(t, d.raw(t).QueryRowContext(t.Context(), "SELECT COUNT(*) FROM migrations").Scan(&n))
		same(t, len(migrations.All()), n)
	})
}

func TestMigrate_RefusesWhatANewerProgrammeWrote(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		s := d.migrated(t)
		populate(t, s)
		raw := d.raw(t)
		_, err := raw.ExecContext(t.Context(), "INSERT INTO migrations (id) VALUES ('209901010000-newer')")
		must(t, err)
		if _, err := s.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "migrate database: ") {
			t.Fatalf("a newer database: %v", err)
		}
		if _, err := d.open(t).Migrate(t.Context()); err == nil {
			t.Fatal("a second process took it")
		}
		_, err = raw.ExecContext(t.Context(), "DELETE FROM migrations WHERE id = '209901010000-newer'")
		must(t, err)
		_, err = s.Migrate(t.Context())
		must(t, err) // the refusal left no lock behind
	})
}

func TestMigrate_AStepThatFailsLeavesNothing(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		raw := d.raw(t)
		_, err := raw.ExecContext(t.Context(), "CREATE TABLE credentials (id integer)") // in the way of the last step
		must(t, err)
		s := d.open(t)
		if _, err := s.Migrate(t.Context()); err == nil {
			t.Fatal("migrated over a table that is in the way")
		}
		_, err = raw.ExecContext(t.Context(), "DROP TABLE credentials")
		must(t, err)
		_, err = s.Migrate(t.Context())
		must(t, err)
		populate(t, s)
	})
}

func TestMigrate_BeforeItNothingIsThere(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		s := d.open(t)
		if _, err := s.Access.Revision(t.Context()); err == nil {
			t.Fatal("an empty database has a revision")
		}
		if _, err := s.Access.Load(t.Context(), start); err == nil {
			t.Fatal("an empty database has facts")
		}
	})
}

func TestMigrations_AreNamedInOrder(t *testing.T) {
	var ids []string
	for _, step := range migrations.All() {
		ids = append(ids, step.ID)
		if number, name, ok := strings.Cut(step.ID, "-"); !ok || len(number) != 12 || name == "" {
			t.Errorf("step %q is not called YYYYMMDDHHMM-short-name", step.ID)
		}
	}
	if !sort.StringsAreSorted(ids) {
		t.Fatalf("the steps are out of order: %q", ids)
	}
}

// Both dialects end with the same tables, columns, defaults, keys and indexes.
func TestMigrate_BothDialectsGetTheSameSchema(t *testing.T) {
	var turn sync.Mutex
	schemas := map[string][]string{}
	t.Run("read", func(t *testing.T) {
		eachDialect(t, func(t *testing.T, d database) {
			d.migrated(t)
			lines := schema(t, d.raw(t), schemaQueries[d.dialect])
			turn.Lock()
			defer turn.Unlock()
			schemas[d.dialect] = lines
		})
	})
	lite, elephant := schemas["sqlite"], schemas["postgres"]
	if len(lite) < 100 {
		t.Fatalf("SQLite has only %d columns, keys and indexes", len(lite))
	}
	if elephant == nil {
		t.Skip("nothing to compare with")
	}
	if diff := cmp.Diff(lite, elephant); diff != "" {
		t.Fatalf("-sqlite +postgres:\n%s", diff)
	}
}

// schemaQueries give one line per column, foreign key and index.
var schemaQueries = map[string][]string{
	"sqlite": {
		`SELECT m.name || '.' || c.name || ' ' || lower(c.type) || CASE WHEN c."notnull" OR c.pk THEN ' not null' ELSE '' END || ' ' || COALESCE(c.dflt_value, '')
			FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name <> 'migrations'`,
		`SELECT m.name || '.' || f."from" || ' -> ' || f."table" || '.' || f."to" || ' ' || f.on_delete
			FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`,
		`SELECT 'index ' || x.tbl || ' ' || x.uniq || ' (' || group_concat(x.col, ',') || ')' FROM (
			SELECT m.name AS tbl, l.name AS idx, l."unique" AS uniq, i.name AS col
			FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) i
			WHERE m.type = 'table' AND m.name <> 'migrations' AND l.origin <> 'pk' ORDER BY l.name, i.seqno) x GROUP BY x.tbl, x.idx, x.uniq`,
		`SELECT 'primary key ' || x.tbl || ' (' || group_concat(x.col, ',') || ')' FROM (
			SELECT m.name AS tbl, c.name AS col FROM sqlite_master m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND m.name <> 'migrations' AND c.pk > 0 ORDER BY m.name, c.pk) x GROUP BY x.tbl`,
	},
	"postgres": {
		`SELECT r.relname || '.' || a.attname || ' ' ||
				replace(replace(replace(format_type(a.atttypid, a.atttypmod), 'character varying', 'varchar'), 'timestamp with time zone', 'datetime'), 'bytea', 'blob') ||
				CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || ' ' || COALESCE(split_part(pg_get_expr(d.adbin, d.adrelid), '::', 1), '')
			FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
			WHERE r.relnamespace = 'public'::regnamespace AND r.relkind = 'r' AND a.attnum > 0 AND r.relname <> 'migrations'`,
		`SELECT r.relname || '.' || a.attname || ' -> ' || t.relname || '.' || b.attname || ' ' || CASE c.confdeltype WHEN 'c' THEN 'CASCADE' ELSE 'NO ACTION' END
			FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
			JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = c.conkey[1] JOIN pg_attribute b ON b.attrelid = t.oid AND b.attnum = c.confkey[1]
			WHERE c.contype = 'f'`,
		`SELECT CASE WHEN i.indisprimary THEN 'primary key ' || r.relname ELSE 'index ' || r.relname || ' ' || i.indisunique::int END || ' (' ||
				string_agg(a.attname, ',' ORDER BY array_position(i.indkey::int2[], a.attnum)) || ')'
			FROM pg_index i JOIN pg_class r ON r.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = ANY (i.indkey)
			WHERE r.relnamespace = 'public'::regnamespace AND r.relname <> 'migrations' GROUP BY i.indexrelid, r.relname, i.indisprimary, i.indisunique`,
	},
}

// schema returns the answers of all queries, sorted.
func schema(t *testing.T, db *sql.DB, queries []string) []string {
	t.Helper()
	var lines []string
	for _, query := range queries {
		lines = append(lines, answers(t, db, query)...)
	}
	sort.Strings(lines)
	return lines
}

func answers(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	must(t, err)
	defer func() { _ = rows.Close() }()
	var lines []string
	for rows.Next() {
		var line string
		must(t, rows.Scan(&line))
		lines = append(lines, line)
	}
	must(t, rows.Err())
	return lines
}
