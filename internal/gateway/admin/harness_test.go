package admin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"envshare/internal/gateway"
	"envshare/internal/gateway/admin"
	"envshare/internal/service"
	"envshare/internal/testkit"
)

// The apps of the tests. B lends to A, and C lends to B.
const (
	appA = "wxaaaaaaaaaaaaaaaa"
	appB = "wxbbbbbbbbbbbbbbbb"
	appC = "wxcccccccccccccccc"
)

// keepAlive is short, so that a call of a second is a long one.
const keepAlive = 50 * time.Millisecond

// world is an installation whose gateway listens.
type world struct {
	*testkit.Kit
	clock *clock
	count atomic.Int64
}

// clock is the real one, moved.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time           { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(by time.Duration) { c.offset.Add(int64(by)) }
func (w *world) url(path string) string   { return w.GatewayURL + path }
func (w *world) next() string             { return fmt.Sprintf("/admin?env=e&seqId=%d", w.count.Add(1)) }

// newWorld starts an installation with a manifest and the code of its functions,
// which files hold as environment/function.
func newWorld(tb testing.TB, noRunner bool, manifest string, files map[string]string) *world {
	tb.Helper()
	w := &world{clock: &clock{}}
	w.Kit = testkit.New(tb, testkit.Options{NoRunner: noRunner, Now: w.clock.now})
	w.Serve(tb, gateway.New(gateway.Config{Admin: admin.Config{KeepAlive: keepAlive}}, gateway.Deps{
		Calls: w.Services.Calls, Documents: w.Services.Documents, Files: w.Services.Files, Credentials: w.Services.Credentials, Ready: w.Services.Ready, Logger: w.Logger, Now: w.clock.now,
	}))
	sources := map[string]string{}
	for name, source := range files {
		sources[name+"/index.js"] = source
	}
	w.Apply(tb, manifest, sources)
	return w
}

// manifest declares the three apps; lines of environments and shares go into
// each.
func manifest(a, b, c string) string {
	app := func(id, name, rest string) string {
		return "  - {appid: " + id + ", name: " + name + ", type: miniprogram, principal: p, sharing: true, " + rest + "}\n"
	}
	return "principals:\n  - {id: p, name: P}\napps:\n" + app(appA, "A", a) + app(appB, "B", b) + app(appC, "C", c)
}

// sent is a request that may be sent again.
type sent struct {
	method, url string
	header      http.Header
	body        []byte
}

// answer is what came back.
type answer struct {
	status      int
	contentType string
	text        string
	header      http.Header
	// The members of a JSON answer.
	Code      string      `json:"code"`
	Message   string      `json:"message"`
	RequestID string      `json:"requestId"`
	ErrCode   json.Number `json:"errcode"`
	ErrMsg    string      `json:"errmsg"`
	Data      struct {
		Response string `json:"response_data"`
	} `json:"data"`
}

// sign makes a signed request of params, which are a JSON body, or a form when
// one of them is bytes.
func (w *world) sign(tb testing.TB, cred service.Credential, params map[string]any, at time.Time) sent {
	tb.Helper()
	if _, ok := params["sessionToken"]; !ok {
		params["sessionToken"] = cred.Token
	}
	body, contentType := encode(tb, params)
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, w.url(w.next()), bytes.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	if err := admin.Sign(r, body, admin.Credential{SecretID: cred.SecretID, SecretKey: cred.SecretKey}, at); err != nil {
		tb.Fatal(err)
	}
	return sent{http.MethodPost, r.URL.String(), r.Header, body}
}

func encode(tb testing.TB, params map[string]any) (body []byte, contentType string) {
	tb.Helper()
	form := false
	for _, v := range params {
		_, binary := v.([]byte)
		form = form || binary
	}
	if !form {
		body, err := json.Marshal(params)
		if err != nil {
			tb.Fatal(err)
		}
		return body, "application/json"
	}
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	for name, v := range params {
		h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + name + `"`}}
		data, binary := v.([]byte)
		if binary {
			h.Set("Content-Type", "application/octet-stream")
		} else {
			data = []byte(v.(string))
		}
		part, err := parts.CreatePart(h)
		if err == nil {
			_, err = part.Write(data)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := parts.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes(), parts.FormDataContentType()
}

