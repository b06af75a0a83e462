package wechatsim_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"envshare/internal/identity/wechatsim"
)

// authorize opens the authorisation page, or posts to it, as account does; change
// replaces parameters.
func (w *world) authorize(method string, change url.Values, body, language string) answer {
	w.t.Helper()
	q := url.Values{"appid": {account}, "redirect_uri": {"https://page.test:8443/__wx__/oauth?redirect_uri=x%26y"}, "response_type": {"code"}, "scope": {"snsapi_base"}, "state": {"s&t"}}
	maps.Copy(q, change)
	return w.send(method, "/connect/oauth2/authorize", q, body, "application/x-www-form-urlencoded", language)
}

func (w *world) page(res answer) *goquery.Document {
	w.t.Helper()
	if got := res.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		w.t.Fatalf("a page of type %q", got)
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(res.Body))
	if err != nil {
		w.t.Fatal(err)
	}
	return doc
}

func TestPageInBothLanguages(t *testing.T) {
	w := start(t, nil)
	for language, want := range map[string]struct{ lang, title, asks, other string }{
		"en-GB,en;q=0.9": {"en", "Sign in with the WeChat simulator", "App " + account + " asks who you are (snsapi_base). Choose the person to be; you then return to page.test:8443.", "Somebody else"},
		"zh-CN":          {"zh", "微信模拟器登录", "应用 " + account + " 请求确认您的身份（snsapi_base）。请选择要扮演的用户，之后将返回 page.test:8443。", "其他用户"},
		"":               {"zh", "微信模拟器登录", "应用 " + account + " 请求确认您的身份（snsapi_base）。请选择要扮演的用户，之后将返回 page.test:8443。", "其他用户"},
	} {
		res := w.authorize(http.MethodGet, nil, "", language)
		if res.StatusCode != http.StatusOK || res.Header.Get("Vary") != "Accept-Language" {
			t.Fatalf("%d, Vary %q", res.StatusCode, res.Header.Get("Vary"))
		}
		doc := w.page(res)
		if got := doc.Find("html").AttrOr("lang", ""); got != want.lang {
			t.Errorf("%q gets %s", language, got)
		}
		if doc.Find("title").Text() != want.title || doc.Find("h1").Text() != want.title || doc.Find("label[for=person]").Text() != want.other {
			t.Errorf("%q: %s", language, doc.Text())
		}
		if got := doc.Find("main > p").Last().Text(); got != want.asks {
			t.Errorf("%q: %s", language, got)
		}
		if got := doc.Find(".warning").Text(); got != "微信模拟器：这不是微信 / WeChat simulator: this is not WeChat" {
			t.Errorf("%q: the warning is %q", language, got)
		}
		var persons []string
		doc.Find("button[name=person]").Each(func(_ int, b *goquery.Selection) { persons = append(persons, b.AttrOr("value", "")+" "+b.Text()) })
		if got := strings.Join(persons, ", "); got != "ming 小明 (ming), hong 小红 (hong), gang 小刚 (gang)" {
			t.Errorf("%q: persons %s", language, got)
		}
	}
}

func TestPageRunsNothing(t *testing.T) {
	evil := `"><script>alert(1)</script>`
	w := start(t, func(o *wechatsim.Options) {
		o.PrincipalOf = func(string) (string, bool) { return "acme", true }
		o.AllowRedirect = func(_, host string) bool { return host != "refused.test" }
		o.Persons = []wechatsim.Person{{ID: evil, Name: evil}}
	})
	for _, change := range []url.Values{nil, {"appid": {evil}}, {"scope": {evil}}, {"state": {evil}}, {"appid": {evil}, "redirect_uri": {"https://refused.test"}}} {
		res := w.authorize(http.MethodGet, change, "", "en")
		doc := w.page(res)
		if doc.Find("script, [onclick], [style], link, img, iframe").Length() != 0 {
			t.Errorf("%v brings code into the page", change)
		}
		// The style is the one that the policy names, and the only one.
		sum := sha256.Sum256([]byte(doc.Find("style").Text()))
		want := "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		if got := res.Header.Get("Content-Security-Policy"); got != want {
			t.Errorf("policy %q, want %q", got, want)
		}
	}
	doc := w.page(w.authorize(http.MethodGet, nil, "", "en"))
	if got := doc.Find("button[name=person]"); got.AttrOr("value", "") != evil || !strings.Contains(got.Text(), evil) {
		t.Error("a name is not shown as it is")
	}
}

