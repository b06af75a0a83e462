package service

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/models"
)

// account is a user with an authenticator app.
type account struct {
	*world
	t     *testing.T
	actor models.Actor
	app   string // the secret in the app, base32
	codes []string
}

// newAccount makes a user; guarded turns the second factor on.
func (w *world) newAccount(t *testing.T, name string, guarded bool) *account {
	t.Helper()
	user, err := w.Accounts.CreateUser(t.Context(), system, name, password, false, nil)
	must(t, err)
	a := &account{world: w, t: t, actor: models.Actor{UserID: user.ID, Username: name, Via: "console", IP: "192.0.2.9", RequestID: "r"}}
	if guarded {
		a.enrol()
		a.clock.advance(codeStep) // the code that confirmed it is used
	}
	return a
}

func (a *account) enrol() {
	a.t.Helper()
	must(a.t, a.Accounts.BeginSecondFactor(a.t.Context(), a.actor, password))
	e, err := a.Accounts.Enrolment(a.t.Context(), a.actor)
	must(a.t, err)
	a.app = e.Secret
	a.codes, err = a.Accounts.ConfirmSecondFactor(a.t.Context(), a.actor, a.code(0))
	must(a.t, err)
}

// code is what the app shows some time from now.
func (a *account) code(in time.Duration) string {
	a.t.Helper()
	code, err := totp.GenerateCodeCustom(a.app, a.clock.now().Add(in), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	must(a.t, err)
	return code
}

// begin signs in up to the second factor, from an address of its own.
func (a *account) begin() string {
	a.t.Helper()
	in, err := a.Accounts.SignIn(a.t.Context(), models.Actor{IP: "192.0.2.10"}, a.actor.Username, password)
	must(a.t, err)
	if in.Pending == "" || in.User.ID != "" {
		a.t.Fatalf("signed in with one factor: %+v", in)
	}
	return in.Pending
}

func (a *account) finish(token, code string) error {
	user, err := a.Accounts.FinishSignIn(a.t.Context(), models.Actor{IP: "192.0.2.10"}, token, code)
	if err == nil && user.ID != a.actor.UserID || err != nil && user.ID != "" {
		a.t.Errorf("user %q with error %v", user.ID, err)
	}
	return err
}

// audited counts the events of the installation by action.
func (w *world) audited(t *testing.T) map[models.AuditAction]int {
	t.Helper()
	events, _, err := w.store.Audit.List(t.Context(), "", models.PageRequest{Size: 100})
	must(t, err)
	counts := map[models.AuditAction]int{}
	for _, e := range events {
		counts[e.Action]++
	}
	return counts
}

func TestSecondFactor_SignIn(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w := emptyWorld(t, o)
		a := w.newAccount(t, "ann", true)

		t.Run("waits for a code, which works once", func(t *testing.T) {
			token, code := a.begin(), a.code(0)
			must(t, a.Accounts.CheckPending(t.Context(), token))
			same(t, 0, w.audited(t)[models.AuditSignIn])
			must(t, a.finish(token, code[:3]+" "+code[3:]))
			same(t, 1, w.audited(t)[models.AuditSignIn])
			wantError(t, a.finish(token, a.code(codeStep)), models.CodeUnauthenticated, "error.pending_over")
			wantField(t, a.finish(a.begin(), code), "code", "error.code_wrong")
		})
		t.Run("a clock may be one step off, not two, and an earlier code than the last is over", func(t *testing.T) {
			w.clock.advance(10 * codeStep)
			for _, far := range []time.Duration{-2 * codeStep, 2 * codeStep} {
				wantField(t, a.finish(a.begin(), a.code(far)), "code", "error.code_wrong")
			}
			w.clock.advance(time.Hour)
			must(t, a.finish(a.begin(), a.code(codeStep)))
			wantField(t, a.finish(a.begin(), a.code(0)), "code", "error.code_wrong")
			w.clock.advance(time.Hour)
			must(t, a.finish(a.begin(), a.code(-codeStep)))
			must(t, a.finish(a.begin(), a.code(0)))
		})
		t.Run("of many who bring one code at once one gets in", func(t *testing.T) {
			w.clock.advance(time.Hour)
			worlds := []*world{w, w.another(t)}
			tokens := []string{a.begin(), a.begin(), a.begin(), a.begin()}
			code, won := a.code(0), 0
			for _, err := range atOnce(4, func(i int) error {
				_, err := worlds[i%2].Accounts.FinishSignIn(t.Context(), models.Actor{IP: "192.0.2.11"}, tokens[i], code)
				return err
			}) {
				if err == nil {
					won++
				} else {
					wantField(t, err, "code", "error.code_wrong")
				}
			}
			same(t, 1, won)
		})
		t.Run("recovery codes work once each, however they are written", func(t *testing.T) {
			w.clock.advance(2 * time.Hour)
			same(t, models.RecoveryCodes, len(a.codes))
			must(t, a.finish(a.begin(), " "+strings.ToUpper(strings.ReplaceAll(a.codes[0], "-", ""))))
			wantField(t, a.finish(a.begin(), a.codes[0]), "code", "error.code_wrong")
			must(t, a.finish(a.begin(), a.codes[1]))
			state, err := w.Accounts.SecondFactor(t.Context(), a.actor)
			must(t, err)
			same(t, int64(models.RecoveryCodes-2), state.CodesLeft)
		})
	})
}

