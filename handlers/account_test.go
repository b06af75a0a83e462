package handlers_test

import (
	"bytes"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/models"
	"envshare/web/session"
)

const newPassword = "another horse battery"

// ownAccount reports whether a route is about whoever asks, and needs nothing else.
func ownAccount(path string) bool {
	return path == paths.Account() || strings.HasPrefix(path, paths.Account()+"/")
}

// ofAccounts are the routes about whoever asks.
func (k *console) ofAccounts() []route {
	k.t.Helper()
	var list []route
	for _, r := range k.routes {
		if r.Method != http.MethodHead && ownAccount(r.Path) {
			list = append(list, route{r.Method, r.Path})
		}
	}
	if len(list) < 19 {
		k.t.Fatalf("only %d routes", len(list))
	}
	return list
}

func TestAccountRoutesAreGuarded(t *testing.T) {
	a := newAccounts(t, elsewhere{})
	nobody, somebody := a.browser(), a.signIn("ann", nil)
	token := nobody.token("/login")
	before := len(a.audit(""))
	for _, r := range a.ofAccounts() {
		t.Run(r.method+" "+r.path, func(t *testing.T) {
			if p := nobody.ask(r, r.path, token); p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/login") {
				t.Errorf("nobody gets status %d to %q", p.status, p.location)
			}
			if r.method == http.MethodPost {
				wantStatus(t, somebody.ask(r, r.path, ""), http.StatusForbidden)
				return
			}
			if p := somebody.ask(r, r.path, ""); p.status >= 500 {
				t.Errorf("status %d", p.status)
			}
		})
	}
	if after := len(a.audit("")); after != before {
		t.Errorf("%d changes were recorded", after-before)
	}
}

func TestAccountPages(t *testing.T) {
	a := newAccounts(t, elsewhere{})
	b := a.signIn("ann", map[string]models.Role{shop: models.RoleAdmin})
	t.Run("the menu of every page leads there", func(t *testing.T) {
		for _, address := range []string{"/apps", paths.Environment(shop, shopTest), paths.Account(), "/nowhere"} {
			b.get(address).wantCount(`.menu-panel a[href="`+paths.Account()+`"]`, 1)
		}
	})
	t.Run("says what guards the account", func(t *testing.T) {
		b.get(paths.Account()).want(200).wantText("main", "ann", text("second_factor.off")).wantCount(`a[href="`+paths.AccountPassword()+`"]`, 1)
		b.get(paths.SignInMethods()).want(200).wantText("main", text("sign_in_methods.none"))
	})
	t.Run("language and theme are chosen there", func(t *testing.T) {
		p := b.get(paths.Preferences()).want(200).wantCount(`input[name="theme"][value=""][checked]`, 1)
		english := b.submit(p, paths.Language(), "lang", i18n.English).wantRedirect(paths.Preferences()).follow()
		english.wantText("h1", i18n.Text(i18n.English, "account.title", nil)).wantCount(`input[name="lang"][value="en"][checked]`, 1)
		b.post(paths.Theme(), url.Values{"_csrf": {b.token("/apps")}, "theme": {"dark"}, "next": {paths.Preferences()}}).
			wantRedirect(paths.Preferences()).follow().wantCount(`html[data-theme="dark"]`, 1).wantCount(`input[name="theme"][value="dark"][checked]`, 1)
	})
}

func TestChangePassword(t *testing.T) {
	a := newAccounts(t, elsewhere{})
	b := a.signIn("ann", nil)
	other := a.browser()
	other.logIn("ann", password).wantRedirect("/")
	form := paths.AccountPassword()

	t.Run("is refused beside the field", func(t *testing.T) {
		b.submit(b.get(form), form, "current", "wrong", "password", newPassword, "password_again", newPassword).want(422).wantError(text("error.password_wrong"))
		b.submit(b.get(form), form, "current", password, "password", newPassword, "password_again", "x").want(422).wantError(text("error.password_mismatch"))
		b.submit(b.get(form), form, "current", password, "password", "short", "password_again", "short").want(422).wantError(text("error.password_short", "min", 10))
		other.wantSignedIn(true)
	})
	t.Run("ends other sessions, and the old cookie of this one", func(t *testing.T) {
		old := b.cookie(session.CookieName, "/")
		b.submit(b.get(form), form, "current", password, "password", newPassword, "password_again", newPassword).
			wantRedirect(paths.Account()).follow().want(200).wantFlash(text("flash.password_changed"))
		b.wantSignedIn(true)
		other.wantSignedIn(false)
		if b.cookie(session.CookieName, "/") == old {
			t.Error("the session keeps its id")
		}
		if p := a.browser().do(http.MethodGet, "/apps", "", nil, "Cookie", session.CookieName+"="+old); p.status != http.StatusSeeOther {
			t.Errorf("the old cookie opens a page: status %d", p.status)
		}
		a.browser().logIn("ann", password).want(422)
		a.browser().logIn("ann", newPassword).wantRedirect("/")
	})
}

