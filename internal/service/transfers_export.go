package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb"
	"envshare/internal/docdb/transfer"
)

// exportAll writes the documents into a file, from the beginning: a file that a
// stopped server left half-way is not gone on with, since documents may have
// changed.
func (r *transferRun) exportAll(ctx context.Context) (err error) {
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return fmt.Errorf("make folder of transfers: %w", err)
	}
	file, err := createPrivate(r.file(r.t.ID))
	if err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	r.t.Documents, r.t.BytesDone, r.t.Bytes = 0, 0, 0
	q, err := r.documents.decodeQuery(DocumentQuery{Query: r.t.Filter})
	if err != nil {
		return err
	}
	if r.t.Total, err = r.documents.db.Count(ctx, r.t.EnvironmentID, r.t.Collection, "", q.Filter); err != nil {
		return err
	}
	counted := &countingWriter{w: file}
	if formatOf(r.t) == transfer.CSV && len(r.t.Fields) == 0 {
		err = r.exportColumns(ctx, q, counted)
	} else {
		err = r.exportFields(ctx, q, counted)
	}
	if err != nil {
		return err
	}
	r.t.BytesDone, r.t.Bytes, r.t.Total = counted.n, counted.n, r.t.Documents
	return file.Sync()
}

// exportFields writes documents as they are found.
func (r *transferRun) exportFields(ctx context.Context, q docdb.Query, to *countingWriter) error {
	out, err := transfer.NewWriter(to, formatOf(r.t), r.t.Fields)
	if err != nil {
		return err
	}
	err = r.each(ctx, q, func(doc bson.Raw) error {
		r.t.BytesDone = to.n
		return out.Write(doc)
	})
	return errors.Join(err, out.Close())
}

// exportColumns writes a CSV file of all fields. The head names them before the
// first document, so the documents wait in a file until all were seen; a second
// query would not find the same ones.
func (r *transferRun) exportColumns(ctx context.Context, q docdb.Query, to io.Writer) (err error) {
	spool, err := createPrivate(r.spool(r.t.ID))
	if err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	defer func() { err = errors.Join(err, spool.Close(), os.Remove(spool.Name())) }()
	columns, waiting := &transfer.Columns{}, bufio.NewWriterSize(spool, 64<<10)
	err = r.each(ctx, q, func(doc bson.Raw) error {
		_, err := waiting.Write(doc)
		return errors.Join(err, columns.Add(doc))
	})
	if err = errors.Join(err, waiting.Flush()); err != nil {
		return err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	out, err := transfer.NewWriter(to, transfer.CSV, columns.Names())
	if err != nil {
		return err
	}
	from := bufio.NewReaderSize(spool, 64<<10)
	for ctx.Err() == nil {
		doc, err := bson.ReadDocument(from)
		if errors.Is(err, io.EOF) {
			return out.Close()
		}
		if err != nil {
			return err
		}
		if err := out.Write(doc); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// each calls f with every document of an export and saves how far it is.
func (r *transferRun) each(ctx context.Context, q docdb.Query, f func(doc bson.Raw) error) error {
	return r.documents.db.Find(ctx, r.t.EnvironmentID, r.t.Collection, "", q, func(doc bson.Raw) error {
		if err := f(doc); err != nil {
			return err
		}
		r.t.Documents++
		if r.clock().Sub(r.saved) < transferSaveEvery {
			return nil
		}
		return r.save(ctx)
	})
}

// createPrivate makes or empties a file that nobody else reads.
func createPrivate(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
