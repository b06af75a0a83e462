package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func TestAccess_LoadsWhatDecides(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		full := share("s1", shopID, dinerID, "shop-1", "shop-2")
		full.Until, full.PausedAt = pointer(after(time.Hour)), pointer(start)
		full.Grants[0].Permissions = models.NewPermissionSet(models.FunctionsInvoke, models.DatabaseWrite)
		must(t, s.Shares.Insert(ctx, full))
		must(t, s.Shares.Insert(ctx, share("s2", kitchenID, dinerID, "kitchen-1")))
		must(t, s.Shares.Insert(ctx, share("s3", shopID, kitchenID, "kitchen-2"))) // not shop's to lend
		live := models.Credential{ID: "c1", AppID: shopID, EnvironmentID: "shop-1", IssuedBy: "bob", CreatedAt: start, ExpiresAt: after(time.Millisecond)}
		ended := models.Credential{ID: "c2", AppID: shopID, EnvironmentID: "shop-1", CreatedAt: start, ExpiresAt: start}
		revoked := models.Credential{ID: "c3", AppID: shopID, EnvironmentID: "shop-1", CreatedAt: start, ExpiresAt: after(time.Hour), RevokedAt: pointer(start)}
		for _, c := range []models.Credential{live, ended, revoked} {
			must(t, s.Credentials.Insert(ctx, c))
		}
		policy := models.ClientPolicy{Unauthenticated: true, Origins: []string{"https://shop.example"}}
		must(t, s.Environments.SetPolicy(ctx, "shop-1", policy))
		const account = "wx00000000000000aa"
		must(t, s.Apps.Insert(ctx, models.App{AppID: account, Name: "n", Kind: models.OfficialAccount, PrincipalID: "acme", CreatedAt: start}))
		must(t, s.Apps.SetWebDomains(ctx, account, []string{"m.shop.example", "m.shop.example:8443"}))
		must(t, s.Apps.SetWebDomains(ctx, kitchenID, []string{"never.example"})) // a mini program
		for range 3 {
			must(t, s.Access.Bump(ctx))
		}
		want := store.AccessFacts{
			Revision: 4,
			Policies: map[string]models.ClientPolicy{"shop-1": policy},
			Logins:   map[string]string{"m.shop.example": account, "m.shop.example:8443": account},
			Owners:   map[string]string{"shop-1": shopID, "shop-2": shopID, "kitchen-1": kitchenID, "kitchen-2": kitchenID},
			Grants: map[store.GrantKey]models.CallGrant{
				{GranteeAppID: dinerID, EnvironmentID: "shop-1"}:    {ID: "s1-shop-1", ShareID: "s1", Permissions: full.Grants[0].Permissions, Paused: true, Until: after(time.Hour)},
				{GranteeAppID: dinerID, EnvironmentID: "shop-2"}:    {ID: "s1-shop-2", ShareID: "s1", Permissions: models.AllPermissions, Paused: true, Until: after(time.Hour)},
				{GranteeAppID: dinerID, EnvironmentID: "kitchen-1"}: {ID: "s2-kitchen-1", ShareID: "s2", Permissions: models.AllPermissions},
			},
			Credentials: map[string]models.Credential{"c1": live},
		}
		for _, now := range []time.Time{start, start.In(time.FixedZone("", 8*60*60)), start.In(time.FixedZone("", -8*60*60))} {
			got, err := s.Access.Load(ctx, now)
			must(t, err)
			same(t, want, got)
		}
		t.Run("also inside a transaction", func(t *testing.T) {
			must(t, s.Tx(ctx, func(tx *store.Store) error {
				must(t, tx.Shares.Delete(ctx, "s1"))
				got, err := tx.Access.Load(ctx, start)
				must(t, err)
				same(t, 1, len(got.Grants))
				return nil
			}))
		})
	})
}

func TestAccess_AnEmptyDatabaseHasEmptyFacts(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		got, err := s.Access.Load(t.Context(), start)
		must(t, err)
		same(t, store.AccessFacts{Revision: 1, Owners: map[string]string{}, Policies: map[string]models.ClientPolicy{}, Logins: map[string]string{}, Grants: map[store.GrantKey]models.CallGrant{}, Credentials: map[string]models.Credential{}}, got)
	})
}

