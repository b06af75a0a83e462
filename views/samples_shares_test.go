package views_test

import (
	"github.com/a-h/templ"

	"envshare/models"
	"envshare/views"
	"envshare/views/shares"
	"envshare/views/ui"
)

// sampleFilter is a filter that leaves something out.
func sampleFilter() shares.FilterBar {
	return shares.FilterBar{
		Text: "双十一", State: "active", Narrows: true, ClearHref: "/shares",
		Environments: []ui.Option{{Label: "所有环境"}, {Value: envProd, Label: "生产环境", Selected: true}},
		Permissions:  []ui.Option{{Label: "所有权限"}}, Sorts: []ui.Option{{Label: "最新共享", Selected: true}},
		States: []ui.Segment{{Label: "全部", Count: "4", Href: "/shares"}, {Label: "生效中", Count: "3", Href: "/shares?state=active", Active: true}},
	}
}

func addSharePageSamples(pages map[string]templ.Component) {
	row := sampleShares()[2]
	mall := appRef(appMall, "商城小程序", models.MiniProgram, true)
	chart := ui.ChartProps{ID: "share-calls", Label: "近 30 天每天的调用", Kind: "line", Categories: []string{"2026-11-27"},
		Series: []ui.ChartSeries{{Label: "调用", Tone: ui.ToneOn, Values: []int64{7}, Unit: "次"}}}
	share := shares.ShowPage{
		Base: sampleBase(), AppID: appMall, ShareID: "s3", Lends: true, Owner: mall, Grantee: row.Grantee, State: row.State, Grants: row.Grants,
		Created: "2026-10-01 10:00", Changed: "2026-11-20 10:00", Until: "2026-11-28", Note: "双十一大促", Impact: sampleImpact(), Denied7Days: "3",
		Denied: []shares.DeniedDay{{Day: "2026-11-20", Count: "3"}}, Chart: chart, CanPause: true, CanRemove: true,
		History: []shares.EventRow{{When: "2026-11-20 10:00:00", Title: "林夏 修改了共享", Via: "（通过 apply）", Changes: shares.ChangeRows{
			Grants: []shares.GrantChangeRow{
				{EnvironmentID: envProd, EnvironmentName: "生产环境", Added: models.NewPermissionSet(models.FunctionsInvoke), Removed: models.NewPermissionSet(models.FunctionsView)},
				{EnvironmentID: envTest, Joined: true, Added: models.AllPermissions}, {EnvironmentID: "gone-1", Left: true, Removed: models.AllPermissions},
			},
			UntilChanged: true, Until: "2026-11-28 23:59", NoteChanged: true, Note: "大促",
		}}},
	}
	pages["share"] = shares.Show(share)
	share.Lends, share.CanPause, share.CanRemove, share.CanLeave = false, false, false, true
	share.Base, share.Denied, share.Note, share.Until = borrowedBase(), nil, "", ""
	pages["share borrowed"] = shares.Show(share)
	share.CanLeave, share.WhyNot = false, "只有管理员可以退出"
	pages["share viewer"] = shares.Show(share)
	pages["share pause"] = shares.Pause(shares.PausePage{Base: sampleBase(), AppID: appMall, ShareID: "s3", Grantee: row.Grantee, Grants: row.Grants, Impact: sampleImpact()})

	pages["share map empty"] = shares.Map(shares.MapPage{Base: sampleBase(), AppID: appMall, CanShare: true})
	graph := &shares.Graph{Width: "960", Height: "60", NodeWidth: "280", NodeHeight: "44", Nodes: []shares.GraphNode{
		{X: "0", Y: "8", TextX: "44", NameY: "27", NoteY: "43", MarkX: "22", MarkY: "30", MarkRectX: "10", MarkRectY: "18", Name: "A", Note: appMall, Title: "A", Mark: "A", Here: true},
		{X: "680", Y: "8", TextX: "724", NameY: "27", NoteY: "43", MarkX: "702", MarkY: "30", Name: "B", Note: appEvent, Title: "B", Mark: "B", Round: true, Href: "/b"},
	}, Lines: []shares.GraphLine{{Path: "M280 30C480 30 480 30 680 30", EndX: "680", EndY: "30", Href: "/s1", Title: "A 共享给 B", Status: models.ShareActive, Side: shares.GraphLent}}}
	table := []shares.MapRow{{Href: "/s1", Owner: mall, Grantee: row.Grantee, Grants: row.Grants, State: views.ShareState{Status: models.ShareActive}, Until: "2026-11-28"}}
	pages["share map"] = shares.Map(shares.MapPage{Base: sampleBase(), AppID: appMall, Graph: graph, Rows: table})

	ended := sampleForm()
	ended.Conflict = &shares.Conflict{Ended: true}
	pages["share form ended"] = shares.Form(ended)
	pages["share form typing"] = shares.Form(shares.FormPage{Base: sampleBase(), AppID: appMall, To: "wx12", Missing: 14})
	pages["shares filtered"] = shares.Index(shares.IndexPage{Base: sampleBase(), AppID: appMall, CanShare: true, Filter: sampleFilter(), ByMe: managedShares()})
	many := sampleFilter()
	many.Environments, many.Environment = nil, envProd
	pages["shares with me, none found"] = shares.Index(shares.IndexPage{Base: sampleBase(), AppID: appMall, WithMe: true, Filter: many})
}
