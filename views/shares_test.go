package views_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"envshare/internal/i18n"
	"envshare/models"
)

// texts returns the visible texts of what a selector finds.
func texts(doc *goquery.Document, selector string) []string {
	var out []string
	doc.Find(selector).Each(func(_ int, s *goquery.Selection) {
		out = append(out, strings.Join(strings.Fields(s.Text()), " "))
	})
	return out
}

// textsOf returns the texts of a selection, spaces collapsed.
func textsOf(list *goquery.Selection) []string {
	var out []string
	list.Each(func(_ int, s *goquery.Selection) { out = append(out, strings.Join(strings.Fields(s.Text()), " ")) })
	return out
}

func TestSharesTableShowsEveryColumn(t *testing.T) {
	_, doc := render(t, samplePages()["shares"], i18n.Chinese)
	row := doc.Find("[data-testid=share-row]").Eq(2)

	for _, want := range []string{"双十一活动", appEvent, "双十一大促", "小程序", "未开通", envProd, "调用云函数", "读取数据", "6 天后到期", "412", "昨天", "2026-11-28", "解除共享"} {
		if !strings.Contains(row.Text(), want) {
			t.Errorf("the row lacks %q", want)
		}
	}
	want := []string{"生效中", "生效中", "6 天后到期", "已暂停", "已过期"}
	if d := cmp.Diff(want, texts(doc, "[data-testid=share-row] .tag")); d != "" {
		t.Errorf("statuses (-want +got):\n%s", d)
	}
}

func TestSharesMenuOffersWhatTheStatusAllows(t *testing.T) {
	_, doc := render(t, samplePages()["shares"], i18n.English)
	for i, want := range []string{"pause", "pause", "pause", "resume", ""} {
		row := doc.Find("[data-testid=share-row]").Eq(i)
		for _, action := range []string{"pause", "resume"} {
			offered := row.Find(`a[href$="/`+action+`"], form[action$="/`+action+`"]`).Length() > 0
			if offered != (action == want) {
				t.Errorf("row %d offers %s: %v", i, action, offered)
			}
		}
	}
}

func TestViewerSeesWhySharingIsOff(t *testing.T) {
	_, doc := render(t, samplePages()["shares viewer"], i18n.Chinese)
	if doc.Find(`a[href$="/shares/new"]`).Length() != 0 || doc.Find("[data-testid=share-row] form").Length() != 0 {
		t.Error("a viewer is offered a change")
	}
	if got := texts(doc, "[data-testid=why-not]"); len(got) != 1 || got[0] != "只有管理员可以共享" {
		t.Errorf("reason: %q", got)
	}
}

func TestIncomingTableShowsEveryColumn(t *testing.T) {
	_, doc := render(t, samplePages()["shares with me"], i18n.Chinese)
	text := doc.Find("[data-testid=incoming-row]").Text()
	for _, want := range []string{"会员小程序", "wx1f2e3d4c5b6a7988", envProd, "读取数据", "6 天后到期", "2026-10-01", "2026-11-28", "双十一大促", "退出共享"} {
		if !strings.Contains(text, want) {
			t.Errorf("the row lacks %q", want)
		}
	}
	if doc.Find(`[data-testid=incoming-row] td a[href="/prod"]`).Length() != 1 {
		t.Error("the environment cannot be opened")
	}
}