func TestAChoiceLeadsBack(t *testing.T) {
	w := start(t, nil)
	for _, row := range []struct {
		name, to, want string
		state          []string
	}{
		{"with what was there", "https://page.test:8443/__wx__/oauth?redirect_uri=x%26y", "https://page.test:8443/__wx__/oauth?code=CODE&redirect_uri=x%26y&state=s%26t", []string{"s&t"}},
		{"before what follows #", "http://PAGE.test:8443/a#b", "http://PAGE.test:8443/a?code=CODE&state=s%26t#b", []string{"s&t"}},
		{"with one code and state only", "https://page.test:8443/?code=old&state=old", "https://page.test:8443/?code=CODE&state=s%26t", []string{"s&t"}},
		{"without a state", "https://page.test:8443", "https://page.test:8443?code=CODE", []string{""}},
	} {
		t.Run(row.name, func(t *testing.T) {
			res := w.authorize(http.MethodPost, url.Values{"redirect_uri": {row.to}, "state": row.state}, "person=ming", "")
			back, err := url.Parse(res.Header.Get("Location"))
			if err != nil || res.StatusCode != http.StatusSeeOther {
				t.Fatalf("%d, %v", res.StatusCode, err)
			}
			code := back.Query().Get("code")
			if got := strings.Replace(back.String(), code, "CODE", 1); code == "" || got != row.want {
				t.Fatalf("back to %s, want %s", got, row.want)
			}
			out := w.get("/sns/oauth2/access_token", "appid", account, "secret", secret, "code", code, "grant_type", "authorization_code")
			if out["openid"] == nil || out["scope"] != "snsapi_base" || out["access_token"] == "" || out["refresh_token"] == "" || out["expires_in"] != float64(7200) {
				t.Fatal(out)
			}
		})
	}
}

func TestNobodyIsSentElsewhere(t *testing.T) {
	w := start(t, nil)
	for _, row := range []struct {
		name, says string
		change     url.Values
	}{
		{"another host", "may not return to evil.test", url.Values{"redirect_uri": {"https://evil.test/"}}},
		{"another port", "may not return to page.test;", url.Values{"redirect_uri": {"https://page.test/"}}},
		{"a longer host", "may not return to page.test.evil.test:8443", url.Values{"redirect_uri": {"https://page.test.evil.test:8443/"}}},
		{"a longer port", "must be a complete", url.Values{"redirect_uri": {"https://page.test:8443.evil.test/"}}},
		{"host as user", "must be a complete", url.Values{"redirect_uri": {"https://page.test:8443@evil.test/"}}},
		{"user", "must be a complete", url.Values{"redirect_uri": {"https://evil@page.test:8443/"}}},
		{"backslash", "must be a complete", url.Values{"redirect_uri": {`https://page.test:8443\@evil.test/`}}},
		{"port twice", "must be a complete", url.Values{"redirect_uri": {"https://page.test:8443:8443/"}}},
		{"script", "must be a complete", url.Values{"redirect_uri": {"javascript:alert(1)"}}},
		{"no scheme", "must be a complete", url.Values{"redirect_uri": {"//page.test:8443/"}}},
		{"a path", "must be a complete", url.Values{"redirect_uri": {"/page.test:8443"}}},
		{"nothing", "must be a complete", url.Values{"redirect_uri": {""}}},
		{"line break", "must be a complete", url.Values{"redirect_uri": {"https://page.test:8443/\r\nX: y"}}},
		{"another app's host", "may not return to page.test:8443", url.Values{"appid": {app}}},
		{"unknown app", "no app with the AppID “wxffffffffffffffff”", url.Values{"appid": {"wxffffffffffffffff"}}},
		{"token", "response_type must be code", url.Values{"response_type": {"token"}}},
		{"another scope", "scope must be", url.Values{"scope": {"snsapi_login"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				res := w.authorize(method, row.change, "person=ming", "en")
				if res.StatusCode != http.StatusBadRequest || res.Header.Get("Location") != "" {
					t.Fatalf("%s: %d, back to %q", method, res.StatusCode, res.Header.Get("Location"))
				}
				doc := w.page(res)
				if got := doc.Find("[role=alert]").Text(); !strings.Contains(got, row.says) || doc.Find("form").Length() != 0 {
					t.Errorf("%s: %q, want %q and no form", method, got, row.says)
				}
			}
		})
	}
}

func TestAChoiceThatIsNone(t *testing.T) {
	w := start(t, nil)
	for body, status := range map[string]int{
		"": http.StatusUnprocessableEntity, "person=+": http.StatusUnprocessableEntity, "person=%00": http.StatusUnprocessableEntity,
		"person=" + strings.Repeat("x", 33): http.StatusUnprocessableEntity, "person=%zz": http.StatusBadRequest,
		"person=" + strings.Repeat("x", 1<<20): http.StatusBadRequest,
	} {
		res := w.authorize(http.MethodPost, url.Values{"person": {"ming"}}, body, "en")
		if res.StatusCode != status || res.Header.Get("Location") != "" || w.page(res).Find("[role=alert]").Length() != 1 {
			t.Errorf("%.20q: %d, back to %q", body, res.StatusCode, res.Header.Get("Location"))
		}
	}
	doc := w.page(w.authorize(http.MethodPost, nil, "", "en"))
	if got := doc.Find("#" + doc.Find("#person").AttrOr("aria-describedby", "none")).Text(); got != "Enter 1 to 32 visible characters." {
		t.Errorf("the field is described by %q", got)
	}
}
