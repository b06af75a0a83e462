package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// begun starts an invocation that never returns by itself and waits until it runs.
func begun(t *testing.T, r *Runner, v Version, timeout time.Duration) <-chan Result {
	t.Helper()
	before := r.Stats().Busy
	done := make(chan Result, 1)
	go func() {
		in := misbehaving(t, "waits")
		in.Timeout = timeout
		result, _ := r.Invoke(context.Background(), v, in)
		done <- result
	}()
	eventually(t, "the invocation runs", func() bool { return r.Stats().Busy > before })
	return done
}

func TestFullRunnerQueuesThenRefuses(t *testing.T) {
	r := newRunner(t, func(c *Config) { c.MaxWorkers = 1; c.QueueWait = 200 * time.Millisecond })
	v := version(t, "misbehave")
	eventually(t, "a spare is warm", func() bool { return r.Stats().Spares == 1 })
	done := begun(t, r, v, 2*time.Second)

	t.Run("no worker in time", func(t *testing.T) {
		result := invoke(t, r, version(t, "echo"), Invocation{})
		if result.Status != StatusOverloaded || result.Error == "" {
			t.Errorf("got %+v", result)
		}
	})
	t.Run("deadline of the caller", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		result, err := r.Invoke(ctx, version(t, "echo"), Invocation{})
		if result.Status != StatusOverloaded || err != nil {
			t.Errorf("got %+v, %v", result, err)
		}
	})
	t.Run("caller that went away", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := r.Invoke(ctx, version(t, "echo"), Invocation{}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nested call has room of its own", func(t *testing.T) {
		r.mu.Lock()
		r.cfg.QueueWait = 10 * time.Second
		r.mu.Unlock()
		wantValue(t, invoke(t, r, version(t, "sync"), Invocation{Depth: 1}), "7")
	})
	if result := <-done; result.Status != StatusTimedOut {
		t.Errorf("got %+v", result)
	}
	t.Run("free again", func(t *testing.T) {
		wantValue(t, invoke(t, r, version(t, "echo"), Invocation{}), "{}")
	})
	if s := r.Stats(); s.Queued != 0 || s.Busy != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestEveryDepthHasRoom(t *testing.T) {
	for _, most := range []int{1, 2, 8, 32} {
		r := &Runner{cfg: Config{MaxWorkers: most}}
		for depth := range 8 {
			if depth > 0 && r.limit(depth) <= r.limit(depth-1) && depth <= 4 {
				t.Errorf("MaxWorkers %d: depth %d has no room beyond depth %d", most, depth, depth-1)
			}
			if r.limit(depth) > max(2*most, most+8) {
				t.Errorf("MaxWorkers %d: depth %d may have %d", most, depth, r.limit(depth))
			}
		}
	}
}

func TestIdleWorkersMakeRoom(t *testing.T) {
	r := newRunner(t, func(c *Config) { c.MaxWorkers = 2 })
	for i := range 5 {
		v := version(t, "echo", func(v *Version) { v.ID = strconv.Itoa(i) })
		wantValue(t, invoke(t, r, v, Invocation{}), "{}")
		if s := r.Stats(); s.Workers > 2 {
			t.Fatalf("%d workers", s.Workers)
		}
	}
}

func TestManyVersionsShareFewWorkers(t *testing.T) {
	r := newRunner(t, func(c *Config) { c.MaxWorkers = 3; c.QueueWait = time.Minute })
	var wg sync.WaitGroup
	for i := range 40 {
		v := version(t, "echo", func(v *Version) { v.ID = strconv.Itoa(i % 5) })
		wg.Go(func() {
			result, err := r.Invoke(t.Context(), v, Invocation{Timeout: 20 * time.Second})
			if err != nil || result.Status != StatusOK {
				t.Errorf("got %+v, %v", result, err)
			}
		})
	}
	wg.Wait()
}

func TestLastingQueueGetsMoreWorkers(t *testing.T) {
	r := newRunner(t, func(c *Config) { c.MaxWorkers = 8 })
	v := version(t, "misbehave")
	var all []<-chan Result
	for range 4 {
		all = append(all, begun(t, r, v, 3*time.Second))
	}
	if s := r.Stats(); s.Workers != 4 || s.Busy != 4 {
		t.Errorf("stats %+v", s)
	}
	for _, done := range all {
		<-done
	}
}

