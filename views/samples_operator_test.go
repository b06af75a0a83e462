package views_test

import (
	"github.com/a-h/templ"

	"envshare/models"
	"envshare/views"
	"envshare/views/audit"
	"envshare/views/operator"
	"envshare/views/signin"
	"envshare/views/ui"
)

func addOperatorSamples(pages map[string]templ.Component, more ui.PaginationProps) {
	bad := views.Errors{}
	for _, field := range []string{"group", "actor", "environment", "from", "until", "subject", "id", "name", "appid", "type", "principal", "secret", "web_domains", "username", "user", "role", "password", "password_again"} {
		bad[field] = models.M("error.required")
	}
	rows := []audit.Row{
		{Href: "/e", When: "2026-11-20 18:40:00", Actor: "alice", Via: "控制台", IP: "192.0.2.7", Sentence: "部署云函数 hello", Group: "云函数", EnvironmentID: envTest, Environment: "测试环境", OtherSide: "借用方 · 双十一活动"},
		{Href: "/f", When: "2026-11-20 18:30:00", Actor: "apply", Via: "命令行", Sentence: "修改应用", Group: "应用与环境"},
	}
	list := audit.List{
		Address: "/audit", Export: "/audit/export", Zone: "UTC+8", Rows: rows, Pagination: more,
		Environments: []ui.Option{{Label: "测试环境 (" + envTest + ")"}, {Value: "member-1a2b3c", Label: "会员环境 · 借用", Selected: true}},
	}
	pages["audit"] = audit.Index(audit.IndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, List: list})
	list.Rows = nil
	pages["audit empty"] = audit.Index(audit.IndexPage{Base: sampleBase(), AppID: appMall, List: list})
	list.Filtered, list.Errors = true, bad
	pages["audit, nothing found"] = audit.Index(audit.IndexPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, List: list})
	event := audit.EventView{Row: rows[0], ID: "01JDA4V9K7Y2E0Q6N3M5R8T1WX", RequestID: "01JDA4V9K7Y2E0Q6N3M5R8T1WY", Zone: "UTC+8", Log: "/audit", Differences: []audit.Difference{
		{Label: "授予的权限 · 测试环境", List: true, Removed: []string{"读取数据"}, Added: []string{"调用云函数", "查看云函数"}}, {Label: "备注", After: "双十一"}, {Label: "已暂停", Before: "否", After: "是"},
	}}
	pages["audit event"] = audit.Event(audit.EventPage{Base: sampleBase(), AppID: appMall, EnvID: envTest, Event: event})
	pages["audit event without changes"] = audit.Event(audit.EventPage{Base: sampleBase(), AppID: appMall, Event: audit.EventView{Row: rows[1], ID: "01JDA4V9K7Y2E0Q6N3M5R8T1WX", Log: "/audit"}})
	list.Environments, list.Errors, list.Rows = nil, nil, rows
	pages["operator audit"] = operator.Audit(operator.AuditPage{Base: plain(), List: list})
	pages["operator audit event"] = operator.AuditEvent(operator.AuditEventPage{Base: plain(), Event: event})
	pages["operator health"] = operator.Health(operator.HealthPage{Base: plain(), Version: "v1.2.0", Go: "go1.26", GatewayURL: "http://127.0.0.1:8081", Started: "2026-11-20 18:40", Uptime: "3 天", Database: "SQLite 3.45.1", DatabaseSize: "12.0 MB", Migrations: "11", LastMigration: "202611280031-user-disabling", DocumentSize: "1.0 MB", Files: "12", FileSize: "3.0 MB", DiskFree: "1.0 GB", DiskTotal: "100.0 GB", DiskLow: true, Errors: "3", HasErrors: true, Workers: &operator.Workers{Serving: "3", Busy: "1", Starting: "0", Spares: "2", Queued: "0"}})
	pages["operator health, little known"] = operator.Health(operator.HealthPage{Base: plain()})
	pages["operator settings"] = operator.Settings(operator.SettingsPage{Base: plain(), Settings: []operator.Setting{{Name: "data", Value: "/data", Source: "默认值", Default: true}, {Name: "database", Source: "环境变量"}}})
	pages["operator settings empty"] = operator.Settings(operator.SettingsPage{Base: plain()})
	addOperatorForms(pages, more, bad)
}

