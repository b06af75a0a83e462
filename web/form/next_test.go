package form_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"envshare/web/form"
)

func TestNextLeadsNowhereElse(t *testing.T) {
	cases := map[string]string{
		"/":                             "/",
		"/apps":                         "/apps",
		"/apps/wx1/shares?tab=a&b=":     "/apps/wx1/shares?tab=a&b=",
		"/apps?next=//evil.test":        "/apps?next=//evil.test",
		"/a//b":                         "/a//b",
		"/云函数":                          "/云函数",
		"":                              "/",
		"apps":                          "/",
		"//evil.test":                   "/",
		"///evil.test":                  "/",
		`/\evil.test`:                   "/",
		`\\evil.test`:                   "/",
		"/%5cevil.test":                 "/",
		"/%2fevil.test":                 "/",
		"/\t/evil.test":                 "/",
		"/%09/evil.test":                "/",
		"/a\r\nSet-Cookie: x=y":         "/",
		"\u0085/apps":                   "/",
		"/a\u0085b":                     "/",
		"https://evil.test/":            "/",
		"https:/evil.test":              "/",
		"javascript:alert(1)":           "/",
		"/%zz":                          "/",
		"/\xff":                         "/",
		" /apps":                        "/",
		"/" + strings.Repeat("a", 5000): "/",
	}
	for next, want := range cases {
		t.Run(next, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader(url.Values{"next": {next}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if got := form.Next(echo.New().NewContext(r, httptest.NewRecorder())); got != want {
				t.Errorf("Next(%q) = %q, want %q", next, got, want)
			}
		})
	}
}
