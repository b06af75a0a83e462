package service

import (
	"fmt"
	"strings"
	"testing"

	"envshare/internal/store"
	"envshare/models"
)

// put keeps a file in somebody's working copy, adding it when it is not there.
func (w *world) put(t testing.TB, actor models.Actor, env, name, path, content string) error {
	t.Helper()
	c, err := w.Functions.Code(t.Context(), actor, shop, env, name)
	must(t, err)
	file, ok := c.File(path)
	if !ok {
		if _, err := w.Functions.AddFile(t.Context(), actor, shop, env, name, path); err != nil {
			return err
		}
	}
	return w.Functions.SaveFile(t.Context(), actor, shop, env, name, FileEdit{Path: path, Content: content, Seen: file.digestOrEmpty(ok)})
}

func (f WorkingFile) digestOrEmpty(there bool) string {
	if !there {
		return WorkingFile{}.Digest()
	}
	return f.Digest()
}

// deployDraft deploys somebody's working copy of hello as it is now.
func (w *world) deployDraft(t testing.TB, actor models.Actor, over string) error {
	t.Helper()
	c, err := w.Functions.Code(t.Context(), actor, shop, "shop-1", "hello")
	if err == nil {
		_, err = w.Functions.DeployDraft(t.Context(), actor, shop, "shop-1", c, over, "")
	}
	return err
}

// Two people work on one function at once: each on a copy of their own, and the
// second to deploy is told.
func TestDrafts_OfTwoPeople(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.deploy(t, "shop-1", "hello", "one")
		must(t, w.put(t, shopAdmin, "shop-1", "hello", "a.js", "admin"))
		must(t, w.put(t, shopDeveloper, "shop-1", "hello", "b.js", "developer"))
		mine, err := w.Functions.Code(ctx, shopAdmin, shop, "shop-1", "hello")
		must(t, err)
		if _, ok := mine.File("b.js"); ok || mine.Changed() != 1 {
			t.Fatal("somebody else's file is in the copy")
		}
		errs := atOnce(2, func(i int) error {
			return w.deployDraft(t, []models.Actor{shopAdmin, shopDeveloper}[i], mine.Function.ActiveID)
		})
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("want one of two to be told: %v", errs)
		}
		loser := shopAdmin
		if errs[0] == nil {
			loser = shopDeveloper
			wantError(t, errs[1], models.CodeConflict, "error.version_deployed_meanwhile")
		}
		kept, err := w.Functions.Code(ctx, loser, shop, "shop-1", "hello")
		must(t, err)
		if kept.Changed() != 1 || !kept.Outdated() {
			t.Fatal("the working copy of who was told is lost")
		}
		must(t, w.Functions.TakeIn(ctx, loser, shop, "shop-1", "hello"))
		must(t, w.deployDraft(t, loser, kept.Function.ActiveID))
		source, err := w.Functions.Source(ctx, shopViewer, shop, "shop-1", "hello")
		must(t, err)
		same(t, []string{"admin", "developer"}, []string{string(source.file("a.js")), string(source.file("b.js"))})
	})
}

// What is saved while the copy is being deployed stays in it.
func TestDrafts_SavedWhileDeploying(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.deploy(t, "shop-1", "hello", "one")
		must(t, w.put(t, shopAdmin, "shop-1", "hello", "a.js", "first"))
		c, err := w.Functions.Code(ctx, shopAdmin, shop, "shop-1", "hello")
		must(t, err)
		source, err := NewSource(c.present())
		must(t, err)
		must(t, w.put(t, shopAdmin, "shop-1", "hello", "a.js", "second"))
		_, err = w.Functions.Deploy(ctx, shopAdmin, shop, "shop-1", Deployment{Name: "hello", Source: source, Over: c.Function.ActiveID, draft: &c.draft})
		must(t, err)
		now, err := w.Functions.Code(ctx, shopAdmin, shop, "shop-1", "hello")
		must(t, err)
		file, _ := now.File("a.js")
		same(t, "second", string(file.Data))
	})
}

