package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"envshare/internal/paths"
	"envshare/internal/testkit"
	"envshare/models"
)

// invitation makes an invitation through the pages and returns the path of its link.
func invitation(b *browser, app, role string) string {
	b.t.Helper()
	p := b.submit(b.get(paths.NewInvitation(app)).want(200), paths.Invitations(app), "role", role, "days", "1").want(200)
	link, err := url.Parse(p.Find(`[data-testid="invitation-link"] input`).AttrOr("value", ""))
	must(b.t, err)
	if link.Scheme+"://"+link.Host != b.base {
		b.t.Fatalf("the link is %s", link)
	}
	return link.Path
}

// userID is the id that the page of members has for somebody.
func (p *page) userID(app, name string) string {
	p.t.Helper()
	id := ""
	p.Find(`[data-testid="member-row"]`).Each(func(_ int, row *goquery.Selection) {
		if strings.Contains(row.Find("th").Text(), name) {
			href := row.Find("a").First().AttrOr("href", "")
			id = strings.Split(strings.TrimPrefix(href, paths.Members(app)+"/"), "/")[0]
		}
	})
	if id == "" {
		p.t.Fatalf("%s is not listed: %s", name, p.excerpt())
	}
	return id
}

func TestInvitedPeopleJoin(t *testing.T) {
	k := newWorld(t)
	admin := k.admin(shop)
	stranger := k.signIn("stranger", nil)
	stranger.get(paths.App(shop)).want(404)

	link := invitation(admin, shop, "developer")
	admin.get(paths.Members(shop)).wantText(`[data-testid="invitation-row"]`, text("role.developer"), text("invitation_status.open"), "admin-a1")

	p := stranger.get(link).want(200).wantText(`[data-testid="invitation"]`, "商城", shop, "示例科技", text("role.developer"), "admin-a1")
	stranger.submit(p, link).wantRedirect(paths.App(shop))
	stranger.get(paths.App(shop)).want(200).wantFlash(text("flash.invitation_accepted", "name", "商城"))

	stranger.submit(p, link).want(404).wantText(`[data-testid="error-message"]`, text("error.invitation_accepted"))
	k.browser().get(link).want(404).wantText(`[data-testid="error-message"]`, text("error.invitation_accepted"))
	admin.get(paths.Members(shop)).wantText(`[data-testid="invitation-row"]`, text("invitation_status.accepted"), "stranger")

	t.Run("who has the role is told, and uses nothing up", func(t *testing.T) {
		link := invitation(admin, shop, "viewer")
		p := stranger.get(link).want(200).wantText(`[data-testid="invitation-problem"]`, text("error.invitation_member", "role", models.RoleDeveloper))
		stranger.forge(link).want(409).wantText(`[data-testid="invitation-problem"]`, text("role.developer"))
		p.wantCount(`form[action="`+link+`"]`, 0)
		k.browser().get(link).want(200)
	})
}

func TestInvitedPeopleWithoutAccount(t *testing.T) {
	k := newWorld(t)
	admin, nobody := k.admin(shop), k.browser()
	link := invitation(admin, shop, "viewer")
	register := link + "/register"
	p := nobody.get(link).want(200)
	if href := p.Find(`a:contains("`+text("invited.sign_in")+`")`).AttrOr("href", ""); href != paths.LoginNext(link) {
		t.Errorf("signing in leads to %s", href)
	}
	nobody.submit(p, register, "username", "Bad Name", "password", "short", "password_again", "short").want(422).
		wantError(text("error.username"))
	nobody.submit(p, register, "username", "admin-a1", "password", password, "password_again", password).want(422).
		wantError(text("error.username_taken"))
	nobody.submit(p, register, "username", "newcomer", "password", password, "password_again", "other").want(422).
		wantError(text("error.password_mismatch"))
	nobody.submit(p, register, "username", "newcomer", "password", password, "password_again", password).wantRedirect(paths.App(shop))
	nobody.get("/apps").want(200).wantText(`[data-testid="app-row"]`, "商城", text("role.viewer"))
	nobody.get(paths.NewInvitation(shop)).want(403)

	late := k.browser()
	late.submit(late.get("/login"), "/login", "username", "newcomer", "password", password).wantRedirect("/")
	late.forge(register, "username", "another", "password", password, "password_again", password).wantRedirect(link)
}

