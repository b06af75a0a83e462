package models

import "testing"

func TestC6_WhoMayVisit(t *testing.T) {
	open := VisitFacts{Env: "e", Owner: "wx1", ResourceAppID: "wx1", Policy: ClientPolicy{Unauthenticated: true, Origins: []string{"https://a.example"}}}
	for name, c := range map[string]struct {
		change func(*VisitFacts)
		want   bool
	}{
		"no page":                    {func(*VisitFacts) {}, true},
		"a page that is listed":      {func(f *VisitFacts) { f.Origin = "https://a.example" }, true},
		"one that is not":            {func(f *VisitFacts) { f.Origin = "https://b.example" }, false},
		"one that only begins alike": {func(f *VisitFacts) { f.Origin = "https://a.example.b" }, false},
		"a page, and none is listed": {func(f *VisitFacts) { f.Origin, f.Policy.Origins = "https://a.example", nil }, false},
		"access that is off":         {func(f *VisitFacts) { f.Policy.Unauthenticated = false }, false},
		"another app's name":         {func(f *VisitFacts) { f.ResourceAppID = "wx2" }, false},
		"no such environment":        {func(f *VisitFacts) { f.Owner, f.ResourceAppID = "", "" }, false},
		"nothing at all":             {func(f *VisitFacts) { *f = VisitFacts{} }, false},
	} {
		f := open
		c.change(&f)
		d := MayVisit(f)
		if d.Allowed != c.want {
			t.Errorf("%s: %v", name, d)
		}
		if !d.Allowed && d.Code != CodeEnvNotShared {
			t.Errorf("%s: the refusal is %s, which tells strangers apart", name, d.Code)
		}
	}
}

func TestOriginsAndDomainsHaveOneForm(t *testing.T) {
	for text, want := range map[string]string{
		"https://Shop.Example": "https://shop.example", "https://shop.example:443/": "https://shop.example", "http://shop.example:80": "http://shop.example",
		"http://localhost:8797": "http://localhost:8797", " https://a.b ": "https://a.b", "https://[::1]:8443": "https://[::1]:8443",
		"shop.example": "", "https://": "", "https://a.b/path": "", "https://a.b?x": "", "https://u@a.b": "", "ftp://a.b": "", "https://*.a.b": "", "null": "", "*": "", "https://a b": "",
	} {
		got, err := NormalOrigin(text)
		if (err == nil) != (want != "") || got != want {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"Shop.Example": "shop.example", "shop.example:8443": "shop.example:8443", "127.0.0.1:80": "127.0.0.1:80",
		"": "", "https://a.b": "", "a.b/c": "", "a.b:x": "", "-a.b": "", "a..b": "", "*.a.b": "",
	} {
		got, err := NormalDomain(text)
		if (err == nil) != (want != "") || got != want {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	list, err := NormalOrigins([]string{"https://a.b", "https://A.b:443"})
	if err != nil || len(list) != 1 {
		t.Errorf("%v %v", list, err)
	}
	if _, err := NormalOrigins(make([]string, MaxOrigins+1)); err == nil {
		t.Error("empty origins were taken")
	}
}

func TestOpenIDsHaveTheirShape(t *testing.T) {
	for text, want := range map[string]bool{"o6_bmjrPTlm6_2sgVt7hMZOPfL2M": true, "": false, "a b": false, "a\x00": false, "é": false, string(make([]byte, 65)): false} {
		if ValidOpenID(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
