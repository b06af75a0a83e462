package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb"
	"envshare/internal/docdb/transfer"
	"envshare/internal/docdb/value"
	"envshare/models"
)

const (
	transferBatch      = 500     // documents written together
	transferBatchBytes = 4 << 20 // and bytes
	transferSaveEvery  = 500 * time.Millisecond
	transferPoll       = time.Minute // for what another process left
	shownErrors        = 20
	upsertWorkers      = 16
)

// start runs transfers until close. Those that a stopped server left go on.
func (s *Transfers) start() {
	s.loop.start(transferPoll, func(ctx context.Context) {
		if err := errors.Join(s.sweep(ctx), s.runAll(ctx)); err != nil && ctx.Err() == nil {
			s.logger.Error("transfers", "error", err)
		}
	})
}

// close stops the running transfer where it is; it goes on at the next start.
func (s *Transfers) close() { s.loop.stop() }

func (s *Transfers) runAll(ctx context.Context) error {
	list, err := s.store.Transfers.Unfinished(ctx)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.Kind == models.TransferImport {
			if _, err := os.Stat(s.file(t.ID)); err != nil {
				continue // received by another node, which will run it
			}
		}
		if err := s.runOne(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// runOne runs a transfer to its end, unless the server stops first.
func (s *Transfers) runOne(ctx context.Context, t models.Transfer) error {
	work, stop := context.WithCancel(ctx)
	defer stop()
	s.mu.Lock()
	s.running, s.stop = t.ID, stop
	s.mu.Unlock()
	run := &transferRun{Transfers: s, t: t, saved: s.clock(), resumed: t.Status == models.TransferRunning || t.Documents > 0}
	run.t.Status = models.TransferRunning
	err := run.save(work)
	if err == nil && t.Kind == models.TransferImport {
		err = run.importAll(work)
	} else if err == nil {
		err = run.exportAll(work)
	}
	s.mu.Lock()
	s.running = ""
	s.mu.Unlock()
	if ctx.Err() != nil {
		return nil // goes on at the next start
	}
	return run.end(ctx, err)
}

// transferRun is one transfer at work.
type transferRun struct {
	*Transfers
	t       models.Transfer
	saved   time.Time
	resumed bool // what the first batch holds may be there already
}

func (r *transferRun) save(ctx context.Context) error {
	r.saved = r.clock()
	r.t.UpdatedAt = r.now()
	return r.store.Transfers.Progress(ctx, r.t)
}

// end saves how a transfer ended. One that was cancelled is so already.
func (r *transferRun) end(ctx context.Context, err error) error {
	r.t.Status = models.TransferDone
	if err != nil {
		r.t.Status = models.TransferFailed
		if models.CodeOf(err) == models.CodeInternal {
			r.logger.Error("transfer failed", "transfer", r.t.ID, "error", err)
		}
		if !errors.Is(err, errStopOnError) {
			r.note(0, err)
		}
	}
	if err := r.save(ctx); err != nil && !models.IsCode(err, models.CodeNotFound) {
		return err
	}
	if r.t.Kind == models.TransferImport && r.t.Status == models.TransferDone {
		r.discard(r.t.ID)
	}
	return nil
}

// note keeps the first errors for people.
func (r *transferRun) note(line int, err error) {
	if len(r.t.Errors) >= shownErrors {
		return
	}
	msg := models.MsgOf(err)
	r.t.Errors = append(r.t.Errors, models.TransferError{Line: line, Key: msg.Key, Args: msg.Args})
}

var errStopOnError = errors.New("import stopped at an error")

// imported is a document of a file and where it stands there.
type imported struct {
	doc  bson.Raw
	line int
}

func (r *transferRun) importAll(ctx context.Context) error {
	file, err := os.Open(r.file(r.t.ID))
	if err != nil {
		return fmt.Errorf("open import: %w", err)
	}
	defer func() { _ = file.Close() }()
	reader := transfer.NewReader(file, formatOf(r.t), r.t.CreatedAt)
	for range r.t.Documents { // done before the server stopped
		if _, err := reader.Next(); err != nil && !models.IsCode(err, models.CodeInvalid) {
			return err
		}
	}
	for ctx.Err() == nil {
		batch, bad, err := r.read(reader)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if writeErr := r.write(ctx, batch); writeErr != nil {
			return writeErr
		}
		r.t.Documents += int64(len(batch) + bad)
		r.t.BytesDone = min(reader.Offset(), r.t.Bytes)
		r.resumed = false
		if bad > 0 && r.t.StopOnError {
			return errStopOnError
		}
		if saveErr := r.save(ctx); saveErr != nil {
			return saveErr
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
	return ctx.Err()
}

// read takes the next documents of a file. bad counts the lines that are none;
// with StopOnError the batch ends at the first of them.
func (r *transferRun) read(reader *transfer.Reader) (batch []imported, bad int, err error) {
	for size := 0; len(batch)+bad < transferBatch && size < transferBatchBytes; {
		doc, err := reader.Next()
		if models.IsCode(err, models.CodeInvalid) {
			r.note(reader.Line(), err)
			r.t.Failed++
			bad++
			if r.t.StopOnError {
				return batch, bad, nil
			}
			continue
		}
		if err != nil {
			return batch, bad, err
		}
		size += len(doc)
		batch = append(batch, imported{doc: r.named(doc, r.t.Documents+int64(len(batch)+bad)), line: reader.Line()})
	}
	return batch, bad, nil
}

// named gives a document without _id one that follows from its place in the
// file, so that a batch that is written again after a crash adds nothing twice.
func (r *transferRun) named(doc bson.Raw, place int64) bson.Raw {
	if !doc.Lookup("_id").IsZero() {
		return doc
	}
	sum := sha256.Sum256([]byte(r.t.ID + "/" + strconv.FormatInt(place, 10)))
	builder := bsoncore.NewDocumentBuilder().AppendString("_id", hex.EncodeToString(sum[:16]))
	_ = value.Elements(doc, func(key string, v bson.RawValue) bool {
		builder.AppendValue(key, bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value})
		return true
	})
	return bson.Raw(builder.Build())
}

// write brings a batch into the collection: together where that works, else one
// by one, so that one bad document does not keep the others out.
func (r *transferRun) write(ctx context.Context, batch []imported) error {
	if len(batch) == 0 {
		return nil
	}
	if r.t.Mode == models.ImportInsert && !r.resumed {
		docs := make([]bson.Raw, len(batch))
		for i, b := range batch {
			docs[i] = b.doc
		}
		_, err := r.documents.db.Insert(ctx, r.t.EnvironmentID, r.t.Collection, "", docs)
		if !models.IsCode(err, models.CodeWriteRefused) && !models.IsCode(err, models.CodeInvalid) {
			return err
		}
	}
	failures := make([]error, len(batch))
	if r.t.Mode == models.ImportUpsert && !r.t.StopOnError && distinct(batch) {
		r.inParallel(len(batch), func(i int) { failures[i] = r.writeOne(ctx, batch[i].doc) })
	} else {
		for i, b := range batch {
			if failures[i] = r.writeOne(ctx, b.doc); failures[i] != nil && r.t.StopOnError {
				break
			}
		}
	}
	for i, err := range failures {
		switch {
		case err == nil:
			continue
		case !models.IsCode(err, models.CodeWriteRefused) && !models.IsCode(err, models.CodeInvalid):
			return err
		}
		r.note(batch[i].line, err)
		r.t.Failed++
		if r.t.StopOnError {
			r.t.Documents += int64(i)
			return errStopOnError
		}
	}
	return nil
}

func (r *transferRun) inParallel(n int, do func(i int)) {
	var all sync.WaitGroup
	for worker := range upsertWorkers {
		all.Go(func() {
			for i := worker; i < n; i += upsertWorkers {
				do(i)
			}
		})
	}
	all.Wait()
}

// distinct reports whether no two documents have the same _id; of two that do
// the later one must win.
func distinct(batch []imported) bool {
	seen := make(map[string]bool, len(batch))
	for _, b := range batch {
		seen[string(value.AppendKey(nil, b.doc.Lookup("_id"), false))] = true
	}
	return len(seen) == len(batch)
}

func (r *transferRun) writeOne(ctx context.Context, doc bson.Raw) error {
	env, collection := r.t.EnvironmentID, r.t.Collection
	filter := bsonDocument("_id", bsonEqual(doc.Lookup("_id")))
	if r.t.Mode == models.ImportUpsert {
		_, err := r.documents.db.Update(ctx, env, collection, "", docdb.Change{Filter: filter, Update: doc, Replace: true, Upsert: true})
		return err
	}
	_, err := r.documents.db.Insert(ctx, env, collection, "", []bson.Raw{doc})
	if !r.resumed || !models.IsCode(err, models.CodeWriteRefused) {
		return err
	}
	same := false
	found := r.documents.db.Find(ctx, env, collection, "", docdb.Query{Filter: filter, Limit: 1}, func(there bson.Raw) error {
		same = string(there) == string(doc)
		return nil
	})
	if same && found == nil {
		return nil // written before the server stopped
	}
	return err
}

// exportAll writes the documents into a file, from the beginning: a file that a
// stopped server left half-way is not gone on with, since documents may have
// changed.
func (r *transferRun) exportAll(ctx context.Context) (err error) {
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return fmt.Errorf("make folder of transfers: %w", err)
	}
	file, err := os.OpenFile(r.file(r.t.ID), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	r.t.Documents, r.t.BytesDone, r.t.Bytes = 0, 0, 0
	q, err := r.documents.decodeQuery(DocumentQuery{Query: r.t.Filter})
	if err != nil {
		return err
	}
	counted := &countingWriter{w: file}
	out := transfer.NewWriter(counted, formatOf(r.t), r.t.Fields)
	err = r.documents.db.Find(ctx, r.t.EnvironmentID, r.t.Collection, "", q, func(doc bson.Raw) error {
		if err := out.Write(doc); err != nil {
			return err
		}
		r.t.Documents++
		r.t.BytesDone = counted.n
		if r.clock().Sub(r.saved) < transferSaveEvery {
			return nil
		}
		return r.save(ctx)
	})
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	r.t.BytesDone, r.t.Bytes = counted.n, counted.n
	return file.Sync()
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
