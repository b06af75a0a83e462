package docdb

import "context"

// Total is how much an environment holds.
type Total struct{ Collections, Documents int64 }

// Total counts the documents of all collections of an environment by their ids,
// without reading them. The first index of every collection is that of _id.
func (db *DB) Total(ctx context.Context, env string) (Total, error) {
	var out Total
	if _, err := db.read1(ctx, "SELECT count(*) FROM docdb_collections WHERE environment = ?", []any{env}, &out.Collections); err != nil {
		return out, err
	}
	const ids = `SELECT count(*) FROM docdb_unique_keys WHERE idx IN (
		SELECT min(i.id) FROM docdb_indexes i JOIN docdb_collections c ON c.id = i.collection WHERE c.environment = ? GROUP BY i.collection)`
	_, err := db.read1(ctx, ids, []any{env}, &out.Documents)
	return out, err
}
