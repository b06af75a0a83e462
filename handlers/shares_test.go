package handlers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/internal/store"
	"envshare/internal/testkit"
	"envshare/models"
)

func shareInput(to, env string, permissions ...models.Permission) service.ShareInput {
	return service.ShareInput{GranteeAppID: to, Grants: []models.Grant{{EnvironmentID: env, Permissions: models.NewPermissionSet(permissions...)}}}
}

// S1: the tab appears once sharing was turned on at 设置 → 拓展能力 → 环境共享 → 开通.
func TestS1Enable(t *testing.T) {
	k := newConsole(t)
	k.kit.Apply(t, manifest, nil)
	lent := k.only(depot).ID
	lender := k.admin(depot)
	b := k.admin(shop)
	t.Run("who borrows sees that, and still cannot share out", func(t *testing.T) {
		b.get(paths.SharesWithMe(shop)).want(200).wantCount(`[data-testid="incoming-row"]`, 1).wantText("main", text("error.sharing_off")).
			wantCount(`a[data-testid="enable-sharing"][href="`+paths.Extensions(shop)+`"]`, 1)
		guest := k.signIn("guest", map[string]models.Role{shop: models.RoleDeveloper})
		guest.get(paths.Shares(shop)).want(200).wantCount(`[data-testid="enable-sharing"]`, 0).wantText("main", text("error.role_needed", "role", models.RoleAdmin))
		guest.get(paths.NewShare(shop)).want(403).wantCount(`[data-testid="error-page"] a[href="`+paths.App(shop)+`"]`, 1)
		lender.submit(lender.get(paths.DeleteShare(depot, lent)), paths.DeleteShare(depot, lent)).wantRedirect(paths.Shares(depot))
	})
	if tabs := b.get(paths.App(shop)).want(200).tabs(); slices.Contains(tabs, text("nav.sharing")) {
		t.Errorf("tabs %q before", tabs)
	}
	b.get(paths.NewShare(shop)).want(200).wantFlash(text("flash.sharing_off")).wantCount(`form[action="`+paths.EnableSharing(shop)+`"]`, 1)
	b.forge(paths.Shares(shop), "to", diner, "env", shopTest, "perm."+shopTest, "functions.view").want(409)

	b.submit(b.get(paths.Extensions(shop)), paths.EnableSharing(shop)).
		wantRedirect(paths.Shares(shop)).follow().want(200).wantFlash(text("flash.sharing_enabled"))
	if p := b.get(paths.App(shop)); !cmp.Equal(p.tabs(), []string{text("nav.overview"), text("nav.users"), text("nav.database"), text("nav.storage"), text("nav.functions"), text("nav.statistics"), text("nav.sharing"), text("nav.settings")}) {
		t.Errorf("tabs %q after", p.tabs())
	}
}

