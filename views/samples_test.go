package views_test

import (
	"github.com/a-h/templ"

	"envshare/models"
	"envshare/views"
	"envshare/views/apps"
	"envshare/views/database"
	"envshare/views/functions"
	"envshare/views/rules"
	"envshare/views/settings"
	"envshare/views/shares"
	"envshare/views/signin"
	"envshare/views/storage"
	"envshare/views/ui"
)

const (
	appMall  = "wxe0e2656d74f0bff3"
	appEvent = "wx90ab12cd34ef5678"
	envTest  = "test-f96b31"
	envProd  = "mall-prod"
)

// sampleBase is a signed-in person in an own environment.
func sampleBase() views.Base {
	return views.Base{
		CSRF: "token", Path: "/apps/" + appMall,
		User:  &views.UserMenu{Name: "林夏", Operator: true},
		Flash: []views.Flash{{Kind: "success", Text: "已保存"}},
		Nav: &views.Nav{
			Searchable: true,
			App:        views.NavApp{AppID: appMall, Name: "商城小程序", Kind: models.MiniProgram, Href: "/apps/" + appMall},
			Apps: []views.NavApp{
				{AppID: appMall, Name: "商城小程序", Kind: models.MiniProgram, Href: "/apps/" + appMall},
				{AppID: appEvent, Name: "双十一活动", Kind: models.MiniProgram, Href: "/apps/" + appEvent},
			},
			Environment: &views.NavEnvironment{ID: envTest, Name: "测试环境"},
			Own:         []views.NavEnvironment{{ID: envTest, Name: "测试环境", Href: "/own"}, {ID: envProd, Name: "生产环境", Href: "/prod"}},
			Borrowed:    []views.NavEnvironment{{ID: "member-1a2b3c", Name: "会员环境", Borrowed: true, OwnerName: "会员小程序", Href: "/borrowed"}},
			Tabs: []views.Tab{
				{Label: "nav.overview", Href: "/overview"},
				{Label: "nav.functions", Disabled: true, Reason: "未授予"},
				{Label: "nav.sharing", Href: "/shares", Active: true},
				{Label: "nav.settings", Href: "/settings"},
			},
		},
	}
}

// borrowedBase is a signed-in person in a borrowed environment.
func borrowedBase() views.Base {
	b := sampleBase()
	b.Flash = nil
	b.Nav.App = b.Nav.Apps[1]
	b.Nav.Environment = &views.NavEnvironment{ID: envProd, Name: "生产环境", Borrowed: true, OwnerName: "商城小程序"}
	b.Nav.Own = nil
	b.Nav.Tabs[2].Active = false
	b.Nav.Tabs[1] = views.Tab{Label: "nav.functions", Href: "/functions", Active: true}
	b.Nav.Strip = &views.Strip{
		OwnerName: "商城小程序", Until: "2026-11-28", DetailHref: "/shares?tab=with-me",
		PermissionLabels: []string{"permission.functions.view", "permission.functions.invoke", "permission.database.read"},
	}
	return b
}

// plain is a page outside any app.
func plain() views.Base {
	return views.Base{CSRF: "token", Path: "/", User: &views.UserMenu{Name: "bob"}}
}

func appRef(id, name string, kind models.AppKind, activated bool) views.AppRef {
	return views.AppRef{AppID: id, Name: name, Kind: kind, Activated: activated}
}

func sampleShares() []shares.Row {
	grants := []views.GrantRow{
		{EnvironmentID: envTest, EnvironmentName: "测试环境", Permissions: models.NewPermissionSet(models.FunctionsInvoke), Href: "/own"},
		{EnvironmentID: envProd, EnvironmentName: "生产环境", Permissions: models.NewPermissionSet(models.FunctionsInvoke, models.DatabaseRead), Href: "/prod"},
	}
	all := []views.GrantRow{{EnvironmentID: envTest, EnvironmentName: "测试环境", Permissions: models.AllPermissions}}
	return []shares.Row{
		{ID: "s1", Grantee: appRef("wx1f2e3d4c5b6a7988", "会员小程序", models.MiniProgram, true), Grants: all, State: views.ShareState{Status: models.ShareActive}, Calls7Days: "12,480", LastUse: sampleMoment("刚刚")},
		{ID: "s2", Grantee: appRef("wx77aa66bb55cc44dd", "品牌公众号", models.OfficialAccount, true), Grants: grants, State: views.ShareState{Status: models.ShareActive}, Calls7Days: "5,312", LastUse: sampleMoment("3 分钟前")},
		{ID: "s3", Grantee: appRef(appEvent, "双十一活动", models.MiniProgram, false), Grants: grants[1:], State: views.ShareState{Status: models.ShareActive, EndsInDays: 6}, Calls7Days: "412", LastUse: sampleMoment("昨天"), Until: "2026-11-28", Note: "双十一大促"},
		{ID: "s4", Grantee: appRef("wx0f0f0f0f1e1e1e1e", "内测小程序", models.MiniProgram, true), Grants: grants[:1], State: views.ShareState{Status: models.SharePaused}, Calls7Days: "0"},
		{ID: "s5", Grantee: appRef("wx0f0f0f0f1e1e1e1f", "去年的活动", models.MiniProgram, true), Grants: grants[:1], State: views.ShareState{Status: models.ShareExpired}, Calls7Days: "0", Until: "2025-11-28"},
	}
}

// managedShares are sampleShares as an administrator sees them.
func managedShares() []shares.Row {
	rows := sampleShares()
	for i := range rows {
		rows[i].CanPause = rows[i].State.Status == models.ShareActive
		rows[i].CanResume = rows[i].State.Status == models.SharePaused
		rows[i].CanRemove = true
	}
	return rows
}

