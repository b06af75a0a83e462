package service

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb"
	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// may decides that the actor holds a permission on an environment as seen
// through an app.
func (s *Documents) may(ctx context.Context, actor models.Actor, appID, env string, p models.Permission) error {
	place, _, view, err := s.look(ctx, s.store, actor, appID, env)
	if err != nil {
		return err
	}
	return models.MayUse(place, view, p, s.now()).Err()
}

// noted makes a change that the console may make, and records it with the states
// that f has put into c. The documents have a database of their own, so the record
// follows the change.
func (s *Documents) noted(ctx context.Context, actor models.Actor, appID string, c *change, f func() error) error {
	if err := s.may(ctx, actor, appID, c.EnvironmentID, models.DatabaseOperate); err != nil {
		return err
	}
	operation := models.DatabaseWrite
	if c.Action == models.AuditDocumentsExported {
		operation = models.DatabaseRead
	}
	err := f()
	s.calls.recorder.count(c.EnvironmentID, appID, operation, models.OutcomeOf(err))
	if err != nil {
		return err
	}
	return s.recordInEnvironment(ctx, actor, appID, *c)
}

// Collections returns the collections of an environment by name, with their
// indexes. Needs database.view.
func (s *Documents) Collections(ctx context.Context, actor models.Actor, appID, env string) ([]docdb.CollectionInfo, error) {
	if err := s.may(ctx, actor, appID, env, models.DatabaseView); err != nil {
		return nil, err
	}
	return s.db.Collections(ctx, env)
}

// AddCollection makes an empty collection. Needs database.operate. Codes:
// invalid, collection_exists, collection_limit.
func (s *Documents) AddCollection(ctx context.Context, actor models.Actor, appID, env, name string) error {
	c := change{Action: models.AuditCollectionCreated, EnvironmentID: env, Subject: name}
	return s.noted(ctx, actor, appID, &c, func() error { return s.createCollection(ctx, env, name) })
}

// DropCollection deletes a collection with its documents, indexes, imports and
// exports. Needs database.operate.
func (s *Documents) DropCollection(ctx context.Context, actor models.Actor, appID, env, name string) error {
	c := change{Action: models.AuditCollectionDeleted, EnvironmentID: env, Subject: name}
	return s.noted(ctx, actor, appID, &c, func() error {
		if _, err := s.db.Indexes(ctx, env, name); err != nil {
			return err
		}
		documents, err := s.db.Count(ctx, env, name, "", bsonEmpty)
		if err != nil {
			return err
		}
		c.Before = map[string]any{"documents": documents}
		if err := s.transfers.forget(ctx, env, name); err != nil {
			return err
		}
		// Once more behind it, for one that was begun in between.
		return errors.Join(s.db.DropCollection(ctx, env, name), s.transfers.forget(ctx, env, name))
	})
}

// ShownDocument is a document as the console shows it.
type ShownDocument struct {
	// Key names the document in addresses.
	Key string
	// Text is the document as lossless extended JSON.
	Text string
	// Version changes with every change of the document.
	Version string
	// Fields are the fields of the first level, in order.
	Fields []ShownField
}

// ShownField is a field of a document, its value as short text.
type ShownField struct{ Name, Value string }

// maxFieldText bounds what is shown of one value, in characters.
const maxFieldText = 60

// DocumentPage is one page of a collection.
type DocumentPage struct {
	Documents []ShownDocument
	More      bool // there is a next page
}

// Browse returns a page of a collection. Filter and order are extended JSON or the
// vendor's query syntax, "" for none. Needs database.view. Codes: invalid, with the
// messages for query and order among the fields; operator, collection_unknown.
func (s *Documents) Browse(ctx context.Context, actor models.Actor, appID, env, collection string, q DocumentQuery) (DocumentPage, error) {
	if err := s.may(ctx, actor, appID, env, models.DatabaseView); err != nil {
		return DocumentPage{}, err
	}
	find, err := s.asWritten(q)
	if err != nil {
		return DocumentPage{}, err
	}
	size := min(max(q.Limit, 1), maxDocuments)
	find.Limit = size + 1
	var page DocumentPage
	bytes := 0
	err = s.db.Find(ctx, env, collection, "", find, func(doc bson.Raw) error {
		if bytes += len(doc); len(page.Documents) == size || len(page.Documents) > 0 && bytes > maxResult {
			page.More = true
			return nil
		}
		page.Documents = append(page.Documents, shown(doc))
		return nil
	})
	s.calls.recorder.count(env, appID, models.DatabaseRead, models.OutcomeOf(err))
	return page, err
}

// CountMatching returns how many documents match a filter. Needs database.view.
func (s *Documents) CountMatching(ctx context.Context, actor models.Actor, appID, env, collection, filter string) (int64, error) {
	if err := s.may(ctx, actor, appID, env, models.DatabaseView); err != nil {
		return 0, err
	}
	q, err := s.asWritten(DocumentQuery{Query: filter})
	if err != nil {
		return 0, err
	}
	return s.db.Count(ctx, env, collection, "", q.Filter)
}

