package service

import (
	"context"
	"encoding/json"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb"
	"envshare/internal/docdb/aggregate"
	"envshare/internal/docdb/ejson"
	"envshare/models"
)

// Documents are the document databases of environments. The data plane's calls
// are in this file; those of the console are in documents_console.go.
//
// Documents, queries and updates go in and out as extended JSON text (admin
// protocol, section 6). Every call reads the clock once, so that all server dates
// of a call are one instant.
type Documents struct {
	base
	calls     *Calls
	db        *docdb.DB
	transfers *Transfers // of the collections
}

// DocumentCall says who calls, in which environment, on which collection.
type DocumentCall struct {
	Credential Credential
	Info       CallInfo
	Collection string
	// TransactionID is "" outside of transactions.
	TransactionID string
}

// Bounds of a read by the server SDK (admin protocol, section 8.3).
const (
	defaultDocuments = 100
	maxDocuments     = 1000
	// maxResult bounds what one answer carries, in bytes of BSON: the vendor's limit
	// of a packet. A first document is always carried.
	maxResult = 16 << 20
	// maxInserted bounds the documents of one insert.
	maxInserted = 10_000
	// maxStages bounds a pipeline.
	maxStages = 200
)

// authorize decides a call and returns the environment it is for.
func (s *Documents) authorize(ctx context.Context, c DocumentCall, p models.Permission) (string, error) {
	if c.TransactionID != "" {
		// A transaction belongs to writing, with all operations inside (DESIGN.md
		// section 3).
		p = models.DatabaseWrite
	}
	c.Info.resource = c.Collection
	return s.calls.authorize(ctx, c.Credential, c.Info, p)
}

// CreateCollection makes an empty collection. Needs database.write. Codes
// besides those of a refused call: invalid, collection_exists, collection_limit.
func (s *Documents) CreateCollection(ctx context.Context, c DocumentCall) (err error) {
	defer s.counted(&c, models.DatabaseWrite, &err)
	env, err := s.authorize(ctx, c, models.DatabaseWrite)
	if err != nil {
		return err
	}
	return s.createCollection(ctx, env, c.Collection)
}

func (s *Documents) createCollection(ctx context.Context, env, name string) error {
	if err := models.CheckCollectionName(name); err != nil {
		return err
	}
	existing, err := s.db.Collections(ctx, env)
	if err != nil {
		return err
	}
	if len(existing) >= models.MaxCollections {
		return models.E(models.CodeCollectionLimit, "call.collections_many", "max", models.MaxCollections)
	}
	return s.db.CreateCollection(ctx, env, name)
}

// Insert adds documents, all or none, and returns their ids as JSON values in
// order. Needs database.write.
func (s *Documents) Insert(ctx context.Context, c DocumentCall, documents []string) (_ []json.RawMessage, err error) {
	defer s.counted(&c, models.DatabaseWrite, &err)
	env, err := s.authorize(ctx, c, models.DatabaseWrite)
	if err != nil {
		return nil, err
	}
	if len(documents) == 0 || len(documents) > maxInserted {
		return nil, models.E(models.CodeInvalid, "call.insert_count", "max", maxInserted)
	}
	docs := make([]bson.Raw, len(documents))
	now := s.clock()
	for i, text := range documents {
		if docs[i], err = ejson.DecodeDocument([]byte(text), now, ejson.Limits{}); err != nil {
			return nil, err
		}
	}
	ids, err := s.db.Insert(ctx, env, c.Collection, c.TransactionID, docs)
	if err != nil {
		return nil, err
	}
	out := make([]json.RawMessage, len(ids))
	for i, id := range ids {
		out[i] = ejson.AppendValue(nil, id)
	}
	return out, nil
}

// DocumentQuery is a read of a collection; texts are extended JSON, "" for none.
type DocumentQuery struct {
	Query, Order, Projection string
	// Limit 0 means 100; more than 1000 are never returned.
	Limit, Offset int
}