func sampleForm() shares.FormPage {
	return shares.FormPage{
		Base: sampleBase(), AppID: appMall, To: appEvent, TimeZone: "UTC+8", Version: "3", Until: "2026-11-28T23:59", Note: "双十一大促",
		Grantee: &shares.Grantee{AppRef: appRef(appEvent, "双十一活动", models.MiniProgram, false), Principal: "示例科技"},
		Environments: []shares.FormEnvironment{
			{ID: envProd, Name: "生产环境", Included: true, AuthMissing: true, Permissions: models.NewPermissionSet(models.FunctionsView, models.FunctionsInvoke, models.DatabaseRead, models.DatabaseWrite, models.StorageRead)},
			{ID: envTest, Name: "测试环境", Permissions: models.AllPermissions},
		},
	}
}

func refusedForm() shares.FormPage {
	p := sampleForm()
	p.ShareID, p.Conflict = "s3", &shares.Conflict{Who: "bob", When: "10:02:11", Mine: shares.Snapshot{Grants: sampleShares()[1].Grants, Note: "双十一大促"}}
	p.Stored = &shares.Snapshot{Grants: sampleShares()[2].Grants, Until: "2026-11-28 23:59", UntilValue: "2026-11-28T23:59"}
	p.Environments[0].Stored = models.NewPermissionSet(models.FunctionsInvoke, models.DatabaseRead)
	p.Environments[1].Stored = models.NewPermissionSet(models.FunctionsView)
	p.Environments[0].Permissions = 0
	p.Errors = views.Errors{
		"to": models.M("error.appid"), "env": models.M("error.required"), "perm." + envProd: models.M("error.required"),
		"until": models.M("error.required"), "note": models.M("error.too_long", "max", 200),
	}
	return p
}

func sampleImpact() views.ShareImpact {
	return views.ShareImpact{Calls7Days: "412", Calls30Days: "1,902", LastCall: "昨天 21:14", InUse: true}
}

func sampleHead() functions.Head {
	return functions.Head{AppID: appMall, EnvID: envTest, Name: "createOrder", Version: "v12", CanDelete: true}
}

func sampleRun() functions.RunResult {
	return functions.RunResult{OK: true, Status: "invocation_status.success", Duration: "38 ms", Memory: "61 MB", Result: "{\n  \"orderId\": \"2026112200017\"\n}", Lines: []functions.LogLine{{Time: "10:02:11.204", Text: "creating order"}, {Time: "10:02:11.239", Text: "done"}}, RequestID: "01JDA4V9K7Y2E0Q6N3M5R8T1WX"}
}

func failedRun() functions.RunResult {
	return functions.RunResult{Status: "invocation_status.failed", Duration: "3 ms", Memory: "58 MB", Meaning: "-601012: 没有共享", Error: "TypeError: Cannot read properties of undefined (reading 'id')\n    at exports.main (index.js:12:18)", RequestID: "01JDA4V9K7Y2E0Q6N3M5R8T1WY"}
}

// samplePages are all pages with full and with empty data.
func samplePages() map[string]templ.Component {
	more := ui.PaginationProps{Text: "共 42 个", Next: "/apps?page=2"}
	pages := map[string]templ.Component{}
	addAccountSamples(pages)
	addOwnAccountSamples(pages)
	addAccessSamples(pages)
	addOperatorSamples(pages, more)
	addData(pages)
	addShareSamples(pages, more)
	addSharePageSamples(pages)
	addFunctionSamples(pages, more)
	addUsageSamples(pages, more)
	return pages
}

