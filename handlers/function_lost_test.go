package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"envshare/internal/paths"
	"envshare/internal/testkit"
)

// whileInstalling does something when dependencies are asked for, once, and then has
// none.
func whileInstalling(t *testing.T, do func()) {
	t.Helper()
	var once sync.Once
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		once.Do(do)
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(registry.Close)
	t.Setenv("npm_config_registry", registry.URL)
	t.Setenv("npm_config_cache", t.TempDir())
	t.Setenv("NO_PROXY", "127.0.0.1")
}

// Somebody deletes the function while another one deploys what they changed of it:
// told so, with all of it to copy.
func TestDeletedMeanwhile(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	code, draft := paths.FunctionCode(shop, shopTest, "hello"), paths.FunctionDraft(shop, shopTest, "hello")
	gone := func() {
		if err := k.kit.Services.Functions.Delete(t.Context(), testkit.Actor, shop, shopTest, "hello"); err != nil {
			t.Error(err)
		}
	}
	again := func() {
		gone()
		k.deploy(shopTest, "hello", "exports.main = async () => 'another'\n")
	}
	add := func(path, content string) {
		p := b.submit(b.get(paths.NewFunctionFile(shop, shopTest, "hello")), paths.FunctionFiles(shop, shopTest, "hello"), "path", path).follow()
		b.submit(p, code, "content", content).want(303)
	}
	const mine = "\nexports.main = async () => '<mine>'\n"
	for name, meanwhile := range map[string]func(){"gone": gone, "made again": again} {
		t.Run(name, func(t *testing.T) {
			whileInstalling(t, meanwhile)
			k.deploy(shopTest, "hello", mainOne)
			b.submit(b.get(code), code, "content", mine).want(303)
			add("old.js", "old")
			add("package.json", `{"dependencies": {"x": "1.0.0"}}`)
			p := b.submit(b.get(draft), draft, "note", "my note").want(409)
			p.wantText("h1", text("function_lost.title", "name", "hello"))
			p.wantText(`[data-testid="refused"]`, text("error.function_deleted_meanwhile", "name", "hello"), text("function_lost.text"))
			p.wantCount(`[data-testid="lost-file"]`, 3).wantText(`[data-testid="lost-file"]:contains("package.json")`, `{"dependencies": {"x": "1.0.0"}}`)
			if got := p.Find(`[data-testid="lost-file"]:contains("index.js") pre`).Text(); got != mine {
				t.Errorf("got %q, want %q", got, mine)
			}
		})
	}
	t.Run("made again before it was sent: the page is of the former one", func(t *testing.T) {
		k.deploy(shopTest, "hello", mainOne) // whichever of the two was last
		b.submit(b.get(code), code, "content", "changed").want(303)
		review := b.get(draft)
		again()
		b.submit(review, draft).want(409).wantText(`[data-testid="refused"]`, text("error.function_made_again", "name", "hello")).
			wantCount(`[data-testid="diff-file"]`, 0)
		b.get(code).wantText(`[data-testid="source"]`, "'another'")
	})
	t.Run("gone before it was sent", func(t *testing.T) {
		b.submit(b.get(code), code, "content", "changed").want(303)
		review := b.get(draft)
		gone()
		b.submit(review, draft).want(404).wantText(`[data-testid="error-message"]`, text("error.function_deleted_meanwhile", "name", "hello"))
	})
}
