package handlers_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"envshare/handlers"
	"envshare/internal/paths"
	"envshare/internal/testkit"
	"envshare/internal/testkit/openid"
	"envshare/models"
	"envshare/web"
)

// accounts is a console whose clock can be moved, and whose people may sign in at a
// real OpenID provider.
type accounts struct {
	*console
	mu  sync.Mutex
	off time.Duration
}

// elsewhere says what the OpenID provider of a console is for.
type elsewhere struct{ on, createUsers bool }

func newAccounts(t *testing.T, e elsewhere) *accounts {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	a := &accounts{console: &console{t: t, url: "http://" + listener.Addr().String()}}
	o := testkit.Options{NoRunner: true, Now: a.now, CreateExternalUsers: e.createUsers}
	if e.on {
		o.External = openid.Client(t, openid.Start(t), a.url+paths.LoginExternalCallback())
	}
	a.kit = testkit.New(t, o)
	s := a.kit.Services
	console, err := web.New(web.Config{Streams: handlers.Streams(), LargeForms: handlers.LargeForms()}, web.Deps{
		Sessions: s.Accounts, Static: fstest.MapFS{}, Ready: s.Ready, SetLanguage: s.Accounts.SetLanguage, Logger: a.kit.Logger, Now: a.now,
	})
	must(t, err)
	handlers.Register(console, s, handlers.Options{NeedsSetUp: s.Accounts.NeedsSetUp, Zone: zone, Now: a.now})
	a.routes = console.Routes()
	server := httptest.NewUnstartedServer(console)
	must(t, server.Listener.Close())
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	a.kit.Apply(t, manifest, nil)
	return a
}

func (a *accounts) now() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Now().Add(a.off)
}

func (a *accounts) advance(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.off += d
}

// step is how long a one-time code is shown.
const step = 30 * time.Second

// code is what an authenticator app shows now.
func (a *accounts) code(secret string) string {
	a.t.Helper()
	code, err := totp.GenerateCodeCustom(strings.ReplaceAll(secret, " ", ""), a.now(), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	must(a.t, err)
	return code
}

// logIn sends the form with name and password.
func (b *browser) logIn(name, password string) *page {
	b.t.Helper()
	return b.submit(b.get("/login"), "/login", "username", name, "password", password)
}

// guard turns the second factor of a browser's person on, and returns the secret
// and the recovery codes.
func (a *accounts) guard(b *browser) (secret string, codes []string) {
	a.t.Helper()
	set := b.submit(b.get(paths.AccountSecondFactor()).want(200), paths.AccountSecondFactor(), "password", password).
		wantRedirect(paths.SecondFactorSetUp()).follow().want(200)
	secret = set.Find(`[data-testid="secret"]`).Text()
	on := b.submit(set, paths.SecondFactorSetUp(), "code", a.code(secret)).want(200)
	for _, n := range on.Find(`[data-testid="recovery-code"]`).EachIter() {
		codes = append(codes, n.Text())
	}
	if len(codes) != models.RecoveryCodes {
		a.t.Fatalf("%d recovery codes: %s", len(codes), on.excerpt())
	}
	a.advance(step) // the code that confirmed it is used
	return secret, codes
}

// signedIn reports whether a browser opens a page of somebody who is signed in.
func (b *browser) signedIn() bool {
	b.t.Helper()
	return b.do(http.MethodGet, "/apps", "", nil).status == http.StatusOK
}

func (b *browser) cookie(name, path string) string {
	b.t.Helper()
	u, err := url.Parse(b.base + path)
	must(b.t, err)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// wantSignedIn expects that a browser is signed in, or that it is not.
func (b *browser) wantSignedIn(want bool) {
	b.t.Helper()
	if got := b.signedIn(); got != want {
		b.t.Fatalf("signed in: %v, want %v", got, want)
	}
}
