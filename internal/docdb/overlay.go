package docdb

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// overlay is what a transaction wrote and nobody else sees yet.
type overlay struct {
	collections map[int64]*overlaid
	bytes       int
	next        int64 // new documents have negative ids until they are stored
}

// overlaid is the overlay of one collection.
type overlaid struct {
	c    *collection
	rows map[int64]*overRow
	list []*overRow // in the order in which they were written first
}

// overRow is a document that the transaction wrote; was is what it read.
type overRow struct {
	row
	was     row
	deleted bool
}

func (o *overlay) of(c *collection) *overlaid {
	found := o.collections[c.id]
	if found == nil {
		found = &overlaid{c: c, rows: map[int64]*overRow{}}
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

// put takes note of a written document.
func (o *overlay) put(c *collection, was row, body bson.Raw) {
	to := o.of(c)
	one := to.rows[was.id]
	if one == nil {
		one = &overRow{row: was, was: was}
		to.rows[was.id] = one
		to.list = append(to.list, one)
		o.bytes += len(was.body)
	}
	o.bytes += len(body) - len(one.body)
	one.body, one.deleted = body, body == nil
}

// insert takes note of a new document.
func (o *overlay) insert(c *collection, body bson.Raw) {
	o.next--
	o.put(c, row{id: o.next}, body)
}

// lockKey names a document, or the _id of one that does not exist yet, among
// all collections.
func lockKey(c *collection, doc bson.Raw) string {
	return string(value.AppendKey([]byte{byte(c.id), byte(c.id >> 8), byte(c.id >> 16), byte(c.id >> 24)}, value.Get(doc, value.Path{"_id"}), false))
}