// documentKey writes an _id so that it fits into an address and keeps its type.
func documentKey(id bson.RawValue) string {
	doc := bson.Raw(bsonDocument("_id", id))
	return base64.RawURLEncoding.EncodeToString(ejson.AppendCanonical(nil, doc))
}

func documentVersion(doc bson.Raw) string {
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:])
}

// byKey returns the condition that a document's key names.
func (s *Documents) byKey(key string) (bson.Raw, error) {
	text, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		return nil, models.E(models.CodeNotFound, "error.not_found")
	}
	doc, err := ejson.DecodeDocument(text, s.clock(), ejson.Limits{})
	if err != nil || value.Get(doc, value.Path{"_id"}).IsZero() {
		return nil, models.E(models.CodeNotFound, "error.not_found")
	}
	return bsonDocument("_id", bsonEqual(doc.Lookup("_id"))), nil
}

// Document returns one document. Needs database.view.
func (s *Documents) Document(ctx context.Context, actor models.Actor, appID, env, collection, key string) (ShownDocument, error) {
	if err := s.may(ctx, actor, appID, env, models.DatabaseView); err != nil {
		return ShownDocument{}, err
	}
	doc, err := s.byID(ctx, env, collection, key)
	s.calls.recorder.count(env, appID, models.DatabaseRead, models.OutcomeOf(err))
	if err != nil {
		return ShownDocument{}, err
	}
	return shown(doc), nil
}

func (s *Documents) byID(ctx context.Context, env, collection, key string) (bson.Raw, error) {
	filter, err := s.byKey(key)
	if err != nil {
		return nil, err
	}
	var found bson.Raw
	err = s.db.Find(ctx, env, collection, "", docdb.Query{Filter: filter, Limit: 1}, func(doc bson.Raw) error {
		found = append(bson.Raw(nil), doc...)
		return nil
	})
	if err == nil && found == nil {
		err = models.E(models.CodeNotFound, "error.document_gone")
	}
	return found, err
}

// AddDocument adds a document and returns its key. Needs database.operate.
func (s *Documents) AddDocument(ctx context.Context, actor models.Actor, appID, env, collection, text string) (string, error) {
	doc, err := ejson.DecodeDocument([]byte(text), s.clock(), ejson.Limits{})
	if err != nil {
		return "", err
	}
	key := ""
	c := change{Action: models.AuditDocumentCreated, EnvironmentID: env, Subject: collection}
	err = s.noted(ctx, actor, appID, &c, func() error {
		ids, err := s.db.Insert(ctx, env, collection, "", []bson.Raw{doc})
		if err == nil {
			key, c.After = documentKey(ids[0]), map[string]any{"id": documentName(ids[0])}
		}
		return err
	})
	return key, err
}

// EditDocument replaces a document that is still as it was when its version was
// shown; otherwise the code is conflict. The _id cannot change. Needs
// database.operate.
func (s *Documents) EditDocument(ctx context.Context, actor models.Actor, appID, env, collection, key, version, text string) error {
	doc, err := ejson.DecodeDocument([]byte(text), s.clock(), ejson.Limits{})
	if err != nil {
		return err
	}
	c := change{Action: models.AuditDocumentChanged, EnvironmentID: env, Subject: collection}
	return s.noted(ctx, actor, appID, &c, func() error {
		was, err := s.unchanged(ctx, env, collection, key, version)
		if err != nil {
			return err
		}
		id := was.Lookup("_id")
		if given := value.Get(doc, value.Path{"_id"}); !given.IsZero() && !value.Equal(given, id) {
			return models.E(models.CodeInvalid, "error.document_id_fixed")
		}
		c.Before, c.After = documentState(id, was), documentState(id, doc)
		return s.db.ReplaceIfUnchanged(ctx, env, collection, id, was, doc)
	})
}

// unchanged returns a document that still has the version.
func (s *Documents) unchanged(ctx context.Context, env, collection, key, version string) (bson.Raw, error) {
	was, err := s.byID(ctx, env, collection, key)
	if err == nil && documentVersion(was) != version {
		err = models.E(models.CodeConflict, "error.document_changed")
	}
	return was, err
}

// DeleteDocument deletes a document that is still as it was when its version was
// shown; otherwise the code is conflict. Needs database.operate.
func (s *Documents) DeleteDocument(ctx context.Context, actor models.Actor, appID, env, collection, key, version string) error {
	c := change{Action: models.AuditDocumentDeleted, EnvironmentID: env, Subject: collection}
	return s.noted(ctx, actor, appID, &c, func() error {
		was, err := s.unchanged(ctx, env, collection, key, version)
		if err != nil {
			return err
		}
		c.Before = documentState(was.Lookup("_id"), was)
		return s.db.ReplaceIfUnchanged(ctx, env, collection, was.Lookup("_id"), was, nil)
	})
}
