package client_test

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"envshare/internal/store"
	"envshare/models"
)

// asked is an answer that is no JSON of the protocol.
type asked struct {
	status int
	header http.Header
	body   string
}

// ask sends a request of a page.
func (w *world) ask(method, path, origin string) asked {
	w.tb.Helper()
	req, err := http.NewRequestWithContext(w.tb.Context(), method, w.GatewayURL+path, nil)
	must(w.tb, err)
	if origin != "" {
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", http.MethodPost)
	}
	res, err := noRedirect.Do(req)
	must(w.tb, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	must(w.tb, err)
	return asked{res.StatusCode, res.Header, string(body)}
}

// Only pages that somebody listed may read answers. What looks like one is none.
func TestOriginsAreCompared(t *testing.T) {
	w := newWorld(t, true)
	own := w.GatewayURL // on loopback: a page of the gateway itself
	for origin, allowed := range map[string]bool{
		"https://open.example": true, "https://m.brand.example": true, "https://other.example": true, "http://localhost:9999": true, "http://127.0.0.1:5173": true, own: true,
		"http://m.brand.example": true, // a web domain names no scheme
		"null":                   false, "https://evil.example": false, "http://open.example": false, "https://open.example:8443": false, "https://open.example.evil.example": false,
		"https://evil.example/https://open.example": false, "https://xopen.example": false, "https://OPEN.example": false, "https://open.example/": false,
		"https://user@open.example": false, "file://": false, "https://m.brand.example:8443": false, "http://localhost:9998": false, "http://localhost": false,
		"https://brand.example": false, "https://m.brand.example.": false, "*": false, "https://": false,
	} {
		for _, prefix := range []string{"/__wx__", "/wxa-qbase"} {
			res := w.ask(http.MethodOptions, prefix+"/jsoperatewxdata", origin)
			got := res.header.Get("Access-Control-Allow-Origin")
			if (got == origin) != allowed || got != "" && got != origin || !strings.Contains(res.header.Get("Vary"), "Origin") {
				t.Errorf("%q: allowed %q, %v", origin, got, res.header.Values("Vary"))
			}
			if allowed != (res.header.Get("Access-Control-Allow-Credentials") == "true") || allowed != (res.header.Get("Access-Control-Allow-Headers") == "content-type") {
				t.Errorf("%q: headers %v", origin, res.header)
			}
		}
	}
	// A page that is known for another reason may read a refusal, and no more.
	visitor := w.visitor()
	for _, origin := range []string{"https://m.brand.example", "https://OPEN.example", "https://open.example:8443", "null"} {
		code, _ := visitor.from(origin).find("open", `{}`)
		want(t, "a visitor's call from "+origin, code, noEnv)
	}
	brandPerson := w.as(w.brandLogin("ming"))
	want(t, "a person's call from another account's page", brandPerson.from("https://other.example").init(), noEnv)
	want(t, "and from a page that nobody listed", brandPerson.from("https://evil.example").init(), noEnv)
}

func TestContainersAreNotOffered(t *testing.T) {
	w := newWorld(t, true)
	want(t, "through jsoperatewxdata", w.visitor().call("tcbapi_call_container", map[string]any{"method": "GET"}).code(), unknownCall)
	for _, path := range []string{"/wxa-qbase/container_service", "/wxa-qbase/container_service/ticket?token="} {
		res := w.ask(http.MethodGet, path, "")
		if res.status != http.StatusNotImplemented || !strings.Contains(res.body, "-501012") {
			t.Errorf("%s: %d %s", path, res.status, res.body)
		}
	}
}

// The SDK stays on the plain channel and away from the vendor's hosts.
func TestServiceInfoKeepsTheSDKHere(t *testing.T) {
	w := newWorld(t, true)
	in := w.visitor().call("tcbapi_get_service_info", map[string]any{"client_random": "r"}).inner
	urls, _ := in["url_info"].(map[string]any)
	timestamp, _ := in["timestamp"].(float64)
	expires, _ := in["expires_in"].(float64)
	if in["token"] != "" || in["key"] != "" || urls["cloudbase_url"] != nil || in["http"] != nil || urls["cloudrun_url"] != w.GatewayURL+"/wxa-qbase/container_service" ||
		timestamp == 0 || expires < 3600 || "http://"+fmt.Sprint(in["domain"]) != w.GatewayURL {
		t.Errorf("%v", in)
	}
}

func TestTraceUserRecordsAVisit(t *testing.T) {
	w := newWorld(t, true)
	visit := func(c caller, trace bool) {
		body := map[string]any{"appid": shop, "access_token": c.token, "data": map[string]any{
			"qbase_api_name": "tcbapi_getenvauth", "qbase_req": `{"resource_appid":"` + shop + `","resource_env":"shop-1"}`,
			"qbase_options": map[string]any{"appid": shop, "env": "shop-1", "traceUser": trace},
		}}
		if r := w.post("/wxa-qbase/jsoperatewxdata", body, ""); r.code() != 0 {
			t.Fatalf("%v", r.outer)
		}
	}
	ming := w.as(w.miniLogin(shop, "ming"))
	visit(ming, true)
	visit(ming, true)
	visit(w.as(w.miniLogin(shop, "hong")), false)
	list, total, err := w.Store.Clients.Visitors(t.Context(), store.VisitorFilter{EnvironmentID: "shop-1"}, models.PageRequest{})
	must(t, err)
	if total != 1 || len(list) != 1 || list[0].AppID != shop || list[0].OpenID == "" {
		t.Errorf("%d visitors: %+v", total, list)
	}
}

// check_login with an address signs the page for WeChat's own script.
func TestPagesAreSigned(t *testing.T) {
	w := newWorld(t, true)
	login := w.brandLogin("ming")
	at := page + "/shop?x=1"
	r := w.post("/__wx__/check_login", map[string]any{"appid": brand, "access_token": login.access, "url": at}, "")
	info, _ := r.outer["jssdk_info"].(map[string]any)
	if r.ret() != 0 || info["noncestr"] == "" || info["timestamp"] == nil {
		t.Fatalf("%v", r.outer)
	}
	var ticket struct{ Ticket string }
	var token struct {
		AccessToken string `json:"access_token"`
	}
	w.fetch(w.SimulatorURL+"/cgi-bin/token?grant_type=client_credential&appid="+brand+"&secret=brand-secret", &token)
	w.fetch(w.SimulatorURL+"/cgi-bin/ticket/getticket?type=jsapi&access_token="+token.AccessToken, &ticket)
	sum := sha1.Sum(fmt.Appendf(nil, "jsapi_ticket=%s&noncestr=%s&timestamp=%.0f&url=%s", ticket.Ticket, info["noncestr"], info["timestamp"], at)) // WeChat's own script expects it
	if hex.EncodeToString(sum[:]) != info["signature"] {
		t.Errorf("the signature is %v", info["signature"])
	}
	r = w.post("/__wx__/check_login", map[string]any{"appid": brand, "access_token": login.access}, "")
	if r.ret() != 0 || r.outer["jssdk_info"] != nil {
		t.Errorf("without an address: %v", r.outer)
	}
}

// Reads give at most 20 documents, whatever is asked for.
func TestClientsReadTwentyDocuments(t *testing.T) {
	w := newWorld(t, true)
	visitor := w.visitor()
	for range 25 {
		if code, _ := visitor.add("open", `{"n":1}`); code != 0 {
			t.Fatal(code)
		}
	}
	for _, limit := range []int{0, 20, 21, 1 << 40} {
		r := visitor.call("tcbapi_db_querydocument", map[string]any{"collection_name": "open", "query": "{}", "query_type": 0, "limit": limit})
		if list, _ := r.inner["data_list"].(string); r.code() != 0 || strings.Count(list, `"_id"`) != 20 {
			t.Errorf("limit %d: %d, %d documents", limit, r.code(), strings.Count(list, `"_id"`))
		}
	}
	for _, wrong := range []map[string]any{{"limit": -1}, {"offset": -1}} {
		wrong["collection_name"], wrong["query"] = "open", "{}"
		want(t, fmt.Sprint(wrong), visitor.call("tcbapi_db_querydocument", wrong).code(), invalid)
	}
}

// What cloudbase_auth said decides about files too, and counts anew after each init.
func TestC1_AuthCustomDecidesAboutFiles(t *testing.T) {
	w := newWorld(t, false)
	target := ruleOf("")
	target.Kind = models.RuleBucket
	must(t, w.Services.Access.SaveRule(t.Context(), systemActor, shop, "shop-1", target, models.PresetCustom, `{"read": true, "write": "auth.custom.role == 'member'"}`))
	must(t, w.Services.Documents.AddCollection(t.Context(), systemActor, shop, "shop-1", "roles"))
	ming := w.as(w.brandLogin("ming"))
	want(t, "init", ming.init(), 0)
	code, _ := ming.ticket("a.txt")
	want(t, "a guest's upload", code, deniedFile)
	_, whoIs := ming.result("context", "{}")
	from := whoIs[strings.Index(whoIs, `"FROM_OPENID":"`)+15:][:28]
	_, err := w.Services.Documents.AddDocument(t.Context(), systemActor, shop, "shop-1", "roles", `{"openid":"`+from+`","role":"member"}`)
	must(t, err)
	want(t, "refreshAuth", ming.init(), 0)
	code, _ = ming.upload("a.txt", "text")
	want(t, "a member's upload", code, 0)
	want(t, "a function for members", ming.invoke("members", "{}"), 0)
	code, _ = ming.find("members", `{}`)
	want(t, "a collection for members", code, 0)
}
