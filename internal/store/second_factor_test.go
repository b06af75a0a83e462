package store_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func TestSecondFactor(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.Users.Insert(ctx, user("u1", "bob")))
		must(t, s.Users.Insert(ctx, user("u2", "amy")))
		begin := func(f models.SecondFactor) error {
			return s.Tx(ctx, func(tx *store.Store) error { return tx.SecondFactor.Begin(ctx, f) })
		}
		first := models.SecondFactor{UserID: "u1", Secret: []byte{0, 0xff, 1}, CreatedAt: start}
		_, err := s.SecondFactor.ByUser(ctx, "u1")
		wantNotFound(t, err)
		must(t, begin(first))

		t.Run("one that is not confirmed may be begun again", func(t *testing.T) {
			first.Secret, first.CreatedAt = []byte{9, 8, 7}, after(time.Second)
			must(t, begin(first))
			got, err := s.SecondFactor.ByUser(ctx, "u1")
			must(t, err)
			same(t, first, got)
			if got.On() {
				t.Error("on without a code")
			}
			wantNotFound(t, s.SecondFactor.UseStep(ctx, "u1", 100))
		})
		t.Run("confirming turns it on once", func(t *testing.T) {
			must(t, s.SecondFactor.Confirm(ctx, "u1", after(time.Minute), 41))
			first.ConfirmedAt, first.LastStep = pointer(after(time.Minute)), 41
			got, err := s.SecondFactor.ByUser(ctx, "u1")
			must(t, err)
			same(t, first, got)
			wantNotFound(t, s.SecondFactor.Confirm(ctx, "u1", after(time.Hour), 99))
			wantNotFound(t, s.SecondFactor.Confirm(ctx, "u2", after(time.Hour), 99))
			wantCode(t, begin(models.SecondFactor{UserID: "u1", Secret: []byte("x"), CreatedAt: start}), models.CodeConflict, "error.exists")
		})
		t.Run("a step counts once, and none before it", func(t *testing.T) {
			must(t, s.SecondFactor.UseStep(ctx, "u1", 42))
			for _, step := range []int64{42, 41, 1} {
				wantNotFound(t, s.SecondFactor.UseStep(ctx, "u1", step))
			}
			must(t, s.SecondFactor.UseStep(ctx, "u1", 44))
		})
		t.Run("of many at once one uses the step", func(t *testing.T) {
			var wg sync.WaitGroup
			won := make(chan bool, 8)
			for range 8 {
				wg.Go(func() { won <- s.SecondFactor.UseStep(ctx, "u1", 50) == nil })
			}
			wg.Wait()
			close(won)
			n := 0
			for w := range won {
				if w {
					n++
				}
			}
			same(t, 1, n)
		})
		t.Run("deleting takes codes and half-done sign-ins along, of nobody else", func(t *testing.T) {
			must(t, begin(models.SecondFactor{UserID: "u2", Secret: []byte("y"), CreatedAt: start}))
			must(t, s.SecondFactor.ReplaceCodes(ctx, "u1", []string{"a", "b"}))
			must(t, s.SecondFactor.ReplaceCodes(ctx, "u2", []string{"a"}))
			must(t, s.SecondFactor.InsertPending(ctx, models.PendingSignIn{ID: "p1", UserID: "u1", Method: "password", CreatedAt: start, ExpiresAt: after(time.Hour)}))
			must(t, s.SecondFactor.Delete(ctx, "u1"))
			wantNotFound(t, s.SecondFactor.Delete(ctx, "u1"))
			for id, want := range map[string]int64{"u1": 0, "u2": 1} {
				n, err := s.SecondFactor.CountCodes(ctx, id)
				must(t, err)
				same(t, want, n)
			}
			_, err := s.SecondFactor.Pending(ctx, "p1", start)
			wantNotFound(t, err)
			_, err = s.SecondFactor.ByUser(ctx, "u2")
			must(t, err)
		})
	})
}

