package wechat_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"envshare/internal/identity"
	"envshare/internal/identity/wechat"
	"envshare/internal/identity/wechatsim"
	"envshare/models"
)

const (
	mini    = "wxe0e2656d74f0bff3"
	account = "wx0123456789abcdef"
	other   = "wxaaaaaaaaaaaaaaaa" // of another principal
	secret  = "5ecre+/ t&=%zz-of-the-app"
)

// newClient makes a client of a server.
func newClient(t *testing.T, h http.Handler) (*wechat.Client, string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := wechat.New(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return c, server.URL
}

func simulator() http.Handler {
	principals := map[string]string{mini: "acme", account: "acme", other: "else"}
	return wechatsim.New(wechatsim.Options{
		PrincipalOf:   func(appID string) (string, bool) { p, ok := principals[appID]; return p, ok },
		VerifySecret:  func(_, s string) bool { return s == secret },
		AllowRedirect: func(appID, host string) bool { return appID == account && host == "page.test" },
	})
}

// loginCode asks the simulator for what wx.login gives.
func loginCode(t *testing.T, base, appID, person string) string {
	t.Helper()
	res, err := http.Get(base + "/simulator/code?" + url.Values{"appid": {appID}, "person": {person}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var out struct{ Code string }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || out.Code == "" {
		t.Fatalf("no code: %v, status %d", err, res.StatusCode)
	}
	return out.Code
}

// webCode chooses a person on the simulator's page.
func webCode(t *testing.T, base, scope, person string) string {
	t.Helper()
	q := url.Values{"appid": {account}, "redirect_uri": {"https://page.test/__wx__/oauth?redirect_uri=x"}, "response_type": {"code"}, "scope": {scope}, "state": {"s 1"}}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.PostForm(base+"/connect/oauth2/authorize?"+q.Encode(), url.Values{"person": {person}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	back, err := res.Location()
	if err != nil {
		t.Fatalf("%v, status %d", err, res.StatusCode)
	}
	if got := back.Query(); back.Host != "page.test" || back.Path != "/__wx__/oauth" || got.Get("redirect_uri") != "x" || got.Get("state") != "s 1" {
		t.Fatalf("back to %s", back)
	}
	return back.Query().Get("code")
}

var looksReal = regexp.MustCompile(`^o[A-Za-z0-9_-]{27}$`)

func TestLoginOfAMiniProgram(t *testing.T) {
	c, base := newClient(t, simulator())
	login := func(appID, person string) identity.Session {
		t.Helper()
		s, err := c.Code2Session(t.Context(), appID, secret, loginCode(t, base, appID, person))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ming, again := login(mini, "ming"), login(mini, "ming")
	if !looksReal.MatchString(ming.OpenID) || !looksReal.MatchString(ming.UnionID) || ming.Scope != "" {
		t.Fatalf("%+v", ming)
	}
	if key, err := base64.StdEncoding.DecodeString(string(ming.Key)); err != nil || len(key) != 16 || again.Key == ming.Key {
		t.Fatalf("session key of %d bytes, %v, or one that stays the same", len(key), err)
	}
	if again.Identity != ming.Identity {
		t.Fatalf("%+v became %+v", ming, again)
	}
	sibling, stranger, hong := login(account, "ming"), login(other, "ming"), login(mini, "hong")
	if sibling.OpenID == ming.OpenID || sibling.UnionID != ming.UnionID {
		t.Error("in another app of the principal: want another openid and the same unionid")
	}
	if stranger.OpenID == ming.OpenID || stranger.UnionID == ming.UnionID {
		t.Error("with another principal: want another openid and unionid")
	}
	if hong.OpenID == ming.OpenID || hong.UnionID == ming.UnionID {
		t.Error("two persons are one")
	}
}

func TestLoginOfAnOfficialAccount(t *testing.T) {
	c, base := newClient(t, simulator())
	silent, err := c.WebAuthorize(t.Context(), account, secret, webCode(t, base, "snsapi_base", "小 明"))
	if err != nil {
		t.Fatal(err)
	}
	if !looksReal.MatchString(silent.OpenID) || silent.UnionID != "" || silent.Scope != "snsapi_base" {
		t.Fatalf("%+v", silent)
	}
	agreed, err := c.WebAuthorize(t.Context(), account, secret, webCode(t, base, "snsapi_userinfo", "小 明"))
	if err != nil {
		t.Fatal(err)
	}
	inMini, err := c.Code2Session(t.Context(), mini, secret, loginCode(t, base, mini, "小 明"))
	if err != nil {
		t.Fatal(err)
	}
	if agreed.OpenID != silent.OpenID || agreed.UnionID != inMini.UnionID || agreed.UnionID == "" || agreed.Scope != "snsapi_userinfo" {
		t.Fatalf("%+v after %+v, in the mini program %+v", agreed, silent, inMini)
	}
}

func TestCodesThatAreRefused(t *testing.T) {
	c, base := newClient(t, simulator())
	session := func(appID, secret, code string) error {
		_, err := c.Code2Session(t.Context(), appID, secret, code)
		return err
	}
	web := func(appID, secret, code string) error {
		_, err := c.WebAuthorize(t.Context(), appID, secret, code)
		return err
	}
	ofMini, ofPage := loginCode(t, base, mini, "ming"), webCode(t, base, "snsapi_base", "ming")
	for _, row := range []struct {
		name              string
		login             func(appID, secret, code string) error
		appID, with, code string
		want              models.Code
		key               string
		inLog             string
	}{
		{"one that nobody issued", session, mini, secret, "made-up", models.CodeInvalid, "wechat.code_refused", "40029"},
		{"none", session, mini, secret, "", models.CodeInvalid, "wechat.code_refused", "not the shape"},
		{"a long one", web, account, secret, strings.Repeat("x", 513), models.CodeInvalid, "wechat.code_refused", "not the shape"},
		{"one with a line break", web, account, secret, "x\r\ny", models.CodeInvalid, "wechat.code_refused", "not the shape"},
		{"of another app", session, account, secret, ofMini, models.CodeInvalid, "wechat.code_refused", "40029"},
		{"of wx.login, on the web", web, mini, secret, ofMini, models.CodeInvalid, "wechat.code_refused", "40029"},
		{"of the page, in a mini program", session, account, secret, ofPage, models.CodeInvalid, "wechat.code_refused", "40029"},
		{"with a wrong secret", session, mini, "wrong", ofMini, models.CodeUnavailable, "wechat.app_secret", "40125"},
		{"with no secret", session, mini, "", ofMini, models.CodeUnavailable, "wechat.app_secret", "none is stored"},
		{"of an unknown app", web, "wxffffffffffffffff", secret, ofPage, models.CodeUnavailable, "wechat.app_secret", "40013"},
		{"after all that, the right one", session, mini, secret, ofMini, "", "", ""},
		{"the right one a second time", session, mini, secret, ofMini, models.CodeInvalid, "wechat.code_refused", "40163"},
		{"after all that, the page's", web, account, secret, ofPage, "", "", ""},
		{"the page's a second time", web, account, secret, ofPage, models.CodeInvalid, "wechat.code_refused", "40163"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := row.login(row.appID, row.with, row.code)
			if models.CodeOf(err) != row.want {
				t.Fatalf("%v, want %q", err, row.want)
			}
			if err == nil {
				return
			}
			if m := models.MsgOf(err); m.Key != row.key || m.Args["app"] != row.appID || !strings.Contains(err.Error(), row.inLog) || !strings.Contains(err.Error(), row.appID) {
				t.Fatalf("%+v, in the log %q", m, err)
			}
			if row.with != "" && strings.Contains(err.Error(), row.with) {
				t.Fatalf("the secret is in %q", err)
			}
		})
	}
}

func TestACodeOpensOneLoginAtATime(t *testing.T) {
	c, base := newClient(t, simulator())
	code := loginCode(t, base, mini, "ming")
	const racers = 16
	won := make(chan bool, racers)
	for range racers {
		go func() {
			_, err := c.Code2Session(context.Background(), mini, secret, code)
			won <- err == nil
		}()
	}
	winners := 0
	for range racers {
		if <-won {
			winners++
		}
	}
	if winners != 1 {
		t.Fatalf("one code opened %d logins", winners)
	}
}

func TestAddressOfTheAPI(t *testing.T) {
	for _, bad := range []string{"", "api.weixin.qq.com", "ftp://x", "http://", "http://u:p@x", "http://x?y=1", "http://x#y", "http://[", "/sns"} {
		if _, err := wechat.New(bad); err == nil {
			t.Errorf("%q is taken for an address", bad)
		}
	}
	// Below a prefix, as a server may mount the simulator.
	mux := http.NewServeMux()
	mux.Handle("/simulated/", http.StripPrefix("/simulated", simulator()))
	_, base := newClient(t, mux)
	c, err := wechat.New(base + "/simulated/")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Code2Session(t.Context(), mini, secret, loginCode(t, base+"/simulated", mini, "ming")); err != nil {
		t.Fatal(err)
	}
	if _, err := wechat.New(wechat.API); err != nil {
		t.Fatal(err)
	}
}
