package main

import (
	"context"
	"os"
	"path/filepath"

	"envshare/internal/blob"
	"envshare/internal/config"
	"envshare/internal/docdb"
)

// openDocuments opens the document database: a file beside the records, or the
// same PostgreSQL.
func openDocuments(ctx context.Context, c config.Config) (*docdb.DB, error) {
	o := docdb.Options{Postgres: c.Database, Logger: c.Logger()}
	if c.Database == "" {
		o.SQLite = filepath.Join(c.Data, "documents.db")
	}
	return docdb.Open(ctx, o)
}

// transfersDir holds the files of imports and exports.
func transfersDir(c config.Config) string { return filepath.Join(c.Data, "transfers") }

// openBlobs opens where the bytes of files are kept.
func openBlobs(ctx context.Context, c config.Config) (blob.Store, error) {
	address := c.Storage
	if address == "" {
		address = filepath.Join(c.Data, "files")
	}
	return blob.Open(ctx, address, blob.Secrets{AccessKey: os.Getenv("ENVSHARE_S3_ACCESS_KEY"), SecretKey: os.Getenv("ENVSHARE_S3_SECRET_KEY")})
}
