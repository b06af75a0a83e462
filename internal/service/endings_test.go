package service

import (
	"fmt"
	"strings"
	"testing"

	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/models"
)

func TestInvitationsOfADisabledUserAreVoid(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		_, token := w.invite(t, shopAdmin, models.RoleAdmin, 7)
		w.operators(t, "outsider")
		u := w.user(t, "shop-admin")
		must(t, w.Operator.Disable(ctx, operator, u.ID, u.Version))
		anybody := models.Actor{IP: "192.0.2.1", Via: "console"}
		_, _, err := w.Members.AcceptAsNew(ctx, anybody, token, "comeback", "a long password")
		wantError(t, err, models.CodeNotFound, "error.invitation_revoked")
		must(t, w.Operator.Enable(ctx, operator, u.ID, w.user(t, "shop-admin").Version))
		_, _, err = w.Members.AcceptAsNew(ctx, anybody, token, "comeback", "a long password")
		wantError(t, err, models.CodeNotFound, "error.invitation_revoked")
	})
}

func TestADisabledAdministratorDoesNotCount(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must(t, w.Members.Change(ctx, shopAdmin, shop, "shop-developer", models.RoleDeveloper, models.RoleAdmin))
		u := w.user(t, "shop-developer")
		must(t, w.Operator.Disable(ctx, operator, u.ID, u.Version))
		wantError(t, w.Members.Remove(ctx, shopAdmin, shop, "shop-admin"), models.CodeConflict, "error.last_admin")
		must(t, w.Members.Remove(ctx, shopAdmin, shop, "shop-developer")) // whom nobody misses
	})
}

func TestAHalfDoneSignInEndsWithThePassword(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w := emptyWorld(t, o)
		a := w.newAccount(t, "ann", true)
		token := a.begin()
		u := w.user(t, a.actor.UserID)
		_, link, err := w.Operator.ResetPassword(t.Context(), operator, u.ID, u.Version, Reset{})
		must(t, err)
		wantError(t, a.finish(token, a.code(0)), models.CodeUnauthenticated, "error.pending_over")
		_, err = w.Accounts.ChoosePassword(t.Context(), models.Actor{}, link, "another long password")
		must(t, err)
		wantError(t, a.finish(token, a.code(0)), models.CodeUnauthenticated, "error.pending_over")
	})
}

func TestAWorkingCopyIsNoLargerThanCodeMayBe(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	source, err := NewSource([]SourceFile{{Path: "index.js", Data: []byte("exports.main = () => 1")}, {Path: "big.bin", Data: []byte(strings.Repeat("x", 8<<20))}})
	must(t, err)
	_, err = w.Functions.Deploy(ctx, shopAdmin, shop, "shop-1", Deployment{Name: "hello", Source: source})
	must(t, err)
	for n := 0; err == nil && n < 12; n++ {
		if _, err = w.Functions.RenameFile(ctx, shopAdmin, shop, "shop-1", "hello", "big.bin", fmt.Sprintf("c%d.bin", n)); err == nil {
			err = w.Functions.RestoreFile(ctx, shopAdmin, shop, "shop-1", "hello", "big.bin")
		}
	}
	wantError(t, err, models.CodeInvalid, "error.code_too_large")
}

func TestWhatWasCountedGoesWithTheEnvironment(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, other := t.Context(), w.another(t)
		must(t, w.Environments.Delete(ctx, shopAdmin, shop, "shop-1", "shop-1"))
		note := func(w *world, env string) { // a call that was under way
			w.Calls.recorder.count(env, shop, models.DatabaseRead, models.OutcomeOK)
			w.Calls.recorder.call(env, diner, false)
			w.Calls.recorder.invocation(models.Invocation{ID: newID(), EnvironmentID: env, FunctionName: "hello", Status: models.InvocationOK, StartedAt: w.clock.now()})
			w.Calls.denials.note(refusedCall{env: env, owner: shop, caller: diner, shared: true, plane: models.PlaneServer, operation: models.OperationInit}, models.E(models.CodeEnvNotShared, "error.not_found"))
		}
		note(w, "shop-1")
		must(t, w.Environments.purge(ctx, "shop-1", w.clock.now().Add(1)))
		note(w, "shop-1")
		for _, env := range []string{"shop-1", "shop-2"} {
			note(other, env) // on a node that does not know yet
		}
		must(t, w.Calls.recorder.flush(ctx))
		must(t, other.Calls.recorder.flush(ctx))
		must(t, other.Calls.denials.flush(ctx))
		same(t, map[string]int{}, w.rowsOf(t, "shop-1"))
		same(t, map[string]int{"usage_counts": 9, "usage_days": 1, "invocations": 1, "denials": 1}, w.rowsOf(t, "shop-2"))
	})
}

// What is written while a removal runs goes with it, or is not written.
func TestNothingIsCountedIntoARemoval(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, other := t.Context(), w.another(t)
		must(t, w.Environments.Delete(ctx, shopAdmin, shop, "shop-1", "shop-1"))
		for _, err := range atOnce(2, func(i int) error {
			if i == 0 {
				return w.Environments.purge(ctx, "shop-1", w.clock.now().Add(1))
			}
			for range 100 {
				other.Calls.recorder.count("shop-1", shop, models.DatabaseRead, models.OutcomeOK)
				other.Calls.recorder.call("shop-1", diner, false)
				if err := other.Calls.recorder.flush(ctx); err != nil {
					return err
				}
			}
			return nil
		}) {
			must(t, err)
		}
		same(t, map[string]int{}, w.rowsOf(t, "shop-1"))
	})
}

func TestAPasswordThatIsChangedWhileItIsCheckedOpensNothing(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		for _, second := range []bool{false, true} {
			w := emptyWorld(t, o)
			a := w.newAccount(t, map[bool]string{false: "ann", true: "ben"}[second], second)
			checked, err := w.store.Users.ByID(t.Context(), a.actor.UserID)
			must(t, err)
			u := w.user(t, a.actor.UserID)
			_, _, err = w.Operator.ResetPassword(t.Context(), operator, u.ID, u.Version, Reset{})
			must(t, err)
			in, err := w.Accounts.admit(t.Context(), models.Actor{}, checked, methodPassword)
			wantError(t, err, models.CodeUnauthenticated, "error.sign_in_ended")
			same(t, SignedIn{}, in)
			same(t, map[bool]int{false: 1, true: 2}[second], w.audited(t)[models.AuditSignInRefused])
		}
	})
}
