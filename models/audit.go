package models

import "time"

// AuditAction names what was done, as "<noun>.<verb>".
type AuditAction string

// The recorded actions.
const (
	AuditSetup             AuditAction = "installation.set_up"
	AuditSignIn            AuditAction = "user.sign_in"
	AuditSignInRefused     AuditAction = "user.sign_in_refused"
	AuditPasswordChanged   AuditAction = "user.password_changed"
	AuditSecondFactorOn    AuditAction = "user.second_factor_on"
	AuditSecondFactorOff   AuditAction = "user.second_factor_off"
	AuditSecondFactorReset AuditAction = "user.second_factor_reset"
	AuditRecoveryCodes     AuditAction = "user.recovery_codes_renewed"
	AuditSessionsEnded     AuditAction = "user.sessions_ended"
	AuditExternalLinked    AuditAction = "user.external_linked"
	AuditExternalUnlinked  AuditAction = "user.external_unlinked"
	AuditExternalRemoved   AuditAction = "user.external_removed"
	AuditUserCreated       AuditAction = "user.created"
	AuditUserChanged       AuditAction = "user.changed"
	AuditPrincipalSaved    AuditAction = "principal.saved"
	AuditAppSaved          AuditAction = "app.saved"
	AuditAppSecretSet      AuditAction = "app.secret_set"
	AuditEnvironmentSaved  AuditAction = "environment.saved"
	AuditSharingEnabled    AuditAction = "sharing.enabled"
	AuditSharingDisabled   AuditAction = "sharing.disabled"
	AuditShareCreated      AuditAction = "share.created"
	AuditShareChanged      AuditAction = "share.changed"
	AuditSharePaused       AuditAction = "share.paused"
	AuditShareResumed      AuditAction = "share.resumed"
	AuditShareRemoved      AuditAction = "share.removed"
	AuditShareLeft         AuditAction = "share.left"
	AuditFunctionDeployed  AuditAction = "function.deployed"
	AuditFunctionChanged   AuditAction = "function.changed"
	AuditFunctionRolled    AuditAction = "function.rolled_back"
	AuditFunctionDeleted   AuditAction = "function.deleted"
	AuditCollectionCreated AuditAction = "collection.created"
	AuditCollectionDeleted AuditAction = "collection.deleted"
	AuditIndexCreated      AuditAction = "index.created"
	AuditIndexDeleted      AuditAction = "index.deleted"
	AuditDocumentCreated   AuditAction = "document.created"
	AuditDocumentChanged   AuditAction = "document.changed"
	AuditDocumentDeleted   AuditAction = "document.deleted"
	AuditDocumentsImported AuditAction = "documents.imported"
	AuditDocumentsExported AuditAction = "documents.exported"
	AuditFileStored        AuditAction = "file.stored"
	AuditFileMoved         AuditAction = "file.moved"
	AuditFileDeleted       AuditAction = "file.deleted"
	AuditClientAccess      AuditAction = "clients.changed"
	AuditRuleSaved         AuditAction = "rule.saved"
	AuditVisitorSignedOut  AuditAction = "visitor.signed_out"
	AuditCredentialIssued  AuditAction = "credential.issued"
	AuditCredentialRevoked AuditAction = "credential.revoked"
	AuditPrincipalDeleted  AuditAction = "principal.deleted"
	AuditUserDisabled      AuditAction = "user.disabled"
	AuditUserEnabled       AuditAction = "user.enabled"
	AuditUserSetUp         AuditAction = "user.set_up"
	AuditPasswordReset     AuditAction = "user.password_reset"
	AuditTransferCancelled AuditAction = "transfer.cancelled"
	AuditTransferResumed   AuditAction = "transfer.resumed"
)

// AuditEvent records one change: who, when, from where, before, after (S14).
type AuditEvent struct {
	ID        string    `gorm:"primaryKey"`
	At        time.Time `gorm:"column:occurred_at"`
	ActorID   string
	ActorName string
	Via       string // console, apply, command
	IP        string
	RequestID string
	Action    AuditAction
	// AppID and OtherAppID are the apps that the change concerns: both sides of
	// a share may read it. Empty for changes of the installation.
	AppID         string
	OtherAppID    string
	EnvironmentID string
	Subject       string // id or name of what was changed
	Before        string `gorm:"column:state_before"` // JSON text, empty when there is no state
	After         string `gorm:"column:state_after"`
}

// MayReadAudit reports whether the actor may read an event: members of an app
// that it concerns, and operators for changes of the installation.
func MayReadAudit(s Standing, app string, e AuditEvent) Decision {
	if e.AppID == "" && e.OtherAppID == "" {
		return MayAdministerInstallation(s.Actor)
	}
	if e.AppID != app && e.OtherAppID != app {
		return Deny(CodeNotFound, "error.not_found")
	}
	return s.need(RoleViewer)
}
