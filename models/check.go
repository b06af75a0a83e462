package models

import "time"

// Step names one question that a decision about a call asks (DESIGN.md section
// 3). A decision is the first step that is refused, so whoever shows the steps
// shows what decided.
type Step string

// The steps, in the order in which they are explained.
const (
	StepCaller       Step = "caller"        // the caller's own credential or login
	StepEnvironment  Step = "environment"   // it exists, for this caller
	StepOwner        Step = "owner"         // it belongs to the app that the call names
	StepShare        Step = "share"         // an active share grants it
	StepAuthFunction Step = "auth_function" // cloudbase_auth is deployed
	StepVerdict      Step = "verdict"       // what cloudbase_auth said last
	StepSession      Step = "session"       // of init(), still good
	StepPermission   Step = "permission"    // in the grant
	StepRole         Step = "role"          // of a person in the console
	StepVisitor      Step = "visitor"       // calls without login are let in
	StepOrigin       Step = "origin"        // the page may call
	StepRule         Step = "rule"          // the security rules allow it
	StepFunction     Step = "function"      // the function is deployed
)

// MessageKey is the catalogue key of the step's name for people.
func (s Step) MessageKey() string { return "explain_step." + string(s) }

// Answer receives the steps of a decision one by one, and says whether to go on.
type Answer func(Step, Decision) bool

// refuse passes a step on, refused with d if bad, allowed otherwise, and reports
// whether to go on.
func (a Answer) step(s Step, bad bool, refused func() Decision) bool {
	if bad {
		a(s, refused())
		return false
	}
	return a(s, Allow())
}

// decide is the decision that steps come to: the first refusal.
func decide(steps func(Answer)) Decision {
	out := Allow()
	steps(func(_ Step, d Decision) bool {
		out = d
		return d.Allowed
	})
	return out
}

// OpenSteps are the steps of MayOpenSession.
func OpenSteps(f CallFacts, resourceAppID string, now time.Time, answer Answer) {
	hidden := func() Decision { return Deny(CodeEnvNotShared, "call.env_not_shared", "environment", f.Env) }
	ok := answer.step(StepCaller, f.Caller.AppID == "", func() Decision { return Deny(CodeUnauthenticated, "error.unauthenticated") }) &&
		answer.step(StepCaller, f.Caller.ended(now), func() Decision { return Deny(CodeSessionInvalid, "call.session_expired") }) &&
		answer.step(StepCaller, f.Caller.CrossAccount(), hidden) &&
		answer.step(StepEnvironment, f.Owner == "", hidden) &&
		answer.step(StepOwner, f.Owner != resourceAppID, hidden)
	if ok && f.Owner != f.Caller.AppID {
		answer.step(StepShare, !f.Grant.Active(now), hidden)
	}
}

// CallSteps are the steps of MayCall.
func CallSteps(f CallFacts, p Permission, now time.Time, answer Answer) {
	ok := answer.step(StepCaller, f.Caller.AppID == "", func() Decision { return Deny(CodeUnauthenticated, "error.unauthenticated") }) &&
		answer.step(StepSession, f.Caller.ended(now), func() Decision { return Deny(CodeSessionInvalid, "call.session_expired") })
	own := !f.Caller.CrossAccount() && f.Owner == f.Caller.AppID
	switch {
	case !ok || own:
		return
	case !f.Caller.CrossAccount() && f.Grant.Active(now):
		answer(StepSession, Deny(CodeSessionInvalid, "call.session_missing", "environment", f.Env))
		return
	case !f.Caller.CrossAccount():
		answer(StepEnvironment, Deny(CodeEnvUnknown, "call.env_unknown", "environment", f.Env))
		return
	}
	_ = answer.step(StepShare, f.Caller.SessionEnv != f.Env || f.Owner == "" || !f.Grant.Active(now), func() Decision {
		return Deny(CodeEnvNotShared, "call.env_not_shared", "environment", f.Env)
	}) && answer.step(StepSession, f.Caller.GrantID != f.Grant.ID, func() Decision {
		return Deny(CodeSessionInvalid, "call.session_stale", "environment", f.Env)
	}) && answer.step(StepPermission, !f.Grant.Permissions.Has(p), func() Decision {
		return Deny(CodePermissionMissing, "call.permission_missing", "environment", f.Env, "permission", p, "key", string(p))
	})
}

// VisitSteps are the steps of MayVisit.
func VisitSteps(f VisitFacts, answer Answer) {
	hidden := func() Decision { return Deny(CodeEnvNotShared, "call.env_closed", "environment", f.Env) }
	_ = answer.step(StepEnvironment, f.Owner == "", hidden) &&
		answer.step(StepOwner, f.Owner != f.ResourceAppID, hidden) &&
		answer.step(StepVisitor, !f.Policy.Unauthenticated, hidden) &&
		answer.step(StepOrigin, !f.Policy.AllowsOrigin(f.Origin), hidden)
}

// UseSteps are the steps of MayUse.
func UseSteps(s Standing, v EnvironmentView, p Permission, now time.Time, answer Answer) {
	seen := MaySeeEnvironment(s, v, now)
	if !answer(StepShare, seen) || !seen.Allowed {
		return
	}
	_ = answer.step(StepPermission, !v.Granted(now).Has(p), func() Decision {
		return Deny(CodeForbidden, "error.permission_not_granted", "permission", p, "key", string(p), "environment", v.Environment.ID)
	}) && answer.step(StepRole, !rolePermissions[s.rank()].Has(p), func() Decision {
		return Deny(CodeForbidden, "error.role_lacks_permission", "permission", p, "key", string(p))
	})
}
