package service

import (
	"context"
	"slices"
	"strings"

	"envshare/internal/docdb"
	"envshare/models"
)

// Index is an index as people write it: "status:1, createdAt:-1, place:2dsphere".
type Index struct {
	Name, Fields   string
	Unique, Sparse bool
	Building       bool // it does not hold all documents yet, and serves no query
}

// Indexes returns the indexes of a collection, that of _id first. Needs
// database.view.
func (s *Documents) Indexes(ctx context.Context, actor models.Actor, appID, env, collection string) ([]Index, error) {
	if err := s.may(ctx, actor, appID, env, models.DatabaseView); err != nil {
		return nil, err
	}
	list, err := s.db.Indexes(ctx, env, collection)
	if err != nil {
		return nil, err
	}
	out := make([]Index, len(list))
	for i, one := range list {
		fields := make([]string, len(one.Keys))
		for n, k := range one.Keys {
			fields[n] = k.Path + ":" + k.Kind
		}
		out[i] = Index{Name: one.Name, Fields: strings.Join(fields, ", "), Unique: one.Unique, Sparse: one.Sparse, Building: one.Building}
	}
	return out, nil
}

// AddIndex builds an index; without a name it has the vendor's:
// status_1_createdAt_-1. Needs database.operate. Codes: invalid, conflict,
// write_refused.
func (s *Documents) AddIndex(ctx context.Context, actor models.Actor, appID, env, collection string, i Index) error {
	index := docdb.Index{Name: i.Name, Unique: i.Unique, Sparse: i.Sparse}
	var parts []string
	for field := range strings.SplitSeq(i.Fields, ",") {
		name, kind, ok := strings.Cut(strings.TrimSpace(field), ":")
		if !ok {
			kind = "1"
		}
		key := docdb.IndexKey{Path: strings.TrimSpace(name), Kind: strings.TrimSpace(kind)}
		index.Keys = append(index.Keys, key)
		parts = append(parts, key.Path+"_"+key.Kind)
	}
	if index.Name == "" {
		index.Name = strings.Join(parts, "_")
	}
	same, err := s.sameIndex(ctx, actor, appID, env, collection, index)
	if err != nil {
		return err
	}
	if same != "" {
		return models.E(models.CodeConflict, "error.index_exists", "name", same)
	}
	c := change{
		Action: models.AuditIndexCreated, EnvironmentID: env, Subject: cutSubject(collection + "." + index.Name), After: indexState(index),
	}
	return s.noted(ctx, actor, appID, &c, func() error { return s.db.CreateIndex(ctx, env, collection, index) })
}

// sameIndex returns the name of an index that is there already with the same
// definition, "" for none. To programs such an index is no error, but people are told.
func (s *Documents) sameIndex(ctx context.Context, actor models.Actor, appID, env, collection string, wanted docdb.Index) (string, error) {
	if err := s.may(ctx, actor, appID, env, models.DatabaseOperate); err != nil {
		return "", err
	}
	list, err := s.db.Indexes(ctx, env, collection)
	if err != nil {
		return "", err
	}
	for _, one := range list {
		if !one.Building && slices.Equal(one.Keys, wanted.Keys) && one.Unique == wanted.Unique && one.Sparse == wanted.Sparse {
			return one.Name, nil
		}
	}
	return "", nil
}

// DropIndex deletes an index. Needs database.operate.
func (s *Documents) DropIndex(ctx context.Context, actor models.Actor, appID, env, collection, name string) error {
	c := change{Action: models.AuditIndexDeleted, EnvironmentID: env, Subject: cutSubject(collection + "." + name)}
	return s.noted(ctx, actor, appID, &c, func() error {
		list, err := s.db.Indexes(ctx, env, collection)
		if err != nil {
			return err
		}
		for _, index := range list {
			if index.Name == name {
				c.Before = indexState(index)
			}
		}
		return s.db.DropIndex(ctx, env, collection, name)
	})
}
