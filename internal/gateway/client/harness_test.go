package client_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"envshare/internal/gateway"
	"envshare/internal/gateway/client"
	"envshare/internal/testkit"
)

// The apps of the tests: the shop lends to the brand's official account and to the
// mini program, the other account gets nothing.
const (
	shop  = "wxaaaaaaaaaaaaaaaa"
	brand = "wxbbbbbbbbbbbbbbbb"
	mini  = "wxcccccccccccccccc"
	other = "wxdddddddddddddddd"

	page = "https://m.brand.example"
)

// The presence of every kind of rule. cloudbase_auth keeps "gang" out.
const declared = `
principals: [{id: p, name: P}]
apps:
  - appid: wxaaaaaaaaaaaaaaaa
    name: Shop
    type: miniprogram
    principal: p
    secret: shop-secret
    sharing: true
    environments:
      - id: shop-1
        functions: fn
        unauthenticated_access: true
        allowed_origins: [https://open.example]
        function_rules: {"*": {invoke: "auth != null"}, open: {invoke: true}, members: {invoke: "auth.custom.role == 'member'"}}
        collections:
          own: {preset: creator_read_write}
          shown: {preset: all_read_creator_write}
          open: {rules: {read: true, write: true}}
          posts: {rules: {read: "doc.public == true || doc._openid == auth.openid", create: "auth != null", update: "doc._openid == auth.openid && request.data.price == undefined", delete: "doc._openid == auth.openid"}}
          members: {rules: {read: "auth.custom.role == 'member'", write: false}}
          secret: {preset: admin_read_write}
        storage: {rules: {read: true, write: "resource.openid == auth.openid"}}
      - {id: shop-2, functions: fn}
      - {id: shop-bare}
    shares:
      - to: wxbbbbbbbbbbbbbbbb
        environments: [{id: shop-1}, {id: shop-bare}]
      - to: wxcccccccccccccccc
        environments: [{id: shop-1, permissions: [functions.invoke, database.read]}]
  - {appid: wxbbbbbbbbbbbbbbbb, name: Brand, type: official_account, principal: p, secret: brand-secret, web_domains: [m.brand.example, "localhost:9999", 127.0.0.1]}
  - {appid: wxcccccccccccccccc, name: Mini, type: miniprogram, principal: p, secret: mini-secret}
  - {appid: wxdddddddddddddddd, name: Other, type: official_account, principal: p, secret: other-secret, web_domains: [other.example]}
`

const authSource = `const cloud = require('wx-server-sdk'); cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })
exports.main = async () => {
  const { FROM_OPENID, FROM_APPID } = cloud.getWXContext()
  const { data } = await cloud.database().collection('roles').where({ openid: FROM_OPENID }).get().catch(() => ({ data: [] }))
  if (data[0] && data[0].role === 'banned') return { errCode: 4001, errMsg: 'banned' }
  return { errCode: 0, errMsg: '', auth: JSON.stringify({ role: data[0] ? data[0].role : 'guest', from: FROM_APPID }) }
}`

var functions = map[string]string{
	"fn/cloudbase_auth/index.js": authSource,
	"fn/open/index.js":           `exports.main = async event => event`,
	"fn/members/index.js":        `exports.main = async () => 'welcome'`,
	"fn/context/index.js":        `const cloud = require('wx-server-sdk'); exports.main = async () => cloud.getWXContext()`,
	"fn/slow/index.js":           `let runs = 0; exports.main = async event => { runs++; await new Promise(r => setTimeout(r, event.ms)); return { runs, secret: event.secret } }`,
}

// world is an installation whose gateway listens, with a simulated WeChat.
type world struct {
	*testkit.Kit
	tb     testing.TB
	offset atomic.Int64
	frozen atomic.Pointer[time.Time] // nil where time goes on
}

func (w *world) now() time.Time {
	at := time.Now()
	if frozen := w.frozen.Load(); frozen != nil {
		at = *frozen
	}
	return at.Add(time.Duration(w.offset.Load()))
}

// freeze stops the clock, for what must not depend on how fast the machine is.
func (w *world) freeze() { now := time.Now(); w.frozen.Store(&now) }

