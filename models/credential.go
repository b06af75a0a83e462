package models

import "time"

// Credential lets code outside a function use the server SDK with full rights
// on the environments of one app. The secret itself is never stored: it is
// derived from the installation's key.
type Credential struct {
	ID            string `gorm:"primaryKey"`
	AppID         string
	EnvironmentID string // what TCB_ENV names
	IssuedBy      string
	CreatedAt     time.Time
	ExpiresAt     time.Time
	RevokedAt     *time.Time
}

// Live reports whether the credential works at a time.
func (c Credential) Live(now time.Time) bool {
	return c.RevokedAt == nil && now.Before(c.ExpiresAt)
}

// MayIssueCredential reports whether the actor may make credentials that carry
// an app's full rights.
func MayIssueCredential(s Standing) Decision { return s.need(RoleAdmin) }

// AuthVerdict is what cloudbase_auth answered for one caller (C1).
type AuthVerdict struct {
	// Custom is the JSON object that becomes auth.custom in security rules, ""
	// when the function returned none.
	Custom string
	// ExpiresIn shortens the session; zero keeps the default.
	ExpiresIn time.Duration
}
