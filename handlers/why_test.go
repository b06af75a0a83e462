package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"envshare/handlers"
	"envshare/internal/paths"
	"envshare/internal/testkit"
	"envshare/models"
	"envshare/web"
)

// refusedCall lets somebody of diner be refused in the console of shopTest.
func (k *console) refusedCall() {
	k.t.Helper()
	k.share(shop, diner, shopTest, models.FunctionsView)
	b := k.signIn("diner-dev", map[string]models.Role{diner: models.RoleAdmin})
	p := b.get(paths.Collections(diner, shopTest))
	if p.status != http.StatusForbidden {
		k.t.Fatalf("status %d", p.status)
	}
}

func TestDenials_ShowEveryColumn(t *testing.T) {
	k := newWorld(t)
	k.refusedCall()
	p := k.admin(shop).get(paths.Denials(shop, paths.DenialQuery{}))
	row := p.Find("[data-testid=denial-row]")
	if row.Length() != 1 {
		t.Fatalf("%d rows: %s", row.Length(), p.excerpt())
	}
	for _, want := range []string{"食堂", diner, "查看数据库", shopTest, "控制台", "控制台拒绝", "资源方没有授予", "请资源方", "1", "为什么？"} {
		if !strings.Contains(row.Text(), want) {
			t.Errorf("the row lacks %q: %s", want, row.Text())
		}
	}
	if href, _ := row.Find("[data-testid=why]").Attr("href"); !strings.Contains(href, "operation=database.view") || !strings.Contains(href, "caller="+diner) {
		t.Errorf("the explainer is asked %s", href)
	}
	viewer := k.signIn("viewer", map[string]models.Role{shop: models.RoleViewer})
	find := func(q paths.DenialQuery) int {
		return viewer.get(paths.Denials(shop, q)).Find("[data-testid=denial-row]").Length()
	}
	for _, q := range []paths.DenialQuery{{Caller: diner}, {Environment: shopTest}, {Code: "forbidden"}, {Caller: diner, Environment: shopTest, Code: "forbidden"}} {
		if n := find(q); n != 1 {
			t.Errorf("%+v finds %d", q, n)
		}
	}
	for _, q := range []paths.DenialQuery{{Caller: depot}, {Environment: shopProd}, {Environment: rivalMain}, {Code: "rule_denied"}, {Borrowed: true}} {
		if n := find(q); n != 0 {
			t.Errorf("%+v finds %d", q, n)
		}
	}
}

func TestExplain_AskedOverTheConsole(t *testing.T) {
	k := newWorld(t)
	k.share(shop, diner, shopTest, models.FunctionsView)
	b := k.admin(shop)
	p := b.get(paths.Explain(shop, paths.Question{Plane: "console", Caller: diner, Environment: shopTest, Operation: "database.view", Ask: true}))
	wantStatus(t, p, http.StatusOK)
	if n := p.Find("[data-testid=explain-step][data-status=failed]").Length(); n != 1 {
		t.Errorf("%d steps failed: %s", n, p.excerpt())
	}
	if href, _ := p.Find("[data-testid=explain-fix-link]").Attr("href"); !strings.HasSuffix(href, "/edit") {
		t.Errorf("the fix is at %q", href)
	}
	for name, address := range map[string]string{
		"no app":             paths.Explain(shop, paths.Question{Caller: "x", Environment: shopTest, Operation: "init", Ask: true}),
		"no operation":       paths.Explain(shop, paths.Question{Environment: shopTest, Operation: "drop", Ask: true}),
		"somebody else's":    paths.Explain(shop, paths.Question{Caller: diner, Environment: rivalMain, Operation: "init", Ask: true}),
		"no environment":     paths.Explain(shop, paths.Question{Operation: "init", Ask: true}),
		"a broken condition": paths.Explain(shop, paths.Question{Plane: "client", Caller: shop, Environment: shopTest, Operation: "database.read", Resource: "todos", Ask: true}) + "&openid=u&query=%7B",
	} {
		t.Run(name, func(t *testing.T) {
			p := b.do(http.MethodGet, address, "", nil)
			wantStatus(t, p, http.StatusUnprocessableEntity)
			if p.Find("[data-testid=field-error]").Length() == 0 {
				t.Errorf("no field says why: %s", p.excerpt())
			}
		})
	}
}

func TestStyleguide_IsForOperatorsInDevelopment(t *testing.T) {
	k := newWorld(t)
	if p := k.admin(shop).get(paths.Styleguide("")); p.status != http.StatusNotFound {
		t.Errorf("without the setting: status %d", p.status)
	}
	s := k.kit.Services
	e, err := web.New(web.Config{}, web.Deps{Sessions: s.Accounts, Static: fstest.MapFS{}, Ready: s.Ready, SetLanguage: s.Accounts.SetLanguage, Logger: k.kit.Logger})
	must(t, err)
	handlers.Register(e, s, handlers.Options{Styleguide: true})
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	k.url = server.URL
	if p := k.browser().do(http.MethodGet, paths.Styleguide(""), "", nil); p.status != http.StatusSeeOther {
		t.Errorf("nobody: status %d", p.status)
	}
	wantStatus(t, k.signIn("member", map[string]models.Role{shop: models.RoleAdmin}).get(paths.Styleguide("")), http.StatusForbidden)
	_, err = s.Accounts.CreateUser(t.Context(), testkit.Actor, "chief", password, true, nil)
	must(t, err)
	b := k.browser()
	b.submit(b.get("/login"), "/login", "username", "chief", "password", password)
	for _, name := range []string{"", "dialog"} {
		wantStatus(t, b.get(paths.Styleguide(name)), http.StatusOK)
	}
	if n := b.get(paths.Styleguide("")).Find("[data-testid=style-part]").Length(); n < 12 {
		t.Errorf("%d parts", n)
	}
}
