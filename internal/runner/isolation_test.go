package runner

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// escapee is what testdata/functions/escape reports.
type escapee struct {
	Results map[string]struct {
		Done  bool
		Value string
		Error string
	}
	Mine   string
	UID    int
	PID    int
	Dir    string
	Groups []int
}

func escape(t *testing.T, r *Runner, v Version, files []string, pids []int) escapee {
	t.Helper()
	result := invoke(t, r, v, Invocation{Event: event(t, map[string]any{"files": files, "pids": pids})})
	var got escapee
	if err := json.Unmarshal(result.Value, &got); err != nil {
		t.Fatalf("%v in %+v", err, result)
	}
	return got
}

func TestFunctionReachesNothingButItsOwn(t *testing.T) {
	t.Setenv("SERVER_SECRET", "must not leak")
	data := t.TempDir()
	secret := filepath.Join(data, "secret")
	if err := os.WriteFile(secret, []byte("must not leak"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := newRunner(t)
	neighbour := escape(t, r, version(t, "escape", func(v *Version) { v.ID = "neighbour" }), []string{}, []int{})
	if neighbour.Mine != "mine" {
		t.Fatal("a function cannot use its own temporary folder")
	}
	server := "/proc/" + strconv.Itoa(os.Getpid())
	files := []string{
		secret, "/etc/passwd", "/etc/hostname", server + "/environ", server + "/cwd/go.mod", "/proc/self/environ", "/proc/self/maps",
		filepath.Join(neighbour.Dir, "code", "index.js"), filepath.Join(neighbour.Dir, "tmp", "mine"),
		"/proc/" + strconv.Itoa(neighbour.PID) + "/environ", filepath.Join(r.workDir, "lock"), filepath.Join(r.sdkDir, "package.json"),
	}
	got := escape(t, r, version(t, "escape"), files, []int{os.Getpid(), neighbour.PID, 1, -1, 0, -neighbour.PID})
	for try, outcome := range got.Results {
		if outcome.Done {
			t.Errorf("%s succeeded: %q", try, outcome.Value)
		}
	}
	if len(got.Results) < len(files)*7 {
		t.Errorf("only %d attempts were made", len(got.Results))
	}
	if os.Geteuid() != 0 {
		return
	}
	t.Run("every worker has a user of its own", func(t *testing.T) {
		if got.UID < 210000 || got.UID == neighbour.UID {
			t.Errorf("users %d and %d", got.UID, neighbour.UID)
		}
		for _, group := range got.Groups {
			if group != got.UID {
				t.Errorf("group %d", group)
			}
		}
	})
	t.Run("folders are closed to other users", func(t *testing.T) {
		var st unix.Stat_t
		if err := unix.Stat(got.Dir, &st); err != nil || st.Mode&0o777 != 0o750 || int(st.Gid) != got.UID {
			t.Errorf("mode %o, group %d, %v", st.Mode&0o777, st.Gid, err)
		}
	})
}

func TestKernelLimitsHoldWithoutPermissionModel(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("users of their own need root")
	}
	bare := filepath.Join(openTempDir(t), "node")
	script := `#!/bin/sh
for a; do shift; case $a in --allow-*|--*permission) ;; *) set -- "$@" "$a" ;; esac; done
exec node "$@"
`
	if err := os.WriteFile(bare, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	r := newRunner(t, func(c *Config) { c.Node = bare })
	victim := invokePID(t, r, "victim")
	files := []string{filepath.Join(victim.Dir, "tmp", "mine"), "/proc/" + strconv.Itoa(victim.PID) + "/environ",
		"/proc/" + strconv.Itoa(os.Getpid()) + "/environ", filepath.Join(r.workDir, "lock")}
	v := version(t, "escape", func(v *Version) { v.ID = "attacker" })
	got := escape(t, r, v, files, []int{})
	for try, outcome := range got.Results {
		reads := strings.HasPrefix(try, "read ") || strings.HasPrefix(try, "stream ") || strings.HasPrefix(try, "promise ")
		if outcome.Done && (reads || strings.HasPrefix(try, "write")) {
			t.Errorf("%s succeeded: %q", try, outcome.Value)
		}
	}
}

func invokePID(t *testing.T, r *Runner, id string) escapee {
	t.Helper()
	return escape(t, r, version(t, "escape", func(v *Version) { v.ID = id }), []string{}, []int{})
}

func TestLinksInCodeLeadNowhere(t *testing.T) {
	r := newRunner(t)
	outside, dir := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("must not leak"), 0o644); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("inside.txt", "inside")
	write("index.js", `const fs = require('fs');
const read = (name) => { try { return fs.readFileSync(__dirname + '/' + name, 'utf8') } catch (err) { return err.code } };
exports.main = () => ['absolute', 'climbing', 'folder/secret', 'loop', 'good'].map(read);`)
	for name, target := range map[string]string{"absolute": secret, "climbing": "../" + filepath.Base(outside) + "/secret", "folder": outside, "loop": "loop", "good": "inside.txt"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	result := invoke(t, r, Version{ID: "links", Dir: dir}, Invocation{})
	wantValue(t, result, `["ENOENT","ENOENT","ENOENT","ENOENT","inside"]`)
}

func TestFunctionCannotOpenManyFilesOrDumpCore(t *testing.T) {
	r := newRunner(t)
	eventually(t, "a spare is warm", func() bool { return r.Stats().Spares == 1 })
	r.mu.Lock()
	spare := r.spares[DefaultMemoryMB][0]
	r.mu.Unlock()
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", spare.pid))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]uint64{"Max core file size": 0, "Max open files": 512, "Max file size": 512 << 20} {
		_, line, _ := strings.Cut(string(limits), "\n"+name)
		fields := strings.Fields(line)
		if len(fields) < 2 {
			t.Fatalf("no line %q in %s", name, limits)
		}
		if hard, err := strconv.ParseUint(fields[1], 10, 64); err != nil || hard > want {
			t.Errorf("%s: %s, want %d", name, fields[1], want)
		}
	}
}

// TestServerForDeath is the other process of TestWorkersDieWithTheServer.
func TestServerForDeath(t *testing.T) {
	dir := os.Getenv("ENVSHARE_TEST_DEATH")
	if dir == "" {
		t.Skip("runs in a process of its own")
	}
	r := newRunner(t, func(c *Config) { c.WorkDir = dir })
	invoke(t, r, version(t, "echo"), Invocation{})
	busy := version(t, "misbehave")
	go r.Invoke(t.Context(), busy, Invocation{Event: json.RawMessage(`{"way":"loops"}`), Timeout: time.Hour}) //nolint:errcheck // never returns
	eventually(t, "a spare, a busy and an idle worker", func() bool { s := r.Stats(); return s.Spares == 1 && s.Workers == 2 && s.Busy == 1 })
	r.mu.Lock()
	for w := range r.live {
		fmt.Println("worker", w.pid)
	}
	r.mu.Unlock()
	fmt.Println("all")
	select {}
}

func TestWorkersDieWithTheServer(t *testing.T) {
	needNode(t)
	server := exec.Command(os.Args[0], "-test.run", "^TestServerForDeath$")
	server.Env = append(os.Environ(), "ENVSHARE_TEST_DEATH="+openTempDir(t))
	output, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	lines := bufio.NewScanner(output)
	for lines.Scan() && lines.Text() != "all" {
		var pid int
		if n, _ := fmt.Sscanf(lines.Text(), "worker %d", &pid); n == 1 {
			pids = append(pids, pid)
		}
	}
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait()
	if len(pids) != 3 {
		t.Fatalf("workers %v", pids)
	}
	eventually(t, "all workers are gone", func() bool {
		for _, pid := range pids {
			state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			if err == nil && !strings.Contains(string(state), ") Z ") {
				return false
			}
		}
		return true
	})
}