func TestShareFormSendsWhatIsTicked(t *testing.T) {
	_, doc := render(t, samplePages()["share form"], i18n.Chinese)
	form := doc.Find("#share-form")

	var ticked []string
	form.Find(`input[name="perm.` + envProd + `"][checked]`).Each(func(_ int, s *goquery.Selection) {
		ticked = append(ticked, s.AttrOr("value", ""))
	})
	want := []string{"functions.view", "functions.invoke", "database.read", "database.write", "storage.read"}
	if d := cmp.Diff(want, ticked); d != "" {
		t.Errorf("ticked (-want +got):\n%s", d)
	}
	if n := form.Find(`input[name="perm.` + envTest + `"]`).Length(); n != len(models.Permissions()) {
		t.Errorf("%d boxes, want one for each permission", n)
	}
	if n := form.Find("input[name=env][checked]").Length(); n != 1 {
		t.Errorf("%d environments included, want 1", n)
	}
	for name, value := range map[string]string{"to": appEvent, "version": "3", "until": "2026-11-28T23:59", "note": "双十一大促"} {
		if got := form.Find("input[name="+name+"]").AttrOr("value", ""); got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
}

func TestShareFormSaysWhatTheyMayAndMayNot(t *testing.T) {
	_, doc := render(t, samplePages()["share form"], i18n.Chinese)
	summary := doc.Find("[data-testid=summary]").First()
	visible := func(side string) []string {
		var out []string
		summary.Find(`[data-summary="` + side + `"] [data-permission-word]:not([hidden])`).Each(func(_ int, s *goquery.Selection) {
			out = append(out, s.AttrOr("data-permission-word", ""))
		})
		return out
	}

	if d := cmp.Diff([]string{"functions.view", "functions.invoke", "database.read", "database.write", "storage.read"}, visible("can")); d != "" {
		t.Errorf("may (-want +got):\n%s", d)
	}
	if n := len(visible("cannot")); n != len(models.Permissions())-5 {
		t.Errorf("%d permissions are withheld, want the other %d", n, len(models.Permissions())-5)
	}
}

func TestShareFormTiesTheWarningToOperatingFunctions(t *testing.T) {
	_, doc := render(t, samplePages()["share form"], i18n.Chinese)
	id := doc.Find(`input[name="perm.`+envProd+`"][value="functions.operate"]`).AttrOr("aria-describedby", "")
	if text := doc.Find("#" + id).Text(); !strings.Contains(text, "全部数据") {
		t.Errorf("warning: %q", text)
	}
}

func TestShareFormWaitsForTheLookup(t *testing.T) {
	_, doc := render(t, samplePages()["share form fresh"], i18n.Chinese)
	if doc.Find("#share-form button[type=submit]:not([name]):not([disabled])").Length() != 0 {
		t.Error("can be sent before anybody was looked up")
	}
	if doc.Find(`#share-lookup form[method=get] input[name=to]`).Length() != 1 {
		t.Error("no lookup form")
	}
}

func TestRefusedShareFormShowsEveryMessage(t *testing.T) {
	_, doc := render(t, samplePages()["share form refused"], i18n.Chinese)
	if n := doc.Find("[data-testid=field-error]").Length(); n != 5 {
		t.Errorf("%d messages, want 5", n)
	}
	if doc.Find("[data-testid=conflict]").Length() != 1 {
		t.Error("the conflict is not told")
	}
	newer, mine := doc.Find("[data-testid=newer]").Text(), doc.Find("[data-testid=mine]").Text()
	if !strings.Contains(newer, "2026-11-28 23:59") || !strings.Contains(mine, "双十一大促") {
		t.Errorf("newer %q beside mine %q", newer, mine)
	}
	changes := doc.Find("[data-testid=changes] li:not([hidden])")
	changes.Find("[hidden]").Remove()
	if d := cmp.Diff([]string{"生产环境 （移出）收回： 调用云函数读取数据", "测试环境 （移出）收回： 查看云函数"}, textsOf(changes.Slice(0, 2))); d != "" {
		t.Errorf("changes (-want +got):\n%s", d)
	}
}

func TestRemovingShowsWhoUsedTheShare(t *testing.T) {
	_, doc := render(t, samplePages()["share delete"], i18n.Chinese)
	text := doc.Find("[data-testid=impact]").Text()
	for _, want := range []string{"412", "1,902", "昨天 21:14"} {
		if !strings.Contains(text, want) {
			t.Errorf("the impact lacks %q", want)
		}
	}
}

func TestSharePageTellsEverything(t *testing.T) {
	_, doc := render(t, samplePages()["share"], i18n.Chinese)
	doc.Find("[hidden]").Remove()
	text := strings.Join(strings.Fields(doc.Find("main").Text()), "")
	for _, want := range []string{
		"商城小程序", appMall, "双十一活动", appEvent, "6天后到期", "未开通", "2026-11-28", "双十一大促", "在控制台：无。", "在代码里：调用云函数读取数据", "412", "1,902",
		"2026-11-20", "3", "林夏修改了共享", "新增：调用云函数", "收回：查看云函数", "（新加入）新增：全部权限", "（移出）收回：全部权限", "有效期由「长期」改为「2026-11-2823:59」", "备注由「无」改为「大促」", "（通过apply）",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestMapSaysTheSameInPictureAndTable(t *testing.T) {
	_, doc := render(t, samplePages()["share map"], i18n.Chinese)
	lines := doc.Find("[data-testid=graph-line]")
	if lines.Length() != 1 || lines.AttrOr("href", "") != "/s1" || lines.AttrOr("aria-label", "") != "A 共享给 B" {
		t.Errorf("%d lines to %q", lines.Length(), lines.AttrOr("href", ""))
	}
	row := doc.Find("[data-testid=map-row]")
	for _, want := range []string{"商城小程序", "双十一活动", envProd, "调用云函数", "生效中", "2026-11-28"} {
		if !strings.Contains(row.Text(), want) {
			t.Errorf("the row lacks %q", want)
		}
	}
}
