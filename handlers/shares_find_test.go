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
	"envshare/internal/store"
	"envshare/models"
)

// names are the AppIDs in the rows of a list.
func (p *page) rows(selector string) []string {
	var out []string
	p.Find(selector).Each(func(_ int, s *goquery.Selection) {
		out = append(out, s.Find("th .font-mono").First().Text())
	})
	return out
}

// states are the states above a list with their numbers.
func (p *page) states() string {
	var out []string
	p.Find(`[data-testid="share-states"] nav a`).Each(func(_ int, s *goquery.Selection) {
		out = append(out, s.Find("span").Text())
	})
	return strings.Join(out, " ")
}

func TestSharesAreFoundByAPlainForm(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	k.share(shop, diner, shopTest, models.FunctionsView)
	soon := time.Now().Add(48 * time.Hour)
	in := shareInput(depot, shopProd, models.DatabaseRead)
	in.Until, in.Note = &soon, "盘点 100%"
	_, err := k.kit.Services.Sharing.Share(t.Context(), models.SystemActor("test"), shop, in)
	must(t, err)

	all := b.get(paths.Shares(shop)).want(200)
	if got := all.states(); got != "2 2 1 0 0" {
		t.Errorf("states %q", got)
	}
	form := all.Find("#shares-filter")
	if form.AttrOr("method", "") != "get" || form.Find(`select[name="env"] option`).Length() != 3 || form.Find(`select[name="perm"] option`).Length() != len(models.Permissions())+1 {
		t.Error("the form lacks a choice")
	}
	for query, want := range map[string]struct {
		rows   []string
		states string
	}{
		"q=%E9%A3%9F":                          {[]string{diner}, "1 1 0 0 0"},
		"q=" + strings.ToUpper(depot[8:]):      {[]string{depot}, "1 1 1 0 0"},
		"q=100%25":                             {[]string{depot}, "1 1 1 0 0"},
		"q=_":                                  {nil, "0 0 0 0 0"},
		"state=ending":                         {[]string{depot}, "2 2 1 0 0"},
		"state=paused":                         {nil, "2 2 1 0 0"},
		"env=" + shopTest:                      {[]string{diner}, "1 1 0 0 0"},
		"perm=database.read":                   {[]string{depot}, "1 1 1 0 0"},
		"perm=database.read&env=" + shopTest:   {nil, "0 0 0 0 0"},
		"sort=ending":                          {[]string{depot, diner}, "2 2 1 0 0"},
		"state=nonsense&sort=x&perm=y&page=77": {[]string{depot, diner}, "2 2 1 0 0"},
		"q=" + strings.Repeat("%01%7f", 40):    {[]string{depot, diner}, "2 2 1 0 0"},
	} {
		p := b.get(paths.Shares(shop) + "?" + query).want(200)
		if d := cmp.Diff(want.rows, p.rows(`[data-testid="share-row"]`)); d != "" {
			t.Errorf("%s: %s", query, d)
		}
		if got := p.states(); got != want.states {
			t.Errorf("%s: states %q, want %q", query, got, want.states)
		}
		if len(want.rows) == 0 {
			p.wantText(`[data-testid="empty"]`, text("shares.none_found"))
		}
	}
	b.get(paths.Shares(shop) + "?q=%ff").want(400)
	p := b.get(paths.SharesQuery(shop, paths.ShareQuery{WithMe: true, Text: "仓"})).want(200)
	if d := cmp.Diff([]string{depot}, p.rows(`[data-testid="incoming-row"]`)); d != "" {
		t.Error(d)
	}
	p.wantCount(`#shares-filter input[name="tab"][value="with-me"]`, 1).wantCount(`#shares-filter input[name="q"][value="仓"]`, 1)
}

// S2 while one types: an AppID that is not whole is no error yet, each refusal
// says what to do.
func TestLookingUpExplains(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	b.get(paths.NewShareTo(shop, "wx12")).want(200).wantText(`[data-testid="lookup-missing"]`, text("share_form.missing", "count", 14)).
		wantCount(`[data-testid="lookup-refused"]`, 0).wantCount("#share-default[disabled]", 1)
	for to, keys := range map[string][2]string{
		"wx12zz": {"error.appid", "share_form.fix_appid"}, "wx00000000000000ff": {"error.grantee_unknown", "share_form.fix_unknown"},
		shop: {"error.grantee_self", "share_form.fix_self"}, rival: {"error.grantee_principal", "share_form.fix_principal"},
	} {
		b.get(paths.NewShareTo(shop, to)).want(200).wantText(`[data-testid="lookup-refused"]`, text(keys[0]), text(keys[1])).wantCount("#share-default[disabled]", 1)
	}
	b.get(paths.NewShareTo(shop, diner)).wantCount(`[data-testid="grantee"] .rounded-full`, 1).wantCount("#share-default[disabled]", 0)
}

