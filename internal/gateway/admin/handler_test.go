package admin_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"envshare/internal/gateway/admin"
	"envshare/internal/service"
	"envshare/internal/testkit"
)

// plain is an installation without functions: a call that was let in ends with
// FUNCTION_NOT_FOUND.
func plain(tb testing.TB) *world {
	return newWorld(tb, true, manifest(
		"environments: [{id: a-main}, {id: a-two}]",
		"environments: [{id: b-main}, {id: b-other}], shares: [{to: "+appA+", environments: [{id: b-main}]}]",
		"environments: [{id: c-main}]"), nil)
}

const letIn = "FUNCTION_NOT_FOUND"

// TestWhatIsRefusedBeforeAnyCall sends requests that differ from a good one in
// one thing each.
func TestWhatIsRefusedBeforeAnyCall(t *testing.T) {
	w := plain(t)
	cred, _ := w.Credential(t, appA, "a-main")
	other := plain(t)
	foreign := otherInstallation(t, other)
	set := func(name, value string) func(*sent) { return func(s *sent) { s.header.Set(name, value) } }
	swap := func(old, new string) func(*sent) {
		return func(s *sent) { s.body = bytes.Replace(s.body, []byte(old), []byte(new), 1) }
	}
	for _, c := range []struct {
		name   string
		cred   service.Credential
		at     time.Duration
		params map[string]any
		change func(*sent)
		code   string
		must   []string
	}{
		{name: "good", code: letIn},
		{name: "without envName", params: map[string]any{"action": "functions.invokeFunction", "function_name": "f"}, code: letIn, must: []string{"a-main"}},
		{name: "wrong secret key", cred: service.Credential{SecretID: cred.SecretID, SecretKey: "wrong", Token: cred.Token}, code: "SIGN_PARAM_INVALID"},
		{name: "empty secret key", cred: service.Credential{SecretID: cred.SecretID, Token: cred.Token}, code: "SIGN_PARAM_INVALID"},
		{name: "unknown secret id", cred: service.Credential{SecretID: "AKIDunknown", SecretKey: cred.SecretKey, Token: cred.Token}, code: "SIGN_PARAM_INVALID"},
		{name: "no session token", cred: service.Credential{SecretID: cred.SecretID, SecretKey: cred.SecretKey}, code: "SIGN_PARAM_INVALID"},
		{name: "another session token", cred: service.Credential{SecretID: cred.SecretID, SecretKey: cred.SecretKey, Token: "no-token"}, code: "SIGN_PARAM_INVALID"},
		{name: "token of another installation", cred: foreign, code: "SIGN_PARAM_INVALID"},
		{name: "signed too long ago", at: -601 * time.Second, code: "SIGN_PARAM_INVALID", must: []string{"600"}},
		{name: "signed in the future", at: 602 * time.Second, code: "SIGN_PARAM_INVALID", must: []string{"600"}},
		{name: "signed almost too long ago", at: -590 * time.Second, code: letIn},
		{name: "no signature", change: func(s *sent) { s.header.Del("Authorization") }, code: "SIGN_PARAM_INVALID", must: []string{"TC3-HMAC-SHA256"}},
		{name: "two signatures", change: func(s *sent) { s.header.Add("Authorization", s.header.Get("Authorization")) }, code: "SIGN_PARAM_INVALID"},
		{name: "bearer token", change: set("Authorization", "Bearer x"), code: "SIGN_PARAM_INVALID"},
		{name: "half a signature", change: set("Authorization", "TC3-HMAC-SHA256 Credential=AKID"), code: "SIGN_PARAM_INVALID"},
		{name: "changed parameter", change: swap(`"envName":"a-main"`, `"envName":"a-two"`), code: "SIGN_PARAM_INVALID"},
		{name: "added parameter", change: swap(`{`, `{"qualifier":"2",`), code: "SIGN_PARAM_INVALID"},
		{name: "parameter twice", change: swap(`{`, `{"ENVNAME":"a-two",`), code: "INVALID_PARAM"},
		{name: "changed header", change: set("X-Tcb-Source", "evil,scf"), code: "SIGN_PARAM_INVALID"},
		{name: "changed query", change: func(s *sent) { s.url += "0" }, code: "SIGN_PARAM_INVALID"},
		{name: "changed time", change: set("X-Timestamp", "1"), code: "SIGN_PARAM_INVALID"},
		{name: "not JSON", change: func(s *sent) { s.body = []byte("{oops") }, code: "INVALID_PARAM"},
		{name: "empty body", change: func(s *sent) { s.body = nil }, code: "INVALID_PARAM"},
		{name: "another content type", change: set("Content-Type", "text/plain"), code: "INVALID_PARAM"},
		{name: "body too large", change: func(s *sent) { s.body = make([]byte, admin.DefaultBody+1) }, code: "EXCEED_REQUEST_SIZE_LIMIT", must: []string{"48 MB"}},
		{name: "unknown action", params: map[string]any{"action": "conf.noSuch"}, code: "INVALID_ACTION", must: []string{"conf.noSuch"}},
		{name: "action of a later version", params: map[string]any{"action": "database.watchDocument"}, code: "INVALID_ACTION", must: []string{"database.watchDocument"}},
		{name: "no action", params: map[string]any{"function_name": "f"}, code: "INVALID_ACTION"},
		{name: "wx.api", params: map[string]any{"action": "wx.api", "apiName": "x", "requestData": "{}"}, code: "INVALID_ACTION", must: []string{"wx.api"}},
		{name: "wx.wxPayApi", params: map[string]any{"action": "wx.wxPayApi", "apiName": "x", "requestData": []byte("{}")}, code: "INVALID_ACTION"},
		{name: "wx.wxCallContainerApi", params: map[string]any{"action": "wx.wxCallContainerApi", "requestData": []byte("{}")}, code: "INVALID_ACTION"},
		{name: "event that is no JSON", params: invocation("a-main", "f", "{oops"), code: "INVALID_PARAM", must: []string{"request_data"}},
		{name: "event of white space", params: invocation("a-main", "f", "  "), code: letIn},
		{name: "event too large", params: invocation("a-main", "f", `"`+strings.Repeat("x", 6<<20)+`"`), code: "EXCEED_REQUEST_SIZE_LIMIT", must: []string{"6 MB"}},
		{name: "largest event, all of it quotation", params: invocation("a-main", "f", "["+strings.Repeat(`"",`, 2<<20-2)+"0]"), code: letIn},
		{name: "qualifier", params: map[string]any{"action": "functions.invokeFunction", "function_name": "f", "qualifier": "3"}, code: "INVALID_PARAM"},
		{name: "latest version", params: map[string]any{"action": "functions.invokeFunction", "function_name": "f", "qualifier": "$LATEST"}, code: letIn},
		{name: "own other environment", params: invocation("a-two", "f", "{}"), code: letIn, must: []string{"FunctionName parameter could not be found.", "a-two"}},
		{name: "shared environment without a handshake", params: invocation("b-main", "f", "{}"), code: "PERMISSION_DENIED", must: []string{"[-601016] ", "init()"}},
		{name: "environment of another app", params: invocation("c-main", "f", "{}"), code: "INVALIID_ENV", must: []string{"Environment not found"}},
		{name: "environment that is not shared", params: invocation("b-other", "f", "{}"), code: "INVALIID_ENV"},
		{name: "no such environment", params: invocation("nowhere", "f", "{}"), code: "INVALIID_ENV", must: []string{"nowhere"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.cred.SecretID == "" {
				c.cred = cred
			}
			if c.params == nil {
				c.params = invocation("a-main", "f", "{}")
			}
			request := w.sign(t, c.cred, c.params, w.clock.now().Add(c.at))
			if c.change != nil {
				c.change(&request)
			}
			got := w.do(t, request)
			if got.status != http.StatusOK || got.Code != c.code || got.contentType != "application/json; charset=utf-8" {
				t.Errorf("%d %s %s", got.status, got.contentType, got.text)
			}
			if len(got.RequestID) != 26 || got.RequestID != got.header.Get("X-Request-Id") {
				t.Errorf("request id %q", got.RequestID)
			}
			mustContain(t, got, c.must...)
			for _, secret := range []string{cred.SecretKey, cred.Token} {
				if strings.Contains(got.text, secret) {
					t.Errorf("the answer holds a secret: %s", got.text)
				}
			}
		})
	}
}