func TestSecondFactor_GuessingIsSlow(t *testing.T) {
	w := emptyWorld(t, store.Options{DataDir: t.TempDir()})
	a := w.newAccount(t, "ann", true)
	wrong := func(ip string) error {
		in, err := w.Accounts.SignIn(t.Context(), models.Actor{IP: ip}, "ann", password)
		if err != nil {
			return err
		}
		_, err = w.Accounts.FinishSignIn(t.Context(), models.Actor{IP: ip}, in.Pending, "000000")
		return err
	}
	t.Run("one attempt takes few codes, whatever they are", func(t *testing.T) {
		token := a.begin()
		for range models.MaxPendingTries {
			wantField(t, a.finish(token, "x"), "code", "error.code_wrong")
		}
		wantError(t, a.finish(token, a.code(0)), models.CodeUnauthenticated, "error.pending_over")
		wantError(t, w.Accounts.CheckPending(t.Context(), token), models.CodeUnauthenticated, "error.pending_over")
	})
	t.Run("and so does a user, from any address", func(t *testing.T) {
		wantField(t, wrong("198.51.100.1"), "code", "error.code_wrong")
		for _, ip := range []string{"198.51.100.2", "198.51.100.3"} {
			wantError(t, wrong(ip), models.CodeLimited, "error.login_limited")
		}
		w.clock.advance(codeEvery)
		wantField(t, wrong("198.51.100.4"), "code", "error.code_wrong")
		wantError(t, wrong("198.51.100.5"), models.CodeLimited, "error.login_limited")
	})
	t.Run("and an address, for any user", func(t *testing.T) {
		const ip = "198.51.100.6"
		limited, people := false, []*account{}
		for i := range loginBurst + 1 {
			people = append(people, w.newAccount(t, "user"+string(rune('a'+i)), true))
		}
		for _, b := range people {
			in, err := w.Accounts.SignIn(t.Context(), models.Actor{IP: "203.0.113.1"}, b.actor.Username, password)
			must(t, err)
			_, err = w.Accounts.FinishSignIn(t.Context(), models.Actor{IP: ip}, in.Pending, "000000")
			limited = limited || models.IsCode(err, models.CodeLimited)
		}
		if !limited {
			t.Error("never")
		}
	})
	if n := w.audited(t)[models.AuditSignInRefused]; n < models.MaxPendingTries+2 {
		t.Errorf("%d refusals are recorded", n)
	}
}

func TestSecondFactor_AHalfDoneSignInEnds(t *testing.T) {
	w, ctx := emptyWorld(t, store.Options{DataDir: t.TempDir()}), t.Context()
	a := w.newAccount(t, "ann", true)
	for name, end := range map[string]func(){
		"at its time":                  func() { w.clock.advance(models.PendingLifetime) },
		"when the sessions are ended":  func() { _, err := w.Accounts.EndOtherSessions(ctx, a.actor, "x"); must(t, err) },
		"when the factor is taken off": func() { must(t, w.Accounts.ResetSecondFactor(ctx, system, "ann")) },
	} {
		t.Run(name, func(t *testing.T) {
			token := a.begin()
			end()
			wantError(t, a.finish(token, a.code(0)), models.CodeUnauthenticated, "error.pending_over")
			if _, err := w.store.SecondFactor.ByUser(ctx, a.actor.UserID); err != nil {
				a.enrol()
				w.clock.advance(codeStep)
			}
		})
	}
	for _, token := range []string{"", "x", strings.Repeat("x", 100_000), "a\x00\xff"} {
		wantError(t, a.finish(token, a.code(0)), models.CodeUnauthenticated, "error.pending_over")
	}
	token := a.begin()
	for _, code := range []string{"", "0", strings.Repeat("1", 100_000), "١٢٣٤٥٦", "a\x00\xffcccccccccccc1"} {
		if err := a.finish(token, code); models.FieldErrors(err) == nil && !models.IsCode(err, models.CodeLimited) {
			t.Errorf("%.20q: %v", code, err)
		}
	}
}

