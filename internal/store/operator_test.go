package store_test

import (
	"fmt"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func TestOperator_SearchesAndCounts(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		populate(t, s)
		ctx := t.Context()
		must(t, s.Principals.Save(ctx, models.Principal{ID: "empty_one", Name: "空", CreatedAt: start}))
		for i := range 25 {
			must(t, s.Apps.Insert(ctx, models.App{AppID: fmt.Sprintf("wx%016x", 0x100+i), Name: fmt.Sprint("Many ", i), Kind: models.OfficialAccount, PrincipalID: "acme", CreatedAt: after(time.Hour)}))
		}
		must(t, s.Apps.SetSecret(ctx, shopID, []byte("sealed")))

		apps, total, err := s.Apps.Search(ctx, "many", "", models.PageRequest{Page: 2, Size: 20})
		must(t, err)
		same(t, []any{int64(25), 5}, []any{total, len(apps)})
		apps, total, err = s.Apps.Search(ctx, shopID, "acme", models.PageRequest{})
		must(t, err)
		same(t, []any{int64(1), shopID}, []any{total, apps[0].AppID})
		_, total, err = s.Apps.Search(ctx, "_", "", models.PageRequest{})
		must(t, err)
		same(t, int64(0), total)
		_, total, err = s.Apps.Search(ctx, "", "empty_one", models.PageRequest{})
		must(t, err)
		same(t, int64(0), total)
		secrets, err := s.Apps.WithSecret(ctx, []string{shopID, dinerID})
		must(t, err)
		same(t, map[string]bool{shopID: true}, secrets)

		principals, total, err := s.Principals.Search(ctx, "EMPTY_", models.PageRequest{})
		must(t, err)
		same(t, []any{int64(1), "empty_one"}, []any{total, principals[0].ID})
		counted, err := s.Principals.AppCounts(ctx, []string{"acme", "empty_one"})
		must(t, err)
		same(t, map[string]int64{"acme": 28}, counted)
		if err := s.Principals.Delete(ctx, "acme"); err == nil {
			t.Error("a principal with apps was deleted")
		}
		must(t, s.Principals.Delete(ctx, "empty_one"))
		wantNotFound(t, s.Principals.Delete(ctx, "empty_one"))
	})
}

func TestOperator_UsersAndTheirLinks(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		populate(t, s)
		ctx := t.Context()
		for _, u := range []models.User{user("1", "ann"), user("2", "anna"), user("3", "bob")} {
			u.Operator = u.Username != "bob"
			must(t, s.Users.Insert(ctx, u))
		}
		must(t, s.Users.SetMembership(ctx, models.Membership{UserID: "1", AppID: shopID, Role: models.RoleAdmin}))
		found, total, err := s.Users.Search(ctx, "AN", models.PageRequest{Size: 1, Page: 2})
		must(t, err)
		same(t, []any{int64(2), "anna"}, []any{total, found[0].Username})
		memberships, err := s.Users.MembershipCounts(ctx, []string{"1", "2"})
		must(t, err)
		same(t, map[string]int64{"1": 1}, memberships)

		others := func(id string, want int64) {
			t.Helper()
			n, err := s.Users.OtherOperators(ctx, id)
			must(t, err)
			same(t, want, n)
		}
		others("1", 1)
		others("3", 2)
		must(t, s.Users.SetDisabled(ctx, "2", pointer(after(time.Minute)), after(time.Minute)))
		others("1", 0)
		got, err := s.Users.ByID(ctx, "2")
		must(t, err)
		same(t, pointer(after(time.Minute)), got.DisabledAt)
		must(t, s.Users.SetDisabled(ctx, "2", nil, after(time.Hour)))
		others("1", 1)
		wantNotFound(t, s.Users.SetDisabled(ctx, "nobody", nil, start))

		must(t, s.Users.SaveSetup(ctx, models.UserSetup{UserID: "2", Digest: "old", ExpiresAt: after(time.Hour)}))
		must(t, s.Users.SaveSetup(ctx, models.UserSetup{UserID: "2", Digest: "new", ExpiresAt: after(time.Hour)}))
		others("1", 0)
		_, err = s.Users.SetupByDigest(ctx, "old", start)
		wantNotFound(t, err)
		_, err = s.Users.SetupByDigest(ctx, "new", after(time.Hour))
		wantNotFound(t, err)
		setup, err := s.Users.SetupByDigest(ctx, "new", start)
		must(t, err)
		same(t, models.UserSetup{UserID: "2", Digest: "new", ExpiresAt: after(time.Hour)}, setup)
		must(t, s.Users.DeleteSetup(ctx, "2"))
		must(t, s.Users.DeleteSetup(ctx, "2"))
		others("1", 1)
	})
}

func TestHealth(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		s := d.migrated(t)
		h, err := s.Health(t.Context())
		must(t, err)
		if h.Dialect != d.dialect || h.Version == "" || h.Bytes < 4096 || h.Steps < 10 || h.Last < "202611280031" {
			t.Errorf("health: %+v", h)
		}
		sum, err := s.Files.Total(t.Context())
		must(t, err)
		same(t, store.Sum{}, sum)
	})
}
