package admin

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// MaxSkew is how far X-Timestamp may be from the server's clock, either way.
const MaxSkew = 600 * time.Second

const timestampHeader = "X-Timestamp"

// SignedRequest is everything of a request that a signature covers. Host and
// RequestURI are literal: a proxy that rewrote them has broken the signature.
type SignedRequest struct {
	Method     string
	Host       string
	RequestURI string // path and raw query as on the request line
	Header     http.Header
	Params     []Param
}

// NewSignedRequest takes what is signed from a request that a server received and
// from the parameters decoded from its body.
func NewSignedRequest(r *http.Request, params []Param) SignedRequest {
	return SignedRequest{Method: r.Method, Host: r.Host, RequestURI: r.RequestURI, Header: r.Header, Params: params}
}

// Verify reports whether in was signed with secretKey at a time near now, and
// whether the signature covers all of it (admin protocol, section 3.5). It
// returns ErrMalformed, ErrSkew, ErrDate, ErrUncovered or ErrSignature, wrapped.
//
// Verify cannot know which session token belongs to auth.SecretID; its caller
// must compare the parameter sessionToken.
func Verify(in SignedRequest, auth Authorization, secretKey string, now time.Time) error {
	timestamp, err := checkTime(in.Header, auth.Date, now)
	if err != nil {
		return err
	}
	if err := checkCoverage(in.Params, auth); err != nil {
		return err
	}
	canonical, err := canonicalRequest(in, auth.SignedParams, auth.SignedHeaders)
	if err != nil {
		return err
	}
	want := signature(canonical, timestamp, auth.Date, secretKey)
	equal := subtle.ConstantTimeCompare([]byte(want), []byte(auth.Signature)) == 1
	// Without a key anybody could sign; no lookup that came back empty may pass.
	if !equal || secretKey == "" {
		return ErrSignature
	}
	return nil
}

// checkTime returns X-Timestamp as written, for that is what was signed.
func checkTime(header http.Header, date string, now time.Time) (string, error) {
	values := header[timestampHeader]
	if len(values) != 1 {
		return "", fmt.Errorf("%w: header %s must occur once", ErrMalformed, timestampHeader)
	}
	timestamp := values[0]
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || len(timestamp) > 12 || !every(timestamp, isDigit) {
		return "", fmt.Errorf("%w: %s must be seconds since the epoch", ErrMalformed, timestampHeader)
	}
	at := time.Unix(seconds, 0)
	if now.Sub(at).Abs() > MaxSkew {
		return "", ErrSkew
	}
	if at.UTC().Format(time.DateOnly) != date {
		return "", ErrDate
	}
	return timestamp, nil
}

// checkCoverage demands that nothing meaningful was left unsigned: otherwise
// somebody could add a query or a qualifier to a request of another.
func checkCoverage(params []Param, auth Authorization) error {
	for _, name := range [...]string{"host", "content-type"} {
		if !slices.Contains(auth.SignedHeaders, name) {
			return fmt.Errorf("%w: header %s", ErrUncovered, name)
		}
	}
	for i := range params {
		p := &params[i]
		if (len(p.value) > 0 || p.binary) && !slices.Contains(auth.SignedParams, p.canonical) {
			return fmt.Errorf("%w: parameter %s", ErrUncovered, p.canonical)
		}
	}
	return nil
}