func TestSecondFactor_Enrolment(t *testing.T) {
	w, ctx := emptyWorld(t, store.Options{DataDir: t.TempDir()}), t.Context()
	a, b := w.newAccount(t, "ann", false), w.newAccount(t, "bob", false)
	wantField(t, w.Accounts.BeginSecondFactor(ctx, a.actor, "wrong"), "password", "error.password_wrong")
	_, err := w.Accounts.Enrolment(ctx, a.actor)
	wantError(t, err, models.CodeNotFound, "error.not_found")
	_, err = w.Accounts.ConfirmSecondFactor(ctx, a.actor, "000000")
	wantError(t, err, models.CodeNotFound, "error.not_found")

	must(t, w.Accounts.BeginSecondFactor(ctx, a.actor, password))
	first, err := w.Accounts.Enrolment(ctx, a.actor)
	must(t, err)
	t.Run("nothing is asked for before a code was right", func(t *testing.T) {
		_, err := w.Accounts.ConfirmSecondFactor(ctx, a.actor, "x")
		wantField(t, err, "code", "error.code_wrong")
		in, err := w.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.1"}, "ann", password)
		must(t, err)
		same(t, a.actor.UserID, in.User.ID)
	})
	t.Run("beginning again makes another secret", func(t *testing.T) {
		must(t, w.Accounts.BeginSecondFactor(ctx, a.actor, password))
		second, err := w.Accounts.Enrolment(ctx, a.actor)
		must(t, err)
		if first.Secret == second.Secret || !strings.HasPrefix(second.URL, "otpauth://totp/EnvShare:ann?") || !strings.Contains(second.URL, "secret="+second.Secret) {
			t.Errorf("%+v after %+v", second, first)
		}
		a.app = first.Secret
		_, err = w.Accounts.ConfirmSecondFactor(ctx, a.actor, a.code(0))
		wantField(t, err, "code", "error.code_wrong")
	})
	t.Run("is sealed, and shown until it is confirmed", func(t *testing.T) {
		a.enrol()
		row, err := w.store.SecondFactor.ByUser(ctx, a.actor.UserID)
		must(t, err)
		if bytes.Contains(row.Secret, []byte(a.app)) || len(row.Secret) <= secretSize {
			t.Error("the secret is not sealed")
		}
		if _, err := w.keys.openFactor(b.actor.UserID, row.Secret); err == nil {
			t.Error("it opens as somebody else's")
		}
		if _, err := testKeys(t, 2).openFactor(a.actor.UserID, row.Secret); err == nil {
			t.Error("it opens with another installation's key")
		}
		_, err = w.Accounts.Enrolment(ctx, a.actor)
		wantError(t, err, models.CodeNotFound, "error.not_found")
		wantError(t, w.Accounts.BeginSecondFactor(ctx, a.actor, password), models.CodeConflict, "error.second_factor_on")
	})
	t.Run("the code that confirmed it is used", func(t *testing.T) {
		wantField(t, a.finish(a.begin(), a.code(0)), "code", "error.code_wrong")
	})
	t.Run("recovery codes are kept as digests of this user alone", func(t *testing.T) {
		plain := models.PlainCode(a.codes[0])
		same(t, recoveryLength, len(plain))
		if d := w.keys.recoveryDigest(a.actor.UserID, plain); strings.Contains(d, plain) || d == w.keys.recoveryDigest(b.actor.UserID, plain) || d == testKeys(t, 2).recoveryDigest(a.actor.UserID, plain) {
			t.Error("the digest tells too much")
		}
		b.enrol()
		w.clock.advance(codeStep)
		wantField(t, b.finish(b.begin(), a.codes[0]), "code", "error.code_wrong")
	})
}

