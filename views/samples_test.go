package views

import (
	"github.com/a-h/templ"

	"envshare/models"
	"envshare/views/ui"
)

const (
	appMall  = "wxe0e2656d74f0bff3"
	appEvent = "wx90ab12cd34ef5678"
	envTest  = "test-f96b31"
	envProd  = "mall-prod"
)

// sampleBase is a signed-in person in an own environment.
func sampleBase() Base {
	return Base{
		CSRF: "token", Path: "/apps/" + appMall,
		User:  &UserMenu{Name: "林夏", Operator: true},
		Flash: []Flash{{Kind: "success", Text: "已保存"}},
		Nav: &Nav{
			App: NavApp{AppID: appMall, Name: "商城小程序", Kind: models.MiniProgram, Href: "/apps/" + appMall},
			Apps: []NavApp{
				{AppID: appMall, Name: "商城小程序", Kind: models.MiniProgram, Href: "/apps/" + appMall},
				{AppID: appEvent, Name: "双十一活动", Kind: models.MiniProgram, Href: "/apps/" + appEvent},
			},
			Environment: &NavEnvironment{ID: envTest, Name: "测试环境"},
			Own:         []NavEnvironment{{ID: envTest, Name: "测试环境", Href: "/own"}, {ID: envProd, Name: "生产环境", Href: "/prod"}},
			Borrowed:    []NavEnvironment{{ID: "member-1a2b3c", Name: "会员环境", Borrowed: true, OwnerName: "会员小程序", Href: "/borrowed"}},
			Tabs: []Tab{
				{Label: "nav.overview", Href: "/overview"},
				{Label: "nav.functions", Disabled: true, Reason: "未授予"},
				{Label: "nav.sharing", Href: "/shares", Active: true},
				{Label: "nav.settings", Href: "/settings"},
			},
		},
	}
}

// borrowedBase is a signed-in person in a borrowed environment.
func borrowedBase() Base {
	b := sampleBase()
	b.Flash = nil
	b.Nav.App = b.Nav.Apps[1]
	b.Nav.Environment = &NavEnvironment{ID: envProd, Name: "生产环境", Borrowed: true, OwnerName: "商城小程序"}
	b.Nav.Own = nil
	b.Nav.Tabs[2].Active = false
	b.Nav.Tabs[1] = Tab{Label: "nav.functions", Href: "/functions", Active: true}
	b.Nav.Strip = &Strip{
		OwnerName: "商城小程序", Until: "2026-11-28", DetailHref: "/shares?tab=with-me",
		PermissionLabels: []string{"permission.functions.view", "permission.functions.invoke", "permission.database.read"},
	}
	return b
}

// plain is a page outside any app.
func plain() Base { return Base{CSRF: "token", Path: "/", User: &UserMenu{Name: "bob"}} }

func appRef(id, name string, kind models.AppKind, activated bool) AppRef {
	return AppRef{AppID: id, Name: name, Kind: kind, Activated: activated}
}

func sampleShares() []ShareRow {
	grants := []GrantRow{
		{EnvironmentID: envTest, EnvironmentName: "测试环境", Permissions: models.NewPermissionSet(models.FunctionsInvoke), Href: "/own"},
		{EnvironmentID: envProd, EnvironmentName: "生产环境", Permissions: models.NewPermissionSet(models.FunctionsInvoke, models.DatabaseRead), Href: "/prod"},
	}
	all := []GrantRow{{EnvironmentID: envTest, EnvironmentName: "测试环境", Permissions: models.AllPermissions}}
	return []ShareRow{
		{ID: "s1", Grantee: appRef("wx1f2e3d4c5b6a7988", "会员小程序", models.MiniProgram, true), Grants: all, State: ShareState{Status: models.ShareActive}, Calls7Days: "12,480", LastUse: "刚刚"},
		{ID: "s2", Grantee: appRef("wx77aa66bb55cc44dd", "品牌公众号", models.OfficialAccount, true), Grants: grants, State: ShareState{Status: models.ShareActive}, Calls7Days: "5,312", LastUse: "3 分钟前"},
		{ID: "s3", Grantee: appRef(appEvent, "双十一活动", models.MiniProgram, false), Grants: grants[1:], State: ShareState{Status: models.ShareActive, EndsInDays: 6}, Calls7Days: "412", LastUse: "昨天", Until: "2026-11-28", Note: "双十一大促"},
		{ID: "s4", Grantee: appRef("wx0f0f0f0f1e1e1e1e", "内测小程序", models.MiniProgram, true), Grants: grants[:1], State: ShareState{Status: models.SharePaused}, Calls7Days: "0"},
		{ID: "s5", Grantee: appRef("wx0f0f0f0f1e1e1e1f", "去年的活动", models.MiniProgram, true), Grants: grants[:1], State: ShareState{Status: models.ShareExpired}, Calls7Days: "0", Until: "2025-11-28"},
	}
}

// managedShares are sampleShares as an administrator sees them.
func managedShares() []ShareRow {
	rows := sampleShares()
	for i := range rows {
		rows[i].CanPause = rows[i].State.Status == models.ShareActive
		rows[i].CanResume = rows[i].State.Status == models.SharePaused
		rows[i].CanRemove = true
	}
	return rows
}

