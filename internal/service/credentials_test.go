package service

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"envshare/models"
)

func (w *world) issued(t testing.TB) (Credential, models.Credential) {
	t.Helper()
	cred, row, err := w.Credentials.Issue(t.Context(), shopAdmin, shop, "shop-1", time.Hour)
	must(t, err)
	return cred, row
}

func TestCredentials_WhatAuthenticates(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	good, _ := w.issued(t)
	got, err := w.Credentials.Authenticate(ctx, good.SecretID, good.Token)
	must(t, err)
	if got.SecretKey != good.SecretKey || got.AppID() != shop || got.EnvironmentID() != "shop-1" || got.RequestID() != "" {
		t.Fatalf("authenticated as %+v", got)
	}

	foreign := newWorld(t, w.options, w.clock, testKeys(t, 2)) // same database, another secret
	stolen, err := foreign.Credentials.issue(claims{Kind: kindInvocation, AppID: shop, EnvironmentID: "shop-1", ExpiresAt: start.Add(time.Hour).UnixMilli()})
	must(t, err)
	user, err := w.Credentials.issue(claims{Kind: kindUser, AppID: shop, EnvironmentID: "shop-1", ExpiresAt: start.Add(time.Hour).UnixMilli()})
	must(t, err)
	second, _ := w.issued(t)
	for name, c := range map[string][2]string{
		"a token of another installation":       {stolen.SecretID, stolen.Token},
		"the secret id of another credential":   {second.SecretID, good.Token},
		"no secret id":                          {"", good.Token},
		"a secret id without its prefix":        {strings.TrimPrefix(good.SecretID, secretIDPrefix), good.Token},
		"no token":                              {good.SecretID, ""},
		"a token that is no base64":             {good.SecretID, "%%%"},
		"a token that was cut":                  {good.SecretID, good.Token[:len(good.Token)-4]},
		"half of two tokens":                    {good.SecretID, good.Token[:40] + second.Token[40:]},
		"the token that names an end user only": {user.SecretID, user.Token},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Credentials.Authenticate(ctx, c[0], c[1])
			wantError(t, err, models.CodeUnauthenticated, "call.credential_unknown")
		})
	}
}

func TestCredentials_EveryTamperedByteIsRefused(t *testing.T) {
	w := sqliteWorld(t)
	good, _ := w.issued(t)
	sealed, err := base64.RawURLEncoding.DecodeString(good.Token)
	must(t, err)
	for i := range sealed {
		tampered := bytes.Clone(sealed)
		tampered[i] ^= 1
		_, err := w.Credentials.Authenticate(t.Context(), good.SecretID, base64.RawURLEncoding.EncodeToString(tampered))
		wantError(t, err, models.CodeUnauthenticated, "call.credential_unknown")
	}
}

func TestCredentials_NothingIsReadableWithoutTheKey(t *testing.T) {
	w := sqliteWorld(t)
	cred, err := w.Credentials.issue(claims{
		Kind: kindSession, AppID: shop, EnvironmentID: "shop-1", User: endUser{OpenID: "openid-of-somebody"}, AuthCustom: `{"level":9}`,
		ExpiresAt: start.Add(time.Hour).UnixMilli(),
	})
	must(t, err)
	sealed, err := base64.RawURLEncoding.DecodeString(cred.Token)
	must(t, err)
	for _, word := range []string{shop, "shop-1", "openid-of-somebody", "level"} {
		if bytes.Contains(sealed, []byte(word)) || strings.Contains(cred.Token, base64.RawURLEncoding.EncodeToString([]byte(word))) {
			t.Errorf("%s is readable in the token", word)
		}
	}
	again, err := w.Credentials.issue(cred.claims)
	must(t, err)
	if again.Token == cred.Token || again.SecretID == cred.SecretID || again.SecretKey == cred.SecretKey {
		t.Fatal("two credentials with the same facts are alike")
	}
	if _, err := testKeys(t, 2).open(cred.Token); err == nil {
		t.Fatal("another key opened it")
	}
	if w.keys.secretKey("a", "bc") == w.keys.secretKey("ab", "c") {
		t.Fatal("secret id and token run together in the secret key")
	}
	sealedSecret := w.keys.sealSecret(shop, "secret-of-the-app")
	if bytes.Contains(sealedSecret, []byte("secret-of-the-app")) {
		t.Fatal("an app's secret is stored readable")
	}
}

