package update

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/geo"
	"envshare/internal/docdb/value"
)

// Limits of a stored document, which are MongoDB's.
const (
	MaxBytes = 16 << 20
	MaxDepth = 100
)

// CheckDocument says what is wrong with a document that is to be stored: its
// size, its depth, names that begin with $, an _id that cannot be one, or GeoJSON
// that the SDK could not read back. The code is write_refused.
func CheckDocument(doc bson.Raw) error {
	if len(doc) > MaxBytes {
		return refused("docdb.document_large", "mb", MaxBytes>>20)
	}
	switch id := value.Get(doc, value.Path{"_id"}); id.Type {
	case bson.TypeArray, bson.TypeRegex, bson.TypeUndefined:
		return refused("docdb.document_id")
	case bson.TypeEmbeddedDocument:
		if err := checkNames(id.Value, 1); err != nil {
			return err
		}
	}
	if err := checkNames(doc, 1); err != nil {
		return err
	}
	return geo.CheckStored(doc)
}

func checkNames(raw bson.Raw, depth int) error {
	if depth > MaxDepth {
		return refused("docdb.document_deep", "depth", MaxDepth)
	}
	it := value.Iterate(raw)
	for it.Next() {
		if key := it.Key(); len(key) > 0 && key[0] == '$' {
			return refused("docdb.field_dollar", "field", string(key))
		}
		switch v := it.Value(); v.Type {
		case bson.TypeEmbeddedDocument, bson.TypeArray:
			if err := checkNames(v.Value, depth+1); err != nil {
				return err
			}
		}
	}
	if it.Err() != nil {
		return refused("docdb.malformed")
	}
	return nil
}
