package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"
)

// Reasons for refusing a body. They are wrapped with detail; tell them apart with
// errors.Is. An error that is none of them came from reading the connection.
var (
	// ErrTooLarge says that the body, or one part of it, exceeds its limit.
	ErrTooLarge = errors.New("request too large")
	// ErrContentType says that the body is neither JSON nor multipart/form-data.
	ErrContentType = errors.New("unsupported content type")
	// ErrBody says that the body is not what its content type promises.
	ErrBody = errors.New("malformed body")
	// ErrDuplicate says that two parameters have the same name.
	ErrDuplicate = errors.New("duplicate parameter")
)

const (
	// DefaultMaxBody is the limit of a body in bytes. The real service takes
	// function arguments of 6 MB (admin protocol, section 19).
	DefaultMaxBody = 8 << 20

	maxParams    = 128 // parameters or parts; genuine requests have fewer than 30
	maxParamName = 128 // bytes
	maxJSONDepth = 100 // arrays and objects around one another; genuine bodies have 4

	jsonType = "application/json"
)

// Limits bounds a body, in bytes. Zero fields mean DefaultMaxBody, and for Part
// the body's limit.
type Limits struct {
	Body int64
	Part int64 // one part of a multipart body
}

func (l Limits) orDefault() Limits {
	if l.Body <= 0 {
		l.Body = DefaultMaxBody
	}
	if l.Part <= 0 {
		l.Part = l.Body
	}
	return l
}

// Request is one decoded call. It is not authenticated before Verify says so.
//
// The signature binds less than the body holds: neither the spelling of a name
// (envName, ENVNAME), nor the JSON type of a value (5, "5"), nor white space
// around a text. The accessors are made so that changing any of these cannot hide
// a parameter: names are compared as they are signed, String returns the signed
// text whatever type carried it, and a text of nothing but white space is empty.
type Request struct {
	Action    string
	Params    []Param // in the order of the body
	Multipart bool    // the answer may be protobuf, and must not be held open
}

// Param is one parameter: a member of a JSON body or a part of a multipart body.
type Param struct {
	Name string // as sent

	canonical string          // as signed
	raw       json.RawMessage // source text, in JSON bodies only
	value     []byte          // decoded text, source text or bytes
	binary    bool            // a part with a content type of its own
}

// DecodeRequest reads the body of r, with or without a Content-Length. The limit
// holds before anything is allocated for the body. It returns ErrTooLarge,
// ErrContentType, ErrBody or ErrDuplicate, wrapped, or the connection's error.
func DecodeRequest(r *http.Request, limits Limits) (*Request, error) {
	limits = limits.orDefault()
	body, err := readBody(r, limits.Body)
	if err != nil {
		return nil, err
	}
	params, isMultipart, err := decodeBody(r.Header, body, limits)
	if err != nil {
		return nil, err
	}
	req := &Request{Params: params, Multipart: isMultipart}
	req.Action, _ = req.String("action")
	return req, nil
}

// String returns the text of a parameter, untrimmed, and whether it was sent. For
// a JSON value that is no string it is the source text: what was signed is the
// same for {"a":1} as an object and as a string, so both must read the same.
func (r *Request) String(name string) (string, bool) {
	p := findParam(r.Params, canonicalName(name))
	if p == nil || !utf8.Valid(p.value) {
		return "", false
	}
	return string(p.value), true
}

// Raw returns the JSON source text of a parameter of a JSON body. A caller that
// decodes it must refuse a wrong type and never take it for an absent value,
// because the signature does not bind the type.
func (r *Request) Raw(name string) (json.RawMessage, bool) {
	p := findParam(r.Params, canonicalName(name))
	if p == nil || p.raw == nil {
		return nil, false
	}
	return p.raw, true
}

// Bytes returns the bytes of a parameter: of a binary part as sent, otherwise of
// its text, since SDKs send requestData as either. The caller must not change them.
func (r *Request) Bytes(name string) ([]byte, bool) {
	p := findParam(r.Params, canonicalName(name))
	if p == nil {
		return nil, false
	}
	return p.value, true
}

// signed returns the bytes of the value that a signature covers.
func (p *Param) signed() []byte {
	if p.binary {
		return p.value
	}
	return jsTrim(p.value)
}

func findParam(params []Param, canonical string) *Param {
	for i := range params {
		if params[i].canonical == canonical {
			return &params[i]
		}
	}
	return nil
}

// addParam appends p after the checks that hold for every kind of body.
func addParam(params []Param, p Param) ([]Param, error) {
	if len(params) == maxParams {
		return nil, fmt.Errorf("%w: more than %d parameters", ErrTooLarge, maxParams)
	}
	p.canonical = canonicalName(p.Name)
	if p.canonical == "" || len(p.Name) > maxParamName {
		return nil, fmt.Errorf("%w: a parameter name must have 1 to %d bytes", ErrBody, maxParamName)
	}
	if findParam(params, p.canonical) != nil {
		return nil, fmt.Errorf("%w: %s", ErrDuplicate, p.canonical)
	}
	if !p.binary && len(jsTrim(p.value)) == 0 {
		p.value = nil
		if p.raw != nil {
			p.raw = json.RawMessage(`""`)
		}
	}
	return append(params, p), nil
}

func readBody(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	var body bytes.Buffer
	// A declared length is a claim; memory follows what arrives.
	body.Grow(int(min(max(r.ContentLength, 0), 64<<10)) + bytes.MinRead)
	if _, err := body.ReadFrom(io.LimitReader(r.Body, limit+1)); err != nil {
		return nil, fmt.Errorf("read request body: %w", err)
	}
	if int64(body.Len()) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return body.Bytes(), nil
}

// decodeBody chooses by the exact media type: the signature takes everything that
// only starts with multipart/form-data for the same, so a prefix must not decide.
func decodeBody(header http.Header, body []byte, limits Limits) (params []Param, isMultipart bool, err error) {
	values := header["Content-Type"]
	if len(values) != 1 {
		return nil, false, fmt.Errorf("%w: Content-Type must occur once", ErrContentType)
	}
	mediaType, options, err := mime.ParseMediaType(values[0])
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrContentType, err)
	}
	switch mediaType {
	case jsonType:
		params, err = decodeJSON(body)
		return params, false, err
	case multipartType:
		params, err = decodeMultipart(body, options["boundary"], limits.Part)
		return params, true, err
	}
	return nil, false, fmt.Errorf("%w: %s", ErrContentType, mediaType)
}
