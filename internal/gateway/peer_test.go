package gateway_test

import (
	"bufio"
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
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"envshare/internal/gateway"
	"envshare/internal/gateway/admin"
	"envshare/internal/service"
	"envshare/internal/testkit"
)

// benchVariable is empty in ordinary tests, "1" for the comparison, and "serve"
// in the process that the comparison starts as its server.
const benchVariable = "ENVSHARE_BENCH"

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

	pid   int
	count int // of requests made, for their addresses: no two may have the same signature
}

// TestServeForPeer is the server of TestPeer: a process of its own, so that its
// CPU time is not mixed with that of the callers. It ends with its standard input.
func TestServeForPeer(t *testing.T) {
	if os.Getenv(benchVariable) != "serve" {
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
	if os.Getenv(benchVariable) != "1" {
		t.Skip("run with make bench")
	}
	// The peers die with the thread that started them, should this test be killed.
	runtime.LockOSThread()
	server := startServer(t)
	inner := []string{
		"NODE_PATH=" + filepath.Join(server.SDKDir, "node_modules"), `TCB_CONTEXT_CNFG={"URL":"` + server.URL + `/admin"}`,
		"TENCENTCLOUD_RUNENV=SCF", "TENCENTCLOUD_REGION=ap-shanghai", "TENCENTCLOUD_SECRETID=" + server.SecretID,
		"TENCENTCLOUD_SECRETKEY=" + server.SecretKey, "TENCENTCLOUD_SESSIONTOKEN=" + server.Token,
		"SCF_NAMESPACE=a-main", "TCB_ENV=a-main",
	}
	peer, sdkPeer := startPeer(t, trivialSource, nil), startPeer(t, sdkSource, inner)

	load, err := os.ReadFile("/proc/loadavg")
	must(t, err)
	fmt.Printf("%s, %d cores, load before %.4s, %s, %d connections, median of rounds\n\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), runtime.NumCPU(), load, runtime.Version(), connections)
	line("", "calls/s", "of peer", "aim", "p50", "p99", "CPU/call", "in workers")
	compare(t, trivialRounds, trivialCalls, []contender{
		{"trivial, @cloudbase/functions-framework", peer.pid, peer.call, "-"},
		{"trivial, one call at a time per worker", server.pid, server.invoke("trivial"), "1.8"},
		{"trivial, 16 at a time in one worker", server.pid, server.invoke("trivial16"), "2.5"},
	})
	compare(t, sdkRounds, sdkCalls, []contender{
		{"one SDK call inside, functions-framework", sdkPeer.pid, sdkPeer.call, "-"},
		{"one SDK call inside, one at a time per worker", server.pid, server.invoke("sdk"), "1.2"},
		{"one SDK call inside, 16 at a time in one worker", server.pid, server.invoke("sdk16"), "1.7"},
	})
	for _, callers := range []int{1, connections} {
		init := contender{fmt.Sprintf("cross-account init, %d at a time", callers), server.pid, server.handshake, "-"}
		init.round(t, handshakeCalls/10, callers)
		init.round(t, handshakeCalls, callers).print(init, "-")
	}
	line()
	line("", "median", "allocations", "aim")
	benchmark(t, "./internal/service", "BenchmarkDecision100k", "one permission decision, 100,000 grants", "100 ns", "-count=5")
	benchmark(t, "./internal/runner", "BenchmarkFirstCallOnSpare", "first call on a warm spare with the SDK", "30 ms", "-count=15", "-benchtime=1x")
}

// contender is one row of the table: what answers, and how it is asked.
type contender struct {
	name string
	pid  int
	call func(testing.TB) call
	aim  string // calls per second, as a multiple of the peer's
}

// call is a request as it goes over the wire, and what its answer must hold.
type call struct {
	address     string
	wire        []byte
	contentType string
	body        string
}

// sample is what one round of calls showed.
type sample struct {
	perSecond    float64
	p50, p99     time.Duration
	cpu, workers time.Duration // for one call: of the server with its workers, and of these alone
}

// compare runs rounds of all contenders in turn, the first being the peer, and
// prints the medians. A ratio is the median of those inside the rounds.
func compare(t *testing.T, rounds, calls int, all []contender) {
	t.Helper()
	samples := make([][]sample, len(all))
	for i := range rounds + 1 {
		for j, c := range all {
			if i == 0 { // workers start and code gets compiled
				c.round(t, calls/4, connections)
				continue
			}
			samples[j] = append(samples[j], c.round(t, calls, connections))
		}
	}
	for j, c := range all {
		var ratios []float64
		for i, s := range samples[j] {
			ratios = append(ratios, s.perSecond/samples[0][i].perSecond)
		}
		of := func(field func(sample) time.Duration) time.Duration { return median(samples[j], field) }
		sample{
			median(samples[j], func(s sample) float64 { return s.perSecond }),
			of(func(s sample) time.Duration { return s.p50 }), of(func(s sample) time.Duration { return s.p99 }),
			of(func(s sample) time.Duration { return s.cpu }), of(func(s sample) time.Duration { return s.workers }),
		}.print(c, fmt.Sprintf("%.2f", median(ratios, func(r float64) float64 { return r })))
	}
	line()
}

func (s sample) print(c contender, ratio string) {
	took := func(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }
	cost := func(d time.Duration) string { return fmt.Sprintf("%d µs", d.Microseconds()) }
	line(c.name, fmt.Sprintf("%.0f", s.perSecond), ratio, c.aim, took(s.p50), took(s.p99), cost(s.cpu), cost(s.workers))
}

// line prints a row of the table.
func line(cells ...string) {
	for i, cell := range cells {
		if i == 0 {
			fmt.Printf("%-52s", cell)
			continue
		}
		fmt.Printf(" %11s", cell)
	}
	fmt.Println()
}

func median[S any, V float64 | time.Duration | int](samples []S, of func(S) V) V {
	var values []V
	for _, s := range samples {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// round makes calls over a number of kept connections, each with one call at a
// time. Requests are built and signed before the clock starts: the callers share
// the machine's cores with those who answer, and must cost both sides the same.
func (c contender) round(t *testing.T, calls, connections int) sample {
	t.Helper()
	share := calls / connections
	work := make([][]call, connections)
	for i := range work {
		for range share {
			work[i] = append(work[i], c.call(t))
		}
	}
	took := make([][]time.Duration, connections)
	var wg sync.WaitGroup
	cpu, workers := cpuTime(t, c.pid)
	start := time.Now()
	for i := range work {
		wg.Go(func() {
			var err error
			if took[i], err = callAll(work[i]); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(start)
	cpuAfter, workersAfter := cpuTime(t, c.pid)
	if t.Failed() {
		t.FailNow()
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	n := time.Duration(len(all))
	return sample{float64(n) / elapsed.Seconds(), all[n/2], all[n*99/100], (cpuAfter - cpu) / n, (workersAfter - workers) / n}
}

// callAll makes calls one after the other on one connection.
func callAll(calls []call) ([]time.Duration, error) {
	conn, err := net.Dial("tcp", calls[0].address)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // everything was read
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, err
	}
	in := bufio.NewReader(conn)
	took := make([]time.Duration, 0, len(calls))
	for _, c := range calls {
		start := time.Now()
		if _, err := conn.Write(c.wire); err != nil {
			return nil, err
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), c.contentType) || !bytes.Contains(body, []byte(c.body)) {
			return nil, fmt.Errorf("answer %d %s", resp.StatusCode, body)
		}
	}
	return took, nil
}

// cpuTime is what a process and its descendants have used so far, and what these
// have used alone, in steps of 10 ms.
func cpuTime(t *testing.T, root int) (all, descendants time.Duration) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	must(t, err)
	parent, used := map[int]int{}, map[int]int{}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		pid, _ := strconv.Atoi(strings.Split(path, "/")[2])
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // from the third on
		parent[pid], _ = strconv.Atoi(fields[1])
		for _, ticks := range fields[11:15] { // user and system time, of itself and of children that ended
			n, _ := strconv.Atoi(ticks)
			used[pid] += n
		}
	}
	ticks := 0
	for pid := range used {
		for p := pid; p != 0; p = parent[p] {
			if p == root {
				ticks += used[pid]
			}
		}
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on Linux
	return time.Duration(ticks) * tick, time.Duration(ticks-used[root]) * tick
}

// invoke returns the maker of signed calls of a function.
func (s *benchServer) invoke(name string) func(testing.TB) call {
	return func(tb testing.TB) call {
		body, err := json.Marshal(map[string]string{
			"action": "functions.invokeFunction", "function_name": name, "request_data": `{"a":1}`, "envName": "a-main", "sessionToken": s.Token,
		})
		must(tb, err)
		return call{s.address(), s.sign(tb, "application/json", body), "application/json", `{\"a\":1}`}
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
	return call{s.address(), s.sign(tb, parts.FormDataContentType(), body.Bytes()), "application/octet-stream", ""}
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

func wire(tb testing.TB, r *http.Request) []byte {
	var b bytes.Buffer
	must(tb, r.Write(&b))
	return b.Bytes()
}

// startServer runs TestServeForPeer.
func startServer(t *testing.T) *benchServer {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self, "-test.run=^TestServeForPeer$")
	cmd.Env = append(os.Environ(), benchVariable+"=serve")
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
	return peer{cmd.Process.Pid, call{address, wire(t, r), "application/json", `{"a":1}`}}
}

// start starts a process that the end of the test stops, and returns what it prints.
func start(t *testing.T, cmd *exec.Cmd, stop func()) *bufio.Reader {
	t.Helper()
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		stop()
		late := time.AfterFunc(15*time.Second, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		_ = cmd.Wait() // the peer is killed, and the server has told of its errors
	})
	return bufio.NewReader(stdout)
}

var benchmarkLine = regexp.MustCompile(`(?m)^Benchmark\w*(\S*)\s+\d+\s+([\d.]+) ns/op.*?(\d+) allocs/op`)

// benchmark runs a benchmark of another package and prints its medians.
func benchmark(t *testing.T, pkg, name, title, aim string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"test", "-run=^$", "-benchmem", "-bench=^" + name + "$", pkg}, args...)...)
	cmd.Dir = "../.."
	text, err := cmd.CombinedOutput()
	found := benchmarkLine.FindAllStringSubmatch(string(text), -1)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: %v\n%s", name, err, text)
	}
	groups := map[string][][]string{}
	var order []string
	for _, m := range found {
		variant := strings.TrimSuffix(strings.TrimPrefix(m[1], "/"), "-"+strconv.Itoa(runtime.GOMAXPROCS(0)))
		if groups[variant] == nil {
			order = append(order, variant)
		}
		groups[variant] = append(groups[variant], m)
	}
	for _, variant := range order {
		ns := median(groups[variant], func(m []string) float64 { v, _ := strconv.ParseFloat(m[2], 64); return v })
		allocs := median(groups[variant], func(m []string) int { v, _ := strconv.Atoi(m[3]); return v })
		name := strings.TrimSuffix(title+", "+strings.ReplaceAll(variant, "_", " "), ", ")
		took := fmt.Sprintf("%.0f ns", ns)
		if ns > 1e5 {
			took = fmt.Sprintf("%.1f ms", ns/1e6)
		}
		line(name, took, strconv.Itoa(allocs), aim)
	}
}

// must ends a test that could not be set up.
func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