// Buttons that adjust the form change nothing that is stored, and keep the input.
func TestShareFormIsAdjustedWithoutJavaScript(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	fresh := b.get(paths.NewShareTo(shop, diner))
	p := b.submit(fresh, paths.Shares(shop), "env", shopTest, "env", shopProd, "perm."+shopTest, "database.read", "note", "记", "adjust", "copy "+shopTest).want(200)
	for _, env := range []string{shopTest, shopProd} {
		p.wantCount(`input[name="perm.`+env+`"][checked]`, 1).wantCount(`input[name="perm.`+env+`"][value="database.read"][checked]`, 1)
	}
	p.wantCount(`input[name="note"][value="记"]`, 1).wantCount(`[data-testid="changes"]`, 0)
	b.submit(fresh, paths.Shares(shop), "env", shopTest, "adjust", "copy "+depotMain).want(200).wantCount(`input[name="env"][checked]`, 1)
	if list, _ := k.kit.Services.Sharing.Outgoing(t.Context(), models.SystemActor("test"), shop, models.PageRequest{}); list.TotalOutgoing != 0 {
		t.Fatal("copying stored a share")
	}

	share := k.share(shop, diner, shopTest, models.FunctionsView, models.DatabaseRead)
	address := paths.EditShare(shop, share.ID)
	form := b.get(address).wantText(`[data-testid="changes"] li:not([hidden])`, text("share_form.no_changes"))
	p = b.submit(form, address, "env", shopTest, "env", shopProd, "perm."+shopTest, "database.write", "perm."+shopProd, "storage.read", "note", "新", "adjust", "preview").want(200)
	p.Find(`[data-testid="changes"] [hidden]`).Remove()
	p.wantText(`[data-testid="changes"]`, "商城测试", text("share_change.added"), text("permission.database.write"), text("share_change.removed"),
		text("permission.functions.view")+text("permission.database.read"), "商城生产", text("share_change.joined"), text("permission.storage.read"),
		text("share_form.note_changes", "before", text("share_show.no_note")))
	if got := k.only(shop); got.Version != 1 {
		t.Error("a preview stored something")
	}
}

// Two administrators: the second sees the newer state beside the input, and may
// save over it.
func TestSecondEditorIsToldAndLosesNothing(t *testing.T) {
	k := newWorld(t)
	first, second := k.admin(shop), k.signIn("other", map[string]models.Role{shop: models.RoleAdmin})
	until := time.Now().Add(72*time.Hour + 17*time.Second).UTC().Truncate(time.Millisecond)
	in := shareInput(diner, shopTest, models.FunctionsView)
	in.Until = &until
	share, err := k.kit.Services.Sharing.Share(t.Context(), models.SystemActor("test"), shop, in)
	must(t, err)
	address := paths.EditShare(shop, share.ID)
	mine := second.get(address)
	first.submit(first.get(address), address, "note", "先", "perm."+shopTest, "database.read").wantRedirect(paths.Shares(shop))
	if got := k.only(shop).Until; got == nil || !got.Equal(until) {
		t.Errorf("an end that nobody touched became %v", got)
	}

	p := second.submit(mine, address, "note", "后", "perm."+shopTest, "storage.read").want(409)
	p.wantText(`[data-testid="conflict"]`, "admin-a1").wantText(`[data-testid="newer"]`, "先", text("permission.database.read")).
		wantText(`[data-testid="mine"]`, "后", text("permission.storage.read")).wantText("#share-footer", text("share_form.submit_over"))
	p.wantCount(`input[name="note"][value="后"]`, 1).wantCount(`input[name="perm.`+shopTest+`"][value="storage.read"][checked]`, 1)
	if got := k.only(shop).Note; got != "先" {
		t.Errorf("note %q", got)
	}
	// A third change meanwhile is a conflict again.
	first.submit(first.get(address), address, "note", "再").wantRedirect(paths.Shares(shop))
	p = second.submit(p, address).want(409).wantText(`[data-testid="newer"]`, "再").wantText(`[data-testid="mine"]`, "后")
	second.submit(p, address).wantRedirect(paths.Shares(shop))
	if got := k.only(shop); got.Note != "后" || !slices.Equal(grants(got), []string{shopTest + " storage.read"}) {
		t.Errorf("stored %+v", got)
	}

	t.Run("a share that ended meanwhile can be made again", func(t *testing.T) {
		mine := second.get(address)
		first.submit(first.get(paths.DeleteShare(shop, share.ID)), paths.DeleteShare(shop, share.ID)).wantRedirect(paths.Shares(shop))
		p := second.submit(mine, address, "note", "还在").want(409).wantText(`[data-testid="conflict"]`, text("share_form.ended"))
		second.submit(p, paths.Shares(shop)).wantRedirect(paths.Shares(shop))
		if got := k.only(shop); got.ID == share.ID || got.Note != "还在" {
			t.Errorf("stored %+v", got)
		}
		b := k.signIn("reader", map[string]models.Role{shop: models.RoleDeveloper})
		b.forge(address, "to", diner, "version", "1", "env", shopTest).want(403)
		k.admin(rival).forge(address, "to", diner, "version", "1", "env", shopTest).want(404)
	})
}

