package models

import (
	"slices"
	"strings"
	"time"
)

// AuditGroup gathers the actions that a reader of the log looks for together.
type AuditGroup string

// The groups, in the order in which they are offered. The last one takes what
// belongs to none of the others.
const (
	AuditGroupSharing     AuditGroup = "sharing"
	AuditGroupFunctions   AuditGroup = "functions"
	AuditGroupDatabase    AuditGroup = "database"
	AuditGroupStorage     AuditGroup = "storage"
	AuditGroupSettings    AuditGroup = "settings"
	AuditGroupPeople      AuditGroup = "people"
	AuditGroupCredentials AuditGroup = "credentials"
	AuditGroupOther       AuditGroup = "other"
)

// auditNouns are the nouns of the actions of each group.
var auditNouns = map[AuditGroup][]string{
	AuditGroupSharing:     {"share", "sharing"},
	AuditGroupFunctions:   {"function", "test_event"},
	AuditGroupDatabase:    {"collection", "index", "document", "documents", "transfer"},
	AuditGroupStorage:     {"file"},
	AuditGroupSettings:    {"environment", "clients", "rule", "app"},
	AuditGroupPeople:      {"user", "member", "invitation", "session", "visitor"},
	AuditGroupCredentials: {"credential"},
	AuditGroupOther:       {"installation", "principal"},
}

// AuditGroups returns all groups in the order in which they are offered.
func AuditGroups() []AuditGroup {
	return []AuditGroup{
		AuditGroupSharing, AuditGroupFunctions, AuditGroupDatabase, AuditGroupStorage,
		AuditGroupSettings, AuditGroupPeople, AuditGroupCredentials, AuditGroupOther,
	}
}

// MessageKey is the catalogue key of the group's name for people.
func (g AuditGroup) MessageKey() string { return "audit_group." + string(g) }

// Nouns are the first parts of the group's actions, none for an unknown group.
func (g AuditGroup) Nouns() []string { return auditNouns[g] }

// Noun is the first part of an action's name: what was changed.
func (a AuditAction) Noun() string {
	noun, _, _ := strings.Cut(string(a), ".")
	return noun
}

// Group returns the group of an action.
func (a AuditAction) Group() AuditGroup {
	for group, nouns := range auditNouns {
		if slices.Contains(nouns, a.Noun()) {
			return group
		}
	}
	return AuditGroupOther
}

// MessageKey is the catalogue key of the sentence that says what was done.
func (a AuditAction) MessageKey() string { return "audit_action." + string(a) }

// AuditFilter says which events a reader looks for; the zero value means all.
type AuditFilter struct {
	Group         AuditGroup
	Actor         string // part of a name
	EnvironmentID string
	From          *time.Time // this moment or later
	Before        *time.Time // earlier than this moment
	Subject       string     // part of what was changed
}

// maxAuditText bounds what is looked for, in bytes.
const maxAuditText = 128

// Validate checks that there is such a group and that the texts are short.
func (f AuditFilter) Validate() error {
	errs := Fields{}
	if f.Group != "" && f.Group.Nouns() == nil {
		errs.Add("group", "error.audit_group")
	}
	for field, text := range map[string]string{"actor": f.Actor, "environment": f.EnvironmentID, "subject": f.Subject} {
		if len(text) > maxAuditText {
			errs.Add(field, "error.too_long", "max", maxAuditText)
		}
	}
	if f.From != nil && f.Before != nil && !f.From.Before(*f.Before) {
		errs.Add("until", "error.audit_dates")
	}
	return errs.Err()
}

// AuditCursor is a place in the log: an event by its time and id.
type AuditCursor struct {
	At time.Time
	ID string
}

// Cursor is the event's place in the log.
func (e AuditEvent) Cursor() AuditCursor { return AuditCursor{At: e.At, ID: e.ID} }
