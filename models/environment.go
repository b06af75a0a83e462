package models

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Environment is an isolated set of functions, database and storage, owned by
// one app. Its id is unique in the installation.
type Environment struct {
	ID        string `gorm:"primaryKey"`
	AppID     string // the owner
	Name      string
	CreatedAt time.Time
	// UnauthenticatedAccess lets clients in that are not logged in (C6).
	UnauthenticatedAccess bool
	// AllowedOrigins are the web pages that may call, as NormalOrigin writes them.
	AllowedOrigins []string `gorm:"serializer:json"`
}

// Policy is what the owner decided about clients.
func (e Environment) Policy() ClientPolicy {
	return ClientPolicy{Unauthenticated: e.UnauthenticatedAccess, Origins: e.AllowedOrigins}
}

var (
	environmentID     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,61}[a-z0-9]$`)
	environmentPrefix = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$`)
)

// ValidEnvironmentID reports whether s has the shape of an environment id:
// 2 to 63 lower-case letters, digits and hyphens, beginning with a letter and
// not ending with a hyphen.
func ValidEnvironmentID(s string) bool { return environmentID.MatchString(s) }

// NamesEnvironment reports whether a text for people has an environment id in it, and
// not only as a part of a longer one.
func NamesEnvironment(text, id string) bool {
	return slices.Contains(strings.FieldsFunc(text, notInID), id)
}

func notInID(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }

// Validate checks id, owner and name.
func (e Environment) Validate() error {
	f := Fields{}
	if !ValidEnvironmentID(e.ID) {
		f.Add("id", "error.environment_id")
	}
	if !ValidAppID(e.AppID) {
		f.Add("appid", "error.appid")
	}
	validateName(f, "name", e.Name)
	return f.Err()
}

// NewEnvironment is the form that creates an environment: the id is the prefix,
// a hyphen and six random hexadecimal digits.
type NewEnvironment struct {
	Name   string
	Prefix string
}

// Validate checks name and prefix (1 to 32 lower-case letters, digits, hyphens).
func (n NewEnvironment) Validate() error {
	f := Fields{}
	validateName(f, "name", n.Name)
	if !environmentPrefix.MatchString(n.Prefix) {
		f.Add("prefix", "error.environment_prefix")
	}
	return f.Err()
}