func TestRecoveryCodes(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.Users.Insert(ctx, user("u1", "bob")))
		must(t, s.Users.Insert(ctx, user("u2", "amy")))
		must(t, s.SecondFactor.ReplaceCodes(ctx, "u1", []string{"a", "b"}))
		must(t, s.SecondFactor.ReplaceCodes(ctx, "u2", []string{"a"}))
		must(t, s.SecondFactor.UseCode(ctx, "u1", "a"))
		wantNotFound(t, s.SecondFactor.UseCode(ctx, "u1", "a"))
		wantNotFound(t, s.SecondFactor.UseCode(ctx, "u2", "b"))
		must(t, s.SecondFactor.ReplaceCodes(ctx, "u1", []string{"c", "d", "e"}))
		wantNotFound(t, s.SecondFactor.UseCode(ctx, "u1", "b"))
		for id, want := range map[string]int64{"u1": 3, "u2": 1, "nobody": 0} {
			n, err := s.SecondFactor.CountCodes(ctx, id)
			must(t, err)
			same(t, want, n)
		}
	})
}

func TestPendingSignIns(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.Users.Insert(ctx, user("u1", "bob")))
		p := models.PendingSignIn{ID: strings.Repeat("a", 64), UserID: "u1", Method: "password", CreatedAt: start, ExpiresAt: after(time.Minute)}
		must(t, s.SecondFactor.InsertPending(ctx, p))
		got, err := s.SecondFactor.Pending(ctx, p.ID, start)
		must(t, err)
		same(t, p, got)

		t.Run("ends at its time", func(t *testing.T) {
			zone := time.FixedZone("", 8*60*60)
			_, err := s.SecondFactor.Pending(ctx, p.ID, after(time.Minute-time.Millisecond).In(zone))
			must(t, err)
			_, err = s.SecondFactor.Pending(ctx, p.ID, after(time.Minute).In(zone))
			wantNotFound(t, err)
		})
		t.Run("tries are counted up to the limit", func(t *testing.T) {
			for range 3 {
				must(t, s.SecondFactor.CountTry(ctx, p.ID, 3))
			}
			wantNotFound(t, s.SecondFactor.CountTry(ctx, p.ID, 3))
			wantNotFound(t, s.SecondFactor.CountTry(ctx, "gone", 3))
			got, err := s.SecondFactor.Pending(ctx, p.ID, start)
			must(t, err)
			same(t, 3, got.Tries)
		})
		t.Run("a new one sweeps those that are over", func(t *testing.T) {
			later := models.PendingSignIn{ID: "later", UserID: "u1", Method: "oidc", CreatedAt: after(time.Minute), ExpiresAt: after(time.Hour)}
			must(t, s.SecondFactor.InsertPending(ctx, later))
			_, err := s.SecondFactor.Pending(ctx, p.ID, start)
			wantNotFound(t, err)
			must(t, s.SecondFactor.DeletePending(ctx, "later"))
			wantNotFound(t, s.SecondFactor.DeletePending(ctx, "later"))
		})
		t.Run("nobody's is refused", func(t *testing.T) {
			err := s.SecondFactor.InsertPending(ctx, models.PendingSignIn{ID: "x", UserID: "nobody", CreatedAt: start, ExpiresAt: after(time.Hour)})
			wantCode(t, err, models.CodeConflict, "error.in_use")
		})
	})
}

