package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"envshare/models"
)

// Records keeps the sessions of people who are signed in. It is the boundary of
// this package: the use cases implement it over the database, and the web side
// must not know them.
type Records interface {
	// BeginSession stores a new session of a user, who is given as the sign-in found
	// them; unauthenticated when they may not sign in any more.
	BeginSession(ctx context.Context, user models.User, s models.Session) error
	// SaveSession changes data and times of the record that there is, and must not
	// bring back one that was deleted meanwhile: that is not found.
	SaveSession(ctx context.Context, s models.Session) error
	// Session returns a session with its user as the user is now; not found when
	// either is gone. One that expired may be returned: it is refused here.
	Session(ctx context.Context, id string) (models.Session, models.User, error)
	// DeleteSession ends a session; ending it twice is fine.
	DeleteSession(ctx context.Context, id string) error
}

// tokenBytes is the size of what the cookie holds: 256 random bits.
const tokenBytes = 32

// newToken returns the value of a new cookie.
func newToken() string {
	b := make([]byte, tokenBytes)
	_, _ = rand.Read(b) // documented never to fail
	return base64.RawURLEncoding.EncodeToString(b)
}

// recordID returns the ID of the record that a cookie's value opens, "" for a
// value that this package never made. The record holds a digest, so that a copy
// of the table opens nothing.
func recordID(token string) string {
	if b, err := base64.RawURLEncoding.Strict().DecodeString(token); err != nil || len(b) != tokenBytes {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
