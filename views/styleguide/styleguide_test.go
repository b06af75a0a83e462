package styleguide_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"envshare/internal/i18n"
	"envshare/views/styleguide"
)

var (
	declared = regexp.MustCompile(`(?m)^templ (\w+)\(`)
	drawn    = regexp.MustCompile(`@ui\.(\w+)\(`)
	used     = regexp.MustCompile(`@(\w+)\(`)
	isPart   = regexp.MustCompile(`^[A-Z]`)
)

// templates are the bodies of the templates in files, by their names.
func templates(t *testing.T, pattern string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	out := map[string]string{}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		at := declared.FindAllSubmatchIndex(source, -1)
		for i, m := range at {
			end := len(source)
			if i+1 < len(at) {
				end = at[i+1][0]
			}
			out[string(source[m[2]:m[3]])] = string(source[m[0]:end])
		}
	}
	return out
}

// drawnFrom adds the parts that a template and those it uses draw.
func drawnFrom(list map[string]string, name string, parts map[string]bool) {
	body, ok := list[name]
	if !ok {
		return
	}
	delete(list, name) // once is enough
	for _, m := range drawn.FindAllStringSubmatch(body, -1) {
		parts[m[1]] = true
	}
	for _, m := range used.FindAllStringSubmatch(body, -1) {
		drawnFrom(list, m[1], parts)
	}
}

func TestStyleguideDrawsEveryPart(t *testing.T) {
	parts := map[string]bool{}
	guide := templates(t, "*.templ")
	drawnFrom(guide, "Styleguide", parts)
	drawnFrom(guide, "Dialog", parts)
	drawnFrom(map[string]string{"document": templates(t, "../layout.templ")["document"]}, "document", parts) // around every page
	var missing []string
	for name := range templates(t, "../ui/*.templ") {
		if isPart.MatchString(name) && !parts[name] {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("not on the page: %s", strings.Join(missing, " "))
	}
}

// A part is found by the name that it has in views/ui.
func TestStyleguideNamesWhatItDraws(t *testing.T) {
	ctx := i18n.WithLocale(t.Context(), i18n.English)
	html, err := templ.ToGoHTML(ctx, styleguide.Styleguide(styleguide.Page{}))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(html)))
	if err != nil {
		t.Fatal(err)
	}
	parts := templates(t, "../ui/*.templ")
	doc.Find("[data-part]").Each(func(_ int, s *goquery.Selection) {
		for name := range strings.SplitSeq(s.AttrOr("data-part", ""), ", ") {
			plain, _, _ := strings.Cut(name, "{")
			if parts[plain] == "" && plain != "Icon…" {
				t.Errorf("there is no %s", name)
			}
		}
		if s.Find("h2").Length() == 0 || s.Children().Length() < 2 || strings.TrimSpace(s.Children().Eq(1).Text()) == "" && s.Find("svg").Length() == 0 {
			t.Errorf("%s draws nothing", s.AttrOr("data-part", ""))
		}
	})
	if n := doc.Find("[data-part]").Length(); n < 15 {
		t.Errorf("%d parts", n)
	}
}