func TestSharePageOfBothSides(t *testing.T) {
	k := newWorld(t)
	owner, grantee := k.admin(shop), k.admin(diner)
	share := k.share(shop, diner, shopTest, models.FunctionsInvoke)
	today := time.Now().UTC().Format(time.DateOnly)
	must(t, k.kit.Store.Usage.Add(t.Context(), []store.UsageDay{{EnvironmentID: shopTest, CallerAppID: diner, Day: today, Calls: 1234, Denied: 7}}))
	owner.submit(owner.get(paths.EditShare(shop, share.ID)), paths.EditShare(shop, share.ID), "perm."+shopTest, "database.read", "note", "改").wantRedirect(paths.Shares(shop))
	for b, app := range map[*browser]string{owner: shop, grantee: diner} {
		p := b.get(paths.Share(app, share.ID)).want(200)
		p.Find("[hidden]").Remove()
		p.wantText("main", "商城", shop, "食堂", diner, text("app_kind.official_account"), "改", text("share_status.active")).
			wantText(`[data-testid="impact"]`, "1,234").wantText(`[data-testid="share-denied"]`, today, "7").
			wantText(`[data-testid="share-grant"]`, "商城测试", text("permission.database.read")).
			wantText("#share-calls", today, "1,234").wantCount(`[data-testid="share-event"]`, 2).
			wantText(`[data-testid="share-history"]`, text("share_history.changed", "who", "admin-a1"), text("share_change.added"),
				text("permission.database.read"), text("share_change.removed"), text("permission.functions.invoke"),
				text("share_change.note", "before", text("share_show.no_note"), "after", "改"), text("share_history.created", "who", "test"))
	}
}

// The picture and the table hold the same shares, and none between partners.
func TestMapOfShares(t *testing.T) {
	k := newWorld(t)
	k.share(shop, diner, shopTest, models.FunctionsView)
	b := k.admin(shop)
	between := k.share(depot, diner, depotMain, models.FunctionsView)
	p := b.get(paths.ShareMap(shop)).want(200).wantCount(`[data-testid="graph-line"]`, 2).wantCount(`[data-testid="map-row"]`, 2)
	if strings.Contains(p.body, between.ID) {
		t.Error("a share between partners is told")
	}
	p.Find(`[data-testid="graph-line"]`).Each(func(_ int, s *goquery.Selection) {
		b.get(s.AttrOr("href", "")).want(200)
		if p.Find(`[data-testid="map-row"] a[href="`+s.AttrOr("href", "")+`"]`).Length() != 1 {
			t.Errorf("%s is not in the table", s.AttrOr("aria-label", ""))
		}
	})
	b.get(paths.ShareMap(depot)).want(404)
	k.admin(rival).get(paths.ShareMap(rival)).want(200).wantText(`[data-testid="empty"]`, text("share_map.empty"))

	var more strings.Builder
	more.WriteString("apps:\n")
	for i := range 200 {
		fmt.Fprintf(&more, "  - {appid: wx%016x, name: 应用 %d, type: miniprogram, principal: acme}\n", 0xf00+i, i)
	}
	k.kit.Apply(t, more.String(), nil)
	for i := range 198 {
		k.share(shop, fmt.Sprintf("wx%016x", 0xf00+i), shopTest, models.FunctionsView)
	}
	full := b.get(paths.ShareMap(shop)).want(200).wantCount(`[data-testid="graph-line"]`, 200).wantCount(`[data-testid="map-row"]`, 50)
	if again := b.get(paths.ShareMap(shop)); full.Find("svg[role=group]").Text() != again.Find("svg[role=group]").Text() {
		t.Error("the picture is not the same twice")
	}
	k.share(shop, fmt.Sprintf("wx%016x", 0xf00+199), shopTest, models.FunctionsView)
	b.get(paths.ShareMap(shop)).want(200).wantCount(`[data-testid="graph-line"]`, 2).wantText(`[data-testid="share-graph"]`, text("share_map.apps", "count", "200"))
}
