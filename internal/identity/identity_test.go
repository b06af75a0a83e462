package identity_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"envshare/internal/identity"
)

func TestSessionKeyIsNeverPrinted(t *testing.T) {
	s := identity.Session{Identity: identity.Identity{OpenID: "o-ming"}, Key: "tiihtNczf5v6AKRyjwEUhQ=="}
	var logged bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&logged, nil), slog.NewJSONHandler(&logged, nil)} {
		slog.New(handler).Info("login", "session", s, "key", s.Key)
	}
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	shown := logged.String() + string(asJSON)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		shown += fmt.Sprintf(verb+verb, s, s.Key)
	}
	if strings.Contains(shown, "tiiht") || strings.Contains(shown, fmt.Sprintf("%x", "tiiht")) || !strings.Contains(shown, "o-ming") {
		t.Fatalf("the key is shown, or nothing is: %s", shown)
	}
	if string(s.Key) != "tiihtNczf5v6AKRyjwEUhQ==" {
		t.Fatal("the key is not to be had at all")
	}
}