func TestCredentials_End(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	ends := start.Add(time.Minute)
	credentials := map[credentialKind]Credential{}
	for _, kind := range []credentialKind{kindInvocation, kindSession} {
		cred, err := w.Credentials.issue(claims{Kind: kind, AppID: shop, EnvironmentID: "shop-1", ExpiresAt: ends.UnixMilli()})
		must(t, err)
		credentials[kind] = cred
	}
	issued, _, err := w.Credentials.Issue(ctx, shopAdmin, shop, "shop-1", time.Minute)
	must(t, err)
	credentials[kindIssued] = issued
	w.clock.advance(time.Minute - time.Millisecond)
	for kind, cred := range credentials {
		if _, err := w.Credentials.Authenticate(ctx, cred.SecretID, cred.Token); err != nil {
			t.Errorf("%s before its end: %v", kind, err)
		}
	}
	w.clock.advance(time.Millisecond)
	for kind, want := range map[credentialKind][2]string{
		kindInvocation: {string(models.CodeUnauthenticated), "call.credential_expired"},
		kindIssued:     {string(models.CodeUnauthenticated), "call.credential_expired"},
		kindSession:    {string(models.CodeSessionInvalid), "call.session_expired"},
	} {
		_, err := w.Credentials.Authenticate(ctx, credentials[kind].SecretID, credentials[kind].Token)
		wantError(t, err, models.Code(want[0]), want[1])
	}
}

func TestCredentials_RevokedOnesEndAtOnceEverywhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, other := t.Context(), w.another(t)
		cred, row := w.issued(t)
		_, err := other.Credentials.Authenticate(ctx, cred.SecretID, cred.Token)
		must(t, err)
		err = other.Credentials.Revoke(ctx, shopDeveloper, row.ID)
		wantError(t, err, models.CodeForbidden, "error.role_needed")
		err = other.Credentials.Revoke(ctx, outsider, row.ID)
		wantError(t, err, models.CodeNotFound, "error.not_found")

		must(t, other.Credentials.Revoke(ctx, shopAdmin, row.ID))
		for _, s := range []*world{w, other} {
			_, err := s.Credentials.Authenticate(ctx, cred.SecretID, cred.Token)
			wantError(t, err, models.CodeUnauthenticated, "call.credential_revoked")
		}
		wantError(t, other.Credentials.Revoke(ctx, shopAdmin, row.ID), models.CodeNotFound, "error.not_found")
		wantError(t, other.Credentials.Revoke(ctx, shopAdmin, "gone"), models.CodeNotFound, "error.not_found")

		events := w.audit(t, shop)
		same(t, "credential.issued credential.revoked", actions(events))
		for _, e := range events {
			if e.Subject != row.ID || e.EnvironmentID != "shop-1" || strings.Contains(e.After, cred.SecretKey) {
				t.Errorf("event %+v", e)
			}
		}
	})
}

// C1: what was opened with a credential ends with it.
func TestCredentials_RevokingEndsTheSessionsOpenedWithThem(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.lend(t, kitchen, "shop-1")
		cred, row, err := w.Credentials.Issue(ctx, kitchenAdmin, kitchen, "kitchen-1", time.Hour)
		must(t, err)
		f, err := w.facts.fresh(ctx)
		must(t, err)
		session, err := w.Credentials.issue(sessionClaims(cred, f.callFacts(cred.caller(), "shop-1"), models.AuthVerdict{}, w.clock.now()))
		must(t, err)
		_, err = w.Credentials.Authenticate(ctx, session.SecretID, session.Token)
		must(t, err)
		must(t, w.Credentials.Revoke(ctx, system, row.ID))
		_, err = w.Credentials.Authenticate(ctx, session.SecretID, session.Token)
		wantError(t, err, models.CodeSessionInvalid, "call.session_expired")
	})
}

