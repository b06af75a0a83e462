package admin_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"envshare/internal/service"
	"envshare/internal/testkit"
)

const (
	letsIn = `exports.main = async () => ({ errCode: 0 })`
	// context answers with what the function knows of its caller.
	contextFunction = `const cloud = require('wx-server-sdk'); cloud.init()
exports.main = async event => ({ wx: cloud.getWXContext(), event })`
	// initScript opens a session of every environment of B that is named, and
	// prints what user code sees of it.
	initScript = `const cloud = require('wx-server-sdk'); cloud.init()
;(async () => {
  const out = {}
  for (const env of ENVIRONMENTS) {
    const c = new cloud.Cloud({ resourceAppid: '` + appB + `', resourceEnv: env })
    try {
      await c.init()
      out[env] = { errMsg: (await c.callFunction({ name: 'context' })).errMsg }
    } catch (e) { out[env] = { errCode: e.errCode, errMsg: e.errMsg || e.message } }
  }
  console.log(JSON.stringify(out))
})()`
)

// seen is what user code of the genuine SDK gets.
type seen struct {
	ErrCode json.Number `json:"errCode"`
	ErrMsg  string      `json:"errMsg"`
}

// TestWhatUserCodeSeesOfAHandshake runs cloudbase_auth of every kind, and init()
// of the genuine SDK.
func TestWhatUserCodeSeesOfAHandshake(t *testing.T) {
	kinds := map[string]struct {
		source string // of cloudbase_auth, "" for none
		code   string
		must   []string
	}{
		"b-in":       {letsIn, "", []string{"callFunction:ok"}},
		"b-full":     {`exports.main = async () => ({ errCode: 0, errMsg: 'x', auth: JSON.stringify({level: 1}), expiresIn: 60 })`, "", []string{"callFunction:ok"}},
		"b-missing":  {"", "-601022", []string{"cloudbase_auth", "b-missing", "owner"}},
		"b-throws":   {`exports.main = async () => { throw new Error('boom 7') }`, "-504002", []string{"boom 7"}},
		"b-broken":   {`exports.main = (`, "-504002", []string{"SyntaxError"}},
		"b-slow":     {`exports.main = () => new Promise(() => {})`, "-504003", []string{"Invoking task timed out after 1 seconds"}},
		"b-nothing":  {`exports.main = async () => {}`, "-601015", []string{"errCode"}},
		"b-text":     {`exports.main = async () => ({ errCode: '0' })`, "-601015", []string{"errCode"}},
		"b-refuses":  {`exports.main = async () => ({ errCode: 40103, errMsg: '会员已过期 <&>' })`, "40103", []string{"getCrossAccountToken:fail 会员已过期 <&>"}},
		"b-negative": {`exports.main = async () => ({ errCode: -1, errMsg: '' })`, "-1", nil},
		"b-string":   {`exports.main = async () => ({ errCode: 0, auth: 'admin' })`, "-601017", []string{"JSON"}},
		"b-array":    {`exports.main = async () => ({ errCode: 0, auth: '[]' })`, "-601017", []string{"JSON"}},
		"b-number":   {`exports.main = async () => ({ errCode: 0, auth: 5 })`, "-601017", []string{"JSON"}},
		"b-object":   {`exports.main = async () => ({ errCode: 0, auth: {} })`, "-601017", []string{"JSON"}},
		"b-private":  {letsIn, "-601012", []string{"b-private"}}, // not shared
	}
	names := slices.Sorted(maps.Keys(kinds))
	var environments, grants []string
	files := map[string]string{}
	for _, env := range names {
		environments = append(environments, "{id: "+env+", functions: "+env+"}")
		if env != "b-private" {
			grants = append(grants, "{id: "+env+"}")
		}
		files[env+"/context"] = contextFunction
		if kinds[env].source != "" {
			files[env+"/cloudbase_auth"] = kinds[env].source
		}
	}
	w := newWorld(t, false, manifest("environments: [{id: a-main}]",
		"environments: ["+strings.Join(environments, ", ")+"], shares: [{to: "+appA+", environments: ["+strings.Join(grants, ", ")+"]}]",
		"environments: []"), files)
	settings := service.FunctionSettings{TimeoutSeconds: 1, MemoryMB: 256, Concurrency: 1}
	if err := w.Services.Functions.Configure(t.Context(), testkit.Actor, appB, "b-slow", "cloudbase_auth", settings); err != nil {
		t.Fatal(err)
	}
	cred, _ := w.Credential(t, appA, "a-main")
	list, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]seen{}
	w.runNode(t, cred, strings.Replace(initScript, "ENVIRONMENTS", string(list), 1), &got)
	for _, env := range names {
		t.Run(env, func(t *testing.T) {
			if got[env].ErrCode.String() != kinds[env].code {
				t.Errorf("%+v", got[env])
			}
			for _, text := range kinds[env].must {
				if !strings.Contains(got[env].ErrMsg, text) {
					t.Errorf("%q is missing in %q", text, got[env].ErrMsg)
				}
			}
		})
	}
}

// session opens a session and returns the credential that signs with it.
func (w *world) session(tb testing.TB, cred service.Credential, appID, env string) service.Credential {
	tb.Helper()
	got := w.handshake(tb, cred, appID, env)
	if got.contentType != "application/octet-stream" {
		tb.Fatalf("handshake: %s", got.text)
	}
	info := decodeFields(tb, decodeFields(tb, []byte(got.text))[1])
	credentials := decodeFields(tb, info[1])
	return service.Credential{SecretID: string(credentials[1]), SecretKey: string(credentials[2]), Token: string(credentials[3])}
}

// decodeFields returns the length-delimited fields of a message, the only kind
// that the answer of a handshake has before its httpCode.
func decodeFields(tb testing.TB, message []byte) map[byte][]byte {
	tb.Helper()
	fields := map[byte][]byte{}
	for len(message) > 0 && message[0]&7 == 2 {
		number, size, used := message[0]>>3, 0, 1
		for shift := 0; ; shift += 7 {
			b := message[used]
			used++
			size |= int(b&0x7f) << shift
			if b < 0x80 {
				break
			}
		}
		fields[number] = message[used : used+size]
		message = message[used+size:]
	}
	return fields
}

// TestAShortSession is cloudbase_auth's expiresIn.
func TestAShortSession(t *testing.T) {
	w := newWorld(t, false, manifest("environments: [{id: a-main}]",
		"environments: [{id: b-main, functions: b}], shares: [{to: "+appA+", environments: [{id: b-main}]}]", "environments: []"),
		map[string]string{
			"b/cloudbase_auth": `exports.main = async () => ({ errCode: 0, expiresIn: 60 })`,
			"b/context":        contextFunction,
		})
	cred, _ := w.Credential(t, appA, "a-main")
	session := w.session(t, cred, appB, "b-main")
	w.clock.advance(58 * time.Second)
	if got := w.call(t, session, "b-main", "context", ""); got.Code != "" {
		t.Error(got.text)
	}
	w.clock.advance(3 * time.Second)
	got := w.call(t, session, "b-main", "context", "")
	if got.Code != "PERMISSION_DENIED" || !strings.HasPrefix(got.Message, "[-601016] ") {
		t.Error(got.text)
	}
	if got := w.call(t, w.session(t, cred, appB, "b-main"), "b-main", "context", ""); got.Code != "" {
		t.Errorf("a new session: %s", got.text)
	}
}
