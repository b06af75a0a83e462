package service

import (
	"testing"

	"envshare/models"
)

// A function that was deleted since somebody saw it is told as such, and nothing is
// made of it again, under its name or in one that has its name now.
func TestDeploy_OfAFunctionThatWasDeletedMeanwhile(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		gone := func() { must(t, w.Functions.Delete(ctx, shopDeveloper, shop, "shop-1", "hello")) }
		again := func() {
			gone()
			w.deploy(t, "shop-1", "hello", "another function")
		}
		for name, meanwhile := range map[string]func(){"gone": gone, "made again": again} {
			t.Run("a working copy, "+name, func(t *testing.T) {
				w.deploy(t, "shop-1", "hello", "one")
				must(t, w.put(t, shopAdmin, "shop-1", "hello", "a.js", "mine"))
				c, err := w.Functions.Code(ctx, shopAdmin, shop, "shop-1", "hello")
				must(t, err)
				meanwhile()
				_, err = w.Functions.DeployDraft(ctx, shopAdmin, shop, "shop-1", c, c.Function.ActiveID, "")
				wantError(t, err, models.CodeConflict, "error.function_deleted_meanwhile")
				w.wantVersions(t, map[string]int{"gone": 0, "made again": 1}[name])
			})
		}
		t.Run("a working copy that cannot be deployed, which would say that it is kept", func(t *testing.T) {
			w.deploy(t, "shop-1", "hello", "one")
			must(t, w.put(t, shopAdmin, "shop-1", "hello", "package.json", `{"dependencies": {"x": "file:/etc"}}`))
			c, err := w.Functions.Code(ctx, shopAdmin, shop, "shop-1", "hello")
			must(t, err)
			gone()
			_, err = w.Functions.DeployDraft(ctx, shopAdmin, shop, "shop-1", c, c.Function.ActiveID, "")
			wantError(t, err, models.CodeConflict, "error.function_deleted_meanwhile")
		})
		t.Run("uploaded code", func(t *testing.T) {
			f := w.deploy(t, "shop-1", "hello", "one")
			upload := Deployment{Name: "hello", Source: source(t, "two"), Over: f.ActiveID}
			gone()
			_, err := w.Functions.Deploy(ctx, shopAdmin, shop, "shop-1", upload)
			wantError(t, err, models.CodeConflict, "error.function_deleted_meanwhile")
			w.wantVersions(t, 0)
			w.deploy(t, "shop-1", "hello", "another function")
			_, err = w.Functions.Deploy(ctx, shopAdmin, shop, "shop-1", upload)
			wantError(t, err, models.CodeConflict, "error.function_made_again")
			w.wantVersions(t, 1)
		})
	})
}

// wantVersions expects that many versions of hello, 0 when there is no hello.
func (w *world) wantVersions(t testing.TB, want int) {
	t.Helper()
	f, err := w.store.Functions.ByName(t.Context(), "shop-1", "hello")
	if !models.IsCode(err, models.CodeNotFound) {
		must(t, err)
	}
	n, err := w.store.Functions.LastVersion(t.Context(), f.ID)
	must(t, err)
	same(t, want, n)
}
