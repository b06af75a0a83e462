package handlers_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// browser keeps cookies and fills in forms, without JavaScript.
type browser struct {
	t      testing.TB
	base   string
	client *http.Client
}

func (k *console) browser() *browser {
	k.t.Helper()
	jar, err := cookiejar.New(nil)
	must(k.t, err)
	return &browser{t: k.t, base: k.url, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is an answer.
type page struct {
	t        testing.TB
	b        *browser
	path     string
	status   int
	location string
	header   http.Header
	body     string
	*goquery.Document
}

func (b *browser) do(method, path, contentType string, body io.Reader, headers ...string) *page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, body)
	must(b.t, err)
	r.Header.Set("Accept-Language", "zh")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.send(r)
}

// send sends a request as it is.
func (b *browser) send(r *http.Request) *page {
	b.t.Helper()
	path := r.URL.RequestURI()
	res, err := b.client.Do(r)
	must(b.t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	must(b.t, err)
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(raw))
	must(b.t, err)
	return &page{t: b.t, b: b, path: path, status: res.StatusCode, location: res.Header.Get("Location"), header: res.Header, body: string(raw), Document: doc}
}

// get opens an address and follows redirects.
func (b *browser) get(path string) *page {
	b.t.Helper()
	p := b.do(http.MethodGet, path, "", nil)
	for range 5 {
		if p.location == "" {
			return p
		}
		p = b.do(http.MethodGet, p.location, "", nil)
	}
	b.t.Fatalf("%s redirects without end", path)
	return nil
}

// follow opens where a page redirects to.
func (p *page) follow() *page {
	p.t.Helper()
	if p.location == "" {
		p.t.Fatalf("%s: status %d does not redirect: %s", p.path, p.status, p.excerpt())
	}
	return p.b.get(p.location)
}

// fields are what a form of the page would send as it stands.
func (p *page) fields(action string) url.Values {
	p.t.Helper()
	form := p.Find("form").FilterFunction(func(_ int, s *goquery.Selection) bool {
		return s.AttrOr("action", "") == action && s.AttrOr("method", "") == "post"
	}).First()
	if form.Length() == 0 {
		p.t.Fatalf("%s has no form to %s (status %d): %s", p.path, action, p.status, p.excerpt())
	}
	values := url.Values{}
	form.Find("input, textarea, select").Each(func(_ int, s *goquery.Selection) {
		name := s.AttrOr("name", "")
		_, checked := s.Attr("checked")
		switch kind := s.AttrOr("type", ""); {
		case goquery.NodeName(s) == "textarea":
			values.Add(name, s.Text())
		case goquery.NodeName(s) == "select":
			values.Add(name, s.Find("option[selected]").AttrOr("value", ""))
		case (kind == "checkbox" || kind == "radio") && !checked, kind == "file", name == "":
		default:
			values.Add(name, s.AttrOr("value", ""))
		}
	})
	return values
}

// submit sends a form of a page as a browser without JavaScript would, with
// fields filled in: names and values alternate. Naming a field the first time
// replaces what stands in it, naming it again adds a value; "-name" empties it.
func (b *browser) submit(p *page, action string, namesAndValues ...string) *page {
	b.t.Helper()
	return b.post(action, fill(p.fields(action), namesAndValues))
}

func fill(values url.Values, namesAndValues []string) url.Values {
	seen := map[string]bool{}
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		name, value := namesAndValues[i], namesAndValues[i+1]
		switch {
		case strings.HasPrefix(name, "-"):
			values.Del(name[1:])
		case seen[name]:
			values.Add(name, value)
		default:
			values.Set(name, value)
			seen[name] = true
		}
	}
	return values
}

func (b *browser) post(path string, values url.Values) *page {
	b.t.Helper()
	return b.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(values.Encode()))
}

// forge sends a form that no page offered, with a valid token.
func (b *browser) forge(path string, namesAndValues ...string) *page {
	b.t.Helper()
	token := b.get("/apps").Find(`input[name="_csrf"]`).First().AttrOr("value", "")
	return b.post(path, fill(url.Values{"_csrf": {token}}, namesAndValues))
}

func (p *page) excerpt() string {
	text := strings.Join(strings.Fields(p.Find("main").Text()), " ")
	return text[:min(len(text), 600)]
}

func (p *page) want(status int) *page {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("%s: status %d, want %d: %s %s", p.path, p.status, status, p.location, p.excerpt())
	}
	return p
}

func (p *page) wantRedirect(location string) *page {
	p.t.Helper()
	if p.status != http.StatusSeeOther || p.location != location {
		p.t.Fatalf("%s: status %d to %q, want 303 to %q: %s", p.path, p.status, p.location, location, p.excerpt())
	}
	return p
}

// wantText expects what the selected parts of the page say, spaces collapsed.
func (p *page) wantText(selector string, want ...string) *page {
	p.t.Helper()
	got := strings.Join(strings.Fields(p.Find(selector).Text()), " ")
	for _, w := range want {
		if !strings.Contains(got, strings.Join(strings.Fields(w), " ")) {
			p.t.Errorf("%s %s: got %q, want %q in it", p.path, selector, got, w)
		}
	}
	return p
}

// wantCount expects how many parts a selector finds.
func (p *page) wantCount(selector string, n int) *page {
	p.t.Helper()
	if got := p.Find(selector).Length(); got != n {
		p.t.Errorf("%s %s: got %d, want %d", p.path, selector, got, n)
	}
	return p
}

// wantError expects the message beside a field.
func (p *page) wantError(want string) *page {
	p.t.Helper()
	return p.wantText(`[data-testid="field-error"]`, want)
}

// wantFlash expects the message about what just happened.
func (p *page) wantFlash(want string) *page {
	p.t.Helper()
	return p.wantText("#flashes", want)
}

// stat is the number under a label.
func (p *page) stat(key string) string {
	return p.Find(`dt:contains("` + text(key) + `") + dd`).First().Text()
}

// tabs are the labels of the top tabs; those that are switched off in brackets.
func (p *page) tabs() []string {
	var out []string
	p.Find("nav").First().Find("li").Each(func(_ int, s *goquery.Selection) {
		if a := s.Find("a"); a.Length() > 0 {
			out = append(out, strings.TrimSpace(a.Text()))
			return
		}
		out = append(out, "["+strings.TrimSpace(s.Find("button").First().Contents().First().Text())+"]")
	})
	return out
}
