package service

import (
	"fmt"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/models"
)

// sessionOf is a new session as web/session makes it.
func (w *world) sessionOf(user models.User, id string) models.Session {
	now := w.clock.now()
	return models.Session{ID: id, UserID: user.ID, Data: []byte("{}"), CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(time.Hour)}
}

// endings are what ends every sign-in of a user.
func (a *account) endings() map[string]func() error {
	ctx, o := a.t.Context(), a.Operator
	version := func() string { return a.user(a.t, a.actor.UserID).Version }
	return map[string]func() error{
		"password reset": func() error {
			_, _, err := o.ResetPassword(ctx, operator, a.actor.UserID, version(), Reset{})
			return err
		},
		"password changed": func() error {
			_, err := a.Accounts.ChangePassword(ctx, a.actor, password, newPassword)
			return err
		},
		"password chosen": func() error {
			token := newSetupToken()
			setup := models.UserSetup{UserID: a.actor.UserID, Digest: digest(token), ExpiresAt: a.clock.now().Add(time.Hour)}
			must(a.t, a.store.Users.SaveSetup(ctx, setup))
			_, err := a.Accounts.ChoosePassword(ctx, models.Actor{}, token, newPassword)
			return err
		},
		"disabled": func() error { return o.Disable(ctx, operator, a.actor.UserID, version()) },
		"disabled and enabled": func() error {
			must(a.t, o.Disable(ctx, operator, a.actor.UserID, version()))
			return o.Enable(ctx, operator, a.actor.UserID, version())
		},
		"signed out elsewhere": func() error {
			_, err := a.Accounts.EndOtherSessions(ctx, a.actor, "the one that asks")
			return err
		},
	}
}

func TestASessionOfASignInThatEndedDoesNotBegin(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w, ctx := emptyWorld(t, o), t.Context()
		for name := range (&account{world: w, t: t}).endings() {
			for _, guarded := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, second factor %t", name, guarded), func(t *testing.T) {
					a := w.newAccount(t, fmt.Sprintf("u%d", w.audited(t)[models.AuditUserCreated]), guarded)
					in, err := w.Accounts.SignIn(ctx, models.Actor{IP: a.actor.Username}, a.actor.Username, password)
					must(t, err)
					if guarded {
						in.User, err = w.Accounts.FinishSignIn(ctx, models.Actor{IP: a.actor.Username}, in.Pending, a.code(0))
						must(t, err)
					}
					must(t, a.endings()[name]())
					err = w.Accounts.BeginSession(ctx, in.User, w.sessionOf(in.User, "late of "+a.actor.Username))
					wantError(t, err, models.CodeUnauthenticated, "error.sign_in_ended")
					same(t, false, w.stands(t, "late of "+a.actor.Username))
				})
			}
		}
	})
}

func TestWhoChangesThePasswordStaysSignedIn(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w, ctx := emptyWorld(t, o), t.Context()
		a := w.newAccount(t, "ann", false)
		user, err := w.Accounts.ChangePassword(ctx, a.actor, password, newPassword)
		must(t, err)
		must(t, w.Accounts.BeginSession(ctx, user, w.sessionOf(user, "new")))
		same(t, true, w.stands(t, "new"))
	})
}

// Whatever comes first, a sign-in at the same moment leaves no session behind.
func TestNoSessionOutlivesAResetThatMeetsIt(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w, ctx := emptyWorld(t, o), t.Context()
		worlds := []*world{w, w.another(t)}
		for round := range 6 {
			a := w.newAccount(t, fmt.Sprintf("ann%d", round), false)
			user, err := w.store.Users.ByID(ctx, a.actor.UserID)
			must(t, err)
			end := a.endings()[[]string{"password reset", "disabled"}[round%2]]
			errs := atOnce(5, func(i int) error {
				if i == 0 {
					return end()
				}
				on := worlds[i%2]
				in, err := on.Accounts.admit(ctx, models.Actor{IP: "192.0.2.1"}, user, methodPassword)
				if err != nil {
					return err
				}
				return on.Accounts.BeginSession(ctx, in.User, w.sessionOf(in.User, fmt.Sprint(round, "-", i)))
			})
			must(t, errs[0])
			for _, err := range errs[1:] {
				if err != nil && !models.IsCode(err, models.CodeUnauthenticated) {
					t.Errorf("a sign-in failed: %v", err)
				}
			}
			left, err := w.Accounts.Sessions(ctx, a.actor)
			must(t, err)
			same(t, 0, len(left))
		}
	})
}

func TestASecondStepOfADisabledUserIsRecorded(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w, ctx := emptyWorld(t, o), t.Context()
		a := w.newAccount(t, "ann", true)
		token := a.begin()
		// As it is when somebody disables the user between two steps of the request.
		must(t, w.store.Users.SetDisabled(ctx, a.actor.UserID, new(w.clock.now()), w.clock.now()))
		user, err := w.Accounts.FinishSignIn(ctx, models.Actor{IP: "192.0.2.10"}, token, a.code(0))
		wantError(t, err, models.CodeForbidden, "error.user_disabled")
		same(t, models.User{}, user)
		events, _, err := w.store.Audit.List(ctx, "", models.PageRequest{Size: 1})
		must(t, err)
		same(t, []string{string(models.AuditSignInRefused), "ann", `{"method":"second_factor"}`, "192.0.2.10"},
			[]string{string(events[0].Action), events[0].Subject, events[0].After, events[0].IP})
	})
}
