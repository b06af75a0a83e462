package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"envshare/internal/identity"
	"envshare/internal/identity/oidc"
	"envshare/internal/testkit/openid"
	"envshare/models"
)

const callback = "http://127.0.0.1:1/login/oidc/callback"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code models.Code, key string) {
	t.Helper()
	if !models.IsCode(err, code) || models.MsgOf(err).Key != key {
		t.Errorf("error %v, want %s with %s", err, code, key)
	}
	if err != nil && strings.Contains(err.Error(), openid.ClientSecret) {
		t.Errorf("the secret is in the error: %v", err)
	}
}

// signIn begins at the console's side and comes back with an answer.
func signIn(t *testing.T, p identity.External, name string) (identity.Attempt, url.Values) {
	t.Helper()
	address, attempt, err := p.Begin(t.Context())
	must(t, err)
	return attempt, openid.SignIn(t, openid.Browser(t), address, name).Query()
}

func TestSignInAtARealProvider(t *testing.T) {
	issuer := openid.Start(t)
	p := openid.Client(t, issuer, callback)

	t.Run("the address asks for a code with PKCE, state and nonce, and holds no secret", func(t *testing.T) {
		address, a, err := p.Begin(t.Context())
		must(t, err)
		u, err := url.Parse(address)
		must(t, err)
		q := u.Query()
		for key, want := range map[string]string{
			"response_type": "code", "client_id": openid.ClientID, "redirect_uri": callback, "scope": "openid profile",
			"code_challenge_method": "S256", "state": a.State, "nonce": a.Nonce,
		} {
			if q.Get(key) != want {
				t.Errorf("%s is %q, want %q", key, q.Get(key), want)
			}
		}
		if q.Get("code_challenge") == "" || strings.Contains(address, a.Verifier) || strings.Contains(address, openid.ClientSecret) {
			t.Errorf("address %s", address)
		}
		_, b, err := p.Begin(t.Context())
		must(t, err)
		if a.State == b.State || a.Nonce == b.Nonce || a.Verifier == b.Verifier || len(a.State) < 20 || len(a.Nonce) < 20 {
			t.Errorf("attempts %+v and %+v", a, b)
		}
	})
	t.Run("proves an account, and its code works once", func(t *testing.T) {
		attempt, answer := signIn(t, p, "alice@example.com")
		account, err := p.Finish(t.Context(), attempt, answer)
		must(t, err)
		want := identity.Account{Issuer: issuer, Subject: "alice@example.com", Name: "alice@example.com", Username: "alice@example.com"}
		if account != want {
			t.Errorf("account %+v, want %+v", account, want)
		}
		_, err = p.Finish(t.Context(), attempt, answer)
		wantCode(t, err, models.CodeUnauthenticated, "oidc.refused")
	})
	t.Run("somebody who says no", func(t *testing.T) {
		attempt, answer := signIn(t, p, "")
		_, err := p.Finish(t.Context(), attempt, answer)
		wantCode(t, err, models.CodeUnauthenticated, "oidc.denied")
	})
	for name, change := range map[string]func(a *identity.Attempt, answer url.Values){
		"another state":              func(_ *identity.Attempt, answer url.Values) { answer.Set("state", "x") },
		"no state at all":            func(a *identity.Attempt, answer url.Values) { a.State = ""; answer.Del("state") },
		"an attempt of another page": func(a *identity.Attempt, _ url.Values) { a.State = "other" },
		"another nonce":              func(a *identity.Attempt, _ url.Values) { a.Nonce = "x" },
		"no nonce":                   func(a *identity.Attempt, _ url.Values) { a.Nonce = "" },
		"another verifier":           func(a *identity.Attempt, _ url.Values) { a.Verifier = strings.Repeat("v", 43) },
		"another provider answers":   func(_ *identity.Attempt, answer url.Values) { answer.Set("iss", "https://evil.test") },
		"another code":               func(_ *identity.Attempt, answer url.Values) { answer.Set("code", "x") },
		"no code":                    func(_ *identity.Attempt, answer url.Values) { answer.Del("code") },
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			attempt, answer := signIn(t, p, "alice")
			change(&attempt, answer)
			_, err := p.Finish(t.Context(), attempt, answer)
			wantCode(t, err, models.CodeUnauthenticated, "oidc.refused")
		})
	}
	t.Run("a wrong client secret is refused and named nowhere", func(t *testing.T) {
		const wrong = "not-the-secret"
		other, err := oidc.New(oidc.Config{Issuer: issuer, ClientID: openid.ClientID, ClientSecret: wrong, RedirectURL: callback})
		must(t, err)
		attempt, answer := signIn(t, other, "alice")
		_, err = other.Finish(t.Context(), attempt, answer)
		wantCode(t, err, models.CodeUnauthenticated, "oidc.refused")
		if strings.Contains(err.Error(), wrong) {
			t.Errorf("the secret is in %v", err)
		}
	})
}

func TestAProviderThatIsNotThere(t *testing.T) {
	asked := 0
	none := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked++; http.NotFound(w, r) }))
	p := openid.Client(t, none.URL, callback)
	for range 3 {
		_, _, err := p.Begin(t.Context())
		wantCode(t, err, models.CodeUnavailable, "oidc.unreachable")
	}
	none.Close()
	if asked != 1 {
		t.Errorf("it was asked %d times at once", asked)
	}
	_, _, err := openid.Client(t, none.URL, callback).Begin(t.Context())
	wantCode(t, err, models.CodeUnavailable, "oidc.unreachable")
}

func TestAProviderThatCallsItselfSomethingElse(t *testing.T) {
	real := openid.Start(t)
	// Discovery at this address would name the real provider as issuer.
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, real+r.URL.Path, http.StatusFound)
	}))
	defer other.Close()
	_, _, err := openid.Client(t, other.URL, callback).Begin(t.Context())
	wantCode(t, err, models.CodeUnavailable, "oidc.unreachable")
}

func TestConfigsThatAreRefused(t *testing.T) {
	for name, c := range map[string]oidc.Config{
		"no issuer": {ClientID: "x"}, "no host": {Issuer: "https://", ClientID: "x"}, "no client": {Issuer: "https://id.example.com"},
		"a password in the address": {Issuer: "https://a:b@id.example.com", ClientID: "x"}, "a query": {Issuer: "https://id.example.com?x=1", ClientID: "x"},
	} {
		if _, err := oidc.New(c); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	p, err := oidc.New(oidc.Config{Issuer: "https://id.example.com/realm", ClientID: "x"})
	must(t, err)
	if p.Name() != "id.example.com" || p.Issuer() != "https://id.example.com/realm" {
		t.Errorf("name %q, issuer %q", p.Name(), p.Issuer())
	}
}
