package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// aFunction stores a function of shop-1.
func aFunction(t *testing.T, s *store.Store, name string) models.Function {
	t.Helper()
	f := models.Function{ID: "f-" + name, EnvironmentID: "shop-1", Name: name, TimeoutSeconds: 3, MemoryMB: 128, Concurrency: 1,
		Variables: map[string]string{}, ActiveVersion: 1, ActiveID: "v-" + name, CreatedAt: start, UpdatedAt: start}
	must(t, s.Functions.Insert(t.Context(), f))
	return f
}

func TestFunctionDrafts(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		aFunction(t, s, "hello")
		d := models.FunctionDraft{ID: "d1", FunctionID: "f-hello", UserID: "u1", BaseID: "v-hello", BaseVersion: 1, UpdatedAt: start}
		must(t, s.FunctionDrafts.Insert(ctx, d))
		got, err := s.FunctionDrafts.Of(ctx, "f-hello", "u1")
		must(t, err)
		same(t, d, got)
		_, err = s.FunctionDrafts.Of(ctx, "f-hello", "u2")
		wantNotFound(t, err)
		second := d
		second.ID = "d2"
		wantCode(t, s.FunctionDrafts.Insert(ctx, second), models.CodeConflict, "error.exists")

		t.Run("files are replaced and dropped", func(t *testing.T) {
			for _, content := range []string{"one", "\x00\xff"} {
				must(t, s.FunctionDrafts.PutFile(ctx, models.FunctionDraftFile{DraftID: "d1", Path: "b.bin", Content: []byte(content)}))
			}
			must(t, s.FunctionDrafts.PutFile(ctx, models.FunctionDraftFile{DraftID: "d1", Path: "a/空.js", Removed: true}))
			files, err := s.FunctionDrafts.Files(ctx, "d1")
			must(t, err)
			same(t, []models.FunctionDraftFile{{DraftID: "d1", Path: "a/空.js", Content: []byte{}, Removed: true}, {DraftID: "d1", Path: "b.bin", Content: []byte("\x00\xff")}}, files)
			must(t, s.FunctionDrafts.DropFile(ctx, "d1", "a/空.js"))
			must(t, s.FunctionDrafts.DropFile(ctx, "d1", "nowhere"))
			files, err = s.FunctionDrafts.Files(ctx, "d1")
			must(t, err)
			same(t, 1, len(files))
		})
		t.Run("what was saved later stays", func(t *testing.T) {
			d.UpdatedAt = after(time.Millisecond)
			must(t, s.FunctionDrafts.Update(ctx, d))
			must(t, s.FunctionDrafts.DeleteUnchanged(ctx, "d1", start))
			_, err := s.FunctionDrafts.Of(ctx, "f-hello", "u1")
			must(t, err)
			must(t, s.FunctionDrafts.DeleteUnchanged(ctx, "d1", d.UpdatedAt))
			_, err = s.FunctionDrafts.Of(ctx, "f-hello", "u1")
			wantNotFound(t, err)
		})
		t.Run("all of it goes with the function", func(t *testing.T) {
			must(t, s.FunctionDrafts.Insert(ctx, second))
			must(t, s.FunctionDrafts.PutFile(ctx, models.FunctionDraftFile{DraftID: "d2", Path: "a.js"}))
			must(t, s.FunctionEvents.Insert(ctx, models.FunctionEvent{ID: "e1", FunctionID: "f-hello", Name: "一", Content: "{}", Revision: 1, UpdatedBy: "bob", UpdatedAt: start}))
			must(t, s.Functions.Delete(ctx, "f-hello"))
			files, err := s.FunctionDrafts.Files(ctx, "d2")
			must(t, err)
			events, err := s.FunctionEvents.List(ctx, "f-hello")
			must(t, err)
			same(t, 0, len(files)+len(events))
		})
	})
}

func TestFunctionEvents(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		aFunction(t, s, "hello")
		aFunction(t, s, "other")
		e := models.FunctionEvent{ID: "e1", FunctionID: "f-hello", Name: "下单", Content: `{"a":1}`, Revision: 1, UpdatedBy: "bob", UpdatedAt: start}
		must(t, s.FunctionEvents.Insert(ctx, e))
		wantCode(t, s.FunctionEvents.Insert(ctx, models.FunctionEvent{ID: "e2", FunctionID: "f-hello", Name: "下单", UpdatedAt: start}), models.CodeConflict, "error.exists")
		must(t, s.FunctionEvents.Insert(ctx, models.FunctionEvent{ID: "e3", FunctionID: "f-other", Name: "下单", UpdatedAt: start}))
		e.Name, e.Content, e.Revision, e.UpdatedBy, e.UpdatedAt = "改", "{}", 2, "eve", after(time.Second)
		must(t, s.FunctionEvents.Update(ctx, e))
		got, err := s.FunctionEvents.ByID(ctx, "f-hello", "e1")
		must(t, err)
		same(t, e, got)
		_, err = s.FunctionEvents.ByID(ctx, "f-other", "e1")
		wantNotFound(t, err)
		wantNotFound(t, s.FunctionEvents.Delete(ctx, "f-other", "e1"))
		must(t, s.FunctionEvents.Delete(ctx, "f-hello", "e1"))
		list, err := s.FunctionEvents.List(ctx, "f-hello")
		must(t, err)
		same(t, 0, len(list))
	})
}