// otherInstallation issues a credential with another master key for the same app.
func otherInstallation(t *testing.T, w *world) service.Credential {
	t.Helper()
	keys, err := service.NewKeys(bytes.Repeat([]byte("z"), 32))
	if err != nil {
		t.Fatal(err)
	}
	services := service.New(service.Deps{Store: w.Store, Keys: keys, Logger: w.Logger})
	t.Cleanup(func() {
		if err := services.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	cred, _, err := services.Credentials.Issue(t.Context(), testkit.Actor, appA, "a-main", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return cred
}

func TestACapturedRequestCannotBeRepeated(t *testing.T) {
	w := plain(t)
	cred, _ := w.Credential(t, appA, "a-main")
	request := w.sign(t, cred, invocation("a-main", "f", "{}"), w.clock.now())
	if got := w.do(t, request); got.Code != letIn {
		t.Fatal(got.text)
	}
	for range 2 {
		if got := w.do(t, request); got.Code != "SIGN_PARAM_INVALID" || !strings.Contains(got.text, "received before") {
			t.Error(got.text)
		}
	}
	w.clock.advance(11 * time.Minute)
	if got := w.do(t, request); got.Code != "SIGN_PARAM_INVALID" || !strings.Contains(got.text, "600") {
		t.Errorf("after its time: %s", got.text)
	}
	if got := w.call(t, cred, "a-main", "f", "{}"); got.Code != letIn {
		t.Errorf("a new one: %s", got.text)
	}
	w.clock.advance(time.Hour)
	if got := w.call(t, cred, "a-main", "f", "{}"); got.Code != "SIGN_PARAM_INVALID" || !strings.Contains(got.text, "expired") {
		t.Errorf("after the credential's time: %s", got.text)
	}
}

func TestARefusedRequestIsNotRememberedAsReceived(t *testing.T) {
	w := plain(t)
	cred, _ := w.Credential(t, appA, "a-main")
	request := w.sign(t, cred, invocation("a-main", "f", "{}"), w.clock.now())
	forged := request
	forged.body = bytes.Replace(request.body, []byte("a-main"), []byte("a-two"), 1)
	if got := w.do(t, forged); got.Code != "SIGN_PARAM_INVALID" {
		t.Fatal(got.text)
	}
	if got := w.do(t, request); got.Code != letIn {
		t.Error(got.text)
	}
}

func TestARevokedCredentialEndsAtOnce(t *testing.T) {
	w := plain(t)
	cred, id := w.Credential(t, appA, "a-main")
	if got := w.call(t, cred, "", "f", ""); got.Code != letIn {
		t.Fatal(got.text)
	}
	if err := w.Services.Credentials.Revoke(t.Context(), testkit.Actor, id); err != nil {
		t.Fatal(err)
	}
	if got := w.call(t, cred, "", "f", ""); got.Code != "SIGN_PARAM_INVALID" || !strings.Contains(got.text, "revoked") {
		t.Error(got.text)
	}
}

func TestTheAPIsOfWeChatAreNotFound(t *testing.T) {
	w := plain(t)
	cred, _ := w.Credential(t, appA, "a-main")
	got := w.post(t, cred, map[string]any{"action": "wx.openApi", "apiName": "security.msgSecCheck", "requestData": []byte{1, 2, 3}})
	if got.contentType != "application/octet-stream" || got.text != "\x18\xbc\x90\xdb\xff\xff\xff\xff\xff\xff\x01" {
		t.Errorf("%s %q", got.contentType, got.text)
	}
}

// TestHandshakesThatAreRefused has no cloudbase_auth to run: each is refused
// before, or for the lack of it.
func TestHandshakesThatAreRefused(t *testing.T) {
	w := plain(t)
	cred, _ := w.Credential(t, appA, "a-main")
	malformed := tokenRequest(appB, "b-main")
	malformed["requestData"] = []byte{0x2a, 0x7f, 1}
	for _, c := range []struct {
		name   string
		params map[string]any
		number string
		must   []string
	}{
		{"environment that is not shared", tokenRequest(appB, "b-other"), "-601012", []string{"b-other"}},
		{"environment that does not exist", tokenRequest(appB, "nowhere"), "-601012", []string{"nowhere"}},
		{"environment of another app than named", tokenRequest(appC, "b-main"), "-601012", []string{"b-main"}},
		{"no cloudbase_auth", tokenRequest(appB, "b-main"), "-601022", []string{"cloudbase_auth", "b-main"}},
		{"no environment", tokenRequest(appB, ""), "-501007", []string{"resourceEnv"}},
		{"no app", tokenRequest("", "b-main"), "-501007", nil},
		{"malformed", malformed, "-501007", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := w.post(t, cred, c.params)
			if got.status != http.StatusOK || got.ErrCode.String() != c.number || got.contentType != "application/json; charset=utf-8" {
				t.Errorf("%d %s %s", got.status, got.contentType, got.text)
			}
			mustContain(t, got, c.must...)
		})
	}
	t.Run("forged", func(t *testing.T) {
		request := w.sign(t, cred, tokenRequest(appB, "b-main"), w.clock.now())
		request.header.Set("X-Tcb-Source", "evil")
		if got := w.do(t, request); got.Code != "SIGN_PARAM_INVALID" || got.contentType != "application/json; charset=utf-8" {
			t.Errorf("%s %s", got.contentType, got.text)
		}
	})
}

func TestBodiesThatNeedTooMuchMemoryTogether(t *testing.T) {
	w := plain(t)
	handler := admin.New(admin.Config{Memory: 100}, admin.Deps{
		Calls: w.Services.Calls, Credentials: w.Services.Credentials, Logger: w.Logger, Now: w.clock.now,
	})
	send := func(size int) string {
		r := httptest.NewRequest(http.MethodPost, "/admin", strings.NewReader(strings.Repeat(" ", size)))
		r.Header.Set("Content-Type", "application/json")
		return handler.Serve(httptest.NewRecorder(), r, "request", "127.0.0.1").Code
	}
	for range 3 { // what was refused is given back
		if code := send(101); code != "EXCEED_CONCURRENT_REQUEST_LIMIT" {
			t.Error(code)
		}
		if code := send(100); code != "INVALID_PARAM" {
			t.Error(code)
		}
	}
}
