package query

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// Sort is one key of an order.
type Sort struct {
	Path       value.Path
	Descending bool
}

// maxSortKeys is MongoDB's limit.
const maxSortKeys = 32

// ParseSort reads an order such as {"a":-1,"b":1}: the order of its keys counts.
func ParseSort(order bson.Raw) ([]Sort, error) {
	var out []Sort
	it := value.Iterate(order)
	for it.Next() {
		path, err := value.ParsePath(string(it.Key()))
		if err != nil {
			return nil, err
		}
		f, ok := value.Float(it.Value())
		if !ok || f != 1 && f != -1 || path[0][0] == '$' {
			return nil, models.E(models.CodeOperator, "docdb.sort_direction", "field", string(it.Key()))
		}
		out = append(out, Sort{Path: path, Descending: f < 0})
	}
	if it.Err() != nil || len(out) > maxSortKeys {
		return nil, models.E(models.CodeInvalid, "docdb.sort_long", "keys", maxSortKeys)
	}
	return out, nil
}

// Less compares two documents in an order: negative when a comes first, 0 when
// the order does not tell them apart.
func Less(sort []Sort, a, b bson.Raw) int {
	for _, s := range sort {
		c := value.Compare(value.SortValue(a, s.Path, s.Descending), value.SortValue(b, s.Path, s.Descending))
		if c == 0 {
			continue
		}
		if s.Descending {
			return -c
		}
		return c
	}
	return 0
}
