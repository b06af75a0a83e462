package views_test

import (
	"github.com/a-h/templ"

	"envshare/models"
	"envshare/views"
	"envshare/views/account"
	"envshare/views/signin"
)

// addOwnAccountSamples adds the pages of 账户 and the second page of signing in.
func addOwnAccountSamples(pages map[string]templ.Component) {
	wrong := views.Errors{
		"password": models.M("error.password_wrong"), "code": models.M("error.code_wrong"), "current": models.M("error.password_wrong"),
		"password_again": models.M("error.password_mismatch"),
	}
	pages["login elsewhere"] = signin.Login(signin.LoginPage{Base: views.Base{CSRF: "token"}, External: "公司账号"})
	pages["login code"] = signin.LoginSecondFactor(signin.LoginSecondFactorPage{Base: views.Base{CSRF: "token"}, Next: "/apps"})
	pages["login code refused"] = signin.LoginSecondFactor(signin.LoginSecondFactorPage{Base: views.Base{CSRF: "token"}, Next: "/apps", Refusal: "尝试次数过多", Errors: wrong})
	pages["account"] = account.Account(account.Page{Base: plain(), Username: "bob", Created: "2026-11-01", HasPassword: true})
	pages["account guarded"] = account.Account(account.Page{Base: plain(), Username: "bob", Created: "2026-11-01", Operator: true, SecondFactor: true, SecondFactorSince: "2026-11-02", CodesLeft: 2})
	pages["password"] = account.Password(account.PasswordPage{Base: plain(), HasPassword: true})
	pages["password refused"] = account.Password(account.PasswordPage{Base: plain(), HasPassword: true, Errors: wrong})
	pages["first password"] = account.Password(account.PasswordPage{Base: plain()})
	pages["proof"] = account.Proof(account.ProofPage{Base: plain(), Title: "second_factor.begin_title", Text: "second_factor.begin_text", Submit: "second_factor.begin", Action: "/account/second-factor", Back: "/account", AskPassword: true})
	pages["proof refused"] = account.Proof(account.ProofPage{Base: plain(), Title: "second_factor.end_title", Text: "second_factor.end_text", Submit: "second_factor.end", Action: "/account/second-factor/off", Back: "/account", Danger: true, AskPassword: true, AskCode: true, Errors: wrong})
	pages["proof of a link"] = account.Proof(account.ProofPage{Base: plain(), Title: "sign_in_methods.link_title", Text: "sign_in_methods.link_text", Submit: "sign_in_methods.link", Name: "公司账号", Action: "/account/sign-in/link", Back: "/account/sign-in"})
	pages["set up"] = account.SecondFactorSetUp(account.SecondFactorSetUpPage{Base: plain(), Secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"})
	pages["set up refused"] = account.SecondFactorSetUp(account.SecondFactorSetUpPage{Base: plain(), Secret: "JBSWY3DPEHPK3PXP", Errors: wrong})
	pages["recovery codes"] = account.RecoveryCodes(account.RecoveryCodesPage{Base: plain(), Codes: []string{"abcd-efgh-2345-6723", "bcde-fghi-2345-6723"}, First: true})
	pages["recovery codes renewed"] = account.RecoveryCodes(account.RecoveryCodesPage{Base: plain(), Codes: []string{"abcd-efgh-2345-6723"}})
	pages["sessions"] = account.Sessions(account.SessionsPage{Base: plain(), Sessions: []account.SessionRow{
		{ID: "a", Device: "Chrome · Windows", IP: "192.0.2.1", Created: "2026-11-28 10:00", LastSeen: "2026-11-28 11:00", This: true},
		{ID: "b", IP: "2001:db8::1", Created: "2026-11-27 10:00", LastSeen: "2026-11-27 11:00"},
	}})
	pages["sessions alone"] = account.Sessions(account.SessionsPage{Base: plain(), Sessions: []account.SessionRow{{ID: "a", This: true}}})
	pages["sign-in methods"] = account.SignInMethods(account.SignInMethodsPage{Base: plain(), Username: "bob", HasPassword: true})
	pages["sign-in methods unlinked"] = account.SignInMethods(account.SignInMethodsPage{Base: plain(), Username: "bob", HasPassword: true, External: "公司账号"})
	pages["sign-in methods linked"] = account.SignInMethods(account.SignInMethodsPage{Base: plain(), Username: "bob", External: "公司账号", Linked: "bob@example.com", LinkedSince: "2026-11-01", LastUsed: "2026-11-28 10:00", WhyNotUnlink: "这是唯一的登录方式"})
	pages["preferences"] = account.Preferences(account.PreferencesPage{Base: plain()})
	pages["leaving"] = signin.ExternalDepart(signin.ExternalDepartPage{Base: views.Base{CSRF: "token"}, Name: "公司账号", Address: "https://id.example.com/auth?x=1"})
}