func TestSessions(t *testing.T) {
	a := newAccounts(t, elsewhere{})
	b := a.signIn("ann", nil)
	const agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	others := []*browser{a.browser(), a.browser(), a.browser()}
	for _, o := range others {
		p := o.get("/login")
		o.do(http.MethodPost, "/login", "application/x-www-form-urlencoded", strings.NewReader(fill(p.fields("/login"), []string{"username", "ann", "password", password}).Encode()), "User-Agent", agent).wantRedirect("/")
	}
	stranger := a.signIn("eve", nil)
	p := b.get(paths.AccountSessions()).want(200).wantCount(`[data-testid="session-row"]`, 4)
	p.wantText(`[data-testid="session-row"]:contains("`+text("sessions.this")+`")`, "127.0.0.1")
	p.wantText(`[data-testid="session-row"]`, "Chrome · Windows").wantCount(`[data-testid="session-row"]:contains("`+text("sessions.this")+`") form`, 0)

	t.Run("one ends, and somebody else's does not", func(t *testing.T) {
		id := p.Find(`input[name="session"]`).First().AttrOr("value", "")
		stranger.post(paths.EndSession(), url.Values{"_csrf": {stranger.token("/apps")}, "session": {id}}).want(404)
		b.forge(paths.EndSession(), "session", id).wantRedirect(paths.AccountSessions()).follow().wantFlash(text("flash.session_ended")).wantCount(`[data-testid="session-row"]`, 3)
		b.forge(paths.EndSession(), "session", id).want(404)
	})
	t.Run("all others end", func(t *testing.T) {
		b.submit(b.get(paths.AccountSessions()), paths.EndOtherSessions()).wantRedirect(paths.AccountSessions()).follow().
			wantFlash(text("flash.sessions_ended", "count", 2)).wantCount(`[data-testid="session-row"]`, 1)
		for _, o := range others {
			o.wantSignedIn(false)
		}
		b.wantSignedIn(true)
		stranger.wantSignedIn(true)
	})
}

func TestSecondFactor(t *testing.T) {
	a := newAccounts(t, elsewhere{})
	b := a.signIn("ann", nil)
	t.Run("nothing is there before it is begun", func(t *testing.T) {
		b.do(http.MethodGet, paths.SecondFactorSetUp(), "", nil).wantRedirect(paths.Account())
		b.get(paths.SecondFactorQR()).want(404)
		for _, address := range []string{paths.RecoveryCodes(), paths.EndSecondFactor()} {
			b.do(http.MethodGet, address, "", nil).wantRedirect(paths.Account())
		}
		b.submit(b.get(paths.AccountSecondFactor()), paths.AccountSecondFactor(), "password", "wrong").want(422).wantError(text("error.password_wrong"))
	})
	t.Run("the secret is shown as picture and text, under the policy of every page", func(t *testing.T) {
		set := b.submit(b.get(paths.AccountSecondFactor()), paths.AccountSecondFactor(), "password", password).follow().want(200)
		if src := set.Find(`[data-testid="qr"]`).AttrOr("src", ""); src != paths.SecondFactorQR() {
			t.Errorf("the picture is %q", src)
		}
		picture := b.do(http.MethodGet, paths.SecondFactorQR(), "", nil).want(200)
		if picture.header.Get("Content-Type") != "image/png" || picture.header.Get("Cache-Control") != "no-store" {
			t.Errorf("headers %v", picture.header)
		}
		image, err := png.Decode(bytes.NewReader([]byte(picture.body)))
		must(t, err)
		if image.Bounds().Dx() != 480 || image.Bounds().Dy() != 480 {
			t.Errorf("size %v", image.Bounds())
		}
		b.submit(set, paths.SecondFactorSetUp(), "code", "000 000").want(422).wantError(text("error.code_wrong"))
		a.browser().logIn("ann", password).wantRedirect("/")
	})
	secret, codes := a.guard(b)
	t.Run("is on, and its secret is not shown again", func(t *testing.T) {
		page := b.get(paths.Account()).want(200).wantText(`[data-testid="second-factor"]`, text("second_factor.on"))
		if strings.Contains(page.body, secret) || strings.Contains(page.body, codes[0]) {
			t.Error("secrets are on the page")
		}
		b.get(paths.SecondFactorQR()).want(404)
		b.do(http.MethodGet, paths.AccountSecondFactor(), "", nil).wantRedirect(paths.Account())
	})
	t.Run("new recovery codes end the old ones", func(t *testing.T) {
		renewed := b.submit(b.get(paths.RecoveryCodes()).want(200), paths.RecoveryCodes(), "password", password, "code", codes[0]).want(200).
			wantCount(`[data-testid="recovery-code"]`, models.RecoveryCodes)
		b.submit(b.get(paths.RecoveryCodes()), paths.RecoveryCodes(), "password", password, "code", codes[1]).want(422).wantError(text("error.code_wrong"))
		codes[0] = renewed.Find(`[data-testid="recovery-code"]`).First().Text()
	})
	t.Run("goes off with both factors", func(t *testing.T) {
		off := paths.EndSecondFactor()
		b.submit(b.get(off).want(200), off, "password", password, "code", "x").want(422).wantError(text("error.code_wrong"))
		b.submit(b.get(off), off, "password", "wrong", "code", codes[0]).want(422).wantError(text("error.password_wrong"))
		b.submit(b.get(off), off, "password", password, "code", codes[0]).wantRedirect(paths.Account()).follow().
			wantFlash(text("flash.second_factor_off")).wantText(`[data-testid="second-factor"]`, text("second_factor.off"))
		a.browser().logIn("ann", password).wantRedirect("/")
	})
}
