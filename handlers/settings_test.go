package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"envshare/internal/paths"
	"envshare/internal/testkit"
	"envshare/models"
)

func TestEnvironmentsAreRenamed(t *testing.T) {
	k := newWorld(t)
	admin := k.admin(shop)
	form := admin.get(paths.RenameEnvironment(shop, shopTest)).want(200)
	admin.submit(form, paths.RenameEnvironment(shop, shopTest), "name", " ").want(422).wantError(text("error.required"))
	admin.submit(form, paths.RenameEnvironment(shop, shopTest), "name", "预发").wantRedirect(paths.Settings(shop, shopTest)).
		follow().wantFlash(text("flash.environment_renamed", "name", "预发"))
	for _, path := range []string{paths.Environment(shop, shopTest), paths.Environments(shop), paths.Shares(shop)} {
		admin.get(path).wantText(`[data-testid="environment-switcher"]`, "预发")
	}
	p := admin.submit(form, paths.RenameEnvironment(shop, shopTest), "name", "压测").want(422).
		wantError(text("error.environment_renamed", "name", "预发"))
	if got := p.Find(`input[name="name"]`).AttrOr("value", ""); got != "压测" {
		t.Errorf("what was typed is lost: %q", got)
	}
	admin.submit(p, paths.RenameEnvironment(shop, shopTest)).wantRedirect(paths.Settings(shop, shopTest))
}

// S10: what belongs to the owner's administrators alone says so to others.
func TestS10_SettingsOfOthers(t *testing.T) {
	k := newWorld(t)
	k.share(shop, diner, shopTest, models.Permissions()...)
	borrower := k.admin(diner)
	viewer := k.signIn("viewer", map[string]models.Role{shop: models.RoleViewer})
	for b, why := range map[*browser]string{borrower: text("error.owner_only"), viewer: text("error.role_needed", "role", models.RoleAdmin)} {
		app := map[*browser]string{borrower: diner, viewer: shop}[b]
		side := b.get(paths.Settings(app, shopTest)).want(200).Find(`nav[aria-label="` + text("nav.settings") + `"]`)
		for _, section := range []string{"settings.access", "settings.danger"} {
			off := side.Find(`button[aria-disabled="true"]:contains("` + text(section) + `")`)
			if got := side.Find("#" + off.AttrOr("popovertarget", "none")).Text(); got != why {
				t.Errorf("%s in %s: %q", section, app, got)
			}
		}
		b.get(paths.DangerZone(app, shopTest)).want(200).wantText(`[data-testid="why-not"]`, why)
		b.get(paths.DeleteEnvironment(app, shopTest)).want(403).wantText("main", why)
		b.get(paths.RenameEnvironment(app, shopTest)).want(403).wantText("main", why)
		b.forge(paths.DeleteEnvironment(app, shopTest), "confirm", shopTest).want(403)
		b.forge(paths.RenameEnvironment(app, shopTest), "name", "x").want(403)
		b.get(paths.Environment(app, shopTest)).want(200)
	}
}

func TestEnvironmentsAreDeletedAndRestored(t *testing.T) {
	k := newWorld(t)
	admin := k.admin(shop)
	k.share(shop, diner, shopTest, models.Permissions()...)
	borrower := k.admin(diner)
	open := borrower.get(paths.NewFunction(diner, shopTest)).want(200)

	ask := admin.get(paths.DeleteEnvironment(shop, shopTest)).want(200).wantText(`[data-testid="ending-shares"]`, "食堂", text("environment_delete.share_ends"))
	ask.wantText(`[data-testid="environment-contents"]`, text("environment_delete.documents", "collections", "0", "documents", "0"))
	admin.submit(ask, paths.DeleteEnvironment(shop, shopTest)).want(422).wantError(text("error.environment_typed", "environment", shopTest))
	admin.submit(ask, paths.DeleteEnvironment(shop, shopTest), "confirm", "SHOP-TEST").want(422)
	admin.submit(ask, paths.DeleteEnvironment(shop, shopTest), "confirm", shopTest).wantRedirect(paths.Environments(shop)).follow().
		wantFlash(text("flash.environment_deleted", "environment", shopTest)).
		wantText(`[data-testid="deleted-environment"]`, "商城测试", "admin-a1").wantCount(`[data-testid="own-environment"]`, 1)

	t.Run("who has a page of it open is told, and keeps the switchers", func(t *testing.T) {
		p := admin.get(paths.Functions(shop, shopTest)).want(404).wantText(`[data-testid="error-message"]`, text("error.environment_gone", "environment", shopTest))
		p.wantText(`[data-testid="environment-switcher"]`, "商城生产")
		borrower.submit(open, paths.Functions(diner, shopTest), "name", "late").want(403).wantText(`[data-testid="no-entry"]`, text("no_entry.why"))
		borrower.get(paths.RestoreEnvironment(diner, shopTest)).want(403).wantText(`[data-testid="no-entry"]`)
	})
	back := admin.get(paths.RestoreEnvironment(shop, shopTest)).want(200).wantText("main", text("environment_restore.shares"))
	admin.submit(back, paths.RestoreEnvironment(shop, shopTest)).wantRedirect(paths.Environment(shop, shopTest)).follow().
		wantFlash(text("flash.environment_restored", "environment", shopTest))
	admin.submit(back, paths.RestoreEnvironment(shop, shopTest)).want(404)
	borrower.get(paths.App(diner)).want(403) // the share stays ended
}

