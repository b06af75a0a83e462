package docdb

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// IndexKey is a field of an index. Kind is "1", "-1" or "2dsphere".
type IndexKey struct {
	Path string `json:"path"`
	Kind string `json:"kind"`
}

// Index is an index of a collection. A unique index refuses two documents with
// equal keys; a sparse one leaves out documents that have none of its fields.
type Index struct {
	Name   string     `json:"name"`
	Keys   []IndexKey `json:"keys"`
	Unique bool       `json:"unique,omitempty"`
	Sparse bool       `json:"sparse,omitempty"`
	// Building says that it does not hold all documents yet, and serves no query.
	Building bool `json:"-"`
}

// CollectionInfo describes a collection.
type CollectionInfo struct {
	Name    string
	Indexes []Index
}

// idIndex is the index that every collection has.
const idIndex = "_id_"

// index is an index as the engine uses it.
type index struct {
	Index
	id       int64
	paths    []value.Path
	ready    bool
	multikey bool // it ever held two keys of one document
	long     bool // it ever held a key that was cut
}

func (i *index) geo() bool { return i.Keys[0].Kind == "2dsphere" }

func (i *index) table() string {
	if i.Unique {
		return "docdb_unique_keys"
	}
	return "docdb_keys"
}

// collection is a collection as the engine uses it; indexes[0] is that of _id.
type collection struct {
	id          int64
	environment string
	name        string
	indexes     []*index
}

// Documents of a collection have ids between low and high.
const sequenceBits = 40

func (c *collection) low() int64  { return c.id << sequenceBits }
func (c *collection) high() int64 { return (c.id+1)<<sequenceBits - 1 }

// catalog is all collections and indexes at one revision. It is never changed.
type catalog struct {
	revision    int64
	collections map[collectionName]*collection
}

type collectionName struct{ environment, name string }

func (c *catalog) collection(env, name string) (*collection, error) {
	found := c.collections[collectionName{env, name}]
	if found == nil {
		return nil, models.E(models.CodeCollectionUnknown, "docdb.collection_unknown", "collection", name)
	}
	return found, nil
}

const readRevision = "SELECT revision FROM docdb_catalog"

// catalogOf returns the catalog that a session sees.
func (db *DB) catalogOf(ctx context.Context, s session) (*catalog, error) {
	if s.known == nil {
		return db.readCatalog(ctx, s)
	}
	if s.known.cat == nil {
		cat, err := db.readCatalog(ctx, s)
		if err != nil {
			return nil, err
		}
		s.known.cat = cat
	}
	return s.known.cat, nil
}

func (db *DB) readCatalog(ctx context.Context, s session) (*catalog, error) {
	var revision int64
	if _, err := s.value(ctx, readRevision, nil, &revision); err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	if cached := db.cached.Load(); cached != nil && cached.revision == revision {
		return cached, nil
	}
	loaded, err := loadCatalog(ctx, s, revision)
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	db.stale.Store(true)
	return loaded, nil
}

// current returns the cached catalog, which may be older than the database.
func (db *DB) current(ctx context.Context) (*catalog, error) {
	if cached := db.cached.Load(); cached != nil {
		return cached, nil
	}
	return db.refresh(ctx)
}

