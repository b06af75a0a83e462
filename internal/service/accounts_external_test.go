package service

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/internal/testkit/openid"
	"envshare/models"
)

// callback is where the provider sends people back to; nobody listens there.
const callback = "http://127.0.0.1:1/login/oidc/callback"

// elsewhere lets the world's people sign in at a provider.
func (w *world) elsewhere(t *testing.T, createUsers bool) {
	t.Helper()
	w.Accounts.external, w.Accounts.createUsers = openid.Client(t, openid.Start(t), callback), createUsers
}

// at signs somebody in at the provider, and returns the answer.
func at(t *testing.T, address, name string) url.Values {
	t.Helper()
	return openid.SignIn(t, openid.Browser(t), address, name).Query()
}

func (w *world) comeAs(t *testing.T, name string) (Returned, error) {
	t.Helper()
	ip := models.Actor{IP: "ip of " + name}
	address, kept, err := w.Accounts.BeginExternal(t.Context(), "/apps")
	must(t, err)
	return w.Accounts.FinishExternal(t.Context(), ip, kept, at(t, address, name))
}

func (a *account) link(name string) error {
	address, kept, err := a.Accounts.BeginLink(a.t.Context(), a.actor, password)
	if err != nil {
		return err
	}
	_, err = a.Accounts.FinishExternal(a.t.Context(), a.actor, kept, at(a.t, address, name))
	return err
}

func TestExternal_SignIn(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w, ctx := emptyWorld(t, o), t.Context()
		w.elsewhere(t, false)
		a, b := w.newAccount(t, "ann", false), w.newAccount(t, "bob", false)

		t.Run("a name of a user opens nothing without a link", func(t *testing.T) {
			_, err := w.comeAs(t, "ann")
			wantError(t, err, models.CodeUnauthenticated, "error.external_unknown")
			same(t, 1, w.audited(t)[models.AuditSignInRefused])
		})
		t.Run("a link does, for whoever made it", func(t *testing.T) {
			must(t, a.link("somebody@example.com"))
			r, err := w.comeAs(t, "somebody@example.com")
			must(t, err)
			same(t, a.actor.UserID, r.User.ID)
			same(t, "/apps", r.Next)
			linked, err := w.Accounts.ExternalAccount(ctx, a.actor)
			must(t, err)
			same(t, "somebody@example.com", linked.Subject)
			if linked.LastUsedAt == nil {
				t.Error("its use is not noted")
			}
		})
		t.Run("one account is one user's, and a user has one", func(t *testing.T) {
			wantError(t, b.link("somebody@example.com"), models.CodeConflict, "error.external_taken")
			_, _, err := w.Accounts.BeginLink(ctx, a.actor, password)
			wantError(t, err, models.CodeConflict, "error.external_linked")
			linked, err := w.Accounts.ExternalAccount(ctx, b.actor)
			must(t, err)
			same(t, models.ExternalAccount{}, linked)
		})
		t.Run("linking and unlinking take the password", func(t *testing.T) {
			_, _, err := w.Accounts.BeginLink(ctx, b.actor, "wrong")
			wantField(t, err, "password", "error.password_wrong")
			wantField(t, w.Accounts.Unlink(ctx, a.actor, "wrong"), "password", "error.password_wrong")
			wantError(t, w.Accounts.Unlink(ctx, b.actor, password), models.CodeNotFound, "error.not_found")
			must(t, w.Accounts.Unlink(ctx, a.actor, password))
			_, err = w.comeAs(t, "somebody@example.com")
			wantError(t, err, models.CodeUnauthenticated, "error.external_unknown")
		})
		t.Run("the second factor is asked for all the same", func(t *testing.T) {
			c := w.newAccount(t, "cleo", true)
			must(t, c.link("cleo"))
			r, err := w.comeAs(t, "cleo")
			must(t, err)
			if r.Pending == "" || r.User.ID != "" {
				t.Fatalf("returned %+v", r)
			}
			must(t, c.finish(r.Pending, c.code(0)))
		})
	})
}

