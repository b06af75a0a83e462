package admin

import (
	"net/http"
	"testing"
)

func TestTrimIsJavaScripts(t *testing.T) {
	stripped := []rune{0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF}
	for r := rune(0x2000); r <= 0x200A; r++ {
		stripped = append(stripped, r)
	}
	want := make(map[rune]bool)
	for _, r := range stripped {
		want[r] = true
	}
	for r := rune(0); r <= 0xFFFF; r++ {
		if r >= 0xD800 && r <= 0xDFFF {
			continue
		}
		text := string(r) + "a" + string(r) + "b" + string(r)
		got := string(jsTrim([]byte(text))) == "a"+string(r)+"b"
		if got != want[r] {
			t.Errorf("U+%04X: stripped is %v, want %v", r, got, want[r])
		}
	}
}

func TestCanonicalName(t *testing.T) {
	for name, want := range map[string]string{
		"envName":          "envname",
		"function_name":    "function_name",
		"tcb_sessionToken": "tcb_sessiontoken",
		" a\u00a0":         "a",
		"a b":              "a%20b",
		"a+b":              "a%2Bb",
		"!'()*":            "%21%27%28%29%2A",
		"-_.~":             "-_.~",
		"a;b,c=d&e":        "a%3Bb%2Cc%3Dd%26e",
		"中文":               "%E4%B8%AD%E6%96%87",
		"":                 "",
	} {
		if got := canonicalName(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

func TestSignedHeader(t *testing.T) {
	in := SignedRequest{Host: "Example.COM:80", Header: http.Header{
		"X-Custom":     {" Mixed CASE\u00a0"},
		"X-Latin":      {"caf\xc9"},
		"Content-Type": {"Application/JSON"},
	}}
	for name, want := range map[string]string{
		"host":         "example.com:80",
		"content-type": "Application/JSON",
		"x-latin":      "café",
	} {
		if got, err := signedHeader(in, name); err != nil || got != want {
			t.Errorf("%s is signed as %q (%v), want %q", name, got, err, want)
		}
	}
	in.Header.Set("X-Custom", "\tMixed CASE\xa0")
	if got, err := signedHeader(in, "x-custom"); err != nil || got != "mixed case" {
		t.Errorf("x-custom is signed as %q (%v)", got, err)
	}
	in.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	if got, err := signedHeader(in, "content-type"); err != nil || got != "multipart/form-data" {
		t.Errorf("a form is signed as %q (%v)", got, err)
	}
}
