package models

import "time"

// MemberFacts is what decides about the role of a member.
type MemberFacts struct {
	Standing Standing // of who asks
	// UserID is the member, Role the role that the member has now.
	UserID string
	Role   Role
	// Admins is how many administrators the app has who may sign in; Disabled says
	// that this member is none of them.
	Admins   int
	Disabled bool
}

// MaySeeMembers reports whether the actor may list the members of an app: every
// member, who thus knows whom to ask.
func MaySeeMembers(s Standing) Decision { return s.need(RoleViewer) }

// MayInvite reports whether the actor may make, see and revoke invitations.
func MayInvite(s Standing) Decision { return s.need(RoleAdmin) }

// MayChangeMember reports whether the actor may give a member another role,
// RoleNone to take the member out of the app. Administrators may, and everybody
// may leave; nobody raises themselves, and an app keeps an administrator.
func MayChangeMember(f MemberFacts, to Role) Decision {
	self := f.UserID == f.Standing.Actor.UserID
	if d := f.Standing.need(RoleViewer); !d.Allowed {
		return d
	}
	switch {
	case self && to > f.Role:
		return Deny(CodeForbidden, "error.own_role")
	case self && to == RoleNone:
	default:
		if d := f.Standing.need(RoleAdmin); !d.Allowed {
			return d
		}
	}
	switch {
	case f.Role == RoleNone:
		return Deny(CodeNotFound, "error.not_found")
	case f.Role == RoleAdmin && to < RoleAdmin && !f.Disabled:
		return KeepsAdmin(f.Admins - 1)
	}
	return Allow()
}

// KeepsAdmin reports whether an app that would have so many administrators may
// come to that.
func KeepsAdmin(admins int) Decision {
	if admins < 1 {
		return Deny(CodeConflict, "error.last_admin")
	}
	return Allow()
}

// InvitationFacts is what decides whether an invitation can be accepted.
type InvitationFacts struct {
	Invitation Invitation
	// Inviter is the role that who invited has in the app now: nobody hands on
	// what they lost.
	Inviter Standing
	// Own is the role that the actor has already.
	Own Role
}

// overInvitations say why an invitation is not open.
var overInvitations = map[InvitationStatus]string{
	InvitationAccepted: "error.invitation_accepted",
	InvitationRevoked:  "error.invitation_revoked",
	InvitationExpired:  "error.invitation_expired",
}

// MayAcceptInvitation reports whether whoever holds the link may accept it. It
// works once, in its time, while who invited may still invite, and never takes a
// role away.
func MayAcceptInvitation(f InvitationFacts, now time.Time) Decision {
	switch status := f.Invitation.Status(now); {
	case status != InvitationOpen:
		return Deny(CodeNotFound, overInvitations[status])
	case !MayInvite(f.Inviter).Allowed:
		return Deny(CodeNotFound, "error.invitation_revoked")
	case f.Own >= f.Invitation.Role:
		return Deny(CodeConflict, "error.invitation_member", "role", f.Own)
	}
	return Allow()
}

// LowestRole is the least that a member can be.
const LowestRole = RoleViewer
