package views_test

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"envshare/internal/i18n"
)

// render returns the page in a locale, as text and parsed.
func render(t *testing.T, c templ.Component, locale string) (string, *goquery.Document) {
	t.Helper()
	var b strings.Builder
	if err := c.Render(i18n.WithLocale(context.Background(), locale), &b); err != nil {
		t.Fatalf("render: %v", err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return b.String(), doc
}

// eachPage runs check on every sample page in both languages.
func eachPage(t *testing.T, check func(t *testing.T, html string, doc *goquery.Document)) {
	for name, page := range samplePages() {
		for _, locale := range []string{i18n.Chinese, i18n.English} {
			t.Run(name+" "+locale, func(t *testing.T) {
				html, doc := render(t, page, locale)
				check(t, html, doc)
			})
		}
	}
}

// keyPrefixes are the first parts of the catalogue's keys.
func keyPrefixes(t *testing.T) map[string]bool {
	t.Helper()
	data, err := os.ReadFile("../internal/i18n/zh.json")
	if err != nil {
		t.Fatal(err)
	}
	var catalogue map[string]string
	if err := json.Unmarshal(data, &catalogue); err != nil {
		t.Fatal(err)
	}
	prefixes := map[string]bool{}
	for key := range catalogue {
		prefixes[strings.SplitN(key, ".", 2)[0]] = true
	}
	return prefixes
}

func TestNoTextIsAnUnknownKey(t *testing.T) {
	prefixes := keyPrefixes(t)
	keyLike := regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$`)
	placeholder := regexp.MustCompile(`\{[a-z_]+\}`)

	eachPage(t, func(t *testing.T, _ string, doc *goquery.Document) {
		suspect := func(text string) {
			text = strings.TrimSpace(text)
			if keyLike.MatchString(text) && prefixes[strings.SplitN(text, ".", 2)[0]] {
				t.Errorf("unknown key on the page: %q", text)
			}
			if placeholder.MatchString(text) {
				t.Errorf("placeholder not filled: %q", text)
			}
		}
		doc.Find("body *").Each(func(_ int, s *goquery.Selection) {
			suspect(s.Contents().Not("*").Text())
			for _, name := range []string{"aria-label", "title", "placeholder"} {
				suspect(s.AttrOr(name, ""))
			}
		})
		suspect(doc.Find("title").Text())
	})
}

func TestPagesHoldNothingThatThePolicyForbids(t *testing.T) {
	eachPage(t, func(t *testing.T, html string, doc *goquery.Document) {
		doc.Find("*").Each(func(_ int, s *goquery.Selection) {
			for _, a := range s.Nodes[0].Attr {
				switch {
				case a.Key == "style", strings.HasPrefix(a.Key, "on"), strings.HasPrefix(a.Key, "hx-on"), strings.HasPrefix(a.Key, "hx-vals"):
					t.Errorf("%s has the attribute %s", goquery.NodeName(s), a.Key)
				case strings.Contains(a.Val, "javascript:"), strings.HasPrefix(a.Val, "data:"):
					t.Errorf("%s has %s=%q", goquery.NodeName(s), a.Key, a.Val)
				}
			}
		})
		doc.Find("style, script:not([src])").Each(func(_ int, s *goquery.Selection) {
			t.Errorf("inline %s", goquery.NodeName(s))
		})
		if strings.Contains(html, "about:invalid") {
			t.Error("a link was refused by templ")
		}
	})
}

func TestEveryPostFormCarriesTheToken(t *testing.T) {
	eachPage(t, func(t *testing.T, _ string, doc *goquery.Document) {
		doc.Find("form").Each(func(_ int, f *goquery.Selection) {
			action := f.AttrOr("action", "")
			if f.AttrOr("method", "get") != "post" {
				if f.Find("input[name=_csrf]").Length() != 0 {
					t.Errorf("GET form %s would put the token into an address", action)
				}
				return
			}
			if f.Find("input[name=_csrf]").Length() != 1 {
				t.Errorf("form %s has no token", action)
			}
			if f.Find("input[type=file]").Length() > 0 && f.AttrOr("enctype", "") != "multipart/form-data" {
				t.Errorf("form %s drops its files", action)
			}
		})
	})
}

func TestInputsHaveNamesAndErrorsAreWired(t *testing.T) {
	eachPage(t, func(t *testing.T, _ string, doc *goquery.Document) {
		seen := map[string]bool{}
		doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
			id, _ := s.Attr("id")
			if seen[id] {
				t.Errorf("id %q twice", id)
			}
			seen[id] = true
		})
		doc.Find("[aria-describedby], [aria-labelledby]").Each(func(_ int, s *goquery.Selection) {
			for _, id := range strings.Fields(s.AttrOr("aria-describedby", "") + " " + s.AttrOr("aria-labelledby", "")) {
				if !seen[id] && !s.Is("dialog") {
					t.Errorf("%s names the missing id %q", goquery.NodeName(s), id)
				}
			}
		})
		doc.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, s *goquery.Selection) {
			id := s.AttrOr("id", "")
			if doc.Find(`label[for="`+id+`"]`).Length() == 0 && s.Closest("label").Length() == 0 {
				t.Errorf("input %q has no label", id)
			}
			if s.AttrOr("aria-invalid", "") == "true" && !strings.Contains(s.AttrOr("aria-describedby", ""), id+"-error") {
				t.Errorf("invalid input %q does not name its message", id)
			}
		})
	})
}

func TestEveryPageHasOneHeadingAndAWayPastTheNavigation(t *testing.T) {
	eachPage(t, func(t *testing.T, _ string, doc *goquery.Document) {
		if n := doc.Find("h1").Length(); n != 1 {
			t.Errorf("%d first headings", n)
		}
		if doc.Find(`a[href="#main"]`).Length() != 1 || doc.Find("main#main").Length() != 1 {
			t.Error("no way past the navigation")
		}
	})
}
