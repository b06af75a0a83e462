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

		list, total, err := s.Denials.List(ctx, []string{"shop-1", "gone"}, "", "", models.PageRequest{Size: 1})
		must(t, err)
		same(t, int64(2), total)
		want := first
		want.Count, want.FirstAt = 7, earlier.FirstAt
		same(t, []models.Denial{want}, list)
		for name, c := range map[string]struct {
			envs   []string
			caller string
			code   models.Code
			want   int64
		}{
			"a caller": {[]string{"shop-1"}, dinerID, "", 1}, "a code": {[]string{"shop-1"}, "", models.CodeRuleDenied, 2},
			"another code": {[]string{"shop-1"}, "", models.CodeEnvUnknown, 0}, "another environment": {[]string{"shop-2"}, "", "", 0}, "none": {nil, "", "", 0},
		} {
			if _, n, err := s.Denials.List(ctx, c.envs, c.caller, c.code, models.PageRequest{}); err != nil || n != c.want {
				t.Errorf("%s: %d, %v", name, n, err)
			}
		}
		callers, err := s.Denials.Callers(ctx, []string{"shop-1"}, 10)
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
		list, total, err := s.Denials.List(ctx, []string{"shop-1"}, "", "", models.PageRequest{})
		must(t, err)
		if total != 1 || list[0].Key != "k1" || len([]rune(list[0].Resource)) != 200 {
			t.Errorf("%d: %+v", total, list)
		}
	})
}
