package docdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// Limits of indexes, as the vendor has them.
const (
	maxIndexes    = 64
	maxIndexKeys  = 32
	maxIndexName  = 127
	buildBatch    = 1000
	buildBatchMax = 8 << 20 // bytes
)

// check says what is wrong with an index that is to be made.
func (i Index) check() error {
	if i.Name == "" || len(i.Name) > maxIndexName || i.Name == idIndex || strings.IndexByte(i.Name, 0) >= 0 {
		return models.E(models.CodeInvalid, "docdb.index_name", "max", maxIndexName)
	}
	if len(i.Keys) == 0 || len(i.Keys) > maxIndexKeys {
		return models.E(models.CodeInvalid, "docdb.index_fields", "max", maxIndexKeys)
	}
	seen := map[string]bool{}
	for n, k := range i.Keys {
		path, err := value.ParsePath(k.Path)
		if err != nil {
			return err
		}
		for _, segment := range path {
			if segment[0] == '$' {
				return models.E(models.CodeInvalid, "docdb.field_dollar", "field", k.Path)
			}
		}
		geo := k.Kind == "2dsphere"
		if seen[k.Path] || !geo && k.Kind != "1" && k.Kind != "-1" {
			return models.E(models.CodeInvalid, "docdb.index_field", "field", k.Path)
		}
		if geo && (n > 0 || i.Unique) {
			return models.E(models.CodeInvalid, "docdb.index_geo", "field", k.Path)
		}
		seen[k.Path] = true
	}
	return nil
}

// CreateIndex makes an index and fills it with the documents that are there.
// While it fills, writes go on and keep it; it serves queries once it is full. An
// index that exists with the same definition is no error. Codes: invalid,
// conflict for another index of the name, write_refused for a unique index that
// two documents stand against.
func (db *DB) CreateIndex(ctx context.Context, env, name string, i Index) error {
	if err := i.check(); err != nil {
		return err
	}
	id := int64(0)
	err := db.change(unbounded(ctx), func(ctx context.Context, s session) error {
		id = 0
		c, err := db.locked(ctx, s, env, name, true)
		if err != nil {
			return err
		}
		for _, other := range c.indexes {
			if other.Name != i.Name {
				continue
			}
			if other.ready && slices.Equal(other.Keys, i.Keys) && other.Unique == i.Unique && other.Sparse == i.Sparse {
				return nil
			}
			if other.ready {
				return models.E(models.CodeConflict, "docdb.index_exists", "index", i.Name)
			}
			if err := dropIndex(ctx, s, other); err != nil { // a build that was cut off
				return err
			}
		}
		if len(c.indexes) >= maxIndexes {
			return models.E(models.CodeInvalid, "docdb.indexes_many", "max", maxIndexes)
		}
		if id, err = addIndex(ctx, s, c.id, i, false); err != nil {
			return err
		}
		return bump(ctx, s)
	})
	if err != nil || id == 0 {
		return err
	}
	if _, err := db.refresh(ctx); err != nil {
		return err
	}
	if err := db.fill(ctx, env, name, id); err != nil {
		return errors.Join(err, db.undo(context.WithoutCancel(ctx), env, name, id))
	}
	_, err = db.refresh(ctx)
	return err
}

// resumeBuilds goes on with the indexes whose build ended with its process. That
// another one may be building the same does no harm.
func (db *DB) resumeBuilds(ctx context.Context) {
	cat, err := db.refresh(ctx)
	if err != nil {
		db.logger.Warn("indexes not looked at", "error", err)
		return
	}
	for name, c := range cat.collections {
		for _, i := range c.indexes {
			if i.ready {
				continue
			}
			err := db.fill(ctx, name.environment, name.name, i.id)
			switch {
			case ctx.Err() != nil:
				return
			case models.IsCode(err, models.CodeConflict), models.IsCode(err, models.CodeCollectionUnknown):
				continue // it is gone
			case err != nil:
				err = errors.Join(err, db.undo(ctx, name.environment, name.name, i.id))
				db.logger.Warn("index dropped, since it cannot be built", "environment", name.environment, "collection", name.name, "index", i.Name, "error", err)
			default:
				if _, err := db.refresh(ctx); err != nil {
					db.logger.Warn("catalog of documents not refreshed", "error", err)
				}
			}
		}
	}
}

