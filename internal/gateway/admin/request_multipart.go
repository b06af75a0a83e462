package admin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"unicode/utf8"
)

// decodeMultipart reads the parts of a form. A part is binary when it has a
// content type; the SDKs give binary parts no file name (admin protocol, section 1).
// The body is in memory already, so its own limit bounds the sum of the parts.
func decodeMultipart(body []byte, boundary string, maxPart int64) ([]Param, error) {
	if boundary == "" {
		return nil, fmt.Errorf("%w: multipart without a boundary", ErrContentType)
	}
	// The reader reports some bodies that were cut short as a regular end.
	if !bytes.HasSuffix(bytes.TrimRight(body, "\r\n"), []byte("--"+boundary+"--")) {
		return nil, fmt.Errorf("%w: the form does not end in its boundary", ErrBody)
	}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	var params []Param
	for {
		// NextRawPart, because NextPart decodes quoted-printable: not what was signed.
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return params, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBody, err)
		}
		p, err := readPart(part, maxPart)
		if err != nil {
			return nil, err
		}
		if params, err = addParam(params, p); err != nil {
			return nil, err
		}
	}
}

func readPart(part *multipart.Part, limit int64) (Param, error) {
	p := Param{Name: part.FormName()}
	_, p.binary = part.Header["Content-Type"]
	var err error
	if p.value, err = io.ReadAll(io.LimitReader(part, limit+1)); err != nil {
		return Param{}, fmt.Errorf("%w: %w", ErrBody, err)
	}
	if int64(len(p.value)) > limit {
		return Param{}, fmt.Errorf("%w: a part of more than %d bytes", ErrTooLarge, limit)
	}
	if !p.binary && !utf8.Valid(p.value) {
		return Param{}, fmt.Errorf("%w: a text part is not UTF-8", ErrBody)
	}
	return p, nil
}
