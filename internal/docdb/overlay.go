package docdb

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// overlay is what a transaction wrote and nobody else sees yet.
type overlay struct {
	collections map[int64]*overlaid
	bytes       int
	next        int64    // new documents have negative ids until they are stored
	undo        []func() // takes back what was written since mark, from the end
}

// overlaid is the overlay of one collection.
type overlaid struct {
	c    *collection
	rows map[int64]*overRow
	list []*overRow // in the order in which they were written first
	// owners are the written documents by their keys in unique indexes.
	owners map[uniqueKey]int64
}

type uniqueKey struct {
	index int64
	key   string
}

// overRow is a document that the transaction wrote; was is what it read.
type overRow struct {
	row
	was     row
	deleted bool
	unique  []uniqueKey // of the row as it is
}

// mark begins an operation, which rewind takes back as a whole.
func (o *overlay) mark() { o.undo = o.undo[:0] }

func (o *overlay) rewind() {
	for n := len(o.undo) - 1; n >= 0; n-- {
		o.undo[n]()
	}
	o.mark()
}

func (o *overlay) of(c *collection) *overlaid {
	found := o.collections[c.id]
	if found == nil {
		found = &overlaid{c: c, rows: map[int64]*overRow{}, owners: map[uniqueKey]int64{}}
		o.collections[c.id] = found
	}
	return found
}

// has reports whether the transaction wrote a stored document.
func (o *overlay) has(c *collection, id int64) bool {
	found := o.collections[c.id]
	return found != nil && found.rows[id] != nil
}

// changes reports whether the transaction wrote to a collection at all.
func (o *overlay) changes(c *collection) bool {
	return o != nil && o.collections[c.id] != nil && len(o.collections[c.id].list) > 0
}

// each visits the written documents that are not deleted.
func (o *overlay) each(c *collection, visit func(row) (bool, error)) error {
	found := o.collections[c.id]
	if found == nil {
		return nil
	}
	for _, one := range found.list {
		if one.deleted {
			continue
		}
		if more, err := visit(one.row); err != nil || !more {
			return err
		}
	}
	return nil
}

// owner returns the written document that has a key of a unique index.
func (o *overlay) owner(c *collection, key uniqueKey) (id int64, ok bool) {
	if found := o.collections[c.id]; found != nil {
		id, ok = found.owners[key]
	}
	return id, ok
}

// put takes note of a written document and of its keys in unique indexes.
func (o *overlay) put(c *collection, was row, body bson.Raw, unique []uniqueKey) {
	to := o.of(c)
	one := to.rows[was.id]
	if one == nil {
		one = &overRow{row: was, was: was}
		to.rows[was.id] = one
		to.list = append(to.list, one)
		o.bytes += len(was.body)
		o.undo = append(o.undo, func() {
			delete(to.rows, was.id)
			to.list = to.list[:len(to.list)-1]
			o.bytes -= len(was.body)
		})
	}
	before := *one
	o.set(to, one, body, body == nil, unique)
	o.undo = append(o.undo, func() { o.set(to, one, before.body, before.deleted, before.unique) })
}

func (o *overlay) set(to *overlaid, one *overRow, body bson.Raw, deleted bool, unique []uniqueKey) {
	for _, key := range one.unique {
		delete(to.owners, key)
	}
	o.bytes += len(body) - len(one.body)
	one.body, one.deleted, one.unique = body, deleted, unique
	for _, key := range unique {
		to.owners[key] = one.id
	}
}

// insert takes note of a new document.
func (o *overlay) insert(c *collection, body bson.Raw, unique []uniqueKey) {
	o.next--
	o.put(c, row{id: o.next}, body, unique)
}

// lockKey names a document, or the _id of one that does not exist yet, among
// all collections.
func lockKey(c *collection, doc bson.Raw) string {
	return string(value.AppendKey([]byte{byte(c.id), byte(c.id >> 8), byte(c.id >> 16), byte(c.id >> 24)}, value.Get(doc, value.Path{"_id"}), false))
}
