package docdb

import (
	"context"
	"fmt"
	"strings"

	"envshare/models"
)

// format is the version of the tables; a newer one is refused.
const format = 1

const tables = `
CREATE TABLE IF NOT EXISTS docdb_catalog (one integer PRIMARY KEY, revision bigint NOT NULL, format integer NOT NULL);
CREATE TABLE IF NOT EXISTS docdb_collections (id {serial}, environment {text} NOT NULL, name {text} NOT NULL, UNIQUE (environment, name));
CREATE TABLE IF NOT EXISTS docdb_indexes (
	id {serial}, collection bigint NOT NULL, definition text NOT NULL, ready integer NOT NULL, multikey integer NOT NULL, long_keys integer NOT NULL);
CREATE TABLE IF NOT EXISTS docdb_documents (id {bigkey} PRIMARY KEY, version bigint NOT NULL, body {blob} NOT NULL);
CREATE TABLE IF NOT EXISTS docdb_keys (idx bigint NOT NULL, key {blob} NOT NULL, doc bigint NOT NULL, PRIMARY KEY (idx, key, doc)){norowid};
CREATE TABLE IF NOT EXISTS docdb_unique_keys (idx bigint NOT NULL, key {blob} NOT NULL, doc bigint NOT NULL, PRIMARY KEY (idx, key)){norowid};
{sequence}INSERT INTO docdb_catalog (one, revision, format) VALUES (1, 1, 1) ON CONFLICT DO NOTHING`

// schemaLock keeps two nodes from making the tables at the same time.
const schemaLock = 7_205_301

func (db *DB) migrate(ctx context.Context) error {
	types := strings.NewReplacer("{serial}", "integer PRIMARY KEY AUTOINCREMENT", "{text}", "text", "{blob}", "blob", "{bigkey}", "integer",
		"{norowid}", " WITHOUT ROWID", "{sequence}", "")
	if db.postgres {
		types = strings.NewReplacer("{serial}", "bigserial PRIMARY KEY", "{text}", `text COLLATE "C"`, "{blob}", "bytea", "{bigkey}", "bigint",
			"{norowid}", "", "{sequence}", "CREATE SEQUENCE IF NOT EXISTS docdb_sequence;\n")
	}
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	s := session{db: db, tx: tx}
	if db.postgres {
		if _, err := s.exec(ctx, "SELECT pg_advisory_xact_lock(?)", schemaLock); err != nil {
			return err
		}
	}
	for _, statement := range strings.Split(types.Replace(tables), ";") {
		if _, err := s.exec(ctx, statement); err != nil {
			return fmt.Errorf("make tables: %w", err)
		}
	}
	var found int
	if _, err := s.value(ctx, "SELECT format FROM docdb_catalog", nil, &found); err != nil {
		return err
	}
	if found != format {
		return models.E(models.CodeUnavailable, "docdb.format_newer", "format", found)
	}
	return tx.Commit()
}
