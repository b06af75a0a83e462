package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"envshare/internal/paths"
	"envshare/internal/testkit/openid"
	"envshare/models"
)

const externalCookie = "envshare_oidc"

// elsewhereAs goes to the provider from a page that leads there, signs in there,
// and comes back.
func (b *browser) elsewhereAs(leaving *page, name string) *page {
	b.t.Helper()
	leaving.want(200)
	address := leaving.Find("main a.btn-primary").AttrOr("href", "")
	if leaving.header.Get("Refresh") != "0; url="+address || address == "" {
		b.t.Fatalf("the page leads to %q and to %q", leaving.header.Get("Refresh"), address)
	}
	back := openid.SignIn(b.t, b.client, address, name)
	return b.do(http.MethodGet, back.RequestURI(), "", nil, "Sec-Fetch-Site", "cross-site")
}

// viaProvider signs a browser in at the provider.
func (b *browser) viaProvider(name string, from ...string) *page {
	b.t.Helper()
	return b.elsewhereAs(b.submit(b.get(strings.Join(append(from, "/login")[:1], "")), paths.LoginExternal()), name)
}

func (b *browser) link(name string) *page {
	b.t.Helper()
	return b.elsewhereAs(b.submit(b.get(paths.LinkExternal()), paths.LinkExternal(), "password", password), name)
}

func TestSignInElsewhere(t *testing.T) {
	a := newAccounts(t, elsewhere{on: true})
	ann := a.signIn("ann", map[string]models.Role{shop: models.RoleAdmin})

	t.Run("a name alone opens nothing", func(t *testing.T) {
		b := a.browser()
		b.get("/login").wantText("main", text("login.external", "name", "Test ID"))
		b.viaProvider("ann").want(422).wantText(`[data-testid="login-refusal"]`, text("error.external_unknown"))
		b.wantSignedIn(false)
	})
	t.Run("linking takes the password, and then the account signs in", func(t *testing.T) {
		ann.get(paths.SignInMethods()).want(200).wantText(`[data-testid="external"]`, "Test ID", text("sign_in_methods.not_linked"))
		ann.do(http.MethodGet, paths.UnlinkExternal(), "", nil).wantRedirect(paths.SignInMethods())
		ann.submit(ann.get(paths.LinkExternal()).want(200), paths.LinkExternal(), "password", "wrong").want(422).wantError(text("error.password_wrong"))
		ann.link("ann@id").wantRedirect(paths.SignInMethods()).follow().wantFlash(text("flash.external_linked", "name", "ann@id")).
			wantText(`[data-testid="external"]`, "ann@id", text("sign_in_methods.linked"))
		b := a.browser()
		wanted := paths.Environment(shop, shopTest)
		b.viaProvider("ann@id", b.do(http.MethodGet, wanted, "", nil).location).wantRedirect(wanted)
		b.wantSignedIn(true)
		ann.wantSignedIn(true)
	})
	t.Run("an account that is somebody's is nobody else's", func(t *testing.T) {
		eve := a.signIn("eve", nil)
		eve.link("ann@id").wantRedirect(paths.SignInMethods()).follow().wantFlash(text("error.external_taken"))
	})
	t.Run("who says no is told so, and is nobody", func(t *testing.T) {
		b := a.browser()
		b.viaProvider("").want(422).wantText(`[data-testid="login-refusal"]`, text("oidc.denied"))
		b.wantSignedIn(false)
	})
	t.Run("an answer counts once, and in the browser that asked", func(t *testing.T) {
		a.advance(2 * time.Minute) // what was refused before does not count
		b, other := a.browser(), a.browser()
		leaving := b.submit(b.get("/login"), paths.LoginExternal()).want(200)
		line := strings.Join(leaving.header.Values("Set-Cookie"), "\n")
		for _, want := range []string{externalCookie + "=", "HttpOnly", "SameSite=Lax", "Path=/login/oidc", "Max-Age=600"} {
			if !strings.Contains(line, want) {
				t.Errorf("%q lacks %s", line, want)
			}
		}
		back := openid.SignIn(t, b.client, leaving.Find("main a.btn-primary").AttrOr("href", ""), "ann@id").RequestURI()
		other.do(http.MethodGet, back, "", nil).want(422).wantText(`[data-testid="login-refusal"]`, text("error.external_over"))
		other.submit(other.get("/login"), paths.LoginExternal()).want(200)
		other.do(http.MethodGet, back, "", nil).want(422).wantText(`[data-testid="login-refusal"]`, text("oidc.refused"))
		kept := b.cookie(externalCookie, paths.LoginExternalCallback())
		b.do(http.MethodGet, back, "", nil).wantRedirect("/")
		b.do(http.MethodGet, back, "", nil).wantRedirect(paths.SignInMethods()) // signed in, and told so
		again := a.browser()
		again.do(http.MethodGet, back, "", nil, "Cookie", externalCookie+"="+kept).want(422).wantText(`[data-testid="login-refusal"]`, text("oidc.refused"))
		other.wantSignedIn(false)
		again.wantSignedIn(false)
	})
	t.Run("leads nowhere else afterwards", func(t *testing.T) {
		a.advance(2 * time.Minute)
		b := a.browser()
		b.elsewhereAs(b.submit(b.get("/login"), paths.LoginExternal(), "next", "https://evil.test/"), "ann@id").wantRedirect("/")
	})
	t.Run("a link that one began is not made for another", func(t *testing.T) {
		b := a.signIn("fay", nil)
		leaving := b.submit(b.get(paths.LinkExternal()), paths.LinkExternal(), "password", password)
		b.submit(b.get("/apps"), "/logout").wantRedirect("/login")
		b.logIn("eve", password).wantRedirect("/")
		b.elsewhereAs(leaving, "fay@id").wantRedirect(paths.SignInMethods()).follow().wantFlash(text("error.external_over")).
			wantText(`[data-testid="external"]`, text("sign_in_methods.not_linked"))
	})
	t.Run("a form of another site begins nothing", func(t *testing.T) {
		for _, address := range []string{paths.LoginExternal(), paths.LinkExternal()} {
			values := url.Values{"_csrf": {ann.token("/apps")}, "password": {password}}
			ann.do(http.MethodPost, address, "application/x-www-form-urlencoded", strings.NewReader(values.Encode()), "Sec-Fetch-Site", "cross-site").want(403)
			ann.post(address, url.Values{"password": {password}}).want(403)
		}
	})
	t.Run("the second factor is asked for all the same", func(t *testing.T) {
		secret, _ := a.guard(ann)
		b := a.browser()
		ask := b.viaProvider("ann@id").wantRedirect(paths.LoginSecondFactorNext("/")).follow().want(200)
		b.wantSignedIn(false)
		b.submit(ask, paths.LoginSecondFactor(), "code", a.code(secret)).wantRedirect("/")
		b.wantSignedIn(true)
	})
	t.Run("unlinked, it opens nothing any more", func(t *testing.T) {
		unlink := paths.UnlinkExternal()
		ann.submit(ann.get(unlink).want(200), unlink, "password", "wrong").want(422).wantError(text("error.password_wrong"))
		ann.submit(ann.get(unlink), unlink, "password", password).wantRedirect(paths.SignInMethods()).follow().wantFlash(text("flash.external_unlinked"))
		a.browser().viaProvider("ann@id").want(422).wantText(`[data-testid="login-refusal"]`, text("error.external_unknown"))
	})
}

