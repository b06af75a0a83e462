package transfer

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
	"envshare/models"
)

// maxColumns bounds what Columns remembers; a spreadsheet takes 16,384.
const maxColumns = 10_000

// Columns finds the columns of a CSV file that holds everything in the documents
// that it was shown: one for each field, nested objects taken apart. It must see
// all of them before the first is written.
type Columns struct {
	names []string
	seen  map[string]bool // true for a field that is written whole
}

// Add looks at a document. A field that no column can name is invalid: a file
// without it would lose it in silence.
func (c *Columns) Add(doc bson.Raw) error {
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	var failed error
	_ = value.Elements(doc, func(key string, v bson.RawValue) bool {
		if !nameable(key) {
			failed = models.E(models.CodeInvalid, "docdb.export_field", "field", key)
			return false
		}
		failed = c.field(key, v)
		return failed == nil
	})
	return failed
}

// field adds the columns of a value. What is an object in one document and a text
// in another is written whole in all of them.
func (c *Columns) field(name string, v bson.RawValue) error {
	inside, nested := value.AsDocument(v)
	if nested && len(inside) > 5 && splits(name, inside) {
		var failed error
		_ = value.Elements(inside, func(key string, v bson.RawValue) bool {
			failed = c.field(name+"."+key, v)
			return failed == nil
		})
		return failed
	}
	if c.seen[name] {
		return nil
	}
	c.seen[name] = true
	if c.names = append(c.names, name); len(c.names) > maxColumns {
		return models.E(models.CodeInvalid, "docdb.export_columns", "max", maxColumns)
	}
	return nil
}

// Names returns the columns in the order in which their fields were first seen.
func (c *Columns) Names() []string {
	out := slices.Clone(c.names)
	return slices.DeleteFunc(out, func(name string) bool {
		for i := range name {
			if name[i] == '.' && c.seen[name[:i]] {
				return true // stands in the column of what is around it
			}
		}
		return false
	})
}

// nameable reports whether a field can be the segment of a column's name, as the
// reader understands it: it trims the space around a name.
func nameable(key string) bool {
	return key != "" && !strings.ContainsAny(key, ".\x00") && strings.TrimSpace(key) == key
}

// splits reports whether an object can be taken apart into dotted columns.
func splits(name string, doc bson.Raw) bool {
	good := true
	_ = value.Elements(doc, func(key string, _ bson.RawValue) bool {
		_, err := value.ParsePath(name + "." + key)
		good = err == nil && nameable(key)
		return good
	})
	return good
}
