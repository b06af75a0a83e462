package transfer

import (
	"bufio"
	"encoding/csv"
	"io"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/value"
)

// sampled is how many documents decide the columns of a CSV file.
const sampled = 1000

// Writer writes documents so that reading them gives the same ones again; of CSV
// only the chosen columns, and no difference between a missing field and an
// object without members.
type Writer struct {
	out    *bufio.Writer
	csv    *csv.Writer
	fields []string
	paths  []value.Path
	held   []bson.Raw // until the columns are known
	buf    []byte
}

// NewWriter makes a writer. fields are the columns of a CSV file; without any
// they are those of the first documents, nested objects taken apart.
func NewWriter(w io.Writer, f Format, fields []string) *Writer {
	out := &Writer{out: bufio.NewWriterSize(w, 64<<10), fields: slices.Clone(fields)}
	if f == CSV {
		out.csv = csv.NewWriter(out.out)
	}
	return out
}

// Write writes a document.
func (w *Writer) Write(doc bson.Raw) error {
	if w.csv == nil {
		w.buf = append(ejson.AppendCanonical(w.buf[:0], doc), '\n')
		_, err := w.out.Write(w.buf)
		return err
	}
	if w.paths == nil {
		w.held = append(w.held, slices.Clone(doc))
		if len(w.fields) == 0 && len(w.held) < sampled {
			return nil
		}
		return w.begin()
	}
	return w.row(doc)
}

// begin writes the head and what was held back.
func (w *Writer) begin() error {
	if len(w.fields) == 0 {
		seen := map[string]bool{}
		for _, doc := range w.held {
			w.columns("", doc, seen)
		}
		w.fields = slices.DeleteFunc(w.fields, func(name string) bool { return hasBelow(w.fields, name) })
	}
	for _, name := range w.fields {
		path, err := value.ParsePath(name)
		if err != nil {
			return err
		}
		w.paths = append(w.paths, path)
	}
	if len(w.fields) == 0 {
		return nil
	}
	if err := w.csv.Write(w.fields); err != nil {
		return err
	}
	for _, doc := range w.held {
		if err := w.row(doc); err != nil {
			return err
		}
	}
	w.held = nil
	return nil
}

// hasBelow reports whether a column is taken apart by others in some documents;
// its own values are then written into the first of them that fits.
func hasBelow(fields []string, name string) bool {
	return slices.ContainsFunc(fields, func(other string) bool { return len(other) > len(name) && other[:len(name)+1] == name+"." })
}

func (w *Writer) columns(prefix string, doc bson.Raw, seen map[string]bool) {
	_ = value.Elements(doc, func(key string, v bson.RawValue) bool {
		name := prefix + key
		inside, nested := value.AsDocument(v)
		if _, err := value.ParsePath(name); err != nil {
			return true
		}
		if nested && len(inside) > 5 && splits(inside) {
			w.columns(name+".", inside, seen)
			return true
		}
		if !seen[name] {
			seen[name] = true
			w.fields = append(w.fields, name)
		}
		return true
	})
}

// splits reports whether an object can be taken apart into dotted columns.
func splits(doc bson.Raw) bool {
	good := true
	_ = value.Elements(doc, func(key string, _ bson.RawValue) bool {
		_, err := value.ParsePath(key)
		good = good && err == nil && !slices.Contains([]byte(key), '.')
		return good
	})
	return good
}

func (w *Writer) row(doc bson.Raw) error {
	cells := make([]string, len(w.paths))
	for i, path := range w.paths {
		cells[i] = cellText(member(doc, path))
	}
	return w.csv.Write(cells)
}

// member follows a path through objects only: arrays are written whole.
func member(doc bson.Raw, path value.Path) bson.RawValue {
	v := value.Document(doc)
	for _, segment := range path {
		inside, ok := value.AsDocument(v)
		if !ok {
			return bson.RawValue{}
		}
		v = value.Get(inside, value.Path{segment})
	}
	return v
}

// Close writes what is left; it does not close the file.
func (w *Writer) Close() error {
	if w.csv != nil {
		if w.paths == nil {
			if err := w.begin(); err != nil {
				return err
			}
		}
		w.csv.Flush()
		if err := w.csv.Error(); err != nil {
			return err
		}
	}
	return w.out.Flush()
}
