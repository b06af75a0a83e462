package wechatsim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"envshare/internal/identity/wechatsim"
)

const (
	app     = "wxe0e2656d74f0bff3"
	account = "wx0123456789abcdef"
	secret  = "dev-secret"
)

// world is a running simulator with two apps of one principal.
type world struct {
	t    *testing.T
	base string
	now  time.Time
}

func start(t *testing.T, change func(*wechatsim.Options)) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	o := wechatsim.Options{
		PrincipalOf:   func(appID string) (string, bool) { return "acme", appID == app || appID == account },
		VerifySecret:  func(appID, s string) bool { return s == secret },
		AllowRedirect: func(appID, host string) bool { return appID == account && host == "page.test:8443" },
		Now:           func() time.Time { return w.now },
	}
	if change != nil {
		change(&o)
	}
	server := httptest.NewServer(wechatsim.New(o))
	t.Cleanup(server.Close)
	w.base = server.URL
	return w
}

// answer is a response whose body was read.
type answer struct {
	StatusCode int
	Header     http.Header
	Body       []byte
}

// send makes a request as a browser that follows nothing.
func (w *world) send(method, path string, query url.Values, body, contentType, language string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path+"?"+query.Encode(), strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept-Language", language)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	read, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
		if got := res.Header.Get(header); got != want {
			w.t.Errorf("%s %s: %s is %q", method, path, header, got)
		}
	}
	return answer{res.StatusCode, res.Header, read}
}

// get returns a JSON answer.
func (w *world) get(path string, namesAndValues ...string) map[string]any {
	w.t.Helper()
	q := url.Values{}
	for i := 0; i < len(namesAndValues); i += 2 {
		q.Set(namesAndValues[i], namesAndValues[i+1])
	}
	return w.decode(w.send(http.MethodGet, path, q, "", "", ""))
}