func TestCredentials_IssueRefuses(t *testing.T) {
	w := sqliteWorld(t)
	w.lend(t, kitchen, "shop-1")
	before := w.counts(t)
	for _, c := range []struct {
		name      string
		actor     models.Actor
		app, env  string
		ttl       time.Duration
		code, key string
	}{
		{"an environment of another app", shopAdmin, shop, "kitchen-1", time.Hour, "not_found", "error.environment_of_app"},
		{"a borrowed environment", kitchenAdmin, kitchen, "shop-1", time.Hour, "not_found", "error.environment_of_app"},
		{"an environment that does not exist", shopAdmin, shop, "gone", time.Hour, "not_found", "error.environment_of_app"},
		{"an app that does not exist", system, nobodys, "shop-1", time.Hour, "not_found", "error.environment_of_app"},
		{"a developer", shopDeveloper, shop, "shop-1", time.Hour, "forbidden", "error.role_needed"},
		{"a stranger", outsider, shop, "shop-1", time.Hour, "not_found", "error.not_found"},
		{"an operator without a role", operator, shop, "shop-1", time.Hour, "not_found", "error.not_found"},
		{"nobody", models.Actor{}, shop, "shop-1", time.Hour, "unauthenticated", "error.unauthenticated"},
		{"no time", shopAdmin, shop, "shop-1", 0, "invalid", "error.credential_ttl"},
		{"a negative time", shopAdmin, shop, "shop-1", -time.Hour, "invalid", "error.credential_ttl"},
		{"less than a second", shopAdmin, shop, "shop-1", time.Second - 1, "invalid", "error.credential_ttl"},
		{"more than the most", shopAdmin, shop, "shop-1", MaxCredentialTTL + 1, "invalid", "error.credential_ttl"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := w.Credentials.Issue(t.Context(), c.actor, c.app, c.env, c.ttl)
			wantError(t, err, models.Code(c.code), c.key)
		})
	}
	same(t, before, w.counts(t))
	for _, ttl := range []time.Duration{time.Second, MaxCredentialTTL} {
		_, row, err := w.Credentials.Issue(t.Context(), system, shop, "shop-1", ttl)
		must(t, err)
		if !row.ExpiresAt.Equal(start.Add(ttl)) {
			t.Errorf("a credential for %s ends %s", ttl, row.ExpiresAt)
		}
	}
}

// C1: a verdict of cloudbase_auth belongs to its caller app and end user.
func TestC1_ASessionIsRefusedForAnotherEndUser(t *testing.T) {
	w := sqliteWorld(t)
	share := w.lend(t, diner, "shop-1")
	made := func(kind credentialKind, app, openID string) Credential {
		cred, err := w.Credentials.issue(claims{
			Kind: kind, AppID: app, EnvironmentID: "shop-1", GrantID: share.Grants[0].ID, User: endUser{OpenID: openID}, ExpiresAt: start.Add(time.Hour).UnixMilli(),
		})
		must(t, err)
		return cred
	}
	session := made(kindSession, diner, "ann")
	ended, err := w.Credentials.issue(claims{Kind: kindUser, AppID: diner, User: endUser{OpenID: "ann"}, ExpiresAt: start.UnixMilli()})
	must(t, err)
	f, err := w.facts.fresh(t.Context())
	must(t, err)
	for _, c := range []struct{ name, token, key string }{
		{"the same user", made(kindUser, diner, "ann").Token, ""},
		{"no token", "", "call.user_token_unknown"},
		{"another user", made(kindUser, diner, "bob").Token, "call.session_other_user"},
		{"nobody in particular", made(kindUser, diner, "").Token, "call.session_other_user"},
		{"the same openid in another app", made(kindUser, kitchen, "ann").Token, "call.session_other_user"},
		{"a credential's token", made(kindInvocation, diner, "ann").Token, "call.user_token_unknown"},
		{"the same user's token of a run that ended", ended.Token, "call.user_token_unknown"},
		{"no token of ours", "forged", "call.user_token_unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := w.Calls.decide(session, CallInfo{UserToken: c.token}, f.callFacts(session.caller(), "shop-1"), models.FunctionsInvoke)
			if c.key == "" {
				must(t, err)
				return
			}
			wantError(t, err, models.CodeSessionInvalid, c.key)
		})
	}
}

