package store_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func function(id, environmentID, name string) models.Function {
	return models.Function{
		ID: id, EnvironmentID: environmentID, Name: name, TimeoutSeconds: 3, MemoryMB: 256, Concurrency: 1,
		Variables: map[string]string{}, CreatedAt: start, UpdatedAt: start,
	}
}

func version(id, functionID string, number int) models.FunctionVersion {
	return models.FunctionVersion{
		ID: id, FunctionID: functionID, Number: number, Digest: strings.Repeat("ab", 32), SizeBytes: 3 << 30, FileCount: 7,
		DeployedBy: "bob", Note: "第一版", CreatedAt: after(time.Duration(number) * time.Second),
	}
}

func TestFunctions(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		full := models.Function{
			ID: "f1", EnvironmentID: "shop-1", Name: "hello", TimeoutSeconds: 60, MemoryMB: 2048, Concurrency: 9,
			Variables: map[string]string{"KEY": "值\n\"<&", "EMPTY": ""}, ActiveVersion: 3, ActiveID: "v3", CreatedAt: start, UpdatedAt: after(time.Second),
		}
		other := function("f2", "shop-1", models.AuthFunction)
		must(t, s.Functions.Insert(ctx, full))
		must(t, s.Functions.Insert(ctx, other))
		must(t, s.Functions.Insert(ctx, function("f3", "shop-2", "hello")))

		t.Run("every column comes back", func(t *testing.T) {
			got, err := s.Functions.ByName(ctx, "shop-1", "hello")
			must(t, err)
			same(t, full, got)
			list, err := s.Functions.List(ctx, "shop-1")
			must(t, err)
			same(t, []models.Function{other, full}, list)
		})
		t.Run("which environments have it", func(t *testing.T) {
			names, err := s.Functions.Names(ctx, "hello", []string{"shop-1", "shop-2", "kitchen-1", "gone"})
			must(t, err)
			same(t, map[string]bool{"shop-1": true, "shop-2": true}, names)
			names, err = s.Functions.Names(ctx, models.AuthFunction, nil)
			must(t, err)
			same(t, map[string]bool{}, names)
		})
		t.Run("an update leaves name, place and creation alone", func(t *testing.T) {
			must(t, s.Functions.Update(ctx, models.Function{ID: "f1", EnvironmentID: "shop-2", Name: "renamed", TimeoutSeconds: 1, MemoryMB: 128,
				Concurrency: 1, CreatedAt: after(1), UpdatedAt: after(time.Hour)}))
			full.TimeoutSeconds, full.MemoryMB, full.Concurrency, full.Variables = 1, 128, 1, map[string]string{}
			full.ActiveVersion, full.ActiveID, full.UpdatedAt = 0, "", after(time.Hour)
			got, err := s.Functions.ByName(ctx, "shop-1", "hello")
			must(t, err)
			same(t, full, got)
			untouched, err := s.Functions.ByName(ctx, "shop-1", models.AuthFunction)
			must(t, err)
			same(t, other, untouched)
		})
		t.Run("refusals", func(t *testing.T) {
			wantCode(t, s.Functions.Insert(ctx, function("f9", "shop-1", "hello")), models.CodeConflict, "error.exists")
			wantCode(t, s.Functions.Insert(ctx, function("f9", "gone", "hello")), models.CodeConflict, "error.in_use")
			wantNotFound(t, s.Functions.Update(ctx, function("f9", "shop-1", "x")))
			wantNotFound(t, s.Functions.Delete(ctx, "f9"))
			_, err := s.Functions.ByName(ctx, "kitchen-1", "hello")
			wantNotFound(t, err)
		})
		t.Run("a deleted name is free again, also without variables", func(t *testing.T) {
			must(t, s.Functions.Delete(ctx, "f1"))
			bare := function("f9", "shop-1", "hello")
			bare.Variables = nil
			must(t, s.Functions.Insert(ctx, bare))
			got, err := s.Functions.ByName(ctx, "shop-1", "hello")
			must(t, err)
			same(t, function("f9", "shop-1", "hello"), got)
		})
	})
}