func TestExternal_WhatABrowserKeeps(t *testing.T) {
	w, ctx := emptyWorld(t, store.Options{DataDir: t.TempDir()}), t.Context()
	w.elsewhere(t, false)
	a, b := w.newAccount(t, "ann", false), w.newAccount(t, "bob", false)
	must(t, a.link("ann"))
	stranger := models.Actor{IP: "192.0.2.1"}
	address, kept, err := w.Accounts.BeginExternal(ctx, "/")
	must(t, err)
	answer := at(t, address, "ann")
	if strings.Contains(kept, answer.Get("state")) {
		t.Error("it is not sealed")
	}
	over := func(kept string, actor models.Actor) {
		t.Helper()
		_, err := w.Accounts.FinishExternal(ctx, actor, kept, answer)
		wantError(t, err, models.CodeUnauthenticated, "error.external_over")
	}
	for _, forged := range []string{"", "x", strings.Repeat("x", 100_000), kept[:len(kept)-2], w.keys.seal([]byte(`{"link_to":""}`))} {
		over(forged, stranger)
	}
	_, err = w.Accounts.FinishExternal(ctx, stranger, kept, url.Values{"state": {"other"}, "code": answer["code"]})
	wantError(t, err, models.CodeUnauthenticated, "oidc.refused")

	_, link, err := w.Accounts.BeginLink(ctx, b.actor, password)
	must(t, err)
	over(link, stranger) // signed out meanwhile
	over(link, a.actor)  // somebody else signed in meanwhile
	w.clock.advance(externalLifetime)
	over(kept, stranger)
	over(link, b.actor)
}

func TestExternal_NewUsers(t *testing.T) {
	w, ctx := emptyWorld(t, store.Options{DataDir: t.TempDir()}), t.Context()
	w.elsewhere(t, true)
	_, err := w.comeAs(t, "first")
	wantError(t, err, models.CodeUnauthenticated, "error.external_unknown") // the set-up link makes the first
	ann := w.newAccount(t, "ann", false)

	names := map[string]string{"Ann": "ann-", "zoe@example.com": "zoe", "-.雅": "user", strings.Repeat("x", 100): strings.Repeat("x", 24), "a b/c'd": "abcd"}
	for shown, want := range names {
		t.Run(shown, func(t *testing.T) {
			r, err := w.comeAs(t, shown)
			must(t, err)
			if !strings.HasPrefix(r.User.Username, want) || r.User.ID == ann.actor.UserID || r.User.Operator {
				t.Errorf("user %+v", r.User)
			}
			must(t, r.User.Validate())
			roles, err := w.store.Users.Memberships(ctx, r.User.ID)
			must(t, err)
			same(t, 0, len(roles))
			again, err := w.comeAs(t, shown)
			must(t, err)
			same(t, r.User.ID, again.User.ID)
		})
	}
	t.Run("has no password, so none opens it, and keeps the link until there is one", func(t *testing.T) {
		r, err := w.comeAs(t, "zoe@example.com")
		must(t, err)
		actor := models.Actor{UserID: r.User.ID, Username: r.User.Username, IP: "192.0.2.20"}
		for _, guess := range []string{"", " ", password} {
			_, err := w.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.21"}, r.User.Username, guess)
			wantError(t, err, models.CodeUnauthenticated, "error.login_wrong")
		}
		wantError(t, w.Accounts.Unlink(ctx, actor, ""), models.CodeForbidden, "error.only_sign_in_method")
		_, err = w.Accounts.ChangePassword(ctx, actor, "", newPassword)
		must(t, err)
		must(t, w.Accounts.Unlink(ctx, actor, newPassword))
		w.clock.advance(time.Hour)
		in, err := w.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.21"}, r.User.Username, newPassword)
		must(t, err)
		same(t, r.User.ID, in.User.ID)
	})
}

func TestExternal_WithoutAProvider(t *testing.T) {
	w, ctx := emptyWorld(t, store.Options{DataDir: t.TempDir()}), t.Context()
	a := w.newAccount(t, "ann", false)
	same(t, "", w.Accounts.ExternalName())
	_, _, begun := w.Accounts.BeginExternal(ctx, "/")
	_, _, linked := w.Accounts.BeginLink(ctx, a.actor, password)
	_, finished := w.Accounts.FinishExternal(ctx, models.Actor{}, "", nil)
	_, shown := w.Accounts.ExternalAccount(ctx, a.actor)
	for _, err := range []error{begun, linked, finished, shown, w.Accounts.Unlink(ctx, a.actor, password)} {
		wantError(t, err, models.CodeNotFound, "error.not_found")
	}
	w.elsewhere(t, false)
	_, _, linked = w.Accounts.BeginLink(ctx, system, password)
	_, shown = w.Accounts.ExternalAccount(ctx, models.Actor{})
	for _, err := range []error{linked, shown, w.Accounts.Unlink(ctx, models.Actor{}, password)} {
		wantError(t, err, models.CodeUnauthenticated, "error.unauthenticated")
	}
}
