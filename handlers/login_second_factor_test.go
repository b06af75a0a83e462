package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"envshare/internal/paths"
	"envshare/models"
	"envshare/web/session"
)

const pendingCookie = "envshare_pending"

// half signs a browser in up to the second factor.
func (a *accounts) half(name string) *browser {
	a.t.Helper()
	b := a.browser()
	b.logIn(name, password).wantRedirect(paths.LoginSecondFactorNext("/"))
	return b
}

func TestSignInWithASecondFactor(t *testing.T) {
	a := newAccounts(t, elsewhere{})
	secret, codes := a.guard(a.signIn("ann", map[string]models.Role{shop: models.RoleAdmin}))
	second := paths.LoginSecondFactor()

	t.Run("asks for a code, renews the session, and leads where one wanted to go", func(t *testing.T) {
		b := a.browser()
		wanted := paths.Environment(shop, shopTest)
		sent := b.do(http.MethodGet, wanted, "", nil)
		ask := b.submit(b.get(sent.location), "/login", "username", "ann", "password", password).wantRedirect(paths.LoginSecondFactorNext(wanted)).follow().want(200)
		if b.cookie(session.CookieName, "/") != "" {
			t.Error("there is a session already")
		}
		b.submit(ask, second, "code", "000000").want(422).wantError(text("error.code_wrong"))
		b.wantSignedIn(false)
		b.submit(ask, second, "code", a.code(secret)).wantRedirect(wanted)
		b.wantSignedIn(true)
		if b.cookie(pendingCookie, "/login") != "" {
			t.Error("the half-done sign-in is kept")
		}
		b.submit(ask, second, "code", codes[9]).want(422).wantText(`[data-testid="login-refusal"]`, text("error.pending_over"))
	})
	t.Run("a session that was there before ends with it", func(t *testing.T) {
		a.advance(step)
		b := a.half("ann")
		planted := a.signIn("bob", nil)
		u, err := url.Parse(a.url)
		must(t, err)
		b.client.Jar.SetCookies(u, []*http.Cookie{{Name: session.CookieName, Value: planted.cookie(session.CookieName, "/"), Path: "/"}})
		b.submit(b.get(second), second, "code", a.code(secret)).wantRedirect("/")
		b.get("/apps").wantText(`[data-testid="user-menu"]`, "A")
		planted.wantSignedIn(false)
	})
	t.Run("a recovery code works once", func(t *testing.T) {
		b := a.half("ann")
		b.submit(b.get(second), second, "code", codes[0]).wantRedirect("/")
		other := a.half("ann")
		other.submit(other.get(second), second, "code", codes[0]).want(422).wantError(text("error.code_wrong"))
	})
	t.Run("a used code is refused within its time", func(t *testing.T) {
		a.advance(step)
		code := a.code(secret)
		first, again := a.half("ann"), a.half("ann")
		first.submit(first.get(second), second, "code", code).wantRedirect("/")
		again.submit(again.get(second), second, "code", code).want(422).wantError(text("error.code_wrong"))
	})
	t.Run("leads nowhere else", func(t *testing.T) {
		for _, next := range []string{"https://evil.test/", "//evil.test", `/\evil.test`} {
			b := a.half("ann")
			b.get(second+"?next="+url.QueryEscape(next)).want(200).wantCount(`input[name="next"][value="/"]`, 1)
		}
		b := a.half("ann")
		b.submit(b.get(second), second, "code", codes[1], "next", "https://evil.test/").wantRedirect("/")
	})
	t.Run("another browser cannot go on with it", func(t *testing.T) {
		a.half("ann")
		other := a.browser()
		other.do(http.MethodGet, second, "", nil).wantRedirect(paths.LoginNext("/"))
		other.post(second, url.Values{"_csrf": {other.token("/login")}, "code": {codes[2]}}).want(422).wantText(`[data-testid="login-refusal"]`, text("error.pending_over"))
	})
	t.Run("a few wrong codes end it", func(t *testing.T) {
		b := a.half("ann")
		ask := b.get(second)
		for range models.MaxPendingTries {
			b.submit(ask, second, "code", "000000").want(422)
		}
		b.submit(ask, second, "code", codes[2]).want(422).wantText(`[data-testid="login-refusal"]`, text("error.pending_over"))
		b.wantSignedIn(false)
		limited := a.half("ann")
		limited.submit(limited.get(second), second, "code", "000000").want(422)
		limited.submit(limited.get(second), second, "code", "000000").want(http.StatusTooManyRequests).wantText(`[data-testid="login-refusal"]`, text("error.login_limited"))
	})
	t.Run("the cookie is shut to scripts and other sites, and short-lived", func(t *testing.T) {
		a.advance(2 * time.Minute) // what was refused before does not count
		b := a.browser()
		line := strings.Join(b.logIn("ann", password).header.Values("Set-Cookie"), "\n")
		for _, want := range []string{pendingCookie + "=", "HttpOnly", "SameSite=Lax", "Path=/login", "Max-Age=300"} {
			if !strings.Contains(line, want) {
				t.Errorf("%q lacks %s", line, want)
			}
		}
		a.advance(models.PendingLifetime)
		b.do(http.MethodGet, second, "", nil).wantRedirect(paths.LoginNext("/"))
	})
}

// A sign-in that waits for its second factor is nobody, on every route there is,
// also when its token is offered as a session.
func TestAHalfDoneSignInIsNobody(t *testing.T) {
	a := newAccounts(t, elsewhere{})
	a.guard(a.signIn("ann", map[string]models.Role{shop: models.RoleAdmin}))
	half := a.half("ann")
	token := half.token("/login")
	pending := half.cookie(pendingCookie, "/login")
	if pending == "" {
		t.Fatal("there is no half-done sign-in")
	}
	u, err := url.Parse(a.url)
	must(t, err)
	// A browser would send it to the sign-in pages alone.
	half.client.Jar.SetCookies(u, []*http.Cookie{
		{Name: pendingCookie, Value: pending, Path: "/"}, {Name: session.CookieName, Value: pending, Path: "/"},
	})
	before := len(a.audit("")) + len(a.audit(shop))
	names := map[string]string{":app": shop, ":env": shopTest, ":name": "hello"}
	list := append(a.protected(), a.ofAccounts()...)
	for name := range anyMember {
		method, path, _ := strings.Cut(name, " ")
		list = append(list, route{method, path})
	}
	for _, r := range list {
		p := half.ask(r, replace(names, r.path), token)
		if p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/login") {
			t.Errorf("%s %s: status %d to %q", r.method, r.path, p.status, p.location)
		}
	}
	if after := len(a.audit("")) + len(a.audit(shop)); after != before {
		t.Errorf("%d changes were recorded", after-before)
	}
}
