// Package identity says who an end user is: it turns the proof of a login, which
// another service checks, into an Identity. The services have a driver each, in
// the packages below.
//
// It knows identities and what a driver offers. It must not know sessions, our
// tables of users, or how clients talk to us.
package identity

import "context"

// Identity is an end user as one app knows them.
type Identity struct {
	// OpenID names the person within one app.
	OpenID string
	// UnionID names the person in all apps of a principal; empty when the service
	// did not tell it.
	UnionID string
	// Scope is what the person agreed to, such as snsapi_base; empty in mini
	// programs.
	Scope string
	// Profile is what the person showed of themselves, where the scope allows it.
	Profile Profile
}

// Profile is what a person shows to official accounts. Its JSON is what functions
// find behind a cloudID.
type Profile struct {
	NickName  string `json:"nickName"`
	AvatarURL string `json:"avatarUrl"`
}

// Session is what a login in a mini program gives.
type Session struct {
	Identity
	// Key decrypts what WeChat encrypts for this person.
	Key SessionKey
}

// SessionKey is a secret between WeChat and one app about one person. It shows
// itself to nobody who prints, logs or marshals it; convert it to a string to
// have its value.
type SessionKey string

const hidden = "(session key)"

// String hides the key.
func (SessionKey) String() string { return hidden }

// GoString hides the key.
func (SessionKey) GoString() string { return hidden }

// MarshalText hides the key, from JSON and structured logs too.
func (SessionKey) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// WeChat is what WeChat's servers tell the server of an app, which names itself
// with its AppID and AppSecret. Errors are models errors that never hold the
// secret: invalid when the person has to sign in again, forbidden when WeChat
// keeps the person out, limited and unavailable when WeChat does not serve the
// app now.
type WeChat interface {
	// Code2Session exchanges the code of wx.login in a mini program.
	Code2Session(ctx context.Context, appID, secret, code string) (Session, error)
	// WebAuthorize exchanges the code with which a person came back from the
	// authorisation page of an official account.
	WebAuthorize(ctx context.Context, appID, secret, code string) (Identity, error)
	// JSAPITicket returns the ticket that signs the pages of an official account.
	JSAPITicket(ctx context.Context, appID, secret string) (string, error)
}
