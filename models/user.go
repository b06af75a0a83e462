package models

import (
	"regexp"
	"time"
	"unicode/utf8"
)

// User is somebody who may sign in to the console.
type User struct {
	ID           string `gorm:"primaryKey"`
	Username     string
	PasswordHash string
	Operator     bool
	Language     string // zh, en, or empty for what the browser asks
	CreatedAt    time.Time
	UpdatedAt    time.Time
	// DisabledAt is since when the user may not sign in, nil for who may.
	DisabledAt *time.Time
	// SignInRevision counts what ended all sign-ins of the user: a sign-in that
	// began at another one is over.
	SignInRevision int64
}

var username = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,31}$`)

// Validate checks the name: 2 to 32 lower-case letters, digits, dots, hyphens
// and underscores.
func (u User) Validate() error {
	f := Fields{}
	if !username.MatchString(u.Username) {
		f.Add("username", "error.username")
	}
	return f.Err()
}

// Password length limits, in characters. The upper one keeps hashing cheap for
// somebody who sends megabytes.
const (
	minPassword = 10
	maxPassword = 200
)

// ValidatePassword checks a new password's length.
func ValidatePassword(password string) error {
	f := Fields{}
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		f.Add("password", "error.password_short", "min", minPassword)
	case n > maxPassword:
		f.Add("password", "error.too_long", "max", maxPassword)
	}
	return f.Err()
}

// Role is what a member may do in an app. A larger role includes the smaller.
type Role int

// The roles. The zero value is no member at all.
const (
	RoleNone Role = iota
	RoleViewer
	RoleDeveloper
	RoleAdmin
)

var roleNames = map[Role]string{RoleViewer: "viewer", RoleDeveloper: "developer", RoleAdmin: "admin"}

// String returns the stored name of the role, "" for none.
func (r Role) String() string { return roleNames[r] }

// MessageKey is the catalogue key of the role's name for people.
func (r Role) MessageKey() string { return "role." + r.String() }

// ParseRole returns the role with that name.
func ParseRole(name string) (Role, error) {
	for r, n := range roleNames {
		if n == name {
			return r, nil
		}
	}
	return RoleNone, E(CodeInvalid, "error.role", "role", name)
}

// Membership is the role of a user in an app.
type Membership struct {
	UserID string `gorm:"primaryKey"`
	AppID  string `gorm:"primaryKey"`
	Role   Role
}

// Session is a console session. ID is the digest of what the cookie holds, so
// that a copy of the table opens nothing.
type Session struct {
	ID         string `gorm:"primaryKey"`
	UserID     string
	Data       []byte // what web/session keeps, at most 16 KiB
	IP         string
	UserAgent  string
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
}

// Actor is who asks. The zero value is nobody and may do nothing.
type Actor struct {
	UserID    string
	Username  string
	Operator  bool
	System    bool   // a command on this machine, which already holds the data
	Via       string // console, apply, command
	IP        string
	RequestID string
}

// SystemActor is a command that runs beside the data: whoever can start it can
// read and write the database itself, so it may do what any owner may.
func SystemActor(command string) Actor {
	return Actor{UserID: "system", Username: command, System: true, Via: "command"}
}

// Known reports whether the actor is somebody.
func (a Actor) Known() bool { return a.UserID != "" }
