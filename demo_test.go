package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"envshare/internal/identity/wechatsim"
)

// The demo's gold member is a person of the simulator, known by an openid in each
// app that the examples log in to.
func TestDemo_MembersArePersonsOfTheSimulator(t *testing.T) {
	file, err := demoFiles.Open("examples/demo/members.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	found := map[string]bool{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var member struct{ OpenID, Person, AppID, Level string }
		if err := json.Unmarshal(lines.Bytes(), &member); err != nil {
			t.Fatal(err)
		}
		if got := simulatedOpenID(t, member.AppID, member.Person); got != member.OpenID || member.Level != "gold" {
			t.Errorf("%s in %s is %s, not %s; level %q", member.Person, member.AppID, got, member.OpenID, member.Level)
		}
		found[member.AppID] = true
	}
	for _, app := range []string{demoAccount, "wx1f2e3d4c5b6a7988"} {
		if !found[app] {
			t.Errorf("no member of %s", app)
		}
	}
}

// simulatedOpenID logs a person in as a mini program does: openids depend on app
// and person alone.
func simulatedOpenID(t *testing.T, appID, person string) string {
	t.Helper()
	simulator := wechatsim.New(wechatsim.Options{
		PrincipalOf:  func(string) (string, bool) { return "acme", true },
		VerifySecret: func(string, string) bool { return true },
	})
	answer := func(path string, q url.Values) map[string]string {
		w := httptest.NewRecorder()
		simulator.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path+"?"+q.Encode(), strings.NewReader("")))
		var out map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatalf("%s: %s", path, w.Body)
		}
		return out
	}
	code := answer("/simulator/code", url.Values{"appid": {appID}, "person": {person}})["code"]
	return answer("/sns/jscode2session", url.Values{
		"appid": {appID}, "secret": {"s"}, "js_code": {code}, "grant_type": {"authorization_code"},
	})["openid"]
}