// Signing in leads back to the link.
func TestInvitedPeopleSignInFirst(t *testing.T) {
	k := newWorld(t)
	link := invitation(k.admin(shop), shop, "viewer")
	k.signIn("known", nil)
	b := k.browser()
	in := b.get(paths.LoginNext(link))
	b.submit(in, "/login", "username", "known", "password", password).wantRedirect(link)
	b.submit(b.get(link), link).wantRedirect(paths.App(shop))
}

func TestInvitationsAreRevoked(t *testing.T) {
	k := newWorld(t)
	admin := k.admin(shop)
	link := invitation(admin, shop, "admin")
	p := admin.get(paths.Members(shop))
	action := p.Find(`[data-testid="invitation-row"] form`).AttrOr("action", "")
	admin.submit(p, action).wantRedirect(paths.Members(shop)).follow().wantFlash(text("flash.invitation_revoked")).
		wantText(`[data-testid="invitation-row"]`, text("invitation_status.revoked"))
	admin.submit(p, action).want(409)
	k.browser().get(link).want(404).wantText(`[data-testid="error-message"]`, text("error.invitation_revoked"))
	for _, bad := range []string{"role=root&days=1", "role=admin&days=365", "days=x", "role=admin"} {
		values, err := url.ParseQuery(bad)
		must(t, err)
		values.Set("_csrf", admin.token(paths.Members(shop)))
		if p := admin.post(paths.Invitations(shop), values); p.status != http.StatusUnprocessableEntity && p.status != http.StatusBadRequest {
			t.Errorf("%s: status %d", bad, p.status)
		}
	}
}

func TestMembersChangeRoles(t *testing.T) {
	k := newWorld(t)
	admin := k.admin(shop)
	developer := k.signIn("dev", map[string]models.Role{shop: models.RoleDeveloper})
	list := admin.get(paths.Members(shop)).want(200).wantCount(`[data-testid="member-row"]`, 2)
	dev := list.userID(shop, "dev")

	t.Run("a developer sees the members and changes nobody", func(t *testing.T) {
		p := developer.get(paths.Members(shop)).want(200).wantText("main", text("error.role_needed", "role", models.RoleAdmin))
		p.wantCount(`[data-testid="invitation-row"]`, 0)
		developer.forge(paths.ChangeMember(shop, dev), "role", "admin", "was", "developer").want(403)
		developer.forge(paths.ChangeMember(shop, dev)).want(403)
	})
	form := admin.get(paths.ChangeMember(shop, dev)).want(200)
	t.Run("two administrators at once: the second is told", func(t *testing.T) {
		admin.submit(form, paths.ChangeMember(shop, dev), "role", "viewer").wantRedirect(paths.Members(shop)).follow().wantFlash(text("flash.member_changed"))
		p := admin.submit(form, paths.ChangeMember(shop, dev), "role", "admin").want(422).wantError(text("error.member_changed", "role", models.RoleViewer))
		admin.submit(p, paths.ChangeMember(shop, dev)).wantRedirect(paths.Members(shop))
	})
	t.Run("the last administrator stays", func(t *testing.T) {
		must(t, k.kit.Services.Members.Change(t.Context(), testkit.Actor, shop, dev, models.RoleAdmin, models.RoleDeveloper))
		me := admin.get(paths.Members(shop)).Find(`[data-testid="member-row"]`).First()
		if !strings.Contains(me.Text(), text("error.last_admin")) || me.Find("a").Length() != 0 {
			t.Errorf("the row is %s", me.Text())
		}
	})
	t.Run("a member leaves and has no way back", func(t *testing.T) {
		p := developer.get(paths.RemoveMember(shop, dev)).want(200).wantText("h1", text("member_remove.title_self"))
		developer.submit(p, paths.RemoveMember(shop, dev)).wantRedirect("/apps").follow().wantFlash(text("flash.member_removed"))
		developer.get(paths.Members(shop)).want(404)
		admin.get(paths.ChangeMember(shop, dev)).want(404)
	})
}
