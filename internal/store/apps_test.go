package store_test

import (
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func TestPrincipals(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		_, err := s.Principals.ByID(ctx, "acme")
		wantNotFound(t, err)
		acme := models.Principal{ID: "acme", Name: "示例科技", CreatedAt: start}
		other := models.Principal{ID: "0ther", Name: "Other", CreatedAt: after(time.Hour)}
		must(t, s.Principals.Save(ctx, acme))
		must(t, s.Principals.Save(ctx, other))
		got, err := s.Principals.ByID(ctx, "acme")
		must(t, err)
		same(t, acme, got)

		t.Run("saving again changes the name alone", func(t *testing.T) {
			must(t, s.Principals.Save(ctx, models.Principal{ID: "acme", Name: "新名", CreatedAt: after(time.Hour)}))
			acme.Name = "新名"
			list, err := s.Principals.List(ctx)
			must(t, err)
			same(t, []models.Principal{other, acme}, list)
		})
	})
}

func TestApps(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.Principals.Save(ctx, models.Principal{ID: "acme", Name: "n", CreatedAt: start}))
		must(t, s.Principals.Save(ctx, models.Principal{ID: "other", Name: "n", CreatedAt: start}))
		shop := models.App{AppID: shopID, Name: "商城", Kind: models.MiniProgram, PrincipalID: "acme", Sharing: true, CreatedAt: after(time.Minute)}
		diner := models.App{AppID: dinerID, Name: "点餐", Kind: models.OfficialAccount, PrincipalID: "acme", CreatedAt: start}
		must(t, s.Apps.Insert(ctx, shop))
		must(t, s.Apps.Insert(ctx, diner))

		t.Run("every column comes back", func(t *testing.T) {
			got, err := s.Apps.ByID(ctx, shopID)
			must(t, err)
			same(t, shop, got)
		})
		t.Run("lists are by creation", func(t *testing.T) {
			list, err := s.Apps.List(ctx)
			must(t, err)
			same(t, []models.App{diner, shop}, list)
			byID, err := s.Apps.ByIDs(ctx, []string{shopID, dinerID, kitchenID})
			must(t, err)
			same(t, map[string]models.App{shopID: shop, dinerID: diner}, byID)
			none, err := s.Apps.ByIDs(ctx, nil)
			must(t, err)
			same(t, map[string]models.App{}, none)
		})
		t.Run("refusals", func(t *testing.T) {
			wantCode(t, s.Apps.Insert(ctx, shop), models.CodeConflict, "error.exists")
			wantCode(t, s.Apps.Insert(ctx, models.App{AppID: kitchenID, Name: "n", Kind: models.MiniProgram, PrincipalID: "nobody", CreatedAt: start}),
				models.CodeConflict, "error.in_use")
			_, err := s.Apps.ByID(ctx, kitchenID)
			wantNotFound(t, err)
			wantNotFound(t, s.Apps.Update(ctx, models.App{AppID: kitchenID, PrincipalID: "acme"}))
			wantNotFound(t, s.Apps.SetSharing(ctx, kitchenID, true))
			wantNotFound(t, s.Apps.SetSecret(ctx, kitchenID, []byte("x")))
			_, err = s.Apps.Secret(ctx, kitchenID)
			wantNotFound(t, err)
		})
		t.Run("an update leaves sharing, secret and creation alone", func(t *testing.T) {
			must(t, s.Apps.SetSecret(ctx, shopID, []byte{0, 1, 0xff}))
			must(t, s.Apps.Update(ctx, models.App{AppID: shopID, Name: "新", Kind: models.OfficialAccount, PrincipalID: "other", CreatedAt: after(time.Hour)}))
			shop.Name, shop.Kind, shop.PrincipalID = "新", models.OfficialAccount, "other"
			got, err := s.Apps.ByID(ctx, shopID)
			must(t, err)
			same(t, shop, got)
			secret, err := s.Apps.Secret(ctx, shopID)
			must(t, err)
			same(t, []byte{0, 1, 0xff}, secret)
		})
		t.Run("no secret is nil", func(t *testing.T) {
			secret, err := s.Apps.Secret(ctx, dinerID)
			must(t, err)
			same(t, []byte(nil), secret)
		})
		t.Run("sharing turns on and off", func(t *testing.T) {
			for _, on := range []bool{true, false, false} {
				must(t, s.Apps.SetSharing(ctx, dinerID, on))
				got, err := s.Apps.ByID(ctx, dinerID)
				must(t, err)
				diner.Sharing = on
				same(t, diner, got)
			}
		})
	})
}

func TestEnvironments(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		second := models.Environment{ID: "shop-2", AppID: shopID, Name: "环境 shop-2", CreatedAt: start}
		first := models.Environment{ID: "shop-1", AppID: shopID, Name: "环境 shop-1", CreatedAt: after(time.Second)}

		t.Run("every column comes back, oldest first", func(t *testing.T) {
			got, err := s.Environments.ByID(ctx, "shop-1")
			must(t, err)
			same(t, first, got)
			list, err := s.Environments.OwnedBy(ctx, shopID)
			must(t, err)
			same(t, []models.Environment{second, first}, list)
			oldest, err := s.Environments.Oldest(ctx, shopID, 1)
			must(t, err)
			same(t, []models.Environment{second}, oldest)
			many, err := s.Environments.OldestOf(ctx, []string{shopID, dinerID, "wx00000000000000ff"})
			must(t, err)
			same(t, []models.Environment{second}, many)
			none, err := s.Environments.OwnedBy(ctx, dinerID)
			must(t, err)
			if len(none) != 0 {
				t.Fatalf("an app that owns nothing owns %v", none)
			}
		})
		t.Run("owners by id leave out what does not exist", func(t *testing.T) {
			owners, err := s.Environments.Owners(ctx, []string{"shop-1", "kitchen-1", "gone"})
			must(t, err)
			same(t, map[string]string{"shop-1": shopID, "kitchen-1": kitchenID}, owners)
			byID, err := s.Environments.ByIDs(ctx, []string{"shop-1", "gone"})
			must(t, err)
			same(t, map[string]models.Environment{"shop-1": first}, byID)
		})
		t.Run("rename", func(t *testing.T) {
			must(t, s.Environments.Rename(ctx, "shop-1", "改名"))
			first.Name = "改名"
			got, err := s.Environments.ByID(ctx, "shop-1")
			must(t, err)
			same(t, first, got)
			untouched, err := s.Environments.ByID(ctx, "shop-2")
			must(t, err)
			same(t, second, untouched)
		})
		t.Run("refusals", func(t *testing.T) {
			_, err := s.Environments.ByID(ctx, "gone")
			wantNotFound(t, err)
			wantNotFound(t, s.Environments.Rename(ctx, "gone", "n"))
			wantCode(t, s.Environments.Insert(ctx, models.Environment{ID: "shop-1", AppID: kitchenID, Name: "n", CreatedAt: start}),
				models.CodeConflict, "error.exists")
			wantCode(t, s.Environments.Insert(ctx, models.Environment{ID: "new-1", AppID: "wx00000000000000ff", Name: "n", CreatedAt: start}),
				models.CodeConflict, "error.in_use")
		})
	})
}