func TestC1_ASessionOfIssuedCredentialsNeedsNoInvocation(t *testing.T) {
	w := sqliteWorld(t)
	cred := w.session(t, diner, w.lend(t, diner, "shop-1"), "shop-1")
	same(t, models.Code(""), w.callCode(t, cred, models.FunctionsInvoke))
}

func TestGatewayURL(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		url, err := w.Credentials.GatewayURL(ctx)
		must(t, err)
		same(t, "http://127.0.0.1:8081", url)
		must(t, w.Credentials.SetGatewayURL(ctx, "https://gateway.example"))
		url, err = w.another(t).Credentials.GatewayURL(ctx)
		must(t, err)
		same(t, "https://gateway.example", url)
	})
}

func TestLoadKeys(t *testing.T) {
	t.Run("is made once, private, and the same for processes that start at once", func(t *testing.T) {
		dir := t.TempDir()
		tokens := make([]string, 8)
		for _, err := range atOnce(len(tokens), func(i int) error {
			keys, err := LoadKeys(dir)
			if err == nil {
				tokens[i] = keys.secretKey("id", "token")
			}
			return err
		}) {
			must(t, err)
		}
		for _, token := range tokens {
			same(t, tokens[0], token)
		}
		entries, err := os.ReadDir(dir)
		must(t, err)
		info, err := os.Stat(filepath.Join(dir, "secret.key"))
		must(t, err)
		if len(entries) != 1 || info.Mode().Perm() != 0o600 || info.Size() != keySize {
			t.Fatalf("%d files, mode %s, %d bytes", len(entries), info.Mode(), info.Size())
		}
	})
	t.Run("a key of another size is refused and left alone", func(t *testing.T) {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "secret.key"), []byte("short"), 0o600))
		if _, err := LoadKeys(dir); err == nil || !strings.Contains(err.Error(), "5 bytes") {
			t.Fatalf("a short key: %v", err)
		}
		data, err := os.ReadFile(filepath.Join(dir, "secret.key"))
		must(t, err)
		same(t, "short", string(data))
	})
	t.Run("a folder that is not there is an error", func(t *testing.T) {
		if _, err := LoadKeys(filepath.Join(t.TempDir(), "gone")); err == nil {
			t.Fatal("loaded")
		}
	})
}

// S6: what a function carried out of its invocation opens nothing once it ended.
func TestACredentialEndsWithItsInvocation(t *testing.T) {
	w, ctx := sqliteWorld(t), t.Context()
	cred, err := w.Credentials.issue(claims{
		Kind: kindInvocation, AppID: shop, EnvironmentID: "shop-1", RequestID: "run", ExpiresAt: w.clock.now().Add(time.Hour).UnixMilli(),
	})
	must(t, err)
	user, err := w.Credentials.issue(claims{
		Kind: kindUser, AppID: diner, RequestID: "run", ExpiresAt: w.clock.now().Add(time.Hour).UnixMilli(),
	})
	must(t, err)
	session, err := w.Credentials.issue(claims{
		Kind: kindSession, AppID: diner, EnvironmentID: "shop-1", ExpiresAt: w.clock.now().Add(time.Hour).UnixMilli(),
		GrantID: w.lend(t, diner, "shop-1").Grants[0].ID,
	})
	must(t, err)
	try := func() (models.Code, models.Code) {
		_, authErr := w.Credentials.Authenticate(ctx, cred.SecretID, cred.Token)
		f, err := w.facts.fresh(ctx)
		must(t, err)
		_, callErr := w.Calls.decide(session, CallInfo{UserToken: user.Token}, f.callFacts(session.caller(), "shop-1"), models.FunctionsInvoke)
		return models.CodeOf(authErr), models.CodeOf(callErr)
	}
	refused := [2]models.Code{models.CodeUnauthenticated, models.CodeSessionInvalid}
	for _, step := range []struct {
		name string
		do   func()
		want [2]models.Code
	}{
		{"before it began", func() {}, refused},
		{"while it runs", func() { w.Credentials.runs.begin("run") }, [2]models.Code{}},
		{"after it ended", func() { w.Credentials.runs.end("run") }, refused},
	} {
		step.do()
		auth, call := try()
		if got := [2]models.Code{auth, call}; got != step.want {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
	}
}