func TestDrafts_Limits(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.deploy(t, "shop-1", "hello", "one")
		must(t, w.put(t, shopAdmin, "shop-1", "hello", "a.js", "x"))
		f, err := w.store.Functions.ByName(t.Context(), "shop-1", "hello")
		must(t, err)
		d, err := w.store.FunctionDrafts.Of(t.Context(), f.ID, shopAdmin.UserID)
		must(t, err)
		must(t, w.store.Tx(t.Context(), func(tx *store.Store) error {
			for i := range models.MaxDraftFiles - 1 {
				if err := tx.FunctionDrafts.PutFile(t.Context(), models.FunctionDraftFile{DraftID: d.ID, Path: fmt.Sprintf("f%d.js", i)}); err != nil {
					return err
				}
			}
			return nil
		}))
		wantField(t, w.put(t, shopAdmin, "shop-1", "hello", "one-more.js", "x"), "path", "error.draft_too_many")
		wantField(t, w.put(t, shopAdmin, "shop-1", "hello", "a.js", strings.Repeat("x", models.MaxEditableFile+1)), "content", "error.code_file_too_large")
	})
}

// A viewer sees the code and no working copy; nobody changes one without the
// permission, not even their own from before.
func TestDrafts_NeedThePermissionEachTime(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.deploy(t, "shop-1", "hello", "one")
		must(t, w.put(t, shopDeveloper, "shop-1", "hello", "index.js", "mine"))
		must(t, w.store.Users.SetMembership(ctx, models.Membership{UserID: shopDeveloper.UserID, AppID: shop, Role: models.RoleViewer}))
		c, err := w.Functions.Code(ctx, shopDeveloper, shop, "shop-1", "hello")
		must(t, err)
		same(t, 0, c.Changed())
		wantError(t, w.deployDraft(t, shopDeveloper, c.Function.ActiveID), models.CodeForbidden, "error.role_lacks_permission")
		_, err = w.Functions.AddFile(ctx, shopDeveloper, shop, "shop-1", "hello", "b.js")
		wantError(t, err, models.CodeForbidden, "error.role_lacks_permission")
		wantError(t, w.Functions.DiscardDraft(ctx, shopDeveloper, shop, "shop-1", "hello"), models.CodeForbidden, "error.role_lacks_permission")
		must(t, w.store.Users.SetMembership(ctx, models.Membership{UserID: shopDeveloper.UserID, AppID: shop, Role: models.RoleDeveloper}))
		c, err = w.Functions.Code(ctx, shopDeveloper, shop, "shop-1", "hello")
		must(t, err)
		same(t, 1, c.Changed())
	})
}

func TestEvents_Limits(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.deploy(t, "shop-1", "hello", "one")
		keep := func(k KeptEvent) (models.FunctionEvent, error) {
			return w.Functions.KeepEvent(ctx, shopDeveloper, shop, "shop-1", "hello", k)
		}
		first, err := keep(KeptEvent{Name: " one ", Content: "{}"})
		must(t, err)
		same(t, "one", first.Name)
		_, err = keep(KeptEvent{Name: "one", Content: "{}"})
		wantField(t, err, "name", "error.event_name_taken")
		_, err = keep(KeptEvent{Name: "two", Content: "{"})
		wantField(t, err, "event", "error.event_json")
		_, err = keep(KeptEvent{Name: "two", Content: `"` + strings.Repeat("x", 64<<10) + `"`})
		wantField(t, err, "event", "error.event_too_large")
		_, err = keep(KeptEvent{ID: first.ID, Revision: 1, Name: "one", Content: "[1]"})
		must(t, err)
		_, err = keep(KeptEvent{ID: first.ID, Revision: 1, Name: "one", Content: "[2]"})
		wantError(t, err, models.CodeConflict, "error.event_changed_meanwhile")
		_, err = keep(KeptEvent{ID: "forged", Revision: 1, Name: "x", Content: "[2]"})
		wantError(t, err, models.CodeNotFound, "error.not_found")
		for i := range models.MaxFunctionEvents - 1 {
			_, err = keep(KeptEvent{Name: fmt.Sprint(i), Content: "{}"})
			must(t, err)
		}
		_, err = keep(KeptEvent{Name: "too many", Content: "{}"})
		wantField(t, err, "name", "error.event_too_many")
	})
}

