package views

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
		action := doc.Find("[data-testid=share-row]").Eq(i).Find("form").AttrOr("action", "")
		if want == "" && action != "" || want != "" && !strings.HasSuffix(action, "/"+want) {
			t.Errorf("row %d offers %q, want %q", i, action, want)
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
	if doc.Find("#share-form button[type=submit]").Length() != 0 {
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