func (w *world) advance(by time.Duration) { w.offset.Add(int64(by)) }

func newWorld(tb testing.TB, noRunner bool) *world {
	tb.Helper()
	return newWorldBehind(tb, noRunner, nil)
}

// newProxiedWorld is one behind a proxy that is believed.
func newProxiedWorld(tb testing.TB) *world {
	tb.Helper()
	return newWorldBehind(tb, true, func(r *http.Request) string { return r.Header.Get("X-Forwarded-For") })
}

func newWorldBehind(tb testing.TB, noRunner bool, clientIP func(*http.Request) string) *world {
	tb.Helper()
	w := &world{tb: tb}
	w.Kit = testkit.New(tb, testkit.Options{NoRunner: noRunner, Now: w.now, Simulator: true})
	life, end := context.WithCancel(context.Background())
	w.Serve(tb, gateway.New(gateway.Config{Client: client.Config{Hold: 300 * time.Millisecond}, ClientIP: clientIP}, gateway.Deps{
		Calls: w.Services.Calls, Documents: w.Services.Documents, Files: w.Services.Files, Clients: w.Services.Clients, Credentials: w.Services.Credentials,
		Ready: w.Services.Ready, Logger: w.Logger, Now: w.now, Life: life,
	}))
	tb.Cleanup(end)
	must(tb, w.Services.Credentials.SetGatewayURL(tb.Context(), w.GatewayURL))
	text, files := declared, functions
	if noRunner {
		text, files = strings.ReplaceAll(text, ", functions: fn", ""), nil
		text = strings.ReplaceAll(text, "        functions: fn\n", "")
	}
	w.Apply(tb, text, files)
	return w
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// noRedirect keeps the tokens of a redirect in sight.
var noRedirect = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: 20 * time.Second}

// code returns a code of WeChat's for a person.
func (w *world) code(appID, person string) string {
	w.tb.Helper()
	var out struct{ Code string }
	w.fetch(w.SimulatorURL+"/simulator/code?appid="+appID+"&person="+person, &out)
	return out.Code
}

func (w *world) fetch(address string, into any) {
	w.tb.Helper()
	res, err := http.Get(address) //nolint:noctx // a test server
	must(w.tb, err)
	defer func() { _ = res.Body.Close() }()
	must(w.tb, json.NewDecoder(res.Body).Decode(into))
}

// webCode lets a person choose themselves on the authorise page.
func (w *world) webCode(appID, person, scope string) string {
	w.tb.Helper()
	q := url.Values{"appid": {appID}, "redirect_uri": {"https://any.example/back"}, "response_type": {"code"}, "scope": {scope}, "state": {"s"}}
	res, err := noRedirect.PostForm(w.SimulatorURL+"/connect/oauth2/authorize?"+q.Encode(), url.Values{"person": {person}})
	must(w.tb, err)
	must(w.tb, res.Body.Close())
	back, err := res.Location()
	must(w.tb, err)
	return back.Query().Get("code")
}

// returned is how the gateway answers who comes back from WeChat.
type returned struct {
	status int
	header http.Header
	at     *url.URL // where to go; nil for nowhere
}

// oauth comes back from WeChat.
func (w *world) oauth(query url.Values) returned {
	w.tb.Helper()
	res, err := noRedirect.Get(w.GatewayURL + "/__wx__/oauth?" + query.Encode())
	must(w.tb, err)
	must(w.tb, res.Body.Close())
	out := returned{status: res.StatusCode, header: res.Header}
	if res.Header.Get("Location") != "" {
		out.at, err = res.Location()
		must(w.tb, err)
	}
	return out
}

type tokens struct{ access, refresh string }

// webLogin logs a person in to an official account.
func (w *world) webLogin(appID, person, scope, back string) tokens {
	w.tb.Helper()
	answer := w.oauth(url.Values{"redirect_uri": {back}, "code": {w.webCode(appID, person, scope)}, "state": {"s"}})
	if answer.at == nil {
		w.tb.Fatalf("login of %s: status %d", person, answer.status)
	}
	q := answer.at.Query()
	return tokens{q.Get("access_token"), q.Get("refresh_token")}
}

