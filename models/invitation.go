package models

import "time"

// Invitation is a link that makes whoever accepts it a member of an app, once.
// The link itself is not kept, only the digest of its token.
type Invitation struct {
	ID            string
	AppID         string
	Role          Role
	Digest        string
	InvitedBy     string // user id
	InvitedByName string
	CreatedAt     time.Time
	ExpiresAt     time.Time
	AcceptedAt    *time.Time
	// AcceptedByName is the user who accepted, "" for nobody.
	AcceptedByName string
	RevokedAt      *time.Time
}

// InvitationDays are the days for which an invitation may be open.
func InvitationDays() []int { return []int{1, 3, 7} }

// InvitationStatus is what people see of an invitation.
type InvitationStatus string

// The statuses of an invitation.
const (
	InvitationOpen     InvitationStatus = "open"
	InvitationAccepted InvitationStatus = "accepted"
	InvitationRevoked  InvitationStatus = "revoked"
	InvitationExpired  InvitationStatus = "expired"
)

var invitationStatusKeys = map[InvitationStatus]string{
	InvitationOpen: "invitation_status.open", InvitationAccepted: "invitation_status.accepted",
	InvitationRevoked: "invitation_status.revoked", InvitationExpired: "invitation_status.expired",
}

// MessageKey is the catalogue key of the status's name for people.
func (s InvitationStatus) MessageKey() string { return invitationStatusKeys[s] }

// Status returns the state of the invitation at a time.
func (i Invitation) Status(now time.Time) InvitationStatus {
	switch {
	case i.AcceptedAt != nil:
		return InvitationAccepted
	case i.RevokedAt != nil:
		return InvitationRevoked
	case !now.Before(i.ExpiresAt):
		return InvitationExpired
	}
	return InvitationOpen
}

// NewInvitation is the form that makes an invitation.
type NewInvitation struct {
	Role Role
	Days int
}

// Validate checks role and days.
func (n NewInvitation) Validate() error {
	f := Fields{}
	if n.Role == RoleNone {
		f.Add("role", "error.required")
	}
	if !validDays(n.Days) {
		f.Add("days", "error.invitation_days")
	}
	return f.Err()
}

func validDays(days int) bool {
	for _, d := range InvitationDays() {
		if d == days {
			return true
		}
	}
	return false
}
