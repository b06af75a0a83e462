package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func TestAudit(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		var newestFirst []models.AuditEvent
		for i := range 5 {
			e := models.AuditEvent{
				ID: fmt.Sprint("e", i), At: after(time.Duration(i/2) * time.Millisecond), ActorID: "u1", ActorName: "bob", Via: "console", IP: "::1",
				RequestID: "r1", Action: models.AuditShareCreated, AppID: shopID, OtherAppID: dinerID, EnvironmentID: "shop-1",
				Subject: "s1", Before: `{"note":"前"}`, After: `{"note":"后"}`,
			}
			must(t, s.Audit.Insert(ctx, e))
			newestFirst = append([]models.AuditEvent{e}, newestFirst...)
		}
		must(t, s.Audit.Insert(ctx, models.AuditEvent{ID: "e9", At: start, Action: models.AuditUserCreated}))

		t.Run("S14 both sides read every column, newest first", func(t *testing.T) {
			for _, app := range []string{shopID, dinerID} {
				for page, want := range [][]models.AuditEvent{newestFirst[:2], newestFirst[2:4], newestFirst[4:], {}} {
					list, total, err := s.Audit.List(ctx, app, models.PageRequest{Page: page + 1, Size: 2})
					must(t, err)
					same(t, int64(5), total)
					same(t, want, list)
				}
			}
		})
		t.Run("a third app reads nothing", func(t *testing.T) {
			list, total, err := s.Audit.List(ctx, kitchenID, models.PageRequest{})
			must(t, err)
			same(t, int64(0), total)
			same(t, []models.AuditEvent{}, list)
		})
		t.Run("an event is never replaced", func(t *testing.T) {
			wantCode(t, s.Audit.Insert(ctx, models.AuditEvent{ID: "e0", At: start}), models.CodeConflict, "error.exists")
		})
		t.Run("what strangers typed is recorded as far as it fits", func(t *testing.T) {
			must(t, s.Audit.Insert(ctx, models.AuditEvent{ID: "e8", At: start, AppID: kitchenID, ActorName: strings.Repeat("名", 70), Subject: "a\x00\xffb" + strings.Repeat("x", 200)}))
			list, _, err := s.Audit.List(ctx, kitchenID, models.PageRequest{})
			must(t, err)
			same(t, strings.Repeat("名", 64), list[0].ActorName)
			same(t, "a\uFFFD\uFFFDb"+strings.Repeat("x", 124), list[0].Subject)
		})
	})
}

func TestCredentials(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		c := models.Credential{ID: "c1", AppID: shopID, EnvironmentID: "shop-1", IssuedBy: "bob", CreatedAt: start, ExpiresAt: after(time.Hour)}
		must(t, s.Credentials.Insert(ctx, c))
		must(t, s.Credentials.Insert(ctx, models.Credential{ID: "c2", AppID: shopID, EnvironmentID: "shop-1", CreatedAt: start, ExpiresAt: start}))
		got, err := s.Credentials.ByID(ctx, "c1")
		must(t, err)
		same(t, c, got)

		must(t, s.Credentials.Revoke(ctx, "c1", after(time.Minute)))
		wantNotFound(t, s.Credentials.Revoke(ctx, "c1", after(time.Hour)))
		c.RevokedAt = pointer(after(time.Minute))
		got, err = s.Credentials.ByID(ctx, "c1")
		must(t, err)
		same(t, c, got)
		other, err := s.Credentials.ByID(ctx, "c2")
		must(t, err)
		same(t, (*time.Time)(nil), other.RevokedAt)

		wantNotFound(t, s.Credentials.Revoke(ctx, "gone", start))
		_, err = s.Credentials.ByID(ctx, "gone")
		wantNotFound(t, err)
		wantCode(t, s.Credentials.Insert(ctx, c), models.CodeConflict, "error.exists")
		c.ID, c.EnvironmentID = "c3", "gone"
		wantCode(t, s.Credentials.Insert(ctx, c), models.CodeConflict, "error.in_use")
	})
}

func TestSettings(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		get := func(want string) {
			t.Helper()
			got, err := s.Settings.Get(ctx, "setup")
			must(t, err)
			same(t, want, got)
		}
		get("")
		must(t, s.Settings.Set(ctx, "setup", "一"))
		must(t, s.Settings.Set(ctx, "other", "x"))
		get("一")
		must(t, s.Settings.Set(ctx, "setup", "二"))
		get("二")
		for _, c := range []struct {
			name, value string
			want        bool
		}{{"setup", "一", false}, {"gone", "二", false}, {"setup", "二", true}, {"setup", "二", false}} {
			taken, err := s.Settings.Delete(ctx, c.name, c.value)
			must(t, err)
			same(t, c.want, taken)
		}
		get("")
		other, err := s.Settings.Get(ctx, "other")
		must(t, err)
		same(t, "x", other)
	})
}