func sampleForm() ShareFormPage {
	return ShareFormPage{
		Base: sampleBase(), AppID: appMall, To: appEvent, TimeZone: "UTC+8", Version: "3", Until: "2026-11-28T23:59", Note: "双十一大促",
		Grantee: &ShareGrantee{AppRef: appRef(appEvent, "双十一活动", models.MiniProgram, false), Principal: "示例科技"},
		Environments: []ShareFormEnvironment{
			{ID: envProd, Name: "生产环境", Included: true, AuthMissing: true, AuthHref: "/functions/new", Permissions: models.NewPermissionSet(models.FunctionsView, models.FunctionsInvoke, models.DatabaseRead, models.DatabaseWrite, models.StorageRead)},
			{ID: envTest, Name: "测试环境", Permissions: models.AllPermissions},
		},
	}
}

func refusedForm() ShareFormPage {
	p := sampleForm()
	p.ShareID, p.Conflict = "s3", &ShareConflict{Who: "bob", When: "10:02:11", Mine: ShareSnapshot{Grants: sampleShares()[1].Grants, Note: "双十一大促"}}
	p.Stored = &ShareSnapshot{Grants: sampleShares()[2].Grants, Until: "2026-11-28 23:59", UntilValue: "2026-11-28T23:59"}
	p.Environments[0].Stored = models.NewPermissionSet(models.FunctionsInvoke, models.DatabaseRead)
	p.Environments[1].Stored = models.NewPermissionSet(models.FunctionsView)
	p.Environments[0].Permissions = 0
	p.Errors = Errors{
		"to": models.M("error.appid"), "env": models.M("error.required"), "perm." + envProd: models.M("error.required"),
		"until": models.M("error.required"), "note": models.M("error.too_long", "max", 200),
	}
	return p
}

func sampleImpact() ShareImpact {
	return ShareImpact{Calls7Days: "412", Calls30Days: "1,902", LastCall: "昨天 21:14", InUse: true}
}

func sampleHead() FunctionHead {
	return FunctionHead{AppID: appMall, EnvID: envTest, Name: "createOrder", Version: "v12", CanDelete: true}
}

func sampleRun() RunResult {
	return RunResult{OK: true, Status: "invocation_status.success", Duration: "38 ms", Memory: "61 MB", Result: "{\n  \"orderId\": \"2026112200017\"\n}", Lines: []LogLine{{Time: "10:02:11.204", Text: "creating order"}, {Time: "10:02:11.239", Text: "done"}}, RequestID: "01JDA4V9K7Y2E0Q6N3M5R8T1WX"}
}

