package web_test

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"envshare/models"
	"envshare/web"
)

func TestSecurityHeadersStandOnEveryAnswer(t *testing.T) {
	want := map[string]string{
		"Content-Security-Policy":    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
		"X-Content-Type-Options":     "nosniff",
		"Referrer-Policy":            "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Strict-Transport-Security":  "",
	}
	k := newConsole(t, web.Config{})
	for _, path := range []string{"/login", "/nowhere", "/panic", "/fails/forbidden", "/fails/unauthenticated", "/part", "/healthz", "/static/nothing.js", "/theme"} {
		a := k.get(path)
		for name, value := range want {
			if got := a.Header.Values(name); strings.Join(got, "|") != value {
				t.Errorf("%s: %s = %q", path, name, got)
			}
		}
		if got := a.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control = %q", path, got)
		}
	}
	t.Run("browsers stay with TLS where there is TLS", func(t *testing.T) {
		if got := newConsole(t, web.Config{Secure: true}).get("/login").Header.Get("Strict-Transport-Security"); got == "" {
			t.Error("no Strict-Transport-Security")
		}
	})
	t.Run("nothing stands inline", func(t *testing.T) {
		d := k.get("/login").document(t)
		if n := d.Find("style, [style], [onclick], [onload], script:not([src])").Length(); n != 0 {
			t.Errorf("%d inline styles or scripts", n)
		}
	})
}

func TestStaticFiles(t *testing.T) {
	k := newConsole(t, web.Config{})

	t.Run("what pages load is there for ever", func(t *testing.T) {
		d := k.get("/login").document(t)
		var addresses []string
		d.Find("link[href], script[src]").Each(func(_ int, s *goquery.Selection) {
			addresses = append(addresses, s.AttrOr("href", s.AttrOr("src", "")))
		})
		if len(addresses) != len(files) {
			t.Fatalf("addresses %q", addresses)
		}
		for _, address := range addresses {
			a := k.get(address)
			if a.StatusCode != 200 || a.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
				t.Errorf("%s: status %d, %s", address, a.StatusCode, a.Header.Get("Cache-Control"))
			}
			if len(a.Cookies()) != 0 || strings.Contains(strings.Join(a.Header.Values("Vary"), ","), "Cookie") {
				t.Errorf("%s: depends on who asks: %v", address, a.Header)
			}
		}
	})
	t.Run("types and bytes are right", func(t *testing.T) {
		assets, err := web.NewAssets(files)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"css/app.css": "text/css; charset=utf-8", "js/app.js": "text/javascript; charset=utf-8", "icons/favicon.svg": "image/svg+xml"} {
			a := k.get(assets.URL(name))
			if a.Header.Get("Content-Type") != want || a.body != string(files[name].Data) {
				t.Errorf("%s: %s, %d bytes", name, a.Header.Get("Content-Type"), len(a.body))
			}
		}
	})
	t.Run("anything else is not there", func(t *testing.T) {
		for _, path := range []string{"/static/css/app.css", "/static/css/app.0123456789abcdef.css", "/static/", "/static/../web.go", "/static/css"} {
			if a := k.get(path); a.StatusCode != 404 {
				t.Errorf("%s: status %d", path, a.StatusCode)
			}
		}
	})
	t.Run("text is compressed for who can read it", func(t *testing.T) {
		assets, err := web.NewAssets(files)
		if err != nil {
			t.Fatal(err)
		}
		a := k.get(assets.URL("css/app.css"), "Accept-Encoding", "gzip")
		if a.Header.Get("Content-Encoding") != "gzip" || len(a.body) >= len(files["css/app.css"].Data) {
			t.Errorf("encoding %q, %d bytes", a.Header.Get("Content-Encoding"), len(a.body))
		}
		if a := k.get("/login", "Accept-Encoding", "gzip"); a.Header.Get("Content-Encoding") != "gzip" {
			t.Error("the page is not compressed")
		}
	})
}

func TestFragments(t *testing.T) {
	k := newConsole(t, web.Config{})
	cases := map[string]struct {
		headers []string
		want    string
	}{
		"a browser gets the page":         {nil, "<html>whole</html>"},
		"htmx gets the part":              {[]string{"HX-Request", "true"}, "<p>part</p>"},
		"a boosted link gets the page":    {[]string{"HX-Request", "true", "HX-Boosted", "true"}, "<html>whole</html>"},
		"a history restore gets the page": {[]string{"HX-Request", "true", "HX-History-Restore-Request", "true"}, "<html>whole</html>"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a := k.get("/part", tc.headers...)
			if a.body != tc.want || a.Header.Get("Content-Type") != "text/html; charset=UTF-8" {
				t.Errorf("%s %q", a.Header.Get("Content-Type"), a.body)
			}
			vary := strings.Join(a.Header.Values("Vary"), ",")
			for _, want := range []string{"HX-Request", "HX-Boosted", "HX-History-Restore-Request"} {
				if !strings.Contains(vary, want) {
					t.Errorf("Vary %q lacks %s", vary, want)
				}
			}
		})
	}
	t.Run("htmx is told where to go after a form", func(t *testing.T) {
		a := k.submit("/login", url.Values{"next": {"/apps"}}, "HX-Request", "true")
		if a.StatusCode != 204 || a.Header.Get("HX-Redirect") != "/apps" {
			t.Errorf("status %d, HX-Redirect %q", a.StatusCode, a.Header.Get("HX-Redirect"))
		}
	})
}

