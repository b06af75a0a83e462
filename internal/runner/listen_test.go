package runner

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestFunctionCannotListen(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "reached")
	}))
	defer server.Close()
	r := newRunner(t)
	result := invoke(t, r, version(t, "listen"), Invocation{Event: event(t, map[string]string{
		"url": server.URL, "named": strings.Replace(server.URL, "127.0.0.1", "localhost", 1),
	})})
	var got map[string]any
	if err := json.Unmarshal(result.Value, &got); err != nil {
		t.Fatalf("%v in %+v", err, result)
	}
	refused := -float64(unix.EACCES)
	handle := map[string]any{"bind": refused, "bind6": refused, "listen": refused, "removed": false}
	want := map[string]any{
		"servers": map[string]any{
			"net": "EACCES", "path": "EACCES", "http": "EACCES", "https": "EACCES", "http2": "EACCES", "tls": "EACCES",
		},
		"tcp": handle, "pipe": handle, "handle": refused, "internal": "EACCES",
		"binding": "ERR_ACCESS_DENIED", "fetched": "reached", "resolved": "reached",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
