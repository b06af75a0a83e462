package models

import "time"

// ExplainView is how much of a decision somebody may see.
type ExplainView int

// The views. The zero value shows nothing.
const (
	ExplainNothing ExplainView = iota
	// ExplainHidden says that the environment is not shared with the app, whether
	// it exists or not (C7).
	ExplainHidden
	// ExplainBorrower shows everything that the borrower can know by calling and by
	// the console: not the rules, nor what they say about a person that it makes up.
	ExplainBorrower
	// ExplainOwner shows all.
	ExplainOwner
)

// ExplainFacts is what decides who may ask why.
type ExplainFacts struct {
	Standing Standing
	// AppID is the app whose console is open, CallerAppID the one that would call.
	AppID, CallerAppID string
	// Owner is the app of the environment, "" when there is none.
	Owner string
	// Lent tells whether a share names the environment for AppID, at work or at rest.
	Lent bool
}

// MayExplain decides whether the actor may ask how a call is decided, and how
// much the answer shows. Members of the owner see every step. Members of another
// app may ask about their own app alone, and learn of an environment that is not
// lent to it only that it is not.
func MayExplain(f ExplainFacts) (ExplainView, Decision) {
	if d := f.Standing.need(RoleViewer); !d.Allowed {
		return ExplainNothing, d
	}
	switch {
	case f.Owner != "" && f.Owner == f.AppID:
		return ExplainOwner, Allow()
	case f.CallerAppID != f.AppID:
		return ExplainNothing, Deny(CodeForbidden, "error.explain_other")
	case f.Owner == "" || !f.Lent:
		return ExplainHidden, Allow()
	}
	return ExplainBorrower, Allow()
}

// SeesRules reports whether the view shows what security rules decide.
func (v ExplainView) SeesRules() bool { return v == ExplainOwner }

// StepStatus is how one step of an explanation came out.
type StepStatus string

// The statuses.
const (
	StepOK         StepStatus = "ok"
	StepFailed     StepStatus = "failed"
	StepNotReached StepStatus = "not_reached"
	StepSkipped    StepStatus = "skipped" // does not apply to such a call
	StepUnknown    StepStatus = "unknown" // cannot be known without a real call
	StepHidden     StepStatus = "hidden"  // known to the owner alone
	StepWarning    StepStatus = "warning" // lets this call through, and the next init() not
)

// MessageKey is the catalogue key of the status's name for people.
func (s StepStatus) MessageKey() string { return "explain_status." + string(s) }

// ShareDetail says of a grant that is not active why, as its two sides may know.
func ShareDetail(g CallGrant, now time.Time) Msg {
	switch {
	case g.ID == "":
		return M("explain.share_none")
	case !g.Until.IsZero() && !now.Before(g.Until):
		return M("explain.share_expired")
	case g.Paused:
		return M("explain.share_paused")
	}
	return M("explain.share_active")
}

// Fix is who can lift a refusal.
type Fix string

// Who can.
const (
	FixOwnerAdmin     Fix = "owner_admin"     // an administrator of the environment's app
	FixOwnerDeveloper Fix = "owner_developer" // whoever deploys its functions
	FixCallerCode     Fix = "caller_code"     // whoever writes the calling code
	FixCallerAdmin    Fix = "caller_admin"    // an administrator of the calling app
)

// MessageKey is the catalogue key of what to do.
func (f Fix) MessageKey() string { return "explain_fix." + string(f) }

// FixOf says who can lift a refusal at a step.
func FixOf(step Step, code Code) Fix {
	switch step {
	case StepCaller, StepSession, StepFunction:
		return FixCallerCode
	case StepAuthFunction, StepVerdict:
		return FixOwnerDeveloper
	case StepRole:
		return FixCallerAdmin
	case StepOwner:
		return FixCallerCode
	case StepEnvironment:
		if code == CodeEnvUnknown {
			return FixCallerCode
		}
	}
	return FixOwnerAdmin
}

// StepOf is the step at which a recorded refusal happened, as far as its code
// tells.
func StepOf(code Code) Step {
	switch code {
	case CodeSessionInvalid:
		return StepSession
	case CodePermissionMissing, CodeForbidden:
		return StepPermission
	case CodeAuthFunctionMissing:
		return StepAuthFunction
	case CodeRuleDenied:
		return StepRule
	case CodeEnvNotShared, CodeEnvUnknown:
		return StepShare
	}
	return StepVerdict
}
