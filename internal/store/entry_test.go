package store_test

import (
	"slices"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// lentToDiner is what shop and kitchen lend to diner: shop's share ended, rests or
// works, kitchen's came later and works.
func lentToDiner(t *testing.T, s *store.Store, shops func(*models.Share)) (first, second models.Share) {
	t.Helper()
	populate(t, s)
	first, second = share("s1", shopID, dinerID, "shop-2", "shop-1"), share("s2", kitchenID, dinerID, "kitchen-1")
	shops(&first)
	second.CreatedAt = after(time.Minute)
	must(t, s.Shares.Insert(t.Context(), first))
	must(t, s.Shares.Insert(t.Context(), second))
	return first, second
}

func TestShares_WhatDecidesHowABorrowerEnters(t *testing.T) {
	ended, resting := func(s *models.Share) { s.Until = pointer(after(time.Hour)) }, func(s *models.Share) { s.PausedAt = pointer(start) }
	for name, c := range map[string]struct {
		shops   func(*models.Share)
		entry   []string // with one share that works
		running string
	}{
		"both work": {func(*models.Share) {}, []string{"s1", "s2"}, "s1"}, "one ended": {ended, []string{"s2"}, "s2"}, "one rests": {resting, []string{"s1", "s2"}, "s1"},
	} {
		t.Run(name, func(t *testing.T) {
			eachStore(t, func(t *testing.T, s *store.Store) {
				lentToDiner(t, s, c.shops)
				ctx, now := t.Context(), after(time.Hour)
				list, err := s.Shares.Entering(ctx, dinerID, 1, now)
				must(t, err)
				same(t, c.entry, idsOf(list))
				if len(list[0].Grants) == 0 {
					t.Error("without its grants")
				}
				running, err := s.Shares.RunningOf(ctx, []string{dinerID, shopID, "wx00000000000000ff"}, now)
				must(t, err)
				same(t, []string{c.running}, idsOf(running))
				none, err := s.Shares.Entering(ctx, shopID, 5, now)
				must(t, err)
				same(t, []string{}, idsOf(none))
			})
		})
	}
}

func idsOf(list []models.Share) []string {
	ids := []string{}
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestEnvironments_FindThoseOwnedAndBorrowed(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		lentToDiner(t, s, func(s *models.Share) { s.PausedAt = pointer(start) })
		ctx, now := t.Context(), after(time.Hour)
		for text, want := range map[string][]store.Lent{
			"":          {{ShareID: "s1", EnvironmentID: "shop-2"}, {ShareID: "s1", EnvironmentID: "shop-1"}, {ShareID: "s2", EnvironmentID: "kitchen-1"}},
			"SHOP-1":    {{ShareID: "s1", EnvironmentID: "shop-1"}},
			kitchenID:   {{ShareID: "s2", EnvironmentID: "kitchen-1"}},
			"环境 k":      {{ShareID: "s2", EnvironmentID: "kitchen-1"}},
			"kitchen-2": {}, "%": {},
		} {
			q := store.EnvironmentSearch{AppID: dinerID, Text: text, Now: now}
			got, err := s.Environments.Borrowed(ctx, q, 0, 10)
			must(t, err)
			if !slices.Equal(want, got) {
				t.Errorf("%q finds %v", text, got)
			}
			n, err := s.Environments.CountBorrowed(ctx, q)
			must(t, err)
			same(t, int64(len(want)), n)
		}
		page, err := s.Environments.Borrowed(ctx, store.EnvironmentSearch{AppID: dinerID, Now: now}, 1, 1)
		must(t, err)
		same(t, []store.Lent{{ShareID: "s1", EnvironmentID: "shop-1"}}, page)

		must(t, s.Environments.Delete(ctx, "kitchen-2", "bob", now))
		for text, want := range map[string]int64{"": 2, "shop-1": 1, "kitchen": 0} {
			q := store.EnvironmentSearch{AppID: shopID, Text: text}
			n, err := s.Environments.CountOwned(ctx, q)
			must(t, err)
			list, err := s.Environments.Owned(ctx, q, 0, 10)
			must(t, err)
			same(t, []int64{want, want}, []int64{n, int64(len(list))})
		}
		for app, want := range map[string]int{shopID: 2, dinerID: 3, kitchenID: 1} {
			names, err := s.Environments.Names(ctx, app, now)
			must(t, err)
			same(t, want, len(names))
		}
	})
}

func TestUsers_FindTheirApps(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		lentToDiner(t, s, func(*models.Share) {})
		ctx := t.Context()
		must(t, s.Apps.Insert(ctx, models.App{AppID: "wx00000000000000ee", Name: "Empty", Kind: models.MiniProgram, PrincipalID: "acme", CreatedAt: start}))
		must(t, s.Users.Insert(ctx, user("u1", "bob")))
		for app, role := range map[string]models.Role{shopID: models.RoleAdmin, dinerID: models.RoleViewer, "wx00000000000000ee": models.RoleDeveloper} {
			must(t, s.Users.SetMembership(ctx, models.Membership{UserID: "u1", AppID: app, Role: role}))
		}
		find := func(q store.AppSearch, want ...string) []store.MemberApp {
			t.Helper()
			list, err := s.Users.Apps(ctx, q, models.PageRequest{})
			must(t, err)
			got := []string{}
			for _, a := range list {
				got = append(got, a.AppID)
			}
			same(t, append([]string{}, want...), got)
			n, err := s.Users.CountApps(ctx, q)
			must(t, err)
			same(t, int64(len(want)), n)
			return list
		}
		find(store.AppSearch{UserID: "u1", Text: "eMPT"}, "wx00000000000000ee")
		find(store.AppSearch{UserID: "u1", Text: dinerID}, dinerID)
		find(store.AppSearch{UserID: "u1", Text: "_"})
		find(store.AppSearch{UserID: "u2"})
		list := find(store.AppSearch{UserID: "u1", Entering: start}, shopID, dinerID)
		same(t, models.RoleAdmin, list[0].Role)
		same(t, "app "+shopID, list[0].Name)
		must(t, s.Shares.Delete(ctx, "s1"))
		must(t, s.Shares.Delete(ctx, "s2"))
		find(store.AppSearch{UserID: "u1", Entering: start}, shopID)
	})
}
