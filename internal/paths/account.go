package paths

import "net/url"

// LoginSecondFactor asks for the code of somebody whose password was right.
func LoginSecondFactor() string { return join("login", "second-factor") }

// LoginSecondFactorNext is LoginSecondFactor that leads to a local path afterwards.
func LoginSecondFactorNext(next string) string {
	return LoginSecondFactor() + "?next=" + url.QueryEscape(next)
}

// LoginExternal begins a sign-in at the OpenID provider.
func LoginExternal() string { return join("login", "oidc") }

// LoginExternalCallback is where the OpenID provider sends people back to.
func LoginExternalCallback() string { return join("login", "oidc", "callback") }

// Account is 账户 → 安全: password and second factor of whoever is signed in.
func Account() string { return join("account") }

// AccountPassword changes the password.
func AccountPassword() string { return join("account", "password") }

// AccountSecondFactor begins to turn the second factor on.
func AccountSecondFactor() string { return join("account", "second-factor") }

// SecondFactorSetUp shows the secret, and takes the code that turns it on.
func SecondFactorSetUp() string { return join("account", "second-factor", "set-up") }

// SecondFactorQR is the picture of the secret.
func SecondFactorQR() string { return join("account", "second-factor", "qr.png") }

// RecoveryCodes makes new recovery codes.
func RecoveryCodes() string { return join("account", "second-factor", "recovery-codes") }

// EndSecondFactor turns the second factor off.
func EndSecondFactor() string { return join("account", "second-factor", "off") }

// AccountSessions is 账户 → 登录会话.
func AccountSessions() string { return join("account", "sessions") }

// EndSession ends one session.
func EndSession() string { return join("account", "sessions", "end") }

// EndOtherSessions ends all sessions but this one.
func EndOtherSessions() string { return join("account", "sessions", "end-others") }

// SignInMethods is 账户 → 登录方式.
func SignInMethods() string { return join("account", "sign-in") }

// LinkExternal links an account at the OpenID provider.
func LinkExternal() string { return join("account", "sign-in", "link") }

// UnlinkExternal ends the link.
func UnlinkExternal() string { return join("account", "sign-in", "unlink") }

// Preferences is 账户 → 偏好设置.
func Preferences() string { return join("account", "preferences") }
