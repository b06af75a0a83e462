package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func TestShares_RoundTrip(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		full := share("s1", shopID, dinerID, "shop-2", "shop-1")
		full.Note, full.Until, full.PausedAt, full.Version = "两个\n环境", pointer(after(time.Hour)), pointer(after(time.Minute)), 7
		full.UpdatedAt = after(time.Second)
		full.Grants[1].Permissions = models.NewPermissionSet(models.FunctionsInvoke, models.StorageOperate)
		bare := share("s2", kitchenID, dinerID, "kitchen-1")
		bare.CreatedAt = after(time.Minute)
		must(t, s.Shares.Insert(ctx, full))
		must(t, s.Shares.Insert(ctx, bare))

		t.Run("both sides read every column, grants in their order", func(t *testing.T) {
			for _, app := range []string{shopID, dinerID} {
				got, err := s.Shares.ByID(ctx, app, "s1")
				must(t, err)
				same(t, full, got)
			}
			got, err := s.Shares.Between(ctx, kitchenID, dinerID)
			must(t, err)
			same(t, bare, got)
		})
		t.Run("others do not find it", func(t *testing.T) {
			_, err := s.Shares.ByID(ctx, kitchenID, "s1")
			wantNotFound(t, err)
			_, err = s.Shares.Between(ctx, dinerID, shopID)
			wantNotFound(t, err)
		})
		t.Run("lists", func(t *testing.T) {
			incoming, err := s.Shares.AllIncoming(ctx, dinerID)
			must(t, err)
			same(t, []models.Share{full, bare}, incoming)
			outgoing, err := s.Shares.AllOutgoing(ctx, shopID)
			must(t, err)
			same(t, []models.Share{full}, outgoing)
			byID, err := s.Shares.ByIDs(ctx, []string{"s1", "s2", "gone"})
			must(t, err)
			same(t, map[string]models.Share{"s1": full, "s2": bare}, byID)
		})
		t.Run("an update replaces note, end, pause and grants", func(t *testing.T) {
			changed := full
			changed.Note, changed.Until, changed.PausedAt, changed.Version, changed.UpdatedAt = "", nil, nil, 8, after(time.Hour)
			changed.Grants = []models.Grant{{ID: "g9", EnvironmentID: "shop-1", Permissions: models.NewPermissionSet(models.DatabaseRead)}, full.Grants[0]}
			asked := changed
			asked.OwnerAppID, asked.GranteeAppID, asked.CreatedAt = kitchenID, shopID, after(2*time.Hour)
			must(t, s.Shares.Update(ctx, asked))
			got, err := s.Shares.ByID(ctx, shopID, "s1")
			must(t, err)
			same(t, changed, got)
			untouched, err := s.Shares.ByID(ctx, dinerID, "s2")
			must(t, err)
			same(t, bare, untouched)
		})
		t.Run("removing takes the grants along", func(t *testing.T) {
			must(t, s.Shares.Delete(ctx, "s1"))
			wantNotFound(t, s.Shares.Delete(ctx, "s1"))
			again := share("s3", shopID, dinerID, "shop-2")
			again.Grants[0].ID = "g9" // free again
			must(t, s.Shares.Insert(ctx, again))
		})
	})
}

func TestShares_Refusals(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		must(t, s.Shares.Insert(ctx, share("s1", shopID, dinerID, "shop-1")))
		for _, c := range []struct {
			name, key string
			share     models.Share
		}{
			{"S6 a second share of the pair", "error.exists", share("s2", shopID, dinerID, "shop-2")},
			{"the same id", "error.exists", share("s1", kitchenID, dinerID, "kitchen-1")},
			{"an environment twice", "error.exists", share("s2", kitchenID, dinerID, "kitchen-1", "kitchen-1")},
			{"unknown environment", "error.in_use", share("s2", kitchenID, dinerID, "gone")},
			{"unknown grantee", "error.in_use", share("s2", kitchenID, "wx00000000000000ff", "kitchen-1")},
			{"S2 an app with itself", "error.in_use", share("s2", kitchenID, kitchenID, "kitchen-1")},
		} {
			t.Run(c.name, func(t *testing.T) {
				wantCode(t, s.Shares.Insert(ctx, c.share), models.CodeConflict, c.key)
				list, err := s.Shares.AllIncoming(ctx, dinerID)
				must(t, err)
				same(t, []models.Share{share("s1", shopID, dinerID, "shop-1")}, list)
				for _, other := range []string{shopID, kitchenID, "wx00000000000000ff"} {
					none, err := s.Shares.AllIncoming(ctx, other)
					must(t, err)
					same(t, []models.Share{}, none)
				}
			})
		}
		t.Run("an update of an older version changes nothing", func(t *testing.T) {
			for _, version := range []int{0, 1, 3} {
				stale := share("s1", shopID, dinerID, "shop-2")
				stale.Version, stale.Note = version, "lost"
				wantCode(t, s.Shares.Update(ctx, stale), models.CodeConflict, "error.share_changed_meanwhile")
			}
			got, err := s.Shares.ByID(ctx, shopID, "s1")
			must(t, err)
			same(t, share("s1", shopID, dinerID, "shop-1"), got)
		})
		t.Run("an update with a grant that is refused changes nothing", func(t *testing.T) {
			broken := share("s1", shopID, dinerID, "shop-2", "gone")
			broken.Version, broken.Note = 2, "lost"
			wantCode(t, s.Shares.Update(ctx, broken), models.CodeConflict, "error.in_use")
			got, err := s.Shares.ByID(ctx, shopID, "s1")
			must(t, err)
			same(t, share("s1", shopID, dinerID, "shop-1"), got)
		})
	})
}