// undo takes away an index that could not be filled.
func (db *DB) undo(ctx context.Context, env, name string, id int64) error {
	err := db.change(unbounded(ctx), func(ctx context.Context, s session) error {
		c, err := db.locked(ctx, s, env, name, true)
		if err != nil {
			return err
		}
		for _, i := range c.indexes {
			if i.id == id {
				return errors.Join(dropIndex(ctx, s, i), bump(ctx, s))
			}
		}
		return nil
	})
	_, refreshErr := db.refresh(ctx)
	return errors.Join(err, refreshErr)
}

// fill indexes the documents in batches, in the order of their ids; new ones have
// higher ids or are indexed by their writer.
func (db *DB) fill(ctx context.Context, env, name string, id int64) error {
	last := int64(-1)
	for done := false; !done; {
		next, more := last, true // kept once the batch is committed
		err := db.change(unbounded(ctx), func(ctx context.Context, s session) error {
			c, err := db.locked(ctx, s, env, name, true)
			if err != nil {
				return err
			}
			at := slices.IndexFunc(c.indexes, func(i *index) bool { return i.id == id })
			if at < 0 {
				return models.E(models.CodeConflict, "docdb.index_gone")
			}
			next, more, err = db.fillBatch(ctx, s, c, c.indexes[at], max(last, c.low()))
			if err != nil {
				return err
			}
			if !more {
				if _, err := s.exec(ctx, "UPDATE docdb_indexes SET ready = 1 WHERE id = ?", id); err != nil {
					return err
				}
				return bump(ctx, s)
			}
			return nil
		})
		if err != nil {
			return err
		}
		last, done = next, !more
	}
	return nil
}

func (db *DB) fillBatch(ctx context.Context, s session, c *collection, i *index, last int64) (next int64, more bool, err error) {
	batch, more, err := readBatch(ctx, s, last, c.high())
	if err != nil {
		return last, false, fmt.Errorf("fill index: %w", err)
	}
	own := *i // the catalog's is shared
	i = &own
	for _, one := range batch {
		keys, err := i.keys(one.body)
		if err != nil {
			return last, false, err
		}
		// A writer may have indexed it already.
		if err := db.dropKeys(ctx, s, i, one.id, keys.list); err != nil {
			return last, false, err
		}
		if err := db.addKeys(ctx, s, c, i, one.id, one.body, keys); err != nil {
			return last, false, err
		}
		i.multikey, i.long = i.multikey || keys.multikey, i.long || keys.long
		last = one.id
	}
	return last, more, nil
}

// readBatch copies the next documents; more says that there may be others.
func readBatch(ctx context.Context, s session, last, high int64) (batch []row, more bool, err error) {
	rows, err := s.query(ctx, "SELECT id, body FROM docdb_documents WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", last, high, buildBatch)
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	bytes := 0
	for bytes < buildBatchMax && rows.Next() {
		var one row
		if err := rows.Scan(&one.id, (*[]byte)(&one.body)); err != nil {
			return nil, false, err
		}
		bytes += len(one.body)
		batch = append(batch, one)
	}
	return batch, len(batch) == buildBatch || bytes >= buildBatchMax, rows.Err()
}

// DropIndex deletes an index; that of _id stays.
func (db *DB) DropIndex(ctx context.Context, env, name, indexName string) error {
	err := db.change(unbounded(ctx), func(ctx context.Context, s session) error {
		c, err := db.locked(ctx, s, env, name, true)
		if err != nil {
			return err
		}
		for _, i := range c.indexes[1:] {
			if i.Name == indexName {
				return errors.Join(dropIndex(ctx, s, i), bump(ctx, s))
			}
		}
		return models.E(models.CodeNotFound, "docdb.index_unknown", "index", indexName)
	})
	if err != nil {
		return err
	}
	_, err = db.refresh(ctx)
	return err
}

func dropIndex(ctx context.Context, s session, i *index) error {
	if _, err := s.exec(ctx, "DELETE FROM "+i.table()+" WHERE idx = ?", i.id); err != nil {
		return fmt.Errorf("drop index: %w", err)
	}
	_, err := s.exec(ctx, "DELETE FROM docdb_indexes WHERE id = ?", i.id)
	return err
}
