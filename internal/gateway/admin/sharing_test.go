package admin_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"envshare/internal/service"
	"envshare/internal/testkit"
	"envshare/models"
)

// relayFunction opens a session and calls a function in it, as event says, and
// answers with what user code sees.
const relayFunction = `const cloud = require('wx-server-sdk'); cloud.init()
exports.main = async e => {
  const c = new cloud.Cloud({ resourceAppid: e.appid, resourceEnv: e.env })
  try {
    await c.init()
    return { result: (await c.callFunction({ name: e.name, data: e.data || {} })).result }
  } catch (err) { return { errCode: err.errCode, errMsg: err.errMsg || err.message, code: err.code } }
}`

// lending is an installation where C lends to B and B lends to A; a-two would
// refuse everybody if it were asked.
func lending(tb testing.TB) *world {
	return newWorld(tb, false, manifest(
		"environments: [{id: a-main, functions: a}, {id: a-two, functions: a2}]",
		"environments: [{id: b-main, functions: b}, {id: b-other, functions: b}], shares: [{to: "+appA+", environments: [{id: b-main}, {id: b-other}]}]",
		"environments: [{id: c-main, functions: c}], shares: [{to: "+appB+", environments: [{id: c-main}]}]"),
		map[string]string{
			"a/context": contextFunction, "a/relay": relayFunction,
			"a2/context": contextFunction, "a2/cloudbase_auth": `exports.main = async () => { throw new Error('asked') }`,
			"b/context": contextFunction, "b/relay": relayFunction, "b/cloudbase_auth": letsIn,
			"c/context": contextFunction, "c/cloudbase_auth": letsIn,
		})
}

// denied checks a refusal that begins with its number.
func denied(t *testing.T, got answer, number string) {
	t.Helper()
	if got.status != http.StatusOK || got.Code != "PERMISSION_DENIED" || !strings.HasPrefix(got.Message, "["+number+"] ") {
		t.Errorf("not refused with %s: %d %s", number, got.status, got.text)
	}
}

func TestASessionOpensOneEnvironmentOnly(t *testing.T) { // C1
	w := lending(t)
	a, _ := w.Credential(t, appA, "a-main")
	session := w.session(t, a, appB, "b-main")
	if got := w.call(t, session, "b-main", "context", "{}"); got.Code != "" {
		t.Fatal(got.text)
	}
	if got := w.call(t, session, "", "context", "{}"); got.Code != "" {
		t.Errorf("without envName: %s", got.text)
	}
	denied(t, w.call(t, session, "b-other", "context", "{}"), "-601012")
	denied(t, w.call(t, session, "a-main", "context", "{}"), "-601012")
	denied(t, w.call(t, session, "c-main", "context", "{}"), "-601012")
	denied(t, w.call(t, session, "nowhere", "context", "{}"), "-601012")
	t.Run("and no further session", func(t *testing.T) { // S4
		for env, app := range map[string]string{"b-main": appB, "c-main": appC, "a-main": appA} {
			if got := w.handshake(t, session, app, env); got.ErrCode != "-601012" {
				t.Errorf("%s: %s", env, got.text)
			}
		}
	})
	t.Run("and not with another's secret id", func(t *testing.T) {
		mixed := service.Credential{SecretID: a.SecretID, SecretKey: a.SecretKey, Token: session.Token}
		if got := w.call(t, mixed, "b-main", "context", "{}"); got.Code != "SIGN_PARAM_INVALID" {
			t.Error(got.text)
		}
	})
	t.Run("missing function", func(t *testing.T) {
		if got := w.call(t, session, "b-main", "nothing", "{}"); got.Code != "FUNCTION_NOT_FOUND" {
			t.Error(got.text)
		}
	})
}