func TestShareJourney(t *testing.T) {
	k := newWorld(t)
	owner, grantee := k.admin(shop), k.admin(diner)
	until := time.Now().In(zone).Add(72 * time.Hour).Truncate(time.Minute)

	form := owner.get(paths.NewShareTo(shop, diner)).want(200)
	form.wantText(`[data-testid="grantee"]`, "食堂", diner, text("app_kind.official_account"), text("app.not_activated"), "示例科技")
	form.wantCount(`[data-testid="share-environment"]`, 2).wantCount(`input[value="`+depotMain+`"]`, 0)
	form.wantCount(`input[name="perm.`+shopTest+`"][checked]`, len(models.Permissions()))
	form.wantText("main", "Test/East (UTC+08:00)")

	owner.submit(form, paths.Shares(shop), "env", shopTest, "perm."+shopTest, "functions.view", "perm."+shopTest, "functions.invoke",
		"until", until.Format("2006-01-02T15:04"), "note", "双十一").
		wantRedirect(paths.Shares(shop)).follow().want(200).wantFlash(text("flash.share_created", "name", "食堂"))
	list := owner.get(paths.Shares(shop)).wantCount(`[data-testid="share-row"]`, 1)
	list.wantText(`[data-testid="share-row"]`, "食堂", diner, text("app_kind.official_account"), shopTest,
		text("permission.functions.view"), text("permission.functions.invoke"), text("share_status.ends_in", "days", 3),
		until.Format("2006-01-02 15:04"), "双十一", text("shares.never"))
	share := k.only(shop)
	if share.Until == nil || !share.Until.Equal(until) {
		t.Errorf("until %v, want %v", share.Until, until)
	}

	t.Run("the other side sees it", func(t *testing.T) {
		grantee.get(paths.SharesWithMe(diner)).want(200).wantCount(`[data-testid="incoming-row"]`, 1).
			wantText(`[data-testid="incoming-row"]`, "商城", shop, shopTest, text("permission.functions.view"),
				text("share_status.ends_in", "days", 3), share.CreatedAt.In(zone).Format("2006-01-02"), until.Format("2006-01-02 15:04"), "双十一")
		grantee.get(paths.Environments(diner)).want(200).
			wantText(`[data-testid="borrowed-environment"]`, "商城测试", shopTest, "商城", text("permission.functions.invoke"))
	})
	t.Run("edit", func(t *testing.T) {
		address := paths.EditShare(shop, share.ID)
		page := owner.get(paths.Share(shop, share.ID)).want(200)
		form := owner.get(page.Find(`a[href="`+address+`"]`).AttrOr("href", "")).want(200)
		form.wantCount(`input[name="perm.`+shopTest+`"][checked]`, 2)
		owner.submit(form, address, "env", shopTest, "env", shopProd, "perm."+shopProd, "database.read", "until", "").
			wantRedirect(paths.Shares(shop)).follow().wantFlash(text("flash.share_changed", "name", "食堂"))
		want := []string{shopProd + " database.read", shopTest + " functions.view functions.invoke"}
		if diff := cmp.Diff(want, grants(k.only(shop))); diff != "" {
			t.Error(diff)
		}
		if k.only(shop).Until != nil {
			t.Error("the end is still there")
		}
	})
	t.Run("pause and resume", func(t *testing.T) {
		ask := owner.get(paths.Shares(shop)).Find(`a[href="`+paths.PauseShare(shop, share.ID)+`"]`).AttrOr("href", "")
		page := owner.get(ask).want(200).wantText(`[data-testid="impact"]`, text("shares.calls_7_days"), "0", text("shares.never")).wantText("main", shopTest)
		page = owner.submit(page, paths.PauseShare(shop, share.ID)).wantRedirect(paths.Shares(shop)).follow()
		page.wantFlash(text("flash.share_paused")).wantText(`[data-testid="share-row"]`, text("share_status.paused"))
		grantee.get(paths.Environment(diner, shopTest)).want(403).wantText(`[data-testid="error-message"]`, text("error.share_paused", "environment", shopTest))
		grantee.get(paths.App(diner)).want(200).wantText("main", text("no_environment.title"))
		page = owner.submit(page, paths.ResumeShare(shop, share.ID)).wantRedirect(paths.Shares(shop)).follow()
		page.wantFlash(text("flash.share_resumed")).wantText(`[data-testid="share-row"]`, text("share_status.active"))
		grantee.get(paths.Environment(diner, shopTest)).want(200)
	})
	t.Run("remove, after seeing who used it", func(t *testing.T) {
		p := owner.get(paths.DeleteShare(shop, share.ID)).want(200)
		p.wantText(`[data-testid="impact"]`, text("shares.calls_7_days"), "0", text("shares.never")).wantText("main", shopProd, shopTest)
		owner.submit(p, paths.DeleteShare(shop, share.ID)).wantRedirect(paths.Shares(shop)).follow().
			wantFlash(text("flash.share_removed")).wantCount(`[data-testid="share-row"]`, 0)
	})
	t.Run("S14: both sides can read what happened", func(t *testing.T) {
		want := []string{"sharing.enabled admin-a1", "share.created admin-a1", "share.changed admin-a1", "share.paused admin-a1", "share.resumed admin-a1", "sharing.disabled admin-a1", "share.removed admin-a1"}
		if diff := cmp.Diff(want, shareEvents(k.audit(diner))); diff != "" {
			t.Error(diff)
		}
		for _, e := range k.audit(shop) {
			if strings.HasPrefix(string(e.Action), "share.") && (e.Via != "console" || e.IP != "127.0.0.1" || e.RequestID == "") && e.ActorName == "admin-a1" {
				t.Errorf("event %+v", e)
			}
		}
	})
}

// only returns the one outgoing share of an app.
func (k *console) only(app string) models.Share {
	k.t.Helper()
	list, err := k.kit.Services.Sharing.Outgoing(k.t.Context(), testkit.Actor, app, models.PageRequest{})
	must(k.t, err)
	if len(list.Shares) != 1 {
		k.t.Fatalf("%d shares", len(list.Shares))
	}
	return list.Shares[0].Share
}