func addOperatorForms(pages map[string]templ.Component, more ui.PaginationProps, bad views.Errors) {
	pages["principals"] = operator.Principals(operator.PrincipalsPage{Base: plain(), Pagination: more, Principals: []operator.PrincipalRow{{ID: "acme", Name: "示例科技", Apps: "4", Created: "2026-03-01", WhyNotDelete: "还有 4 个应用"}, {ID: "empty", Name: "空", Apps: "0"}}})
	pages["principals empty"] = operator.Principals(operator.PrincipalsPage{Base: plain(), Text: "x"})
	pages["principal new"] = operator.Principal(operator.PrincipalPage{Base: plain(), New: true})
	pages["principal refused"] = operator.Principal(operator.PrincipalPage{Base: plain(), ID: "acme", Name: "我", Conflict: true, NameNow: "他", Errors: bad})
	pages["operator apps"] = operator.Apps(operator.AppsPage{Base: plain(), Pagination: more, Apps: []operator.AppRow{
		{AppRef: appRef(appMall, "商城小程序", models.MiniProgram, true), Principal: "示例科技", PrincipalID: "acme", Created: "2026-03-01", Sharing: true, HasSecret: true},
		{AppRef: appRef(appEvent, "双十一活动", models.OfficialAccount, true), Principal: "示例科技", PrincipalID: "acme"},
	}})
	pages["operator apps empty"] = operator.Apps(operator.AppsPage{Base: plain(), Text: "x"})
	choices := []operator.Choice{{Value: "acme", Label: "示例科技"}}
	pages["operator app new"] = operator.App(operator.AppPage{Base: plain(), New: true, Kind: models.MiniProgram, Principals: choices})
	pages["operator app refused"] = operator.App(operator.AppPage{
		Base: plain(), AppID: appMall, Name: "我", Kind: models.OfficialAccount, HasSecret: true, DropSecret: true, Principals: choices, Errors: bad,
		Now: &operator.AppPage{Name: "他", Kind: models.MiniProgram, Principal: "acme", WebDomains: "shop.example"},
	})
	pages["users"] = operator.Users(operator.UsersPage{Base: plain(), Pagination: more, Users: []operator.UserRow{{ID: "u1", Name: "alice", Operator: true, Apps: "3", Created: "2026-03-01"}, {ID: "u2", Name: "bob", Disabled: "2026-11-20 18:40"}, {ID: "u3", Name: "carol", SetupUntil: "2026-11-27 18:40"}}})
	pages["users empty"] = operator.Users(operator.UsersPage{Base: plain(), Text: "x"})
	pages["user new"] = operator.UserNew(operator.UserNewPage{Base: plain(), Username: "A", Operator: true, Errors: bad})
	pages["user link"] = operator.UserLink(operator.UserLinkPage{Base: plain(), UserID: "u3", Name: "carol", Link: "https://console.example/choose-password/abc"})
	member := []operator.Membership{{AppRef: appRef(appMall, "商城小程序", models.MiniProgram, true), Role: models.RoleAdmin}}
	pages["user"] = operator.User(operator.UserPage{Base: plain(), UserRow: operator.UserRow{ID: "u1", Name: "alice", Operator: true, Created: "2026-03-01"}, WhyKeep: "最后一个平台管理员", Memberships: member, WhyKeepLinks: "最后一个平台管理员",
		Links: []operator.UserLinked{{Issuer: "https://id.example", Subject: "248289761001", Name: "alice@example.com", Since: "2026-03-02", LastUsed: "2026-11-20 18:40"}, {Issuer: "https://old.example", Subject: "x", Name: "x", Since: "2026-03-02"}}})
	pages["user changed"] = operator.User(operator.UserPage{Base: plain(), UserRow: operator.UserRow{ID: "u2", Name: "bob", Disabled: "2026-11-20 18:40", SetupUntil: "2026-11-20 18:40", SetupOver: true}, AppID: "wx", Role: "admin", Conflict: true, Errors: bad})
	for _, ask := range []string{operator.AskDeletePrincipal, operator.AskDisableUser, operator.AskResetPassword} {
		pages[ask] = operator.Confirm(operator.ConfirmPage{Base: plain(), Ask: ask, Name: "bob", Version: "v", Action: "/do", Back: "/back"})
	}
	pages["reset with links"] = operator.Confirm(operator.ConfirmPage{Base: plain(), Ask: operator.AskResetPassword, Name: "bob", Version: "v", Action: "/do", Back: "/back", Links: 2, SecondFactor: true})
	pages["confirm refused"] = operator.Confirm(operator.ConfirmPage{Base: plain(), Ask: operator.AskDeletePrincipal, Name: "acme", WhyNot: "还有 4 个应用", Action: "/do", Back: "/back"})
	pages["choose password"] = signin.ChoosePassword(signin.ChoosePasswordPage{Base: views.Base{CSRF: "token"}, Token: "t", Username: "carol"})
	pages["choose password refused"] = signin.ChoosePassword(signin.ChoosePasswordPage{Base: views.Base{CSRF: "token"}, Token: "t", Username: "carol", Errors: bad})
}