func TestOneEnvironmentLeavesRoomForOthers(t *testing.T) {
	r := newRunner(t, func(c *Config) { c.MaxWorkers = 4 })
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for i := range 8 {
		v := version(t, "misbehave", func(v *Version) { v.EnvironmentID = "a"; v.ID = strconv.Itoa(i % 3) })
		in := misbehaving(t, "waits")
		wg.Go(func() { _, _ = r.Invoke(ctx, v, in) })
	}
	eventually(t, "environment a has all it may have", func() bool { s := r.Stats(); return s.Busy == 2 && s.Queued == 6 && s.Starting == 0 })
	eventually(t, "a spare is warm", func() bool { return r.Stats().Spares == 1 })

	other := version(t, "echo", func(v *Version) { v.EnvironmentID = "b" })
	wantValue(t, invoke(t, r, other, Invocation{}), "{}")
	if s := r.Stats(); s.Busy != 2 || s.Queued != 6 {
		t.Errorf("environment b waited for a: %+v", s)
	}
	t.Run("its nested calls have their own room", func(t *testing.T) {
		nested := version(t, "echo", func(v *Version) { v.EnvironmentID = "a" })
		wantValue(t, invoke(t, r, nested, Invocation{Depth: 1}), "{}")
	})
	cancel()
	wg.Wait()
	if err := r.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("close: %v", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.outside) > 0 {
		t.Errorf("workers still counted: %v", r.outside)
	}
}

func TestRetire(t *testing.T) {
	r := newRunner(t)
	v := version(t, "misbehave")
	busy := begun(t, r, v, 300*time.Millisecond)
	r.Retire(v.ID)
	if s := r.Stats(); s.Workers != 1 {
		t.Errorf("busy worker was ended: %+v", s)
	}
	if result := <-busy; result.Status != StatusTimedOut {
		t.Errorf("got %+v", result)
	}
	if result := invoke(t, r, v, misbehaving(t, "fine")); !result.Cold {
		t.Error("retired worker served again")
	}
	r.Retire(v.ID)
	if s := r.Stats(); s.Workers != 0 {
		t.Errorf("idle worker stayed: %+v", s)
	}
}

func TestVersionsAndConfigurationsNeverShareAWorker(t *testing.T) {
	r := newRunner(t)
	base := version(t, "echo")
	for name, change := range map[string]func(*Version){
		"version":     func(v *Version) { v.ID = "echo-2" },
		"memory":      func(v *Version) { v.MemoryMB = 512 },
		"variables":   func(v *Version) { v.Variables = map[string]string{"A": "1"} },
		"concurrency": func(v *Version) { v.Concurrency = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			invoke(t, r, base, Invocation{})
			v := base
			change(&v)
			if result := invoke(t, r, v, Invocation{}); !result.Cold {
				t.Error("shared")
			}
		})
	}
}

func TestIdleWorkersEnd(t *testing.T) {
	r := newRunner(t, func(c *Config) { c.IdleTimeout = 10 * time.Millisecond })
	invoke(t, r, version(t, "echo"), Invocation{})
	eventually(t, "the idle worker ends", func() bool { return r.Stats().Workers == 0 })
}

func TestSparesAreReplaced(t *testing.T) {
	r := newRunner(t)
	eventually(t, "a spare is warm", func() bool { return r.Stats().Spares == 1 })
	invoke(t, r, version(t, "echo", func(v *Version) { v.MemoryMB = 512 }), Invocation{})
	eventually(t, "spares of both sizes are warm", func() bool { return r.Stats().Spares == 2 })

	r.mu.Lock()
	spare := r.spares[512][0]
	r.mu.Unlock()
	if err := unix.Kill(spare.pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-spare.gone
	eventually(t, "the killed spare is replaced", func() bool { return r.Stats().Spares == 2 })
}

func TestCallerGoesAwayButFunctionRunsOn(t *testing.T) {
	r := newRunner(t)
	v := version(t, "misbehave")
	invoke(t, r, v, misbehaving(t, "fine"))
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		in := misbehaving(t, "waits")
		in.Timeout = 300 * time.Millisecond
		_, err := r.Invoke(ctx, v, in)
		failed <- err
	}()
	eventually(t, "it runs", func() bool { return r.Stats().Busy == 1 })
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if s := r.Stats(); s.Busy != 1 {
		t.Errorf("the function was ended: %+v", s)
	}
	eventually(t, "its own timeout ends it", func() bool { return r.Stats().Busy == 0 })
}