func grants(s models.Share) []string {
	var out []string
	for _, g := range s.Grants {
		out = append(out, g.EnvironmentID+" "+strings.Join(g.Permissions.Keys(), " "))
	}
	slices.Sort(out)
	return out
}

// shareEvents are the events about shares, as action and actor.
func shareEvents(events []models.AuditEvent) []string {
	var out []string
	for _, e := range events {
		if strings.HasPrefix(string(e.Action), "shar") {
			out = append(out, string(e.Action)+" "+e.ActorName)
		}
	}
	return out
}

// S2: each refusal says which condition failed.
func TestS2Refusals(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	for name, tc := range map[string]struct{ to, key string }{
		"not an AppID":      {"商城", "error.appid"},
		"nobody's AppID":    {"wx00000000000000ff", "error.grantee_unknown"},
		"itself":            {shop, "error.grantee_self"},
		"another principal": {rival, "error.grantee_principal"},
	} {
		t.Run(name, func(t *testing.T) {
			p := b.get(paths.NewShareTo(shop, tc.to)).want(200).wantText("#share-lookup", text(tc.key)).wantCount(`[data-testid="grantee"]`, 0)
			if strings.Contains(p.body, "别家") {
				t.Error("tells about another principal's app")
			}
			b.forge(paths.Shares(shop), "to", tc.to, "env", shopTest, "perm."+shopTest, "functions.view").want(422).
				wantText("#share-lookup", text(tc.key))
		})
	}
	t.Run("S7: an end in the past, and one that is no time", func(t *testing.T) {
		form := b.get(paths.NewShareTo(shop, diner))
		b.submit(form, paths.Shares(shop), "env", shopTest, "until", "2020-01-01T00:00", "note", "留着").want(422).
			wantError(text("error.share_until_past")).wantCount(`input[name="note"][value="留着"]`, 1).wantCount(`input[name="env"][checked]`, 1)
		b.submit(form, paths.Shares(shop), "env", shopTest, "until", "soon").want(422).wantError(text("error.date_time"))
	})
	t.Run("S5: nothing ticked, and an unknown permission", func(t *testing.T) {
		form := b.get(paths.NewShareTo(shop, diner))
		b.submit(form, paths.Shares(shop)).want(422).wantError(text("error.share_no_environment"))
		b.submit(form, paths.Shares(shop), "env", shopTest, "-perm."+shopTest, "").want(422).wantError(text("error.share_no_permission"))
		b.submit(form, paths.Shares(shop), "env", shopTest, "perm."+shopTest, "everything").want(422).
			wantError(text("error.permission_unknown", "permission", "everything"))
	})
	list, err := k.kit.Services.Sharing.Outgoing(t.Context(), testkit.Actor, shop, models.PageRequest{})
	must(t, err)
	if list.TotalOutgoing != 0 {
		t.Errorf("%d shares were made", list.TotalOutgoing)
	}
}

// S3: only own environments can be granted, whatever the form says.
func TestS3ForgedEnvironment(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	form := b.get(paths.NewShareTo(shop, diner))
	for _, env := range []string{depotMain, rivalMain, "nowhere-123456", "'; DROP TABLE shares;--"} {
		b.submit(form, paths.Shares(shop), "env", shopTest, "env", env, "perm."+env, "functions.view").want(422).
			wantError(text("error.environment_not_own", "environment", env))
	}
	share := k.share(shop, diner, shopTest, models.FunctionsView)
	edit := b.get(paths.EditShare(shop, share.ID))
	b.submit(edit, paths.EditShare(shop, share.ID), "env", depotMain, "perm."+depotMain, "functions.view").want(422).
		wantError(text("error.environment_not_own", "environment", depotMain))
	if diff := cmp.Diff([]string{shopTest + " functions.view"}, grants(k.only(shop))); diff != "" {
		t.Error(diff)
	}
}

