package gateway_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"envshare/internal/gateway"
	"envshare/internal/gateway/admin"
	"envshare/internal/service"
	"envshare/internal/testkit"
	"envshare/internal/testkit/figures"
)

const (
	borrower, lender = "wxaaaaaaaaaaaaaaaa", "wxbbbbbbbbbbbbbbbb"

	connections    = 16
	trivialRounds  = 5
	trivialCalls   = 12_000 // in a round
	sdkRounds      = 5
	sdkCalls       = 2_000
	handshakeCalls = 2_000

	trivialSource = `exports.main = async event => ({ a: event.a })`
	sdkSource     = `const cloud = require('wx-server-sdk'); cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })
exports.main = async event => (await cloud.callFunction({ name: 'inner', data: event })).result`
)

// benchServer is where the server of the comparison answers, and who may call it.
type benchServer struct {
	URL, SDKDir                string
	SecretID, SecretKey, Token string
	PprofURL                   string // when a profile is to be made

	pid   int
	count int // of requests made, for their addresses: no two may have the same signature
}

// TestServeForPeer is the server of TestPeer: a process of its own, so that its
// CPU time is not mixed with that of the callers. It ends with its standard input.
func TestServeForPeer(t *testing.T) {
	if os.Getenv(figures.Variable) != "serve" {
		t.Skip("the server of make bench")
	}
	k := testkit.New(t, testkit.Options{})
	k.Serve(t, gateway.New(gateway.Config{}, gateway.Deps{
		Calls: k.Services.Calls, Documents: k.Services.Documents, Files: k.Services.Files, Credentials: k.Services.Credentials, Ready: k.Services.Ready, Logger: k.Logger,
	}))
	k.Apply(t, `
principals: [{id: p, name: P}]
apps:
  - {appid: `+borrower+`, name: A, type: miniprogram, principal: p, environments: [{id: a-main, functions: a}]}
  - appid: `+lender+`
    name: B
    type: miniprogram
    principal: p
    sharing: true
    environments: [{id: b-main, functions: b}]
    shares: [{to: `+borrower+`, environments: [{id: b-main}]}]`, map[string]string{
		"a/trivial/index.js": trivialSource, "a/trivial16/index.js": trivialSource, "a/inner/index.js": trivialSource,
		"a/sdk/index.js": sdkSource, "a/sdk16/index.js": sdkSource,
		"b/cloudbase_auth/index.js": `exports.main = async () => ({ errCode: 0 })`,
	})
	settings := service.FunctionSettings{TimeoutSeconds: 20, MemoryMB: 256, Concurrency: connections}
	for _, name := range []string{"trivial16", "sdk16", "inner"} {
		must(t, k.Services.Functions.Configure(t.Context(), testkit.Actor, borrower, "a-main", name, settings))
	}
	cred, _ := k.Credential(t, borrower, "a-main")
	must(t, json.NewEncoder(os.Stdout).Encode(benchServer{
		URL: k.GatewayURL, SDKDir: k.SDKDir, SecretID: cred.SecretID, SecretKey: cred.SecretKey, Token: cred.Token,
	}))
	_, err := io.Copy(io.Discard, os.Stdin)
	must(t, err)
}

// TestPeer compares the gateway with the vendor's local runner, one round of
// each in turn, and prints a table with all figures of docs/performance.md.
func TestPeer(t *testing.T) {
	figures.Wanted(t)
	// The peers die with the thread that started them, should this test be killed.
	runtime.LockOSThread()
	server := startServer(t, "TestServeForPeer")
	inner := []string{
		"NODE_PATH=" + filepath.Join(server.SDKDir, "node_modules"), `TCB_CONTEXT_CNFG={"URL":"` + server.URL + `/admin"}`,
		"TENCENTCLOUD_RUNENV=SCF", "TENCENTCLOUD_REGION=ap-shanghai", "TENCENTCLOUD_SECRETID=" + server.SecretID,
		"TENCENTCLOUD_SECRETKEY=" + server.SecretKey, "TENCENTCLOUD_SESSIONTOKEN=" + server.Token,
		"SCF_NAMESPACE=a-main", "TCB_ENV=a-main",
	}
	peer, sdkPeer := startPeer(t, trivialSource, nil), startPeer(t, sdkSource, inner)

	figures.Header(t, fmt.Sprintf("%d connections, median of rounds", connections))
	figures.Line("", "calls/s", "of peer", "aim", "p50", "p99", "CPU/call", "in workers")
	compare(t, amount{trivialRounds, trivialCalls, connections}, 1, []contender{
		{"trivial, @cloudbase/functions-framework", peer.pid, peer.call, "-"},
		{"trivial, one call at a time per worker", server.pid, server.invoke("trivial"), "1.8"},
		{"trivial, 16 at a time in one worker", server.pid, server.invoke("trivial16"), "2.5"},
	})
	compare(t, amount{sdkRounds, sdkCalls, connections}, 1, []contender{
		{"one SDK call inside, functions-framework", sdkPeer.pid, sdkPeer.call, "-"},
		{"one SDK call inside, one at a time per worker", server.pid, server.invoke("sdk"), "1.2"},
		{"one SDK call inside, 16 at a time in one worker", server.pid, server.invoke("sdk16"), "1.7"},
	})
	for _, callers := range []int{1, connections} {
		init := contender{fmt.Sprintf("cross-account init, %d at a time", callers), server.pid, server.handshake, "-"}
		init.round(t, handshakeCalls/10, callers)
		init.round(t, handshakeCalls, callers).print(init, "-")
	}
	figures.Line()
	figures.Line("", "median", "allocations", "aim")
	benchmark(t, "./internal/service", "BenchmarkDecision100k", "one permission decision, 100,000 grants", "100 ns", "-count=5")
	benchmark(t, "./internal/service", "BenchmarkGuardedRead", "a client reads 20 documents", "-", "-count=5")
	benchmark(t, "./internal/runner", "BenchmarkFirstCallOnSpare", "first call on a warm spare with the SDK", "30 ms", "-count=15", "-benchtime=1x")
}

