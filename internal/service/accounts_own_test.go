package service

import (
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/models"
)

const newPassword = "another horse battery"

// signedIn begins a console session of a user.
func (w *world) signedIn(t *testing.T, id, userID string) {
	t.Helper()
	now := w.clock.now()
	w.begin(t, models.Session{ID: id, UserID: userID, Data: []byte("{}"), CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(time.Hour)})
}

// begin stores a new session of somebody who has just signed in.
func (w *world) begin(t *testing.T, session models.Session) {
	t.Helper()
	user, err := w.store.Users.ByID(t.Context(), session.UserID)
	must(t, err)
	must(t, w.Accounts.BeginSession(t.Context(), user, session))
}

// stands reports whether a session is still one.
func (w *world) stands(t *testing.T, id string) bool {
	t.Helper()
	_, _, err := w.Accounts.Session(t.Context(), id)
	if err != nil {
		wantError(t, err, models.CodeNotFound, "error.not_found")
	}
	return err == nil
}

func TestOwnAccount_Password(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w, ctx := emptyWorld(t, o), t.Context()
		a, b := w.newAccount(t, "ann", true), w.newAccount(t, "bob", false)
		w.signedIn(t, "s1", a.actor.UserID)
		w.signedIn(t, "s2", a.actor.UserID)
		w.signedIn(t, "s3", b.actor.UserID)
		pending := a.begin()

		for name, c := range map[string]struct{ current, password, field, key string }{
			"a wrong current one": {"wrong", newPassword, "current", "error.password_wrong"},
			"no current one":      {"", newPassword, "current", "error.password_wrong"},
			"an endless one":      {strings.Repeat("x", maxPasswordBytes+1), newPassword, "current", "error.password_wrong"},
			"too short":           {password, "short", "password", "error.password_short"},
			"too long":            {password, strings.Repeat("x", 201), "password", "error.too_long"},
			"the same":            {password, password, "password", "error.password_same"},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := w.Accounts.ChangePassword(ctx, a.actor, c.current, c.password)
				wantField(t, err, c.field, c.key)
			})
		}
		if !w.stands(t, "s1") {
			t.Fatal("a refused change ended a session")
		}
		t.Run("a change ends every session and half-done sign-in, of nobody else", func(t *testing.T) {
			user, err := w.Accounts.ChangePassword(ctx, a.actor, password, newPassword)
			must(t, err)
			same(t, a.actor.UserID, user.ID)
			if w.stands(t, "s1") || w.stands(t, "s2") || !w.stands(t, "s3") {
				t.Error("the wrong sessions ended")
			}
			wantError(t, a.finish(pending, a.code(0)), models.CodeUnauthenticated, "error.pending_over")
			_, err = w.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.1"}, "ann", password)
			wantError(t, err, models.CodeUnauthenticated, "error.login_wrong")
			in, err := w.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.1"}, "ann", newPassword)
			must(t, err)
			if in.Pending == "" {
				t.Error("the second factor is gone")
			}
			same(t, 1, w.audited(t)[models.AuditPasswordChanged])
		})
		t.Run("of two at once one wins, and the other is told", func(t *testing.T) {
			worlds, won := []*world{w, w.another(t)}, 0
			for _, err := range atOnce(2, func(i int) error {
				_, err := worlds[i].Accounts.ChangePassword(ctx, b.actor, password, newPassword+strings.Repeat("!", i))
				return err
			}) {
				switch {
				case err == nil:
					won++
				case models.FieldErrors(err) != nil: // it began after the other had ended
					wantField(t, err, "current", "error.password_wrong")
				default:
					wantError(t, err, models.CodeConflict, "error.password_changed_meanwhile")
				}
			}
			same(t, 1, won)
		})
		t.Run("choosing a language meanwhile does not bring the old one back", func(t *testing.T) {
			c := w.newAccount(t, "cleo", false)
			for _, err := range atOnce(8, func(i int) error {
				if i == 4 {
					_, err := w.Accounts.ChangePassword(ctx, c.actor, password, newPassword)
					return err
				}
				return w.Accounts.SetLanguage(ctx, c.actor, "en")
			}) {
				must(t, err)
			}
			_, err := w.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.3"}, "cleo", newPassword)
			must(t, err)
		})
	})
}

func TestOwnAccount_GuessingThePasswordOfAnOpenBrowserIsSlow(t *testing.T) {
	w := emptyWorld(t, store.Options{DataDir: t.TempDir()})
	a := w.newAccount(t, "ann", false)
	limited := 0
	for range loginBurst + 2 {
		_, err := w.Accounts.ChangePassword(t.Context(), a.actor, "wrong", newPassword)
		if models.IsCode(err, models.CodeLimited) {
			limited++
		}
	}
	same(t, 2, limited)
	actor := a.actor
	actor.IP = "198.51.100.7"
	_, err := w.Accounts.ChangePassword(t.Context(), actor, password, newPassword)
	wantError(t, err, models.CodeLimited, "error.login_limited")
	same(t, loginBurst, w.audited(t)[models.AuditSignInRefused])
}

func TestOwnAccount_Sessions(t *testing.T) {
	w, ctx := emptyWorld(t, store.Options{DataDir: t.TempDir()}), t.Context()
	a, b := w.newAccount(t, "ann", false), w.newAccount(t, "bob", false)
	for _, id := range []string{"s1", "s2", "s3"} {
		w.signedIn(t, id, a.actor.UserID)
	}
	w.signedIn(t, "b1", b.actor.UserID)
	list, err := w.Accounts.Sessions(ctx, a.actor)
	must(t, err)
	same(t, 3, len(list))

	t.Run("somebody else's is not found, and stands", func(t *testing.T) {
		for _, id := range []string{"b1", "gone", "", "a\x00\xff"} {
			wantError(t, w.Accounts.EndSession(ctx, a.actor, id), models.CodeNotFound, "error.not_found")
		}
		if !w.stands(t, "b1") {
			t.Error("it ended")
		}
	})
	must(t, w.Accounts.EndSession(ctx, a.actor, "s1"))
	wantError(t, w.Accounts.EndSession(ctx, a.actor, "s1"), models.CodeNotFound, "error.not_found")
	n, err := w.Accounts.EndOtherSessions(ctx, a.actor, "s3")
	must(t, err)
	same(t, int64(1), n)
	if w.stands(t, "s1") || w.stands(t, "s2") || !w.stands(t, "s3") || !w.stands(t, "b1") {
		t.Error("the wrong sessions ended")
	}
	same(t, 2, w.audited(t)[models.AuditSessionsEnded])

	for _, actor := range []models.Actor{{}, system} {
		_, listed := w.Accounts.Sessions(ctx, actor)
		_, others := w.Accounts.EndOtherSessions(ctx, actor, "")
		_, changed := w.Accounts.ChangePassword(ctx, actor, password, newPassword)
		_, own := w.Accounts.OwnAccount(ctx, actor)
		for _, err := range []error{listed, others, changed, own, w.Accounts.EndSession(ctx, actor, "s3")} {
			wantError(t, err, models.CodeUnauthenticated, "error.unauthenticated")
		}
	}
}
