package web_test

import (
	"net/http"
	"testing"

	"envshare/web"
)

// A page of somebody else's can make its own name point to loopback; the
// browser then takes the console for that page's server.
func TestOnlyKnownNamesReachTheConsole(t *testing.T) {
	for _, c := range []struct {
		host, path string
		hosts      []string
		want       int
	}{
		{"evil.example:8080", "/login", []string{"localhost", "127.0.0.1", "::1"}, http.StatusNotFound},
		{"evil.example", "/static/css/app.css", []string{"localhost"}, http.StatusNotFound},
		{"localhost.evil.example", "/login", []string{"localhost"}, http.StatusNotFound},
		{"", "/login", []string{"127.0.0.1"}, http.StatusOK}, // the test server's own address
		{"LOCALHOST:8080", "/login", []string{"localhost"}, http.StatusOK},
		{"[::1]:8080", "/login", []string{"::1"}, http.StatusOK},
		{"evil.example", "/healthz", []string{"localhost"}, http.StatusOK},
		{"any.example", "/login", nil, http.StatusOK},
	} {
		k := newConsole(t, web.Config{Hosts: c.hosts})
		r := k.request(http.MethodGet, c.path, nil)
		r.Host = c.host
		if got := k.send(r).StatusCode; got != c.want {
			t.Errorf("%s %s with %q: status %d, want %d", c.host, c.path, c.hosts, got, c.want)
		}
	}
}
