package service

import (
	"context"
	"encoding/json"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb"
	"envshare/internal/docdb/ejson"
	"envshare/models"
)

// DocumentChange changes documents; texts are extended JSON.
type DocumentChange struct {
	Query string
	// Data is a document of update operators, or the new document when Replace.
	Data string
	// Replace puts Data in the place of the whole document, except _id.
	Replace bool
	// Multi changes every match, not only the first.
	Multi bool
	// Upsert creates the document when none matches.
	Upsert bool
}

// Changed says what a change did.
type Changed struct {
	// Updated counts changed documents, and replaced ones though they were equal.
	Updated int64
	// UpsertedID is the id of a created document as a JSON value, nil for none.
	UpsertedID json.RawMessage
}

// Update changes documents. Needs database.write. An empty query is invalid, so
// that a forgotten condition does not change everything.
func (s *Documents) Update(ctx context.Context, c DocumentCall, ch DocumentChange) (_ Changed, err error) {
	defer s.counted(&c, models.DatabaseWrite, &err)
	env, err := s.authorize(ctx, c, models.DatabaseWrite)
	if err != nil {
		return Changed{}, err
	}
	filter, data, err := s.decodeChange(ch.Query, ch.Data)
	if err != nil {
		return Changed{}, err
	}
	done, err := s.db.Update(ctx, env, c.Collection, c.TransactionID,
		docdb.Change{Filter: filter, Update: data, Replace: ch.Replace, Multi: ch.Multi, Upsert: ch.Upsert})
	if err != nil {
		return Changed{}, err
	}
	out := Changed{Updated: done.Modified}
	if ch.Replace {
		out.Updated = done.Matched
	}
	if !done.UpsertedID.IsZero() {
		out.UpsertedID = ejson.AppendValue(nil, done.UpsertedID)
	}
	return out, nil
}

// UpdateAndReturn changes the first match and returns it as it is then, "" when
// none matches. Needs database.write.
func (s *Documents) UpdateAndReturn(ctx context.Context, c DocumentCall, query, data string) (_ string, err error) {
	defer s.counted(&c, models.DatabaseWrite, &err)
	env, err := s.authorize(ctx, c, models.DatabaseWrite)
	if err != nil {
		return "", err
	}
	filter, update, err := s.decodeChange(query, data)
	if err != nil {
		return "", err
	}
	doc, err := s.db.FindAndUpdate(ctx, env, c.Collection, c.TransactionID, filter, update)
	if err != nil || doc == nil {
		return "", err
	}
	return string(ejson.AppendDocument(nil, doc)), nil
}

// Remove deletes one match, or all, and returns how many. Needs database.write.
// An empty query is invalid.
func (s *Documents) Remove(ctx context.Context, c DocumentCall, query string, multi bool) (_ int64, err error) {
	defer s.counted(&c, models.DatabaseWrite, &err)
	env, err := s.authorize(ctx, c, models.DatabaseWrite)
	if err != nil {
		return 0, err
	}
	filter, err := s.decodeCondition(query)
	if err != nil {
		return 0, err
	}
	return s.db.Remove(ctx, env, c.Collection, c.TransactionID, filter, multi)
}

func (s *Documents) decodeChange(query, data string) (filter, change bson.Raw, err error) {
	if filter, err = s.decodeCondition(query); err != nil {
		return nil, nil, err
	}
	change, err = ejson.DecodeDocument([]byte(data), s.clock(), ejson.Limits{})
	return filter, change, err
}

// decodeCondition decodes the query of a write, which must be there.
func (s *Documents) decodeCondition(query string) (bson.Raw, error) {
	if query == "" {
		return nil, models.E(models.CodeInvalid, "call.query_empty")
	}
	return ejson.DecodeDocument([]byte(query), s.clock(), ejson.Limits{})
}

// Begin opens an interactive transaction, which lives for 30 seconds at most.
// Needs database.write.
func (s *Documents) Begin(ctx context.Context, c DocumentCall) (_ string, err error) {
	defer s.counted(&c, models.DatabaseWrite, &err)
	env, err := s.authorize(ctx, c, models.DatabaseWrite)
	if err != nil {
		return "", err
	}
	return s.db.Begin(ctx, env)
}

// Commit applies the writes of a transaction, all or none. Needs database.write.
func (s *Documents) Commit(ctx context.Context, c DocumentCall) (err error) {
	defer s.counted(&c, models.DatabaseWrite, &err)
	env, err := s.authorize(ctx, c, models.DatabaseWrite)
	if err != nil {
		return err
	}
	return s.db.Commit(ctx, env, c.TransactionID)
}

// Abort drops a transaction. Needs database.write.
func (s *Documents) Abort(ctx context.Context, c DocumentCall) (err error) {
	defer s.counted(&c, models.DatabaseWrite, &err)
	env, err := s.authorize(ctx, c, models.DatabaseWrite)
	if err != nil {
		return err
	}
	return s.db.Abort(ctx, env, c.TransactionID)
}
