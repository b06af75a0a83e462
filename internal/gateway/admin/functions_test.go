package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"envshare/internal/service"
	"envshare/internal/testkit"
	"envshare/models"
)

// functions are of every kind that ends in its own way.
var functions = map[string]string{
	"a/echo":    `exports.main = async event => event`,
	"a/types":   `exports.main = async e => ({ string: 'plain', json: '{"a":1}', number: 42, null: null, undefined: undefined, array: [1, { b: '中文 😀 \u2028 <&>' }] })[e.kind]`,
	"a/throws":  `exports.main = async e => { throw new Error('boom ' + e.mark) }`,
	"a/slow":    `exports.main = e => new Promise(done => setTimeout(() => done('late'), e.ms))`,
	"a/large":   `exports.main = async () => 'x'.repeat(2 << 20)`,
	"a/memory":  `exports.main = async () => { const a = []; for (;;) a.push(Buffer.alloc(1 << 20, 1)) }`,
	"a/nested":  `const cloud = require('wx-server-sdk'); cloud.init(); exports.main = async e => (await cloud.callFunction(e)).result`,
	"a/endless": `const cloud = require('wx-server-sdk'); cloud.init(); exports.main = async () => (await cloud.callFunction({ name: 'endless' })).result`,
}

func running(tb testing.TB) (*world, service.Credential) {
	w := newWorld(tb, false, manifest("environments: [{id: a-main, functions: a}]", "environments: []", "environments: []"), functions)
	for name, seconds := range map[string]int{"memory": 20, "endless": 20, "slow": 1} {
		settings := service.FunctionSettings{TimeoutSeconds: seconds, MemoryMB: 128, Concurrency: 1}
		if err := w.Services.Functions.Configure(tb.Context(), testkit.Actor, appA, "a-main", name, settings); err != nil {
			tb.Fatal(err)
		}
	}
	cred, _ := w.Credential(tb, appA, "a-main")
	return w, cred
}

// callsScript makes calls and prints what user code sees of each.
const callsScript = `const cloud = require('wx-server-sdk'); cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })
;(async () => {
  const out = []
  for (const c of CALLS) {
    try {
      const r = c.api ? await cloud.callOpenAPI(c) : c.openapi ? await cloud.openapi.security.msgSecCheck({ content: 'x' })
        : c.list ? await cloud.getOpenData(c) : await cloud.callFunction(c)
      out.push({ result: r.result === undefined ? null : r.result, errMsg: r.errMsg, requestID: r.requestID })
    } catch (e) { out.push({ errCode: e.errCode, errMsg: e.errMsg || e.message, code: e.code }) }
  }
  console.log(JSON.stringify(out))
})()`

