package runner

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFunctionReturns(t *testing.T) {
	r := newRunner(t)
	cases := []struct{ function, event, want string }{
		{"echo", `{"a":[1,"二",null]}`, `{"a":[1,"二",null]}`},
		{"echo", ``, `{}`},
		{"echo", `null`, `null`},
		{"sync", `{}`, `7`},
		{"nothing", `{}`, `null`},
		{"module_js", `{}`, `42`},
		{"module_mjs", `{}`, `"function"`},
	}
	for _, c := range cases {
		t.Run(c.function+" "+c.event, func(t *testing.T) {
			wantValue(t, invoke(t, r, version(t, c.function), Invocation{Event: json.RawMessage(c.event)}), c.want)
		})
	}
	t.Run("large events arrive whole", func(t *testing.T) {
		text := event(t, strings.Repeat("文", 300_000))
		wantValue(t, invoke(t, r, version(t, "echo"), Invocation{Event: text}), string(text))
	})
	t.Run("invalid event is the caller's fault", func(t *testing.T) {
		if _, err := r.Invoke(t.Context(), version(t, "echo"), Invocation{Event: json.RawMessage(`{`)}); err == nil {
			t.Fatal("accepted")
		}
	})
}

func TestFirstRunIsCold(t *testing.T) {
	r := newRunner(t)
	first := invoke(t, r, version(t, "echo"), Invocation{})
	second := invoke(t, r, version(t, "echo"), Invocation{})
	if !first.Cold || second.Cold {
		t.Fatalf("cold: first %v, second %v", first.Cold, second.Cold)
	}
	if second.MemoryBytes < 20<<20 || second.Duration <= 0 {
		t.Fatalf("memory %d, duration %s", second.MemoryBytes, second.Duration)
	}
}

func TestContextDescribesInvocation(t *testing.T) {
	r := newRunner(t)
	v := version(t, "context", func(v *Version) { v.MemoryMB = 128; v.Number = 12; v.Variables = map[string]string{"OWN": "1"} })
	result := invoke(t, r, v, Invocation{RequestID: "req-1", Env: map[string]string{"WX_OPENID": "o1"}})
	var got map[string]any
	if err := json.Unmarshal(result.Value, &got); err != nil {
		t.Fatalf("%v in %+v", err, result)
	}
	environment := got["environment"].(map[string]any)
	delete(got, "environment")
	want := map[string]any{
		"request_id": "req-1", "memory_limit_in_mb": 128.0, "time_limit_in_ms": 20000.0, "function_version": "12",
		"function_name": "context", "namespace": "test-f96b31", "callbackWaitsForEmptyEventLoop": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if environment["OWN"] != "1" || environment["WX_OPENID"] != "o1" {
		t.Errorf("environment %v", environment)
	}
}

func TestEnvironmentIsExactlyWhatWasComposed(t *testing.T) {
	t.Setenv("SERVER_SECRET", "must not leak")
	r := newRunner(t)
	v := version(t, "environment", func(v *Version) {
		v.Variables = map[string]string{"OWN": "1", "PATH": "/evil", "WX_OPENID": "forged", "TZ": "Asia/Shanghai", "LD_PRELOAD": "x"}
	})
	run := func(in Invocation) map[string]string {
		t.Helper()
		var got map[string]string
		result := invoke(t, r, v, in)
		if err := json.Unmarshal(result.Value, &got); err != nil {
			t.Fatalf("%v in %+v", err, result)
		}
		if !strings.HasSuffix(got["HOME"], "/tmp") || got["HOME"] != got["TMPDIR"] {
			t.Errorf("HOME %q, TMPDIR %q", got["HOME"], got["TMPDIR"])
		}
		delete(got, "HOME")
		delete(got, "TMPDIR")
		return got
	}
	base := func(more map[string]string) map[string]string {
		env := map[string]string{"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TENCENTCLOUD_RUNENV": "SCF",
			"OWN": "1", "WX_OPENID": "forged", "TZ": "Asia/Shanghai", "LD_PRELOAD": "x"}
		for k, v := range more {
			env[k] = v
		}
		return env
	}
	for _, concurrency := range []int{1, 4} {
		v.Concurrency = concurrency
		t.Run(fmt.Sprintf("concurrency %d", concurrency), func(t *testing.T) {
			first := run(Invocation{Event: event(t, map[string]bool{"leave": true}), Env: map[string]string{"WX_OPENID": "o1", "ONLY_FIRST": "1"}})
			if diff := cmp.Diff(base(map[string]string{"WX_OPENID": "o1", "ONLY_FIRST": "1", "LEFT_BEHIND": "yes"}), first); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(base(nil), run(Invocation{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInterleavedInvocationsSeeTheirOwnEnvironment(t *testing.T) {
	r := newRunner(t)
	v := version(t, "interleaved", func(v *Version) { v.Concurrency = 50; v.Variables = map[string]string{"WX_OPENID": "nobody"} })
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			openid := fmt.Sprintf("o%d", i)
			in := Invocation{Event: event(t, map[string]string{"openid": openid}), Env: map[string]string{"WX_OPENID": openid}}
			result, err := r.Invoke(t.Context(), v, in)
			if err != nil || string(result.Value) != `"ok"` {
				t.Errorf("%s: %s %s %s %v", openid, result.Status, result.Value, result.Error, err)
			}
			if len(result.Logs) != 1 || result.Logs[0].Text != openid {
				t.Errorf("%s: logs %v", openid, result.Logs)
			}
		})
	}
	wg.Wait()
}

func TestProvidedSDKReadsItsContext(t *testing.T) {
	r := newRunner(t)
	result := invoke(t, r, version(t, "sdk"), Invocation{Env: map[string]string{
		"TCB_ENV": "test-f96b31", "SCF_NAMESPACE": "test-f96b31", "WX_CONTEXT_KEYS": "WX_OPENID,WX_APPID", "WX_OPENID": "o1", "WX_APPID": "wxe0e2656d74f0bff3",
	}})
	var got struct{ Context map[string]any }
	if err := json.Unmarshal(result.Value, &got); err != nil {
		t.Fatalf("%v in %+v", err, result)
	}
	for key, want := range map[string]string{"OPENID": "o1", "APPID": "wxe0e2656d74f0bff3", "ENV": "test-f96b31"} {
		if got.Context[key] != want {
			t.Errorf("%s is %v, want %s", key, got.Context[key], want)
		}
	}
}

func TestLogsKeepOrderAndStream(t *testing.T) {
	r := newRunner(t)
	result := invoke(t, r, version(t, "misbehave"), Invocation{Event: json.RawMessage(`{"way":"logs"}`)})
	var got []string
	for _, line := range result.Logs {
		got = append(got, line.Stream+": "+line.Text)
		if line.Time.IsZero() {
			t.Error("line without time")
		}
	}
	want := []string{"stdout: one { two: 2 }", "stderr: three", "stdout: four", "stderr: five"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEnvironmentBehavesLikeTheRealOne(t *testing.T) {
	r := newRunner(t)
	for _, concurrency := range []int{1, 2} {
		v := version(t, "environment_object", func(v *Version) {
			v.Concurrency = concurrency
			v.Variables = map[string]string{"OWN": "1", "TZ": "Asia/Shanghai"}
		})
		wantValue(t, invoke(t, r, v, Invocation{}), `{"coerced":"5","missing":"undefined","inherited":true,"has":true,"deleted":false,"printed":true,"offset":-480,"moved":0}`)
	}
}