func TestNewUsersFromElsewhere(t *testing.T) {
	a := newAccounts(t, elsewhere{on: true, createUsers: true})
	a.signIn("ann", nil)
	b := a.browser()
	b.viaProvider("zoe@example.com").wantRedirect("/")
	b.get("/apps").want(200).wantCount(`[data-testid="app-row"]`, 0)
	b.get(paths.Account()).want(200).wantText("main", "zoe", text("account.no_password_text"))
	b.get(paths.SignInMethods()).wantText(`[data-testid="external"]`, "zoe@example.com", text("error.only_sign_in_method"))
	b.forge(paths.UnlinkExternal(), "password", "").want(403)
	b.get(paths.Environment(shop, shopTest)).want(404)

	form := paths.AccountPassword()
	b.submit(b.get(form).want(200).wantCount(`input[name="current"]`, 0), form, "password", newPassword, "password_again", newPassword).wantRedirect(paths.Account())
	other := a.browser()
	other.logIn("zoe", newPassword).wantRedirect("/")
}

func TestWithoutAProviderElsewhereIsNowhere(t *testing.T) {
	a := newAccounts(t, elsewhere{})
	b := a.signIn("ann", nil)
	nobody := a.browser()
	nobody.get("/login").wantCount(`form[action="`+paths.LoginExternal()+`"]`, 0)
	nobody.post(paths.LoginExternal(), url.Values{"_csrf": {nobody.token("/login")}}).want(404)
	nobody.get(paths.LoginExternalCallback() + "?code=x&state=y").want(404)
	b.get(paths.LinkExternal()).want(404)
	b.forge(paths.LinkExternal(), "password", password).want(404)
	b.forge(paths.UnlinkExternal(), "password", password).want(404)
}