func addAccountSamples(pages map[string]templ.Component) {
	pages["login"] = signin.Login(signin.LoginPage{Base: views.Base{CSRF: "token"}})
	pages["login first run"] = signin.Login(signin.LoginPage{Base: views.Base{CSRF: "token"}, SetupHint: true})
	pages["login refused"] = signin.Login(signin.LoginPage{Base: views.Base{CSRF: "token"}, Username: "alice", Next: "/apps", Refusal: "用户名或密码不正确。", Errors: views.Errors{"username": models.M("error.required"), "password": models.M("error.required")}})
	pages["setup"] = signin.Setup(signin.SetupPage{Base: views.Base{CSRF: "token"}, Token: "t"})
	pages["setup refused"] = signin.Setup(signin.SetupPage{Base: views.Base{CSRF: "token"}, Token: "t", Username: "A", Errors: views.Errors{"username": models.M("error.username"), "password": models.M("error.password_short", "min", 10), "password_again": models.M("error.required")}})
	pages["search"] = apps.Search(apps.SearchPage{Base: sampleBase(), AppID: appMall})
	pages["search nothing"] = apps.Search(apps.SearchPage{Base: sampleBase(), AppID: appMall, Text: "x"})
	pages["search found"] = apps.Search(apps.SearchPage{Base: sampleBase(), AppID: appMall, Text: "测试", Found: []apps.FoundKind{
		{ID: "environments", Title: "环境（12）", MoreHref: "/all", Things: []apps.FoundThing{{Href: "/e", Name: "测试环境", ID: envTest}, {Href: "/b", Name: "会员测试", ID: "member-1a2b3c", Where: "会员小程序", Lent: true}}},
		{ID: "functions", Title: "云函数", More: "只列出前 10 个", Things: []apps.FoundThing{{Href: "/f", Name: "hello", ID: envTest, Where: "测试环境"}}},
	}})
	pages["apps empty"] = apps.Index(apps.IndexPage{Base: plain()})
	pages["apps"] = apps.Index(apps.IndexPage{Base: plain(), Apps: []apps.Row{
		{AppID: appMall, Name: "商城小程序", Kind: models.MiniProgram, Principal: "示例科技", Activated: true, Role: models.RoleAdmin, HasEntry: true, Href: "/apps/" + appMall},
		{AppID: appEvent, Name: "双十一活动", Kind: models.MiniProgram, Principal: "示例科技", Role: models.RoleDeveloper, HasEntry: true, Href: "/apps/" + appEvent},
		{AppID: "wx0f0f0f0f1e1e1e1e", Name: "内测小程序", Kind: models.MiniProgram, Principal: "示例科技", Role: models.RoleAdmin, CanActivate: true},
		{AppID: "wx77aa66bb55cc44dd", Name: "品牌公众号", Kind: models.OfficialAccount, Principal: "示例科技", Role: models.RoleViewer},
	}})
	pages["overview"] = apps.Overview(apps.OverviewPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, EnvName: "测试环境", OwnerName: "商城小程序", FunctionCount: "4", Invocations24Hours: "9,310", SharedByMe: "4", SharedWithMe: "1", Start: &apps.GettingStarted{Function: apps.StartStep{Done: true}, Sharing: apps.StartStep{Done: true}, Auth: apps.StartStep{Href: "/auth"}, Share: apps.StartStep{WhyNot: "只有管理员可以共享"}},
		Recent: []apps.RecentInvocation{{Function: "createOrder", ID: "r1", OK: true, Status: "invocation_status.success", When: *sampleMoment("刚刚"), Duration: "38 ms"}, {Function: "syncStock", ID: "r2", Status: "invocation_status.timed_out", When: *sampleMoment("3 小时前"), Duration: "3 s"}}})
	pages["overview empty"] = apps.Overview(apps.OverviewPage{Base: borrowedBase(), AppID: appEvent, EnvID: envProd, EnvName: "生产环境", OwnerName: "商城小程序", Borrowed: true, FunctionCount: "0", Invocations24Hours: "0", SharedByMe: "0", SharedWithMe: "1"})
	pages["no entry"] = apps.NoEntry(apps.NoEntryPage{Base: plain(), AppID: appEvent, AppName: "双十一活动"})
	pages["no entry admin"] = apps.NoEntry(apps.NoEntryPage{Base: plain(), AppID: appEvent, AppName: "双十一活动", CanActivate: true})
	pages["no environment"] = apps.NoEnvironment(apps.NoEnvironmentPage{Base: plain(), AppID: appEvent, CanCreate: true})
	pages["environments"] = apps.EnvironmentsIndex(apps.EnvironmentsIndexPage{Base: sampleBase(), AppID: appMall, CanCreate: true,
		Own: []apps.OwnEnvironmentRow{{ID: envTest, Name: "测试环境", Href: "/own", Created: "2026-03-01", Current: true}, {ID: envProd, Name: "生产环境", Href: "/prod", Created: "2026-03-02"}},
		Borrowed: []apps.BorrowedEnvironmentRow{
			{ID: "member-1a2b3c", Name: "会员环境", Href: "/borrowed", Owner: appRef("wx1f2e3d4c5b6a7988", "会员小程序", models.MiniProgram, true), Permissions: models.AllPermissions, State: views.ShareState{Status: models.ShareActive}},
			{ID: "stock-1a2b3c", Name: "库存", Owner: appRef("wx1f2e3d4c5b6a7989", "库存小程序", models.MiniProgram, true), Permissions: models.NewPermissionSet(models.DatabaseRead), State: views.ShareState{Status: models.SharePaused}},
		}})
	pages["environments empty"] = apps.EnvironmentsIndex(apps.EnvironmentsIndexPage{Base: plain(), AppID: appEvent, WhyNot: "只有管理员可以创建环境"})
	pages["environment new"] = apps.EnvironmentNew(apps.EnvironmentNewPage{Base: plain(), AppID: appEvent, First: true, Back: "/apps"})
	pages["environment new refused"] = apps.EnvironmentNew(apps.EnvironmentNewPage{Base: sampleBase(), AppID: appMall, Name: "x", Prefix: "X", Back: "/apps", Errors: views.Errors{"name": models.M("error.required"), "prefix": models.M("error.environment_prefix")}})
	pages["settings"] = settings.Environment(settings.EnvironmentPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, EnvName: "测试环境", Owner: appRef(appMall, "商城小程序", models.MiniProgram, true), Created: "2026-03-01"})
	pages["settings borrowed"] = settings.Environment(settings.EnvironmentPage{Base: borrowedBase(), AppID: appEvent, EnvID: envProd, EnvName: "生产环境", Owner: appRef(appMall, "商城小程序", models.MiniProgram, true), Borrowed: true})
	pages["extensions on"] = settings.Extensions(settings.ExtensionsPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, SharingOn: true, CanChange: true})
	pages["extensions off"] = settings.Extensions(settings.ExtensionsPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, CanChange: true})
	pages["extensions refused"] = settings.Extensions(settings.ExtensionsPage{Base: sampleBase(), AppID: appMall, WhyNot: "只有管理员可以开通"})
	pages["sharing disable"] = shares.Disable(shares.DisablePage{Base: sampleBase(), AppID: appMall, Shares: sampleShares()[:3], Total: "103", NotListed: "100", Errors: views.Errors{"confirm": models.M("error.required")}})
	pages["sharing disable empty"] = shares.Disable(shares.DisablePage{Base: sampleBase(), AppID: appMall})
	for name, status := range map[string]int{"error 400": 400, "error 401": 401, "error 403": 403, "error 404": 404, "error 409": 409, "error 429": 429, "error 500": 500, "error 503": 503} {
		pages[name] = views.Error(views.ErrorPage{Base: plain(), Status: status, Message: "只有管理员可以共享", RequestID: "01JDA4V9K7Y2E0Q6N3M5R8T1WX"})
	}
	pages["error in an app"] = views.Error(views.ErrorPage{Base: plain(), Status: 403, Message: "只有管理员可以共享", AppHref: "/apps/" + appMall})
	pages["error bare"] = views.Error(views.ErrorPage{Status: 418})
}

