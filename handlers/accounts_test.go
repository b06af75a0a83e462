package handlers_test

import (
	"net/http"
	"slices"
	"testing"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/models"
)

func TestSetUp(t *testing.T) {
	k := newConsole(t)
	token, err := k.kit.Services.Accounts.SetupToken(t.Context())
	must(t, err)
	link := paths.Setup(token)

	t.Run("sign-in says where the link is while nobody can sign in", func(t *testing.T) {
		k.browser().get("/login").want(200).wantText("main", text("login.setup_hint"))
	})
	t.Run("another token is not found", func(t *testing.T) {
		k.browser().get(paths.Setup("guess")).want(404)
	})
	t.Run("a refused form keeps its name and says what is wrong", func(t *testing.T) {
		b := k.browser()
		p := b.submit(b.get(link), link, "username", "root", "password", password, "password_again", "something else").want(422)
		p.wantError(text("error.password_mismatch"))
		if got := p.fields(link).Get("username"); got != "root" {
			t.Errorf("username %q", got)
		}
		b.submit(p, link, "username", "root", "password", "short", "password_again", "short").want(422).
			wantError(text("error.password_short", "min", 10))
	})
	t.Run("the first operator is signed in, and the link works once", func(t *testing.T) {
		b := k.browser()
		form := b.get(link)
		b.submit(form, link, "username", "root", "password", password, "password_again", password).
			wantRedirect("/").follow().want(200).wantFlash(text("flash.set_up", "name", "root"))
		k.browser().get(link).want(404)
		other := k.browser()
		other.submit(other.get("/login"), "/login", "username", "root", "password", password).wantRedirect("/")
		b.submit(form, link, "username", "root2", "password", password, "password_again", password).want(404)
		k.browser().get("/login").wantCount(`:contains("`+text("login.setup_hint")+`")`, 0)
	})
}

func TestSignIn(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)

	t.Run("opens the only app", func(t *testing.T) {
		if p := k.admin(rival).get("/").want(200); p.path != paths.Environment(rival, rivalMain) {
			t.Errorf("opened %s", p.path)
		}
	})
	t.Run("signed in, the form leads home", func(t *testing.T) {
		b.do("GET", "/login", "", nil).wantRedirect("/")
	})
	t.Run("leads back to where somebody was sent away, and nowhere else", func(t *testing.T) {
		other := k.browser()
		sent := other.do("GET", "/apps/"+shop+"/shares?tab=with-me", "", nil)
		form := other.get(sent.location).want(200)
		other.submit(form, "/login", "username", "admin-a1", "password", password).wantRedirect("/apps/" + shop + "/shares?tab=with-me")
		stray := k.browser()
		stray.submit(stray.get("/login"), "/login", "username", "admin-a1", "password", password, "next", "https://evil.test/").wantRedirect("/")
	})
	t.Run("signing out ends the session", func(t *testing.T) {
		b.submit(b.get("/apps"), "/logout").wantRedirect("/login")
		b.do("GET", "/apps", "", nil).wantRedirect("/login?next=%2Fapps")
	})
	t.Run("a wrong password is refused with the same words as a wrong name, until there are too many", func(t *testing.T) {
		stray := k.browser()
		for _, name := range []string{"admin-a1", "nobody"} {
			p := stray.submit(stray.get("/login"), "/login", "username", name, "password", "wrong password").want(422)
			p.wantText(`[data-testid="login-refusal"]`, text("error.login_wrong"))
			if got := p.fields("/login").Get("username"); got != name {
				t.Errorf("username %q", got)
			}
		}
		limited := slices.ContainsFunc(make([]int, 12), func(int) bool {
			return stray.submit(stray.get("/login"), "/login", "username", "admin-a1", "password", "wrong password").status == http.StatusTooManyRequests
		})
		if !limited {
			t.Error("never limited")
		}
	})
}

func TestAppsIndex(t *testing.T) {
	k := newWorld(t)
	b := k.signIn("both", map[string]models.Role{shop: models.RoleViewer, diner: models.RoleAdmin})
	p := b.get("/apps").want(200).wantCount(`[data-testid="app-row"]`, 2)
	p.wantText(`[data-testid="app-row"]:contains("`+shop+`")`, "商城", text("app_kind.miniprogram"), "示例科技", text("apps.activated"), text("role.viewer"), text("apps.open"))
	p.wantText(`[data-testid="app-row"]:contains("`+diner+`")`, "食堂", text("app_kind.official_account"), "示例科技", text("app.not_activated"), text("role.admin"), text("apps.activate"))
	t.Run("home leads to the list only where there is a choice", func(t *testing.T) {
		b.do("GET", "/", "", nil).wantRedirect(paths.App(shop))
		k.signIn("two", map[string]models.Role{shop: models.RoleViewer, depot: models.RoleViewer}).
			do("GET", "/", "", nil).wantRedirect("/apps")
	})
}

func TestLanguage(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	p := b.get(paths.Shares(shop)).want(200).wantText("h1", "环境共享")
	english := b.submit(p, "/language", "lang", i18n.English).wantRedirect(paths.Shares(shop)).follow()
	if lang := english.Find("html").AttrOr("lang", ""); lang != "en" {
		t.Errorf("lang %q", lang)
	}
	english.wantText("h1", i18n.Text(i18n.English, "shares.title", nil))
	t.Run("is the person's, in every browser", func(t *testing.T) {
		other := k.browser()
		other.submit(other.get("/login"), "/login", "username", "admin-a1", "password", password)
		other.get("/apps").wantText("h1", i18n.Text(i18n.English, "apps.title", nil))
	})
}
