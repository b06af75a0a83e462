package config_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"envshare/internal/config"
)

// commands stands in for the programme's commands.
type commands struct {
	config.Config
	ConfigFile config.File `name:"config" env:"ENVSHARE_CONFIG" placeholder:"FILE"`
	Serve      struct {
		config.Serve
	} `cmd:"" help:"Run console and gateway."`
	Other struct{} `cmd:"" help:"Do something else."`
}

func parser(t *testing.T, c *commands) *kong.Kong {
	t.Helper()
	p, err := kong.New(c, kong.Name("envshare"), kong.DefaultEnvars("ENVSHARE"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parse(t *testing.T, args ...string) (commands, error) {
	t.Helper()
	var c commands
	_, err := parser(t, &c).Parse(args)
	return c, err
}

// parsed reads a command line that must be right.
func parsed(t *testing.T, args ...string) commands {
	t.Helper()
	c, err := parse(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "envshare.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	c := parsed(t, "serve")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Config{Data: filepath.Join(here, "data"), LogLevel: "info"}, c.Config); diff != "" {
		t.Error(diff)
	}
	want := config.Serve{
		Console: "127.0.0.1:8080", Gateway: "127.0.0.1:8081", SecureCookies: "auto", Workers: 32, Spares: 3, Grace: 30 * time.Second,
		EnvironmentGrace: 7 * 24 * time.Hour,
	}
	if diff := cmp.Diff(want, c.Serve.Serve); diff != "" {
		t.Error(diff)
	}
	if err := c.Serve.Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	if c.Serve.Secure() {
		t.Error("the defaults need HTTPS")
	}
}

func TestEveryFlagIsAVariableToo(t *testing.T) {
	for name, value := range map[string]string{
		"ENVSHARE_DATABASE": "postgres://db/x", "ENVSHARE_LOG_LEVEL": "warn", "ENVSHARE_LOG_JSON": "true", "ENVSHARE_CONSOLE": "127.0.0.1:1",
		"ENVSHARE_GATEWAY": "127.0.0.1:2", "ENVSHARE_GATEWAY_URL": "http://localhost:3", "ENVSHARE_SECURE_COOKIES": "yes",
		"ENVSHARE_DEMO": "true", "ENVSHARE_WORKERS": "3", "ENVSHARE_SPARES": "2", "ENVSHARE_GRACE": "4s", "ENVSHARE_ENVIRONMENT_GRACE": "5m", "ENVSHARE_DATA": "/data",
	} {
		t.Setenv(name, value)
	}
	c := parsed(t, "serve")
	if diff := cmp.Diff(config.Config{Data: "/data", Database: "postgres://db/x", LogLevel: "warn", LogJSON: true}, c.Config); diff != "" {
		t.Error(diff)
	}
	want := config.Serve{
		Console: "127.0.0.1:1", Gateway: "127.0.0.1:2", GatewayURL: "http://localhost:3", SecureCookies: "yes", Demo: true,
		Workers: 3, Spares: 2, Grace: 4 * time.Second, EnvironmentGrace: 5 * time.Minute,
	}
	if diff := cmp.Diff(want, c.Serve.Serve); diff != "" {
		t.Error(diff)
	}
	for _, flag := range flags(parser(t, &commands{}).Model.Node) {
		if len(flag.Envs) != 1 || flag.Envs[0] != "ENVSHARE_"+strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_")) {
			t.Errorf("--%s is called %q in the environment", flag.Name, flag.Envs)
		}
	}
}

// flags are the flags of a command and those below it.
func flags(n *kong.Node) []*kong.Flag {
	var out []*kong.Flag
	for _, flag := range n.Flags {
		if flag.Name != "help" {
			out = append(out, flag)
		}
	}
	for _, child := range n.Children {
		out = append(out, flags(child)...)
	}
	return out
}

func TestAFlagGoesBeforeItsVariableAndThatBeforeTheFile(t *testing.T) {
	path := file(t, "workers: 5\nspares: 5\nconsole: 127.0.0.1:5\nlog-json: true\ngrace: 5s\n")
	t.Setenv("ENVSHARE_WORKERS", "6")
	t.Setenv("ENVSHARE_SPARES", "6")
	c := parsed(t, "--config", path, "serve", "--workers", "7")
	got := []any{c.Serve.Workers, c.Serve.Spares, c.Serve.Console, c.LogJSON, c.Serve.Grace, c.Serve.Gateway}
	if diff := cmp.Diff([]any{7, 6, "127.0.0.1:5", true, 5 * time.Second, "127.0.0.1:8081"}, got); diff != "" {
		t.Error(diff)
	}
	t.Setenv("ENVSHARE_CONFIG", path)
	if c := parsed(t, "serve"); c.Serve.Console != "127.0.0.1:5" {
		t.Errorf("the file of ENVSHARE_CONFIG is not read: %q", c.Serve.Console)
	}
}

func TestAFileMayHoldWhatAnotherCommandTakes(t *testing.T) {
	c := parsed(t, "--config", file(t, "workers: 5\nlog-level: debug\n"), "other")
	if c.LogLevel != "debug" {
		t.Errorf("level %q", c.LogLevel)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"an unknown key":          {"wrokers: 3\n", `unknown setting "wrokers"`},
		"the file itself":         {"config: x\n", `unknown setting "config"`},
		"a value of another type": {"workers: many\n", "workers"},
		"a value out of its set":  {"log-level: loud\n", "log-level"},
		"no YAML":                 {"workers: [\n", "config: "},
		"a list":                  {"- workers\n", "config: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, "--config", file(t, c.text), "serve")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v does not say %q", err, c.want)
			}
		})
	}
	t.Run("one that is not there", func(t *testing.T) {
		if _, err := parse(t, "--config", filepath.Join(t.TempDir(), "gone.yaml"), "serve"); err == nil || !strings.Contains(err.Error(), "gone.yaml") {
			t.Fatalf("error %v", err)
		}
	})
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*config.Serve)
		want   string
	}{
		{"defaults", func(*config.Serve) {}, ""},
		{"free ports", func(s *config.Serve) { s.Console, s.Gateway = "127.0.0.1:0", "127.0.0.1:0" }, ""},
		{"all interfaces", func(s *config.Serve) { s.Console, s.Gateway = ":80", ":81" }, ""},
		{"no port", func(s *config.Serve) { s.Console = "127.0.0.1" }, "want host:port"},
		{"no gateway", func(s *config.Serve) { s.Gateway = "" }, "want host:port"},
		{"one address for both", func(s *config.Serve) { s.Gateway = s.Console }, "addresses of their own"},
		{"gateway URL", func(s *config.Serve) { s.GatewayURL = "https://gateway.example:8443" }, ""},
		{"gateway URL with a path", func(s *config.Serve) { s.GatewayURL = "https://gateway.example/x" }, "without a path"},
		{"gateway URL with a query", func(s *config.Serve) { s.GatewayURL = "https://gateway.example?x=1" }, "gateway URL"},
		{"gateway URL without a scheme", func(s *config.Serve) { s.GatewayURL = "gateway.example" }, "gateway URL"},
		{"gateway URL of another scheme", func(s *config.Serve) { s.GatewayURL = "ftp://gateway.example" }, "gateway URL"},
		{"gateway URL that is none", func(s *config.Serve) { s.GatewayURL = "http://a b" }, "gateway URL"},
		{"demo on loopback", func(s *config.Serve) { s.Demo = true }, ""},
		{"demo under a name of this machine", func(s *config.Serve) {
			s.Demo, s.GatewayURL, s.ConsoleURL = true, "http://localhost:9", "http://[::1]:9"
		}, ""},
		{"demo behind a proxy of the gateway", func(s *config.Serve) { s.Demo, s.GatewayURL = true, "https://gateway.example" }, "proxy"},
		{"demo behind a proxy of the console", func(s *config.Serve) { s.Demo, s.ConsoleURL = true, "https://console.example" }, "proxy"},
		{"demo for everybody", func(s *config.Serve) { s.Demo, s.Console = true, ":8080" }, "loopback"},
		{"no workers", func(s *config.Serve) { s.Workers = 0 }, "workers"},
		{"negative spares", func(s *config.Serve) { s.Spares = -1 }, "spares"},
		{"no spares", func(s *config.Serve) { s.Spares = 0 }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parsed(t, "serve").Serve.Serve
			c.change(&s)
			err := s.Validate()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestLoopback(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:8080": true, "127.9.8.7:1": true, "[::1]:8080": true, "localhost:8080": true, "[::ffff:127.0.0.1]:1": true,
		":8080": false, "0.0.0.0:8080": false, "[::]:8080": false, "192.168.1.2:8080": false, "example.com:80": false,
		"localhost.example.com:80": false, "127.0.0.1.example.com:80": false, "127.0.0.1": false, "": false,
	} {
		if got := config.Loopback(addr); got != want {
			t.Errorf("%q: %v", addr, got)
		}
	}
}

func TestSecureCookies(t *testing.T) {
	for _, c := range []struct {
		choice, console string
		want            bool
	}{
		{"auto", "127.0.0.1:8080", false}, {"auto", ":8080", true}, {"yes", "127.0.0.1:8080", true}, {"no", ":8080", false}, {"", ":8080", true},
	} {
		if got := (config.Serve{SecureCookies: c.choice, Console: c.console}).Secure(); got != c.want {
			t.Errorf("%q on %s: %v", c.choice, c.console, got)
		}
	}
}

func TestLocalURL(t *testing.T) {
	for want, addr := range map[string]net.Addr{
		"http://127.0.0.1:8081": &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8081},
		"http://127.0.0.1:80":   &net.TCPAddr{IP: net.IPv6unspecified, Port: 80},
		"http://[::1]:8081":     &net.TCPAddr{IP: net.IPv6loopback, Port: 8081},
		"http://10.0.0.1:1":     &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1},
	} {
		if got := config.LocalURL(addr); got != want {
			t.Errorf("%v: %s, want %s", addr, got, want)
		}
	}
}