func TestSettings_AOneTimeValueIsTakenOnce(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		s := d.migrated(t)
		must(t, s.Settings.Set(t.Context(), "setup", "token"))
		taken := make([]bool, 8)
		for _, err := range race(t, d, len(taken), func(s *store.Store, i int) (err error) {
			taken[i], err = s.Settings.Delete(t.Context(), "setup", "token")
			return err
		}) {
			must(t, err)
		}
		n := 0
		for _, got := range taken {
			if got {
				n++
			}
		}
		same(t, 1, n)
	})
}

func TestUsage(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		day := func(env, caller, day string, calls, denied int64, last *time.Time) store.UsageDay {
			return store.UsageDay{EnvironmentID: env, CallerAppID: caller, Day: day, Calls: calls, Denied: denied, LastAt: last}
		}
		since := func(from string) []store.UsageDay {
			t.Helper()
			list, err := s.Usage.Since(ctx, from, []string{"shop-1", "shop-2"}, []string{dinerID})
			must(t, err)
			return list
		}
		must(t, s.Usage.Add(ctx, nil))
		must(t, s.Usage.Add(ctx, []store.UsageDay{
			day("shop-1", dinerID, "2026-11-22", 2, 1, pointer(after(time.Minute))),
			day("shop-1", dinerID, "2026-11-20", 5, 0, pointer(start)),
			day("shop-2", dinerID, "2026-11-21", 0, 3, nil),
			day("shop-1", kitchenID, "2026-11-22", 9, 9, nil),
			day("kitchen-1", dinerID, "2026-11-22", 9, 9, nil),
		}))

		t.Run("S15 the days of the callers and environments asked for", func(t *testing.T) {
			same(t, []store.UsageDay{
				day("shop-1", dinerID, "2026-11-20", 5, 0, pointer(start)),
				day("shop-2", dinerID, "2026-11-21", 0, 3, nil),
				day("shop-1", dinerID, "2026-11-22", 2, 1, pointer(after(time.Minute))),
			}, since("2026-11-20"))
			if n := len(since("2026-11-21")); n != 2 {
				t.Fatalf("%d days, want 2", n)
			}
			if n := len(since("2026-11-23")); n != 0 {
				t.Fatalf("%d days, want 0", n)
			}
		})
		t.Run("counts add up and the last call is the latest", func(t *testing.T) {
			for _, step := range []struct {
				name     string
				add      store.UsageDay
				calls    int64
				denied   int64
				lastWant time.Time
			}{
				{"a later call", day("shop-1", dinerID, "2026-11-22", 1, 0, pointer(after(time.Hour))), 3, 1, after(time.Hour)},
				{"only refusals", day("shop-1", dinerID, "2026-11-22", 0, 4, nil), 3, 5, after(time.Hour)},
				{"an earlier call from another process", day("shop-1", dinerID, "2026-11-22", 1, 0, pointer(after(time.Second))), 4, 5, after(time.Hour)},
				{"a later call by less than a second", day("shop-1", dinerID, "2026-11-22", 1, 0, pointer(after(time.Hour+time.Millisecond))), 5, 5, after(time.Hour + time.Millisecond)},
			} {
				must(t, s.Usage.Add(ctx, []store.UsageDay{step.add}))
				want := []store.UsageDay{day("shop-1", dinerID, "2026-11-22", step.calls, step.denied, &step.lastWant)}
				same(t, want, since("2026-11-22"))
			}
		})
		t.Run("a first call after refusals", func(t *testing.T) {
			must(t, s.Usage.Add(ctx, []store.UsageDay{day("shop-2", dinerID, "2026-11-21", 1, 0, pointer(start))}))
			same(t, day("shop-2", dinerID, "2026-11-21", 1, 3, pointer(start)), since("2026-11-21")[0])
		})
	})
}

func TestUsage_ManyAddAtOnce(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		const days, rounds, adders = 150, 5, 4
		for _, err := range race(t, d, adders, func(s *store.Store, i int) error {
			for range rounds {
				batch := make([]store.UsageDay, 0, days)
				for n := range days {
					n = (n*7 + i*31) % days // each adder in its own order
					batch = append(batch, store.UsageDay{EnvironmentID: fmt.Sprint("env-", n), CallerAppID: dinerID, Day: "2026-11-22", Calls: 1})
				}
				if err := s.Usage.Add(t.Context(), batch); err != nil {
					return err
				}
			}
			return nil
		}) {
			must(t, err)
		}
		var ids []string
		for n := range days {
			ids = append(ids, fmt.Sprint("env-", n))
		}
		list, err := d.open(t).Usage.Since(t.Context(), "2026-11-22", ids, []string{dinerID})
		must(t, err)
		same(t, days, len(list))
		for _, day := range list {
			same(t, int64(rounds*adders), day.Calls)
		}
	})
}