func failedRun() RunResult {
	return RunResult{Status: "invocation_status.failed", Duration: "3 ms", Memory: "58 MB", Meaning: "-601012: 没有共享", Error: "TypeError: Cannot read properties of undefined (reading 'id')\n    at exports.main (index.js:12:18)", RequestID: "01JDA4V9K7Y2E0Q6N3M5R8T1WY"}
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
	pages["login"] = Login(LoginPage{Base: Base{CSRF: "token"}})
	pages["login first run"] = Login(LoginPage{Base: Base{CSRF: "token"}, SetupHint: true})
	pages["login refused"] = Login(LoginPage{Base: Base{CSRF: "token"}, Username: "alice", Next: "/apps", Refusal: "用户名或密码不正确。", Errors: Errors{"username": models.M("error.required"), "password": models.M("error.required")}})
	pages["setup"] = Setup(SetupPage{Base: Base{CSRF: "token"}, Token: "t"})
	pages["setup refused"] = Setup(SetupPage{Base: Base{CSRF: "token"}, Token: "t", Username: "A", Errors: Errors{"username": models.M("error.username"), "password": models.M("error.password_short", "min", 10), "password_again": models.M("error.required")}})
	pages["apps empty"] = AppsIndex(AppsIndexPage{Base: plain()})
	pages["apps"] = AppsIndex(AppsIndexPage{Base: plain(), Apps: []AppRow{
		{AppID: appMall, Name: "商城小程序", Kind: models.MiniProgram, Principal: "示例科技", Activated: true, Role: models.RoleAdmin, HasEntry: true, Href: "/apps/" + appMall},
		{AppID: appEvent, Name: "双十一活动", Kind: models.MiniProgram, Principal: "示例科技", Role: models.RoleDeveloper, HasEntry: true, Href: "/apps/" + appEvent},
		{AppID: "wx0f0f0f0f1e1e1e1e", Name: "内测小程序", Kind: models.MiniProgram, Principal: "示例科技", Role: models.RoleAdmin, CanActivate: true},
		{AppID: "wx77aa66bb55cc44dd", Name: "品牌公众号", Kind: models.OfficialAccount, Principal: "示例科技", Role: models.RoleViewer},
	}})
	pages["overview"] = AppOverview(AppOverviewPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, EnvName: "测试环境", OwnerName: "商城小程序", FunctionCount: "4", Invocations24Hours: "9,310", SharedByMe: "4", SharedWithMe: "1", Start: &GettingStarted{Function: StartStep{Done: true}, Sharing: StartStep{Done: true}, Auth: StartStep{Href: "/auth"}, Share: StartStep{WhyNot: "只有管理员可以共享"}},
		Recent: []RecentInvocation{{Function: "createOrder", ID: "r1", OK: true, Status: "invocation_status.success", When: "刚刚", Duration: "38 ms"}, {Function: "syncStock", ID: "r2", Status: "invocation_status.timed_out", When: "3 小时前", Duration: "3 s"}}})
	pages["overview empty"] = AppOverview(AppOverviewPage{Base: borrowedBase(), AppID: appEvent, EnvID: envProd, EnvName: "生产环境", OwnerName: "商城小程序", Borrowed: true, FunctionCount: "0", Invocations24Hours: "0", SharedByMe: "0", SharedWithMe: "1"})
	pages["no entry"] = NoEntry(NoEntryPage{Base: plain(), AppID: appEvent, AppName: "双十一活动"})
	pages["no entry admin"] = NoEntry(NoEntryPage{Base: plain(), AppID: appEvent, AppName: "双十一活动", CanActivate: true})
	pages["no environment"] = NoEnvironment(NoEnvironmentPage{Base: plain(), AppID: appEvent, CanCreate: true})
	pages["environments"] = EnvironmentsIndex(EnvironmentsIndexPage{Base: sampleBase(), AppID: appMall, CanCreate: true,
		Own: []OwnEnvironmentRow{{ID: envTest, Name: "测试环境", Href: "/own", Created: "2026-03-01", Current: true}, {ID: envProd, Name: "生产环境", Href: "/prod", Created: "2026-03-02"}},
		Borrowed: []BorrowedEnvironmentRow{
			{ID: "member-1a2b3c", Name: "会员环境", Href: "/borrowed", Owner: appRef("wx1f2e3d4c5b6a7988", "会员小程序", models.MiniProgram, true), Permissions: models.AllPermissions, State: ShareState{Status: models.ShareActive}},
			{ID: "stock-1a2b3c", Name: "库存", Owner: appRef("wx1f2e3d4c5b6a7989", "库存小程序", models.MiniProgram, true), Permissions: models.NewPermissionSet(models.DatabaseRead), State: ShareState{Status: models.SharePaused}},
		}})
	pages["environments empty"] = EnvironmentsIndex(EnvironmentsIndexPage{Base: plain(), AppID: appEvent, WhyNot: "只有管理员可以创建环境"})
	pages["environment new"] = EnvironmentNew(EnvironmentNewPage{Base: plain(), AppID: appEvent, First: true, Back: "/apps"})
	pages["environment new refused"] = EnvironmentNew(EnvironmentNewPage{Base: sampleBase(), AppID: appMall, Name: "x", Prefix: "X", Back: "/apps", Errors: Errors{"name": models.M("error.required"), "prefix": models.M("error.environment_prefix")}})
	pages["settings"] = SettingsEnvironment(SettingsEnvironmentPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, EnvName: "测试环境", Owner: appRef(appMall, "商城小程序", models.MiniProgram, true), Created: "2026-03-01"})
	pages["settings borrowed"] = SettingsEnvironment(SettingsEnvironmentPage{Base: borrowedBase(), AppID: appEvent, EnvID: envProd, EnvName: "生产环境", Owner: appRef(appMall, "商城小程序", models.MiniProgram, true), Borrowed: true})
	pages["extensions on"] = Extensions(ExtensionsPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, SharingOn: true, CanChange: true})
	pages["extensions off"] = Extensions(ExtensionsPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, CanChange: true})
	pages["extensions refused"] = Extensions(ExtensionsPage{Base: sampleBase(), AppID: appMall, WhyNot: "只有管理员可以开通"})
	pages["sharing disable"] = SharingDisable(SharingDisablePage{Base: sampleBase(), AppID: appMall, Shares: sampleShares()[:3], Total: "103", NotListed: "100", Errors: Errors{"confirm": models.M("error.required")}})
	pages["sharing disable empty"] = SharingDisable(SharingDisablePage{Base: sampleBase(), AppID: appMall})
	for name, status := range map[string]int{"error 400": 400, "error 401": 401, "error 403": 403, "error 404": 404, "error 409": 409, "error 429": 429, "error 500": 500, "error 503": 503} {
		pages[name] = Error(ErrorPage{Base: plain(), Status: status, Message: "只有管理员可以共享", RequestID: "01JDA4V9K7Y2E0Q6N3M5R8T1WX"})
	}
	pages["error in an app"] = Error(ErrorPage{Base: plain(), Status: 403, Message: "只有管理员可以共享", AppHref: "/apps/" + appMall})
	pages["error bare"] = Error(ErrorPage{Status: 418})
}

