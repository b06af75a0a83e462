package views_test

import (
	"strings"
	"testing"

	"github.com/a-h/templ"

	"envshare/internal/i18n"
	"envshare/views/functions"
	"envshare/views/ui"
	"envshare/views/usage"
)

func sampleChart() ui.ChartProps {
	return ui.ChartProps{ID: "calls", Label: "调用次数", Kind: "line", Categories: []string{"11-21", "11-22"}, Series: []ui.ChartSeries{
		{Label: "自有", Tone: ui.ToneOn, Values: []int64{1200, 30}}, {Label: "借用方", Tone: ui.ToneLent, Values: []int64{-1}, Unit: "ms"},
	}}
}

func addUsageSamples(pages map[string]templ.Component, more ui.PaginationProps) {
	ranges := []ui.Segment{{Label: "24 小时", Href: "/a", Active: true}, {Label: "7 天", Href: "/b"}}
	full := usage.StatisticsPage{
		Base: sampleBase(), AppID: appMall, EnvID: envTest, Range: "24h", Ranges: ranges, ByUTC: true, TableHref: "/table", Calls: "1,230", Errors: "3", Denied: "5", P95: "120 ms",
		Collections: "4", Documents: "12,480", Files: "31", Bytes: "4.2 GB", Charts: []ui.ChartProps{sampleChart()}, MoreCallers: "前 20 个，共 120 个", Caller: "会员小程序", AllHref: "/all",
		Operations: []usage.UsageRow{{Name: "调用云函数", Calls: "1,200", Errors: "3", Denied: "5", P50: "30 ms", P95: "120 ms", Bytes: "–"}},
		Callers:    []usage.UsageRow{{Name: "会员小程序", ID: "wx1f2e3d4c5b6a7988", Href: "/one", Borrowed: true, Calls: "30", Errors: "0", Denied: "5", P50: "–", P95: "–", Bytes: "0 B"}},
	}
	pages["statistics"] = usage.Statistics(full)
	pages["statistics empty"] = usage.Statistics(usage.StatisticsPage{Base: borrowedBase(), AppID: appEvent, EnvID: envProd, Borrowed: true, Ranges: ranges, Empty: true})
	pages["monitoring"] = functions.Monitoring(functions.MonitoringPage{Base: sampleBase(), Head: sampleHead(), Ranges: ranges, ByUTC: true, Calls: "8", Errors: "2", Durations: "4 ms / 9 ms", Longest: "3.1 s", Memory: "50 MB", Limit: "256 MB", Charts: []ui.ChartProps{sampleChart()}})
	pages["monitoring empty"] = functions.Monitoring(functions.MonitoringPage{Base: sampleBase(), Head: sampleHead(), Ranges: ranges, Empty: true})
	row := usage.VisitorRow{Href: "/v", OpenID: "oABCDEFGHIJKLMNOPQRSTUVWXYZ1", UnionID: "u1", AppID: appEvent, AppName: "双十一活动", Borrowed: true, Channel: "visitors.channel_web", First: "2026-11-20 10:02", Last: "2026-11-22 21:14", Visits: "12"}
	pages["visitors"] = usage.VisitorsIndex(usage.VisitorsIndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, From: []ui.Option{{Label: "全部应用", Selected: true}}, Visitors: []usage.VisitorRow{row}, Pagination: more})
	pages["visitors empty"] = usage.VisitorsIndex(usage.VisitorsIndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest})
	pages["visitors none"] = usage.VisitorsIndex(usage.VisitorsIndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Filtered: true, Search: "x"})
	pages["visitor"] = usage.VisitorShow(usage.VisitorShowPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Visitor: row, AllowedUntil: "2026-11-22 23:14", SeesSessions: true, Sessions: []usage.VisitorSession{{Began: "2026-11-22 21:14", AccessUntil: "2026-11-22 23:14", RenewableUntil: "2026-12-22 21:14", Active: true}}, SignOutHref: "/out"})
	row.UnionID = ""
	pages["visitor refused"] = usage.VisitorShow(usage.VisitorShowPage{Base: borrowedBase(), AppID: appMall, EnvID: envTest, Visitor: row, SignOutHref: "/out", WhyNotSignOut: "仅资源方"})
	pages["visitor own"] = usage.VisitorShow(usage.VisitorShowPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Visitor: row, SeesSessions: true, SignOutHref: "/out"})
	pages["visitor sign out"] = usage.VisitorSignOut(usage.VisitorSignOutPage{Base: sampleBase(), OpenID: "o", AppName: "双十一活动", Own: true, Sessions: "1", Action: "/out", Back: "/v"})
	pages["visitor sign out borrowed"] = usage.VisitorSignOut(usage.VisitorSignOutPage{Base: sampleBase(), OpenID: "o", AppName: "双十一活动", Action: "/out", Back: "/v"})
}

func TestChartSaysInATableWhatItDraws(t *testing.T) {
	_, doc := render(t, samplePages()["statistics"], i18n.Chinese)
	figure := doc.Find("figure#calls")
	if figure.AttrOr("data-chart", "") != "line" || figure.Find("figcaption").Text() != "调用次数" || figure.Find("details table").Length() != 1 {
		t.Error("the figure lacks kind, caption or table")
	}
	if got := texts(doc, "figure#calls thead th"); strings.Join(got, "|") != "项目|自有|借用方" {
		t.Errorf("head %q", got)
	}
	if got := texts(doc, "figure#calls tbody td"); strings.Join(got, "|") != "1,200|–|30|–" {
		t.Errorf("figures %q", got)
	}
	if got := figure.Find("thead th").Eq(2).AttrOr("data-tone", ""); got != "lent" {
		t.Errorf("tone %q", got)
	}
}

func TestFiguresHaveUnits(t *testing.T) {
	for want, got := range map[string]string{"–": ui.Figure(-1, "ms"), "0": ui.Figure(0, ""), "1,234 ms": ui.Figure(1234, "ms"), "1023 B": ui.Figure(1023, "B"), "1.5 KB": ui.Figure(1536, "B"), "2.0 MB": ui.Figure(2<<20, "B"), "5000.0 GB": ui.Figure(5000<<30, "B")} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
