package handlers_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"envshare/internal/paths"
	"envshare/models"
)

func TestTheTopBarSearchesTheApp(t *testing.T) {
	k := newWorld(t)
	k.share(shop, diner, shopTest, models.StorageView)
	b := k.admin(shop)
	form := b.get(paths.Shares(shop)).want(200).Find(`header form[role="search"]`)
	if form.AttrOr("method", "") != "get" || form.AttrOr("action", "") != paths.Search(shop, "") || form.Find(`input[name="q"]`).Length() != 1 {
		t.Fatal("no search in the top bar")
	}
	p := b.get(paths.Search(shop, shopTest)).want(200)
	if got := p.Find(`[data-testid="found-environments"] a`).AttrOr("href", ""); got != paths.Environment(shop, shopTest) {
		t.Errorf("environment %q", got)
	}
	p = b.get(paths.Search(shop, diner)).want(200)
	if got := p.Find(`[data-testid="found-lends"] a`).AttrOr("href", ""); !strings.HasPrefix(got, paths.Shares(shop)+"/") {
		t.Errorf("share %q", got)
	}
	if p.Find(`[data-testid^="found-"] h2`).FilterFunction(func(_ int, s *goquery.Selection) bool { return s.Text() == "" }).Length() != 0 {
		t.Error("a kind without title")
	}
	p = b.get(paths.Search(shop, "<b>nothing")).want(200)
	if p.Find(`[data-testid^="found-"]`).Length() != 0 || !strings.Contains(p.Text(), text("list.nothing")) {
		t.Error("nothing is not said")
	}
	b.get(paths.Search(rival, "a")).want(404)
}

func TestAnAppWithoutConsoleCannotBeSearched(t *testing.T) {
	k := newWorld(t)
	b := k.signIn("asks", map[string]models.Role{diner: models.RoleAdmin})
	p := b.get(paths.Search(diner, "a")).want(403)
	if p.Find(`header form[role="search"]`).Length() != 0 {
		t.Error("a closed console offers a search")
	}
}

// SQLite refuses patterns beyond 50,000 bytes.
func TestLongSearchesAreNoFailure(t *testing.T) {
	k := newWorld(t)
	long := strings.Repeat("订", 20_000)
	k.deploy(shopTest, "hello", mainOne)
	b, operator := k.admin(shop), k.operator("ops")
	for address, who := range map[string]*browser{
		paths.AppsQuery(long): b, paths.EnvironmentsQuery(shop, long): b, paths.MembersQuery(shop, long): b, paths.Search(shop, long): b,
		paths.FunctionsQuery(shop, shopTest, long): b, paths.CollectionsQuery(shop, shopTest, long): b, paths.Shares(shop) + "?q=" + long: b,
		paths.Audit(shop) + "?subject=" + long: b, paths.Audit(shop) + "?actor=" + long: b, paths.VisitorsQuery(shop, shopTest, "", long): b,
		paths.Invocations(shop, shopTest, "hello") + "?q=" + long: b, paths.Explain(shop, paths.Question{}) + "?ask=1&resource=" + long: b,
		paths.OperatorApps() + "?q=" + long: operator, paths.OperatorUsers() + "?q=" + long: operator, paths.OperatorPrincipals() + "?q=" + long: operator,
	} {
		if p := who.get(address); p.status >= 500 {
			t.Errorf("%.60s: status %d", address, p.status)
		}
	}
}

func TestAPageBehindTheLastIsTheLast(t *testing.T) {
	k := newWorld(t)
	for _, name := range []string{"one", "two"} {
		k.deploy(shopTest, name, mainOne)
	}
	p := k.admin(shop).get(paths.Page(paths.Functions(shop, shopTest), 999)).want(200).wantCount(`[data-testid="function-row"]`, 2)
	if p.Find(`a[rel="prev"]`).Length() != 0 {
		t.Error("it leads back to a page that is the same")
	}
}