func addShareSamples(pages map[string]templ.Component, more ui.PaginationProps) {
	index := SharesIndexPage{Base: sampleBase(), AppID: appMall, ByMeCount: "5", WithMeCount: "1", Calls7Days: "18,204", Denied7Days: "12", ByMe: managedShares(), CanShare: true, CanLeave: true, Pagination: more}
	pages["shares"] = SharesIndex(index)
	viewer := index
	viewer.ByMe = sampleShares()
	viewer.CanShare, viewer.WhyNot = false, "只有管理员可以共享"
	pages["shares viewer"] = SharesIndex(viewer)
	viewer.ByMe = nil
	off := viewer
	off.WhyNot, off.EnableHref = "尚未开通环境共享", "/extensions"
	pages["shares off"] = SharesIndex(off)
	pages["shares viewer empty"] = SharesIndex(viewer)
	index.ByMe = nil
	pages["shares empty"] = SharesIndex(index)
	index.WithMe = true
	pages["shares with me empty"] = SharesIndex(index)
	row := sampleShares()[2]
	index.Incoming = []IncomingShareRow{{ID: "s9", Owner: appRef("wx1f2e3d4c5b6a7988", "会员小程序", models.MiniProgram, true), Grants: row.Grants, State: row.State, Since: "2026-10-01", Until: "2026-11-28", Note: "双十一大促"}}
	pages["shares with me"] = SharesIndex(index)
	index.CanLeave, index.WhyNotLeave = false, "只有管理员可以退出共享"
	pages["shares with me viewer"] = SharesIndex(index)

	pages["share form"] = ShareForm(sampleForm())
	pages["share form refused"] = ShareForm(refusedForm())
	fresh := ShareFormPage{Base: sampleBase(), AppID: appMall, TimeZone: "UTC", Environments: []ShareFormEnvironment{{ID: envTest, Name: "测试环境", Included: true, Permissions: models.AllPermissions}}}
	pages["share form fresh"] = ShareForm(fresh)
	fresh.To, fresh.ExistingHref, fresh.Errors = "wx1", "/edit", Errors{"to": models.M("error.appid")}
	pages["share form unknown app"] = ShareForm(fresh)
	pages["share form without environment"] = ShareForm(ShareFormPage{Base: sampleBase(), AppID: appMall})
	pages["share delete"] = ShareDelete(ShareDeletePage{Base: sampleBase(), AppID: appMall, ShareID: "s3", Grantee: row.Grantee, Grants: row.Grants, Impact: sampleImpact(), ClosesEntry: true, CanPause: true})
	pages["share delete unused"] = ShareDelete(ShareDeletePage{Base: sampleBase(), AppID: appMall, ShareID: "s3", Grantee: row.Grantee, Impact: ShareImpact{Calls7Days: "0", Calls30Days: "0"}})
	pages["share leave"] = ShareLeave(ShareLeavePage{Base: borrowedBase(), AppID: appEvent, ShareID: "s3", Owner: appRef(appMall, "商城小程序", models.MiniProgram, true), Grants: row.Grants, Impact: sampleImpact(), ClosesEntry: true})
}

