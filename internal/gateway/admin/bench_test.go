package admin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func BenchmarkVerify(b *testing.B) {
	v := loadVectors(b, "vectors.json")[0] // callFunction of wx-server-sdk 4
	r := v.request(b)
	req, err := DecodeRequest(r, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	auth, err := ParseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		b.Fatal(err)
	}
	in, now := NewSignedRequest(r, req.Params), v.sentAt(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := Verify(in, auth, v.SecretKey, now); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRequest is everything this package does before a call is dispatched.
func BenchmarkRequest(b *testing.B) {
	for name, body := range map[string]string{
		"small": invokeBody,
		"1 MiB": strings.Replace(invokeBody, `\"b\":\"`, `\"b\":\"`+strings.Repeat(`x\"yz`, 1<<20/5), 1),
	} {
		b.Run(name, func(b *testing.B) {
			header := signed(b, body).Header
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8081/admin?env=e&seqId=1", strings.NewReader(body))
				r.RequestURI, r.Header = "/admin?env=e&seqId=1", header
				if err := check(r, testCredential.SecretKey, testTime); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