func (w *world) brandLogin(person string) tokens {
	return w.webLogin(brand, person, "snsapi_base", page+"/shop")
}

// miniLogin logs a person in to a mini program.
func (w *world) miniLogin(appID, person string) tokens {
	w.tb.Helper()
	out := w.post("/__wx__/login", map[string]any{"appid": appID, "code": w.code(appID, person)}, "")
	if out.ret() != 0 {
		w.tb.Fatalf("login: %+v", out)
	}
	return tokens{out.text("access_token"), out.text("refresh_token")}
}

// reply is an answer of a JSON endpoint, with the inner one decoded.
type reply struct {
	status int
	header http.Header
	outer  map[string]any
	inner  map[string]any
}

func (r reply) ret() int {
	base, _ := r.outer["base_resp"].(map[string]any)
	n, ok := base["ret"].(float64)
	if !ok {
		return -999
	}
	return int(n)
}

// code is the errcode of the inner answer, that of ret when there is none.
func (r reply) code() int {
	base, ok := r.inner["baseresponse"].(map[string]any)
	if !ok {
		return r.ret()
	}
	n, _ := base["errcode"].(float64)
	return int(n)
}

func (r reply) text(name string) string { s, _ := r.outer[name].(string); return s }

// post sends JSON; origin is the page, "" for none.
func (w *world) post(path string, body any, origin string) reply {
	w.tb.Helper()
	text, ok := body.([]byte)
	if !ok {
		var err error
		text, err = json.Marshal(body)
		must(w.tb, err)
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, w.GatewayURL+path, bytes.NewReader(text))
	must(w.tb, err)
	req.Header.Set("Content-Type", "application/json")
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	res, err := noRedirect.Do(req)
	must(w.tb, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	must(w.tb, err)
	out := reply{status: res.StatusCode, header: res.Header}
	must(w.tb, json.Unmarshal(raw, &out.outer))
	if bytes.ContainsRune(raw, '\'') {
		w.tb.Errorf("a literal apostrophe in %s", raw)
	}
	if inner, ok := out.outer["data"].(string); ok {
		must(w.tb, json.Unmarshal([]byte(inner), &out.inner))
	}
	return out
}

// caller calls as one client.
type caller struct {
	w      *world
	token  string // "" for a visitor
	app    string // of the environment
	env    string
	origin string
	page   string // session_id
}

func (w *world) visitor() caller { return caller{w: w, app: shop, env: "shop-1", page: "1"} }
func (w *world) as(t tokens) caller {
	return caller{w: w, token: t.access, app: shop, env: "shop-1", page: "1"}
}

func (c caller) in(env string) caller { c.env = env; return c }
func (c caller) from(origin string) caller {
	c.origin = origin
	return c
}

// call makes one call of jsoperatewxdata.
func (c caller) call(api string, request map[string]any) reply {
	c.w.tb.Helper()
	text, err := json.Marshal(request)
	must(c.w.tb, err)
	body := map[string]any{
		"appid": c.app, "data": map[string]any{
			"qbase_api_name": api, "qbase_req": string(text), "qbase_meta": map[string]any{"session_id": c.page},
			"qbase_options": map[string]any{"identityless": c.token == "", "appid": c.app, "env": c.env, "resourceEnv": c.env},
		},
	}
	if c.token != "" {
		body["access_token"] = c.token
	}
	return c.w.post("/__wx__/jsoperatewxdata", body, c.origin)
}

// init does the handshake and returns its errCode.
func (c caller) init() int {
	c.w.tb.Helper()
	r := c.call("tcbapi_getenvauth", map[string]any{"resource_appid": c.app, "resource_env": c.env})
	info, ok := r.inner["env_auth_info"].(map[string]any)
	if !ok {
		return r.code()
	}
	n, _ := info["errCode"].(float64)
	return int(n)
}

// Calls on documents; they return the errcode and what came.

func (c caller) add(collection, data string) (int, string) {
	r := c.call("tcbapi_db_adddocument", map[string]any{"collection_name": collection, "data": data})
	id, _ := r.inner["_id"].(string)
	return r.code(), id
}

func (c caller) find(collection, query string) (int, string) {
	r := c.call("tcbapi_db_querydocument", map[string]any{"collection_name": collection, "query": query, "query_type": 0})
	list, _ := r.inner["data_list"].(string)
	return r.code(), list
}

func (c caller) get(collection, id string) (int, string) {
	r := c.call("tcbapi_db_querydocument", map[string]any{"collection_name": collection, "query": `{"_id":"` + id + `"}`, "query_type": 1})
	list, _ := r.inner["data_list"].(string)
	return r.code(), list
}

func (c caller) set(collection, id, data string) int {
	return c.call("tcbapi_db_setdocument", map[string]any{"collection_name": collection, "_id_type": 1, "_id": id, "data": data}).code()
}

func (c caller) update(collection, query, data string, one bool) (int, int) {
	kind := 0
	if one {
		kind = 1
	}
	r := c.call("tcbapi_db_updatedocument", map[string]any{"collection_name": collection, "query": query, "query_type": kind, "data": data, "multi": !one})
	n, _ := r.inner["updated"].(float64)
	return r.code(), int(n)
}

func (c caller) remove(collection, query string, one bool) (int, int) {
	kind := 0
	if one {
		kind = 1
	}
	r := c.call("tcbapi_db_deletedocument", map[string]any{"collection_name": collection, "query": query, "query_type": kind, "multi": !one})
	n, _ := r.inner["deleted"].(float64)
	return r.code(), int(n)
}

func (c caller) aggregate(collection string, stages ...[2]string) (int, string) {
	list := make([]map[string]string, len(stages))
	for i, s := range stages {
		list[i] = map[string]string{"stage_key": s[0], "stage_value": s[1]}
	}
	r := c.call("tcbapi_db_aggregate", map[string]any{"collection_name": collection, "stages": list})
	text, _ := r.inner["list"].(string)
	return r.code(), text
}

// ticket begins an upload.
func (c caller) ticket(path string) (int, map[string]any) {
	r := c.call("tcbapi_cos_uploadfile", map[string]any{"path": path})
	return r.code(), r.inner
}

// send uploads bytes under a ticket and returns the status.
func (w *world) send(t map[string]any, key, text string) int {
	w.tb.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for _, f := range [][2]string{{"key", key}, {"signature", t["authorization"].(string)}, {"x-cos-security-token", t["token"].(string)}, {"x-cos-meta-fileid", t["cos_file_id"].(string)}} {
		must(w.tb, form.WriteField(f[0], f[1]))
	}
	file, err := form.CreateFormFile("file", "f")
	must(w.tb, err)
	_, err = io.WriteString(file, text)
	must(w.tb, err)
	must(w.tb, form.Close())
	res, err := http.Post(t["url"].(string), form.FormDataContentType(), &b) //nolint:noctx // a test server
	must(w.tb, err)
	must(w.tb, res.Body.Close())
	return res.StatusCode
}

// upload stores a file and returns its id.
func (c caller) upload(path, text string) (int, string) {
	c.w.tb.Helper()
	code, t := c.ticket(path)
	if code != 0 {
		return code, ""
	}
	if status := c.w.send(t, path, text); status >= 300 {
		return status, ""
	}
	return 0, t["file_id"].(string)
}

// invoke calls a function, asks until it has ended, and returns its service_errcode,
// or the errcode of a call that was refused.
func (c caller) invoke(name, event string) int {
	c.w.tb.Helper()
	code, _ := c.result(name, event)
	return code
}

// result is invoke with what the function returned.
func (c caller) result(name, event string) (int, string) {
	c.w.tb.Helper()
	request := map[string]any{"function_name": name, "data": event, "action": 1, "call_id": rand.Text()}
	for range 60 {
		r := c.call("tcbapi_slowcallfunction_v2", request)
		if code := r.code(); code != 0 {
			return code, ""
		}
		if r.inner["status"] != 0.0 {
			number, _ := r.inner["service_errcode"].(float64)
			data, _ := r.inner["data"].(string)
			return int(number), data
		}
		request["action"] = 2
	}
	c.w.tb.Fatalf("%s does not end", name)
	return 0, ""
}
