package models

import "time"

// Caller is who makes a call of the data plane, as its credential proves.
type Caller struct {
	// AppID is the app that the call comes from.
	AppID string
	// GrantID is the grant under which a cross-account session was opened; empty
	// for a credential of the app itself.
	GrantID string
	// SessionEnv is the only environment that a cross-account session opens;
	// empty for a credential of the app itself.
	SessionEnv string
	// ExpiresAt is when the credential ends.
	ExpiresAt time.Time
}

// CrossAccount reports whether the credential is a cross-account session.
func (c Caller) CrossAccount() bool { return c.SessionEnv != "" }

// ended reports whether the credential's time is over.
func (c Caller) ended(now time.Time) bool { return !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt) }

// CallGrant is a grant as the data plane sees it: what an app may call in
// another app's environment.
type CallGrant struct {
	ID          string
	ShareID     string
	Permissions PermissionSet
	Paused      bool
	Until       time.Time // zero for no end
}

// Active reports whether the grant works at a time.
func (g CallGrant) Active(now time.Time) bool {
	return g.ID != "" && !g.Paused && (g.Until.IsZero() || now.Before(g.Until))
}

// CallFacts is what decides a call of the data plane.
type CallFacts struct {
	Caller Caller
	// Env is the environment that the call names, Owner its app; Owner is empty
	// when there is no such environment.
	Env, Owner string
	// Grant is what Owner lends to the caller's app on Env; zero when nothing.
	Grant CallGrant
}

// MayOpenSession decides the first step of the cross-account handshake: the
// environment exists, belongs to resourceAppid, and an active share grants it
// to the caller, whose own credential has not ended. Failures about the
// environment look the same, so that nobody learns which environments exist. A
// cross-account session opens nothing further: sharing has a single level (S4).
func MayOpenSession(f CallFacts, resourceAppID string, now time.Time) Decision {
	return decide(func(a Answer) { OpenSteps(f, resourceAppID, now, a) })
}

// MayCall decides one call of the data plane (DESIGN.md section 3): session
// valid, then share active, then permission present. An app has full rights on
// its own environments (C2); another app's needs a session of its own, and a
// session opens exactly one environment (C1).
func MayCall(f CallFacts, p Permission, now time.Time) Decision {
	return decide(func(a Answer) { CallSteps(f, p, now, a) })
}
