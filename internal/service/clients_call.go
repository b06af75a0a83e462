package service

import (
	"context"
	"time"

	"envshare/internal/runner"
	"envshare/models"
)

// ClientCall says who calls, where, and from which page.
type ClientCall struct {
	Client Client
	// ResourceAppID and EnvironmentID are what the call wants to use.
	ResourceAppID, EnvironmentID string
	// Origin is the web page that calls, "" for none or for one of the gateway's own.
	Origin string
	// TraceUser asks to record the visit.
	TraceUser bool
	IP        string
	// RequestID is the id of this request, which the caller sees.
	RequestID string

	resource string // what the call is about, for the record of denials
}

// clientScope is a call that may use an environment, as far as share and
// permission go. Security rules decide next.
type clientScope struct {
	facts *facts
	env   string
	owner string
	// custom is what cloudbase_auth said of the person, as JSON, "" for nothing.
	custom string
	// cross marks a call from another app, under a grant.
	cross bool
	grant string

	call       models.CallFacts  // that were decided on, of a person
	permission models.Permission // that was asked for
	resource   string
}

// enter decides a call up to the security rules: without login what the owner
// switched on (C6), otherwise session, share and permission, in this order.
func (s *Clients) enter(ctx context.Context, c ClientCall, p models.Permission) (clientScope, error) {
	f, err := s.facts.fresh(ctx)
	if err != nil {
		return clientScope{}, err
	}
	return s.enterOn(ctx, f, c, p)
}

func (s *Clients) enterOn(ctx context.Context, f *facts, c ClientCall, p models.Permission) (clientScope, error) {
	scope, err := s.admit(ctx, f, c, p)
	if scope.cross && scope.call.Grant.ID != "" {
		s.calls.recorder.call(scope.env, c.Client.AppID(), err != nil)
	}
	s.refused(c, scope, string(p), err)
	return scope, err
}

// refused counts a refusal of a client's call.
func (s *Clients) refused(c ClientCall, scope clientScope, operation string, err error) {
	if err == nil {
		return
	}
	s.calls.denials.note(refusedCall{
		env: scope.env, owner: scope.owner, caller: c.Client.AppID(), shared: scope.call.Grant.ID != "", plane: models.PlaneClient,
		endUser: c.Client.LoggedIn(), operation: operation, resource: scope.resource,
	}, err)
}

// admit decides for enterOn, and counts nothing.
func (s *Clients) admit(ctx context.Context, f *facts, c ClientCall, p models.Permission) (clientScope, error) {
	scope := clientScope{facts: f, env: c.EnvironmentID, owner: f.Owners[c.EnvironmentID], permission: p, resource: c.resource}
	if !c.Client.LoggedIn() {
		return scope, models.MayVisit(models.VisitFacts{
			Env: c.EnvironmentID, Owner: scope.owner, ResourceAppID: c.ResourceAppID, Policy: f.Policies[c.EnvironmentID], Origin: c.Origin,
		}).Err()
	}
	var verdict models.Verdict
	if scope.cross = scope.owner != c.Client.AppID(); scope.cross {
		var err error
		verdict, err = s.store.Clients.Verdict(ctx, c.Client.AppID(), c.Client.session.OpenID, c.EnvironmentID)
		if err != nil && !models.IsCode(err, models.CodeNotFound) {
			return scope, err
		}
	}
	return s.admitPerson(f, c, scope, verdict)
}

// admitPerson decides for somebody who is logged in, with the verdict that
// cloudbase_auth gave them, or none.
func (s *Clients) admitPerson(f *facts, c ClientCall, scope clientScope, verdict models.Verdict) (clientScope, error) {
	caller := models.Caller{AppID: c.Client.AppID()}
	if verdict.EnvironmentID != "" {
		caller.SessionEnv, caller.GrantID, caller.ExpiresAt = verdict.EnvironmentID, verdict.GrantID, verdict.ExpiresAt
		scope.custom, scope.grant = verdict.Custom, verdict.GrantID
	}
	scope.call = f.callFacts(caller, c.EnvironmentID)
	err := models.MayCall(scope.call, scope.permission, s.clock()).Err()
	if err == nil && (scope.owner != c.ResourceAppID || !s.allowsPage(f, c, f.Policies[c.EnvironmentID])) {
		err = models.E(models.CodeEnvNotShared, "call.env_not_shared", "environment", c.EnvironmentID)
	}
	return scope, err
}

// allowsPage reports whether a page may call on behalf of a person: one of the
// owner's list, or of a host that logins to the person's app may return to.
func (s *Clients) allowsPage(f *facts, c ClientCall, policy models.ClientPolicy) bool {
	return policy.AllowsOrigin(c.Origin) || f.loginOfOrigin(c.Origin) == c.Client.AppID()
}

// AllowsOrigin reports whether answers of an environment may be read by a page. An
// environment of "" stands for any.
func (s *Clients) AllowsOrigin(ctx context.Context, origin, environmentID string) (bool, error) {
	f, err := s.facts.fresh(ctx)
	if err != nil {
		return false, err
	}
	if f.loginOfOrigin(origin) != "" {
		return true, nil
	}
	if environmentID != "" {
		policy := f.Policies[environmentID]
		return policy.AllowsOrigin(origin), nil
	}
	return f.knowsOrigin(origin), nil
}

