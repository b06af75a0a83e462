package transfer

import (
	"bufio"
	"encoding/csv"
	"io"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/value"
)

// Writer writes documents so that reading them gives the same ones again; of CSV
// only its columns, and no difference between a missing field and an object
// without members.
type Writer struct {
	out    *bufio.Writer
	csv    *csv.Writer
	fields []string
	paths  []value.Path
	buf    []byte
}

// NewWriter makes a writer. fields are the columns of a CSV file, such as Columns
// finds them.
func NewWriter(w io.Writer, f Format, fields []string) (*Writer, error) {
	out := &Writer{out: bufio.NewWriterSize(w, 64<<10)}
	if f != CSV {
		return out, nil
	}
	out.csv, out.fields = csv.NewWriter(out.out), fields
	for _, name := range fields {
		path, err := value.ParsePath(name)
		if err != nil {
			return nil, err
		}
		out.paths = append(out.paths, path)
	}
	if len(fields) == 0 {
		return out, nil
	}
	head := make([]string, len(fields))
	for i, name := range fields {
		head[i] = headText(name)
	}
	return out, out.csv.Write(head)
}

// Write writes a document.
func (w *Writer) Write(doc bson.Raw) error {
	if w.csv == nil {
		w.buf = append(ejson.AppendCanonical(w.buf[:0], doc), '\n')
		_, err := w.out.Write(w.buf)
		return err
	}
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
		w.csv.Flush()
		if err := w.csv.Error(); err != nil {
			return err
		}
	}
	return w.out.Flush()
}
