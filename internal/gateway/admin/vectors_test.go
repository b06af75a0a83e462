package admin

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// vector is one request that a genuine SDK sent, with the values the signature
// was made from where they are known.
type vector struct {
	Name      string      `json:"name"`
	SDK       string      `json:"sdk"`
	SecretKey string      `json:"secretKey"`
	Method    string      `json:"method"`
	URL       string      `json:"url"`
	Headers   [][2]string `json:"headers"`
	Body      []byte      `json:"bodyBase64"`
	Expect    struct {
		SecretID         string   `json:"secretId"`
		SignedParams     []string `json:"signedParams"`
		SignedHeaders    []string `json:"signedHeaders"`
		HashedPayload    string   `json:"hashedPayload"`
		CanonicalRequest string   `json:"canonicalRequest"`
		Signature        string   `json:"signature"`
	} `json:"expect"`
}

func loadVectors(tb testing.TB, file string) []vector {
	tb.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		tb.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		tb.Fatal(err)
	}
	return vectors
}

func (v vector) header(name string) string {
	for _, h := range v.Headers {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

// request sends v over net/http's own parser, chunked where the SDK chunked.
func (v vector) request(tb testing.TB) *http.Request {
	tb.Helper()
	var wire bytes.Buffer
	fmt.Fprintf(&wire, "%s %s HTTP/1.1\r\n", v.Method, v.URL)
	for _, h := range v.Headers {
		if !strings.EqualFold(h[0], "content-length") {
			fmt.Fprintf(&wire, "%s: %s\r\n", h[0], h[1])
		}
	}
	if v.header("transfer-encoding") == "chunked" {
		half := len(v.Body) / 2
		fmt.Fprintf(&wire, "\r\n%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", half, v.Body[:half], len(v.Body)-half, v.Body[half:])
	} else {
		fmt.Fprintf(&wire, "Content-Length: %d\r\n\r\n%s", len(v.Body), v.Body)
	}
	r, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// sentAt is a moment at which the server may have received v.
func (v vector) sentAt(tb testing.TB) time.Time {
	tb.Helper()
	seconds, err := strconv.ParseInt(v.header("x-timestamp"), 10, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return time.Unix(seconds+1, 0)
}

// check does what a handler does with a request from outside.
func check(r *http.Request, secretKey string, now time.Time) error {
	req, err := DecodeRequest(r, Limits{})
	if err != nil {
		return err
	}
	auth, err := ParseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		return err
	}
	return Verify(NewSignedRequest(r, req.Params), auth, secretKey, now)
}

// reencode writes params as a body of the kind that contentType names.
func reencode(tb testing.TB, contentType string, params []Param) []byte {
	tb.Helper()
	var body bytes.Buffer
	if contentType == jsonType {
		for i, p := range params {
			name, err := json.Marshal(p.Name)
			if err != nil {
				tb.Fatal(err)
			}
			fmt.Fprintf(&body, "%s%s:%s", map[bool]string{true: "{", false: ","}[i == 0], name, p.raw)
		}
		return append(body.Bytes(), '}')
	}
	_, options, err := mime.ParseMediaType(contentType)
	if err != nil {
		tb.Fatal(err)
	}
	w := multipart.NewWriter(&body)
	if err := w.SetBoundary(options["boundary"]); err != nil {
		tb.Fatal(err)
	}
	for _, p := range params {
		h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + p.Name + `"`}}
		if p.binary {
			h.Set("Content-Type", "application/octet-stream")
		}
		part, err := w.CreatePart(h)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := part.Write(p.value); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return body.Bytes()
}

func TestGenuineRequestsAreAccepted(t *testing.T) {
	for file, want := range map[string]int{"vectors.json": 28, "captured.json": 286} {
		vectors := loadVectors(t, file)
		if len(vectors) != want {
			t.Errorf("%s has %d requests, want %d", file, len(vectors), want)
		}
		for _, v := range vectors {
			t.Run(file+"/"+v.SDK+"/"+v.Name, func(t *testing.T) {
				if err := check(v.request(t), v.SecretKey, v.sentAt(t)); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}

func TestIntermediateValues(t *testing.T) {
	for _, v := range loadVectors(t, "vectors.json") {
		t.Run(v.SDK+"/"+v.Name, func(t *testing.T) {
			r := v.request(t)
			auth, err := ParseAuthorization(r.Header.Get("Authorization"))
			if err != nil {
				t.Fatal(err)
			}
			want := Authorization{v.Expect.SecretID, "2026-11-22", v.Expect.SignedParams, v.Expect.SignedHeaders, v.Expect.Signature}
			if diff := cmp.Diff(want, auth); diff != "" {
				t.Errorf("Authorization (-want +got):\n%s", diff)
			}
			req, err := DecodeRequest(r, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			sum, err := payloadHash(auth.SignedParams, req.Params)
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(sum[:]); got != v.Expect.HashedPayload {
				t.Errorf("payload hash %s, want %s", got, v.Expect.HashedPayload)
			}
			canonical, err := canonicalRequest(NewSignedRequest(r, req.Params), auth.SignedParams, auth.SignedHeaders)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(v.Expect.CanonicalRequest, string(canonical)); diff != "" {
				t.Errorf("canonical request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSignMakesTheHeaderThatTheSDKMade(t *testing.T) {
	compared := 0
	for _, v := range loadVectors(t, "captured.json") {
		// wx2 lists empty parameters, and init({headers}) signs more than we do.
		if strings.Contains(v.SDK, "2.6.3") || v.header("x-custom") != "" {
			continue
		}
		compared++
		t.Run(v.SDK+"/"+v.Name, func(t *testing.T) {
			r := v.request(t)
			want := r.Header.Get("Authorization")
			auth, err := ParseAuthorization(want)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"Authorization", "X-Timestamp", "X-Signature-Expires"} {
				r.Header.Del(name)
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			if err := Sign(r, body, Credential{auth.SecretID, v.SecretKey}, v.sentAt(t).Add(-time.Second)); err != nil {
				t.Fatal(err)
			}
			if got := r.Header.Get("Authorization"); got != want {
				t.Errorf("signed\n%s\nwant\n%s", got, want)
			}
		})
	}
	if compared < 190 {
		t.Errorf("only %d requests compared", compared)
	}
}

// TestTamperedRequestsAreRejected changes one thing at a time in every genuine request.
func TestTamperedRequestsAreRejected(t *testing.T) {
	total := 0
	for _, v := range loadVectors(t, "captured.json") {
		t.Run(v.SDK+"/"+v.Name, func(t *testing.T) {
			untouched := func(*http.Request) {}
			if err := v.tampered(t, reencode(t, v.header("content-type"), v.params(t)), untouched); err != nil {
				t.Fatalf("re-encoded, but otherwise as sent: %v", err)
			}
			for name, body := range v.tamperedBodies(t) {
				total++
				if err := v.tampered(t, body, untouched); err == nil {
					t.Errorf("accepted: %s", name)
				}
			}
			for name, change := range v.tamperedHeads(t) {
				total++
				if err := v.tampered(t, v.Body, change); err == nil {
					t.Errorf("accepted: %s", name)
				}
			}
			total++
			if err := check(v.request(t), v.SecretKey+"x", v.sentAt(t)); err == nil {
				t.Error("accepted: another key")
			}
		})
	}
	if total < 7760 {
		t.Errorf("only %d variants tried", total)
	}
}

// tampered checks v with another body and a changed head.
func (v vector) tampered(tb testing.TB, body []byte, change func(*http.Request)) error {
	tb.Helper()
	now := v.sentAt(tb)
	v.Body = body
	r := v.request(tb)
	change(r)
	return check(r, v.SecretKey, now)
}

func (v vector) params(tb testing.TB) []Param {
	tb.Helper()
	req, err := DecodeRequest(v.request(tb), Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	return req.Params
}

func (v vector) tamperedBodies(tb testing.TB) map[string][]byte {
	tb.Helper()
	params := v.params(tb)
	auth, err := ParseAuthorization(v.header("authorization"))
	if err != nil {
		tb.Fatal(err)
	}
	encode := func(params []Param) []byte { return reencode(tb, v.header("content-type"), params) }
	added := func(value string, binary bool) []byte {
		return encode(append(slices.Clone(params), Param{Name: "qualifier", raw: json.RawMessage(strconv.Quote(value)), value: []byte(value), binary: binary}))
	}
	bodies := map[string][]byte{"text parameter added": added("x", false)}
	if v.header("content-type") != jsonType {
		bodies["empty binary part added"] = added("", true)
	}
	for i, p := range params {
		changed := slices.Clone(params)
		changed[i].value = append(slices.Clone(p.value), 'x')
		changed[i].raw = json.RawMessage(`[` + string(p.raw) + `]`)
		bodies["changed "+p.Name] = encode(changed)

		renamed := slices.Clone(params)
		renamed[i].Name += "x"
		if p.value != nil || p.binary {
			bodies["renamed "+p.Name] = encode(renamed)
		}
		if slices.Contains(auth.SignedParams, p.canonical) {
			bodies["dropped "+p.Name] = encode(slices.Delete(slices.Clone(params), i, i+1))
		}
	}
	return bodies
}

func (v vector) tamperedHeads(tb testing.TB) map[string]func(*http.Request) {
	tb.Helper()
	auth, err := ParseAuthorization(v.header("authorization"))
	if err != nil {
		tb.Fatal(err)
	}
	path, query, _ := strings.Cut(v.URL, "?")
	reauthorized := func(change func(*Authorization)) func(*http.Request) {
		a := auth
		a.SignedParams, a.SignedHeaders = slices.Clone(a.SignedParams), slices.Clone(a.SignedHeaders)
		change(&a)
		return func(r *http.Request) { r.Header.Set("Authorization", a.String()) }
	}
	heads := map[string]func(*http.Request){
		"method":    func(r *http.Request) { r.Method = "PUT" },
		"path":      func(r *http.Request) { r.RequestURI = path + "/x?" + query },
		"query":     func(r *http.Request) { r.RequestURI = v.URL + "0" },
		"no query":  func(r *http.Request) { r.RequestURI = path },
		"host":      func(r *http.Request) { r.Host = "elsewhere" },
		"timestamp": func(r *http.Request) { r.Header.Set("X-Timestamp", strconv.FormatInt(v.sentAt(tb).Unix(), 10)) },
		"date":      reauthorized(func(a *Authorization) { a.Date = "2026-11-23" }),
		"signature": reauthorized(func(a *Authorization) {
			a.Signature = a.Signature[:63] + string("0123456789abcdef0"[strings.IndexByte("0123456789abcdef", a.Signature[63])+1])
		}),
		"parameter listed that was not sent": reauthorized(func(a *Authorization) { a.SignedParams = append(a.SignedParams, "absent") }),
		"other order of headers":             reauthorized(func(a *Authorization) { slices.Reverse(a.SignedHeaders) }),
	}
	params := v.params(tb)
	for i, name := range auth.SignedParams {
		if p := findParam(params, name); len(p.signed()) == 0 && !p.binary {
			continue // listed by wx2, but not hashed: listing it or not means the same
		}
		heads["unlisted "+name] = reauthorized(func(a *Authorization) { a.SignedParams = slices.Delete(a.SignedParams, i, i+1) })
	}
	for i, name := range auth.SignedHeaders {
		heads["unlisted header "+name] = reauthorized(func(a *Authorization) { a.SignedHeaders = slices.Delete(a.SignedHeaders, i, i+1) })
		if name == "host" {
			continue // not in Header, and changed above
		}
		heads["dropped header "+name] = func(r *http.Request) { r.Header.Del(name) }
		heads["doubled header "+name] = func(r *http.Request) { r.Header.Add(name, r.Header.Get(name)) }
		if name != "content-type" || v.header(name) == jsonType {
			heads["changed header "+name] = func(r *http.Request) { r.Header.Set(name, r.Header.Get(name)+";x=0") }
		}
	}
	return heads
}
