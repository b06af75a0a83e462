package service

import (
	"context"
	"time"

	"envshare/internal/runner"
	"envshare/models"
)

// sessionTTL is how long a cross-account session lasts unless cloudbase_auth
// shortens it. The server SDK never renews one: it opens a new one with init().
const sessionTTL = 2 * time.Hour

// OpenSession is the cross-account handshake of init() (DESIGN.md section 3):
// the environment must be lent to the caller, its cloudbase_auth must exist, run
// and let the caller in. It returns a credential for that environment alone. For
// an environment of the caller's own app there is no handshake (C4). Codes:
// env_not_shared, auth_function_missing, auth_no_err_code, auth_refused,
// auth_malformed, the function's own failure.
func (s *Calls) OpenSession(ctx context.Context, cred Credential, info CallInfo, resourceAppID, resourceEnv string) (Credential, error) {
	f, err := s.factsFor(ctx, cred)
	if err != nil {
		return Credential{}, err
	}
	call := f.callFacts(cred.caller(), resourceEnv)
	session, err := s.openSession(ctx, cred, info, f, call, resourceAppID)
	s.refused(cred, call, models.OperationInit, "", err)
	return session, err
}

func (s *Calls) openSession(ctx context.Context, cred Credential, info CallInfo, f *facts, call models.CallFacts, resourceAppID string) (Credential, error) {
	if err := models.MayOpenSession(call, resourceAppID, s.clock()).Err(); err != nil {
		return Credential{}, err
	}
	if call.Owner == cred.AppID() {
		own := cred.claims
		own.EnvironmentID = call.Env
		return s.credentials.issue(own)
	}
	function, err := s.authFunction(ctx, f, call.Env)
	if err != nil {
		return Credential{}, err
	}
	verdict, err := s.verdict(ctx, cred, info, call.Owner, function)
	if err != nil {
		return Credential{}, err
	}
	return s.credentials.issue(sessionClaims(cred, call, verdict, s.clock()))
}

// authFunction looks up the function that lets others in.
func (s *Calls) authFunction(ctx context.Context, f *facts, environmentID string) (models.Function, error) {
	function, err := s.function(ctx, f, environmentID, models.AuthFunction)
	if models.IsCode(err, models.CodeFunctionUnknown) {
		err = models.E(models.CodeAuthFunctionMissing, "call.auth_function_missing", "function", models.AuthFunction, "environment", environmentID)
	}
	return function, err
}

// verdict runs cloudbase_auth in the owner's environment and reads its answer.
func (s *Calls) verdict(ctx context.Context, cred Credential, info CallInfo, owner string, function models.Function) (models.AuthVerdict, error) {
	o := originOf(cred, info)
	o.owner, o.trigger = owner, models.TriggerHandshake
	o.from = callOrigin{AppID: cred.AppID(), User: cred.claims.User}
	o.user = endUser{UnionID: cred.claims.User.UnionID}
	run, err := s.invoke(ctx, function, o, nil)
	if err != nil {
		return models.AuthVerdict{}, err
	}
	if run.status != runner.StatusOK {
		return models.AuthVerdict{}, run.err()
	}
	return models.ParseAuthVerdict(run.value)
}

// sessionClaims binds a session to caller app, end user, owner's environment and
// grant (C1).
func sessionClaims(cred Credential, call models.CallFacts, verdict models.AuthVerdict, now time.Time) claims {
	ttl := sessionTTL
	if verdict.ExpiresIn > 0 {
		ttl = min(ttl, verdict.ExpiresIn)
	}
	source := cred.claims.Source
	if cred.claims.Kind == kindInvocation {
		source += ",scf"
	}
	return claims{
		Kind: kindSession, AppID: cred.AppID(), EnvironmentID: call.Env, GrantID: call.Grant.ID,
		ExpiresAt: now.Add(ttl).UnixMilli(), Depth: cred.claims.Depth + 1, Source: source,
		User: cred.claims.User, AuthCustom: verdict.Custom, IssuedID: cred.claims.IssuedID,
	}
}
