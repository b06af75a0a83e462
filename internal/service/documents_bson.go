package service

import (
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/internal/docdb/value"
)

// bsonDocument makes the document {name: v}.
func bsonDocument(name string, v bson.RawValue) bson.Raw {
	return bson.Raw(bsoncore.NewDocumentBuilder().AppendValue(name, bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value}).Build())
}

// bsonEqual makes the condition that a field equals v, whatever v is.
func bsonEqual(v bson.RawValue) bson.RawValue { return value.Document(bsonDocument("$eq", v)) }

// bsonNever makes a condition that is checked as filter is and matches nothing.
func bsonNever(filter bson.Raw) bson.Raw {
	none := bsoncore.NewDocumentBuilder().AppendValue("_id", bsoncore.Value{Type: bsoncore.TypeEmbeddedDocument,
		Data: bsoncore.NewDocumentBuilder().AppendArray("$in", bsoncore.NewArrayBuilder().Build()).Build()}).Build()
	if len(filter) == 0 {
		return bson.Raw(none)
	}
	both := bsoncore.NewArrayBuilder().AppendDocument(none).AppendDocument(bsoncore.Document(filter)).Build()
	return bson.Raw(bsoncore.NewDocumentBuilder().AppendArray("$and", both).Build())
}
