package handlers_test

import (
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"envshare/internal/paths"
	"envshare/models"
)

// The first steps are links for who may take them, and nothing for who may take
// none of them.
func TestFirstSteps(t *testing.T) {
	k := newConsole(t)
	k.kit.Apply(t, manifest, nil)
	address := paths.Environment(shop, shopTest)
	b := k.admin(shop)
	links := func(b *browser) []string {
		return b.get(address).want(200).Find(`[data-testid="getting-started"] a`).
			Map(func(_ int, s *goquery.Selection) string { return s.AttrOr("href", "") })
	}
	function, gate := paths.NewFunction(shop, shopTest), paths.NewFunctionFrom(shop, shopTest, models.AuthFunction)
	want := func(got []string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}

	want(links(b), function, paths.Extensions(shop), gate)
	b.get(address).wantText(`[data-testid="getting-started"]`, text("start.share"), text("error.sharing_off"))
	k.signIn("viewer", map[string]models.Role{shop: models.RoleViewer}).get(address).want(200).wantCount(`[data-testid="getting-started"]`, 0)
	developer := k.signIn("developer", map[string]models.Role{shop: models.RoleDeveloper})
	want(links(developer), function, gate)

	k.deploy(shopTest, models.AuthFunction, "exports.main = async () => ({ errCode: 0 })")
	developer.get(address).want(200).wantCount(`[data-testid="getting-started"]`, 0)
	want(links(b), paths.Extensions(shop))
	b.submit(b.get(paths.Extensions(shop)), paths.EnableSharing(shop)).want(303)
	want(links(b), paths.NewShare(shop))
	k.share(shop, diner, shopTest, models.FunctionsView)
	b.get(address).want(200).wantCount(`[data-testid="getting-started"]`, 0)
}
