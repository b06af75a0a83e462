package service

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb"
)

// The audit log names documents and keeps a digest of what they were: their
// content is end users' data, which must not outlive its deletion.

// bsonEmpty is a document without fields: as a condition, it finds everything.
var bsonEmpty = bson.Raw{5, 0, 0, 0, 0}

// documentName is a document's _id as people read it.
func documentName(id bson.RawValue) string {
	if text, ok := id.StringValueOK(); ok {
		return cutSubject(text)
	}
	if oid, ok := id.ObjectIDOK(); ok {
		return oid.Hex()
	}
	return cutSubject(id.String())
}

// shownVersion is how much of a document's version the log shows.
const shownVersion = 12

func documentState(id bson.RawValue, doc bson.Raw) map[string]any {
	return map[string]any{"id": documentName(id), "version": documentVersion(doc)[:shownVersion]}
}

// indexState is an index as the audit log keeps it.
func indexState(i docdb.Index) map[string]any {
	keys := make([]string, len(i.Keys))
	for n, k := range i.Keys {
		keys[n] = k.Path + ":" + k.Kind
	}
	return map[string]any{"fields": strings.Join(keys, ", "), "unique": i.Unique}
}