// S11: without its last environment an app has no entry; its page offers the way
// back, to its administrators alone.
func TestS11_TheLastEnvironmentGoesAndComesBack(t *testing.T) {
	k := newWorld(t)
	must(t, k.kit.Services.Sharing.Leave(t.Context(), testkit.Actor, shop, k.only(depot).ID))
	admin := k.admin(shop)
	viewer := k.signIn("viewer", map[string]models.Role{shop: models.RoleViewer})
	must(t, k.kit.Services.Environments.Delete(t.Context(), testkit.Actor, shop, shopProd, shopProd))
	ask := admin.get(paths.DeleteEnvironment(shop, shopTest)).want(200).wantText("main", text("environment_delete.last"))
	admin.submit(ask, paths.DeleteEnvironment(shop, shopTest), "confirm", shopTest).wantRedirect("/apps")

	admin.get(paths.App(shop)).want(403).wantText(`[data-testid="no-entry"]`, text("no_entry.why"), "商城测试", "商城生产")
	viewer.get(paths.App(shop)).want(403).wantCount(`[data-testid="deleted-environment"]`, 0)
	viewer.get(paths.RestoreEnvironment(shop, shopTest)).want(403)
	back := admin.get(paths.RestoreEnvironment(shop, shopTest)).want(200)
	admin.submit(back, paths.RestoreEnvironment(shop, shopTest)).wantRedirect(paths.Environment(shop, shopTest)).follow().want(200).
		wantText(`[data-testid="environment-switcher"]`, "商城测试")
}

// An error page in an app keeps the app's switchers and tabs; a stranger sees
// nothing of it. htmx is told to show it whole.
func TestErrorPagesKeepTheSwitchers(t *testing.T) {
	k := newWorld(t)
	admin := k.admin(shop)
	admin.get(paths.Environment(shop, shopProd)).want(200)
	admin.get(paths.Share(shop, "nothing")).want(404).wantText(`[data-testid="environment-switcher"]`, "商城生产")
	for _, path := range []string{paths.Function(shop, shopTest, "nothing"), paths.Share(shop, "nothing"), paths.Environment(shop, "nowhere-1")} {
		p := admin.get(path).want(404).wantText(`[data-testid="app-switcher"]`, "商城")
		if p.Find(`[data-testid="environment-switcher"]`).Length() != 1 || len(p.tabs()) == 0 {
			t.Errorf("%s has no switcher", path)
		}
	}
	for _, path := range []string{paths.Environment(rival, rivalMain), paths.App("wx00000000000000ff")} {
		admin.get(path).want(404).wantCount(`[data-testid="app-switcher"]`, 0)
	}
	p := admin.do(http.MethodGet, paths.Function(shop, shopTest, "nothing"), "", nil, "HX-Request", "true")
	if p.header.Get("HX-Retarget") != "body" || !strings.Contains(p.body, "app-switcher") {
		t.Errorf("to htmx: %v", p.header)
	}
}

// S11: the last share ends while a page is open, and the next click is htmx's.
func TestS11_TheNextClickIsHtmx(t *testing.T) {
	k := newWorld(t)
	share := k.share(shop, diner, shopTest, models.Permissions()...)
	b := k.admin(diner)
	b.get(paths.Functions(diner, shopTest)).want(200)
	must(t, k.kit.Services.Sharing.Remove(t.Context(), testkit.Actor, shop, share.ID))
	for _, path := range []string{paths.NewFunction(diner, shopTest), paths.Shares(diner), paths.LeaveShare(diner, share.ID), paths.Members(diner), paths.DangerZone(diner, shopTest)} {
		p := b.do(http.MethodGet, path, "", nil, "HX-Request", "true").want(403).wantText(`[data-testid="no-entry"]`, text("no_entry.why"))
		if p.header.Get("HX-Retarget") != "body" {
			t.Errorf("%s: %v", path, p.header)
		}
	}
}

// An app whose shares all rest has a console without environment: the switcher
// still stands there.
func TestSwitcherWithoutEnvironment(t *testing.T) {
	k := newWorld(t)
	share := k.share(shop, diner, shopTest, models.Permissions()...)
	must(t, k.kit.Services.Sharing.Pause(t.Context(), testkit.Actor, shop, share.ID))
	p := k.admin(diner).get(paths.App(diner)).want(200).wantText(`[data-testid="environment-switcher"]`, text("layout.no_environment"))
	if href := p.Find(`header a:contains("`+text("layout.manage_environments")+`")`).AttrOr("href", ""); href != paths.Environments(diner) {
		t.Errorf("it leads to %q", href)
	}
}
