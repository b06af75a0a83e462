package admin

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// The values and texts that are hashed (admin protocol, sections 3.1 to 3.4).

const multipartType = "multipart/form-data"

// isJSSpace reports what JavaScript's String.prototype.trim strips. Unlike
// unicode.IsSpace it includes U+FEFF and leaves U+0085 alone.
func isJSSpace(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', ' ', 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF:
		return true
	}
	return 0x2000 <= r && r <= 0x200A
}

func jsTrim(b []byte) []byte { return bytes.TrimFunc(b, isJSSpace) }

// canonicalName is the form in which SignedParams lists a parameter's name.
func canonicalName(name string) string {
	if every(name, isHeaderByte) {
		return name
	}
	if every(name, func(c byte) bool { return isHeaderByte(c) || isUpper(c) }) {
		return strings.ToLower(name) // nothing to trim or to encode
	}
	name = strings.TrimFunc(strings.ToLower(name), isJSSpace)
	// encodeURIComponent plus !'()* differs from QueryEscape only in the space.
	return strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// payloadHash hashes the parameters in the order of names. A listed name that the
// request lacks is refused: the genuine SDKs list nothing they do not send.
func payloadHash(names []string, params []Param) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	var buf []byte
	for _, name := range names {
		p := findParam(params, name)
		if p == nil {
			return sum, fmt.Errorf("%w: parameter %s is missing", ErrSignature, name)
		}
		value := p.signed()
		if len(value) == 0 && !p.binary {
			continue
		}
		buf = append(append(append(buf[:0], '&'), name...), '=')
		h.Write(buf)
		h.Write(value)
		h.Write(crlf)
	}
	h.Sum(sum[:0])
	return sum, nil
}

var crlf = []byte("\r\n")

// canonicalRequest returns the text whose hash is signed.
func canonicalRequest(in SignedRequest, names, headers []string) ([]byte, error) {
	path, query, _ := strings.Cut(in.RequestURI, "?")
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("%w: the request target must be a path", ErrMalformed)
	}
	payload, err := payloadHash(names, in.Params)
	if err != nil {
		return nil, err
	}

	b := make([]byte, 0, 1024)
	b = append(b, strings.ToLower(in.Method)...)
	b = append(append(append(b, "\n//"...), in.Host...), path...)
	b = append(append(append(b, '\n'), query...), '\n')
	for _, name := range headers {
		value, err := signedHeader(in, name)
		if err != nil {
			return nil, err
		}
		b = append(append(append(append(b, name...), ':'), value...), '\n')
	}
	b = append(b, '\n')
	for i, name := range headers {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	return hex.AppendEncode(append(b, '\n'), payload[:]), nil
}

// signedHeader returns a header as the signer saw it. A header that was sent twice
// is refused, because a later reader might take the other one.
func signedHeader(in SignedRequest, name string) (string, error) {
	if name == "host" {
		return strings.ToLower(in.Host), nil
	}
	values := in.Header[http.CanonicalHeaderKey(name)]
	if len(values) != 1 {
		return "", fmt.Errorf("%w: header %s must occur once", ErrSignature, name)
	}
	value := values[0]
	if name == "content-type" {
		if strings.HasPrefix(value, multipartType) {
			return multipartType, nil
		}
		return value, nil
	}
	return strings.ToLower(strings.TrimFunc(fromLatin1(value), isJSSpace)), nil
}

// fromLatin1 returns the text that Node.js held before it wrote each character of
// a header as one byte. The SDK signs the text, not the bytes.
func fromLatin1(s string) string {
	if every(s, func(c byte) bool { return c < utf8.RuneSelf }) {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// signature returns the hex signature of a canonical request.
func signature(canonical []byte, timestamp, date, secretKey string) string {
	digest := sha256.Sum256(canonical)
	toSign := make([]byte, 0, 160)
	toSign = append(append(append(toSign, scheme+"\n"...), timestamp...), '\n')
	toSign = append(append(toSign, date...), scope...)
	toSign = hex.AppendEncode(append(toSign, '\n'), digest[:])

	key := mac([]byte("TC3"+secretKey), []byte(date))
	key = mac(key, []byte("tcb"))
	key = mac(key, []byte("tc3_request"))
	return hex.EncodeToString(mac(key, toSign))
}

func mac(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}
