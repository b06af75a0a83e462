package gateway_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

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
	times       int // that the answer holds body; 0 for at least once
}

// check refuses an answer that is not the one.
func (c call) check(resp *http.Response, body []byte) error {
	right := bytes.Contains(body, []byte(c.body))
	if c.times > 0 {
		right = bytes.Count(body, []byte(c.body)) == c.times
	}
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), c.contentType) || !right {
		return fmt.Errorf("answer %d %s", resp.StatusCode, body)
	}
	return nil
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
		if _, err := c.exchange(conn, in); err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
	}
	return took, nil
}

// exchange makes one call and returns what was answered.
func (c call) exchange(conn net.Conn, in *bufio.Reader) ([]byte, error) {
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
	return body, c.check(resp, body)
}

// fetch makes one call on a connection of its own.
func (c call) fetch(t *testing.T) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", c.address)
	must(t, err)
	defer conn.Close() //nolint:errcheck // everything was read
	must(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	body, err := c.exchange(conn, bufio.NewReader(conn))
	must(t, err)
	return body
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

func wire(tb testing.TB, r *http.Request) []byte {
	var b bytes.Buffer
	must(tb, r.Write(&b))
	return b.Bytes()
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

// must ends a test that could not be set up.
func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
