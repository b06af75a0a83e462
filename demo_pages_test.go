package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"envshare/internal/testkit"
)

func TestDemoPages_RunOnlyScriptsOfTheirOwn(t *testing.T) {
	kit := testkit.New(t, testkit.Options{NoRunner: true})
	if err := kit.Services.Credentials.SetGatewayURL(t.Context(), "https://gateway.example"); err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	mountDemoPages(e, kit.Services)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	for _, page := range []string{"/demo/", "/demo/login.html", "/demo/visitor.html"} {
		w := get(page)
		policy := w.Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self' https://gateway.example wss://gateway.example;", "frame-ancestors 'none'"} {
			if w.Code != http.StatusOK || !strings.Contains(policy, want) {
				t.Errorf("%s: status %d, policy %q lacks %q", page, w.Code, policy, want)
			}
		}
		for _, inline := range []string{"<script>", "<style", "style=", "onclick"} {
			if strings.Contains(w.Body.String(), inline) {
				t.Errorf("%s holds %q, which its policy forbids", page, inline)
			}
		}
	}
	for _, absent := range []string{"/demo/vendor", "/demo/none.html", "/demo/../demo.go", "/demo/%2e%2e/demo/envshare.yaml"} {
		if w := get(absent); w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", absent, w.Code)
		}
	}
}
