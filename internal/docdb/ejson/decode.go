package ejson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"envshare/models"
)

// Limits bound what is decoded. Zero fields mean 16 MiB of BSON and a depth of
// 100 documents and arrays inside one another.
type Limits struct {
	Bytes int
	Depth int
}

// The limits of a stored document, which are MongoDB's.
const (
	MaxBytes = 16 << 20
	MaxDepth = 100
)

func (l Limits) orDefault() Limits {
	if l.Bytes <= 0 {
		l.Bytes = MaxBytes
	}
	if l.Depth <= 0 {
		l.Depth = MaxDepth
	}
	return l
}

// DecodeDocument reads an object. The order of its keys is kept; now stands for
// the server dates in it. Errors have the code invalid.
func DecodeDocument(text []byte, now time.Time, l Limits) (bson.Raw, error) {
	v, err := decode(text, now, l, true)
	if err != nil {
		return nil, err
	}
	return v.Value, nil
}

// DecodeValue reads any value, such as the argument of a pipeline stage.
func DecodeValue(text []byte, now time.Time, l Limits) (bson.RawValue, error) {
	return decode(text, now, l, false)
}

func decode(text []byte, now time.Time, l Limits, document bool) (bson.RawValue, error) {
	d := &decoder{json: json.NewDecoder(bytes.NewReader(text)), now: now, limits: l.orDefault()}
	d.json.UseNumber()
	d.buf = make([]byte, 0, min(len(text)+16, 1<<20))
	token, err := d.json.Token()
	if err != nil {
		return bson.RawValue{}, d.syntax(err)
	}
	if document && token != json.Delim('{') {
		return bson.RawValue{}, models.E(models.CodeInvalid, "docdb.json_object")
	}
	if err := d.element("", token, document); err != nil {
		return bson.RawValue{}, err
	}
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		return bson.RawValue{}, models.E(models.CodeInvalid, "docdb.json_trailing", "position", d.json.InputOffset())
	}
	return bson.RawValue{Type: bson.Type(d.buf[0]), Value: d.buf[2:]}, nil
}

// decoder appends elements to one buffer, so that nesting copies nothing.
type decoder struct {
	json   *json.Decoder
	now    time.Time
	limits Limits
	buf    []byte
	depth  int
}

// syntax keeps the cause as text: a cut text is no end of a file to the caller.
func (d *decoder) syntax(err error) error {
	return models.E(models.CodeInvalid, "docdb.json_syntax", "position", d.json.InputOffset()).Wrap(errors.New(err.Error()))
}

// element appends the value that begins with token under a key. plain keeps an
// object an object though its key is that of a wrapper.
func (d *decoder) element(key string, token json.Token, plain bool) error {
	if len(d.buf) > d.limits.Bytes {
		return models.E(models.CodeInvalid, "docdb.json_large", "bytes", d.limits.Bytes)
	}
	switch t := token.(type) {
	case json.Delim:
		return d.container(key, t, plain)
	case string:
		d.buf = bsoncore.AppendStringElement(d.buf, key, t)
	case bool:
		d.buf = bsoncore.AppendBooleanElement(d.buf, key, t)
	case json.Number:
		d.number(key, t.String())
	default:
		d.buf = bsoncore.AppendNullElement(d.buf, key)
	}
	return nil
}

// number takes a bare number for the narrowest type that its spelling allows: a
// point or an exponent makes a double, as does what no int64 holds.
func (d *decoder) number(key, text string) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil && text != "-0" {
		if i >= math.MinInt32 && i <= math.MaxInt32 {
			d.buf = bsoncore.AppendInt32Element(d.buf, key, int32(i))
			return
		}
		d.buf = bsoncore.AppendInt64Element(d.buf, key, i)
		return
	}
	f, _ := strconv.ParseFloat(text, 64) // out of range gives an infinity, as in JavaScript
	d.buf = bsoncore.AppendDoubleElement(d.buf, key, f)
}

func (d *decoder) container(key string, begin json.Delim, plain bool) error {
	d.depth++
	defer func() { d.depth-- }()
	if d.depth > d.limits.Depth {
		return models.E(models.CodeInvalid, "docdb.json_depth", "depth", d.limits.Depth)
	}
	start := len(d.buf)
	if begin == '[' {
		index, buf := bsoncore.AppendArrayElementStart(d.buf, key)
		d.buf = buf
		if err := d.array(); err != nil {
			return err
		}
		return d.end(index)
	}
	index, buf := bsoncore.AppendDocumentElementStart(d.buf, key)
	d.buf = buf
	keys, err := d.object()
	if err != nil {
		return err
	}
	if err := d.end(index); err != nil {
		return err
	}
	if plain || len(keys) == 0 || !strings.HasPrefix(keys[0], "$") {
		return nil
	}
	v, ok, err := unwrap(bson.Raw(d.buf[index:]), keys, d.now)
	if err != nil || !ok {
		return err
	}
	d.buf = append(bsoncore.AppendHeader(d.buf[:start], bsoncore.Type(v.Type), key), v.Value...)
	return nil
}

// end closes the document or array that began at index.
func (d *decoder) end(index int32) error {
	if len(d.buf) > d.limits.Bytes {
		return models.E(models.CodeInvalid, "docdb.json_large", "bytes", d.limits.Bytes)
	}
	var err error
	d.buf, err = bsoncore.AppendDocumentEnd(d.buf, index)
	return err
}

func (d *decoder) array() error {
	for i := 0; ; i++ {
		token, err := d.json.Token()
		if err != nil {
			return d.syntax(err)
		}
		if token == json.Delim(']') {
			return nil
		}
		if err := d.element(strconv.Itoa(i), token, false); err != nil {
			return err
		}
	}
}

// object appends the members of an object and returns their names.
func (d *decoder) object() ([]string, error) {
	var keys []string
	seen := map[string]bool(nil)
	for {
		token, err := d.json.Token()
		if err != nil {
			return nil, d.syntax(err)
		}
		key, ok := token.(string)
		if !ok {
			return keys, nil // the decoder lets only } stand here
		}
		if strings.IndexByte(key, 0) >= 0 {
			return nil, models.E(models.CodeInvalid, "docdb.json_nul")
		}
		if seen == nil && len(keys) >= 16 {
			seen = make(map[string]bool, 64)
			for _, k := range keys {
				seen[k] = true
			}
		}
		if seen[key] || seen == nil && contains(keys, key) {
			return nil, models.E(models.CodeInvalid, "docdb.json_duplicate", "key", key)
		}
		if seen != nil {
			seen[key] = true
		}
		keys = append(keys, key)
		if token, err = d.json.Token(); err != nil {
			return nil, d.syntax(err)
		}
		if err := d.element(key, token, false); err != nil {
			return nil, err
		}
	}
}

func contains(keys []string, key string) bool {
	for _, k := range keys {
		if k == key {
			return true
		}
	}
	return false
}
