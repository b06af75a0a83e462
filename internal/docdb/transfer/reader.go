// Package transfer reads and writes the files of imports and exports: JSON Lines
// with extended JSON, and CSV with dotted field names.
//
// It knows formats. It must not know collections, jobs or where files lie.
package transfer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// Format is how a file is written.
type Format string

// The formats. JSON is JSON Lines: one document a line.
const (
	JSON Format = "json"
	CSV  Format = "csv"
)

// maxLine bounds a line of JSON, in bytes: a document of 16 MiB grows as text.
const maxLine = 48 << 20

// Reader reads documents one by one.
type Reader struct {
	now   time.Time
	lines *bufio.Reader
	csv   *csv.Reader
	names []string
	paths []value.Path
	line  int
	begun bool // a line with text was seen
	ended bool // nothing behind what was read can be understood
	read  *counting
}

type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// NewReader makes a reader. now stands for server dates.
func NewReader(r io.Reader, f Format, now time.Time) *Reader {
	out := &Reader{now: now, read: &counting{r: r}}
	out.lines = bufio.NewReaderSize(out.read, 64<<10)
	if mark, _ := out.lines.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = out.lines.Discard(3)
	}
	if f == CSV {
		out.csv = csv.NewReader(out.lines)
		out.csv.FieldsPerRecord = -1
		out.csv.ReuseRecord = true
	}
	return out
}

// Line is the line of the document that Next returned last, counted from 1.
func (r *Reader) Line() int { return r.line }

// Offset is how far the file was read, in bytes.
func (r *Reader) Offset() int64 { return r.read.n - int64(r.lines.Buffered()) }

// Next returns the next document, io.EOF at the end. An error with the code
// invalid is about one line; the next call goes on behind it, unless nothing can
// be made of the whole file, which then ends.
func (r *Reader) Next() (bson.Raw, error) {
	if r.ended {
		return nil, io.EOF
	}
	if r.csv != nil {
		return r.nextRow()
	}
	for {
		text, err := r.readLine()
		if err != nil {
			return nil, err
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		return r.document(text)
	}
}

// document reads a line. A list of documents over several lines is refused at its
// beginning: the lines in it that happen to hold one document are not the file.
func (r *Reader) document(text []byte) (bson.Raw, error) {
	if !utf8.Valid(text) {
		return nil, models.E(models.CodeInvalid, "docdb.import_utf8")
	}
	first := !r.begun
	r.begun = true
	if first && text[0] == '[' {
		r.ended = true
		return nil, models.E(models.CodeInvalid, "docdb.import_list")
	}
	doc, err := ejson.DecodeDocument(text, r.now, ejson.Limits{})
	if err == nil {
		return doc, nil
	}
	if text[0] != '{' || text[len(text)-1] != '}' {
		return nil, models.E(models.CodeInvalid, "docdb.import_part").Wrap(err)
	}
	if models.MsgOf(err).Key == "" {
		return nil, models.E(models.CodeInvalid, "docdb.import_line", "line", r.line).Wrap(err)
	}
	return nil, err
}

func (r *Reader) readLine() ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.lines.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && !long && len(bytes.TrimSpace(line)) == 0:
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		}
		r.line++
		if long {
			return nil, models.E(models.CodeInvalid, "docdb.import_line_long", "mb", maxLine>>20)
		}
		return line, nil
	}
}

// nextRow reads a row of CSV. Empty cells are absent fields; true, false, numbers
// and anything that is JSON have their types, the rest is text.
func (r *Reader) nextRow() (bson.Raw, error) {
	if r.names == nil {
		if err := r.readHead(); err != nil {
			r.line, r.ended = 1, true
			return nil, err
		}
	}
	cells, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	var wrong *csv.ParseError
	if errors.As(err, &wrong) {
		r.line = wrong.StartLine
		return nil, models.E(models.CodeInvalid, "docdb.import_csv", "line", r.line)
	}
	if err != nil {
		return nil, err
	}
	r.line, _ = r.csv.FieldPos(0)
	if len(cells) != len(r.names) {
		return nil, models.E(models.CodeInvalid, "docdb.import_columns", "found", len(cells), "wanted", len(r.names))
	}
	root := &branch{}
	for i, cell := range cells {
		if !utf8.ValidString(cell) {
			return nil, models.E(models.CodeInvalid, "docdb.import_utf8")
		}
		if cell != "" {
			root.set(r.paths[i], r.cell(cell))
		}
	}
	return root.document(), nil
}

func (r *Reader) readHead() error {
	names, err := r.csv.Read()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		return models.E(models.CodeInvalid, "docdb.import_csv", "line", 1)
	}
	seen := map[string]bool{}
	for _, name := range names {
		if !utf8.ValidString(name) {
			return models.E(models.CodeInvalid, "docdb.import_utf8")
		}
		name = headName(strings.TrimSpace(name))
		path, err := value.ParsePath(name)
		if err != nil {
			return err
		}
		for n := range path {
			if prefix := path[:n+1].String(); seen[prefix] {
				return models.E(models.CodeInvalid, "docdb.import_name", "field", name)
			}
		}
		for other := range seen {
			if strings.HasPrefix(other, name+".") {
				return models.E(models.CodeInvalid, "docdb.import_name", "field", name)
			}
		}
		seen[name] = true
		r.names, r.paths = append(r.names, name), append(r.paths, path)
	}
	return nil
}