// InitResult is what init() learns.
type InitResult struct {
	// ExpiresAt is when the handshake is to be repeated.
	ExpiresAt time.Time
}

// Init is the handshake of a logged-in client's init(): share, cloudbase_auth, and
// a verdict that the server keeps for this person, app and environment (C1). An
// environment of the person's own app needs none (C4). Codes: env_not_shared,
// auth_function_missing, auth_no_err_code, auth_refused, auth_malformed, the
// function's own failure.
func (s *Clients) Init(ctx context.Context, c ClientCall) (InitResult, error) {
	f, err := s.facts.fresh(ctx)
	if err != nil {
		return InitResult{}, err
	}
	call := f.callFacts(models.Caller{AppID: c.Client.AppID()}, c.EnvironmentID)
	done, err := s.init(ctx, f, c, call)
	s.refused(c, clientScope{env: call.Env, owner: call.Owner, call: call}, models.OperationInit, err)
	return done, err
}

func (s *Clients) init(ctx context.Context, f *facts, c ClientCall, call models.CallFacts) (InitResult, error) {
	now := s.clock()
	if err := models.MayOpenSession(call, c.ResourceAppID, now).Err(); err != nil {
		return InitResult{}, err
	}
	if !s.allowsPage(f, c, f.Policies[c.EnvironmentID]) {
		return InitResult{}, models.E(models.CodeEnvNotShared, "call.env_not_shared", "environment", c.EnvironmentID)
	}
	if call.Owner == c.Client.AppID() {
		if c.TraceUser {
			s.see(ctx, c)
		}
		return InitResult{ExpiresAt: now.Add(sessionTTL)}, nil
	}
	verdict, err := s.judge(ctx, f, c, call)
	if err != nil {
		// Whoever is refused now is not let in by what was said before.
		if models.CodeOf(err) != models.CodeUnavailable {
			err = joined(err, s.store.Clients.DropVerdict(ctx, c.Client.AppID(), c.Client.session.OpenID, c.EnvironmentID))
		}
		return InitResult{}, err
	}
	if err := s.store.Clients.SaveVerdict(ctx, verdict); err != nil {
		return InitResult{}, err
	}
	if c.TraceUser {
		s.see(ctx, c)
	}
	return InitResult{ExpiresAt: verdict.ExpiresAt}, nil
}

// joined returns the first error, or the second when that one failed too: a
// verdict that could not be dropped must not look like a mere refusal.
func joined(refusal, failure error) error {
	if failure != nil {
		return failure
	}
	return refusal
}

// judge runs cloudbase_auth for a client.
func (s *Clients) judge(ctx context.Context, f *facts, c ClientCall, call models.CallFacts) (models.Verdict, error) {
	function, err := s.calls.authFunction(ctx, f, c.EnvironmentID)
	if err != nil {
		return models.Verdict{}, err
	}
	o := originOfClient(c, call.Owner, true)
	o.trigger = models.TriggerHandshake
	run, err := s.calls.invoke(ctx, function, o, nil)
	if err != nil {
		return models.Verdict{}, err
	}
	if run.status != runner.StatusOK {
		return models.Verdict{}, run.err()
	}
	said, err := models.ParseAuthVerdict(run.value)
	if err != nil {
		return models.Verdict{}, err
	}
	life := sessionTTL
	if said.ExpiresIn > 0 {
		life = min(life, said.ExpiresIn)
	}
	return models.Verdict{
		AppID: c.Client.AppID(), OpenID: c.Client.session.OpenID, EnvironmentID: c.EnvironmentID,
		GrantID: call.Grant.ID, Custom: said.Custom, ExpiresAt: s.now().Add(life),
	}, nil
}

// sourceClient is the SOURCE of calls that clients make.
const sourceClient = "wx_client"

// originOfClient is where a run comes from that a client started. In another
// app's environment the person is known as FROM_*, and by the unionid, which is
// one in a principal.
func originOfClient(c ClientCall, owner string, cross bool) origin {
	o := origin{
		trigger: models.TriggerClient, owner: owner, callerApp: c.Client.AppID(), source: sourceClient, ip: c.IP, requestID: c.RequestID,
	}
	switch {
	case !c.Client.LoggedIn():
	case cross:
		o.from = callOrigin{AppID: c.Client.AppID(), User: c.Client.user()}
		o.user = endUser{UnionID: c.Client.session.UnionID}
	default:
		o.user = c.Client.user()
	}
	return o
}

// see notes that the person was in the environment. It must not fail the call that
// it goes with.
func (s *Clients) see(ctx context.Context, c ClientCall) {
	now := s.now()
	err := s.store.Clients.See(ctx, models.Visitor{
		EnvironmentID: c.EnvironmentID, AppID: c.Client.AppID(), OpenID: c.Client.session.OpenID, UnionID: c.Client.session.UnionID,
		FirstSeenAt: now, LastSeenAt: now,
	})
	if err != nil {
		s.logger.WarnContext(ctx, "visitor not recorded", "error", err, "request_id", c.RequestID)
	}
}
