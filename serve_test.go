package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"envshare/internal/config"
)

// The gateway's limits per address count whom a trusted proxy names, and nobody else.
func TestTheGatewayBelievesTrustedProxies(t *testing.T) {
	for name, c := range map[string]struct {
		proxies          []string
		socket, xff, who string
	}{
		"no proxy":                              {nil, "203.0.113.1", "198.51.100.1", "203.0.113.1"},
		"a trusted proxy":                       {[]string{"10.0.0.0/8"}, "10.1.2.3", "203.0.113.1", "203.0.113.1"},
		"an address made up before the proxy":   {[]string{"10.0.0.0/8"}, "10.1.2.3", "198.51.100.1, 203.0.113.1", "203.0.113.1"},
		"two trusted proxies":                   {[]string{"10.0.0.0/8"}, "10.1.2.3", "203.0.113.1, 10.9.9.9", "203.0.113.1"},
		"somebody who is no proxy":              {[]string{"10.0.0.0/8"}, "203.0.113.1", "198.51.100.1", "203.0.113.1"},
		"loopback that nobody said is trusted":  {[]string{"10.0.0.0/8"}, "127.0.0.1", "198.51.100.1", "127.0.0.1"},
		"a private network that nobody trusted": {[]string{"127.0.0.0/8"}, "192.168.1.1", "198.51.100.1", "192.168.1.1"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/__wx__/login", nil)
		r.RemoteAddr = c.socket + ":1234"
		r.Header.Set("X-Forwarded-For", c.xff)
		r.Header.Set("X-Real-IP", "198.51.100.2")
		s := serveCommand{config.Serve{TrustedProxies: c.proxies}}
		if got := s.clientIP()(r); got != c.who {
			t.Errorf("%s: %s, want %s", name, got, c.who)
		}
	}
}
