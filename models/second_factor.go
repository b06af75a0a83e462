package models

import (
	"strings"
	"time"
)

// SecondFactor is a user's one-time codes (TOTP). It is asked for at sign-in from
// ConfirmedAt on.
type SecondFactor struct {
	UserID      string `gorm:"primaryKey"`
	Secret      []byte // sealed
	ConfirmedAt *time.Time
	// LastStep is the number of the 30 seconds whose code was used last: neither it
	// nor an earlier one opens anything again.
	LastStep  int64
	CreatedAt time.Time
}

// On reports whether sign-in asks for it.
func (f SecondFactor) On() bool { return f.ConfirmedAt != nil }

// RecoveryCode opens a sign-in once when the second factor is lost. Only its
// digest is kept.
type RecoveryCode struct {
	UserID string `gorm:"primaryKey"`
	Digest string `gorm:"primaryKey"`
}

// RecoveryCodes is how many there are in a fresh set.
const RecoveryCodes = 10

// PendingSignIn is a sign-in that waits for the second factor. It is no session
// and opens nothing. ID is the digest of what the browser's cookie holds.
type PendingSignIn struct {
	ID        string `gorm:"primaryKey"`
	UserID    string
	Method    string // password or oidc
	Tries     int    // how many codes were wrong
	CreatedAt time.Time
	ExpiresAt time.Time
}

// A half-done sign-in ends after this time, and after so many wrong codes.
const (
	PendingLifetime = 5 * time.Minute
	MaxPendingTries = 5
)

// PlainCode is a one-time or recovery code as it is compared: people write spaces
// and hyphens into them, and capitals.
func PlainCode(code string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "\t", "").Replace(code))
}

// ExternalAccount is an account at the OpenID provider that a console user signs
// in with. Issuer and subject together name it; the name is for people alone.
type ExternalAccount struct {
	Issuer     string `gorm:"primaryKey"`
	Subject    string `gorm:"primaryKey"`
	UserID     string
	Name       string
	CreatedAt  time.Time
	LastUsedAt *time.Time
}

// MayChangeOwnAccount reports whether the actor has an account of their own:
// people who are signed in do, commands do not.
func MayChangeOwnAccount(a Actor) Decision {
	if !a.Known() || a.System {
		return Deny(CodeUnauthenticated, "error.unauthenticated")
	}
	return Allow()
}

// MayUnlink reports whether the link to an external account may go: not while it
// is the only way in.
func MayUnlink(u User) Decision {
	if u.PasswordHash == "" {
		return Deny(CodeForbidden, "error.only_sign_in_method")
	}
	return Allow()
}

// MayRemoveLink reports whether an operator may end the link of a user to an external
// account: not where it is the only way in of somebody who has to stay. mayTake says
// whether the user may lose what makes an operator of it.
func MayRemoveLink(u User, mayTake Decision) Decision {
	if u.PasswordHash == "" {
		return mayTake
	}
	return Allow()
}