func addShareSamples(pages map[string]templ.Component, more ui.PaginationProps) {
	index := shares.IndexPage{Base: sampleBase(), AppID: appMall, ByMeCount: "5", WithMeCount: "1", Calls7Days: "18,204", Denied7Days: "12", ByMe: managedShares(), CanShare: true, CanLeave: true, Pagination: more}
	pages["shares"] = shares.Index(index)
	viewer := index
	viewer.ByMe = sampleShares()
	viewer.CanShare, viewer.WhyNot = false, "只有管理员可以共享"
	pages["shares viewer"] = shares.Index(viewer)
	viewer.ByMe = nil
	off := viewer
	off.WhyNot, off.EnableHref = "尚未开通环境共享", "/extensions"
	pages["shares off"] = shares.Index(off)
	pages["shares viewer empty"] = shares.Index(viewer)
	index.ByMe = nil
	pages["shares empty"] = shares.Index(index)
	index.WithMe = true
	pages["shares with me empty"] = shares.Index(index)
	row := sampleShares()[2]
	index.Incoming = []shares.IncomingShareRow{{ID: "s9", Owner: appRef("wx1f2e3d4c5b6a7988", "会员小程序", models.MiniProgram, true), Grants: row.Grants, State: row.State, Since: "2026-10-01", Until: "2026-11-28", Note: "双十一大促"}}
	pages["shares with me"] = shares.Index(index)
	index.CanLeave, index.WhyNotLeave = false, "只有管理员可以退出共享"
	pages["shares with me viewer"] = shares.Index(index)

	pages["share form"] = shares.Form(sampleForm())
	pages["share form refused"] = shares.Form(refusedForm())
	fresh := shares.FormPage{Base: sampleBase(), AppID: appMall, TimeZone: "UTC", Environments: []shares.FormEnvironment{{ID: envTest, Name: "测试环境", Included: true, Permissions: models.AllPermissions}}}
	pages["share form fresh"] = shares.Form(fresh)
	fresh.To, fresh.ExistingHref, fresh.Errors = "wx1", "/edit", views.Errors{"to": models.M("error.appid")}
	pages["share form unknown app"] = shares.Form(fresh)
	pages["share form without environment"] = shares.Form(shares.FormPage{Base: sampleBase(), AppID: appMall})
	pages["share delete"] = shares.Delete(shares.DeletePage{Base: sampleBase(), AppID: appMall, ShareID: "s3", Grantee: row.Grantee, Grants: row.Grants, Impact: sampleImpact(), ClosesEntry: true, CanPause: true})
	pages["share delete unused"] = shares.Delete(shares.DeletePage{Base: sampleBase(), AppID: appMall, ShareID: "s3", Grantee: row.Grantee, Impact: views.ShareImpact{Calls7Days: "0", Calls30Days: "0"}})
	pages["share leave"] = shares.Leave(shares.LeavePage{Base: borrowedBase(), AppID: appEvent, ShareID: "s3", Owner: appRef(appMall, "商城小程序", models.MiniProgram, true), Grants: row.Grants, Impact: sampleImpact(), ClosesEntry: true})
}

