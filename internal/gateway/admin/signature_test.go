package admin

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var (
	testCredential = Credential{SecretID: "AKIDtest", SecretKey: "SKtest"}
	testTime       = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

const invokeBody = `{"action":"functions.invokeFunction","function_name":"hello","request_data":"{\"a\":1,\"b\":\"中文\"}",` +
	`"envName":"test-f96b31","wxCloudApiToken":"","wxCloudbaseAccesstoken":"","tcb_sessionToken":"","sessionToken":"s","crossAuthorizationToken":""}`

// signed returns a request as a server gets it, signed at testTime.
func signed(tb testing.TB, body string) *http.Request {
	tb.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8081/admin?env=e&seqId=1", strings.NewReader(body))
	r.RequestURI = "/admin?env=e&seqId=1"
	if err := Sign(r, []byte(body), testCredential, testTime); err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestClockSkew(t *testing.T) {
	for _, tt := range []struct {
		name   string
		offset time.Duration
		want   error
	}{
		{"the same moment", 0, nil},
		{"599 s old", 599 * time.Second, nil},
		{"600 s old", 600 * time.Second, nil},
		{"601 s old", 601 * time.Second, ErrSkew},
		{"599 s ahead", -599 * time.Second, nil},
		{"600 s ahead", -600 * time.Second, nil},
		{"601 s ahead", -601 * time.Second, ErrSkew},
		{"a day old", 24 * time.Hour, ErrSkew},
		{"an age ahead", -1 << 62, ErrSkew},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := check(signed(t, invokeBody), testCredential.SecretKey, testTime.Add(tt.offset))
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestWindowSpansMidnight(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/admin?env=e", strings.NewReader(invokeBody))
	midnight := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	if err := Sign(r, []byte(invokeBody), testCredential, midnight.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := check(r, testCredential.SecretKey, midnight.Add(time.Minute)); err != nil {
		t.Error(err)
	}
}

func TestRefusalsCanBeToldApart(t *testing.T) {
	replace := func(old, with string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, with, 1))
		}
	}
	setHeader := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	setBody := func(body string) func(*http.Request) {
		return func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*http.Request)
		want   error
	}{
		{"as signed", func(*http.Request) {}, nil},
		{"no Authorization", func(r *http.Request) { r.Header.Del("Authorization") }, ErrScheme},
		{"Bearer", setHeader("Authorization", "Bearer key"), ErrScheme},
		{"host not signed", replace("content-type;host;", "content-type;"), ErrUncovered},
		{"content type not signed", replace("SignedHeaders=content-type;", "SignedHeaders="), ErrUncovered},
		{"parameter not signed", replace(";function_name", ""), ErrUncovered},
		{"parameter added", setBody(strings.Replace(invokeBody, `"envName"`, `"qualifier":"x","envName"`, 1)), ErrUncovered},
		{"null added", setBody(strings.Replace(invokeBody, `"envName"`, `"qualifier":null,"envName"`, 1)), ErrUncovered},
		{"parameter changed", setBody(strings.Replace(invokeBody, "hello", "other", 1)), ErrSignature},
		{"parameter twice", setBody(strings.Replace(invokeBody, `"envName"`, `"action":"x","envName"`, 1)), ErrDuplicate},
		{"no timestamp", func(r *http.Request) { r.Header.Del("X-Timestamp") }, ErrMalformed},
		{"two timestamps", func(r *http.Request) { r.Header.Add("X-Timestamp", "1") }, ErrMalformed},
		{"signed timestamp", setHeader("X-Timestamp", "+1795348800"), ErrMalformed},
		{"endless timestamp", setHeader("X-Timestamp", "0000001795348800"), ErrMalformed},
		{"date of another day", replace("2026-11-22", "2026-11-21"), ErrDate},
		{"service of another kind", replace("/tcb/", "/scf/"), ErrMalformed},
		{"absolute request target", func(r *http.Request) { r.RequestURI = "http://127.0.0.1:8081/admin" }, ErrMalformed},
		{"signed header doubled", func(r *http.Request) { r.Header.Add("X-Tcb-Source", ",scf") }, ErrSignature},
		{"another host", func(r *http.Request) { r.Host = "elsewhere" }, ErrSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := signed(t, invokeBody)
			tt.change(r)
			err := check(r, testCredential.SecretKey, testTime)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestNoKeyVerifiesNothing(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/admin", strings.NewReader(invokeBody))
	if err := Sign(r, []byte(invokeBody), Credential{SecretID: "AKIDtest"}, testTime); err != nil {
		t.Fatal(err)
	}
	if err := check(r, "", testTime); !errors.Is(err, ErrSignature) {
		t.Errorf("got %v, want ErrSignature", err)
	}
}

// TestSignOverASocket sends signed requests with Go's own client, as our clients do.
func TestSignOverASocket(t *testing.T) {
	results := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		results <- check(r, testCredential.SecretKey, testTime)
	}))
	defer server.Close()

	form, formType := sampleForm(t)
	for _, tt := range []struct {
		name, target, contentType string
		body                      []byte
		chunked                   bool
	}{
		{"JSON", "/admin?env=e&seqId=1", "", []byte(invokeBody), false},
		{"JSON in chunks", "/admin?env=e&seqId=1", "", []byte(invokeBody), true},
		{"form", "/admin?env=e&seqId=1", formType, form, false},
		{"form in chunks", "/admin?&eventId=1", formType, form, true},
		{"escaped path without query", "/Admin/Sub%20Path", "", []byte(invokeBody), false},
		{"characters that encoders touch", "/admin", "", []byte(`{"action":"<&>\u2028\ud83d","data":{"b":"<&>","a":[1.0,"\ud83d"]}}`), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var reader io.Reader = bytes.NewReader(tt.body)
			if tt.chunked {
				reader = io.MultiReader(reader) // hides the length
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+tt.target, reader)
			if err != nil {
				t.Fatal(err)
			}
			if tt.contentType != "" {
				r.Header.Set("Content-Type", tt.contentType)
			}
			if err := Sign(r, tt.body, testCredential, testTime); err != nil {
				t.Fatal(err)
			}
			resp, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := resp.Body.Close(); err != nil {
				t.Fatal(err)
			}
			if err := <-results; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSignRefusesWhatCannotBeDecoded(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/admin", http.NoBody)
	if err := Sign(r, []byte(`[]`), testCredential, testTime); !errors.Is(err, ErrBody) {
		t.Errorf("got %v, want ErrBody", err)
	}
}