func TestAShareThatChangesBetweenTwoCalls(t *testing.T) { // S6
	w := lending(t)
	a, _ := w.Credential(t, appA, "a-main")
	session := w.session(t, a, appB, "b-main")
	sharing, ctx := w.Services.Sharing, t.Context()
	list, err := sharing.Outgoing(ctx, testkit.Actor, appB, models.PageRequest{})
	if err != nil || len(list.Shares) != 1 {
		t.Fatal(list, err)
	}
	share := list.Shares[0].Share
	grant := func(ps models.PermissionSet) models.Grant {
		return models.Grant{EnvironmentID: "b-main", Permissions: ps}
	}
	put := func(grants ...models.Grant) func() error {
		return func() error {
			_, err := sharing.Share(ctx, testkit.Actor, appB, service.ShareInput{GranteeAppID: appA, Grants: grants})
			return err
		}
	}
	other := models.Grant{EnvironmentID: "b-other", Permissions: models.AllPermissions}
	for _, step := range []struct {
		name   string
		change func() error
		number string // of the refusal, "" for none
	}{
		{"paused", func() error { return sharing.Pause(ctx, testkit.Actor, appB, share.ID) }, "-601012"},
		{"resumed", func() error { return sharing.Resume(ctx, testkit.Actor, appB, share.ID) }, ""},
		{"without functions.invoke", put(grant(models.AllPermissions &^ models.NewPermissionSet(models.FunctionsInvoke))), "-601018"},
		{"with functions.invoke alone", put(grant(models.NewPermissionSet(models.FunctionsInvoke))), ""},
		{"environment taken out", put(other), "-601012"},
		{"environment put back: the old session stays closed", put(grant(models.AllPermissions), other), "-601016"},
		{"removed", func() error { return sharing.Remove(ctx, testkit.Actor, appB, share.ID) }, "-601012"},
		{"shared again: the old session stays closed", put(grant(models.AllPermissions)), "-601016"},
	} {
		if err := step.change(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		t.Run(step.name, func(t *testing.T) {
			got := w.call(t, session, "b-main", "context", "{}")
			if step.number == "" {
				if got.Code != "" {
					t.Error(got.text)
				}
				return
			}
			denied(t, got, step.number)
			if step.number == "-601018" {
				mustContain(t, got, "functions.invoke", "b-main")
			}
		})
	}
	if got := w.call(t, w.session(t, a, appB, "b-main"), "b-main", "context", "{}"); got.Code != "" {
		t.Errorf("a new session: %s", got.text)
	}
}

// relayed is the answer of relayFunction.
type relayed struct {
	seen
	Code   string `json:"code"`
	Result struct {
		seen
		Code   string            `json:"code"`
		WX     map[string]string `json:"wx"`
		Result struct {
			WX map[string]string `json:"wx"`
		} `json:"result"`
	} `json:"result"`
}

func (w *world) relay(t *testing.T, cred service.Credential, env, event string) relayed {
	t.Helper()
	got := w.call(t, cred, env, "relay", event)
	var out relayed
	if err := json.Unmarshal([]byte(got.Data.Response), &out); err != nil {
		t.Fatalf("%v in %s", err, got.text)
	}
	return out
}

func TestSharingHasOneLevel(t *testing.T) { // S4
	w := lending(t)
	a, _ := w.Credential(t, appA, "a-main")
	b, _ := w.Credential(t, appB, "b-main")
	t.Run("A calls B", func(t *testing.T) {
		wx := w.relay(t, a, "a-main", `{"appid":"`+appB+`","env":"b-main","name":"context"}`).Result.WX
		if wx["APPID"] != appB || wx["ENV"] != "b-main" || wx["FROM_APPID"] != appA {
			t.Error(wx)
		}
	})
	t.Run("A calls B, which calls C as B", func(t *testing.T) {
		got := w.relay(t, a, "a-main", `{"appid":"`+appB+`","env":"b-main","name":"relay","data":{"appid":"`+appC+`","env":"c-main","name":"context"}}`)
		wx := got.Result.Result.WX
		if wx["APPID"] != appC || wx["ENV"] != "c-main" || wx["FROM_APPID"] != appB {
			t.Errorf("%+v", got)
		}
	})
	t.Run("A cannot call C", func(t *testing.T) {
		if got := w.relay(t, a, "a-main", `{"appid":"`+appC+`","env":"c-main","name":"context"}`); got.ErrCode != "-601012" {
			t.Errorf("%+v", got)
		}
		if got := w.handshake(t, a, appC, "c-main"); got.ErrCode != "-601012" {
			t.Error(got.text)
		}
	})
	t.Run("C's session of B is of no use to A", func(t *testing.T) {
		denied(t, w.call(t, w.session(t, a, appB, "b-main"), "c-main", "context", "{}"), "-601012")
	})
	t.Run("B calls C", func(t *testing.T) {
		if got := w.handshake(t, b, appC, "c-main"); got.ErrCode != "" {
			t.Error(got.text)
		}
	})
	t.Run("B cannot call A", func(t *testing.T) {
		if got := w.handshake(t, b, appA, "a-main"); got.ErrCode != "-601012" {
			t.Error(got.text)
		}
	})
}

func TestOwnCallsSkipTheHandshake(t *testing.T) { // C4
	w := lending(t)
	a, _ := w.Credential(t, appA, "a-main")
	wx := w.relay(t, a, "a-main", `{"appid":"`+appA+`","env":"a-two","name":"context"}`).Result.WX
	if wx["APPID"] != appA || wx["ENV"] != "a-two" {
		t.Error(wx)
	}
	for name := range wx {
		if strings.HasPrefix(name, "FROM_") {
			t.Errorf("%s in an own call", name)
		}
	}
	_, runs, err := w.Services.Functions.Invocations(t.Context(), testkit.Actor, appA, "a-two", "cloudbase_auth", models.PageRequest{})
	if err != nil || runs != 0 {
		t.Errorf("cloudbase_auth ran %d times, %v", runs, err)
	}
}

func TestAShareEndsAtItsTime(t *testing.T) { // S7
	w := lending(t)
	a, _ := w.Credential(t, appA, "a-main")
	until := w.clock.now().Add(10 * time.Minute)
	_, err := w.Services.Sharing.Share(t.Context(), testkit.Actor, appB, service.ShareInput{
		GranteeAppID: appA, Until: &until, Grants: []models.Grant{{EnvironmentID: "b-main", Permissions: models.AllPermissions}},
	})
	if err != nil {
		t.Fatal(err)
	}
	session := w.session(t, a, appB, "b-main")
	if got := w.call(t, session, "b-main", "context", "{}"); got.Code != "" {
		t.Fatal(got.text)
	}
	w.clock.advance(10 * time.Minute)
	denied(t, w.call(t, session, "b-main", "context", "{}"), "-601012")
	if got := w.handshake(t, a, appB, "b-main"); got.ErrCode != "-601012" {
		t.Error(got.text)
	}
}