func addFunctionSamples(pages map[string]templ.Component, more ui.PaginationProps) {
	head := sampleHead()
	locked := FunctionHead{AppID: appEvent, EnvID: envProd, Name: models.AuthFunction, OwnerOnly: true, WhyNotDelete: "仅资源方可修改"}
	rows := []FunctionRow{
		{Name: models.AuthFunction, Version: "v3", Memory: "128 MB", Timeout: "3 s", LastInvocation: "2 分钟前", LastOK: true, LastStatus: "invocation_status.success", LastHref: "/run", Changed: "2026-11-20 18:40", OwnerOnly: true, CanRun: true, WhyNotDeploy: "仅资源方可修改"},
		{Name: "createOrder", Version: "v12", Memory: "256 MB", Timeout: "10 s", LastInvocation: "刚刚", LastStatus: "invocation_status.failed", LastHref: "/run", CanRun: true, WhyNotDeploy: "需要「操作云函数」权限"},
		{Name: "syncStock", Version: "v2", Memory: "512 MB", Timeout: "60 s", WhyNotRun: "需要「调用云函数」权限", WhyNotDeploy: "需要「操作云函数」权限"},
	}
	pages["functions borrowed"] = FunctionsIndex(FunctionsIndexPage{Base: borrowedBase(), AppID: appEvent, EnvID: envProd, Functions: rows, WhyNot: "新建需要「操作云函数」权限", WhyOff: []string{"无法测试：没有「调用云函数」权限", "无法部署：没有「操作云函数」权限"}})
	own := []FunctionRow{{Name: models.AuthFunction, Version: "v3", Memory: "128 MB", Timeout: "3 s", CanRun: true, CanDeploy: true}}
	pages["functions"] = FunctionsIndex(FunctionsIndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Functions: own, CanCreate: true, Search: "auth", AuthMissing: &AuthMissing{AppID: appMall, EnvID: envTest, Name: models.AuthFunction, Template: "cloudbase_auth", CanCreate: true}, Pagination: more})
	pages["functions, none found"] = FunctionsIndex(FunctionsIndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, CanCreate: true, Search: "nothing"})
	pages["functions empty"] = FunctionsIndex(FunctionsIndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, CanCreate: true, AuthMissing: &AuthMissing{Borrowed: true, WhyNot: "仅资源方可修改"}})
	pages["function new"] = FunctionNew(FunctionNewPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Templates: []string{"hello", "cloudbase_auth", "caller", "database", "empty"}, Template: "hello"})
	pages["function new refused"] = FunctionNew(FunctionNewPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Name: "1", Templates: []string{"hello"}, Template: "upload", Errors: Errors{"name": models.M("error.required"), "template": models.M("error.required"), "zip": models.M("error.required"), "files": models.M("error.required")}})
	run, failed := sampleRun(), failedRun()
	kept := []ui.Option{{Value: "e1", Label: "正常下单", Selected: true}, {Value: "e2", Label: "库存不足"}}
	pages["function run"] = FunctionShow(FunctionShowPage{Base: sampleBase(), FunctionHead: head, Event: "{\n  \"skuId\": \"A-100\"\n}", CanRun: true, Events: kept, Kept: "e1", KeptName: "正常下单", EventName: "正常下单", Revision: "2", CanKeep: true, Result: &run})
	pages["function run failed"] = FunctionShow(FunctionShowPage{Base: sampleBase(), FunctionHead: head, Event: "{}", CanRun: true, CanKeep: true, Result: &failed})
	pages["function run refused"] = FunctionShow(FunctionShowPage{Base: sampleBase(), FunctionHead: head, Event: "{", CanRun: true, CanKeep: true, Errors: Errors{"event": models.M("error.required"), "name": models.M("error.required")}})
	pages["function run locked"] = FunctionShow(FunctionShowPage{Base: borrowedBase(), FunctionHead: locked, Events: kept, WhyNot: "需要「调用云函数」权限", WhyNotKeep: "仅资源方可修改"})
	tree := []FileNode{{Name: "lib", Path: "lib", Children: []FileNode{{Name: "orders.js", Path: "lib/orders.js", Href: "/f", State: "edited"}, {Name: "old.js", Path: "lib/old.js", State: "removed"}}}, {Name: "index.js", Path: "index.js", Href: "/f", Size: "1.2 KB", Active: true}, {Name: "package.json", Path: "package.json", Href: "/f", State: "added"}}
	code := FunctionCodePage{Base: sampleBase(), FunctionHead: head, CanDeploy: true, Tree: tree, BaseVersion: "v11", FileName: "index.js", Language: "javascript", Content: "const cloud = require('wx-server-sdk')\ncloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })\n\nexports.main = async (event) => {\n  return { sum: event.a + event.b }\n}\n"}
	pages["function code"] = FunctionCode(code)
	code.Changed, code.Outdated, code.State, code.Newer, code.Errors = "已修改 3 个文件", true, "edited", "exports.main = 1", Errors{"content": models.M("error.code_file_changed")}
	pages["function code changed"] = FunctionCode(code)
	pages["function code binary"] = FunctionCode(FunctionCodePage{Base: borrowedBase(), FunctionHead: locked, WhyNot: "仅资源方可修改", FileName: "a.png", Unreadable: "二进制文件", Tree: tree})
	pages["function code empty"] = FunctionCode(FunctionCodePage{Base: sampleBase(), FunctionHead: head, CanDeploy: true})
	diff := sampleDiff()
	pages["function draft"] = FunctionDraft(FunctionDraftPage{Base: sampleBase(), FunctionHead: head, BaseVersion: "v12", Over: "12", Files: diff})
	pages["function draft outdated"] = FunctionDraft(FunctionDraftPage{Base: sampleBase(), FunctionHead: head, BaseVersion: "v11", Over: "12", Outdated: true, Meanwhile: "/compare", Note: "说明", Files: diff, Errors: Errors{"code": models.M("error.version_deployed_meanwhile", "version", 12), "note": models.M("error.required")}})
	pages["function draft unchanged"] = FunctionDraft(FunctionDraftPage{Base: sampleBase(), FunctionHead: head, BaseVersion: "v12", Over: "12"})
	pages["function discard"] = FunctionDiscard(FunctionDiscardPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Name: "hello", Files: diff})
	pages["function file new"] = FunctionPath(FunctionPathPage{Base: sampleBase(), Title: "新建文件", Action: "/files", Back: "/code", Submit: "添加", Errors: Errors{"path": models.M("error.required")}})
	pages["function file rename"] = FunctionPath(FunctionPathPage{Base: sampleBase(), Title: "重命名", Action: "/files", Back: "/code", Submit: "重命名", File: "a.js", Path: "a.js"})
	pages["function file delete"] = FunctionFileDelete(FunctionFileDeletePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Name: "hello", File: "a.js"})
	pages["function upload"] = FunctionUpload(FunctionUploadPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Name: "hello", Over: "12", Version: "v12", Errors: Errors{"zip": models.M("error.required"), "files": models.M("error.required"), "over": models.M("error.version_deployed_meanwhile", "version", 12), "note": models.M("error.required")}})
	versions := []VersionRow{{Number: "v12", Digest: "9f2c41d07a", Size: "18 KB", Who: "林夏", When: "2026-11-22 10:02", Note: "支持优惠券", Active: true, CompareHref: "/compare"}, {Number: "v11", Digest: "77be01aa3c", Size: "18 KB", Who: "bob", When: "2026-11-20 18:40", CompareHref: "/compare", RollBackHref: "/rollback?version=11"}}
	pages["function versions"] = FunctionVersions(FunctionVersionsPage{Base: sampleBase(), FunctionHead: head, Versions: versions})
	pages["function versions locked"] = FunctionVersions(FunctionVersionsPage{Base: borrowedBase(), FunctionHead: locked, Versions: versions[:1], WhyNot: "仅资源方可修改"})
	pages["function versions empty"] = FunctionVersions(FunctionVersionsPage{Base: sampleBase(), FunctionHead: head})
	choice := []ui.Option{{Value: "12", Label: "v12", Selected: true}, {Value: "11", Label: "v11"}}
	pages["function compare"] = FunctionCompare(FunctionComparePage{Base: sampleBase(), FunctionHead: head, From: choice, To: choice, FromVersion: "v11", ToVersion: "v12", Files: diff})
	pages["function compare same"] = FunctionCompare(FunctionComparePage{Base: sampleBase(), FunctionHead: head, From: choice, To: choice, FromVersion: "v12", ToVersion: "v12"})
	pages["function roll back"] = FunctionRollBack(FunctionRollBackPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Name: "hello", Number: "11", Version: "v11", Over: "12", Active: "v12", CompareHref: "/compare", Files: diff, Errors: Errors{"over": models.M("error.version_deployed_meanwhile", "version", 13)}})
	memory := []ui.Option{{Value: "128", Label: "128 MB"}, {Value: "256", Label: "256 MB", Selected: true}}
	variables := []VariableRow{{ID: "1", Name: "API_BASE", Value: "https://example.com"}, {ID: "2"}}
	pages["function configure"] = FunctionConfigure(FunctionConfigurePage{Base: sampleBase(), FunctionHead: head, Timeout: "10", MaxTimeout: "60", Memory: memory, Concurrency: "1", MaxConcurrency: "100", Variables: variables, Seen: "ab", CanConfigure: true})
	pages["function configure refused"] = FunctionConfigure(FunctionConfigurePage{Base: borrowedBase(), FunctionHead: locked, Memory: memory, WhyNot: "仅资源方可修改", Errors: Errors{"timeout": models.M("error.required"), "memory": models.M("error.required"), "concurrency": models.M("error.required"), "variables": models.M("error.required")}})
	pages["function configure changed"] = FunctionConfigure(FunctionConfigurePage{Base: sampleBase(), FunctionHead: head, Memory: memory, Variables: variables, CanConfigure: true, Newer: &ConfigurationNow{Timeout: "5 s", Memory: "128 MB", Concurrency: "1", Variables: variables[:1]}, Errors: Errors{"seen": models.M("error.configured_meanwhile")}})
	pages["function delete"] = FunctionDelete(FunctionDeletePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Name: models.AuthFunction, Auth: true, Calls30Days: "1,902", LastCall: "昨天 21:14"})
	statuses := []ui.Option{{Label: "全部状态", Selected: true}, {Value: "ok", Label: "成功"}}
	runs := []LogRow{{ID: run.RequestID, OK: true, Status: run.Status, When: "10:02:11", Duration: run.Duration, Memory: run.Memory, Version: "v12", Source: "双十一活动", Cold: true, Lines: []LogLine{{Time: "10:02:11.120", Text: "order"}, {Time: "10:02:11.121", Text: "slow", Error: true}}, More: true}, {ID: failed.RequestID, Status: failed.Status, When: "10:01:48", Duration: failed.Duration, Memory: failed.Memory, Version: "v12", Source: "控制台", Error: "TypeError"}}
	pages["logs"] = FunctionLogs(FunctionLogsPage{Base: sampleBase(), FunctionHead: head, Runs: runs, Statuses: statuses, Live: "/logs?since=1", PauseHref: "/logs?paused=1", RefreshHref: "/logs", Pagination: more})
	pages["logs filtered"] = FunctionLogs(FunctionLogsPage{Base: sampleBase(), FunctionHead: head, Runs: runs, Statuses: statuses, Text: "order", Filtered: true, Searched: "在最近 2,000 次调用里查找", Paused: true, ResumeHref: "/logs", RefreshHref: "/logs"})
	pages["logs, none found"] = FunctionLogs(FunctionLogsPage{Base: sampleBase(), FunctionHead: head, Statuses: statuses, RequestID: "x", Filtered: true, RefreshHref: "/logs"})
	pages["logs empty"] = FunctionLogs(FunctionLogsPage{Base: sampleBase(), FunctionHead: head, Statuses: statuses, RefreshHref: "/logs"})
	pages["invocation"] = InvocationShow(InvocationShowPage{Base: sampleBase(), FunctionHead: head, When: "2026-11-22 10:02:11", Source: "双十一活动", Ran: "v12", Result: run})
	pages["invocation failed"] = InvocationShow(InvocationShowPage{Base: sampleBase(), FunctionHead: head, When: "2026-11-22 10:01:48", Source: "控制台", Ran: "v12", Result: failed})
}