func addFunctionSamples(pages map[string]templ.Component, more ui.PaginationProps) {
	head := sampleHead()
	locked := functions.Head{AppID: appEvent, EnvID: envProd, Name: models.AuthFunction, OwnerOnly: true, WhyNotDelete: "仅资源方可修改"}
	rows := []functions.Row{
		{Name: models.AuthFunction, Version: "v3", Memory: "128 MB", Timeout: "3 s", LastInvocation: sampleMoment("2 分钟前"), LastOK: true, LastStatus: "invocation_status.success", LastHref: "/run", Changed: "2026-11-20 18:40", OwnerOnly: true, CanRun: true, WhyNotDeploy: "仅资源方可修改"},
		{Name: "createOrder", Version: "v12", Memory: "256 MB", Timeout: "10 s", LastInvocation: sampleMoment("刚刚"), LastStatus: "invocation_status.failed", LastHref: "/run", CanRun: true, WhyNotDeploy: "需要「操作云函数」权限"},
		{Name: "syncStock", Version: "v2", Memory: "512 MB", Timeout: "60 s", WhyNotRun: "需要「调用云函数」权限", WhyNotDeploy: "需要「操作云函数」权限"},
	}
	pages["functions borrowed"] = functions.Index(functions.IndexPage{Base: borrowedBase(), AppID: appEvent, EnvID: envProd, Functions: rows, WhyNot: "新建需要「操作云函数」权限", WhyOff: []string{"无法测试：没有「调用云函数」权限", "无法部署：没有「操作云函数」权限"}})
	own := []functions.Row{{Name: models.AuthFunction, Version: "v3", Memory: "128 MB", Timeout: "3 s", CanRun: true, CanDeploy: true}}
	pages["functions"] = functions.Index(functions.IndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Functions: own, CanCreate: true, Search: "auth", AuthMissing: &views.AuthMissing{AppID: appMall, EnvID: envTest, Name: models.AuthFunction, Template: "cloudbase_auth", CanCreate: true}, Pagination: more})
	pages["functions, none found"] = functions.Index(functions.IndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, CanCreate: true, Search: "nothing"})
	pages["functions empty"] = functions.Index(functions.IndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, CanCreate: true, AuthMissing: &views.AuthMissing{Borrowed: true, WhyNot: "仅资源方可修改"}})
	pages["function new"] = functions.New(functions.NewPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Templates: []string{"hello", "cloudbase_auth", "caller", "database", "empty"}, Template: "hello"})
	pages["function new refused"] = functions.New(functions.NewPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Name: "1", Templates: []string{"hello"}, Template: "upload", Errors: views.Errors{"name": models.M("error.required"), "template": models.M("error.required"), "zip": models.M("error.required"), "files": models.M("error.required")}})
	run, failed := sampleRun(), failedRun()
	kept := []ui.Option{{Value: "e1", Label: "正常下单", Selected: true}, {Value: "e2", Label: "库存不足"}}
	pages["function run"] = functions.Show(functions.ShowPage{Base: sampleBase(), Head: head, Event: "{\n  \"skuId\": \"A-100\"\n}", CanRun: true, Events: kept, Kept: "e1", KeptName: "正常下单", EventName: "正常下单", Revision: "2", CanKeep: true, Result: &run})
	pages["function run failed"] = functions.Show(functions.ShowPage{Base: sampleBase(), Head: head, Event: "{}", CanRun: true, CanKeep: true, Result: &failed})
	pages["function run refused"] = functions.Show(functions.ShowPage{Base: sampleBase(), Head: head, Event: "{", CanRun: true, CanKeep: true, Errors: views.Errors{"event": models.M("error.required"), "name": models.M("error.required")}})
	pages["function run locked"] = functions.Show(functions.ShowPage{Base: borrowedBase(), Head: locked, Events: kept, WhyNot: "需要「调用云函数」权限", WhyNotKeep: "仅资源方可修改"})
	tree := []functions.FileNode{{Name: "lib", Path: "lib", Children: []functions.FileNode{{Name: "orders.js", Path: "lib/orders.js", Href: "/f", State: "edited"}, {Name: "old.js", Path: "lib/old.js", State: "removed"}}}, {Name: "index.js", Path: "index.js", Href: "/f", Size: "1.2 KB", Active: true}, {Name: "package.json", Path: "package.json", Href: "/f", State: "added"}}
	code := functions.CodePage{Base: sampleBase(), Head: head, CanDeploy: true, Tree: tree, BaseVersion: "v11", FileName: "index.js", Language: "javascript", Content: "const cloud = require('wx-server-sdk')\ncloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })\n\nexports.main = async (event) => {\n  return { sum: event.a + event.b }\n}\n"}
	pages["function code"] = functions.Code(code)
	code.Changed, code.Outdated, code.State, code.Newer, code.Errors = "已修改 3 个文件", true, "edited", "exports.main = 1", views.Errors{"content": models.M("error.code_file_changed")}
	pages["function code changed"] = functions.Code(code)
	pages["function code binary"] = functions.Code(functions.CodePage{Base: borrowedBase(), Head: locked, WhyNot: "仅资源方可修改", FileName: "a.png", Unreadable: "二进制文件", Tree: tree})
	pages["function code empty"] = functions.Code(functions.CodePage{Base: sampleBase(), Head: head, CanDeploy: true})
	diff := sampleDiff()
	pages["function draft"] = functions.Draft(functions.DraftPage{Base: sampleBase(), Head: head, BaseVersion: "v12", Over: "12", Files: diff})
	pages["function draft outdated"] = functions.Draft(functions.DraftPage{Base: sampleBase(), Head: head, BaseVersion: "v11", Over: "12", Outdated: true, Meanwhile: "/compare", Note: "说明", Files: diff, Errors: views.Errors{"code": models.M("error.version_deployed_meanwhile", "version", 12), "note": models.M("error.required")}})
	pages["function draft unchanged"] = functions.Draft(functions.DraftPage{Base: sampleBase(), Head: head, BaseVersion: "v12", Over: "12"})
	pages["function lost"] = functions.Lost(functions.LostPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Name: "hello", Files: []functions.LostFile{{Path: "index.js", Kind: "diff.edited", Content: "exports.main = 1\n"}, {Path: "lib/very/long/old.js", Kind: "diff.removed", Note: "你删除了这个文件。"}}, Errors: views.Errors{"code": models.M("error.function_deleted_meanwhile", "name", "hello")}})
	pages["function discard"] = functions.Discard(functions.DiscardPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Name: "hello", Files: diff})
	pages["function file new"] = functions.FilePath(functions.FilePathPage{Base: sampleBase(), Title: "新建文件", Action: "/files", Back: "/code", Submit: "添加", Errors: views.Errors{"path": models.M("error.required")}})
	pages["function file rename"] = functions.FilePath(functions.FilePathPage{Base: sampleBase(), Title: "重命名", Action: "/files", Back: "/code", Submit: "重命名", File: "a.js", Path: "a.js"})
	pages["function file delete"] = functions.FileDelete(functions.FileDeletePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Name: "hello", File: "a.js"})
	pages["function upload"] = functions.Upload(functions.UploadPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Name: "hello", Over: "12", Version: "v12", Errors: views.Errors{"zip": models.M("error.required"), "files": models.M("error.required"), "over": models.M("error.version_deployed_meanwhile", "version", 12), "note": models.M("error.required")}})
	versions := []functions.VersionRow{{Number: "v12", Digest: "9f2c41d07a", Size: "18 KB", Who: "林夏", When: "2026-11-22 10:02", Note: "支持优惠券", Active: true, CompareHref: "/compare"}, {Number: "v11", Digest: "77be01aa3c", Size: "18 KB", Who: "bob", When: "2026-11-20 18:40", CompareHref: "/compare", RollBackHref: "/rollback?version=11"}}
	pages["function versions"] = functions.Versions(functions.VersionsPage{Base: sampleBase(), Head: head, Versions: versions})
	pages["function versions locked"] = functions.Versions(functions.VersionsPage{Base: borrowedBase(), Head: locked, Versions: versions[:1], WhyNot: "仅资源方可修改"})
	pages["function versions empty"] = functions.Versions(functions.VersionsPage{Base: sampleBase(), Head: head})
	choice := []ui.Option{{Value: "12", Label: "v12", Selected: true}, {Value: "11", Label: "v11"}}
	pages["function compare"] = functions.Compare(functions.ComparePage{Base: sampleBase(), Head: head, From: choice, To: choice, FromVersion: "v11", ToVersion: "v12", Files: diff})
	pages["function compare same"] = functions.Compare(functions.ComparePage{Base: sampleBase(), Head: head, From: choice, To: choice, FromVersion: "v12", ToVersion: "v12"})
	pages["function roll back"] = functions.RollBack(functions.RollBackPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Name: "hello", Number: "11", Version: "v11", Over: "12", Active: "v12", CompareHref: "/compare", Files: diff, Errors: views.Errors{"over": models.M("error.version_deployed_meanwhile", "version", 13)}})
	memory := []ui.Option{{Value: "128", Label: "128 MB"}, {Value: "256", Label: "256 MB", Selected: true}}
	variables := []functions.VariableRow{{ID: "1", Name: "API_BASE", Value: "https://example.com"}, {ID: "2"}}
	pages["function configure"] = functions.Configure(functions.ConfigurePage{Base: sampleBase(), Head: head, Timeout: "10", MaxTimeout: "60", Memory: memory, Concurrency: "1", MaxConcurrency: "100", Variables: variables, Seen: "ab", CanConfigure: true})
	pages["function configure refused"] = functions.Configure(functions.ConfigurePage{Base: borrowedBase(), Head: locked, Memory: memory, WhyNot: "仅资源方可修改", Errors: views.Errors{"timeout": models.M("error.required"), "memory": models.M("error.required"), "concurrency": models.M("error.required"), "variables": models.M("error.required")}})
	pages["function configure changed"] = functions.Configure(functions.ConfigurePage{Base: sampleBase(), Head: head, Memory: memory, Variables: variables, CanConfigure: true, Newer: &functions.ConfigurationNow{Timeout: "5 s", Memory: "128 MB", Concurrency: "1", Variables: variables[:1]}, Errors: views.Errors{"seen": models.M("error.configured_meanwhile")}})
	pages["function delete"] = functions.Delete(functions.DeletePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Name: models.AuthFunction, Auth: true, Calls30Days: "1,902", LastCall: "昨天 21:14"})
	statuses := []ui.Option{{Label: "全部状态", Selected: true}, {Value: "ok", Label: "成功"}}
	runs := []functions.LogRow{{ID: run.RequestID, OK: true, Status: run.Status, When: "10:02:11", Duration: run.Duration, Memory: run.Memory, Version: "v12", Source: "双十一活动", Cold: true, Lines: []functions.LogLine{{Time: "10:02:11.120", Text: "order"}, {Time: "10:02:11.121", Text: "slow", Error: true}}, More: true}, {ID: failed.RequestID, Status: failed.Status, When: "10:01:48", Duration: failed.Duration, Memory: failed.Memory, Version: "v12", Source: "控制台", Error: "TypeError"}}
	pages["logs"] = functions.Logs(functions.LogsPage{Base: sampleBase(), Head: head, Runs: runs, Statuses: statuses, Live: "/logs?since=1", PauseHref: "/logs?paused=1", RefreshHref: "/logs", Pagination: more})
	pages["logs filtered"] = functions.Logs(functions.LogsPage{Base: sampleBase(), Head: head, Runs: runs, Statuses: statuses, Text: "order", Filtered: true, Searched: "在最近 2,000 次调用里查找", Paused: true, ResumeHref: "/logs", RefreshHref: "/logs"})
	pages["logs, none found"] = functions.Logs(functions.LogsPage{Base: sampleBase(), Head: head, Statuses: statuses, RequestID: "x", Filtered: true, RefreshHref: "/logs"})
	pages["logs empty"] = functions.Logs(functions.LogsPage{Base: sampleBase(), Head: head, Statuses: statuses, RefreshHref: "/logs"})
	pages["invocation"] = functions.InvocationShow(functions.InvocationShowPage{Base: sampleBase(), Head: head, When: "2026-11-22 10:02:11", Source: "双十一活动", Ran: "v12", Result: run})
	pages["invocation failed"] = functions.InvocationShow(functions.InvocationShowPage{Base: sampleBase(), Head: head, When: "2026-11-22 10:01:48", Source: "控制台", Ran: "v12", Result: failed})
}

