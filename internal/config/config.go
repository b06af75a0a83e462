// Package config holds the programme's settings with working defaults: flags,
// environment variables (ENVSHARE_…) and a YAML file, in this order.
//
// It knows names, defaults and meanings. It must not know anything else of ours.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// Config is what every command takes.
type Config struct {
	Data     string `name:"data" env:"ENVSHARE_DATA" default:"./data" type:"path" help:"Folder for everything EnvShare keeps: database, secret key, unpacked functions."`
	Database string `name:"database" env:"ENVSHARE_DATABASE" placeholder:"URL" help:"postgres://… (anything that speaks PostgreSQL); empty for SQLite in the data folder."`
	Storage  string `name:"storage" env:"ENVSHARE_STORAGE" placeholder:"URL" help:"Where files are kept: a folder, or s3://bucket?endpoint=http://host:9000&region=…&prefix=… with the keys in ENVSHARE_S3_ACCESS_KEY and ENVSHARE_S3_SECRET_KEY; empty for the data folder."`
	LogLevel string `name:"log-level" env:"ENVSHARE_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"What is logged: debug, info, warn or error."`
	LogJSON  bool   `name:"log-json" env:"ENVSHARE_LOG_JSON" help:"Log JSON lines instead of text."`
}

// Serve is what the server takes beside Config.
type Serve struct {
	OIDC OIDC `embed:""`

	Console        string        `name:"console" env:"ENVSHARE_CONSOLE" default:"127.0.0.1:8080" placeholder:"ADDR" help:"Where the console listens."`
	ConsoleURL     string        `name:"console-url" env:"ENVSHARE_CONSOLE_URL" placeholder:"URL" help:"How browsers reach the console, when that is not where it listens: behind a proxy."`
	TrustedProxies []string      `name:"trusted-proxies" env:"ENVSHARE_TRUSTED_PROXIES" placeholder:"CIDR" help:"Networks of proxies whose X-Forwarded-For tells console and gateway who asks."`
	Gateway        string        `name:"gateway" env:"ENVSHARE_GATEWAY" default:"127.0.0.1:8081" placeholder:"ADDR" help:"Where the gateway listens."`
	GatewayURL     string        `name:"gateway-url" env:"ENVSHARE_GATEWAY_URL" placeholder:"URL" help:"How clients reach the gateway; default: where it listens."`
	WeChatAPI      string        `name:"wechat-api" env:"ENVSHARE_WECHAT_API" placeholder:"URL" help:"Where WeChat's servers answer; default: https://api.weixin.qq.com, and in the demo a simulator."`
	SecureCookies  string        `name:"secure-cookies" env:"ENVSHARE_SECURE_COOKIES" default:"auto" enum:"auto,yes,no" help:"Mark the console's cookies Secure: yes, no, or auto, which is yes unless the console listens on loopback only."`
	Demo           bool          `name:"demo" env:"ENVSHARE_DEMO" help:"Fill an installation with a small example world and print its logins. Only on loopback."`
	Styleguide     bool          `name:"styleguide" env:"ENVSHARE_STYLEGUIDE" help:"Show operators the parts of the console's pages at /styleguide; the demo always does. For development."`
	Workers        int           `name:"workers" env:"ENVSHARE_WORKERS" default:"32" help:"Function processes at most at one time."`
	Spares         int           `name:"spares" env:"ENVSHARE_SPARES" default:"3" help:"Warm function processes kept ready."`
	Grace          time.Duration `name:"grace" env:"ENVSHARE_GRACE" default:"30s" help:"How long running functions and requests may go on after a signal to stop."`

	EnvironmentGrace time.Duration `name:"environment-grace" env:"ENVSHARE_ENVIRONMENT_GRACE" default:"168h" help:"How long a deleted environment can be restored before all that it held is removed."`
}

// Validate checks what flags, variables and file say together.
func (s Serve) Validate() error {
	port := ""
	for _, addr := range []string{s.Console, s.Gateway} {
		var err error
		if _, port, err = net.SplitHostPort(addr); err != nil {
			return fmt.Errorf("address %q: want host:port", addr)
		}
	}
	if s.Console == s.Gateway && port != "0" {
		return errors.New("console and gateway need addresses of their own: user code must never run on the console's origin")
	}
	_, err := s.Proxies()
	if err := errors.Join(err, checkURL("console", s.ConsoleURL), checkURL("gateway", s.GatewayURL), s.OIDC.validate()); err != nil {
		return err
	}
	private := Loopback(s.Console) && Loopback(s.Gateway) && localURL(s.ConsoleURL) && localURL(s.GatewayURL)
	if s.Demo && !private {
		return errors.New("the demo's passwords are public and its WeChat is simulated: --demo needs console and gateway on loopback addresses, and no proxy before them")
	}
	if s.EnvironmentGrace < 0 {
		return errors.New("the time in which a deleted environment can be restored must not be negative")
	}
	if s.Workers < 1 || s.Spares < 0 {
		return errors.New("workers must be at least 1 and spares at least 0")
	}
	return nil
}

// checkURL refuses an address that is more, or less, than scheme and host.
func checkURL(of, address string) error {
	u, err := url.Parse(address)
	if address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Path != "") {
		return fmt.Errorf("%s URL %q: want http(s)://host[:port] without a path", of, address)
	}
	return nil
}

// Secure reports whether the console's cookies are marked Secure.
func (s Serve) Secure() bool {
	if s.SecureCookies == "auto" && s.ConsoleURL != "" {
		return strings.HasPrefix(s.ConsoleURL, "https://")
	}
	return s.SecureCookies == "yes" || s.SecureCookies != "no" && !Loopback(s.Console)
}

// Hosts returns the host names under which the console answers, without ports;
// nil for any. On loopback a page of somebody else's could otherwise reach it
// under a name that it makes point here.
func (s Serve) Hosts() []string {
	var hosts []string
	if u, err := url.Parse(s.ConsoleURL); err == nil && u.Host != "" {
		hosts = append(hosts, u.Hostname())
	}
	if Loopback(s.Console) || len(hosts) > 0 {
		hosts = append(hosts, "localhost", "127.0.0.1", "::1")
	}
	return hosts
}

// Proxies returns the trusted networks.
func (s Serve) Proxies() ([]*net.IPNet, error) {
	var out []*net.IPNet
	for _, text := range s.TrustedProxies {
		_, network, err := net.ParseCIDR(text)
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q: want a network such as 10.0.0.0/8", text)
		}
		out = append(out, network)
	}
	return out, nil
}

// localURL reports whether an address, if there is one, is of this machine: another
// one means that a proxy lets others in.
func localURL(address string) bool {
	u, err := url.Parse(address)
	return address == "" || err == nil && Loopback(net.JoinHostPort(u.Hostname(), "0"))
}

// Loopback reports whether an address can be reached from this machine alone.
func Loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// LocalURL returns how this machine reaches a listener.
func LocalURL(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return "http://" + addr.String()
	}
	host := tcp.IP.String()
	if tcp.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, fmt.Sprint(tcp.Port))
}

// Logger returns the programme's logger; it writes to standard error.
func (c Config) Logger() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if c.LogJSON {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}