func TestWhatUserCodeSeesOfACall(t *testing.T) {
	w, cred := running(t)
	type outcome struct {
		seen
		Code      string
		Result    any
		RequestID string `json:"requestID"`
	}
	cases := []struct {
		call   string
		result any
		code   string // numbers of openapi are in errCode
		must   string
	}{
		{`{"name":"echo","data":{"a":1,"s":"中文 😀 \"<&>","n":null}}`, map[string]any{"a": 1.0, "s": `中文 😀 "<&>`, "n": nil}, "", "callFunction:ok"},
		{`{"name":"echo"}`, map[string]any{}, "", "callFunction:ok"},
		{`{"name":"types","data":{"kind":"string"}}`, "plain", "", "callFunction:ok"},
		{`{"name":"types","data":{"kind":"json"}}`, map[string]any{"a": 1.0}, "", "callFunction:ok"},
		{`{"name":"types","data":{"kind":"number"}}`, 42.0, "", "callFunction:ok"},
		{`{"name":"types","data":{"kind":"undefined"}}`, nil, "", "callFunction:ok"},
		{`{"name":"types","data":{"kind":"array"}}`, []any{1.0, map[string]any{"b": "中文 😀 \u2028 <&>"}}, "", "callFunction:ok"},
		{`{"name":"throws","data":{"mark":"m7"}}`, nil, "FUNCTIONS_EXECUTE_FAIL", "callFunction:fail Error: boom m7"},
		{`{"name":"nothing"}`, nil, "FUNCTION_NOT_FOUND", "callFunction:fail FunctionName parameter could not be found."},
		{`{"name":"../../etc"}`, nil, "FUNCTION_NOT_FOUND", "callFunction:fail FunctionName parameter could not be found."},
		{`{"name":"slow","data":{"ms":5000}}`, nil, "FUNCTIONS_TIME_LIMIT_EXCEEDED", "callFunction:fail Invoking task timed out after 1 seconds"},
		{`{"name":"large"}`, nil, "EXCEED_MAX_RESPONSE_SIZE", "callFunction:fail [-604001] "},
		{`{"name":"memory"}`, nil, "FUNCTIONS_MEMORY_LIMIT_EXCEEDED", "128"},
		{`{"name":"nested","data":{"name":"throws","data":{"mark":"two levels down"}}}`, nil, "FUNCTIONS_EXECUTE_FAIL", "boom two levels down"},
		{`{"name":"nested","data":{"name":"echo","data":{"deep":1}}}`, map[string]any{"deep": 1.0}, "", "callFunction:ok"},
		{`{"name":"endless"}`, nil, "FUNCTIONS_EXECUTE_FAIL", "8"},
		{`{"name":"slow","data":{"ms":700},"timeout":400}`, "late", "", "callFunction:ok"}, // kept waiting by spaces
		{`{"api":"conf.x","data":{"a":1}}`, nil, "INVALID_ACTION", "wx.api"},
		{`{"openapi":true}`, nil, "", "-604100"},
		{`{"list":["no-such-cloud-id"]}`, nil, "", "-604100"},
	}
	calls := make([]string, len(cases))
	for i, c := range cases {
		calls[i] = c.call
	}
	var got []outcome
	w.runNode(t, cred, strings.Replace(callsScript, "CALLS", "["+strings.Join(calls, ",")+"]", 1), &got)
	for i, c := range cases {
		t.Run(c.call, func(t *testing.T) {
			if got[i].Code != c.code || !strings.Contains(got[i].ErrMsg, c.must) {
				t.Errorf("%+v", got[i])
			}
			if diff := cmp.Diff(c.result, got[i].Result); diff != "" {
				t.Error(diff)
			}
			if c.must == "callFunction:ok" && len(got[i].RequestID) != 26 {
				t.Errorf("request id %q", got[i].RequestID)
			}
		})
	}
}

// TestACallWhoseCallerLeft ends a caller that has begun to wait: the function
// runs on, and what became of it can be read.
func TestACallWhoseCallerLeft(t *testing.T) {
	w, cred := running(t)
	request := w.sign(t, cred, invocation("a-main", "slow", `{"ms":500}`), w.clock.now())
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	r, err := http.NewRequestWithContext(ctx, request.method, request.url, bytes.NewReader(request.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = request.header
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // its caller leaves
	if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	leave()
	for {
		run, err := w.Services.Functions.Invocation(t.Context(), testkit.Actor, appA, "a-main", "slow", resp.Header.Get("X-Request-Id"))
		if models.IsCode(err, models.CodeNotFound) {
			continue // every look writes out what was recorded
		}
		if err != nil { // also when the test's time is over
			t.Fatal(err)
		}
		if run.Status != models.InvocationOK || run.Result != `"late"` {
			t.Errorf("%+v", run)
		}
		return
	}
}

// TestTheLimitOfAFunctionIsNotTheHTTPBodys sends an event that is quoted to
// almost twice its size through the genuine SDK.
func TestTheLimitOfAFunctionIsNotTheHTTPBodys(t *testing.T) {
	w, cred := running(t)
	var got struct{ Small, Large json.RawMessage }
	w.runNode(t, cred, `const cloud = require('wx-server-sdk'); cloud.init()
const send = n => cloud.callFunction({ name: 'types', data: { kind: 'number', l: Array(n).fill('') } }).then(r => r.result, e => e.code)
;(async () => console.log(JSON.stringify({ small: await send(2e6), large: await send(2.2e6) })))()`, &got)
	if string(got.Small) != "42" || string(got.Large) != `"EXCEED_REQUEST_SIZE_LIMIT"` {
		t.Errorf("%s %s", got.Small, got.Large)
	}
}