func TestShares_Paging(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		var newestFirst []models.Share
		for i := range 5 {
			app := fmt.Sprintf("wx00000000000001%02d", i)
			must(t, s.Apps.Insert(ctx, models.App{AppID: app, Name: "n", Kind: models.MiniProgram, PrincipalID: "acme", CreatedAt: start}))
			must(t, s.Environments.Insert(ctx, models.Environment{ID: "env-" + app, AppID: app, Name: "n", CreatedAt: start}))
			sh := share(fmt.Sprint("s", i), app, dinerID, "env-"+app)
			sh.CreatedAt = after(time.Duration(i/2) * time.Millisecond) // pairs of equal times
			must(t, s.Shares.Insert(ctx, sh))
			newestFirst = append([]models.Share{sh}, newestFirst...)
		}
		must(t, s.Shares.Insert(ctx, share("out", shopID, dinerID, "shop-1")))
		must(t, s.Shares.Delete(ctx, "out"))
		for page, want := range [][]models.Share{newestFirst[:2], newestFirst[2:4], newestFirst[4:], {}} {
			list, total, err := s.Shares.Incoming(ctx, dinerID, models.PageRequest{Page: page + 1, Size: 2})
			must(t, err)
			same(t, want, list)
			same(t, int64(5), total)
		}
		list, total, err := s.Shares.Outgoing(ctx, newestFirst[0].OwnerAppID, models.PageRequest{})
		must(t, err)
		same(t, newestFirst[:1], list)
		same(t, int64(1), total)
		list, total, err = s.Shares.Incoming(ctx, dinerID, models.PageRequest{Page: int(^uint(0) >> 1), Size: 100})
		must(t, err)
		same(t, []models.Share{}, list)
		same(t, int64(5), total)
	})
}

// race runs f n times at once, on two stores in turn, and returns the errors.
func race(t *testing.T, d database, n int, f func(s *store.Store, i int) error) []error {
	t.Helper()
	stores := []*store.Store{d.migrated(t), d.open(t)}
	return raceOn(stores, n, f)
}

func raceOn(stores []*store.Store, n int, f func(s *store.Store, i int) error) []error {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() {
			<-gate
			errs[i] = f(stores[i%len(stores)], i)
		})
	}
	close(gate)
	wg.Wait()
	return errs
}

// oneWins checks that one attempt succeeded and all others met a conflict.
func oneWins(t *testing.T, errs []error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !models.IsCode(err, models.CodeConflict):
			t.Errorf("a loser got %v", err)
		}
	}
	if won != 1 {
		t.Fatalf("%d of %d won: %v", won, len(errs), errors.Join(errs...))
	}
}

func TestS6_OneSharePerPairUnderConcurrency(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		s := d.migrated(t)
		populate(t, s)
		oneWins(t, race(t, d, 8, func(s *store.Store, i int) error {
			return s.Shares.Insert(t.Context(), share(fmt.Sprint("s", i), shopID, dinerID, "shop-1", "shop-2"))
		}))
		list, err := s.Shares.AllOutgoing(t.Context(), shopID)
		must(t, err)
		if len(list) != 1 || len(list[0].Grants) != 2 {
			t.Fatalf("stored %+v", list)
		}
	})
}

func TestShares_OneOfManyUpdatesWins(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		s := d.migrated(t)
		populate(t, s)
		must(t, s.Shares.Insert(t.Context(), share("s1", shopID, dinerID, "shop-1")))
		proposal := func(round, i int) models.Share {
			sh := share("s1", shopID, dinerID, "shop-1")
			sh.Version, sh.Note, sh.UpdatedAt = round+1, fmt.Sprint(round, " by ", i), after(time.Duration(i)*time.Second)
			sh.Grants[0].ID = fmt.Sprint("g", round, "-", i)
			return sh
		}
		for round := 1; round <= 3; round++ {
			errs := race(t, d, 8, func(s *store.Store, i int) error { return s.Shares.Update(t.Context(), proposal(round, i)) })
			oneWins(t, errs)
			got, err := s.Shares.ByID(t.Context(), shopID, "s1")
			must(t, err)
			for i, err := range errs {
				if err == nil {
					same(t, proposal(round, i), got)
				}
			}
		}
	})
}