// refresh loads the catalog of now. Its revision is read before and after, so
// that what lies between belongs together.
func (db *DB) refresh(ctx context.Context) (*catalog, error) {
	var loaded *catalog
	err := db.withReader(ctx, func(s session) (err error) {
		for same := false; !same && err == nil; {
			if loaded, err = db.readCatalog(ctx, s); err == nil {
				same, err = unchanged(ctx, s, loaded)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	db.stale.Store(false)
	db.cached.Store(loaded)
	return loaded, nil
}

// unchanged reports whether a catalog is still the one of the database.
func unchanged(ctx context.Context, s session, c *catalog) (bool, error) {
	var revision int64
	_, err := s.value(ctx, readRevision, nil, &revision)
	return revision == c.revision, err
}

func loadCatalog(ctx context.Context, s session, revision int64) (_ *catalog, err error) {
	out := &catalog{revision: revision, collections: map[collectionName]*collection{}}
	byID := map[int64]*collection{}
	rows, err := s.query(ctx, "SELECT id, environment, name FROM docdb_collections")
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		c := &collection{}
		if err := rows.Scan(&c.id, &c.environment, &c.name); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		byID[c.id] = c
		out.collections[collectionName{c.environment, c.name}] = c
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	if rows, err = s.query(ctx, "SELECT id, collection, definition, ready, multikey, long_keys FROM docdb_indexes ORDER BY id"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var owner int64
		var definition string
		var ready, multikey, long int
		i := &index{}
		if err := rows.Scan(&i.id, &owner, &definition, &ready, &multikey, &long); err != nil {
			return nil, err
		}
		i.ready, i.multikey, i.long = ready == 1, multikey == 1, long == 1
		if err := json.Unmarshal([]byte(definition), &i.Index); err != nil {
			return nil, fmt.Errorf("index %d: %w", i.id, err)
		}
		for _, k := range i.Keys {
			path, err := value.ParsePath(k.Path)
			if err != nil {
				return nil, fmt.Errorf("index %d: %w", i.id, err)
			}
			i.paths = append(i.paths, path)
		}
		if c := byID[owner]; c != nil {
			c.indexes = append(c.indexes, i)
		}
	}
	return out, rows.Err()
}

// bump makes every cached catalog out of date.
func bump(ctx context.Context, s session) error {
	if s.known != nil {
		s.known.cat = nil
	}
	_, err := s.exec(ctx, "UPDATE docdb_catalog SET revision = revision + 1")
	return err
}

// CreateCollection makes an empty collection; a name that exists has the code
// collection_exists.
func (db *DB) CreateCollection(ctx context.Context, env, name string) error {
	err := db.change(ctx, func(ctx context.Context, s session) error {
		var id int64
		found, err := s.value(ctx, "INSERT INTO docdb_collections (environment, name) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id", []any{env, name}, &id)
		if err != nil {
			return err
		}
		if !found {
			return models.E(models.CodeCollectionExists, "docdb.collection_exists", "collection", name)
		}
		if _, err := addIndex(ctx, s, id, Index{Name: idIndex, Keys: []IndexKey{{"_id", "1"}}, Unique: true}, true); err != nil {
			return err
		}
		return bump(ctx, s)
	})
	if err != nil {
		return err
	}
	_, err = db.refresh(ctx)
	return err
}

func addIndex(ctx context.Context, s session, collection int64, i Index, ready bool) (int64, error) {
	definition, err := json.Marshal(i)
	if err != nil {
		return 0, fmt.Errorf("encode index: %w", err)
	}
	isReady := 0
	if ready {
		isReady = 1
	}
	var id int64
	_, err = s.value(ctx, "INSERT INTO docdb_indexes (collection, definition, ready, multikey, long_keys) VALUES (?, ?, ?, 0, 0) RETURNING id",
		[]any{collection, string(definition), isReady}, &id)
	return id, err
}

// DropCollection deletes a collection with its documents and indexes.
func (db *DB) DropCollection(ctx context.Context, env, name string) error {
	err := db.change(unbounded(ctx), func(ctx context.Context, s session) error {
		c, err := db.locked(ctx, s, env, name, true)
		if err != nil {
			return err
		}
		s.touched.add(c)
		return dropCollection(ctx, s, c)
	})
	if err != nil {
		return err
	}
	_, err = db.refresh(ctx)
	return err
}

func dropCollection(ctx context.Context, s session, c *collection) error {
	for _, i := range c.indexes {
		if _, err := s.exec(ctx, "DELETE FROM "+i.table()+" WHERE idx = ?", i.id); err != nil {
			return err
		}
	}
	if _, err := s.exec(ctx, "DELETE FROM docdb_documents WHERE id BETWEEN ? AND ?", c.low(), c.high()); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "DELETE FROM docdb_indexes WHERE collection = ?", c.id); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "DELETE FROM docdb_collections WHERE id = ?", c.id); err != nil {
		return err
	}
	return bump(ctx, s)
}

// DropEnvironment deletes all collections of an environment.
func (db *DB) DropEnvironment(ctx context.Context, env string) error {
	list, err := db.Collections(ctx, env)
	if err != nil {
		return err
	}
	for _, c := range list {
		if err := db.DropCollection(ctx, env, c.Name); err != nil && !models.IsCode(err, models.CodeCollectionUnknown) {
			return err
		}
	}
	return nil
}

// Collections returns the collections of an environment by name.
func (db *DB) Collections(ctx context.Context, env string) ([]CollectionInfo, error) {
	c, err := db.refresh(ctx)
	if err != nil {
		return nil, err
	}
	var out []CollectionInfo
	for name, one := range c.collections {
		if name.environment == env {
			out = append(out, CollectionInfo{Name: one.name, Indexes: one.definitions()})
		}
	}
	slices.SortFunc(out, func(a, b CollectionInfo) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

func (c *collection) definitions() []Index {
	out := make([]Index, len(c.indexes))
	for i, one := range c.indexes {
		out[i] = one.Index
		out[i].Building = !one.ready
	}
	return out
}

// Indexes returns the indexes of a collection, that of _id first.
func (db *DB) Indexes(ctx context.Context, env, name string) ([]Index, error) {
	cat, err := db.refresh(ctx)
	if err != nil {
		return nil, err
	}
	c, err := cat.collection(env, name)
	if err != nil {
		return nil, err
	}
	return c.definitions(), nil
}
