package docdb

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/query"
	"envshare/internal/docdb/update"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// Insert adds documents, all or none, and returns their ids. A document without
// _id gets a text of 32 hexadecimal digits. An _id that exists, or a key of a
// unique index, has the code write_refused.
func (db *DB) Insert(ctx context.Context, env, name, txID string, docs []bson.Raw) ([]bson.RawValue, error) {
	ready := make([]bson.Raw, len(docs))
	ids := make([]bson.RawValue, len(docs))
	for i, doc := range docs {
		ready[i], ids[i] = identified(doc)
		if err := update.CheckDocument(ready[i]); err != nil {
			return nil, err
		}
	}
	if txID != "" {
		return ids, db.inTransaction(ctx, env, name, txID, func(t *transaction, r *reading) error {
			for _, doc := range ready {
				if err := t.insert(ctx, r, doc); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := db.change(ctx, func(ctx context.Context, s session) error {
		c, err := db.locked(ctx, s, env, name, false)
		if err != nil {
			return err
		}
		return db.insert(ctx, s, c, ready)
	})
	return ids, err
}

// identified returns a document with its _id first, made when there is none.
func identified(doc bson.Raw) (bson.Raw, bson.RawValue) {
	it := value.Iterate(doc)
	if it.Next() && string(it.Key()) == "_id" {
		return doc, it.Value()
	}
	id := value.Get(doc, value.Path{"_id"})
	if id.Type == 0 {
		var random [16]byte
		_, _ = rand.Read(random[:]) // never fails
		id = value.String(hex.EncodeToString(random[:]))
	}
	start, dst := bsoncore.AppendDocumentStart(make([]byte, 0, len(doc)+48))
	dst = append(bsoncore.AppendHeader(dst, bsoncore.Type(id.Type), "_id"), id.Value...)
	_ = value.Elements(doc, func(key string, v bson.RawValue) bool {
		if key != "_id" {
			dst = append(bsoncore.AppendHeader(dst, bsoncore.Type(v.Type), key), v.Value...)
		}
		return true
	})
	dst, _ = bsoncore.AppendDocumentEnd(dst, start)
	return dst, id
}

// newVersion never repeats, so that a document that was deleted and made again
// is not taken for the old one.
func newVersion() int64 { return mathrand.Int64() }

// insert stores documents and their keys.
func (db *DB) insert(ctx context.Context, s session, c *collection, docs []bson.Raw) error {
	s.touched.add(c)
	for _, doc := range docs {
		id, err := db.insertBody(ctx, s, c, doc)
		if err != nil {
			return fmt.Errorf("insert document: %w", err)
		}
		for _, i := range c.indexes {
			keys, err := i.keys(doc)
			if err != nil {
				return err
			}
			if err := db.addKeys(ctx, s, c, i, id, doc, keys); err != nil {
				return err
			}
		}
	}
	return nil
}

// insertBody stores a document and returns the id that it got.
func (db *DB) insertBody(ctx context.Context, s session, c *collection, doc bson.Raw) (id int64, err error) {
	if db.postgres {
		_, err = s.value(ctx, "INSERT INTO docdb_documents (id, version, body) VALUES (nextval('docdb_sequence') + ?, ?, ?) RETURNING id",
			[]any{c.low(), newVersion(), []byte(doc)}, &id)
		return id, err
	}
	result, err := s.run(ctx, "INSERT INTO docdb_documents (id, version, body) SELECT coalesce(max(id), ?) + 1, ?, ? FROM docdb_documents WHERE id BETWEEN ? AND ?",
		c.low(), newVersion(), []byte(doc), c.low(), c.high())
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// addKeys stores the keys of a document in an index. The first document with
// several keys, or with a cut one, is noted in the catalog.
func (db *DB) addKeys(ctx context.Context, s session, c *collection, i *index, id int64, doc bson.Raw, keys keysOf) error {
	statement := "INSERT INTO " + i.table() + " (idx, key, doc) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
	for _, key := range keys.list {
		n, err := s.exec(ctx, statement, i.id, key, id)
		if err != nil {
			return fmt.Errorf("index document: %w", err)
		}
		if n == 0 && i.Unique {
			return duplicate(c, i, doc)
		}
	}
	if keys.multikey && !i.multikey || keys.long && !i.long {
		if _, err := s.exec(ctx, "UPDATE docdb_indexes SET multikey = CASE WHEN multikey + ? > 0 THEN 1 ELSE 0 END, long_keys = CASE WHEN long_keys + ? > 0 THEN 1 ELSE 0 END WHERE id = ?",
			flag(keys.multikey), flag(keys.long), i.id); err != nil {
			return fmt.Errorf("note index: %w", err)
		}
		return bump(ctx, s)
	}
	return nil
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (db *DB) dropKeys(ctx context.Context, s session, i *index, id int64, keys [][]byte) error {
	statement := "DELETE FROM " + i.table() + " WHERE idx = ? AND key = ? AND doc = ?"
	for _, key := range keys {
		if _, err := s.exec(ctx, statement, i.id, key, id); err != nil {
			return fmt.Errorf("unindex document: %w", err)
		}
	}
	return nil
}

// Change is an update of documents.
type Change struct {
	Filter bson.Raw
	// Update is made of operators, or is the new document when Replace.
	Update  bson.Raw
	Replace bool
	Multi   bool // every match, not only the first
	Upsert  bool // create a document when none matches
	// Check decides every match as it is, inside of the write; an error of it ends the
	// change. Nil allows all.
	Check func(doc bson.Raw) error
}

// Changed says what an update did.
type Changed struct {
	Matched, Modified int64
	UpsertedID        bson.RawValue // the zero value when nothing was created
}

// parsed is a change that was read.
type parsed struct {
	Change
	filter *query.Filter
	update *update.Update
	// positional says that the update may name the element by which a document matches;
	// only then is the filter asked again.
	positional bool
}

func (p parsed) selection() selection {
	return selection{f: p.filter, multi: p.Multi, upsert: p.Upsert, slow: slow(p.Filter)}
}

func (db *DB) parse(c Change) (parsed, error) {
	out := parsed{Change: c, positional: bytes.Contains(c.Update, []byte(".$"))}
	var err error
	if out.filter, err = query.Parse(c.Filter); err != nil {
		return out, err
	}
	if c.Replace {
		out.update, err = update.Replacement(c.Update)
	} else {
		out.update, err = update.Parse(c.Update, db.now())
	}
	return out, err
}

// Update changes documents, all or none. Codes: operator, write_refused,
// collection_unknown, and those of transactions.
func (db *DB) Update(ctx context.Context, env, name, txID string, c Change) (Changed, error) {
	p, err := db.parse(c)
	if err != nil {
		return Changed{}, err
	}
	var out Changed
	err = db.changing(ctx, env, name, txID, p.selection(), func(w documentWriter) (err error) {
		out, _, err = w.change(ctx, p)
		return err
	})
	return out, err
}

// FindAndUpdate changes the first match and returns it as it is then, nil when
// none matches.
func (db *DB) FindAndUpdate(ctx context.Context, env, name, txID string, filter, ops bson.Raw) (bson.Raw, error) {
	p, err := db.parse(Change{Filter: filter, Update: ops})
	if err != nil {
		return nil, err
	}
	var out bson.Raw
	err = db.changing(ctx, env, name, txID, p.selection(), func(w documentWriter) (err error) {
		_, out, err = w.change(ctx, p)
		return err
	})
	return out, err
}

// Remove deletes the first match, or all, and returns how many.
func (db *DB) Remove(ctx context.Context, env, name, txID string, filter bson.Raw, multi bool) (int64, error) {
	return db.RemoveChecked(ctx, env, name, txID, filter, multi, nil)
}

// RemoveChecked deletes like Remove, if check allows every match as it is.
func (db *DB) RemoveChecked(ctx context.Context, env, name, txID string, filter bson.Raw, multi bool, check func(doc bson.Raw) error) (int64, error) {
	f, err := query.Parse(filter)
	if err != nil {
		return 0, err
	}
	var n int64
	err = db.changing(ctx, env, name, txID, selection{f: f, multi: multi, slow: slow(filter)}, func(w documentWriter) (err error) {
		n, err = w.each(ctx, func(one row) error {
			if check != nil {
				if err := check(one.body); err != nil {
					return err
				}
			}
			return w.put(ctx, one, nil)
		})
		return err
	})
	return n, err
}

// change updates matches and returns the last one as it is then.
func (w documentWriter) change(ctx context.Context, p parsed) (out Changed, last bson.Raw, err error) {
	out.Matched, err = w.each(ctx, func(one row) error {
		if p.Check != nil {
			if err := p.Check(one.body); err != nil {
				return err
			}
		}
		position := -1
		if p.positional {
			var err error
			if position, _, err = p.filter.MatchPositionsContext(ctx, one.body); err != nil {
				return err
			}
		}
		doc, changed, err := p.update.Apply(one.body, position)
		if err != nil {
			return err
		}
		last = doc
		if !changed {
			return nil
		}
		out.Modified++
		return w.put(ctx, one, doc)
	})
	if err != nil {
		return Changed{}, nil, err
	}
	if out.Matched > 0 || !p.Upsert {
		return out, last, nil
	}
	doc, err := p.update.Create(p.filter)
	if err != nil {
		return out, nil, err
	}
	doc, out.UpsertedID = identified(doc)
	if err := update.CheckDocument(doc); err != nil {
		return Changed{}, nil, err
	}
	if w.t != nil {
		return out, doc, w.t.insert(ctx, w.reading, doc)
	}
	return out, doc, w.db.insert(ctx, w.s, w.c, []bson.Raw{doc})
}

// put stores a document in the place of a row; nil deletes it.
func (w documentWriter) put(ctx context.Context, was row, doc bson.Raw) error {
	if w.t != nil {
		return w.t.put(ctx, w.reading, was, doc)
	}
	err := w.db.replace(ctx, w.s, w.c, was, doc)
	if models.IsCode(err, models.CodeTransactionConflict) {
		return errMoved // there is no transaction to start again: the change is made again
	}
	return err
}

// replace writes a document and the keys that differ; nil deletes it.
func (db *DB) replace(ctx context.Context, s session, c *collection, was row, doc bson.Raw) error {
	for _, i := range c.indexes {
		lost, got, err := i.differing(was, doc)
		if err != nil {
			return err
		}
		if err := db.dropKeys(ctx, s, i, was.id, lost); err != nil {
			return err
		}
		if err := db.addKeys(ctx, s, c, i, was.id, doc, got); err != nil {
			return err
		}
	}
	return db.replaceBody(ctx, s, c, was, doc)
}

// differing returns the keys that a row loses and those that it gets as it becomes doc.
func (i *index) differing(was row, doc bson.Raw) (lost [][]byte, got keysOf, err error) {
	before, err := i.keys(was.body)
	if err != nil {
		return nil, got, err
	}
	if doc != nil {
		if got, err = i.keys(doc); err != nil {
			return nil, got, err
		}
	}
	lost = without(before.list, got.list)
	got.list = without(got.list, before.list)
	return lost, got, nil
}

// replaceBody writes a document whose keys are written; nil deletes it.
func (db *DB) replaceBody(ctx context.Context, s session, c *collection, was row, doc bson.Raw) error {
	s.touched.add(c)
	var n int64
	var err error
	if doc == nil {
		n, err = s.exec(ctx, "DELETE FROM docdb_documents WHERE id = ? AND version = ?", was.id, was.version)
	} else {
		n, err = s.exec(ctx, "UPDATE docdb_documents SET version = ?, body = ? WHERE id = ? AND version = ?", newVersion(), []byte(doc), was.id, was.version)
	}
	if err != nil {
		return fmt.Errorf("store document: %w", err)
	}
	if n == 0 {
		return conflict()
	}
	return nil
}

// without returns the keys of a that b does not have; both are sorted.
func without(a, b [][]byte) [][]byte {
	var out [][]byte
	for _, key := range a {
		if _, ok := slices.BinarySearchFunc(b, key, bytes.Compare); !ok {
			out = append(out, key)
		}
	}
	return out
}

// ReplaceIfUnchanged stores doc, or deletes the document when doc is nil, if the
// stored one still has the bytes of was. Otherwise the code is conflict, and
// not_found when it is gone.
func (db *DB) ReplaceIfUnchanged(ctx context.Context, env, name string, id bson.RawValue, was, doc bson.Raw) error {
	condition := bsoncore.BuildDocument(nil, append(bsoncore.AppendHeader(nil, bsoncore.Type(id.Type), "$eq"), id.Value...))
	f, err := query.Parse(bsoncore.BuildDocument(nil, bsoncore.AppendDocumentElement(nil, "_id", condition)))
	if err != nil {
		return err
	}
	var replacement *update.Update
	if doc != nil {
		if replacement, err = update.Replacement(doc); err != nil {
			return err
		}
	}
	return db.changing(ctx, env, name, "", selection{f: f}, func(w documentWriter) error {
		n, err := w.each(ctx, func(one row) error {
			if !bytes.Equal(one.body, was) {
				return models.E(models.CodeConflict, "error.document_changed")
			}
			if doc == nil {
				return w.put(ctx, one, nil)
			}
			out, changed, err := replacement.Apply(one.body, -1)
			if err != nil || !changed {
				return err
			}
			return w.put(ctx, one, out)
		})
		if err == nil && n == 0 {
			err = notFound()
		}
		return err
	})
}