// do sends a request.
func (w *world) do(tb testing.TB, s sent) answer {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), s.method, s.url, bytes.NewReader(s.body))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header = s.header.Clone()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	a := answer{status: resp.StatusCode, contentType: resp.Header.Get("Content-Type"), text: string(text), header: resp.Header}
	if strings.HasPrefix(a.contentType, "application/json") {
		var otherData *json.UnmarshalTypeError // data of an action that is no call of a function
		if err := json.Unmarshal(text, &a); err != nil && !errors.As(err, &otherData) {
			tb.Fatalf("%v in %q", err, text)
		}
	}
	return a
}

// post signs and sends.
func (w *world) post(tb testing.TB, cred service.Credential, params map[string]any) answer {
	tb.Helper()
	return w.do(tb, w.sign(tb, cred, params, w.clock.now()))
}

// call invokes a function.
func (w *world) call(tb testing.TB, cred service.Credential, env, name, event string) answer {
	tb.Helper()
	return w.post(tb, cred, invocation(env, name, event))
}

func invocation(env, name, event string) map[string]any {
	return map[string]any{
		"action": "functions.invokeFunction", "function_name": name, "request_data": event, "envName": env,
		"wxCloudApiToken": "", "tcb_sessionToken": "", "crossAuthorizationToken": "",
	}
}

// handshake asks for a cross-account session, as init() does.
func (w *world) handshake(tb testing.TB, cred service.Credential, appID, env string) answer {
	tb.Helper()
	return w.post(tb, cred, tokenRequest(appID, env))
}

func tokenRequest(appID, env string) map[string]any {
	token := append(field(1, appID), field(2, env)...)
	return map[string]any{
		"action": "wx.openApi", "apiName": "getCrossAccountToken", "envName": "", "wxCloudApiToken": "",
		"requestData": append([]byte{0x08, 0x03}, field(5, string(token))...),
	}
}

// field writes a short length-delimited protobuf field.
func field(number byte, value string) []byte {
	return append([]byte{number<<3 | 2, byte(len(value))}, value...)
}

// runNode runs a script beside the genuine wx-server-sdk and decodes the JSON
// that it prints. The script sees the credential as a function would.
func (w *world) runNode(tb testing.TB, cred service.Credential, script string, out any) {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), "node", "-e", script)
	cmd.Dir = tb.TempDir()
	cmd.Env = []string{
		"NODE_PATH=" + filepath.Join(w.SDKDir, "node_modules"), "SILENCE=true",
		`TCB_CONTEXT_CNFG={"URL":"` + w.GatewayURL + `/admin"}`, "TENCENTCLOUD_RUNENV=SCF", "TENCENTCLOUD_REGION=ap-shanghai",
		"TENCENTCLOUD_SECRETID=" + cred.SecretID, "TENCENTCLOUD_SECRETKEY=" + cred.SecretKey, "TENCENTCLOUD_SESSIONTOKEN=" + cred.Token,
		"SCF_NAMESPACE=" + cred.EnvironmentID(), "TCB_ENV=" + cred.EnvironmentID(),
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		tb.Fatalf("node: %v\n%s%s", err, text, stderr.String())
	}
	if err := json.Unmarshal(text, out); err != nil {
		tb.Fatalf("node printed %q: %v\n%s", text, err, stderr.String())
	}
}

// mustContain checks an answer's text.
func mustContain(tb testing.TB, a answer, want ...string) {
	tb.Helper()
	for _, s := range want {
		if !strings.Contains(a.text, s) {
			tb.Errorf("%q is missing in %s", s, a.text)
		}
	}
}