func TestFunctionVersions(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		must(t, s.Functions.Insert(ctx, function("f1", "shop-1", "hello")))
		last, err := s.Functions.LastVersion(ctx, "f1")
		must(t, err)
		same(t, 0, last)

		source, modules := bytes.Repeat([]byte{0, 0xff, 'z'}, 1<<18), []byte("modules")
		one, two := version("v1", "f1", 1), version("v2", "f1", 2)
		must(t, s.Functions.InsertVersion(ctx, one, source, modules))
		must(t, s.Functions.InsertVersion(ctx, two, []byte("two"), nil))

		t.Run("every column comes back, newest first", func(t *testing.T) {
			got, err := s.Functions.Version(ctx, "f1", 1)
			must(t, err)
			same(t, one, got)
			list, err := s.Functions.Versions(ctx, "f1", 10)
			must(t, err)
			same(t, []models.FunctionVersion{two, one}, list)
			list, err = s.Functions.Versions(ctx, "f1", 1)
			must(t, err)
			same(t, []models.FunctionVersion{two}, list)
			last, err := s.Functions.LastVersion(ctx, "f1")
			must(t, err)
			same(t, 2, last)
			for of, want := range map[string]bool{"f1": true, "f2": false, "gone": false} {
				got, err := s.Functions.HasVersion(ctx, of, "v2")
				must(t, err)
				same(t, want, got)
			}
		})
		t.Run("code comes back byte for byte", func(t *testing.T) {
			gotSource, gotModules, err := s.Functions.Archive(ctx, "v1")
			must(t, err)
			if !bytes.Equal(source, gotSource) || !bytes.Equal(modules, gotModules) {
				t.Fatal("the archives changed")
			}
			gotSource, gotModules, err = s.Functions.Archive(ctx, "v2")
			must(t, err)
			same(t, []byte("two"), gotSource)
			same(t, []byte(nil), gotModules)
			gotSource, err = s.Functions.Source(ctx, "v2")
			must(t, err)
			same(t, []byte("two"), gotSource)
		})
		t.Run("refusals leave no half version", func(t *testing.T) {
			wantCode(t, s.Functions.InsertVersion(ctx, version("v9", "f1", 2), source, nil), models.CodeConflict, "error.exists")
			wantCode(t, s.Functions.InsertVersion(ctx, version("v9", "gone", 1), source, nil), models.CodeConflict, "error.in_use")
			_, err := s.Functions.Source(ctx, "v9")
			wantNotFound(t, err)
			_, err = s.Functions.Version(ctx, "f1", 3)
			wantNotFound(t, err)
		})
		t.Run("versions go with their function", func(t *testing.T) {
			must(t, s.Functions.Delete(ctx, "f1"))
			_, _, err := s.Functions.Archive(ctx, "v1")
			wantNotFound(t, err)
			_, err = s.Functions.Version(ctx, "f1", 1)
			wantNotFound(t, err)
		})
	})
}

func invocation(id, name string, at time.Time) models.Invocation {
	return models.Invocation{
		ID: id, EnvironmentID: "shop-1", FunctionName: name, Version: 3, Trigger: models.TriggerCrossAccount, CallerAppID: dinerID, CallerOpenID: "openid-1",
		Status: models.InvocationOK, Error: "无", Result: `{"a":1}`, Logs: "12:00 out 你好\n", DurationMS: 3 << 31, MemoryBytes: 5 << 30, Cold: true, StartedAt: at,
	}
}

