package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"envshare/internal/paths"
	"envshare/models"
)

// runs stores runs of hello in shop-test, one a second, the last one now; every
// third failed.
func (k *console) runs(from, n int) {
	k.t.Helper()
	var batch []models.Invocation
	for i := from; i < from+n; i++ {
		one := models.Invocation{ID: fmt.Sprintf("run-%03d", i), EnvironmentID: shopTest, FunctionName: "hello", Version: 1, Trigger: models.TriggerConsole,
			CallerAppID: shop, Status: models.InvocationOK, Logs: fmt.Sprintf("08:00:00.000 stdout order %03d\n08:00:00.001 stderr <b>slow</b>\nnext line\n", i),
			StartedAt: time.Date(2026, 11, 22, 8, 0, i, 0, time.UTC)}
		if i%3 == 0 {
			one.Status, one.Error = models.InvocationFailed, "Error: wrong\n    at index.js:1"
		}
		batch = append(batch, one)
	}
	must(k.t, k.kit.Store.Invocations.InsertBatch(k.t.Context(), batch))
}

func TestLogs(t *testing.T) {
	k := newWorld(t)
	k.deploy(shopTest, "hello", mainOne)
	b := k.admin(shop)
	logs := func(q paths.LogQuery) *page {
		t.Helper()
		return b.get(paths.Logs(shop, shopTest, "hello", q)).want(200)
	}
	logs(paths.LogQuery{}).wantText(`[data-testid="empty"]`, text("invocations.empty_title"))
	k.runs(0, 25)

	p := logs(paths.LogQuery{}).wantCount(`[data-testid="invocation-row"]`, 20)
	p.wantText(`[data-testid="invocation-row"]:contains("run-024")`, "order 024", "16:00:00.001", "<b>slow</b>", "next line", "Error: wrong", "2026-11-22 16:00:24")
	p.wantText("nav", text("list.total", "total", "25"))
	b.get(p.Find(`a[rel="next"]`).AttrOr("href", "")).want(200).wantCount(`[data-testid="invocation-row"]`, 5).wantCount("#logs[hx-get]", 0)

	t.Run("filters", func(t *testing.T) {
		logs(paths.LogQuery{Status: "not_ok"}).wantText("nav", text("list.total", "total", "9"))
		logs(paths.LogQuery{Status: "ok", Text: "ORDER 01"}).wantText("nav", text("list.total", "total", "7")).
			wantText(`[data-testid="log-state"]`, text("logs.searched", "count", "2,000")).wantCount(`input[name="q"][value="ORDER 01"]`, 1)
		logs(paths.LogQuery{RequestID: "run-007"}).wantCount(`[data-testid="invocation-row"]`, 1)
		logs(paths.LogQuery{RequestID: "run-007", Status: "failed"}).wantText(`[data-testid="empty"]`, text("logs.none_found"))
		logs(paths.LogQuery{Status: "'; DROP", Text: "%"}).wantText(`[data-testid="empty"]`, text("logs.none_found"))
	})
	t.Run("it is followed: nothing new is no content, anything new is the list", func(t *testing.T) {
		live := logs(paths.LogQuery{}).Find("#logs").AttrOr("hx-get", "")
		poll := func(b *browser) *page { return b.do(http.MethodGet, live, "", nil, "HX-Request", "true") }
		poll(b).want(http.StatusNoContent)
		k.runs(25, 1)
		poll(b).want(200).wantCount(`[data-testid="invocation-row"]:contains("run-025")`, 1)
	})
	t.Run("a pause asks for nothing", func(t *testing.T) {
		p := b.get(logs(paths.LogQuery{Text: "order"}).Find("#log-pause").AttrOr("href", "")).want(200)
		p.wantCount("#logs[hx-get]", 0).wantText(`[data-testid="log-state"]`, text("logs.paused")).wantCount(`input[name="q"][value="order"]`, 1)
	})
}

