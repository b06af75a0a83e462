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

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

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
// invalid is about one line; the next call goes on behind it, unless the line
// could not be found an end of, which then is io.EOF.
func (r *Reader) Next() (bson.Raw, error) {
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
		doc, err := ejson.DecodeDocument(text, r.now, ejson.Limits{})
		if err != nil {
			return nil, r.invalid(err)
		}
		return doc, nil
	}
}

// invalid says in which line an error is.
func (r *Reader) invalid(err error) error {
	msg := models.MsgOf(err)
	if msg.Key == "" {
		return models.E(models.CodeInvalid, "docdb.import_line", "line", r.line).Wrap(err)
	}
	return err
}

func (r *Reader) readLine() ([]byte, error) {
	var line []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return nil, models.E(models.CodeInvalid, "docdb.import_line_long", "mb", maxLine>>20)
		}
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(bytes.TrimSpace(line)) == 0:
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		}
		r.line++
		return line, nil
	}
}

// nextRow reads a row of CSV. Empty cells are absent fields; true, false, numbers
// and anything that is JSON have their types, the rest is text.
func (r *Reader) nextRow() (bson.Raw, error) {
	if r.names == nil {
		if err := r.readHead(); err != nil {
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
		name = strings.TrimSpace(name)
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

// cell reads a value. Quotes around a text keep it a text: "5" in a cell that
// itself holds the quotes is no number.
func (r *Reader) cell(text string) bson.RawValue {
	switch text[0] {
	case '{', '[', '"', 't', 'f', 'n', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if len(text) > 1 && text[0] == '0' && text[1] != '.' {
			break // a code such as 0123 is no number
		}
		if v, err := ejson.DecodeValue([]byte(text), r.now, ejson.Limits{}); err == nil {
			return v
		}
	}
	return value.String(text)
}

// branch is an object that is put together from dotted names.
type branch struct {
	order []string
	kids  map[string]*branch
	v     bson.RawValue
}

func (b *branch) set(path value.Path, v bson.RawValue) {
	for _, segment := range path {
		if b.kids == nil {
			b.kids = map[string]*branch{}
		}
		next := b.kids[segment]
		if next == nil {
			next = &branch{}
			b.kids[segment] = next
			b.order = append(b.order, segment)
		}
		b = next
	}
	b.v = v
}

func (b *branch) document() bson.Raw {
	var dst []byte
	for _, name := range b.order {
		v := b.kids[name].v
		if b.kids[name].kids != nil {
			v = value.Document(b.kids[name].document())
		}
		dst = append(bsoncore.AppendHeader(dst, bsoncore.Type(v.Type), name), v.Value...)
	}
	return bsoncore.BuildDocument(nil, dst)
}

// cellText is how a value stands in a cell, so that reading it gives it back.
func cellText(v bson.RawValue) string {
	if v.Type == 0 {
		return ""
	}
	if text, ok := value.Text(v); ok && v.Type == bson.TypeString {
		if s := string(text); s != "" && !readsDifferently(s) {
			return s
		}
	}
	return string(ejson.AppendCanonicalValue(nil, v))
}

// readsDifferently reports whether a text would be read as another type, or
// would be run as a formula by a spreadsheet; it is then quoted.
func readsDifferently(s string) bool {
	if strings.IndexByte("=+-@\t\r", s[0]) >= 0 {
		return true
	}
	if strings.IndexByte("{[\"tfn0123456789", s[0]) < 0 {
		return false
	}
	r := &Reader{}
	v := r.cell(s)
	text, isText := value.Text(v)
	return !isText || string(text) != s
}
