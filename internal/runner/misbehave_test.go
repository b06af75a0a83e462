package runner

import (
	"bufio"
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func misbehaving(t testing.TB, way string) Invocation {
	t.Helper()
	return Invocation{Event: event(t, map[string]string{"way": way}), Timeout: 20 * time.Second}
}

func TestMisbehaviourEndsInAClearResult(t *testing.T) {
	r := newRunner(t)
	v := version(t, "misbehave", func(v *Version) { v.MemoryMB = 128 })
	cases := []struct {
		way     string
		status  Status
		text    string // in the error
		timeout time.Duration
	}{
		{"throws", StatusFailed, "TypeError: boom\n    at Object.throws", 0},
		{"rejectsString", StatusFailed, "plain words", 0},
		{"rejectsNothing", StatusFailed, "undefined", 0},
		{"throwsStrange", StatusFailed, "", 0},
		{"unhandled", StatusFailed, "nobody caught this", 0},
		{"timerThrows", StatusFailed, "from a timer", 0},
		{"exits", StatusExited, "process.exit(3)", 0},
		{"reallyExits", StatusExited, "exit code 4", 0},
		{"aborts", StatusCrashed, "SIGABRT", 0},
		{"kills", StatusCrashed, "SIGKILL", 0},
		{"loops", StatusTimedOut, "Invoking task timed out after 0.3 seconds", 300 * time.Millisecond},
		{"waits", StatusTimedOut, "Invoking task timed out after 0.3 seconds", 300 * time.Millisecond},
		{"heap", StatusOutOfMemory, "128 MB", 0},
		{"buffers", StatusOutOfMemory, "128 MB", 0},
		{"giant", StatusResultTooLarge, "2097154 bytes", 0},
		{"bigint", StatusNotJSON, "BigInt", 0},
		{"circular", StatusNotJSON, "circular", 0},
		{"forgesResult", StatusCrashed, "descriptor 3", 0},
		{"forgesGarbage", StatusCrashed, "descriptor 3", 0},
		{"forgesReady", StatusCrashed, "descriptor 3", 0},
		{"forgesRetire", StatusCrashed, "descriptor 3", 0},
		{"listens", StatusFailed, "EACCES: functions cannot listen", 0},
		{"forgesSocket", StatusFailed, "EEXIST", 0},
		{"closesChannel", StatusCrashed, "descriptor 3", 0},
		{"patches", StatusOK, "", 0},
	}
	for _, c := range cases {
		t.Run(c.way, func(t *testing.T) {
			in := misbehaving(t, c.way)
			if c.timeout > 0 {
				in.Timeout = c.timeout
			}
			result := invoke(t, r, v, in)
			if result.Status != c.status || !strings.Contains(result.Error, c.text) {
				t.Errorf("got %s %q, want %s %q", result.Status, result.Error, c.status, c.text)
			}
			if result.Error == "" != (c.status == StatusOK) {
				t.Errorf("error %q", result.Error)
			}
			if strings.Contains(result.Error, r.workDir) || strings.Contains(result.Error, "worker.cjs") {
				t.Errorf("error shows the server's folders: %q", result.Error)
			}
			wantValue(t, invoke(t, r, v, misbehaving(t, "fine")), `"fine"`)
		})
	}
	t.Run("lines before the end are kept", func(t *testing.T) {
		in := misbehaving(t, "loops")
		in.Timeout = 300 * time.Millisecond
		for _, result := range []Result{invoke(t, r, v, in), invoke(t, r, v, misbehaving(t, "exits"))} {
			if len(result.Logs) != 1 {
				t.Errorf("%s: logs %v", result.Status, result.Logs)
			}
		}
	})
}

func TestWorkerStaysAfterPlainThrow(t *testing.T) {
	r := newRunner(t)
	v := version(t, "misbehave")
	invoke(t, r, v, misbehaving(t, "throws"))
	if result := invoke(t, r, v, misbehaving(t, "fine")); result.Cold {
		t.Error("the worker was replaced")
	}
}

func TestFloodsAreCapped(t *testing.T) {
	r := newRunner(t, func(c *Config) { c.LogLimit = 10_000 })
	v := version(t, "misbehave")
	for _, way := range []string{"flood", "oneLongLine"} {
		t.Run(way, func(t *testing.T) {
			result := invoke(t, r, v, misbehaving(t, way))
			size := 0
			for _, line := range result.Logs {
				size += len(line.Text)
			}
			if result.Status != StatusOK || !result.LogsTruncated || size > 10_000 || size < 1000 {
				t.Errorf("%s: truncated %v, %d bytes", result.Status, result.LogsTruncated, size)
			}
		})
	}
	t.Run("raw output never blocks", func(t *testing.T) {
		result := invoke(t, r, v, misbehaving(t, "rawFlood"))
		wantValue(t, result, `"flooded"`)
	})
}

func TestWorkLeftBehindIsNotTheNextRunsFault(t *testing.T) {
	r := newRunner(t)
	v := version(t, "misbehave")
	for _, way := range []string{"leavesRejection", "leavesExit", "leavesLog"} {
		t.Run(way, func(t *testing.T) {
			for range 5 {
				wantValue(t, invoke(t, r, v, misbehaving(t, way)), `"left"`)
				result := invoke(t, r, v, misbehaving(t, "pauses"))
				wantValue(t, result, `"paused"`)
				if len(result.Logs) != 0 {
					t.Errorf("foreign logs %v", result.Logs)
				}
			}
		})
	}
}

func TestCodeThatCannotBeLoaded(t *testing.T) {
	r := newRunner(t)
	cases := []struct {
		function string
		status   Status
		text     string
	}{
		{"syntax", StatusNotLoadable, "index.js:2"},
		{"no_main", StatusNotLoadable, "exports.main"},
		{"no_index", StatusNotLoadable, "no index.js"},
		{"throws_on_load", StatusNotLoadable, "no luck"},
		{"rejects_on_load", StatusNotLoadable, "nobody waits"},
		{"exits_on_load", StatusExited, "process.exit(5)"},
		{"missing_module", StatusNotLoadable, "Cannot find module 'not-there'"},
	}
	for _, c := range cases {
		t.Run(c.function, func(t *testing.T) {
			result := invoke(t, r, version(t, c.function), Invocation{})
			if result.Status != c.status || !strings.Contains(result.Error, c.text) || strings.Contains(result.Error, r.workDir) {
				t.Errorf("got %s %q, want %s %q", result.Status, result.Error, c.status, c.text)
			}
			if c.function == "throws_on_load" && (len(result.Logs) != 1 || result.Logs[0].Text != "loading") {
				t.Errorf("logs %v", result.Logs)
			}
		})
	}
}

func TestOneOfSeveralMisbehavesInOneWorker(t *testing.T) {
	r := newRunner(t)
	v := version(t, "misbehave", func(v *Version) { v.Concurrency = 10 })
	invoke(t, r, v, misbehaving(t, "fine"))
	for way, want := range map[string]Status{"exits": StatusExited, "unhandled": StatusFailed, "timerThrows": StatusFailed, "waits": StatusTimedOut} {
		t.Run(way, func(t *testing.T) {
			other := make(chan Result, 1)
			go func() {
				result, _ := r.Invoke(t.Context(), v, misbehaving(t, "pauses"))
				other <- result
			}()
			in := misbehaving(t, way)
			if way == "waits" {
				in.Timeout = 20 * time.Millisecond
			}
			if result := invoke(t, r, v, in); result.Status != want {
				t.Errorf("got %s %q, want %s", result.Status, result.Error, want)
			}
			wantValue(t, <-other, `"paused"`)
		})
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Add([]byte("\x00\x00\x00\x05null"))
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := readFrame(bufio.NewReader(bytes.NewReader(data)), 1<<10)
		if err == nil && !json.Valid(frame.Value) && len(frame.Value) > 0 {
			t.Errorf("invalid value %q", frame.Value)
		}
	})
}
