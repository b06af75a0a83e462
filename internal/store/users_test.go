package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func TestUsers(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		bob := models.User{ID: "u1", Username: "bob", PasswordHash: "$argon2id$x", Operator: true, Language: "en", CreatedAt: start, UpdatedAt: after(time.Second)}
		must(t, s.Users.Insert(ctx, bob))
		must(t, s.Users.Insert(ctx, user("u2", "amy")))

		t.Run("every column comes back", func(t *testing.T) {
			byID, err := s.Users.ByID(ctx, "u1")
			must(t, err)
			same(t, bob, byID)
			byName, err := s.Users.ByUsername(ctx, "bob")
			must(t, err)
			same(t, bob, byName)
			n, err := s.Users.Count(ctx)
			must(t, err)
			same(t, int64(2), n)
		})
		t.Run("refusals", func(t *testing.T) {
			wantCode(t, s.Users.Insert(ctx, user("u3", "bob")), models.CodeConflict, "error.exists")
			wantCode(t, s.Users.Insert(ctx, user("u1", "eve")), models.CodeConflict, "error.exists")
			wantNotFound(t, s.Users.Update(ctx, user("u3", "eve")))
			_, err := s.Users.ByID(ctx, "u3")
			wantNotFound(t, err)
			_, err = s.Users.ByUsername(ctx, "Bob")
			wantNotFound(t, err)
		})
		t.Run("an update leaves name and creation alone", func(t *testing.T) {
			must(t, s.Users.Update(ctx, models.User{ID: "u1", Username: "eve", PasswordHash: "new", CreatedAt: after(time.Hour), UpdatedAt: after(time.Minute)}))
			bob.PasswordHash, bob.Operator, bob.Language, bob.UpdatedAt = "new", false, "", after(time.Minute)
			got, err := s.Users.ByID(ctx, "u1")
			must(t, err)
			same(t, bob, got)
		})
	})
}

func TestMemberships(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		must(t, s.Users.Insert(ctx, user("u1", "bob")))
		must(t, s.Users.Insert(ctx, user("u2", "amy")))
		role := func(userID, appID string) models.Role {
			t.Helper()
			r, err := s.Users.Role(ctx, userID, appID)
			must(t, err)
			return r
		}
		for _, r := range []models.Role{models.RoleViewer, models.RoleAdmin, models.RoleDeveloper} {
			must(t, s.Users.SetMembership(ctx, models.Membership{UserID: "u1", AppID: shopID, Role: r}))
			same(t, r, role("u1", shopID))
		}
		must(t, s.Users.SetMembership(ctx, models.Membership{UserID: "u1", AppID: dinerID, Role: models.RoleAdmin}))
		must(t, s.Users.SetMembership(ctx, models.Membership{UserID: "u2", AppID: shopID, Role: models.RoleViewer}))
		same(t, models.RoleNone, role("u2", dinerID))
		same(t, models.RoleNone, role("nobody", shopID))
		all, err := s.Users.Memberships(ctx, "u1")
		must(t, err)
		same(t, map[string]models.Role{shopID: models.RoleDeveloper, dinerID: models.RoleAdmin}, all)

		t.Run("taking one away leaves the others", func(t *testing.T) {
			must(t, s.Users.RemoveMembership(ctx, "u1", shopID))
			must(t, s.Users.RemoveMembership(ctx, "u1", shopID))
			same(t, models.RoleNone, role("u1", shopID))
			same(t, models.RoleAdmin, role("u1", dinerID))
			same(t, models.RoleViewer, role("u2", shopID))
		})
		t.Run("unknown user or app", func(t *testing.T) {
			for _, m := range []models.Membership{{UserID: "nobody", AppID: shopID, Role: models.RoleViewer}, {UserID: "u1", AppID: "wx00000000000000ff", Role: models.RoleViewer}} {
				wantCode(t, s.Users.SetMembership(ctx, m), models.CodeConflict, "error.in_use")
			}
		})
	})
}