func TestSessionsOfAUser(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.Users.Insert(ctx, user("u1", "bob")))
		must(t, s.Users.Insert(ctx, user("u2", "amy")))
		for i, c := range []struct{ id, user string }{{"s1", "u1"}, {"s2", "u1"}, {"s3", "u1"}, {"s4", "u2"}} {
			must(t, s.Sessions.Insert(ctx, models.Session{ID: c.id, UserID: c.user, Data: []byte("x"), IP: "192.0.2.1", UserAgent: "Mozilla",
				CreatedAt: start, LastSeenAt: after(time.Duration(i) * time.Second), ExpiresAt: after(time.Duration(i+1) * time.Hour)}))
		}
		ids := func(userID string, now time.Time) []string {
			t.Helper()
			list, err := s.Sessions.OfUser(ctx, userID, now)
			must(t, err)
			out := []string{}
			for _, one := range list {
				out = append(out, one.ID)
			}
			return out
		}
		list, err := s.Sessions.OfUser(ctx, "u1", start)
		must(t, err)
		same(t, models.Session{ID: "s3", UserID: "u1", IP: "192.0.2.1", UserAgent: "Mozilla", CreatedAt: start, LastSeenAt: after(2 * time.Second), ExpiresAt: after(3 * time.Hour)}, list[0])
		same(t, []string{"s3", "s2", "s1"}, ids("u1", start))
		same(t, []string{"s3", "s2"}, ids("u1", after(time.Hour).In(time.FixedZone("", 8*60*60))))

		wantNotFound(t, s.Sessions.DeleteOne(ctx, "u1", "s4"))
		must(t, s.Sessions.DeleteOne(ctx, "u1", "s1"))
		wantNotFound(t, s.Sessions.DeleteOne(ctx, "u1", "s1"))
		n, err := s.Sessions.DeleteOthers(ctx, "u1", "s3")
		must(t, err)
		same(t, int64(1), n)
		same(t, []string{"s3"}, ids("u1", start))
		same(t, []string{"s4"}, ids("u2", start))
	})
}

func TestExternalAccounts(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.Users.Insert(ctx, user("u1", "bob")))
		must(t, s.Users.Insert(ctx, user("u2", "amy")))
		account := models.ExternalAccount{Issuer: "https://id.example.com", Subject: "s-1", UserID: "u1", Name: "bob@example.com", CreatedAt: start}
		must(t, s.External.Insert(ctx, account))
		for name, get := range map[string]func() (models.ExternalAccount, error){
			"by account": func() (models.ExternalAccount, error) { return s.External.ByAccount(ctx, account.Issuer, "s-1") },
			"of a user":  func() (models.ExternalAccount, error) { return s.External.OfUser(ctx, "u1", account.Issuer) },
		} {
			got, err := get()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			same(t, account, got)
		}
		t.Run("one per user and issuer, one user per account", func(t *testing.T) {
			second := account
			second.Subject = "s-2"
			wantCode(t, s.External.Insert(ctx, second), models.CodeConflict, "error.exists")
			second = account
			second.UserID = "u2"
			wantCode(t, s.External.Insert(ctx, second), models.CodeConflict, "error.exists")
			other := models.ExternalAccount{Issuer: "https://other.example.com", Subject: "s-1", UserID: "u2", Name: strings.Repeat("名", 300), CreatedAt: start}
			must(t, s.External.Insert(ctx, other))
		})
		t.Run("another issuer's subject is somebody else", func(t *testing.T) {
			got, err := s.External.ByAccount(ctx, "https://other.example.com", "s-1")
			must(t, err)
			same(t, "u2", got.UserID)
			_, err = s.External.ByAccount(ctx, "https://id.example.com/", "s-1")
			wantNotFound(t, err)
			_, err = s.External.ByAccount(ctx, account.Issuer, "S-1")
			wantNotFound(t, err)
		})
		t.Run("use is noted", func(t *testing.T) {
			account.Name = "bob"
			must(t, s.External.Used(ctx, account, after(time.Hour)))
			account.LastUsedAt = pointer(after(time.Hour))
			got, err := s.External.OfUser(ctx, "u1", account.Issuer)
			must(t, err)
			same(t, account, got)
		})
		t.Run("ending", func(t *testing.T) {
			wantNotFound(t, s.External.Delete(ctx, "u2", account.Issuer))
			must(t, s.External.Delete(ctx, "u1", account.Issuer))
			_, err := s.External.ByAccount(ctx, account.Issuer, "s-1")
			wantNotFound(t, err)
		})
	})
}