// S6: whoever follows the log of a borrowed function stops seeing it with the
// share, whatever it asks for.
func TestS6LogsEndWithTheShare(t *testing.T) {
	k := newWorld(t)
	k.deploy(shopTest, "hello", mainOne)
	k.runs(0, 1)
	share := k.share(shop, diner, shopTest, models.FunctionsView)
	owner, borrower := k.admin(shop), k.admin(diner)
	live := borrower.get(paths.Invocations(diner, shopTest, "hello")).want(200).Find("#logs").AttrOr("hx-get", "")
	poll := func() *page { return borrower.do(http.MethodGet, live, "", nil, "HX-Request", "true") }
	poll().want(http.StatusNoContent)
	owner.forge(paths.PauseShare(shop, share.ID)).want(303)
	if p := poll().want(403); strings.Contains(p.body, "order 000") {
		t.Error("a run is shown")
	}
	owner.forge(paths.ResumeShare(shop, share.ID)).want(303)
	poll().want(http.StatusNoContent)
	owner.forge(paths.DeleteShare(shop, share.ID)).want(303)
	poll().want(403).wantCount("#logs", 0)
}

func TestFunctionSearch(t *testing.T) {
	k := newWorld(t)
	for i := range 22 {
		k.deploy(shopTest, fmt.Sprintf("list_%02d", i), mainOne)
	}
	k.deploy(shopTest, "hello", mainOne)
	k.runs(0, 1)
	b := k.admin(shop)
	index := paths.Functions(shop, shopTest)
	p := b.get(index).want(200).wantCount(`[data-testid="function-row"]`, 20).wantText("nav", text("list.total", "total", "23"))
	p.wantText(`[data-testid="function-row"]:contains("hello")`, text("invocation_status.failed")).
		wantCount(`[data-testid="function-row"]:contains("hello") time[title^="2026-11-22 16:00"]`, 1)
	b.get(p.Find(`a[rel="next"]`).AttrOr("href", "")).wantCount(`[data-testid="function-row"]`, 3)
	p = b.get(paths.FunctionsQuery(shop, shopTest, "LIST_")).want(200).wantCount(`[data-testid="function-row"]`, 20)
	b.get(p.Find(`a[rel="next"]`).AttrOr("href", "")).wantCount(`[data-testid="function-row"]`, 2).wantCount(`input[name="q"][value="LIST_"]`, 1)
	b.get(paths.FunctionsQuery(shop, shopTest, "<script>")).wantText(`[data-testid="empty"]`, "<script>")
}

// Events are kept for everybody who may view the function; only who may change it
// keeps and deletes them.
func TestKeptEvents(t *testing.T) {
	k := newWorld(t)
	k.deploy(shopTest, "hello", mainOne)
	b := k.admin(shop)
	viewer := k.signIn("viewer", map[string]models.Role{shop: models.RoleViewer})
	address, events := paths.Function(shop, shopTest, "hello"), paths.FunctionEvents(shop, shopTest, "hello")
	keep := func(p *page, values ...string) *page {
		return b.post(events, fill(p.fields(paths.RunFunction(shop, shopTest, "hello")), values))
	}
	loaded := keep(b.get(address), "name", "下单", "event", `{"a": 1}`).want(303).follow().want(200).wantFlash(text("flash.event_kept", "name", "下单"))
	loaded.wantText(`textarea[name="event"]`, `{"a": 1}`).wantCount(`input[name="name"][value="下单"]`, 1).wantCount("#kept-event option[selected]", 1)

	viewer.get(loaded.path).want(200).wantText(`textarea[name="event"]`, `{"a": 1}`).wantText(`[data-testid="why-not-keep"]`, text("error.role_lacks_permission",
		"permission", text("permission.functions.operate"), "key", "functions.operate"))
	viewer.forge(events, "name", "x", "event", "{}").want(403)

	keep(b.get(address), "name", "下单").want(422).wantError(text("error.event_name_taken", "name", "下单"))
	keep(b.get(address), "name", "").want(422).wantError(text("error.required"))
	keep(b.get(address), "name", "x", "event", "{").want(422).wantError(text("error.event_json"))
	t.Run("the second of two people is told and loses nothing", func(t *testing.T) {
		again := b.get(loaded.path)
		keep(loaded, "event", `{"a": 2}`).want(303)
		keep(again, "event", `{"a": 3}`).want(409).wantError(text("error.event_changed_meanwhile", "name", "下单", "by", "admin-a1")).
			wantText(`textarea[name="event"]`, `{"a": 3}`)
	})
	forget := b.get(loaded.path)
	action := forget.Find(`form[action*="/events/"]`).AttrOr("action", "")
	viewer.forge(action).want(403)
	b.submit(forget, action).wantRedirect(address).follow().wantCount("#kept-event", 0)
	b.get(loaded.path).want(200).wantText(`textarea[name="event"]`, "{").wantCount("#kept-event", 0)
}
