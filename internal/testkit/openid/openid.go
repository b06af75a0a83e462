// Package openid runs a real OpenID provider for tests, and does there what a
// person does.
//
// It knows the provider and its pages. It must not know services, handlers or the
// gateway, whose tests stand on it, and nothing but tests may import it.
package openid

import (
	"bufio"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"envshare/internal/identity"
	"envshare/internal/identity/oidc"
)

// Who the console is to the OpenID provider of tests.
const (
	ClientID     = "envshare"
	ClientSecret = "a-secret-of-tests-alone"
)

// Start runs an OpenID provider until the test ends and returns its issuer.
// Without Node.js and the provider it skips the test, except in CI.
func Start(t testing.TB) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(here), "..", "..", "identity", "oidc", "provider")
	_, noNode := exec.LookPath("node")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "oidc-provider")); err != nil || noNode != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("CI must have the OpenID provider: make test installs it")
		}
		t.Skip("the OpenID provider is not installed: make test does it")
	}
	cmd := exec.Command("node", filepath.Join(dir, "provider.mjs"), ClientID, ClientSecret)
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { // it ends with its input
		report(t, stdin.Close())
		report(t, cmd.Wait())
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	must(t, err)
	return strings.TrimSpace(line)
}

// Client makes the console's side of a provider.
func Client(t testing.TB, issuer, redirectURL string) identity.External {
	t.Helper()
	p, err := oidc.New(oidc.Config{Issuer: issuer, ClientID: ClientID, ClientSecret: ClientSecret, RedirectURL: redirectURL, Name: "Test ID"})
	must(t, err)
	return p
}

// SignIn does at the provider what a person does, from the address that they
// are sent to until they are sent back, and returns where to. The client keeps
// cookies and follows no redirects. An empty name says no.
func SignIn(t testing.TB, client *http.Client, address, name string) *url.URL {
	t.Helper()
	next, err := url.Parse(address)
	must(t, err)
	provider := next.Host
	body := io.Reader(nil)
	method := http.MethodGet
	for range 12 {
		r, err := http.NewRequestWithContext(t.Context(), method, next.String(), body)
		must(t, err)
		if body != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		res, err := client.Do(r)
		must(t, err)
		page, err := goquery.NewDocumentFromReader(io.LimitReader(res.Body, 1<<20))
		must(t, err)
		must(t, res.Body.Close())
		method, body = http.MethodGet, nil
		if location := res.Header.Get("Location"); location != "" {
			next, err = next.Parse(location)
			must(t, err)
			if next.Host != provider {
				return next
			}
			continue
		}
		if name == "" {
			next, err = next.Parse(page.Find(`a[href$="/abort"]`).AttrOr("href", ""))
			must(t, err)
			continue
		}
		form := page.Find("form").First()
		prompt := form.Find(`input[name="prompt"]`).AttrOr("value", "")
		if res.StatusCode != http.StatusOK || prompt == "" {
			t.Fatalf("the provider answers %d: %s", res.StatusCode, strings.Join(strings.Fields(page.Text()), " "))
		}
		next, err = next.Parse(form.AttrOr("action", ""))
		must(t, err)
		method, body = http.MethodPost, strings.NewReader(url.Values{"prompt": {prompt}, "login": {name}, "password": {"any"}}.Encode())
	}
	t.Fatal("the provider does not come to an end")
	return nil
}

// Browser keeps cookies and follows no redirects.
func Browser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func report(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("take down: %v", err)
	}
}
