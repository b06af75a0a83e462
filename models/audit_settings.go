package models

// The recorded actions on environments as a whole, members and invitations.
const (
	AuditEnvironmentDeleted  AuditAction = "environment.deleted"
	AuditEnvironmentRestored AuditAction = "environment.restored"
	AuditEnvironmentPurged   AuditAction = "environment.purged"
	AuditMemberChanged       AuditAction = "member.changed"
	AuditMemberRemoved       AuditAction = "member.removed"
	AuditInvitationCreated   AuditAction = "invitation.created"
	AuditInvitationRevoked   AuditAction = "invitation.revoked"
	AuditInvitationAccepted  AuditAction = "invitation.accepted"
)
