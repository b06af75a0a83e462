package views

import (
	"github.com/a-h/templ"

	"envshare/models"
)

// addOwnAccountSamples adds the pages of 账户 and the second page of signing in.
func addOwnAccountSamples(pages map[string]templ.Component) {
	wrong := Errors{
		"password": models.M("error.password_wrong"), "code": models.M("error.code_wrong"), "current": models.M("error.password_wrong"),
		"password_again": models.M("error.password_mismatch"),
	}
	pages["login elsewhere"] = Login(LoginPage{Base: Base{CSRF: "token"}, External: "公司账号"})
	pages["login code"] = LoginSecondFactor(LoginSecondFactorPage{Base: Base{CSRF: "token"}, Next: "/apps"})
	pages["login code refused"] = LoginSecondFactor(LoginSecondFactorPage{Base: Base{CSRF: "token"}, Next: "/apps", Refusal: "尝试次数过多", Errors: wrong})
	pages["account"] = Account(AccountPage{Base: plain(), Username: "bob", Created: "2026-11-01", HasPassword: true})
	pages["account guarded"] = Account(AccountPage{Base: plain(), Username: "bob", Created: "2026-11-01", Operator: true, SecondFactor: true, SecondFactorSince: "2026-11-02", CodesLeft: 2})
	pages["password"] = AccountPassword(AccountPasswordPage{Base: plain(), HasPassword: true})
	pages["password refused"] = AccountPassword(AccountPasswordPage{Base: plain(), HasPassword: true, Errors: wrong})
	pages["first password"] = AccountPassword(AccountPasswordPage{Base: plain()})
	pages["proof"] = Proof(ProofPage{Base: plain(), Title: "second_factor.begin_title", Text: "second_factor.begin_text", Submit: "second_factor.begin", Action: "/account/second-factor", Back: "/account", AskPassword: true})
	pages["proof refused"] = Proof(ProofPage{Base: plain(), Title: "second_factor.end_title", Text: "second_factor.end_text", Submit: "second_factor.end", Action: "/account/second-factor/off", Back: "/account", Danger: true, AskPassword: true, AskCode: true, Errors: wrong})
	pages["proof of a link"] = Proof(ProofPage{Base: plain(), Title: "sign_in_methods.link_title", Text: "sign_in_methods.link_text", Submit: "sign_in_methods.link", Name: "公司账号", Action: "/account/sign-in/link", Back: "/account/sign-in"})
	pages["set up"] = SecondFactorSetUp(SecondFactorSetUpPage{Base: plain(), Secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"})
	pages["set up refused"] = SecondFactorSetUp(SecondFactorSetUpPage{Base: plain(), Secret: "JBSWY3DPEHPK3PXP", Errors: wrong})
	pages["recovery codes"] = RecoveryCodes(RecoveryCodesPage{Base: plain(), Codes: []string{"abcd-efgh-2345-6723", "bcde-fghi-2345-6723"}, First: true})
	pages["recovery codes renewed"] = RecoveryCodes(RecoveryCodesPage{Base: plain(), Codes: []string{"abcd-efgh-2345-6723"}})
	pages["sessions"] = AccountSessions(AccountSessionsPage{Base: plain(), Sessions: []SessionRow{
		{ID: "a", Device: "Chrome · Windows", IP: "192.0.2.1", Created: "2026-11-28 10:00", LastSeen: "2026-11-28 11:00", This: true},
		{ID: "b", IP: "2001:db8::1", Created: "2026-11-27 10:00", LastSeen: "2026-11-27 11:00"},
	}})
	pages["sessions alone"] = AccountSessions(AccountSessionsPage{Base: plain(), Sessions: []SessionRow{{ID: "a", This: true}}})
	pages["sign-in methods"] = SignInMethods(SignInMethodsPage{Base: plain(), Username: "bob", HasPassword: true})
	pages["sign-in methods unlinked"] = SignInMethods(SignInMethodsPage{Base: plain(), Username: "bob", HasPassword: true, External: "公司账号"})
	pages["sign-in methods linked"] = SignInMethods(SignInMethodsPage{Base: plain(), Username: "bob", External: "公司账号", Linked: "bob@example.com", LinkedSince: "2026-11-01", LastUsed: "2026-11-28 10:00", WhyNotUnlink: "这是唯一的登录方式"})
	pages["preferences"] = AccountPreferences(AccountPreferencesPage{Base: plain()})
	pages["leaving"] = ExternalDepart(ExternalDepartPage{Base: Base{CSRF: "token"}, Name: "公司账号", Address: "https://id.example.com/auth?x=1"})
}
