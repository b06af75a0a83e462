package store_test

import (
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func denial(env, key, caller string, at time.Time) models.Denial {
	return models.Denial{
		EnvironmentID: env, Day: at.Format(time.DateOnly), Key: key, CallerAppID: caller, Plane: models.PlaneClient, EndUser: true,
		Operation: "database.read", Resource: "todos", Code: models.CodeRuleDenied, MsgKey: "call.rule_denied", MsgArgs: `{"collection":"todos"}`,
		Count: 2, FirstAt: at, LastAt: at.Add(time.Second),
	}
}

func TestDenials_AddUpAndComeBack(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		populate(t, s)
		ctx := t.Context()
		first := denial("shop-1", "k1", dinerID, start)
		must(t, s.Denials.Add(ctx, []models.Denial{first, denial("shop-1", "k2", "", after(-time.Hour)), denial("gone", "k1", dinerID, start)}))
		earlier := denial("shop-1", "k1", dinerID, start)
		earlier.FirstAt, earlier.LastAt, earlier.Count = after(-time.Minute), after(-time.Second), 5
		must(t, s.Denials.Add(ctx, []models.Denial{earlier}))

		list, total, err := s.Denials.List(ctx, store.DenialSearch{AppID: shopID}, models.PageRequest{Size: 1})
		must(t, err)
		same(t, int64(2), total)
		want := first
		want.Count, want.FirstAt = 7, earlier.FirstAt
		same(t, []models.Denial{want}, list)
		for name, c := range map[string]struct {
			app    string
			filter models.DenialFilter
			want   int64
		}{
			"a caller": {shopID, models.DenialFilter{EnvironmentID: "shop-1", CallerAppID: dinerID}, 1}, "a code": {shopID, models.DenialFilter{Code: models.CodeRuleDenied}, 2},
			"another code": {shopID, models.DenialFilter{Code: models.CodeEnvUnknown}, 0}, "another environment": {shopID, models.DenialFilter{EnvironmentID: "shop-2"}, 0},
			"another app's": {kitchenID, models.DenialFilter{EnvironmentID: "shop-1"}, 0}, "not lent": {dinerID, models.DenialFilter{Borrowed: true}, 0},
			"another owner": {shopID, models.DenialFilter{OwnerAppID: kitchenID}, 0}, "nobody's": {"", models.DenialFilter{}, 0},
		} {
			if _, n, err := s.Denials.List(ctx, store.DenialSearch{AppID: c.app, Filter: c.filter}, models.PageRequest{}); err != nil || n != c.want {
				t.Errorf("%s: %d, %v", name, n, err)
			}
		}
		must(t, s.Shares.Insert(ctx, share("s1", shopID, dinerID, "shop-1")))
		for owner, want := range map[string]int64{"": 2, shopID: 2, kitchenID: 0} {
			_, n, err := s.Denials.List(ctx, store.DenialSearch{AppID: dinerID, Filter: models.DenialFilter{Borrowed: true, OwnerAppID: owner}}, models.PageRequest{})
			must(t, err)
			same(t, want, n)
		}
		callers, err := s.Denials.Callers(ctx, store.DenialSearch{AppID: shopID}, 10)
		must(t, err)
		same(t, []string{dinerID}, callers)
		keys, err := s.Denials.Keys(ctx, "shop-1", start.Format(time.DateOnly), 10)
		must(t, err)
		same(t, 2, len(keys))
	})
}

func TestDenials_LongTextsFitAndOldDaysGo(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		populate(t, s)
		ctx := t.Context()
		long := denial("shop-1", "k1", dinerID, start)
		long.Resource, long.MsgArgs = strings.Repeat("集\x00", 500), strings.Repeat("x", 5000)
		must(t, s.Denials.Add(ctx, []models.Denial{long, denial("shop-1", "old", dinerID, after(-40*24*time.Hour))}))
		must(t, s.Denials.DeleteBefore(ctx, after(-30*24*time.Hour)))
		list, total, err := s.Denials.List(ctx, store.DenialSearch{AppID: shopID}, models.PageRequest{})
		must(t, err)
		if total != 1 || list[0].Key != "k1" || len([]rune(list[0].Resource)) != 200 {
			t.Errorf("%d: %+v", total, list)
		}
	})
}
