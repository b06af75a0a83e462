package models

import "time"

// UserSetup lets somebody choose a password by a link, once and until it expires.
// Digest is that of the link's token, so that a copy of the table opens nothing.
type UserSetup struct {
	UserID    string `gorm:"primaryKey"`
	Digest    string
	ExpiresAt time.Time
}

// UserFacts is what decides whether a user may be changed by an operator.
type UserFacts struct {
	// Active tells whether the user is an operator who can sign in.
	Active bool
	// OtherOperators counts the other operators who can sign in.
	OtherOperators int64
}

// MayTakeOperator reports whether a user may lose what makes an operator of it:
// the flag, the sign-in, the password. The last operator who can sign in stays,
// or nobody could register anything any more.
func MayTakeOperator(a Actor, f UserFacts) Decision {
	if d := MayAdministerInstallation(a); !d.Allowed {
		return d
	}
	if f.Active && f.OtherOperators == 0 {
		return Deny(CodeConflict, "error.last_operator")
	}
	return Allow()
}

// MayDeletePrincipal reports whether a principal may be deleted: not while it has
// apps.
func MayDeletePrincipal(a Actor, apps int64) Decision {
	if d := MayAdministerInstallation(a); !d.Allowed {
		return d
	}
	if apps > 0 {
		return Deny(CodeConflict, "error.principal_has_apps", "count", apps)
	}
	return Allow()
}

// MayMoveApp reports whether an app may go from one principal to another, given
// how many shares it is part of: sharing never crosses a principal.
func MayMoveApp(from, to App, shares int) Decision {
	if from.PrincipalID != to.PrincipalID && shares > 0 {
		return Deny(CodeConflict, "error.app_has_shares", "count", shares)
	}
	return Allow()
}

// MaySignIn reports whether a user whose password was right may come in.
func MaySignIn(u User) Decision {
	if u.DisabledAt != nil {
		return Deny(CodeForbidden, "error.user_disabled")
	}
	return Allow()
}

// MayReadAuditLog reports whether the actor may read the log of an app.
func MayReadAuditLog(s Standing) Decision { return s.need(RoleViewer) }
