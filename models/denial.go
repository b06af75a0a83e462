package models

import "time"

// Plane is where a call comes from.
type Plane string

// The planes.
const (
	PlaneServer  Plane = "server"  // function code and the server SDK
	PlaneClient  Plane = "client"  // web pages and mini programs
	PlaneConsole Plane = "console" // people in the console of a borrower
)

// Planes returns the planes in the order in which they are shown.
func Planes() []Plane { return []Plane{PlaneServer, PlaneClient, PlaneConsole} }

// MessageKey is the catalogue key of the plane's name for people.
func (p Plane) MessageKey() string { return "plane." + string(p) }

// OperationInit is the operation of the handshake; the others are permissions.
const OperationInit = "init"

// Denial counts refusals of one kind on one day.
type Denial struct {
	EnvironmentID string `gorm:"primaryKey"`
	Day           string `gorm:"primaryKey"` // YYYY-MM-DD, UTC
	Key           string `gorm:"primaryKey;column:denial_key"`
	// CallerAppID is the app that called, "" for a visitor, and for apps of other
	// principals, which are not named.
	CallerAppID string
	Plane       Plane
	EndUser     bool   // a person was known
	Operation   string // OperationInit or a permission, "" in a line for all
	Resource    string // function, collection or path, "" for none and in a line for all
	Code        Code
	MsgKey      string
	MsgArgs     string // JSON object
	Count       int64  `gorm:"column:refused"`
	FirstAt     time.Time
	LastAt      time.Time
}

// DenialFilter narrows a list of denials; "" is any.
type DenialFilter struct {
	CallerAppID, EnvironmentID string
	Code                       Code
	// Borrowed lists what the app was refused in environments lent to it, instead of
	// what others were refused in its own.
	Borrowed bool
	// OwnerAppID narrows to the environments of one app.
	OwnerAppID string
}

// countedDenials are the refusals that are recorded: those that sharing, rules
// and the handshake cause. Malformed calls and failures of ours are not.
var countedDenials = map[Code]bool{
	CodeEnvUnknown: true, CodeEnvNotShared: true, CodeSessionInvalid: true, CodePermissionMissing: true, CodeRuleDenied: true,
	CodeAuthFunctionMissing: true, CodeAuthNoErrCode: true, CodeAuthRefused: true, CodeAuthMalformed: true,
}

// countedInInit are failures of cloudbase_auth, which refuse an init() too.
var countedInInit = map[Code]bool{
	CodeFunctionFailed: true, CodeFunctionTimedOut: true, CodeFunctionOutOfMemory: true, CodeResultTooLarge: true,
}

// CountsAsDenial reports whether a refused operation is recorded.
func CountsAsDenial(operation string, code Code) bool {
	return countedDenials[code] || operation == OperationInit && countedInInit[code]
}

// DenialCodes are the codes that a list can be narrowed to, in the order in which
// they are shown.
func DenialCodes() []Code {
	return []Code{
		CodeEnvNotShared, CodeEnvUnknown, CodePermissionMissing, CodeSessionInvalid, CodeAuthFunctionMissing, CodeAuthRefused,
		CodeAuthNoErrCode, CodeAuthMalformed, CodeFunctionFailed, CodeFunctionTimedOut, CodeRuleDenied, CodeForbidden,
	}
}

// CountsInConsole reports whether a refusal in the console of a borrower is
// recorded: one that the owner's grant causes, not the person's own role.
func CountsInConsole(msgKey string) bool {
	switch msgKey {
	case "error.permission_not_granted", "error.share_paused", "error.share_expired", "error.auth_function_owner_only", "error.owner_only":
		return true
	}
	return false
}

// InOneLine folds the refusals of an app without any share on the environment
// into one line per code, without names: a stranger must not fill the record.
func (d Denial) InOneLine() Denial {
	d.Operation, d.Resource, d.EndUser = "", "", false
	if d.Code == CodeEnvUnknown {
		d.Code = CodeEnvNotShared
	}
	d.MsgKey, d.MsgArgs = "denial.one_line", "{}"
	return d
}

// MaySeeDenials reports whether the actor may read what was refused in an app's
// environments and to the app.
func MaySeeDenials(s Standing) Decision { return s.need(RoleViewer) }
