package models

import (
	"encoding/base64"
	"time"
)

// Visitor is an end user who was seen in an environment.
type Visitor struct {
	EnvironmentID string `gorm:"primaryKey"`
	AppID         string `gorm:"primaryKey"` // that the person came from
	OpenID        string `gorm:"primaryKey"`
	UnionID       string
	FirstSeenAt   time.Time
	LastSeenAt    time.Time
	// Visits counts how often the person came: calls of init() that follow each
	// other within VisitGap are one visit, since the SDK calls it twice.
	Visits int64
}

const (
	// VisitGap is the time without init() after which a person comes again.
	VisitGap = time.Minute
	// MaxVisitors bounds how many visitors of an environment are kept: the latest.
	MaxVisitors = 100_000
	// KeepVisitors is how long a visitor is kept who does not come again.
	KeepVisitors = 400 * 24 * time.Hour
)

// Key names a visitor of an environment in addresses.
func (v Visitor) Key() string {
	return base64.RawURLEncoding.EncodeToString([]byte(v.AppID + v.OpenID))
}

// ParseVisitorKey returns the visitor that a key names.
func ParseVisitorKey(key string) (Visitor, error) {
	text, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil || len(text) <= appIDLength {
		return Visitor{}, E(CodeNotFound, "error.not_found")
	}
	v := Visitor{AppID: string(text[:appIDLength]), OpenID: string(text[appIDLength:])}
	if !ValidAppID(v.AppID) || !ValidOpenID(v.OpenID) {
		return Visitor{}, E(CodeNotFound, "error.not_found")
	}
	return v, nil
}

// VisitorApps returns the apps whose visitors are seen in the view, nil for all: a
// borrower sees those of its own app and of the owner's, who showed them; the end
// users of other borrowers are not the owner's to show.
func (v EnvironmentView) VisitorApps() []string {
	if !v.Borrowed() {
		return nil
	}
	return []string{v.Environment.AppID, v.Through.AppID}
}

// MaySignOutVisitor reports whether the actor may end the access that a visitor
// has to an environment: administrators of its owner.
func MaySignOutVisitor(s Standing, v EnvironmentView) Decision { return MayConfigureEnvironment(s, v) }
