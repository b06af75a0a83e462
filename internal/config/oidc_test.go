package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"envshare/internal/config"
)

func TestOIDCSettings(t *testing.T) {
	t.Setenv("ENVSHARE_OIDC_ISSUER", "https://id.example.com")
	t.Setenv("ENVSHARE_OIDC_CLIENT_ID", "envshare")
	t.Setenv("ENVSHARE_OIDC_CLIENT_SECRET", "very-secret")
	t.Setenv("ENVSHARE_OIDC_NAME", "公司账号")
	t.Setenv("ENVSHARE_OIDC_CREATE_USERS", "true")
	s := parsed(t, "serve").Serve.Serve
	want := config.OIDC{Issuer: "https://id.example.com", ClientID: "envshare", ClientSecret: "very-secret", Name: "公司账号", CreateUsers: true}
	if s.OIDC != want {
		t.Fatalf("settings %+v", s.OIDC)
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	secret, err := s.OIDC.Secret()
	if err != nil || secret != "very-secret" {
		t.Fatalf("secret %q, %v", secret, err)
	}

	t.Run("the secret shows itself to nobody", func(t *testing.T) {
		asJSON, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("settings", "all", s, "secret", s.OIDC.ClientSecret)
		for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%+v %#v %s %v %q", s, s, s.OIDC.ClientSecret, s.OIDC.ClientSecret, s.OIDC.ClientSecret), string(asJSON), log.String()} {
			if strings.Contains(shown, "very-secret") {
				t.Errorf("shown in %s", shown)
			}
		}
	})
	t.Run("from a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte("from a file\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := config.OIDC{ClientSecretFile: path}.Secret()
		if err != nil || got != "from a file" {
			t.Fatalf("secret %q, %v", got, err)
		}
		if _, err := (config.OIDC{ClientSecretFile: path + "-not-there"}).Secret(); err == nil {
			t.Error("a file that is not there is taken")
		}
		if err := os.WriteFile(path, make([]byte, 10_000), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := (config.OIDC{ClientSecretFile: path}).Secret(); err == nil {
			t.Error("a huge file is taken")
		}
	})
}

func TestOIDCSettingsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		oidc config.OIDC
		want string
	}{
		"none":                 {config.OIDC{}, ""},
		"https":                {config.OIDC{Issuer: "https://id.example.com/realm", ClientID: "x"}, ""},
		"http on loopback":     {config.OIDC{Issuer: "http://127.0.0.1:5556", ClientID: "x"}, ""},
		"http on localhost":    {config.OIDC{Issuer: "http://localhost:5556/dex", ClientID: "x"}, ""},
		"http elsewhere":       {config.OIDC{Issuer: "http://id.example.com", ClientID: "x"}, "want https"},
		"a password in it":     {config.OIDC{Issuer: "https://a:b@id.example.com", ClientID: "x"}, "want https"},
		"no address":           {config.OIDC{Issuer: "id.example.com", ClientID: "x"}, "want https"},
		"a broken address":     {config.OIDC{Issuer: "https://%zz", ClientID: "x"}, "want https"},
		"no client":            {config.OIDC{Issuer: "https://id.example.com"}, "oidc-client-id"},
		"no issuer":            {config.OIDC{ClientID: "x"}, "without --oidc-issuer"},
		"users without issuer": {config.OIDC{CreateUsers: true}, "without --oidc-issuer"},
		"two secrets":          {config.OIDC{Issuer: "https://id.example.com", ClientID: "x", ClientSecret: "a", ClientSecretFile: "b"}, "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			s := parsed(t, "serve").Serve.Serve
			s.OIDC = c.oidc
			err := s.Validate()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
		})
	}
}