// sampleDiff has every kind of change.
func sampleDiff() []DiffFile {
	return []DiffFile{
		{Path: "index.js", Kind: "diff.edited", Added: "1", Removed: "1", Hunks: [][]DiffLine{
			{{Before: "1", After: "1", Text: "const a = 1"}, {Before: "2", Text: "const b = 2"}, {After: "2", Text: "const b = 3"}}, {{Before: "40", After: "40", Text: "}"}},
		}},
		{Path: "logo.png", Kind: "diff.added", Note: "二进制文件"},
		{Path: "old.js", Kind: "diff.removed", Added: "0", Removed: "1", Hunks: [][]DiffLine{{{Before: "1", Text: "gone"}}}},
	}
}

// addData adds the pages of database and storage.
func addData(pages map[string]templ.Component) {
	head := CollectionHead{AppID: appMall, EnvID: envTest, Name: "products", CanOperate: true}
	locked := CollectionHead{AppID: appMall, EnvID: envTest, Name: "products", WhyNot: "需要「操作数据库」权限"}
	bad := Errors{"name": models.M("error.required"), "filter": models.M("error.required"), "sort": models.M("error.required"), "text": models.M("error.required"), "fields": models.M("error.required"), "file": models.M("error.required"), "files": models.M("error.required"), "to": models.M("error.required")}
	pages["database"] = Database(DatabasePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, CanOperate: true, Collections: []CollectionRow{{Name: "products", Indexes: "3", Rule: "仅创建者可读写"}}})
	pages["database empty"] = Database(DatabasePage{Base: borrowedBase(), AppID: appMall, EnvID: envTest, WhyNot: "未授予"})
	pages["database refused"] = Database(DatabasePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, CanOperate: true, Name: "1", Errors: bad})
	pages["collection"] = Collection(CollectionPage{Base: sampleBase(), Head: head, Filter: "{}", Total: "共 2 条", Columns: []ColumnHead{{Name: "_id", Href: "/sort", Direction: "ascending"}, {Name: "a.b"}}, Documents: []DocumentRow{{Href: "/a", DeleteHref: "/a/delete", Cells: []string{"a", "1"}, Text: `{"_id":"a"}`}}, TableHref: "/t", JSONHref: "/j", Pagination: ui.PaginationProps{Next: "/next", Prev: "/prev"}})
	pages["collection refused"] = Collection(CollectionPage{Base: borrowedBase(), Head: locked, Filter: "{", Errors: bad})
	pages["collection as json"] = Collection(CollectionPage{Base: sampleBase(), Head: head, View: "json", Total: "共 1 条", Documents: []DocumentRow{{Href: "/a", Text: `{"_id":"a"}`}}})
	pages["collection, nothing found"] = Collection(CollectionPage{Base: sampleBase(), Head: head, Filter: "{}", Total: "共 0 条"})
	pages["collection, beyond"] = Collection(CollectionPage{Base: sampleBase(), Head: head, Pagination: ui.PaginationProps{Prev: "/prev"}})
	pages["document delete"] = DocumentDelete(DocumentPage{Base: sampleBase(), Head: head, Key: "a", Version: "v", Text: `{"_id":"a"}`, Errors: Errors{"version": models.M("error.document_changed")}})
	pages["collection delete typed"] = CollectionDelete(CollectionDeletePage{Base: sampleBase(), Head: head, Documents: "12", Typed: true, Errors: bad})
	pages["collection delete"] = CollectionDelete(CollectionDeletePage{Base: sampleBase(), Head: head, Documents: "12"})
	pages["document"] = Document(DocumentPage{Base: sampleBase(), Head: head, Key: "a", Version: "v", Text: `{"_id":"a"}`})
	pages["document changed"] = Document(DocumentPage{Base: sampleBase(), Head: head, Key: "a", Text: "{}", Newer: `{"n":2}`, Errors: bad})
	pages["document new"] = Document(DocumentPage{Base: sampleBase(), Head: head})
	pages["document locked"] = Document(DocumentPage{Base: borrowedBase(), Head: locked, Key: "a", Text: "{}"})
	rows := []IndexRow{{Name: "_id_", Fields: "_id:1", Notes: "唯一", Fixed: true}, {Name: "price_1", Fields: "price:1"}}
	pages["indexes"] = Indexes(IndexesPage{Base: sampleBase(), Head: head, Indexes: rows})
	pages["indexes refused"] = Indexes(IndexesPage{Base: sampleBase(), Head: head, Indexes: rows, Fields: "x", Errors: bad})
	pages["indexes locked"] = Indexes(IndexesPage{Base: borrowedBase(), Head: locked, Indexes: rows})
	pages["transfers"] = Transfers(TransfersPage{Base: sampleBase(), Head: head, Running: true, Transfers: []TransferRow{
		{ID: "1", Kind: "导入", File: "a.jsonl", Status: "进行中", Progress: "5 条", By: "林夏", At: "10:02", Percent: "42", Running: true, CanCancel: true},
		{ID: "2", Kind: "导出", File: "a.csv", Status: "完成", Progress: "5 条", CanDownload: true},
		{ID: "3", Kind: "导入", File: "b.csv", Status: "失败", Progress: "5 条", CanResume: true, Errors: []string{"第 3 行：无效"}},
	}})
	pages["transfers empty"] = Transfers(TransfersPage{Base: borrowedBase(), Head: locked})
	pages["transfers refused"] = Transfers(TransfersPage{Base: sampleBase(), Head: head, Mode: "upsert", Stop: true, Format: "csv", Filter: "{", Errors: bad})
	above := []ui.Crumb{{Label: "存储", Href: "/s"}, {Label: "a", Href: "/a"}}
	files := []FileRow{{Path: "a/b/x.png", Name: "x.png", Size: "1 KB", Type: "image/png", At: "10:02"}}
	pages["storage"] = Storage(StoragePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Folder: "a/b/", Target: "a/b/", Above: above, Here: "b", Folders: []string{"c"}, Files: files, Prev: "/prev", Next: "/next", Rule: "仅创建者可读写", CanOperate: true, Limit: "5.0 GB", MaxBytes: "5368709120"})
	pages["storage refused"] = Storage(StoragePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Target: "..", Rule: "仅创建者可读写", CanOperate: true, Limit: "5.0 GB", Errors: bad})
	pages["storage locked"] = Storage(StoragePage{Base: borrowedBase(), AppID: appMall, EnvID: envTest, Folders: []string{"c"}, Files: files, WhyNot: "未授予"})
	pages["storage empty"] = Storage(StoragePage{Base: borrowedBase(), AppID: appMall, EnvID: envTest, WhyNot: "未授予"})
	pages["file"] = File(FilePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Path: "a/a.txt", Name: "a.txt", Above: above, ID: "cloud://e.b/a.txt", Size: "1 KB", Type: "text/plain", SHA256: "ab", Owner: appMall, Created: "10:02", At: "10:02", Text: "hello", Cut: true, CanOperate: true})
	pages["file locked"] = File(FilePage{Base: borrowedBase(), AppID: appMall, EnvID: envTest, Path: "a.png", Name: "a.png", Image: true, WhyNot: "未授予"})
	pages["file move"] = FileMove(FileChangePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Path: "a/", Name: "a", Folder: true, Files: "12", Size: "3 MB", Target: "a/", Back: "/s", Errors: bad})
	pages["file delete"] = FileDelete(FileChangePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Path: "a/x.png", Name: "x.png", Files: "1", Size: "3 MB", Back: "/s"})
}