// S6: sharing again to the same app edits the share that is there.
func TestS6OneSharePerPair(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	before := b.get(paths.NewShareTo(shop, diner))
	share := k.share(shop, diner, shopTest, models.FunctionsView)

	t.Run("the form says so and holds what is there", func(t *testing.T) {
		form := b.get(paths.NewShareTo(shop, diner)).wantText("#share-lookup", text("share_form.existing"))
		form.wantCount(`a[href="`+paths.EditShare(shop, share.ID)+`"]`, 1).wantCount(`input[name="perm.`+shopTest+`"][checked]`, 1)
		b.submit(form, paths.Shares(shop), "perm."+shopTest, "functions.view", "perm."+shopTest, "functions.invoke").wantRedirect(paths.Shares(shop))
		if diff := cmp.Diff([]string{shopTest + " functions.view functions.invoke"}, grants(k.only(shop))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a form that did not know of it overwrites nothing", func(t *testing.T) {
		b.submit(before, paths.Shares(shop), "env", shopProd).wantRedirect(paths.EditShare(shop, share.ID)).follow().
			want(200).wantFlash(text("flash.share_exists", "name", "食堂"))
		if diff := cmp.Diff([]string{shopTest + " functions.view functions.invoke"}, grants(k.only(shop))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("two people at once: the second is told and keeps the input", func(t *testing.T) {
		address := paths.EditShare(shop, share.ID)
		mine, theirs := b.get(address), b.get(address)
		b.submit(theirs, address, "note", "先").wantRedirect(paths.Shares(shop))
		p := b.submit(mine, address, "note", "后", "env", shopProd, "perm."+shopProd, "storage.read").want(409)
		p.wantText(`[data-testid="conflict"]`, "admin-a1").wantCount(`input[name="note"][value="后"]`, 1)
		p.wantCount(`input[name="env"][value="`+shopProd+`"][checked]`, 1).wantCount(`input[name="perm.`+shopProd+`"][checked]`, 1)
		if got := k.only(shop).Note; got != "先" {
			t.Errorf("note %q", got)
		}
		b.submit(b.get(address), address, "note", "后").wantRedirect(paths.Shares(shop))
	})
	t.Run("an edit without the version that it was opened on is refused", func(t *testing.T) {
		b.forge(paths.EditShare(shop, share.ID), "env", shopTest, "perm."+shopTest, "functions.view").want(400)
	})
}

// S12: the grantee may leave a share.
func TestS12Leave(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	list := b.get(paths.SharesWithMe(shop)).wantCount(`[data-testid="incoming-row"]`, 1)
	leave := list.Find(`[data-testid="incoming-row"] a:contains("`+text("shares.leave")+`")`).AttrOr("href", "")
	p := b.get(leave).want(200).wantText("main", "仓库", depotMain)
	b.submit(p, leave).wantRedirect(paths.SharesWithMe(shop)).follow().want(200).
		wantFlash(text("flash.share_left")).wantCount(`[data-testid="incoming-row"]`, 0)
	events := shareEvents(k.audit(depot))
	if diff := cmp.Diff([]string{"share.created test", "share.left admin-a1"}, events[len(events)-2:]); diff != "" {
		t.Error(diff)
	}
}

// Both sides read a share; only the owner's administrators change it.
func TestWhoMayManageAShare(t *testing.T) {
	k := newWorld(t)
	share := k.share(shop, diner, shopTest, models.FunctionsView).ID
	viewer := k.signIn("viewer", map[string]models.Role{shop: models.RoleViewer})
	developer := k.signIn("developer", map[string]models.Role{shop: models.RoleDeveloper})
	grantee := k.admin(diner)
	actions := func(b *browser, app string) []string {
		var out []string
		b.get(paths.Share(app, share)).want(200).Find(`[data-testid="share-actions"] a`).Each(func(_ int, s *goquery.Selection) {
			out = append(out, s.AttrOr("href", ""))
		})
		return out
	}

	if d := cmp.Diff([]string{paths.PauseShare(shop, share), paths.DeleteShare(shop, share), paths.EditShare(shop, share)}, actions(k.admin(shop), shop)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{paths.LeaveShare(diner, share)}, actions(grantee, diner)); d != "" {
		t.Error(d)
	}
	for _, b := range []*browser{viewer, developer} {
		b.get(paths.Share(shop, share)).want(200).wantText(`[data-testid="why-not"]`, text("error.role_needed", "role", models.RoleAdmin)).
			wantCount(`[data-testid="share-actions"] a, [data-testid="share-actions"] form`, 0)
		b.get(paths.EditShare(shop, share)).want(403)
		b.get(paths.PauseShare(shop, share)).want(403)
		b.get(paths.DeleteShare(shop, share)).want(403)
		b.get(paths.NewShareTo(shop, diner)).want(403)
		b.get(paths.Shares(shop)).want(200).wantCount(`a[href="`+paths.NewShare(shop)+`"]`, 0).wantCount(`a[href="`+paths.EditShare(shop, share)+`"]`, 0)
	}
	grantee.get(paths.EditShare(diner, share)).want(404)
	grantee.get(paths.PauseShare(diner, share)).want(404)
	grantee.get(paths.DeleteShare(diner, share)).want(404)
	grantee.forge(paths.PauseShare(diner, share)).want(404)
	grantee.forge(paths.DeleteShare(diner, share)).want(404)
	k.signIn("guest", map[string]models.Role{diner: models.RoleViewer}).get(paths.LeaveShare(diner, share)).want(403)
	k.admin(depot).get(paths.Share(depot, share)).want(404)
}

// S13: turning sharing off ends all outgoing shares, after confirming it.
func TestS13Disable(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	k.share(shop, diner, shopTest, models.FunctionsView)
	address := paths.DisableSharing(shop)
	p := b.get(address).want(200).wantText(`[data-testid="ending-shares"]`, "食堂", diner, shopTest, text("share_status.active"), text("sharing_disable.calls", "calls", 0))
	b.submit(p, address).want(422).wantError(text("error.sharing_off_unconfirmed", "count", 1))
	k.only(shop)
	b.submit(p, address, "confirm", "yes").wantRedirect(paths.Extensions(shop)).follow().want(200).
		wantFlash(text("flash.sharing_disabled")).wantText("main", text("extensions.off"))
	b.get(paths.Shares(shop)).want(200).wantCount(`[data-testid="share-row"]`, 0).wantText("main", text("error.sharing_off"))
}

// Long lists are shown in pages, of both directions.
func TestSharesInPages(t *testing.T) {
	k := newWorld(t)
	var more strings.Builder
	more.WriteString("apps:\n")
	for i := range 22 {
		fmt.Fprintf(&more, "  - {appid: wx%016x, name: 应用 %d, type: miniprogram, principal: acme}\n", 0xf00+i, i)
	}
	k.kit.Apply(t, more.String(), nil)
	for i := range 22 {
		k.share(shop, fmt.Sprintf("wx%016x", 0xf00+i), shopTest, models.FunctionsView)
	}
	b := k.admin(shop)
	first := b.get(paths.Shares(shop)).want(200).wantCount(`[data-testid="share-row"]`, models.DefaultPageSize).wantText("main", text("list.total", "total", 22))
	second := b.get(first.Find(`a[rel="next"]`).AttrOr("href", "")).want(200).wantCount(`[data-testid="share-row"]`, 2).wantCount(`a[rel="next"]`, 0)
	b.get(second.Find(`a[rel="prev"]`).AttrOr("href", "")).want(200).wantCount(`[data-testid="share-row"]`, models.DefaultPageSize)
	b.get(paths.Page(paths.SharesWithMe(shop), 1)).want(200).wantCount(`[data-testid="incoming-row"]`, 1).wantText("nav", "22")
	today := time.Now().UTC().Format(time.DateOnly)
	must(t, k.kit.Store.Usage.Add(t.Context(), []store.UsageDay{
		{EnvironmentID: shopTest, CallerAppID: "wx0000000000000f00", Day: today, Calls: 1200, Denied: 3},
		{EnvironmentID: shopTest, CallerAppID: "wx0000000000000f15", Day: today, Calls: 34, Denied: 4},
		{EnvironmentID: depotMain, CallerAppID: shop, Day: today, Calls: 56, Denied: 8},
		{EnvironmentID: depotMain, CallerAppID: diner, Day: today, Calls: 1000, Denied: 1000},
	}))
	for address, want := range map[string][]string{
		paths.Shares(shop): {"1,234", "7"}, paths.Page(paths.Shares(shop), 2): {"1,234", "7"}, paths.SharesWithMe(shop): {"56", "8"},
	} {
		p := b.get(address)
		got := []string{p.stat("shares.calls_7_days_all"), p.stat("shares.denied_7_days_all")}
		if !cmp.Equal(got, want) {
			t.Errorf("%s counts %q, want %q", address, got, want)
		}
	}
	b.get(paths.Shares(shop)+"?page=-7").want(200).wantCount(`[data-testid="share-row"]`, models.DefaultPageSize)
	b.get(paths.Shares(shop) + "?page=last").want(400)
}
