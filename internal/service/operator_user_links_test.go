package service

import (
	"testing"

	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/models"
)

// taken is an account with an external account that somebody else linked to it.
func (w *world) taken(t *testing.T, name string, guarded bool) *account {
	t.Helper()
	a := w.newAccount(t, name, guarded)
	must(t, a.link("thief of "+name))
	w.signedIn(t, "thief's at "+name, a.actor.UserID)
	return a
}

func TestAResetEndsWhatATakenAccountWasGiven(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w, ctx := emptyWorld(t, o), t.Context()
		w.elsewhere(t, false)
		a := w.taken(t, "ann", true)
		shown := w.user(t, a.actor.UserID)
		same(t, []any{1, "thief of ann", true}, []any{len(shown.Links), shown.Links[0].Subject, shown.SecondFactor})
		_, link, err := w.Operator.ResetPassword(ctx, operator, a.actor.UserID, shown.Version, Reset{Links: true, SecondFactor: true})
		must(t, err)
		same(t, false, w.stands(t, "thief's at ann"))
		_, err = w.comeAs(t, "thief of ann")
		wantError(t, err, models.CodeUnauthenticated, "error.external_unknown")
		_, err = w.Accounts.ChoosePassword(ctx, models.Actor{}, link, newPassword)
		must(t, err)
		in, err := w.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.30"}, "ann", newPassword)
		must(t, err)
		same(t, a.actor.UserID, in.User.ID) // without the thief's second factor
		now := w.user(t, a.actor.UserID)
		same(t, []any{0, false}, []any{len(now.Links), now.SecondFactor})
		got := w.audited(t)
		same(t, []int{1, 1, 1}, []int{got[models.AuditPasswordReset], got[models.AuditExternalRemoved], got[models.AuditSecondFactorReset]})
	})
}

func TestAResetLeavesWhatIsNotTicked(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w, ctx := emptyWorld(t, o), t.Context()
		w.elsewhere(t, false)
		a := w.taken(t, "ann", true)
		_, _, err := w.Operator.ResetPassword(ctx, operator, a.actor.UserID, w.user(t, a.actor.UserID).Version, Reset{})
		must(t, err)
		r, err := w.comeAs(t, "thief of ann")
		must(t, err)
		if r.Pending == "" {
			t.Error("the second factor is not asked for")
		}
		same(t, 0, w.audited(t)[models.AuditExternalRemoved]+w.audited(t)[models.AuditSecondFactorReset])
	})
}

func TestAnOperatorRemovesALink(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w, ctx := emptyWorld(t, o), t.Context()
		w.elsewhere(t, false)
		issuer := w.Accounts.external.Issuer()
		a, b := w.taken(t, "ann", false), w.taken(t, "bob", false)
		seen := w.user(t, a.actor.UserID)
		wantError(t, w.Operator.RemoveLink(ctx, a.actor, seen.ID, seen.Version, issuer), models.CodeForbidden, "error.operator_needed")
		wantError(t, w.Operator.RemoveLink(ctx, operator, seen.ID, "another", issuer), models.CodeConflict, "error.changed_meanwhile")
		wantError(t, w.Operator.RemoveLink(ctx, operator, seen.ID, seen.Version, "https://other.example"), models.CodeNotFound, "error.not_found")
		same(t, true, w.stands(t, "thief's at ann")) // a refusal ends nothing

		errs := atOnce(2, func(int) error { return w.Operator.RemoveLink(ctx, operator, seen.ID, seen.Version, issuer) })
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("of two operators: %v", errs)
		}
		same(t, []bool{false, true}, []bool{w.stands(t, "thief's at ann"), w.stands(t, "thief's at bob")})
		_, err := w.comeAs(t, "thief of ann")
		wantError(t, err, models.CodeUnauthenticated, "error.external_unknown")
		_, err = w.comeAs(t, "thief of bob")
		must(t, err)
		same(t, 1, len(w.user(t, b.actor.UserID).Links))
		events, _, err := w.store.Audit.List(ctx, "", models.PageRequest{Size: 100})
		must(t, err)
		for _, e := range events {
			if e.Action == models.AuditExternalRemoved {
				same(t, []string{"op", "ann", `{"issuer":"` + issuer + `","subject":"thief of ann"}`}, []string{e.ActorName, e.Subject, e.Before})
			}
		}
		same(t, 1, w.audited(t)[models.AuditExternalRemoved])
	})
}

// Whoever began to link an account before the reset does not end it afterwards.
func TestALinkThatWasUnderWayEndsWithTheReset(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w, ctx := emptyWorld(t, o), t.Context()
		w.elsewhere(t, false)
		a := w.newAccount(t, "ann", false)
		address, kept, err := w.Accounts.BeginLink(ctx, a.actor, password)
		must(t, err)
		answer := at(t, address, "thief")
		_, _, err = w.Operator.ResetPassword(ctx, operator, a.actor.UserID, w.user(t, a.actor.UserID).Version, Reset{Links: true})
		must(t, err)
		_, err = w.Accounts.FinishExternal(ctx, a.actor, kept, answer) // a request that passed the door before
		wantError(t, err, models.CodeUnauthenticated, "error.sign_in_ended")
		same(t, 0, len(w.user(t, a.actor.UserID).Links))
	})
}

func TestTheOnlyWayInOfTheLastOperatorStays(t *testing.T) {
	w, ctx := emptyWorld(t, store.Options{DataDir: t.TempDir()}), t.Context()
	w.elsewhere(t, true)
	w.newAccount(t, "first", false)
	r, err := w.comeAs(t, "root")
	must(t, err)
	w.operators(t, r.User.ID)
	remove := func() error {
		u := w.user(t, r.User.ID)
		return w.Operator.RemoveLink(ctx, operator, u.ID, u.Version, w.Accounts.external.Issuer())
	}
	wantError(t, remove(), models.CodeConflict, "error.last_operator")
	other := w.newAccount(t, "other", false)
	w.operators(t, other.actor.UserID)
	must(t, remove())
}