// Find returns documents as extended JSON. Needs database.read.
func (s *Documents) Find(ctx context.Context, c DocumentCall, q DocumentQuery) (_ []string, err error) {
	defer s.counted(&c, models.DatabaseRead, &err)
	env, err := s.authorize(ctx, c, models.DatabaseRead)
	if err != nil {
		return nil, err
	}
	if q.Limit < 0 || q.Offset < 0 {
		return nil, models.E(models.CodeInvalid, "call.page_negative")
	}
	if q.Limit == 0 {
		q.Limit = defaultDocuments
	}
	query, err := s.decodeQuery(q)
	if err != nil {
		return nil, err
	}
	query.Limit = min(q.Limit, maxDocuments)
	var out results
	err = s.db.Find(ctx, env, c.Collection, c.TransactionID, query, out.add)
	return out.list, err
}

func (s *Documents) decodeQuery(q DocumentQuery) (docdb.Query, error) {
	out := docdb.Query{Skip: q.Offset}
	now := s.clock()
	for _, part := range []struct {
		text string
		into *bson.Raw
	}{{q.Query, &out.Filter}, {q.Order, &out.Sort}, {q.Projection, &out.Projection}} {
		if part.text == "" {
			continue
		}
		raw, err := ejson.DecodeDocument([]byte(part.text), now, ejson.Limits{})
		if err != nil {
			return docdb.Query{}, err
		}
		*part.into = raw
	}
	return out, nil
}

// results gathers documents up to what one answer may carry.
type results struct {
	list    []string
	bytes   int
	scratch []byte // of the document that is encoded
}

func (r *results) add(doc bson.Raw) error {
	r.bytes += len(doc)
	if len(r.list) > 0 && r.bytes > maxResult {
		return models.E(models.CodeResultTooLarge, "call.documents_too_large", "mb", maxResult>>20)
	}
	r.scratch = ejson.AppendDocument(r.scratch[:0], doc)
	r.list = append(r.list, string(r.scratch))
	return nil
}

// Count returns how many documents match. Needs database.read.
func (s *Documents) Count(ctx context.Context, c DocumentCall, query string) (_ int64, err error) {
	defer s.counted(&c, models.DatabaseRead, &err)
	env, err := s.authorize(ctx, c, models.DatabaseRead)
	if err != nil {
		return 0, err
	}
	q, err := s.decodeQuery(DocumentQuery{Query: query})
	if err != nil {
		return 0, err
	}
	return s.db.Count(ctx, env, c.Collection, c.TransactionID, q.Filter)
}

// DocumentStage is one stage of a pipeline: "$match" and its value as extended
// JSON.
type DocumentStage struct{ Name, Value string }

// Aggregate runs a pipeline and returns its documents. Needs database.read. Inside of
// a transaction it is invalid, since it would not see what that wrote.
func (s *Documents) Aggregate(ctx context.Context, c DocumentCall, stages []DocumentStage) (_ []string, err error) {
	defer s.counted(&c, models.DatabaseRead, &err)
	env, err := s.authorize(ctx, c, models.DatabaseRead)
	if err != nil {
		return nil, err
	}
	if c.TransactionID != "" {
		return nil, models.E(models.CodeInvalid, "call.aggregate_transaction")
	}
	pipeline, err := decodeStages(stages, s.clock(), ejson.Limits{})
	if err != nil {
		return nil, err
	}
	var out results
	err = s.db.Aggregate(ctx, env, c.Collection, pipeline, nil, out.add)
	return out.list, err
}

func decodeStages(stages []DocumentStage, now time.Time, limits ejson.Limits) ([]aggregate.Stage, error) {
	if len(stages) > maxStages {
		return nil, models.E(models.CodeInvalid, "call.stages_many", "max", maxStages)
	}
	pipeline := make([]aggregate.Stage, len(stages))
	for i, stage := range stages {
		value, err := ejson.DecodeValue([]byte(stage.Value), now, limits)
		if err != nil {
			return nil, err
		}
		pipeline[i] = aggregate.Stage{Name: stage.Name, Value: value}
	}
	return pipeline, nil
}
