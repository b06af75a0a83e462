package testkit

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"envshare/internal/identity"
	"envshare/internal/identity/wechat"
	"envshare/internal/identity/wechatsim"
)

// startSimulator lets a simulated WeChat answer for the apps of the installation,
// until the test ends. Logins may return anywhere: the gateway decides.
func (k *Kit) startSimulator(t testing.TB, now func() time.Time) identity.WeChat {
	t.Helper()
	background := context.Background()
	server := httptest.NewServer(wechatsim.New(wechatsim.Options{
		PrincipalOf:   func(appID string) (string, bool) { return k.Services.Clients.PrincipalOf(background, appID) },
		VerifySecret:  func(appID, secret string) bool { return k.Services.Clients.VerifySecret(background, appID, secret) },
		AllowRedirect: func(string, string) bool { return true },
		Now:           now,
	}))
	t.Cleanup(server.Close)
	k.SimulatorURL = server.URL
	client, err := wechat.New(server.URL)
	must(t, err)
	return client
}
