package admin

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Credential is what a client signs with. Its session token is not part of the
// signature but a parameter of the body, sessionToken, which the caller puts there.
type Credential struct {
	SecretID  string
	SecretKey string
}

// signedHeaders are the headers wx-server-sdk 4 signs when they are present
// (admin protocol, section 2.1), in the order in which it lists them.
var signedHeaders = []string{
	"content-type", "host", "user-agent", "x-client-timestamp", "x-sdk-version",
	"x-tcb-region", "x-tcb-route-key", "x-tcb-source", "x-tcb-tracelog",
}

// Sign signs r, whose body will be exactly body, as wx-server-sdk 4 does. It adds
// the headers an SDK always sends where r lacks them, and the signature's own. A
// body without Content-Type is taken for JSON. Sign serves our own clients; it
// returns DecodeRequest's errors for a body that this package would not decode.
func Sign(r *http.Request, body []byte, c Credential, at time.Time) error {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	for _, h := range [...][2]string{
		{"Content-Type", jsonType},
		{"User-Agent", "tcb-node-sdk/3.17.2"},
		{"X-Tcb-Source", ",scf"},
		{"X-Client-Timestamp", strconv.FormatInt(at.UnixMilli(), 10)},
		{"X-Sdk-Version", "wx-server-sdk/4.0.2"},
	} {
		if len(r.Header[h[0]]) == 0 {
			r.Header.Set(h[0], h[1])
		}
	}

	params, _, err := decodeBody(r.Header, body, Limits{}.orDefault())
	if err != nil {
		return err
	}
	in := NewSignedRequest(r, params)
	// A request made by a client has no RequestURI yet, and may leave Host to its URL.
	in.RequestURI = cmp.Or(in.RequestURI, r.URL.RequestURI())
	in.Host = cmp.Or(in.Host, r.URL.Host)

	auth := Authorization{SecretID: c.SecretID, Date: at.UTC().Format(time.DateOnly)}
	for i := range params {
		if p := &params[i]; len(p.value) > 0 || p.binary {
			auth.SignedParams = append(auth.SignedParams, p.canonical)
		}
	}
	slices.Sort(auth.SignedParams)
	for _, name := range signedHeaders {
		if name == "host" || len(r.Header.Values(name)) > 0 {
			auth.SignedHeaders = append(auth.SignedHeaders, name)
		}
	}
	canonical, err := canonicalRequest(in, auth.SignedParams, auth.SignedHeaders)
	if err != nil {
		return err
	}
	auth.Signature = signature(canonical, timestamp, auth.Date, c.SecretKey)
	r.Header.Set(timestampHeader, timestamp)
	r.Header.Set("X-Signature-Expires", "600")
	r.Header.Set("Authorization", auth.String())
	return nil
}