func TestCompare(t *testing.T) {
	long := strings.Repeat("line\n", 20)
	file := func(path, content string) SourceFile { return SourceFile{Path: path, Data: []byte(content)} }
	got := compare(
		[]SourceFile{file("a.js", long+"old\n"+long), file("gone.js", "x"), file("same.js", "s"), file("pic.png", "\x00")},
		[]SourceFile{file("a.js", long+"new\n"+long), file("pic.png", "\x01\x00"), file("same.js", "s"), file("z.js", "no newline")},
	)
	var names []string
	for _, d := range got {
		names = append(names, d.Path+" "+string(d.Kind))
	}
	same(t, []string{"a.js edited", "gone.js removed", "pic.png edited", "z.js added"}, names)
	same(t, 1, len(got[0].Hunks))
	want := []DiffLine{
		{18, 18, "line"}, {19, 19, "line"}, {20, 20, "line"}, {21, 0, "old"}, {0, 21, "new"}, {22, 22, "line"}, {23, 23, "line"}, {24, 24, "line"},
	}
	same(t, want, got[0].Hunks[0].Lines)
	same(t, []int{1, 1}, []int{got[0].Added, got[0].Removed})
	same(t, true, got[2].Binary)

	t.Run("much is not shown line by line", func(t *testing.T) {
		got := compare(nil, []SourceFile{file("a.js", strings.Repeat("x\n", maxDiffLines-1)), file("b.js", "1\n2\n"), file("c.js", strings.Repeat("x", maxDiffFile+1))})
		same(t, []bool{false, true, true}, []bool{got[0].TooLarge, got[1].TooLarge, got[2].TooLarge})
	})
}

// A number is no name: it may be another version's by the time somebody deploys.
func TestDrafts_OverAVersionThatHasItsNumberAgain(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		code := func(actor models.Actor) WorkingCopy {
			t.Helper()
			c, err := w.Functions.Code(ctx, actor, shop, "shop-1", "hello")
			must(t, err)
			return c
		}
		t.Run("rolled back in between", func(t *testing.T) {
			w.deploy(t, "shop-1", "hello", "one")
			w.deploy(t, "shop-1", "hello", "two")
			must(t, w.put(t, shopAdmin, "shop-1", "hello", "a.js", "mine"))
			seen := code(shopAdmin)
			must(t, w.Functions.RollBack(ctx, shopDeveloper, shop, "shop-1", "hello", 1, seen.Function.ActiveID))
			wantError(t, w.deployDraft(t, shopAdmin, seen.Function.ActiveID), models.CodeConflict, "error.version_deployed_meanwhile")
			now := code(shopAdmin)
			same(t, []any{1, 1, true}, []any{now.Function.ActiveVersion, now.Changed(), now.Outdated()})
		})
		// again deletes the function and makes it anew, up to the same number.
		again := func(n int) {
			t.Helper()
			must(t, w.Functions.Delete(ctx, shopDeveloper, shop, "shop-1", "hello"))
			for range n {
				w.deploy(t, "shop-1", "hello", "another function")
			}
		}
		t.Run("deleted and made again in between", func(t *testing.T) {
			seen := code(shopAdmin)
			again(seen.Function.ActiveVersion)
			same(t, seen.Function.ActiveVersion, code(shopAdmin).Function.ActiveVersion)
			wantError(t, w.deployDraft(t, shopAdmin, seen.Function.ActiveID), models.CodeConflict, "error.function_made_again")
			err := w.Functions.RollBack(ctx, shopAdmin, shop, "shop-1", "hello", 1, seen.Function.ActiveID)
			wantError(t, err, models.CodeConflict, "error.function_made_again")
			same(t, 1, code(shopAdmin).Function.ActiveVersion)
		})
	})
}
