package store_test

import (
	"fmt"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// stock stores shares of every state: kitchen lends to seven apps, of which one
// lends to it.
func stock(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	populate(t, s)
	read := models.NewPermissionSet(models.DatabaseRead)
	for i, c := range []struct {
		name, note    string
		until, paused *time.Time
		permissions   models.PermissionSet
		environment   string
	}{
		{"Alpha", "100% off", nil, nil, models.AllPermissions, "kitchen-1"},
		{"beta", "", pointer(after(3 * 24 * time.Hour)), nil, read, "kitchen-1"},
		{"Gamma_ray", "", pointer(after(30 * 24 * time.Hour)), nil, read, "kitchen-2"},
		{"甲", "双十一", nil, pointer(start), read, "kitchen-2"},
		{"epsilon", "", pointer(after(time.Hour)), pointer(start), read, "kitchen-1"},
		{"zeta", "", pointer(after(-time.Hour)), nil, read, "kitchen-1"},
		{"eta", "", pointer(start), pointer(start), models.AllPermissions, "kitchen-2"}, // its end is now
	} {
		app := fmt.Sprintf("wx%016x", 0xa0+i)
		must(t, s.Apps.Insert(ctx, models.App{AppID: app, Name: c.name, Kind: models.MiniProgram, PrincipalID: "acme", CreatedAt: start}))
		one := share(c.name, kitchenID, app, c.environment)
		one.Note, one.Until, one.PausedAt, one.CreatedAt = c.note, c.until, c.paused, after(time.Duration(i)*time.Minute)
		one.Grants[0].Permissions = c.permissions
		must(t, s.Shares.Insert(ctx, one))
	}
	must(t, s.Shares.Insert(ctx, share("back", shopID, kitchenID, "shop-1")))
	must(t, s.Usage.Add(ctx, []store.UsageDay{
		{EnvironmentID: "kitchen-1", CallerAppID: "wx00000000000000a1", Day: "2026-11-22", Calls: 5, Denied: 1, LastAt: pointer(start)},
		{EnvironmentID: "kitchen-1", CallerAppID: "wx00000000000000a0", Day: "2026-11-21", Calls: 9},
		{EnvironmentID: "kitchen-1", CallerAppID: "wx00000000000000a4", Day: "2026-11-01", Calls: 100},  // before the week
		{EnvironmentID: "kitchen-2", CallerAppID: "wx00000000000000a0", Day: "2026-11-22", Calls: 1000}, // not through its share
		{EnvironmentID: "shop-1", CallerAppID: kitchenID, Day: "2026-11-22", Calls: 2, Denied: 3},
	}))
}

func TestShares_FindAndCountAgree(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		stock(t, s)
		for name, c := range map[string]struct {
			filter models.ShareFilter
			want   []string
			counts models.ShareCounts
		}{
			"all, newest first":               {models.ShareFilter{}, []string{"eta", "zeta", "epsilon", "甲", "Gamma_ray", "beta", "Alpha"}, models.ShareCounts{All: 7, Active: 3, Ending: 1, Paused: 2, Expired: 2}},
			"active":                          {models.ShareFilter{State: models.ListActive}, []string{"Gamma_ray", "beta", "Alpha"}, models.ShareCounts{All: 7, Active: 3, Ending: 1, Paused: 2, Expired: 2}},
			"ending":                          {models.ShareFilter{State: models.ListEnding}, []string{"beta"}, models.ShareCounts{All: 7, Active: 3, Ending: 1, Paused: 2, Expired: 2}},
			"paused":                          {models.ShareFilter{State: models.ListPaused}, []string{"epsilon", "甲"}, models.ShareCounts{All: 7, Active: 3, Ending: 1, Paused: 2, Expired: 2}},
			"expired, also paused ones":       {models.ShareFilter{State: models.ListExpired}, []string{"eta", "zeta"}, models.ShareCounts{All: 7, Active: 3, Ending: 1, Paused: 2, Expired: 2}},
			"by name, whatever its case":      {models.ShareFilter{Text: "ALPHA"}, []string{"Alpha"}, models.ShareCounts{All: 1, Active: 1}},
			"by a Chinese name":               {models.ShareFilter{Text: "甲"}, []string{"甲"}, models.ShareCounts{All: 1, Paused: 1}},
			"by note":                         {models.ShareFilter{Text: "十一"}, []string{"甲"}, models.ShareCounts{All: 1, Paused: 1}},
			"by AppID":                        {models.ShareFilter{Text: "WX00000000000000a1"}, []string{"beta"}, models.ShareCounts{All: 1, Active: 1, Ending: 1}},
			"a percent sign is itself":        {models.ShareFilter{Text: "0%"}, []string{"Alpha"}, models.ShareCounts{All: 1, Active: 1}},
			"an underscore is itself":         {models.ShareFilter{Text: "_"}, []string{"Gamma_ray"}, models.ShareCounts{All: 1, Active: 1}},
			"a backslash is itself":           {models.ShareFilter{Text: `\`}, nil, models.ShareCounts{}},
			"a quote is itself":               {models.ShareFilter{Text: `' OR 1=1 --`}, nil, models.ShareCounts{}},
			"environment":                     {models.ShareFilter{EnvironmentID: "kitchen-2"}, []string{"eta", "甲", "Gamma_ray"}, models.ShareCounts{All: 3, Active: 1, Paused: 1, Expired: 1}},
			"permission":                      {models.ShareFilter{Permission: models.FunctionsInvoke}, []string{"eta", "Alpha"}, models.ShareCounts{All: 2, Active: 1, Expired: 1}},
			"permission in an environment":    {models.ShareFilter{Permission: models.FunctionsInvoke, EnvironmentID: "kitchen-1"}, []string{"Alpha"}, models.ShareCounts{All: 1, Active: 1}},
			"all at once":                     {models.ShareFilter{Text: "eta", State: models.ListExpired, EnvironmentID: "kitchen-1", Permission: models.DatabaseRead}, []string{"zeta"}, models.ShareCounts{All: 2, Active: 1, Ending: 1, Expired: 1}},
			"most calls of the week first":    {models.ShareFilter{Sort: models.SortCalls}, []string{"Alpha", "beta", "eta", "zeta", "epsilon", "甲", "Gamma_ray"}, models.ShareCounts{All: 7, Active: 3, Ending: 1, Paused: 2, Expired: 2}},
			"the first to end first":          {models.ShareFilter{Sort: models.SortEnding}, []string{"zeta", "eta", "epsilon", "beta", "Gamma_ray", "甲", "Alpha"}, models.ShareCounts{All: 7, Active: 3, Ending: 1, Paused: 2, Expired: 2}},
			"by name, those with one word":    {models.ShareFilter{Sort: models.SortName, Text: "eta"}, []string{"beta", "eta", "zeta"}, models.ShareCounts{All: 3, Active: 1, Ending: 1, Expired: 2}},
			"a text that only the owner has":  {models.ShareFilter{Text: kitchenID}, nil, models.ShareCounts{}},
			"an environment that is not lent": {models.ShareFilter{EnvironmentID: "shop-1"}, nil, models.ShareCounts{}},
		} {
			t.Run(name, func(t *testing.T) {
				q := store.ShareSearch{AppID: kitchenID, Filter: c.filter, Now: start, Week: "2026-11-16"}
				found, err := s.Shares.Find(t.Context(), q, models.PageRequest{})
				must(t, err)
				var ids []string
				for _, one := range found {
					ids = append(ids, one.ID)
					if len(one.Grants) != 1 {
						t.Errorf("%s has %d grants", one.ID, len(one.Grants))
					}
				}
				same(t, c.want, ids)
				counts, err := s.Shares.Count(t.Context(), q)
				must(t, err)
				same(t, c.counts, counts)
			})
		}
		t.Run("the other direction, page by page", func(t *testing.T) {
			q := store.ShareSearch{AppID: kitchenID, Incoming: true, Filter: models.ShareFilter{Text: "app " + shopID}, Now: start}
			found, err := s.Shares.Find(t.Context(), q, models.PageRequest{Page: 1, Size: 1})
			must(t, err)
			if len(found) != 1 || found[0].ID != "back" {
				t.Errorf("found %v", found)
			}
			found, err = s.Shares.Find(t.Context(), q, models.PageRequest{Page: 2, Size: 1})
			must(t, err)
			same(t, 0, len(found))
		})
	})
}

func TestUsage_CountsWhatWentThroughShares(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		stock(t, s)
		for incoming, want := range map[bool]store.SharedUse{false: {Calls: 14, Denied: 1}, true: {Calls: 2, Denied: 3}} {
			used, err := s.Usage.SharedCalls(ctx, kitchenID, incoming, "2026-11-09", "2026-11-16")
			must(t, err)
			same(t, want, used)
		}
		used, err := s.Usage.SharedCalls(ctx, kitchenID, false, "2026-11-16", "2026-11-22")
		must(t, err)
		same(t, store.SharedUse{Calls: 5, Denied: 1, Before: 9}, used)
		days, err := s.Usage.OfShares(ctx, "2026-11-16", []string{"Alpha", "beta", "epsilon"})
		must(t, err)
		same(t, []store.ShareDay{
			{ShareID: "Alpha", EnvironmentID: "kitchen-1", Day: "2026-11-21", Calls: 9}, {ShareID: "beta", EnvironmentID: "kitchen-1", Day: "2026-11-22", Calls: 5, Denied: 1, LastAt: pointer(start)},
		}, days)
		outgoing, incoming, err := s.Shares.Totals(ctx, kitchenID)
		must(t, err)
		same(t, [2]int64{7, 1}, [2]int64{outgoing, incoming})
	})
}

