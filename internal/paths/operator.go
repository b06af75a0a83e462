package paths

import "net/url"

// Audit is what was recorded of an app: 设置 → 操作日志.
func Audit(app string) string { return join("apps", app, "audit") }

// ExportAudit is a log as a CSV file; log is the address of the log.
func ExportAudit(log string) string { return log + "/export" }

// AuditEvent is one event; log is the address of the log.
func AuditEvent(log, event string) string { return log + join(event) }

// ChoosePassword is the page on which somebody chooses a password by a link.
func ChoosePassword(token string) string { return join("choose-password", token) }

// Operator is the operator's area: how the installation is.
func Operator() string { return "/operator" }

// OperatorSettings is the settings in force.
func OperatorSettings() string { return join("operator", "settings") }

// OperatorAudit is what was recorded of the installation.
func OperatorAudit() string { return join("operator", "audit") }

// OperatorPrincipals is the list of principals.
func OperatorPrincipals() string { return join("operator", "principals") }

// NewPrincipal is the form that registers a principal.
func NewPrincipal() string { return join("operator", "new-principal") }

// OperatorPrincipal is one principal, to rename.
func OperatorPrincipal(id string) string { return join("operator", "principals", id) }

// DeletePrincipal asks first, and deletes a principal.
func DeletePrincipal(id string) string { return join("operator", "principals", id, "delete") }

// OperatorApps is the list of all apps.
func OperatorApps() string { return join("operator", "apps") }

// OperatorAppsOf is the list of a principal's apps.
func OperatorAppsOf(principal string) string {
	return OperatorApps() + "?principal=" + url.QueryEscape(principal)
}

// RegisterApp is the form that registers an app.
func RegisterApp() string { return join("operator", "apps", "new") }

// OperatorApp is one app, to edit.
func OperatorApp(app string) string { return join("operator", "apps", app) }

// OperatorUsers is the list of users.
func OperatorUsers() string { return join("operator", "users") }

// NewUser is the form that invites a user.
func NewUser() string { return join("operator", "users", "new") }

// OperatorUser is one user.
func OperatorUser(user string) string { return join("operator", "users", user) }

// SetOperator makes an operator of a user, or takes that away.
func SetOperator(user string) string { return join("operator", "users", user, "operator") }

// SetUserRole gives a user a role in an app.
func SetUserRole(user string) string { return join("operator", "users", user, "role") }

// DisableUser asks first, and keeps a user from signing in.
func DisableUser(user string) string { return join("operator", "users", user, "disable") }

// EnableUser lets a user sign in again.
func EnableUser(user string) string { return join("operator", "users", user, "enable") }

// RemoveUserLink ends the link of a user to an external account.
func RemoveUserLink(user string) string { return join("operator", "users", user, "links", "delete") }

// ResetPassword asks first, and makes a link for another password.
func ResetPassword(user string) string { return join("operator", "users", user, "reset") }