// invoke returns the maker of signed calls of a function.
func (s *benchServer) invoke(name string) func(testing.TB) call {
	return func(tb testing.TB) call {
		body, err := json.Marshal(map[string]string{
			"action": "functions.invokeFunction", "function_name": name, "request_data": `{"a":1}`, "envName": "a-main", "sessionToken": s.Token,
		})
		must(tb, err)
		return call{s.address(), s.sign(tb, "application/json", body), "application/json", `{\"a\":1}`, 0}
	}
}

// handshake is getCrossAccountToken as init() sends it (admin protocol, section 12).
func (s *benchServer) handshake(tb testing.TB) call {
	field := func(number byte, value string) string { return string([]byte{number<<3 | 2, byte(len(value))}) + value }
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	for _, p := range [][3]string{
		{"action", "", "wx.openApi"}, {"apiName", "", "getCrossAccountToken"}, {"sessionToken", "", s.Token},
		{"requestData", "application/octet-stream", "\x08\x03" + field(5, field(1, lender)+field(2, "b-main"))},
	} {
		header := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + p[0] + `"`}}
		if p[1] != "" {
			header.Set("Content-Type", p[1])
		}
		part, err := parts.CreatePart(header)
		must(tb, err)
		_, err = io.WriteString(part, p[2])
		must(tb, err)
	}
	must(tb, parts.Close())
	return call{s.address(), s.sign(tb, parts.FormDataContentType(), body.Bytes()), "application/octet-stream", "", 0}
}

func (s *benchServer) address() string { return strings.TrimPrefix(s.URL, "http://") }

func (s *benchServer) sign(tb testing.TB, contentType string, body []byte) []byte {
	s.count++
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, fmt.Sprintf("%s/admin?env=a-main&seqId=%d", s.URL, s.count), bytes.NewReader(body))
	must(tb, err)
	r.Header.Set("Content-Type", contentType)
	must(tb, admin.Sign(r, body, admin.Credential{SecretID: s.SecretID, SecretKey: s.SecretKey}, time.Now()))
	return wire(tb, r)
}

// startServer runs a server of this binary, which is one of its tests.
func startServer(t *testing.T, test string, env ...string) *benchServer {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self, "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), append(env, figures.Variable+"=serve")...)
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout := start(t, cmd, func() { _ = stdin.Close() })
	s := &benchServer{pid: cmd.Process.Pid}
	text, err := stdout.ReadBytes('\n')
	must(t, err)
	must(t, json.Unmarshal(text, s))
	return s
}

// peer is a process of the vendor's local runner, which serves one function.
type peer struct {
	pid  int
	wire call
}

func (p peer) call(testing.TB) call { return p.wire }

func startPeer(t *testing.T, source string, env []string) peer {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "index.js"), []byte(source), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"main": "index.js"}`), 0o600))
	bench, err := filepath.Abs("../../bench")
	must(t, err)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := free.Addr().String()
	must(t, free.Close())
	_, port, err := net.SplitHostPort(address)
	must(t, err)
	cmd := exec.Command("node", "--require", filepath.Join(bench, "loopback.cjs"),
		filepath.Join(bench, "node_modules/@cloudbase/functions-framework/bin/tcb-ff.js"), "--port", port, "--source", dir)
	cmd.Dir = dir
	cmd.Env = slices.Concat(env, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "NODE_ENV=production"})
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout := start(t, cmd, func() { _ = cmd.Process.Kill() })
	for listening := false; !listening; {
		text, err := stdout.ReadString('\n')
		if err != nil {
			t.Fatalf("the peer did not start: %v", err)
		}
		listening = strings.Contains(text, "Server listening")
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/", strings.NewReader(`{"a":1}`))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	return peer{cmd.Process.Pid, call{address, wire(t, r), "application/json", `{"a":1}`, 0}}
}