func TestInvocations(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.Invocations.InsertBatch(ctx, nil))
		var batch []models.Invocation
		for i := range 120 {
			batch = append(batch, invocation(fmt.Sprintf("id-%03d", i), "hello", after(time.Duration(i/2)*time.Millisecond)))
		}
		elsewhere := invocation("id-x", "hello", start)
		elsewhere.EnvironmentID = "shop-2"
		must(t, s.Invocations.InsertBatch(ctx, append(batch, elsewhere, invocation("id-y", "other", start))))

		t.Run("every column comes back", func(t *testing.T) {
			got, err := s.Invocations.ByID(ctx, "shop-1", "hello", "id-007")
			must(t, err)
			same(t, batch[7], got)
		})
		t.Run("it is found only where it ran", func(t *testing.T) {
			_, err := s.Invocations.ByID(ctx, "shop-2", "hello", "id-007")
			wantNotFound(t, err)
			_, err = s.Invocations.ByID(ctx, "shop-1", "other", "id-007")
			wantNotFound(t, err)
		})
		t.Run("pages are newest first, without result and logs", func(t *testing.T) {
			list, total, err := s.Invocations.List(ctx, "shop-1", "hello", models.PageRequest{Page: 2, Size: 50})
			must(t, err)
			same(t, int64(120), total)
			var want []models.Invocation
			for i := 69; i >= 20; i-- {
				short := batch[i]
				short.Result, short.Logs = "", ""
				want = append(want, short)
			}
			same(t, want, list)
		})
		t.Run("an id that exists refuses its whole batch", func(t *testing.T) {
			var again []models.Invocation
			for i := range 60 {
				again = append(again, invocation(fmt.Sprintf("new-%03d", i), "again", start))
			}
			wantCode(t, s.Invocations.InsertBatch(ctx, append(again, batch[0])), models.CodeConflict, "error.exists")
			_, total, err := s.Invocations.List(ctx, "shop-1", "again", models.PageRequest{})
			must(t, err)
			same(t, int64(0), total)
		})
		t.Run("what is older goes", func(t *testing.T) {
			must(t, s.Invocations.DeleteBefore(ctx, after(59*time.Millisecond).In(time.FixedZone("", 8*60*60))))
			list, total, err := s.Invocations.List(ctx, "shop-1", "hello", models.PageRequest{})
			must(t, err)
			same(t, int64(2), total)
			same(t, "id-119", list[0].ID)
		})
	})
}

// What user code prints need not be text; the record of the call must not be
// lost over it.
func TestInvocations_KeepWhatCodePrinted(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		broken := invocation("id-1", "hello", start)
		broken.Error, broken.Result, broken.Logs = "a\x00b", "{\"a\":\"\xff\"}", "cut in the middle of \xe4\xbd"
		must(t, s.Invocations.InsertBatch(ctx, []models.Invocation{broken, invocation("id-2", "hello", start)}))
		got, err := s.Invocations.ByID(ctx, "shop-1", "hello", "id-1")
		must(t, err)
		broken.Error, broken.Result, broken.Logs = "a\uFFFDb", "{\"a\":\"\uFFFD\"}", "cut in the middle of \uFFFD"
		same(t, broken, got)
	})
}

func TestInvocationSummaries(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list := []models.Invocation{
			invocation("9", "hello", after(0)), invocation("1", "hello", after(2*time.Second)), invocation("5", "hello", after(time.Second)),
			invocation("7", "other", after(time.Second)), invocation("8", "old", after(-time.Millisecond)),
		}
		list[0].Status, list[1].Status = models.InvocationTimedOut, models.InvocationOverloaded
		must(t, s.Invocations.InsertBatch(ctx, list))
		got, err := s.Invocations.Summaries(ctx, "shop-1", start.In(time.FixedZone("", 8*60*60)))
		must(t, err)
		same(t, map[string]store.InvocationSummary{
			"hello": {FunctionName: "hello", Calls: 3, Failed: 2, LastAt: after(2 * time.Second)},
			"other": {FunctionName: "other", Calls: 1, LastAt: after(time.Second)},
		}, got)
		got, err = s.Invocations.Summaries(ctx, "shop-2", start)
		must(t, err)
		same(t, map[string]store.InvocationSummary{}, got)
	})
}