func addAccessSamples(pages map[string]templ.Component) {
	pages["access"] = Access(AccessPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Unauthenticated: true, Origins: "https://shop.example"})
	pages["access refused"] = Access(AccessPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Origins: "x", Errors: Errors{"origins": models.M("error.origin", "origin", "x")}})
	pages["access borrowed"] = Access(AccessPage{Base: borrowedBase(), AppID: appEvent, EnvID: envProd, WhyNot: "只有资源方可以修改"})
	collection := RulePage{
		Base: sampleBase(), AppID: appMall, EnvID: envTest, Kind: models.RuleCollection, Address: "/rules", InForce: "自定义安全规则", InForceText: `{"read": true}`,
		Head: CollectionHead{AppID: appMall, EnvID: envTest, Name: "todos", CanOperate: true}, Preset: "custom", Text: `{"read": true}`,
		Presets:    []RuleChoice{{Value: "admin_read_write", Label: "仅管理端可读写", Hint: "都不能"}, {Value: "custom", Label: "自定义", Hint: "JSON"}},
		Examples:   []RuleExample{{Title: "自己的", Text: `{"read": "doc._openid == auth.openid"}`}},
		Versions:   []RuleVersionRow{{ID: "v2", Name: "自定义", Text: `{"read": true}`, By: "bob", At: "2026-11-20 18:40:00", Current: true}, {ID: "v1", Name: "仅管理端可读写", By: "bob", At: "2026-11-20 18:30:00"}},
		Simulation: SimulationForm{Caller: CallerWeb, OpenID: "o1", Operation: "read", Operations: []string{"read", "update"}},
	}
	pages["rule"] = Rule(collection)
	collection.Checked = `{"read": true}`
	collection.Checked, collection.Problem = "", "第 1 行第 2 列：有误"
	collection.Simulation.Errors = Errors{"openid": models.M("error.open_id"), "query": models.M("call.query_empty")}
	pages["rule refused"] = Rule(collection)
	collection.Problem, collection.Simulation.Errors = "", nil
	collection.Simulation.Result = &SimulationResult{Part: "auth != null", Reason: "规则中的 auth != null 不成立。", Closed: true, Trace: []SimulationStep{{Part: "auth", Value: "null"}}}
	pages["rule simulated"] = Rule(collection)
	pages["rule borrowed"] = Rule(RulePage{Base: borrowedBase(), Kind: models.RuleCollection, Head: CollectionHead{AppID: appEvent, EnvID: envProd, Name: "todos", WhyNot: "未授予"}, WhyNot: "只有资源方可以修改"})
	bucket := collection
	bucket.Kind, bucket.Simulation.Operations = models.RuleBucket, []string{"read", "write"}
	bucket.Simulation.Result = &SimulationResult{Allowed: true, Part: "true", Condition: `{"_openid":"o1"}`}
	pages["rule of the bucket"] = Rule(bucket)
	pages["rule of functions"] = Rule(RulePage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Kind: models.RuleFunctions, Address: "/rules", InForce: "默认规则", InForceText: "{}", Text: "{}"})
}
