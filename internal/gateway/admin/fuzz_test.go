package admin

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"testing"
)

// FuzzDecodeRequest demands that whatever is decoded can be signed and verified,
// and that its accessors agree with its parameters.
func FuzzDecodeRequest(f *testing.F) {
	for _, v := range loadVectors(f, "vectors.json") {
		f.Add(v.header("content-type"), v.Body)
	}
	form, formType := sampleForm(f)
	f.Add(formType, form)
	f.Add(jsonType, []byte(`{"a":[{"b":"\ud83d"},1.0,null],"b":" ","\u0063":"\"","d;e":true}`))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/admin", bytes.NewReader(body))
		r.Header["Content-Type"] = []string{contentType}
		req, err := DecodeRequest(r, Limits{})
		if err != nil {
			return
		}
		for i := range req.Params {
			p := &req.Params[i]
			if found := findParam(req.Params, canonicalName(p.Name)); found != p {
				t.Errorf("%q is found as another parameter", p.Name)
			}
			if (p.raw == nil) != req.Multipart {
				t.Errorf("%q has source text %q", p.Name, p.raw)
			}
		}
		if len(req.Params) == 0 {
			return
		}
		if err := Sign(r, body, testCredential, testTime); err != nil {
			t.Fatal(err)
		}
		auth, err := ParseAuthorization(r.Header.Get("Authorization"))
		if err != nil {
			// A request whose parameters are all empty signs none, which no SDK does.
			for i := range req.Params {
				if p := &req.Params[i]; len(p.value) > 0 || p.binary {
					t.Fatal(err)
				}
			}
			return
		}
		in := NewSignedRequest(r, req.Params)
		if err := Verify(in, auth, testCredential.SecretKey, testTime); err != nil {
			t.Fatal(err)
		}
		if err := Verify(in, auth, "another key", testTime); err == nil {
			t.Fatal("another key was accepted")
		}
	})
}

// FuzzParseAuthorization demands that there is one spelling per meaning.
func FuzzParseAuthorization(f *testing.F) {
	for _, v := range loadVectors(f, "vectors.json") {
		f.Add(v.header("authorization"))
	}
	f.Add(sampleAuthorization)
	f.Fuzz(func(t *testing.T, header string) {
		auth, err := ParseAuthorization(header)
		if err == nil && auth.String() != header {
			t.Errorf("%q is read as %q", header, auth)
		}
	})
}

// FuzzDecodeCommApiData demands that an independent decoder reads the same.
func FuzzDecodeCommApiData(f *testing.F) {
	for vector := range commAPIVectors {
		b, err := hex.DecodeString(vector)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, v := range loadVectors(f, "vectors.json") {
		req, err := DecodeRequest(v.request(f), Limits{})
		if err != nil {
			f.Fatal(err)
		}
		if data, ok := req.Bytes("requestData"); ok {
			f.Add(data)
		}
	}
	descriptor := commAPIDescriptor(f)
	f.Fuzz(func(t *testing.T, message []byte) {
		got, err := DecodeCommAPIData(message)
		if err != nil {
			return
		}
		compareWithLibrary(t, descriptor, message, got)
	})
}
