package service

import (
	"fmt"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func TestSearch_CountsFollowTheFilterAndTheLastPageIsTheEnd(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for i := range 23 {
			app := fmt.Sprintf("wx%016x", 0xf00+i)
			must(t, w.store.Apps.Insert(ctx, models.App{AppID: app, Name: fmt.Sprint("shop ", i), Kind: models.MiniProgram, PrincipalID: "acme", CreatedAt: start}))
			w.lend(t, app, "shop-1")
		}
		paused := w.lend(t, diner, "shop-2")
		must(t, w.Sharing.Pause(ctx, shopAdmin, shop, paused.ID))

		found, err := w.Sharing.Search(ctx, shopViewer, shop, false, models.ShareFilter{Text: "SHOP"}, models.PageRequest{Page: 99})
		must(t, err)
		same(t, models.ShareCounts{All: 23, Active: 23}, found.Counts)
		same(t, models.PageRequest{Page: 2, Size: 20}, found.Page)
		same(t, [3]int64{3, 24, 0}, [3]int64{int64(len(found.Shares)), found.TotalOutgoing, found.TotalIncoming})

		found, err = w.Sharing.Search(ctx, shopViewer, shop, false, models.ShareFilter{State: models.ListPaused, EnvironmentID: "shop-2"}, models.PageRequest{})
		must(t, err)
		if len(found.Shares) != 1 || found.Shares[0].Share.ID != paused.ID || found.Counts.Paused != 1 || len(found.Shares[0].Days) != 30 {
			t.Errorf("found %+v", found)
		}
		for _, actor := range []models.Actor{outsider, kitchenAdmin, operator} {
			_, err := w.Sharing.Search(ctx, actor, shop, false, models.ShareFilter{}, models.PageRequest{})
			wantError(t, err, models.CodeNotFound, "error.not_found")
		}
		_, err = w.Sharing.Search(ctx, models.Actor{}, shop, true, models.ShareFilter{}, models.PageRequest{})
		wantError(t, err, models.CodeUnauthenticated, "error.unauthenticated")
	})
}