func TestShares_TouchingFindsBothSidesAndNoMore(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		stock(t, s)
		ids := func(list []models.Share, err error) []string {
			t.Helper()
			must(t, err)
			var out []string
			for _, one := range list {
				out = append(out, one.ID)
			}
			return out
		}
		few := []string{shopID, "wx00000000000000a3"}
		same(t, []string{"back", "甲"}, ids(s.Shares.Touching(ctx, few, 0, 10)))
		same(t, []string{"甲"}, ids(s.Shares.Touching(ctx, few, 1, 10)))
		same(t, []string(nil), ids(s.Shares.Among(ctx, few, 0, 10)))
		both := []string{shopID, kitchenID}
		same(t, []string{"back"}, ids(s.Shares.Among(ctx, both, 0, 10)))
		lent, borrowed, total, err := s.Shares.CountTouching(ctx, both)
		must(t, err)
		same(t, map[string]int64{kitchenID: 7}, lent)
		same(t, map[string]int64{}, borrowed)
		same(t, int64(8), total)
		lent, borrowed, total, err = s.Shares.CountTouching(ctx, few)
		must(t, err)
		same(t, map[string]int64{shopID: 1}, lent)
		same(t, map[string]int64{"wx00000000000000a3": 1}, borrowed)
		same(t, int64(2), total)
	})
}