func (w *world) decode(res answer) map[string]any {
	w.t.Helper()
	var out map[string]any
	if err := json.Unmarshal(res.Body, &out); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// exchange tries a code of wx.login.
func (w *world) exchange(code any) map[string]any {
	w.t.Helper()
	return w.get("/sns/jscode2session", "appid", app, "secret", secret, "js_code", fmt.Sprint(code), "grant_type", "authorization_code")
}

func (w *world) code(person string) string {
	w.t.Helper()
	out := w.get("/simulator/code", "appid", app, "person", person)
	code, ok := out["code"].(string)
	if !ok {
		w.t.Fatalf("no code: %v", out)
	}
	return code
}

func (w *world) wantErr(out map[string]any, number int) {
	w.t.Helper()
	if out["errcode"] != float64(number) || out["errmsg"] == "" {
		w.t.Errorf("%v, want errcode %d", out, number)
	}
	for _, name := range []string{"openid", "access_token", "ticket", "code", "session_key"} {
		if out[name] != nil {
			w.t.Errorf("a refusal gives %s", name)
		}
	}
}

func TestCodesEnd(t *testing.T) {
	w := start(t, nil)
	early, late := w.code("ming"), w.code("ming")
	w.now = w.now.Add(wechatsim.CodeLife - time.Second)
	if out := w.exchange(early); out["openid"] == nil {
		t.Fatal(out)
	}
	w.wantErr(w.exchange(early), 40163)
	w.now = w.now.Add(time.Second)
	w.wantErr(w.exchange(late), 40029)
	w.wantErr(w.exchange(early), 40029)
}

func TestOldCodesMakeRoom(t *testing.T) {
	w := start(t, nil)
	first, second := w.code("ming"), w.code("ming")
	seen := map[string]bool{}
	for range wechatsim.MaxCodes - 1 {
		seen[w.code("hong")] = true
	}
	if len(seen) != wechatsim.MaxCodes-1 {
		t.Fatalf("%d codes differ", len(seen))
	}
	w.wantErr(w.exchange(first), 40029)
	if out := w.exchange(second); out["openid"] == nil {
		t.Fatal(out)
	}
}

func TestCallForACode(t *testing.T) {
	w := start(t, nil)
	for _, person := range []string{"", "  ", "a\nb", "\u202eevil", strings.Repeat("长", 33), "\xff"} {
		res := w.send(http.MethodGet, "/simulator/code", url.Values{"appid": {app}, "person": {person}}, "", "", "")
		if out := w.decode(res); res.StatusCode != http.StatusBadRequest || out["errcode"] != float64(40097) || out["code"] != nil {
			t.Errorf("%q: %d %v", person, res.StatusCode, out)
		}
	}
	res := w.send(http.MethodGet, "/simulator/code", url.Values{"appid": {"wxffffffffffffffff"}, "person": {"ming"}}, "", "", "")
	if out := w.decode(res); res.StatusCode != http.StatusBadRequest || out["errcode"] != float64(40013) {
		t.Errorf("%d %v", res.StatusCode, out)
	}
	form := url.Values{"appid": {app}, "person": {" 长长 "}}.Encode()
	posted := w.decode(w.send(http.MethodPost, "/simulator/code", nil, form, "application/x-www-form-urlencoded", ""))
	if a, b := w.exchange(posted["code"]), w.exchange(w.code("长长")); a["openid"] == nil || a["openid"] != b["openid"] {
		t.Errorf("%v and %v are two persons", a, b)
	}
	large := w.send(http.MethodPost, "/simulator/code", nil, form+strings.Repeat("x", 1<<20), "application/x-www-form-urlencoded", "")
	if large.StatusCode != http.StatusBadRequest {
		t.Errorf("a megabyte is answered with %d", large.StatusCode)
	}
}

func TestIDsComeFromTheKey(t *testing.T) {
	id := func(key string) any {
		w := start(t, func(o *wechatsim.Options) { o.Key = []byte(key) })
		return w.exchange(w.code("ming"))["openid"]
	}
	if id("a") != id("a") || id("a") == id("b") || id("") != id("") || id("") == id("a") {
		t.Error("ids do not follow from the key")
	}
	// Texts that run into one another are not one person.
	w := start(t, func(o *wechatsim.Options) {
		o.PrincipalOf = func(appID string) (string, bool) { return strings.TrimPrefix(appID, "wx-"), true }
	})
	unionID := func(appID, person string) any {
		code := w.get("/simulator/code", "appid", appID, "person", person)["code"]
		return w.get("/sns/jscode2session", "appid", appID, "secret", secret, "js_code", fmt.Sprint(code), "grant_type", "authorization_code")["unionid"]
	}
	if a, b := unionID("wx-ab", "c"), unionID("wx-a", "bc"); a == nil || a == b {
		t.Errorf("%v and %v", a, b)
	}
}

func TestAccessTokens(t *testing.T) {
	w := start(t, nil)
	stable := func(body string) map[string]any {
		return w.decode(w.send(http.MethodPost, "/cgi-bin/stable_token", nil, body, "application/json", ""))
	}
	ticket := func(token any) map[string]any {
		return w.get("/cgi-bin/ticket/getticket", "access_token", fmt.Sprint(token), "type", "jsapi")
	}
	got := stable(`{"grant_type":"client_credential","appid":"` + account + `","secret":"` + secret + `"}`)
	plain := w.get("/cgi-bin/token", "grant_type", "client_credential", "appid", account, "secret", secret)
	for _, out := range []map[string]any{got, plain} {
		first := ticket(out["access_token"])
		if out["expires_in"] != float64(7200) || first["errcode"] != float64(0) || first["ticket"] == nil || first["ticket"] != ticket(out["access_token"])["ticket"] {
			t.Fatalf("%v, %v", out, first)
		}
	}
	w.wantErr(stable(`{`), 47001)
	w.wantErr(stable(`{"grant_type":"client_credential","appid":"`+account+`","secret":"wrong"}`), 40125)
	w.wantErr(stable(`{"grant_type":"other","appid":"`+account+`","secret":"`+secret+`"}`), 40002)
	w.wantErr(stable(`{}`), 41002)
	w.wantErr(w.get("/cgi-bin/token", "grant_type", "client_credential", "appid", "wxffffffffffffffff", "secret", secret), 40013)
	w.wantErr(w.get("/cgi-bin/ticket/getticket", "access_token", fmt.Sprint(got["access_token"]), "type", "wx_card"), 40097)
	token := fmt.Sprint(got["access_token"])
	for _, forged := range []string{"", "APPTOKEN", token + "x", strings.Replace(token, account, app, 1), strings.Replace(token, ".1", ".2", 1)} {
		w.wantErr(ticket(forged), 40001)
	}
	w.now = w.now.Add(2*time.Hour - time.Second)
	if out := ticket(token); out["errcode"] != float64(0) {
		t.Error(out)
	}
	next := stable(`{"grant_type":"client_credential","appid":"` + account + `","secret":"` + secret + `"}`)
	if next["access_token"] == token || next["expires_in"] != float64(7200) {
		t.Errorf("a second before its end, %v follows", next)
	}
	w.now = w.now.Add(time.Second)
	w.wantErr(ticket(token), 42001)
}

func TestLoginsThatAreRefused(t *testing.T) {
	w := start(t, nil)
	code := w.code("ming")
	w.wantErr(w.get("/sns/jscode2session", "appid", app, "secret", secret, "js_code", code), 40002)
	w.wantErr(w.get("/sns/jscode2session", "secret", secret, "js_code", code, "grant_type", "authorization_code"), 41002)
	w.wantErr(w.get("/sns/jscode2session", "appid", app, "js_code", code, "grant_type", "authorization_code"), 40125)
	w.wantErr(w.get("/sns/oauth2/access_token", "appid", app, "secret", secret, "code", code, "grant_type", "authorization_code"), 40029)
	if out := w.exchange(code); out["openid"] == nil {
		t.Fatal(out)
	}
	if res := w.send(http.MethodPost, "/sns/jscode2session", nil, "", "", ""); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered with %d", res.StatusCode)
	}
	if res := w.send(http.MethodGet, "/", nil, "", "", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("/ is answered with %d", res.StatusCode)
	}
}

func TestASimulatorThatIsToldNothingRefusesEverything(t *testing.T) {
	w := start(t, func(o *wechatsim.Options) { *o = wechatsim.Options{} })
	w.wantErr(w.exchange("any"), 40013)
	w.wantErr(w.get("/simulator/code", "appid", app, "person", "ming"), 40013)
	known := func(string) (string, bool) { return "acme", true }
	w = start(t, func(o *wechatsim.Options) { *o = wechatsim.Options{PrincipalOf: known} })
	w.wantErr(w.exchange(w.code("ming")), 40125)
	if res := w.authorize(http.MethodPost, nil, "person=ming", "en"); res.StatusCode != http.StatusBadRequest || res.Header.Get("Location") != "" {
		t.Errorf("a login may return anywhere: %d %s", res.StatusCode, res.Header.Get("Location"))
	}
}