func TestS14_HistorySaysWhatChangedToBothSides(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		other := w.lend(t, kitchen, "shop-1")
		share := w.lend(t, diner, "shop-1")
		w.clock.advance(time.Minute)
		until := start.Add(48 * time.Hour).Truncate(time.Second)
		in := with(input(diner), models.NewPermissionSet(models.DatabaseRead), "shop-1", "shop-2")
		in.Note, in.Until = "more", &until
		_, err := w.Sharing.Share(ctx, shopAdmin, shop, in)
		must(t, err)
		w.clock.advance(time.Minute)
		must(t, w.Sharing.Pause(ctx, shopAdmin, shop, share.ID))

		for app, actor := range map[string]models.Actor{shop: shopViewer, diner: dinerViewer} {
			events, total, err := w.Sharing.History(ctx, actor, app, share.ID, models.PageRequest{})
			must(t, err)
			if total != 3 || len(events) != 3 {
				t.Fatalf("%d of %d events", len(events), total)
			}
			paused, changed, created := events[0], events[1], events[2]
			if paused.Event.Action != models.AuditSharePaused || !paused.Changes.Paused || len(paused.Changes.Grants) != 0 || paused.Event.ActorName != "shop-admin" {
				t.Errorf("paused: %+v", paused)
			}
			want := models.ShareChanges{UntilChanged: true, Until: &until, NoteDiff: true, Note: "more", Grants: []models.GrantChange{
				{EnvironmentID: "shop-1", Removed: models.AllPermissions &^ models.NewPermissionSet(models.DatabaseRead)},
				{EnvironmentID: "shop-2", Joined: true, Added: models.NewPermissionSet(models.DatabaseRead)},
			}}
			same(t, want, changed.Changes)
			same(t, []models.GrantChange{{EnvironmentID: "shop-1", Joined: true, Added: models.AllPermissions}}, created.Changes.Grants)
		}
		second, total, err := w.Sharing.History(ctx, shopViewer, shop, share.ID, models.PageRequest{Page: 2, Size: 2})
		must(t, err)
		if total != 3 || len(second) != 1 || second[0].Event.Action != models.AuditShareCreated {
			t.Errorf("second page: %+v", second)
		}
		for name, c := range map[string]struct {
			actor      models.Actor
			app, share string
		}{
			"a stranger":              {outsider, shop, share.ID},
			"a stranger in his app":   {outsider, stranger, share.ID},
			"an app that is no side":  {kitchenAdmin, kitchen, share.ID},
			"the other share's side":  {dinerViewer, diner, other.ID},
			"a share that is nowhere": {shopViewer, shop, "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
		} {
			_, _, err := w.Sharing.History(ctx, c.actor, c.app, c.share, models.PageRequest{})
			if !models.IsCode(err, models.CodeNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestMap_ShowsNoShareBetweenPartners(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must(t, w.Sharing.Enable(ctx, kitchenAdmin, kitchen))
		lent := w.lend(t, diner, "shop-1")
		toKitchen := w.lend(t, kitchen, "shop-2")
		between, err := w.Sharing.Share(ctx, kitchenAdmin, kitchen, input(press, "kitchen-1"))
		must(t, err)
		ids := func(actor models.Actor, app string) map[string]string {
			t.Helper()
			m, err := w.Sharing.Map(ctx, actor, app, models.PageRequest{})
			must(t, err)
			out := map[string]string{}
			for _, s := range m.Listed {
				out[s.Share.ID] = s.Through
			}
			if len(m.Listed) != int(m.Total) || len(m.Drawn) != int(m.Total) {
				t.Errorf("%d listed and %d drawn of %d", len(m.Listed), len(m.Drawn), m.Total)
			}
			return out
		}
		same(t, map[string]string{lent.ID: shop, toKitchen.ID: shop}, ids(shopViewer, shop))
		same(t, map[string]string{lent.ID: diner}, ids(dinerViewer, diner))
		same(t, map[string]string{toKitchen.ID: kitchen, between.ID: kitchen}, ids(kitchenAdmin, kitchen))

		// Who is a member of two apps sees both, and opens each share where they can.
		must(t, w.store.Users.SetMembership(ctx, models.Membership{UserID: "shop-viewer", AppID: press, Role: models.RoleViewer}))
		same(t, map[string]string{lent.ID: shop, toKitchen.ID: shop, between.ID: press}, ids(shopViewer, shop))
		m, err := w.Sharing.Map(ctx, shopViewer, shop, models.PageRequest{})
		must(t, err)
		if _, known := m.Apps[stranger]; known || len(m.Apps) != 4 {
			t.Errorf("apps %v", m.Apps)
		}
		_, err = w.Sharing.Map(ctx, outsider, shop, models.PageRequest{})
		wantError(t, err, models.CodeNotFound, "error.not_found")
	})
}

// Two administrators save the same version at the same moment: one wins, the
// others are told, and what is stored is one of the inputs as a whole.
func TestS6_OfEditsAtOnceExactlyOneWins(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		share := w.lend(t, diner, "shop-1")
		other := w.another(t)
		inputs := []models.Permission{models.DatabaseRead, models.DatabaseWrite, models.StorageRead, models.StorageWrite}
		for round := range 5 {
			errs := atOnce(len(inputs), func(i int) error {
				in := with(input(diner), models.NewPermissionSet(inputs[i]), "shop-1", "shop-2")
				in.Note, in.Version = fmt.Sprint(round, " ", i), share.Version
				_, err := []*Sharing{w.Sharing, other.Sharing}[i%2].Share(ctx, shopAdmin, shop, in)
				return err
			})
			winner := -1
			for i, err := range errs {
				if err == nil && winner < 0 {
					winner = i
					continue
				}
				wantError(t, err, models.CodeConflict, "error.share_changed_meanwhile")
			}
			stored, err := w.store.Shares.ByID(ctx, shop, share.ID)
			must(t, err)
			if winner < 0 || stored.Version != share.Version+1 || stored.Note != fmt.Sprint(round, " ", winner) ||
				len(stored.Grants) != 2 || stored.Grants[0].Permissions != models.NewPermissionSet(inputs[winner]) {
				t.Fatalf("round %d, winner %d: %+v", round, winner, stored)
			}
			share = stored
		}
	})
}

func TestUsage_DaysAreWholeAndAddUp(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	share := w.lend(t, diner, "shop-1", "shop-2")
	must(t, w.store.Usage.Add(ctx, []store.UsageDay{
		{EnvironmentID: "shop-1", CallerAppID: diner, Day: "2026-11-22", Calls: 1, Denied: 4}, {EnvironmentID: "shop-2", CallerAppID: diner, Day: "2026-11-22", Calls: 2},
		{EnvironmentID: "shop-1", CallerAppID: diner, Day: "2026-10-24", Calls: 8}, {EnvironmentID: "shop-1", CallerAppID: diner, Day: "2026-10-23", Calls: 16},
	}))
	got, err := w.Sharing.Get(ctx, dinerViewer, diner, share.ID)
	must(t, err)
	same(t, models.ShareUsage{Calls7Days: 3, Calls30Days: 11, Denied7Days: 4}, got.Usage)
	same(t, [2]models.UseDay{{Day: "2026-10-24", Calls: 8}, {Day: "2026-11-22", Calls: 3, Denied: 4}}, [2]models.UseDay{got.Days[0], got.Days[29]})
}
