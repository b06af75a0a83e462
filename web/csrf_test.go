package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"envshare/web"
	"envshare/web/form"
	"envshare/web/session"
)

func TestChangingAnythingNeedsTheToken(t *testing.T) {
	t.Run("without a token", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		k.token()
		if a := k.post("/theme", url.Values{"theme": {"dark"}}); a.StatusCode != http.StatusForbidden {
			t.Errorf("status %d", a.StatusCode)
		}
	})
	t.Run("with a wrong token", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		k.token()
		if a := k.post("/theme", url.Values{"theme": {"dark"}, "_csrf": {"wrong"}}); a.StatusCode != http.StatusForbidden || k.cookie("theme") != "" {
			t.Errorf("status %d, theme %q", a.StatusCode, k.cookie("theme"))
		}
	})
	t.Run("with the token but not its cookie", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		token := k.token()
		k.client.Jar = nil
		if a := k.post("/theme", url.Values{"theme": {"dark"}, "_csrf": {token}}); a.StatusCode != http.StatusForbidden {
			t.Errorf("status %d", a.StatusCode)
		}
	})
	t.Run("with the token in the form", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		if a := k.submit("/theme", url.Values{"theme": {"dark"}}); a.StatusCode != http.StatusSeeOther || k.cookie("theme") != "dark" {
			t.Errorf("status %d, theme %q", a.StatusCode, k.cookie("theme"))
		}
	})
	t.Run("with the token in the header", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		if a := k.post("/theme", url.Values{"theme": {"dark"}}, "X-CSRF-Token", k.token()); a.StatusCode != http.StatusSeeOther {
			t.Errorf("status %d", a.StatusCode)
		}
	})
	t.Run("the method cannot be overridden", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		if a := k.get("/theme?_method=POST&theme=dark", "X-HTTP-Method-Override", "POST"); a.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("status %d", a.StatusCode)
		}
	})
	t.Run("the cookie is shut to scripts and other sites", func(t *testing.T) {
		a := newConsole(t, web.Config{Secure: true}).get("/login")
		line := a.Header.Get("Set-Cookie")
		for _, want := range []string{"HttpOnly", "SameSite=Lax", "Secure", "Path=/"} {
			if !strings.Contains(line, want) {
				t.Errorf("%q lacks %s", line, want)
			}
		}
	})
}

func TestOtherOriginsChangeNothing(t *testing.T) {
	cases := map[string][]string{
		"another site":                           {"Sec-Fetch-Site", "cross-site"},
		"another port of this host":              {"Sec-Fetch-Site", "same-site"},
		"another origin, in an older browser":    {"Origin", "http://evil.test"},
		"another port, in an older browser":      {"Origin", "http://127.0.0.1:1"},
		"a sandboxed frame, in an older browser": {"Origin", "null"},
	}
	for name, headers := range cases {
		t.Run(name, func(t *testing.T) {
			k := newConsole(t, web.Config{})
			a := k.submit("/theme", url.Values{"theme": {"dark"}}, headers...)
			if a.StatusCode != http.StatusForbidden || k.cookie("theme") != "" {
				t.Errorf("status %d, theme %q, with the right token", a.StatusCode, k.cookie("theme"))
			}
		})
	}
	t.Run("this origin may", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		a := k.submit("/theme", url.Values{"theme": {"dark"}}, "Origin", k.server.URL, "Sec-Fetch-Site", "same-origin")
		if a.StatusCode != http.StatusSeeOther {
			t.Errorf("status %d", a.StatusCode)
		}
	})
}

func TestSessionThroughTheShell(t *testing.T) {
	k := newConsole(t, web.Config{})
	k.get("/login")
	if len(k.records.All()) != 0 {
		t.Error("a session for nobody")
	}

	k.signIn()
	first := k.cookie(session.CookieName)
	k.signIn()
	second := k.cookie(session.CookieName)
	if first == "" || first == second || len(k.records.All()) != 1 {
		t.Errorf("signing in again: cookie changed %v, %d sessions", first != second, len(k.records.All()))
	}

	k.submit("/logout", nil)
	a := k.get("/login", "Cookie", session.CookieName+"="+second)
	if a.document(t).Find(`[data-testid="user-menu"]`).Length() != 0 || len(k.records.All()) != 0 {
		t.Error("the session outlived signing out")
	}
}

func TestFlashIsShownOnceInTheReadersLanguage(t *testing.T) {
	const shown = "At most 7 characters."
	k := newConsole(t, web.Config{})
	k.signIn()
	if a := k.get("/fails/not_found", "Accept-Language", "en"); strings.Contains(a.body, shown) {
		t.Error("an error page took the message of the page after")
	}
	if a := k.get("/login", "Accept-Language", "en"); !strings.Contains(a.body, shown) {
		t.Error("not shown")
	}
	if a := k.get("/login", "Accept-Language", "en"); strings.Contains(a.body, shown) {
		t.Error("shown twice")
	}
}

func TestHugeBodies(t *testing.T) {
	huge := strings.NewReader("_csrf=x&name=" + strings.Repeat("x", form.MaxBody))
	multipartOf := func(size int, token string) (string, *bytes.Buffer) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		part, err := w.CreateFormFile("file", "code.zip")
		if err == nil {
			_, err = part.Write(make([]byte, size))
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WriteField("_csrf", token); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return w.FormDataContentType(), &b
	}

	t.Run("announced", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		a := k.send(k.request("POST", "/theme", huge), "Content-Type", "application/x-www-form-urlencoded")
		if a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d", a.StatusCode)
		}
	})
	t.Run("not announced", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		r := k.request("POST", "/theme", strings.NewReader("name="+strings.Repeat("x", form.MaxBody)))
		r.ContentLength = -1
		if a := k.send(r, "Content-Type", "application/x-www-form-urlencoded"); a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d", a.StatusCode)
		}
	})
	t.Run("files of nobody", func(t *testing.T) {
		k := newConsole(t, web.Config{})
		contentType, body := multipartOf(2*form.MaxBody, k.token())
		if a := k.send(k.request("POST", "/upload", body), "Content-Type", contentType); a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d", a.StatusCode)
		}
	})
	t.Run("files of somebody", func(t *testing.T) {
		k := newConsole(t, web.Config{MaxUpload: 4 * form.MaxBody})
		k.signIn()
		contentType, body := multipartOf(2*form.MaxBody, k.token())
		if a := k.send(k.request("POST", "/upload", body), "Content-Type", contentType); a.StatusCode != http.StatusOK || a.body != "code.zip" {
			t.Errorf("status %d: %s", a.StatusCode, a.body)
		}
	})
	t.Run("too large files of somebody", func(t *testing.T) {
		k := newConsole(t, web.Config{MaxUpload: 2 * form.MaxBody})
		k.signIn()
		contentType, body := multipartOf(3*form.MaxBody, k.token())
		if a := k.send(k.request("POST", "/upload", body), "Content-Type", contentType); a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d", a.StatusCode)
		}
	})
}
