package wechat

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"envshare/internal/identity"
)

// Bounds of what passes through, in bytes.
const (
	maxCode       = 512
	maxID         = 128
	maxScope      = 256
	maxSessionKey = 256
	maxProfile    = 1024
)

// Code2Session implements identity.WeChat with /sns/jscode2session.
func (c *Client) Code2Session(ctx context.Context, appID, secret, code string) (identity.Session, error) {
	a, err := c.login(ctx, appID, secret, code, "/sns/jscode2session", "js_code")
	if err != nil {
		return identity.Session{}, err
	}
	return identity.Session{Identity: identity.Identity{OpenID: a.OpenID, UnionID: a.UnionID}, Key: identity.SessionKey(a.SessionKey)}, nil
}

// WebAuthorize implements identity.WeChat with /sns/oauth2/access_token, and
// /sns/userinfo where the person agreed to show a profile. WeChat tells the
// unionid only to scope snsapi_userinfo and where the account is bound to an open
// platform account. Its tokens are dropped: sessions are ours.
func (c *Client) WebAuthorize(ctx context.Context, appID, secret, code string) (identity.Identity, error) {
	a, err := c.login(ctx, appID, secret, code, "/sns/oauth2/access_token", "code")
	if err != nil {
		return identity.Identity{}, err
	}
	out := identity.Identity{OpenID: a.OpenID, UnionID: a.UnionID, Scope: a.Scope}
	if !slices.Contains(strings.Split(a.Scope, ","), scopeUserInfo) {
		return out, nil
	}
	out.Scope = scopeUserInfo
	return c.profile(ctx, appID, secret, a.AccessToken, out)
}

// scopeUserInfo is the scope under which a person shows a profile.
const scopeUserInfo = "snsapi_userinfo"

// profile completes an identity by what the person shows.
func (c *Client) profile(ctx context.Context, appID, secret, token string, who identity.Identity) (identity.Identity, error) {
	r := request{path: "/sns/userinfo", appID: appID, secret: secret, query: url.Values{"access_token": {token}, "openid": {who.OpenID}, "lang": {"zh_CN"}}}
	a, err := c.ask(ctx, r)
	if err != nil {
		return identity.Identity{}, err
	}
	if a.OpenID != who.OpenID || !printable(a.UnionID, 0, maxID) || len(a.NickName) > maxProfile || len(a.AvatarURL) > maxProfile {
		return identity.Identity{}, unreadable(r, "the profile is another person's, or has not the shape of one")
	}
	if who.UnionID == "" {
		who.UnionID = a.UnionID
	}
	who.Profile = identity.Profile{NickName: strings.ToValidUTF8(a.NickName, ""), AvatarURL: strings.ToValidUTF8(a.AvatarURL, "")}
	return who, nil
}

// login exchanges a code, whose parameter goes by one of two names.
func (c *Client) login(ctx context.Context, appID, secret, code, path, parameter string) (answer, error) {
	r := request{path: path, appID: appID, secret: secret, query: url.Values{
		"appid": {appID}, "secret": {secret}, parameter: {code}, "grant_type": {"authorization_code"},
	}}
	if !printable(code, 1, maxCode) {
		return answer{}, refused(r, answer{ErrCode: codeBadCode, ErrMsg: "not the shape of a code"})
	}
	a, err := c.ask(ctx, r)
	if err != nil {
		return answer{}, err
	}
	if !printable(a.OpenID, 1, maxID) || !printable(a.UnionID, 0, maxID) || !printable(a.Scope, 0, maxScope) || !printable(a.SessionKey, 0, maxSessionKey) {
		return answer{}, unreadable(r, "openid, unionid, scope or session_key has not the shape of one")
	}
	return a, nil
}

// printable reports whether s is printable ASCII of so many bytes.
func printable(s string, least, most int) bool {
	for _, b := range []byte(s) {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return len(s) >= least && len(s) <= most
}
