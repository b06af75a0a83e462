package service

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb"
	"envshare/internal/docdb/transfer"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// imported is a document of a file and where it stands there.
type imported struct {
	doc  bson.Raw
	line int
}

// lineError is a line that an import could not take.
type lineError struct {
	line int
	err  error
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
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
	for ctx.Err() == nil {
		batch, wrong, readErr := r.read(reader)
		if readErr != nil && !errors.Is(readErr, io.EOF) {
			return readErr
		}
		if err := r.take(ctx, batch, wrong); err != nil {
			return err
		}
		r.t.BytesDone = min(reader.Offset(), r.t.Bytes)
		if err := r.save(ctx); err != nil || readErr != nil {
			return err
		}
	}
	return ctx.Err()
}

// read takes the next documents of a file; wrong are the lines that are none. With
// StopOnError the batch ends at the first of them.
func (r *transferRun) read(reader *transfer.Reader) (batch []imported, wrong []lineError, err error) {
	for size := 0; len(batch)+len(wrong) < transferBatch && size < transferBatchBytes; {
		doc, err := reader.Next()
		if models.IsCode(err, models.CodeInvalid) {
			wrong = append(wrong, lineError{reader.Line(), err})
			if r.t.StopOnError {
				return batch, wrong, nil
			}
			continue
		}
		if err != nil {
			return batch, wrong, err
		}
		size += len(doc)
		batch = append(batch, imported{doc: r.named(doc, r.t.Documents+int64(len(batch)+len(wrong))), line: reader.Line()})
	}
	return batch, wrong, nil
}

// take writes a batch and counts what came of it. One that stops at an error has
// dealt with the lines up to that one, and goes on behind it when it is resumed.
func (r *transferRun) take(ctx context.Context, batch []imported, wrong []lineError) error {
	dealt, refused, err := r.write(ctx, batch)
	if err != nil {
		return err
	}
	r.resumed = false
	if stopped := r.t.StopOnError && len(refused) > 0; !stopped {
		dealt += len(wrong)
		refused = append(refused, wrong...)
	}
	slices.SortFunc(refused, func(a, b lineError) int { return cmp.Compare(a.line, b.line) })
	for _, one := range refused {
		r.note(one.line, one.err)
	}
	r.t.Documents += int64(dealt)
	r.t.Failed += int64(len(refused))
	if r.t.StopOnError && len(refused) > 0 {
		return errStopOnError
	}
	return nil
}

// named puts the _id of a document first, as it is kept. One without any gets one
// that follows from its place in the file. So a batch that is written again after
// a crash adds nothing twice and finds what is there to be the same.
func (r *transferRun) named(doc bson.Raw, place int64) bson.Raw {
	id := value.Get(doc, value.Path{"_id"})
	if id.IsZero() {
		sum := sha256.Sum256([]byte(r.t.ID + "/" + strconv.FormatInt(place, 10)))
		id = value.String(hex.EncodeToString(sum[:16]))
	}
	return idFirst(id, doc)
}

// idFirst returns a document as it is kept: its _id stands first.
func idFirst(id bson.RawValue, doc bson.Raw) bson.Raw {
	builder := bsoncore.NewDocumentBuilder().AppendValue("_id", bsoncore.Value{Type: bsoncore.Type(id.Type), Data: id.Value})
	_ = value.Elements(doc, func(key string, v bson.RawValue) bool {
		if key != "_id" {
			builder.AppendValue(key, bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value})
		}
		return true
	})
	return bson.Raw(builder.Build())
}

// write brings a batch into the collection: together where that works, else one
// by one, so that one bad document does not keep the others out. dealt is how many
// were tried: with StopOnError the last of them is the one that was refused.
func (r *transferRun) write(ctx context.Context, batch []imported) (dealt int, refused []lineError, err error) {
	if len(batch) == 0 {
		return 0, nil, nil
	}
	if r.t.Mode == models.ImportInsert && !r.resumed {
		docs := make([]bson.Raw, len(batch))
		for i, b := range batch {
			docs[i] = b.doc
		}
		_, err := r.documents.db.Insert(ctx, r.t.EnvironmentID, r.t.Collection, "", docs)
		if !aboutDocument(err) {
			return len(batch), nil, err
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
		case !aboutDocument(err):
			return 0, nil, err
		}
		refused = append(refused, lineError{batch[i].line, err})
		if r.t.StopOnError {
			return i + 1, refused, nil
		}
	}
	return len(batch), refused, nil
}

// aboutDocument reports whether an error is about what was to be written, not
// about the database.
func aboutDocument(err error) bool {
	return models.IsCode(err, models.CodeWriteRefused) || models.IsCode(err, models.CodeInvalid)
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
