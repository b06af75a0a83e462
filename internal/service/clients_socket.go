package service

import (
	"context"
	"encoding/json"
	"time"

	"envshare/models"
)

// socketTicket is what a client presents on its socket, as often as it reconnects
// within the ticket's life (client protocol, section 7).
type socketTicket struct {
	Session       string `json:"s,omitempty"` // the login, "" for a visitor
	ResourceAppID string `json:"a"`
	EnvironmentID string `json:"e"`
	Expires       int64  `json:"x"` // milliseconds since 1970
}

const (
	socketLife   = 10 * time.Minute
	socketPrefix = "sock"
)

// OpenSocket makes the ticket with which a client opens its socket. The call must
// be one that may read documents of the environment; what may be watched is
// decided per watch.
func (s *Clients) OpenSocket(ctx context.Context, c ClientCall) (string, error) {
	if _, err := s.enter(ctx, c, models.DatabaseRead); err != nil {
		return "", err
	}
	text, err := json.Marshal(socketTicket{
		Session: c.Client.session.ID, ResourceAppID: c.ResourceAppID, EnvironmentID: c.EnvironmentID, Expires: s.clock().Add(socketLife).UnixMilli(),
	})
	if err != nil {
		return "", err
	}
	return s.keys.seal(append([]byte(socketPrefix), text...)), nil
}

// EnterSocket returns who opened a socket. The ticket's environment must be the one
// that the socket names. Codes: unauthenticated, token_expired.
func (s *Clients) EnterSocket(ctx context.Context, ticket, environmentID string) (ClientCall, error) {
	bad := models.E(models.CodeUnauthenticated, "call.token_unknown")
	plain, err := s.keys.open(ticket)
	var t socketTicket
	if err != nil || len(plain) < len(socketPrefix) || string(plain[:len(socketPrefix)]) != socketPrefix ||
		json.Unmarshal(plain[len(socketPrefix):], &t) != nil || t.EnvironmentID != environmentID {
		return ClientCall{}, bad
	}
	if !s.clock().Before(time.UnixMilli(t.Expires)) {
		return ClientCall{}, models.E(models.CodeTokenExpired, "call.token_expired")
	}
	c := ClientCall{ResourceAppID: t.ResourceAppID, EnvironmentID: t.EnvironmentID}
	if t.Session == "" {
		return c, nil
	}
	session, err := s.store.Clients.Session(ctx, t.Session)
	if models.IsCode(err, models.CodeNotFound) {
		return ClientCall{}, bad
	}
	c.Client = Client{session}
	return c, err
}