func TestFunctionsPage(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		for i := range 25 {
			aFunction(t, s, fmt.Sprintf("list_%02d", i))
		}
		aFunction(t, s, "Other")
		for text, want := range map[string]int64{"": 26, "LIST_": 25, "other": 1, "%": 0, "t_1": 10, "_": 25, `\`: 0} {
			_, total, err := s.Functions.Page(ctx, "shop-1", text, models.PageRequest{})
			must(t, err)
			if total != want {
				t.Errorf("%q: %d, want %d", text, total, want)
			}
		}
		list, _, err := s.Functions.Page(ctx, "shop-1", "list", models.PageRequest{Page: 2, Size: 10})
		must(t, err)
		same(t, []string{"list_10", "list_19"}, []string{list[0].Name, list[9].Name})
	})
}

func TestInvocationLogs(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		aFunction(t, s, "hello")
		aFunction(t, s, "quiet")
		var batch []models.Invocation
		for i := range 30 {
			one := invocation(fmt.Sprintf("id-%03d", i), "hello", after(time.Duration(i)*time.Millisecond))
			one.Error, one.Logs = "", "12:00 stdout Line "+one.ID+"\n"
			if i%3 == 0 {
				one.Status, one.Error = models.InvocationFailed, "TypeError: 100% wrong"
			}
			batch = append(batch, one)
		}
		batch[0].Logs = strings.Repeat("长", 5000)
		must(t, s.Invocations.InsertBatch(ctx, append(batch, invocation("elsewhere", "other", start))))

		for name, test := range map[string]struct {
			filter models.InvocationFilter
			want   int64
		}{
			"all":                   {models.InvocationFilter{}, 30},
			"one status":            {models.InvocationFilter{Status: models.InvocationFailed}, 10},
			"all that failed":       {models.InvocationFilter{Failed: true}, 10},
			"an unknown status":     {models.InvocationFilter{Status: "x"}, 30},
			"request id":            {models.InvocationFilter{RequestID: " id-007 "}, 1},
			"of another function":   {models.InvocationFilter{RequestID: "elsewhere"}, 0},
			"logs, in any case":     {models.InvocationFilter{Text: "line ID-01"}, 10},
			"error":                 {models.InvocationFilter{Text: "100%"}, 10},
			"no wildcard":           {models.InvocationFilter{Text: "L%e"}, 0},
			"no one-letter pattern": {models.InvocationFilter{Text: "L_ne"}, 0},
			"both":                  {models.InvocationFilter{Text: "Line", Status: models.InvocationFailed}, 9},
		} {
			list, total, err := s.Invocations.Logs(ctx, "shop-1", "hello", test.filter, models.PageRequest{Size: 50})
			must(t, err)
			if total != test.want || len(list) != int(test.want) {
				t.Errorf("%s: %d of %d, want %d", name, len(list), total, test.want)
			}
		}
		t.Run("newest first, with the beginning of the logs", func(t *testing.T) {
			list, _, err := s.Invocations.Logs(ctx, "shop-1", "hello", models.InvocationFilter{}, models.PageRequest{Size: 50})
			must(t, err)
			want := batch[29]
			want.Result = ""
			same(t, want, list[0])
			same(t, 4097, len([]rune(list[29].Logs)))
			newest, err := s.Invocations.Newest(ctx, "shop-1", "hello")
			must(t, err)
			same(t, "id-029", newest)
			newest, err = s.Invocations.Newest(ctx, "shop-1", "quiet")
			must(t, err)
			same(t, "", newest)
		})
		t.Run("the last run of each function", func(t *testing.T) {
			last, err := s.Invocations.Last(ctx, "shop-1", []string{"hello", "quiet"})
			must(t, err)
			want := batch[29]
			want.Result, want.Logs = "", ""
			same(t, map[string]models.Invocation{"hello": want}, last)
		})
	})
}
