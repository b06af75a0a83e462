package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// decodeJSON splits a JSON object into its members without re-encoding any: a
// value that is no string is signed as its exact source text (admin protocol,
// section 3.1). Names and values share memory with body.
func decodeJSON(body []byte) ([]Param, error) {
	if !utf8.Valid(body) {
		return nil, fmt.Errorf("%w: not UTF-8", ErrBody)
	}
	if !json.Valid(body) {
		return nil, fmt.Errorf("%w: not JSON", ErrBody)
	}
	s := jsonScanner{src: body}
	if s.next() != '{' {
		return nil, fmt.Errorf("%w: not a JSON object", ErrBody)
	}
	s.pos++

	params := make([]Param, 0, 16)
	for s.next() != '}' {
		if s.src[s.pos] == ',' {
			s.pos++
			s.next()
		}
		name, err := unquote(s.value())
		if err != nil {
			return nil, err
		}
		s.next() // the colon
		s.pos++
		s.next()
		p := Param{Name: string(name), raw: s.value()}
		if p.value = p.raw; p.raw[0] == '"' {
			if p.value, err = unquote(p.raw); err != nil {
				return nil, err
			}
		}
		if params, err = addParam(params, p); err != nil {
			return nil, err
		}
	}
	if s.depth > maxJSONDepth {
		return nil, fmt.Errorf("%w: nested deeper than %d", ErrBody, maxJSONDepth)
	}
	return params, nil
}

// jsonScanner finds where values end. It relies on src being valid JSON and so
// needs no error of its own.
type jsonScanner struct {
	src   []byte
	pos   int
	depth int // greatest depth seen inside the top-level object
}

// next moves to the next byte that is not white space and returns it.
func (s *jsonScanner) next() byte {
	for s.src[s.pos] == ' ' || s.src[s.pos] == '\t' || s.src[s.pos] == '\n' || s.src[s.pos] == '\r' {
		s.pos++
	}
	return s.src[s.pos]
}

// value moves past the value that starts here and returns its source text.
func (s *jsonScanner) value() []byte {
	start := s.pos
	depth := 0
	for {
		switch s.src[s.pos] {
		case '"':
			s.skipString()
		case '{', '[':
			depth++
			s.depth = max(s.depth, depth)
			s.pos++
		case '}', ']':
			depth--
			s.pos++
		default:
			s.skipOther()
		}
		if depth == 0 {
			return s.src[start:s.pos:s.pos]
		}
	}
}

func (s *jsonScanner) skipString() {
	for s.pos++; s.src[s.pos] != '"'; s.pos++ {
		if s.src[s.pos] == '\\' {
			s.pos++
		}
	}
	s.pos++
}

// skipOther moves past a number or literal, or what separates values.
func (s *jsonScanner) skipOther() {
	for s.pos++; ; s.pos++ {
		switch s.src[s.pos] {
		case '"', '{', '[', '}', ']', ',', ' ', '\t', '\n', '\r':
			return
		}
	}
}

// unquote decodes a JSON string; a lone surrogate becomes U+FFFD, as it does in
// the SDK's hash.
func unquote(source []byte) ([]byte, error) {
	if bytes.IndexByte(source, '\\') < 0 {
		return source[1 : len(source)-1], nil
	}
	var text string
	if err := json.Unmarshal(source, &text); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBody, err)
	}
	return []byte(text), nil
}