func TestSecondFactor_ChangingIt(t *testing.T) {
	w, ctx := emptyWorld(t, store.Options{DataDir: t.TempDir()}), t.Context()
	a := w.newAccount(t, "ann", true)
	t.Run("takes both factors, and each code once", func(t *testing.T) {
		wantField(t, w.Accounts.EndSecondFactor(ctx, a.actor, "wrong", a.code(0)), "password", "error.password_wrong")
		wantField(t, w.Accounts.EndSecondFactor(ctx, a.actor, password, "x"), "code", "error.code_wrong")
		_, err := w.Accounts.RenewRecoveryCodes(ctx, a.actor, "wrong", a.code(0))
		wantField(t, err, "password", "error.password_wrong")
		old := a.codes[3]
		fresh, err := w.Accounts.RenewRecoveryCodes(ctx, a.actor, password, a.code(0))
		must(t, err)
		same(t, models.RecoveryCodes, len(fresh))
		wantField(t, a.finish(a.begin(), old), "code", "error.code_wrong")
		wantField(t, w.Accounts.EndSecondFactor(ctx, a.actor, password, a.code(0)), "code", "error.code_wrong")
		must(t, w.Accounts.EndSecondFactor(ctx, a.actor, password, fresh[0]))
		in, err := w.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.1"}, "ann", password)
		must(t, err)
		same(t, a.actor.UserID, in.User.ID)
		_, err = w.Accounts.RenewRecoveryCodes(ctx, a.actor, password, fresh[1])
		wantField(t, err, "code", "error.code_wrong")
	})
	t.Run("nobody and no command has one", func(t *testing.T) {
		for _, actor := range []models.Actor{{}, system} {
			_, confirmed := w.Accounts.ConfirmSecondFactor(ctx, actor, "x")
			_, renewed := w.Accounts.RenewRecoveryCodes(ctx, actor, password, "x")
			_, state := w.Accounts.SecondFactor(ctx, actor)
			_, enrolment := w.Accounts.Enrolment(ctx, actor)
			for _, err := range []error{w.Accounts.BeginSecondFactor(ctx, actor, password), w.Accounts.EndSecondFactor(ctx, actor, password, "x"), confirmed, renewed, state, enrolment} {
				wantError(t, err, models.CodeUnauthenticated, "error.unauthenticated")
			}
		}
	})
	t.Run("an operator takes away a lost one, and nobody else does", func(t *testing.T) {
		w.clock.advance(time.Hour)
		a.enrol()
		wantError(t, w.Accounts.ResetSecondFactor(ctx, a.actor, "ann"), models.CodeForbidden, "error.operator_needed")
		wantError(t, w.Accounts.ResetSecondFactor(ctx, models.Actor{}, "ann"), models.CodeUnauthenticated, "error.unauthenticated")
		wantError(t, w.Accounts.ResetSecondFactor(ctx, operator, "nobody"), models.CodeNotFound, "error.user_unknown")
		session := models.Session{ID: "s1", UserID: a.actor.UserID, Data: []byte("{}"), CreatedAt: w.clock.now(), LastSeenAt: w.clock.now(), ExpiresAt: w.clock.now().Add(time.Hour)}
		w.begin(t, session)
		must(t, w.Accounts.ResetSecondFactor(ctx, operator, "ann"))
		_, _, err := w.Accounts.Session(ctx, "s1")
		wantError(t, err, models.CodeNotFound, "error.not_found")
		wantError(t, w.Accounts.ResetSecondFactor(ctx, operator, "ann"), models.CodeNotFound, "error.second_factor_none")
	})
	want := map[models.AuditAction]int{models.AuditSecondFactorOn: 2, models.AuditSecondFactorOff: 1, models.AuditSecondFactorReset: 1, models.AuditRecoveryCodes: 1}
	got := w.audited(t)
	for action, n := range want {
		if got[action] != n {
			t.Errorf("%s is recorded %d times, want %d", action, got[action], n)
		}
	}
	events, _, err := w.store.Audit.List(ctx, "", models.PageRequest{Size: 100})
	must(t, err)
	for _, e := range events {
		if strings.Contains(e.Before+e.After, a.app) || strings.Contains(e.Before+e.After, a.codes[0]) {
			t.Errorf("a secret is in the audit log: %+v", e)
		}
	}
}
