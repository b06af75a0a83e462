package views_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"envshare/internal/i18n"
)

func TestBorrowedEnvironmentIsSaidTwice(t *testing.T) {
	_, doc := render(t, samplePages()["functions borrowed"], i18n.Chinese)
	if text := doc.Find("[data-testid=environment-switcher]").Text(); !strings.Contains(text, "借用 · 商城小程序") {
		t.Errorf("switcher: %q", text)
	}
	strip := doc.Find("[data-testid=borrowed-strip]").Text()
	for _, want := range []string{"商城小程序", "2026-11-28", "查看云函数", "调用云函数", "读取数据"} {
		if !strings.Contains(strip, want) {
			t.Errorf("the strip lacks %q", want)
		}
	}
}

func TestDisabledTabsKeepTheirReason(t *testing.T) {
	_, doc := render(t, samplePages()["shares"], i18n.Chinese)
	off := doc.Find("header nav button[data-off]")
	if off.Length() != 1 || off.AttrOr("aria-disabled", "") != "true" {
		t.Fatalf("%d tabs are off, want 1", off.Length())
	}
	why := doc.Find("header nav #" + off.AttrOr("popovertarget", "none"))
	if _, floats := why.Attr("popover"); !floats || !strings.Contains(why.Text(), "未授予") || off.AttrOr("aria-describedby", "") != why.AttrOr("id", "") {
		t.Errorf("the tab does not open its reason: %q", why.Text())
	}
	if got := texts(doc, `header nav [aria-current=page]`); len(got) != 1 || got[0] != "环境共享" {
		t.Errorf("active tab: %q", got)
	}
}

func TestFunctionsTableShowsEveryColumnAndReason(t *testing.T) {
	_, doc := render(t, samplePages()["functions borrowed"], i18n.Chinese)
	rows := doc.Find("[data-testid=function-row]")
	for _, want := range []string{"cloudbase_auth", "v3", "128 MB", "3 s", "2 分钟前", "成功", "2026-11-20 18:40", "仅资源方可修改", "调用测试", "编辑代码"} {
		if !strings.Contains(rows.Eq(0).Text(), want) {
			t.Errorf("the row lacks %q", want)
		}
	}
	if rows.Eq(2).Find(`a.action:not([href$="/logs"])`).Length() != 0 || !strings.Contains(rows.Eq(2).Text(), "需要「调用云函数」权限") {
		t.Error("a refused action does not say why")
	}
}

func TestAppsListOffersTheWayIn(t *testing.T) {
	_, doc := render(t, samplePages()["apps"], i18n.Chinese)
	want := []string{"打开控制台", "打开控制台", "开通：创建第一个环境", "为什么没有入口"}
	if d := cmp.Diff(want, texts(doc, "[data-testid=app-row] a.action")); d != "" {
		t.Errorf("actions (-want +got):\n%s", d)
	}
	row := doc.Find("[data-testid=app-row]").Eq(0).Text()
	for _, want := range []string{"商城小程序", appMall, "小程序", "示例科技", "已开通", "管理员"} {
		if !strings.Contains(row, want) {
			t.Errorf("the row lacks %q", want)
		}
	}
}

func TestSwitcherListsOwnThenBorrowedThenCreate(t *testing.T) {
	html, doc := render(t, samplePages()["environments"], i18n.Chinese)
	_, html, _ = strings.Cut(html, "<main")
	own, borrowed, create := strings.Index(html, "own-title"), strings.Index(html, "borrowed-title"), strings.Index(html, "create-title")
	if own < 0 || own > borrowed || borrowed > create {
		t.Errorf("order: own %d, borrowed %d, create %d", own, borrowed, create)
	}
	if doc.Find("[data-testid=borrowed-environment]").Eq(1).Find("a").Length() != 0 {
		t.Error("a resting environment can be opened")
	}
}

func TestRunResultShowsHowItEnded(t *testing.T) {
	_, doc := render(t, samplePages()["function run failed"], i18n.Chinese)
	panel := doc.Find("#run-result").Text()
	for _, want := range []string{"失败", "3 ms", "58 MB", "TypeError", "01JDA4V9K7Y2E0Q6N3M5R8T1WY"} {
		if !strings.Contains(panel, want) {
			t.Errorf("the result lacks %q", want)
		}
	}
}

func TestVersionsOfferRollBackExceptForTheLiveOne(t *testing.T) {
	_, doc := render(t, samplePages()["function versions"], i18n.Chinese)
	rows := doc.Find("[data-testid=version-row]")
	if rows.Eq(0).Find(`a[href^="/rollback"]`).Length() != 0 || rows.Eq(1).Find("a").Last().AttrOr("href", "") != "/rollback?version=11" {
		t.Error("roll back is offered wrongly")
	}
	for _, want := range []string{"v11", "77be01aa3c", "18 KB", "bob", "2026-11-20 18:40"} {
		if !strings.Contains(rows.Eq(1).Text(), want) {
			t.Errorf("the row lacks %q", want)
		}
	}
}

func TestLogsShowEveryFact(t *testing.T) {
	_, doc := render(t, samplePages()["logs"], i18n.Chinese)
	row := doc.Find("[data-testid=invocation-row]").Eq(0)
	for _, want := range []string{"10:02:11", "成功", "38 ms", "61 MB", "v12", "双十一活动", "冷启动", "10:02:11.121", "错误输出：", "slow", "查看全部日志", "01JDA4V9K7Y2E0Q6N3M5R8T1WX"} {
		if !strings.Contains(row.Text(), want) {
			t.Errorf("the row lacks %q", want)
		}
	}
}

// What came and what went is said in words, not by colour alone.
func TestDiffSaysWhatChanged(t *testing.T) {
	_, doc := render(t, samplePages()["function compare"], i18n.Chinese)
	want := [][]string{{"1", "1", "", "const a = 1"}, {"2", "", "− 删除", "const b = 2"}, {"", "2", "+ 新增", "const b = 3"}}
	for i, row := range want {
		var got []string
		doc.Find("[data-testid=diff-file]").First().Find("tbody tr").Eq(i).Find("td").Each(func(_ int, s *goquery.Selection) {
			got = append(got, strings.Join(strings.Fields(s.Text()), " "))
		})
		if d := cmp.Diff(row, got); d != "" {
			t.Errorf("line %d (-want +got):\n%s", i, d)
		}
	}
	for _, want := range []string{"修改", "新增 1 行，删除 1 行", "二进制文件"} {
		if !strings.Contains(doc.Find("main").Text(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
