package models

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Principal is the verified entity that owns apps; sharing never crosses it.
type Principal struct {
	ID        string `gorm:"primaryKey"`
	Name      string
	CreatedAt time.Time
}

var principalID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// Validate checks the shape of the id (lower-case letters, digits, - and _, at
// most 64) and of the name.
func (p Principal) Validate() error {
	f := Fields{}
	if !principalID.MatchString(p.ID) {
		f.Add("id", "error.principal_id")
	}
	validateName(f, "name", p.Name)
	return f.Err()
}

// maxNameLength bounds display names, in characters.
const maxNameLength = 64

func validateName(f Fields, field, name string) {
	switch {
	case strings.TrimSpace(name) == "":
		f.Add(field, "error.required")
	case utf8.RuneCountInString(name) > maxNameLength:
		f.Add(field, "error.too_long", "max", maxNameLength)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, isControl):
		f.Add(field, "error.control_characters")
	}
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f || (r >= 0x80 && r < 0xa0) }
