package views

import (
	"context"

	"envshare/internal/i18n"
	"envshare/models"
)

// AppRef names an app on a page of another one.
type AppRef struct {
	AppID, Name string
	Kind        models.AppKind
	Activated   bool // owns an environment
}

// GrantRow is one environment of a share.
type GrantRow struct {
	EnvironmentID, EnvironmentName string
	Permissions                    models.PermissionSet
	// Href opens the environment; empty while it cannot be opened.
	Href string
	// AuthMissing says that nobody gets in without cloudbase_auth; nil for nothing to
	// say.
	AuthMissing *AuthMissing
}

// ShareState is the status of a share as its tag shows it.
type ShareState struct {
	Status models.ShareStatus
	// EndsInDays is set on an active share whose end is near; 0 is not near.
	EndsInDays int
}

// ShareImpact is who used a share lately (S15), ready to print.
type ShareImpact struct {
	Calls7Days, Calls30Days string
	LastCall                string // empty when there was none
	InUse                   bool   // there were calls in the last 30 days
}

// PermissionLabel returns the words for a permission.
func PermissionLabel(ctx context.Context, p models.Permission) string {
	return i18n.T(ctx, "permission."+string(p))
}
