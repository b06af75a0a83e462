package service

import (
	"context"
	"encoding/json"
	"net"
	"net/url"
	"strings"

	"envshare/internal/identity/wechat"
	"envshare/models"
)

// allowLogin bounds the logins from an address, whatever their code is worth. This
// machine is not bound: it may be a proxy whose word is not trusted, and then
// everybody.
func (s *Clients) allowLogin(ip string) error {
	sender := models.Sender(ip)
	if sender.IsValid() && !s.logins.allow(sender.String()) {
		return models.E(models.CodeLimited, "call.logins_many")
	}
	return nil
}

// LoginMiniProgram begins the login of a mini program's user by the code that
// wx.login gave. Anybody may call it; ip is where from. Codes: limited when too many
// logins come from there, not_found for an app that has no such login, invalid for a
// code that WeChat does not take, unavailable.
func (s *Clients) LoginMiniProgram(ctx context.Context, ip, appID, code string) (Tokens, error) {
	if err := s.allowLogin(ip); err != nil {
		return Tokens{}, err
	}
	secret, err := s.secretFor(ctx, appID, models.MiniProgram)
	if err != nil {
		return Tokens{}, err
	}
	person, err := s.wechat.Code2Session(ctx, appID, secret, code)
	if err != nil {
		return Tokens{}, err
	}
	return s.signIn(ctx, models.ClientSession{AppID: appID, OpenID: person.OpenID, UnionID: person.UnionID})
}

// secretFor returns the secret of an app that end users may log in to.
func (s *Clients) secretFor(ctx context.Context, appID string, kind models.AppKind) (string, error) {
	unknown := models.E(models.CodeNotFound, "call.login_unavailable", "appid", appID)
	if !models.ValidAppID(appID) {
		return "", unknown
	}
	app, err := s.store.Apps.ByID(ctx, appID)
	if models.IsCode(err, models.CodeNotFound) || err == nil && app.Kind != kind {
		return "", unknown
	}
	if err != nil {
		return "", err
	}
	sealed, err := s.store.Apps.Secret(ctx, appID)
	if err != nil {
		return "", err
	}
	if len(sealed) == 0 {
		return "", unknown
	}
	return s.keys.openSecret(appID, sealed)
}

// WebLogin is the way back from WeChat's authorise page.
type WebLogin struct {
	// AppID of the official account; "" for the one that the page's host belongs to.
	AppID string
	// RedirectURI is the page to return to, Code what WeChat added.
	RedirectURI, Code, State string
	// IP is where the person comes from.
	IP string
}

// ReturnFromWeChat exchanges the code of a web authorisation and returns the page's
// address with the tokens in its query. The page's host must be among the
// account's web domains: whoever gets the address gets the login. Anybody may
// call it. Codes: forbidden for a page that may not receive a login, limited when too
// many logins come from one address, invalid for a code that WeChat does not take,
// unavailable.
func (s *Clients) ReturnFromWeChat(ctx context.Context, l WebLogin) (string, error) {
	page, appID, err := s.returnPage(ctx, l)
	if err != nil {
		return "", err
	}
	if err := s.allowLogin(l.IP); err != nil {
		return "", err
	}
	secret, err := s.secretFor(ctx, appID, models.OfficialAccount)
	if err != nil {
		return "", err
	}
	person, err := s.wechat.WebAuthorize(ctx, appID, secret, l.Code)
	if err != nil {
		return "", err
	}
	session := models.ClientSession{AppID: appID, OpenID: person.OpenID, UnionID: person.UnionID, Scope: person.Scope}
	if person.Scope == models.ScopeUserInfo {
		profile, err := json.Marshal(person.Profile)
		if err != nil {
			return "", err
		}
		session.Profile = string(profile)
	}
	tokens, err := s.signIn(ctx, session)
	if err != nil {
		return "", err
	}
	added := url.Values{"access_token": {tokens.Access}, "refresh_token": {tokens.Refresh}, "oauthredirect": {"1"}}
	if l.State != "" {
		added.Set("state", l.State)
	}
	return withQuery(page, added), nil
}

// returnPage decides whether a page may receive a login, and of which account.
func (s *Clients) returnPage(ctx context.Context, l WebLogin) (*url.URL, string, error) {
	refused := models.E(models.CodeForbidden, "call.login_return")
	page, err := url.Parse(l.RedirectURI)
	if err != nil || page.Scheme != "http" && page.Scheme != "https" || page.User != nil || page.Opaque != "" ||
		strings.ContainsAny(l.RedirectURI, "\\\r\n\t ") {
		return nil, "", refused
	}
	host, err := models.NormalDomain(page.Host)
	if err != nil {
		return nil, "", refused
	}
	f, err := s.facts.fresh(ctx)
	if err != nil {
		return nil, "", err
	}
	appID := f.loginOf(page.Scheme, host)
	if appID == "" || l.AppID != "" && l.AppID != appID {
		return nil, "", refused
	}
	return page, appID, nil
}

// loginOf returns the official account that a page's host belongs to. A domain
// without a port stands for the scheme's own, on this machine, where pages are
// developed, for any.
func (f *facts) loginOf(scheme, host string) string {
	if appID := f.Logins[host]; appID != "" {
		return appID
	}
	if name, _, err := net.SplitHostPort(host); err == nil && (name == "localhost" || name == "127.0.0.1") {
		return f.Logins[name]
	}
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	if bare, ok := strings.CutSuffix(host, port); ok {
		return f.Logins[bare]
	}
	return ""
}

// withQuery adds parameters behind those that an address has, in place of any of
// the same name.
func withQuery(page *url.URL, added url.Values) string {
	out := *page
	var kept []string
	for part := range strings.SplitSeq(page.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err == nil && added.Has(plain) || part == "" {
			continue
		}
		kept = append(kept, part)
	}
	out.RawQuery = strings.Join(append(kept, added.Encode()), "&")
	return out.String()
}

// PageSignature is what WeChat's JavaScript wants to know of a page.
type PageSignature struct {
	Timestamp int64 // seconds since 1970
	Nonce     string
	Signature string
}

// SignPage signs the address of a page for WeChat's JavaScript, on behalf of a
// person of the official account. WeChat itself knows for which pages it is good.
func (s *Clients) SignPage(ctx context.Context, client Client, page string) (PageSignature, error) {
	secret, err := s.secretFor(ctx, client.AppID(), models.OfficialAccount)
	if err != nil {
		return PageSignature{}, err
	}
	ticket, err := s.wechat.JSAPITicket(ctx, client.AppID(), secret)
	if err != nil {
		return PageSignature{}, err
	}
	out := PageSignature{Timestamp: s.clock().Unix(), Nonce: newID()}
	out.Signature = wechat.Signature(ticket, out.Nonce, out.Timestamp, page)
	return out, nil
}