// sampleDiff has every kind of change.
func sampleDiff() []functions.DiffFile {
	return []functions.DiffFile{
		{Path: "index.js", Kind: "diff.edited", Added: "1", Removed: "1", Hunks: [][]functions.DiffLine{
			{{Before: "1", After: "1", Text: "const a = 1"}, {Before: "2", Text: "const b = 2"}, {After: "2", Text: "const b = 3"}}, {{Before: "40", After: "40", Text: "}"}},
		}},
		{Path: "logo.png", Kind: "diff.added", Note: "二进制文件"},
		{Path: "old.js", Kind: "diff.removed", Added: "0", Removed: "1", Hunks: [][]functions.DiffLine{{{Before: "1", Text: "gone"}}}},
	}
}

// addData adds the pages of database and storage.
func addData(pages map[string]templ.Component) {
	head := database.CollectionHead{AppID: appMall, EnvID: envTest, Name: "products", CanOperate: true}
	locked := database.CollectionHead{AppID: appMall, EnvID: envTest, Name: "products", WhyNot: "需要「操作数据库」权限"}
	bad := views.Errors{"name": models.M("error.required"), "filter": models.M("error.required"), "sort": models.M("error.required"), "text": models.M("error.required"), "fields": models.M("error.required"), "file": models.M("error.required"), "files": models.M("error.required"), "to": models.M("error.required")}
	pages["database"] = database.Index(database.IndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, CanOperate: true, Collections: []database.CollectionRow{{Name: "products", Indexes: "3", Rule: "仅创建者可读写"}}})
	pages["database empty"] = database.Index(database.IndexPage{Base: borrowedBase(), AppID: appMall, EnvID: envTest, WhyNot: "未授予"})
	pages["database refused"] = database.Index(database.IndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, CanOperate: true, Name: "1", Errors: bad})
	pages["collection"] = database.Collection(database.CollectionPage{Base: sampleBase(), Head: head, Filter: "{}", Total: "共 2 条", Columns: []database.ColumnHead{{Name: "_id", Href: "/sort", Direction: "ascending"}, {Name: "a.b"}}, Documents: []database.DocumentRow{{Href: "/a", DeleteHref: "/a/delete", Cells: []string{"a", "1"}, Text: `{"_id":"a"}`}}, TableHref: "/t", JSONHref: "/j", Pagination: ui.PaginationProps{Next: "/next", Prev: "/prev"}})
	pages["collection refused"] = database.Collection(database.CollectionPage{Base: borrowedBase(), Head: locked, Filter: "{", Errors: bad})
	pages["collection as json"] = database.Collection(database.CollectionPage{Base: sampleBase(), Head: head, View: "json", Total: "共 1 条", Documents: []database.DocumentRow{{Href: "/a", Text: `{"_id":"a"}`}}})
	pages["collection, nothing found"] = database.Collection(database.CollectionPage{Base: sampleBase(), Head: head, Filter: "{}", Total: "共 0 条"})
	pages["collection, beyond"] = database.Collection(database.CollectionPage{Base: sampleBase(), Head: head, Pagination: ui.PaginationProps{Prev: "/prev"}})
	pages["document delete"] = database.DocumentDelete(database.DocumentPage{Base: sampleBase(), Head: head, Key: "a", Version: "v", Text: `{"_id":"a"}`, Errors: views.Errors{"version": models.M("error.document_changed")}})
	pages["collection delete typed"] = database.CollectionDelete(database.CollectionDeletePage{Base: sampleBase(), Head: head, Documents: "12", Typed: true, Errors: bad})
	pages["collection delete"] = database.CollectionDelete(database.CollectionDeletePage{Base: sampleBase(), Head: head, Documents: "12"})
	pages["document"] = database.Document(database.DocumentPage{Base: sampleBase(), Head: head, Key: "a", Version: "v", Text: `{"_id":"a"}`})
	pages["document changed"] = database.Document(database.DocumentPage{Base: sampleBase(), Head: head, Key: "a", Text: "{}", Newer: `{"n":2}`, Errors: bad})
	pages["document new"] = database.Document(database.DocumentPage{Base: sampleBase(), Head: head})
	pages["document locked"] = database.Document(database.DocumentPage{Base: borrowedBase(), Head: locked, Key: "a", Text: "{}"})
	rows := []database.IndexRow{{Name: "_id_", Fields: "_id:1", Notes: "唯一", Fixed: true}, {Name: "price_1", Fields: "price:1"}}
	pages["indexes"] = database.Indexes(database.IndexesPage{Base: sampleBase(), Head: head, Indexes: rows})
	pages["indexes refused"] = database.Indexes(database.IndexesPage{Base: sampleBase(), Head: head, Indexes: rows, Fields: "x", Errors: bad})
	pages["indexes locked"] = database.Indexes(database.IndexesPage{Base: borrowedBase(), Head: locked, Indexes: rows})
	pages["transfers"] = database.Transfers(database.TransfersPage{Base: sampleBase(), Head: head, Running: true, Transfers: []database.TransferRow{
		{ID: "1", Kind: "导入", File: "a.jsonl", Status: "进行中", Progress: "5 条", By: "林夏", At: "10:02", Percent: "42", Running: true, CanCancel: true},
		{ID: "2", Kind: "导出", File: "a.csv", Status: "完成", Progress: "5 条", CanDownload: true},
		{ID: "3", Kind: "导入", File: "b.csv", Status: "失败", Progress: "5 条", CanResume: true, Errors: []string{"第 3 行：无效"}},
	}})
	pages["transfers empty"] = database.Transfers(database.TransfersPage{Base: borrowedBase(), Head: locked})
	pages["transfers refused"] = database.Transfers(database.TransfersPage{Base: sampleBase(), Head: head, Mode: "upsert", Stop: true, Format: "csv", Filter: "{", Errors: bad})
	above := []ui.Crumb{{Label: "存储", Href: "/s"}, {Label: "a", Href: "/a"}}
	files := []storage.FileRow{{Path: "a/b/x.png", Name: "x.png", Size: "1 KB", Type: "image/png", At: "10:02"}}
	pages["storage"] = storage.Index(storage.IndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Folder: "a/b/", Target: "a/b/", Above: above, Here: "b", Folders: []string{"c"}, Files: files, Prev: "/prev", Next: "/next", Rule: "仅创建者可读写", CanOperate: true, Limit: "5.0 GB", MaxBytes: "5368709120"})
	pages["storage refused"] = storage.Index(storage.IndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Target: "..", Rule: "仅创建者可读写", CanOperate: true, Limit: "5.0 GB", Errors: bad})
	pages["storage locked"] = storage.Index(storage.IndexPage{Base: borrowedBase(), AppID: appMall, EnvID: envTest, Folders: []string{"c"}, Files: files, WhyNot: "未授予"})
	pages["storage empty"] = storage.Index(storage.IndexPage{Base: borrowedBase(), AppID: appMall, EnvID: envTest, WhyNot: "未授予"})
	pages["file"] = storage.File(storage.FilePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Path: "a/a.txt", Name: "a.txt", Above: above, ID: "cloud://e.b/a.txt", Size: "1 KB", Type: "text/plain", SHA256: "ab", Owner: appMall, Created: "10:02", At: "10:02", Text: "hello", Cut: true, CanOperate: true})
	pages["file locked"] = storage.File(storage.FilePage{Base: borrowedBase(), AppID: appMall, EnvID: envTest, Path: "a.png", Name: "a.png", Image: true, WhyNot: "未授予"})
	pages["file move"] = storage.FileMove(storage.FileChangePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Path: "a/", Name: "a", Folder: true, Files: "12", Size: "3 MB", Target: "a/", Back: "/s", Errors: bad})
	pages["file delete"] = storage.FileDelete(storage.FileChangePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Path: "a/x.png", Name: "x.png", Files: "1", Size: "3 MB", Back: "/s"})
}

