package service

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/value"
	"envshare/internal/rules"
	"envshare/models"
)

// setAttempts bounds how often Set meets another write of the same document.
const setAttempts = 10

// Set puts a document in the place of the one with this id, given as JSON, or
// creates it, and reports whether it created it. Needs database.write, and the
// update rule for the document that is there, or the create rule. The document
// keeps its _openid.
func (s *Clients) Set(ctx context.Context, c ClientDocumentCall, id []byte, data string) (created bool, err error) {
	g, err := s.guardCollection(ctx, c, models.DatabaseWrite)
	if err != nil {
		return false, err
	}
	key, err := ejson.DecodeValue(id, s.clock(), clientLimits)
	if err != nil {
		return false, err
	}
	doc, err := s.decodeDocument(data)
	if err != nil {
		return false, err
	}
	for range setAttempts {
		created, err = s.setOnce(ctx, g, key, doc)
		if !models.IsCode(err, models.CodeConflict) {
			return created, err
		}
	}
	return false, models.E(models.CodeLimited, "call.document_busy")
}

// setOnce replaces or creates; conflict says that another write came between.
func (s *Clients) setOnce(ctx context.Context, g guard, id bson.RawValue, data bson.Raw) (created bool, err error) {
	there, err := s.readable(ctx, g, equals("_id", id))
	if err != nil {
		return false, err
	}
	if there != nil {
		if err := g.allowDocument(ctx, rules.Update, there, data); err != nil {
			return false, err
		}
		doc, err := g.replacing(there, id, data)
		if err != nil {
			return false, err
		}
		err = s.documents.db.ReplaceIfUnchanged(ctx, g.env, g.collection, id, there, doc)
		if models.IsCode(err, models.CodeNotFound) { // deleted meanwhile
			err = models.E(models.CodeConflict, "error.document_changed")
		}
		return false, err
	}
	doc, err := g.owned(withField(data, "_id", id))
	if err != nil {
		return false, err
	}
	if err := g.allowNew(ctx, doc); err != nil {
		return false, err
	}
	_, err = s.documents.db.Insert(ctx, g.env, g.collection, "", []bson.Raw{doc})
	if models.IsCode(err, models.CodeWriteRefused) {
		// Another write may have created it: then it is there now.
		if again, readErr := s.readable(ctx, g, equals("_id", id)); readErr == nil && again != nil {
			err = models.E(models.CodeConflict, "error.document_changed")
		}
	}
	return err == nil, err
}

// equals is the condition that a field has a value.
func equals(field string, v bson.RawValue) bson.Raw {
	condition := bsoncore.BuildDocument(nil, append(bsoncore.AppendHeader(nil, bsoncore.Type(v.Type), "$eq"), v.Value...))
	return bson.Raw(bsoncore.BuildDocument(nil, bsoncore.AppendDocumentElement(nil, field, condition)))
}

// withField returns a document that begins with a field, in the place of the one
// of that name.
func withField(doc bson.Raw, field string, v bson.RawValue) bson.Raw {
	start, out := bsoncore.AppendDocumentStart(make([]byte, 0, len(doc)+len(field)+len(v.Value)+8))
	if v.Type != 0 {
		out = append(bsoncore.AppendHeader(out, bsoncore.Type(v.Type), field), v.Value...)
	}
	_ = value.Elements(doc, func(key string, v bson.RawValue) bool {
		if key != field {
			out = append(bsoncore.AppendHeader(out, bsoncore.Type(v.Type), key), v.Value...)
		}
		return true
	})
	out, _ = bsoncore.AppendDocumentEnd(out, start)
	return out
}

// Aggregate runs a pipeline and returns its documents. Needs database.read; the
// read rule must be implied by the first stage, and the rules of other collections
// that it joins must hold whatever the document.
func (s *Clients) Aggregate(ctx context.Context, c ClientDocumentCall, stages []DocumentStage) ([]string, error) {
	g, err := s.guardCollection(ctx, c, models.DatabaseRead)
	if err != nil {
		return nil, err
	}
	pipeline, err := decodeStages(stages, s.clock(), clientLimits)
	if err != nil {
		return nil, err
	}
	if pipeline, err = g.pipeline(ctx, pipeline); err != nil {
		return nil, err
	}
	joined := func(collection string) error {
		other, err := s.guardOn(ctx, g.scope, c.ClientCall, collection)
		if err != nil {
			return err
		}
		return other.allowWhole(ctx)
	}
	var out clientResults
	err = s.documents.db.Aggregate(ctx, g.env, c.Collection, pipeline, joined, out.add)
	return out.list, err
}