func TestLogger(t *testing.T) {
	for level, debug := range map[string]bool{"debug": true, "info": false, "": false, "nonsense": false} {
		if got := (config.Config{LogLevel: level}).Logger().Enabled(t.Context(), -4); got != debug {
			t.Errorf("level %q logs debug: %v", level, got)
		}
	}
}

func TestWriteDocs(t *testing.T) {
	var b strings.Builder
	if err := config.WriteDocs(&b, parser(t, &commands{}).Model); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, line := range []string{
		"# Settings\n", "## All commands\n", "## `envshare serve`\n\nRun console and gateway.\n", "| Flag | Default | Variable | Meaning |\n",
		"| `--data` | `./data` | `ENVSHARE_DATA` | ", "| `--gateway-url` |  | `ENVSHARE_GATEWAY_URL` | ",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is missing from:\n%s", line, text)
		}
	}
	for _, word := range []string{"--help", "envshare other"} {
		if strings.Contains(text, word) {
			t.Errorf("%s has no settings but stands there", word)
		}
	}
}

// docs/config.md must name every setting of this package as it is now.
func TestDocsAreUpToDate(t *testing.T) {
	committed, err := os.ReadFile(filepath.Join("..", "..", "docs", "config.md"))
	if os.IsNotExist(err) {
		t.Fatal("docs/config.md is missing: make generate")
	}
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := config.WriteDocs(&b, parser(t, &commands{}).Model); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if strings.HasPrefix(line, "| `--config`") { // its help is the programme's
			continue
		}
		if strings.HasPrefix(line, "| `--") && !strings.Contains(string(committed), line+"\n") {
			t.Errorf("run make generate: docs/config.md lacks\n%s", line)
		}
	}
}