func TestS6_AnotherProcessSeesTheRevisionAtOnce(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		ctx := t.Context()
		here, there := d.migrated(t), d.open(t)
		revision := func() int64 {
			t.Helper()
			n, err := there.Access.Revision(ctx)
			must(t, err)
			return n
		}
		same(t, int64(1), revision())
		for n := int64(2); n < 30; n++ {
			must(t, here.Access.Bump(ctx))
			same(t, n, revision())
		}
		t.Run("not before it is committed, and never when it is taken back", func(t *testing.T) {
			refused := errors.New("refused")
			err := here.Tx(ctx, func(tx *store.Store) error {
				must(t, tx.Access.Bump(ctx))
				inside, err := tx.Access.Revision(ctx)
				must(t, err)
				same(t, int64(30), inside)
				same(t, int64(29), revision())
				return refused
			})
			if !errors.Is(err, refused) {
				t.Fatal(err)
			}
			same(t, int64(29), revision())
		})
	})
}

func TestAccess_NoBumpIsLost(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		for _, err := range race(t, d, 8, func(s *store.Store, _ int) error {
			for range 10 {
				if err := s.Access.Bump(t.Context()); err != nil {
					return err
				}
			}
			return nil
		}) {
			must(t, err)
		}
		n, err := d.open(t).Access.Revision(t.Context())
		must(t, err)
		same(t, int64(81), n)
	})
}

// While a writer moves one environment after the other in steps that belong
// together, every load sees whole steps.
func TestAccess_LoadIsOneConsistentView(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		ctx := t.Context()
		s := d.migrated(t)
		populate(t, s)
		const steps = 60
		step := func(s *store.Store, n int) error {
			return s.Tx(ctx, func(tx *store.Store) error {
				env := fmt.Sprint("new-", n)
				if err := tx.Environments.Insert(ctx, models.Environment{ID: env, AppID: shopID, Name: "n", CreatedAt: start}); err != nil {
					return err
				}
				if n > 0 {
					if err := tx.Shares.Delete(ctx, fmt.Sprint("s", n-1)); err != nil {
						return err
					}
				}
				if err := tx.Shares.Insert(ctx, share(fmt.Sprint("s", n), shopID, dinerID, env)); err != nil {
					return err
				}
				return tx.Access.Bump(ctx)
			})
		}
		must(t, step(s, 0))
		done := make(chan struct{})
		for _, err := range race(t, d, 4, func(s *store.Store, i int) error {
			if i == 0 {
				defer close(done)
				for n := 1; n <= steps; n++ {
					if err := step(s, n); err != nil {
						return err
					}
				}
				return nil
			}
			for last := int64(0); ; {
				facts, err := s.Access.Load(ctx, start)
				if err != nil {
					return err
				}
				newest := fmt.Sprint("new-", facts.Revision-2)
				grant := facts.Grants[store.GrantKey{GranteeAppID: dinerID, EnvironmentID: newest}]
				if len(facts.Grants) != 1 || len(facts.Owners) != int(facts.Revision)+3 || grant.ShareID != fmt.Sprint("s", facts.Revision-2) || facts.Revision < last {
					return fmt.Errorf("revision %d after %d: %d owners, grants %v", facts.Revision, last, len(facts.Owners), facts.Grants)
				}
				last = facts.Revision
				select {
				case <-done:
					return nil
				default:
				}
			}
		}) {
			must(t, err)
		}
	})
}

func TestAccess_ADatabaseThatIsAwayIsAnError(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		s := d.migrated(t)
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Access.Revision(cancelled); !errors.Is(err, context.Canceled) {
			t.Fatalf("a cancelled read is %v", err)
		}
		must(t, s.Close())
		if _, err := s.Access.Revision(t.Context()); err == nil {
			t.Fatal("a closed store has a revision")
		}
		if _, err := s.Access.Load(t.Context(), start); err == nil {
			t.Fatal("a closed store has facts")
		}
	})
}