func TestLanguage(t *testing.T) {
	english := alice
	english.Language = "en"

	t.Run("user, then cookie, then what the browser asks, then Chinese", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		steps := []struct {
			name   string
			do     func()
			accept string
			want   string
		}{
			{"nothing known", func() {}, "", "zh"},
			{"a language that there is not", func() {}, "fr", "zh"},
			{"the browser asks", func() {}, "en-GB,en;q=0.9", "en"},
			{"this browser chose", func() { k.submit("/language", url.Values{"lang": {"zh"}}) }, "en", "zh"},
			{"the user chose nothing", k.signIn, "en", "zh"},
			{"the user chose", func() { k.records.SetUser(english) }, "zh", "en"},
		}
		for _, step := range steps {
			step.do()
			if a := k.get("/locale", "Accept-Language", step.accept); a.body != step.want {
				t.Errorf("%s: %q", step.name, a.body)
			}
		}
	})
	t.Run("the choice is kept with who is signed in, and returns", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		k.submit("/language", url.Values{"lang": {"zh"}})
		k.signIn()
		a := k.submit("/language", url.Values{"lang": {"en"}, "next": {"/apps?a=b"}})
		if a.StatusCode != 303 || a.Header.Get("Location") != "/apps?a=b" {
			t.Errorf("status %d, location %q", a.StatusCode, a.Header.Get("Location"))
		}
		if got := strings.Join(k.chosen, ","); got != "u-alice en" {
			t.Errorf("kept %q", got)
		}
	})
	t.Run("it leads nowhere else", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		if a := k.submit("/language", url.Values{"lang": {"en"}, "next": {"//evil.test"}}); a.Header.Get("Location") != "/" {
			t.Errorf("location %q", a.Header.Get("Location"))
		}
	})
	t.Run("unknown choices are refused", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		for path, values := range map[string]url.Values{"/language": {"lang": {"fr"}}, "/theme": {"theme": {"pink"}}} {
			if a := k.submit(path, values); a.StatusCode != 400 {
				t.Errorf("%s: status %d", path, a.StatusCode)
			}
		}
	})
}

func TestTheme(t *testing.T) {
	k := newConsole(t, web.Config{})
	theme := func() string { return k.get("/login").document(t).Find("html").AttrOr("data-theme", "") }
	if got := theme(); got != "" {
		t.Errorf("before: %q", got)
	}
	k.submit("/theme", url.Values{"theme": {"dark"}})
	if got := theme(); got != "dark" {
		t.Errorf("chosen: %q", got)
	}
	k.submit("/theme", url.Values{"theme": {""}})
	if got := theme(); got != "" {
		t.Errorf("taken back: %q", got)
	}
}

func TestHealth(t *testing.T) {
	k := newConsole(t, web.Config{})
	if a := k.get("/healthz"); a.StatusCode != 200 || strings.TrimSpace(a.body) != `{"status":"ok"}` || len(a.Cookies()) != 0 {
		t.Errorf("healthz: status %d, %s", a.StatusCode, a.body)
	}
	if a := k.get("/readyz"); a.StatusCode != 200 {
		t.Errorf("readyz: status %d", a.StatusCode)
	}
	k.ready = errors.New(secret)
	if a := k.get("/readyz"); a.StatusCode != 503 || strings.Contains(a.body, "hunter2") {
		t.Errorf("not ready: status %d, %s", a.StatusCode, a.body)
	}
	if a := k.get("/healthz"); a.StatusCode != 200 {
		t.Errorf("healthz while not ready: status %d", a.StatusCode)
	}
}

func TestHEAD(t *testing.T) {
	k := newConsole(t, web.Config{})
	for path, status := range map[string]int{"/login": 200, "/healthz": 200, "/nowhere": 404, "/fails/conflict": 409} {
		a := k.send(k.request(http.MethodHead, path, nil))
		if a.StatusCode != status || a.body != "" {
			t.Errorf("%s: status %d, body %q", path, a.StatusCode, a.body)
		}
	}
}

func TestAccessLog(t *testing.T) {
	k := newConsole(t, web.Config{})
	k.signIn()
	k.get("/setup/s3cret-token?q=s3cret-query")
	k.get("/Setup/s3cret-token")
	k.get("/static/s3cret-file")
	log := k.log.String()
	if strings.Contains(log, "s3cret") {
		t.Errorf("log: %s", log)
	}
	for _, want := range []string{"path=/setup/:token", "user_id=u-alice", "status=303", "method=POST", "latency=", "request_id="} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
}

func TestWhoAsks(t *testing.T) {
	t.Run("nobody's word is believed", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		if a := k.get("/ip", "X-Forwarded-For", "9.9.9.9", "X-Real-Ip", "8.8.8.8"); a.body != "127.0.0.1" {
			t.Errorf("ip %q", a.body)
		}
	})
	t.Run("except that of a named proxy", func(t *testing.T) {
		_, loopback, err := net.ParseCIDR("127.0.0.0/8")
		if err != nil {
			t.Fatal(err)
		}
		k := newConsole(t, web.Config{TrustedProxies: []*net.IPNet{loopback}})
		if a := k.get("/ip", "X-Forwarded-For", "9.9.9.9, 7.7.7.7"); a.body != "7.7.7.7" {
			t.Errorf("ip %q", a.body)
		}
	})
}

func TestUserMenu(t *testing.T) {
	k := newConsole(t, web.Config{})
	k.signIn()
	if n := k.get("/fails/forbidden").document(t).Find(`[data-testid="user-menu"]`).Length(); n != 1 {
		t.Errorf("%d user menus for somebody", n)
	}
	k.records.DeleteUser(alice.ID)
	if n := k.get("/fails/forbidden").document(t).Find(`[data-testid="user-menu"]`).Length(); n != 0 {
		t.Errorf("%d user menus for nobody", n)
	}
	if a := k.get("/fails/" + string(models.CodeUnauthenticated)); a.StatusCode != 303 {
		t.Errorf("status %d", a.StatusCode)
	}
}
