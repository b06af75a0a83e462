package handlers_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"envshare/internal/paths"
	"envshare/models"
)

// S11: the way of an app that never activated cloud development.
func TestS11UnactivatedGrantee(t *testing.T) {
	k := newWorld(t)
	owner, grantee := k.admin(shop), k.admin(diner)
	viewer := k.signIn("guest", map[string]models.Role{diner: models.RoleViewer})

	t.Run("without a share there is no entry, and a direct link explains it", func(t *testing.T) {
		for _, path := range []string{paths.App(diner), paths.Shares(diner), paths.Extensions(diner), paths.Environments(diner), paths.Environment(diner, shopTest), paths.Environment(diner, "nowhere-1")} {
			grantee.get(path).want(403).wantText(`[data-testid="no-entry"]`, text("no_entry.why"), diner, text("no_entry.activate_button"))
			viewer.get(path).want(403).wantText(`[data-testid="no-entry"]`, text("no_entry.ask_admin"))
		}
		viewer.get(paths.NewEnvironment(diner)).want(403)
	})
	share := k.share(shop, diner, shopTest, models.FunctionsView)
	t.Run("the first share opens the console on that environment, with sharing on", func(t *testing.T) {
		p := viewer.get("/").want(200)
		if p.path != paths.Environment(diner, shopTest) {
			t.Errorf("opened %s", p.path)
		}
		want := []string{text("nav.overview"), "[" + text("nav.users") + "]", "[" + text("nav.database") + "]", "[" + text("nav.storage") + "]", text("nav.functions"), "[" + text("nav.statistics") + "]", text("nav.sharing"), text("nav.settings")}
		if diff := cmp.Diff(want, p.tabs()); diff != "" {
			t.Error(diff)
		}
		p.wantText(`[data-testid="borrowed-strip"]`, "商城", text("permission.functions.view"))
		p.wantText(`[data-testid="environment-switcher"]`, "商城测试", text("environment.borrowed_from", "owner", "商城"))
	})
	t.Run("a later share does not move where it opens", func(t *testing.T) {
		k.share(depot, diner, depotMain, models.FunctionsView)
		viewer.do("GET", paths.App(diner), "", nil).wantRedirect(paths.Environment(diner, shopTest))
		viewer.get(paths.Environment(diner, depotMain)).want(200)
		viewer.get(paths.Shares(diner)).wantText(`[data-testid="environment-switcher"]`, "仓库主环境")
	})
	t.Run("sharing follows the shares and cannot be turned off alone", func(t *testing.T) {
		grantee.get(paths.Extensions(diner)).want(200).wantText("main", text("error.sharing_follows_shares"))
		grantee.get(paths.DisableSharing(diner)).want(409)
		grantee.forge(paths.DisableSharing(diner), "confirm", "yes").want(409)
		grantee.forge(paths.DisableSharing(diner)).want(409)
	})
	t.Run("the end of one share closes its environment only", func(t *testing.T) {
		owner.submit(owner.get(paths.DeleteShare(shop, share.ID)), paths.DeleteShare(shop, share.ID)).wantRedirect(paths.Shares(shop))
		grantee.get(paths.Functions(diner, shopTest)).want(404)
		grantee.do("GET", paths.App(diner), "", nil).wantRedirect(paths.Environment(diner, depotMain))
	})
}

// S11: whoever has a page open when the last share ends is told at the next click.
func TestS11LastShareEndsWhileAPageIsOpen(t *testing.T) {
	k := newWorld(t)
	grantee := k.admin(diner)
	share := k.share(shop, diner, shopTest, models.Permissions()...)
	open := grantee.get(paths.NewFunction(diner, shopTest)).want(200)
	leave := grantee.get(paths.LeaveShare(diner, share.ID)).want(200).wantText("main", text("share_leave.closes_entry"))

	grantee.submit(leave, paths.LeaveShare(diner, share.ID)).wantRedirect("/apps").follow().want(200).wantFlash(text("flash.share_left"))
	grantee.submit(open, paths.Functions(diner, shopTest), "name", "late").want(403).wantText(`[data-testid="no-entry"]`, text("no_entry.why"))
	grantee.get(paths.SharesWithMe(diner)).want(403).wantText(`[data-testid="no-entry"]`, diner)
	grantee.get("/").wantText("main", text("app.not_activated"))
}

// S11: 设置 → 切换环境 → 创建环境 activates an app, from the list of apps too.
func TestS11Activation(t *testing.T) {
	k := newWorld(t)
	b := k.admin(diner)
	list := b.get("/apps").want(200)
	link := list.Find(`a:contains("`+text("apps.activate")+`")`).AttrOr("href", "")
	form := b.get(link).want(200).wantText("h1", text("environment_new.title_first"))
	b.submit(form, paths.Environments(diner), "name", "", "prefix", "Bad Prefix").want(422).
		wantError(text("error.environment_prefix")).wantCount(`input[name="prefix"][value="Bad Prefix"]`, 1)
	p := b.submit(form, paths.Environments(diner), "name", "食堂环境", "prefix", "diner").follow().want(200)
	id := p.wantText("h1", "食堂环境").Find(`[data-testid="environment-id"]`).First().Contents().First().Text()
	p.wantFlash(text("flash.environment_created", "environment", id)).wantText(`[data-testid="getting-started"]`, text("start.function"), text("start.sharing"), text("start.auth"), text("start.share"))
	t.Run("S8: own environments come first, then borrowed ones with their owner", func(t *testing.T) {
		k.share(shop, diner, shopTest, models.FunctionsView)
		p := b.get(paths.Environments(diner)).want(200).wantCount(`[data-testid="own-environment"]`, 1).wantCount(`[data-testid="borrowed-environment"]`, 1)
		p.wantText(`[data-testid="own-environment"]`, "食堂环境", id, text("environments.created", "date", time.Now().In(zone).Format("2006-01-02")), text("environments.current"))
		p.wantText(`[data-testid="borrowed-environment"]`, "商城测试", shopTest, shop, text("permission.functions.view"))
		p.wantCount(`main a[href="`+paths.NewEnvironment(diner)+`"]`, 1)
	})
}
