package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"envshare/internal/config"
)

func TestEffectiveSaysWhereSettingsComeFrom(t *testing.T) {
	t.Setenv("ENVSHARE_DATABASE", "postgres://me:hunter2@db/x?sslmode=require&sslpassword=hunter2")
	t.Setenv("ENVSHARE_WORKERS", "7")
	var c commands
	parsed, err := parser(t, &c).Parse([]string{"--config", file(t, "spares: 5\nworkers: 9\n"), "serve", "--grace", "4s", "--trusted-proxies", "10.0.0.0/8,127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][2]string{}
	for _, s := range config.Effective(parsed) {
		got[s.Name] = [2]string{s.Value, s.Source}
		if strings.Contains(s.Value, "hunter2") {
			t.Errorf("%s shows a secret: %s", s.Name, s.Value)
		}
	}
	for name, want := range map[string][2]string{
		"database": {"postgres://me:••••••@db/x?sslmode=require&sslpassword=••••••", config.SourceVariable},
		"workers":  {"7", config.SourceVariable}, "spares": {"5", config.SourceFile}, "grace": {"4s", config.SourceFlag},
		"trusted-proxies": {"10.0.0.0/8, 127.0.0.0/8", config.SourceFlag}, "log-level": {"info", config.SourceDefault},
		"console": {"127.0.0.1:8080", config.SourceDefault}, "demo": {"false", config.SourceDefault},
	} {
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestMask(t *testing.T) {
	for _, c := range [][3]string{
		{"oidc-client-secret", "x", "••••••"}, {"password", "x", "••••••"}, {"api-key", "x", "••••••"}, {"tokens", "x", "••••••"}, {"secret", "", ""},
		{"secure-cookies", "auto", "auto"}, {"trusted-proxies", "10.0.0.0/8", "10.0.0.0/8"}, {"console", "127.0.0.1:8080", "127.0.0.1:8080"},
		{"storage", "s3://b?endpoint=http://host:9000&region=r&x=y", "s3://b?endpoint=http://host:9000&region=r&x=••••••"},
		{"gateway-url", "https://gateway.example", "https://gateway.example"}, {"storage", "/var/files", "/var/files"},
		{"database", "postgres://a:p%zz@b/c", "••••••"}, {"database", "postgres://token@db/x", "postgres://token@db/x"},
	} {
		if got := config.Mask(c[0], c[1]); got != c[2] {
			t.Errorf("%s %q: %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
