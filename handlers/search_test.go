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
