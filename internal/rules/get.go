package rules

import (
	"bytes"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// get returns what lies at a path of the document that a text of the form
// database, collection, id names; undefined if there is no such document.
func (d *decision) get(name bson.RawValue, path value.Path) bson.RawValue {
	text, ok := value.Text(name)
	parts := bytes.SplitN(text, []byte("."), 3)
	if !ok || len(parts) < 3 || len(parts[2]) == 0 || d.in.Lookup == nil {
		return bson.RawValue{}
	}
	doc, known := d.found[string(text)]
	if !known {
		if len(d.found) == MaxDocuments {
			d.err = models.E(models.CodeLimited, "rules.documents", "max", MaxDocuments)
			return bson.RawValue{}
		}
		read, found, err := d.in.Lookup.Get(d.ctx, string(parts[1]), string(parts[2]))
		if err != nil {
			d.err = err
			return bson.RawValue{}
		}
		if found {
			doc = read
		}
		if d.found == nil {
			d.found = map[string]bson.Raw{}
		}
		d.found[string(text)] = doc
	}
	return inside(doc, path)
}