func TestHowTheConsoleIsReached(t *testing.T) {
	for name, c := range map[string]struct {
		serve  config.Serve
		hosts  string
		secure bool
	}{
		"loopback":                   {config.Serve{Console: "127.0.0.1:8080", SecureCookies: "auto"}, "localhost 127.0.0.1 ::1", false},
		"loopback behind a proxy":    {config.Serve{Console: "127.0.0.1:8080", ConsoleURL: "https://c.example:8443", SecureCookies: "auto"}, "c.example localhost 127.0.0.1 ::1", true},
		"plain proxy":                {config.Serve{Console: "127.0.0.1:8080", ConsoleURL: "http://c.example", SecureCookies: "auto"}, "c.example localhost 127.0.0.1 ::1", false},
		"open":                       {config.Serve{Console: "0.0.0.0:8080", SecureCookies: "auto"}, "", true},
		"open with an address":       {config.Serve{Console: ":8080", ConsoleURL: "https://c.example", SecureCookies: "no"}, "c.example localhost 127.0.0.1 ::1", false},
		"loopback, cookies enforced": {config.Serve{Console: "[::1]:8080", SecureCookies: "yes"}, "localhost 127.0.0.1 ::1", true},
	} {
		if got := strings.Join(c.serve.Hosts(), " "); got != c.hosts || c.serve.Secure() != c.secure {
			t.Errorf("%s: hosts %q, secure %v", name, got, c.serve.Secure())
		}
	}
}

func TestProxies(t *testing.T) {
	networks, err := config.Serve{TrustedProxies: []string{"10.0.0.0/8", "::1/128"}}.Proxies()
	if err != nil || len(networks) != 2 || networks[0].String() != "10.0.0.0/8" {
		t.Fatalf("%v, %v", networks, err)
	}
	if _, err := (config.Serve{TrustedProxies: []string{"10.0.0.1"}}).Proxies(); err == nil {
		t.Fatal("an address is no network")
	}
}
