package store_test

import (
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func TestClients(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		login := func(id, person string, at time.Duration) models.ClientSession {
			c := models.ClientSession{ID: id, AppID: dinerID, OpenID: person, UnionID: "u-" + person, Scope: "snsapi_base", CreatedAt: after(at), AccessUntil: after(at + time.Hour), RefreshUntil: after(at + 24*time.Hour)}
			must(t, s.Tx(ctx, func(tx *store.Store) error { return tx.Clients.InsertSession(ctx, c, 2) }))
			return c
		}
		login("s1", "ming", 0)
		second := login("s2", "ming", time.Minute)
		third := login("s3", "ming", 2*time.Minute)
		other := login("s4", "hong", 0)
		t.Run("the oldest logins beyond what is kept end", func(t *testing.T) {
			_, err := s.Clients.Session(ctx, "s1")
			wantNotFound(t, err)
			for _, want := range []models.ClientSession{second, third, other} {
				got, err := s.Clients.Session(ctx, want.ID)
				must(t, err)
				same(t, want, got)
			}
		})
		must(t, s.Clients.Extend(ctx, "s2", after(9*time.Hour)))
		wantNotFound(t, s.Clients.Extend(ctx, "s1", after(9*time.Hour)))
		extended, err := s.Clients.Session(ctx, "s2")
		must(t, err)
		same(t, after(9*time.Hour), extended.AccessUntil)

		verdict := models.Verdict{AppID: dinerID, OpenID: "ming", EnvironmentID: "shop-1", GrantID: "g1", Custom: `{"a":1}`, ExpiresAt: after(time.Hour)}
		must(t, s.Clients.SaveVerdict(ctx, verdict))
		verdict.GrantID, verdict.Custom = "g2", ""
		must(t, s.Clients.SaveVerdict(ctx, verdict))
		got, err := s.Clients.Verdict(ctx, dinerID, "ming", "shop-1")
		must(t, err)
		same(t, verdict, got)
		for _, none := range [][3]string{{dinerID, "hong", "shop-1"}, {kitchenID, "ming", "shop-1"}, {dinerID, "ming", "shop-2"}} {
			_, err := s.Clients.Verdict(ctx, none[0], none[1], none[2])
			wantNotFound(t, err)
		}

		seen := models.Visitor{EnvironmentID: "shop-1", AppID: dinerID, OpenID: "ming", UnionID: "u", FirstSeenAt: start, LastSeenAt: start}
		must(t, s.Clients.See(ctx, seen))
		seen.FirstSeenAt, seen.LastSeenAt = after(time.Hour), after(time.Hour)
		must(t, s.Clients.See(ctx, seen))
		list, total, err := s.Clients.Visitors(ctx, store.VisitorFilter{EnvironmentID: "shop-1"}, models.PageRequest{})
		must(t, err)
		seen.FirstSeenAt, seen.Visits = start, 2
		same(t, []models.Visitor{seen}, list)
		same(t, int64(1), total)

		t.Run("what is over is dropped", func(t *testing.T) {
			must(t, s.Clients.DropEnded(ctx, after(24*time.Hour)))
			_, err := s.Clients.Session(ctx, "s4")
			wantNotFound(t, err)
			_, err = s.Clients.Session(ctx, "s2")
			must(t, err)
			_, err = s.Clients.Verdict(ctx, dinerID, "ming", "shop-1")
			wantNotFound(t, err)
		})
		t.Run("signing out forgets the person in the app", func(t *testing.T) {
			must(t, s.Clients.SaveVerdict(ctx, verdict))
			must(t, s.Clients.SaveVerdict(ctx, models.Verdict{AppID: kitchenID, OpenID: "ming", EnvironmentID: "shop-1", ExpiresAt: after(time.Hour)}))
			must(t, s.Tx(ctx, func(tx *store.Store) error { return tx.Clients.SignOut(ctx, dinerID, "ming") }))
			n, err := s.Clients.CountSessions(ctx, dinerID)
			must(t, err)
			same(t, int64(0), n)
			_, err = s.Clients.Verdict(ctx, dinerID, "ming", "shop-1")
			wantNotFound(t, err)
			_, err = s.Clients.Verdict(ctx, kitchenID, "ming", "shop-1")
			must(t, err)
		})
	})
}
