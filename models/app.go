package models

import (
	"regexp"
	"time"
)

// AppKind tells mini programs from official accounts.
type AppKind string

// The kinds of app.
const (
	MiniProgram     AppKind = "miniprogram"
	OfficialAccount AppKind = "official_account"
)

// App is a mini program or an official account, named by its AppID.
type App struct {
	AppID       string `gorm:"primaryKey"`
	Name        string
	Kind        AppKind
	PrincipalID string
	// Sharing tells whether environment sharing was turned on (S1), by the app
	// itself or by its first incoming share (S11).
	Sharing   bool
	CreatedAt time.Time
	// WebDomains are the hosts that a login of an official account may return to,
	// as NormalDomain writes them. A host belongs to one account at most.
	WebDomains []string `gorm:"serializer:json"`
}

var appID = regexp.MustCompile(`^wx[0-9a-f]{16}$`)

// ValidAppID reports whether s has the shape of an AppID: wx and 16 lower-case
// hexadecimal digits.
func ValidAppID(s string) bool { return appID.MatchString(s) }

// Validate checks AppID, name, kind and that a principal is named.
func (a App) Validate() error {
	f := Fields{}
	if !ValidAppID(a.AppID) {
		f.Add("appid", "error.appid")
	}
	validateName(f, "name", a.Name)
	if a.Kind != MiniProgram && a.Kind != OfficialAccount {
		f.Add("type", "error.app_kind")
	}
	if a.PrincipalID == "" {
		f.Add("principal", "error.required")
	}
	return f.Err()
}