func TestClose(t *testing.T) {
	alive := func(r *Runner) (pids []int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for w := range r.live {
			pids = append(pids, w.pid)
		}
		return pids
	}
	gone := func(t *testing.T, pids []int) {
		t.Helper()
		for _, pid := range pids {
			if err := unix.Kill(-pid, 0); !errors.Is(err, unix.ESRCH) {
				t.Errorf("process group %d survived: %v", pid, err)
			}
		}
	}
	t.Run("waits for running functions", func(t *testing.T) {
		r := newRunner(t)
		busy := begun(t, r, version(t, "misbehave"), 400*time.Millisecond)
		pids := alive(r)
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if result := <-busy; result.Status != StatusTimedOut {
			t.Errorf("got %+v", result)
		}
		gone(t, pids)
		if _, err := r.Invoke(t.Context(), version(t, "echo"), Invocation{}); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("kills when the context ends", func(t *testing.T) {
		r := newRunner(t)
		v := version(t, "misbehave")
		failed := make(chan error, 1)
		go func() {
			_, err := r.Invoke(context.Background(), v, misbehaving(t, "loops"))
			failed <- err
		}()
		eventually(t, "it runs", func() bool { return r.Stats().Busy == 1 })
		pids := alive(r)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Close(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if err := <-failed; !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
		gone(t, pids)
	})
	t.Run("at once after the start", func(t *testing.T) {
		r := newRunner(t)
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestWorkFolder(t *testing.T) {
	needNode(t)
	sdk, err := sdkFolder()
	if err != nil {
		t.Fatal(err)
	}
	dir := openTempDir(t)
	for _, name := range []string{"worker-old/tmp", "mine"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r, err := New(t.Context(), Config{WorkDir: dir, SDKDir: sdk})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "worker-old")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("old worker folder: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "mine")); err != nil {
		t.Errorf("foreign folder: %v", err)
	}
	if second, err := New(t.Context(), Config{WorkDir: dir, SDKDir: sdk}); err == nil {
		t.Errorf("a second runner used the folder: %v", second.Close(t.Context()))
	}
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func BenchmarkTrivialInvoke(b *testing.B) {
	for _, callers := range []int{1, 16} {
		for _, concurrency := range []int{1, 16} {
			b.Run(fmt.Sprintf("callers=%d/concurrency=%d", callers, concurrency), func(b *testing.B) {
				r := newRunner(b)
				v := version(b, "echo", func(v *Version) { v.Concurrency = concurrency })
				invoke(b, r, v, Invocation{})
				in := Invocation{Event: json.RawMessage(`{"a":1}`), Env: map[string]string{"WX_OPENID": "o1"}, Timeout: time.Minute}
				work := make(chan struct{})
				var wg sync.WaitGroup
				b.ResetTimer()
				for range callers {
					wg.Go(func() {
						for range work {
							if result, err := r.Invoke(context.Background(), v, in); err != nil || result.Status != StatusOK {
								b.Errorf("%+v %v", result, err)
							}
						}
					})
				}
				for range b.N {
					work <- struct{}{}
				}
				close(work)
				wg.Wait()
				b.ReportMetric(float64(r.Stats().Workers), "workers")
			})
		}
	}
}

func BenchmarkFirstCallOnSpare(b *testing.B) {
	r := newRunner(b)
	for i := range b.N {
		b.StopTimer()
		v := version(b, "sdk", func(v *Version) { v.ID = strconv.Itoa(i) })
		eventually(b, "a spare is warm", func() bool { return r.Stats().Spares == 1 })
		b.StartTimer()
		if result := invoke(b, r, v, Invocation{}); result.Status != StatusOK {
			b.Fatalf("%+v", result)
		}
		b.StopTimer()
		r.Retire(v.ID)
		b.StartTimer()
	}
}