func TestSessions(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.Users.Insert(ctx, user("u1", "bob")))
		must(t, s.Users.Insert(ctx, user("u2", "amy")))
		session := func(id, userID string, end time.Time) models.Session {
			return models.Session{ID: id, UserID: userID, Data: []byte{0, 0xff, 'a'}, IP: "2001:db8::1", UserAgent: "Mozilla/5.0",
				CreatedAt: start, LastSeenAt: after(time.Second), ExpiresAt: end}
		}
		first := session("s1", "u1", after(time.Hour))
		must(t, s.Sessions.Insert(ctx, first))
		must(t, s.Sessions.Insert(ctx, session("s2", "u1", after(2*time.Hour))))
		must(t, s.Sessions.Insert(ctx, session("s3", "u2", after(time.Hour))))
		lives := func(id string, now time.Time) bool {
			t.Helper()
			_, err := s.Sessions.ByID(ctx, id, now)
			if err != nil {
				wantNotFound(t, err)
			}
			return err == nil
		}

		t.Run("every column comes back until the end", func(t *testing.T) {
			got, err := s.Sessions.ByID(ctx, "s1", after(time.Hour-time.Millisecond))
			must(t, err)
			same(t, first, got)
			if lives("s1", after(time.Hour)) || lives("s1", after(time.Hour+time.Millisecond)) || lives("gone", start) {
				t.Fatal("a session lives on")
			}
		})
		t.Run("the zone of the clock does not matter", func(t *testing.T) {
			for _, hours := range []int{-11, 8} {
				zone := time.FixedZone("", hours*60*60)
				if !lives("s1", after(time.Hour-time.Millisecond).In(zone)) || lives("s1", after(time.Hour).In(zone)) {
					t.Fatalf("in a zone %d hours off it ends at another time", hours)
				}
			}
		})
		t.Run("an update replaces data and times alone", func(t *testing.T) {
			again := models.Session{ID: "s1", UserID: "u2", Data: []byte{}, IP: "x", UserAgent: "x", CreatedAt: after(1), LastSeenAt: after(time.Minute), ExpiresAt: after(3 * time.Hour)}
			must(t, s.Sessions.Update(ctx, again))
			first.Data, first.LastSeenAt, first.ExpiresAt = again.Data, again.LastSeenAt, again.ExpiresAt
			got, err := s.Sessions.ByID(ctx, "s1", start)
			must(t, err)
			same(t, first, got)
		})
		t.Run("refusals", func(t *testing.T) {
			wantCode(t, s.Sessions.Insert(ctx, session("s9", "nobody", start)), models.CodeConflict, "error.in_use")
			wantCode(t, s.Sessions.Insert(ctx, session("s1", "u1", start)), models.CodeConflict, "error.exists")
		})
		t.Run("a user agent of any length and bytes", func(t *testing.T) {
			odd := session("s4", "u2", after(time.Hour))
			odd.UserAgent = "a\xff" + strings.Repeat("é", 300)
			must(t, s.Sessions.Insert(ctx, odd))
			odd.UserAgent = "a\uFFFD" + strings.Repeat("é", 253)
			got, err := s.Sessions.ByID(ctx, "s4", start)
			must(t, err)
			same(t, odd, got)
			must(t, s.Sessions.Delete(ctx, "s4"))
		})
		t.Run("what ended is swept", func(t *testing.T) {
			must(t, s.Sessions.DeleteExpired(ctx, after(time.Hour).In(time.FixedZone("", 8*60*60))))
			if !lives("s1", start) || !lives("s2", start) || lives("s3", start) {
				t.Fatal("the sweep took the wrong ones")
			}
		})
		t.Run("ending", func(t *testing.T) {
			must(t, s.Sessions.Insert(ctx, session("s3", "u2", after(time.Hour))))
			must(t, s.Sessions.Delete(ctx, "s2"))
			must(t, s.Sessions.Delete(ctx, "s2"))
			if lives("s2", start) || !lives("s1", start) {
				t.Fatal("the wrong session ended")
			}
			must(t, s.Sessions.DeleteOfUser(ctx, "u1"))
			if lives("s1", start) || !lives("s3", start) {
				t.Fatal("the wrong user was signed out")
			}
		})
	})
}

func TestDeletingTakesAlongWhatBelongs(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		s, ctx := d.migrated(t), t.Context()
		populate(t, s)
		must(t, s.Users.Insert(ctx, user("u1", "bob")))
		must(t, s.Users.SetMembership(ctx, models.Membership{UserID: "u1", AppID: shopID, Role: models.RoleAdmin}))
		must(t, s.Sessions.Insert(ctx, models.Session{ID: "s1", UserID: "u1", Data: []byte("x"), CreatedAt: start, LastSeenAt: start, ExpiresAt: after(time.Hour)}))
		must(t, s.Shares.Insert(ctx, share("s1", shopID, dinerID, "shop-1", "shop-2")))
		must(t, s.Functions.Insert(ctx, function("f1", "shop-1", "hello")))
		must(t, s.Functions.InsertVersion(ctx, version("v1", "f1", 1), []byte("zip"), nil))

		raw := d.raw(t)
		if d.dialect == "sqlite" {
			raw.SetMaxOpenConns(1)
			_, err := raw.ExecContext(ctx, "PRAGMA foreign_keys = on")
			must(t, err)
		}
		for _, table := range []string{"apps", "environments", "principals"} {
			if _, err := raw.ExecContext(ctx, "DELETE FROM "+table); err == nil {
				t.Fatalf("%s that are in use were deleted", table)
			}
		}
		must(t, s.Shares.Delete(ctx, "s1"))
		must(t, s.Functions.Delete(ctx, "f1"))
		_, err := raw.ExecContext(ctx, "DELETE FROM users")
		must(t, err)
		for _, table := range []string{"grants", "function_versions", "function_archives", "memberships", "sessions"} {
			var n int
			must(t, raw.QueryRowContext(ctx, fmt.Sprintf("SELECT COUNT(*) FROM %s", table)).Scan(&n))
			if n != 0 {
				t.Errorf("%s keeps %d rows", table, n)
			}
		}
	})
}