func addAccessSamples(pages map[string]templ.Component) {
	pages["access"] = rules.Access(rules.AccessPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Unauthenticated: true, Origins: "https://shop.example"})
	pages["access refused"] = rules.Access(rules.AccessPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Origins: "x", Errors: views.Errors{"origins": models.M("error.origin", "origin", "x")}})
	pages["access borrowed"] = rules.Access(rules.AccessPage{Base: borrowedBase(), AppID: appEvent, EnvID: envProd, WhyNot: "只有资源方可以修改"})
	collection := rules.Page{
		Base: sampleBase(), AppID: appMall, EnvID: envTest, Kind: models.RuleCollection, Address: "/rules", InForce: "自定义安全规则", InForceText: `{"read": true}`,
		Head: database.CollectionHead{AppID: appMall, EnvID: envTest, Name: "todos", CanOperate: true}, Preset: "custom", Text: `{"read": true}`,
		Presets:    []rules.Choice{{Value: "admin_read_write", Label: "仅管理端可读写", Hint: "都不能"}, {Value: "custom", Label: "自定义", Hint: "JSON"}},
		Examples:   []rules.Example{{Title: "自己的", Text: `{"read": "doc._openid == auth.openid"}`}},
		Versions:   []rules.VersionRow{{ID: "v2", Name: "自定义", Text: `{"read": true}`, By: "bob", At: "2026-11-20 18:40:00", Current: true}, {ID: "v1", Name: "仅管理端可读写", By: "bob", At: "2026-11-20 18:30:00"}},
		Simulation: rules.SimulationForm{Caller: rules.CallerWeb, OpenID: "o1", Operation: "read", Operations: []string{"read", "update"}},
	}
	pages["rule"] = rules.Rule(collection)
	collection.Checked = `{"read": true}`
	collection.Checked, collection.Problem = "", "第 1 行第 2 列：有误"
	collection.Simulation.Errors = views.Errors{"openid": models.M("error.open_id"), "query": models.M("call.query_empty")}
	pages["rule refused"] = rules.Rule(collection)
	collection.Problem, collection.Simulation.Errors = "", nil
	collection.Simulation.Result = &rules.SimulationResult{Part: "auth != null", Reason: "规则中的 auth != null 不成立。", Closed: true, Trace: []rules.SimulationStep{{Part: "auth", Value: "null"}}}
	pages["rule simulated"] = rules.Rule(collection)
	pages["rule borrowed"] = rules.Rule(rules.Page{Base: borrowedBase(), Kind: models.RuleCollection, Head: database.CollectionHead{AppID: appEvent, EnvID: envProd, Name: "todos", WhyNot: "未授予"}, WhyNot: "只有资源方可以修改"})
	bucket := collection
	bucket.Kind, bucket.Simulation.Operations = models.RuleBucket, []string{"read", "write"}
	bucket.Simulation.Result = &rules.SimulationResult{Allowed: true, Part: "true", Condition: `{"_openid":"o1"}`}
	pages["rule of the bucket"] = rules.Rule(bucket)
	pages["rule of functions"] = rules.Rule(rules.Page{Base: sampleBase(), AppID: appMall, EnvID: envTest, Kind: models.RuleFunctions, Address: "/rules", InForce: "默认规则", InForceText: "{}", Text: "{}"})
}

// sampleMoment is a time that is told like this.
func sampleMoment(text string) *views.Moment {
	return &views.Moment{Text: text, Exact: "2026-11-21 18:40:12", Value: "2026-11-21T10:40:12Z"}
}
