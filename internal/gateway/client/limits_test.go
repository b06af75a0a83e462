package client_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	limitedLogin = 45011
	badCode      = 40030
	loginsAtOnce = 60
)

// loginFrom logs in with an address that a proxy names.
func (w *world) loginFrom(ip, code string) int {
	w.tb.Helper()
	text, err := json.Marshal(map[string]string{"appid": shop, "code": code})
	must(w.tb, err)
	req, err := http.NewRequestWithContext(w.tb.Context(), http.MethodPost, w.GatewayURL+"/__wx__/login", strings.NewReader(string(text)))
	must(w.tb, err)
	req.Header.Set("X-Forwarded-For", ip)
	res, err := noRedirect.Do(req)
	must(w.tb, err)
	defer func() { _ = res.Body.Close() }()
	out := reply{}
	must(w.tb, json.NewDecoder(res.Body).Decode(&out.outer))
	return out.ret()
}

func (w *world) oauthFrom(ip string, query url.Values) returned {
	w.tb.Helper()
	req, err := http.NewRequestWithContext(w.tb.Context(), http.MethodGet, w.GatewayURL+"/wxa-qbase/oauth?"+query.Encode(), nil)
	must(w.tb, err)
	req.Header.Set("X-Forwarded-For", ip)
	res, err := noRedirect.Do(req)
	must(w.tb, err)
	must(w.tb, res.Body.Close())
	return returned{status: res.StatusCode, header: res.Header}
}

// Each login asks WeChat, which serves an app so often and no oftener: one address
// must not use that up.
func TestOneAddressLogsInSoOften(t *testing.T) {
	w := newProxiedWorld(t)
	w.freeze()
	for i := range loginsAtOnce {
		want(t, "guess "+strconv.Itoa(i), w.loginFrom("203.0.113.7", "made-up"), badCode)
	}
	want(t, "one more", w.loginFrom("203.0.113.7", w.code(shop, "ming")), limitedLogin)
	want(t, "the same address, written for IPv6", w.loginFrom("::ffff:203.0.113.7", w.code(shop, "ming")), limitedLogin)
	res := w.oauthFrom("203.0.113.7", url.Values{"redirect_uri": {page}, "code": {w.webCode(brand, "ming", "snsapi_base")}})
	if res.status != http.StatusTooManyRequests || res.header.Get("Retry-After") == "" {
		t.Errorf("a web login from there: %d", res.status)
	}
	want(t, "another address", w.loginFrom("203.0.113.8", w.code(shop, "ming")), 0)
	for range loginsAtOnce {
		w.oauthFrom("2001:db8::1", url.Values{"redirect_uri": {page}, "code": {"made-up"}})
	}
	want(t, "a neighbour in one network of IPv6", w.loginFrom("2001:db8::2", w.code(shop, "ming")), limitedLogin)
	want(t, "another network", w.loginFrom("2001:db8:0:1::1", w.code(shop, "ming")), 0)
	for range loginsAtOnce + 5 {
		w.oauthFrom("203.0.113.9", url.Values{"redirect_uri": {"https://evil.example/"}, "code": {"made-up"}})
	}
	want(t, "after returns that never reach WeChat", w.loginFrom("203.0.113.9", w.code(shop, "ming")), 0)
	w.advance(10 * time.Second)
	want(t, "ten seconds later", w.loginFrom("203.0.113.7", w.code(shop, "ming")), 0)
}

// Without a proxy that is trusted nobody's word for an address counts.
func TestAddressesAreNotBelieved(t *testing.T) {
	w := newWorld(t, true)
	for i := range loginsAtOnce + 5 {
		want(t, "guess "+strconv.Itoa(i), w.loginFrom("203.0.113.7", "made-up"), badCode)
	}
	want(t, "a login that names the address", w.loginFrom("203.0.113.7", w.code(shop, "ming")), 0)
}
