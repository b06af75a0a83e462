package service

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"envshare/internal/runner"
	"envshare/models"
)

// Calls are the data plane: what code does with an environment, decided on the
// snapshot of facts.
type Calls struct {
	base
	credentials *Credentials
	runner      *runner.Runner
	code        *codeCache
	recorder    *recorder
	gatewayURL  string
	denials     *denialRecorder

	draining atomic.Bool
	active   atomic.Int64 // runs that have begun and not ended
}

// CallInfo is what a request says beside its credential.
type CallInfo struct {
	// EnvironmentID is the environment that the request names; "" means the
	// credential's own.
	EnvironmentID string
	// UserToken is the wxCloudApiToken that the SDK takes from the running
	// invocation: it proves on whose behalf the code acts right now.
	UserToken string
	IP        string
	// RequestID is the id of this request, which the caller sees.
	RequestID string

	resource string // what the call is about, for the record of denials
}

// CallResult is what a function returned.
type CallResult struct {
	// RunID names the run in the log.
	RunID string
	Value json.RawMessage
}

// maxDepth bounds how deep functions may call functions.
const maxDepth = 8

// Invoke runs a function for the holder of a verified credential, who needs
// functions.invoke on the environment (DESIGN.md section 3). Codes: env_unknown,
// env_not_shared, session_invalid, permission_missing, function_unknown, the
// function's own failure, limited, unavailable.
func (s *Calls) Invoke(ctx context.Context, cred Credential, info CallInfo, name string, event json.RawMessage) (CallResult, error) {
	function, origin, err := s.admit(ctx, cred, info, name)
	if err != nil {
		s.countedFor(&cred, &info, models.FunctionsInvoke, &err)
		return CallResult{}, err
	}
	return s.run(ctx, function, origin, event)
}

// admit decides a call of a function.
func (s *Calls) admit(ctx context.Context, cred Credential, info CallInfo, name string) (models.Function, origin, error) {
	environmentID := info.EnvironmentID
	if environmentID == "" {
		environmentID = cred.EnvironmentID()
	}
	f, err := s.factsFor(ctx, cred)
	if err != nil {
		return models.Function{}, origin{}, err
	}
	call := f.callFacts(cred.caller(), environmentID)
	info.resource = name
	running, err := s.decide(cred, info, call, models.FunctionsInvoke)
	if err != nil {
		return models.Function{}, origin{}, err
	}
	function, err := s.function(ctx, f, environmentID, name)
	from := originOf(cred, info)
	from.owner = call.Owner
	// A session outlives the invocation that opened it; the depth that counts is
	// that of the code which calls now.
	from.depth = max(from.depth, running.Depth+1)
	return function, from, err
}

// authorize decides a call that runs no function and returns its environment.
func (s *Calls) authorize(ctx context.Context, cred Credential, info CallInfo, p models.Permission) (string, error) {
	environmentID := info.EnvironmentID
	if environmentID == "" {
		environmentID = cred.EnvironmentID()
	}
	f, err := s.factsFor(ctx, cred)
	if err != nil {
		return "", err
	}
	_, err = s.decide(cred, info, f.callFacts(cred.caller(), environmentID), p)
	return environmentID, err
}

// factsFor returns the facts on which a request is decided: those that its
// credential was found good on, or fresh ones for a credential made here.
func (s *Calls) factsFor(ctx context.Context, cred Credential) (*facts, error) {
	if cred.facts != nil {
		return cred.facts, nil
	}
	return s.facts.fresh(ctx)
}

// decide asks models, checks that a session is used for the person it was
// opened for, and counts cross-account calls. It returns the claims of the
// invocation that calls, Depth -1 when the request names none.
func (s *Calls) decide(cred Credential, info CallInfo, call models.CallFacts, p models.Permission) (claims, error) {
	err := models.MayCall(call, p, s.clock()).Err()
	running := claims{Depth: -1}
	if err == nil {
		running, err = s.running(cred, info)
	}
	if call.Caller.CrossAccount() && call.Owner != "" && call.Caller.SessionEnv == call.Env {
		s.recorder.call(call.Env, call.Caller.AppID, err != nil)
	}
	s.refused(cred, call, string(p), info.resource, err)
	return running, err
}

// refused counts a refusal of a call with a credential.
func (s *Calls) refused(cred Credential, call models.CallFacts, operation, resource string, err error) {
	if err == nil {
		return
	}
	s.denials.note(refusedCall{
		env: call.Env, owner: call.Owner, caller: cred.AppID(), shared: call.Grant.ID != "", plane: models.PlaneServer,
		endUser: cred.claims.User != endUser{}, operation: operation, resource: resource,
	}, err)
}

// running returns the invocation in which a session is used, and refuses one for
// another end user than the session's: a verdict of cloudbase_auth belongs to
// its user (C1). A person is one by openid and unionid together: in a function
// that another app called, only the unionid is known. A session that was opened
// in a function must name an invocation that runs now: otherwise one person's
// session would serve the next, and a session would serve whoever carried it out
// of the function. Sessions of issued credentials end with their credential.
func (s *Calls) running(cred Credential, info CallInfo) (claims, error) {
	none := claims{Depth: -1}
	if cred.claims.Kind == kindIssued {
		return s.nested(info), nil
	}
	if cred.claims.Kind != kindSession || info.UserToken == "" && cred.claims.IssuedID != "" {
		return none, nil
	}
	opened, err := s.credentials.open(info.UserToken)
	running := opened.claims
	if err != nil || running.Kind != kindUser || s.credentials.runs.over(running) || !s.clock().Before(time.UnixMilli(running.ExpiresAt)) {
		return none, models.E(models.CodeSessionInvalid, "call.user_token_unknown")
	}
	if running.AppID != cred.claims.AppID || running.User != cred.claims.User {
		return none, models.E(models.CodeSessionInvalid, "call.session_other_user")
	}
	return running, nil
}

// nested returns the invocation in which issued credentials are used, Depth -1
// when they are used outside of functions.
func (s *Calls) nested(info CallInfo) claims {
	opened, err := s.credentials.open(info.UserToken)
	if err != nil || opened.claims.Kind != kindUser {
		return claims{Depth: -1}
	}
	return opened.claims
}

// function looks a function up in an environment, once per revision of facts.
func (s *Calls) function(ctx context.Context, f *facts, environmentID, name string) (models.Function, error) {
	key := functionKey{environmentID, name}
	if cached, ok := f.functions.Load(key); ok {
		return cached.(models.Function), nil
	}
	unknown := models.E(models.CodeFunctionUnknown, "call.function_unknown", "function", name, "environment", environmentID)
	if !models.ValidFunctionName(name) {
		return models.Function{}, unknown
	}
	function, err := s.store.Functions.ByName(ctx, environmentID, name)
	if models.IsCode(err, models.CodeNotFound) || err == nil && function.ActiveID == "" {
		return models.Function{}, unknown
	}
	if err != nil {
		return models.Function{}, err
	}
	f.functions.Store(key, function)
	return function, nil
}

// origin is where a run of a function comes from.
type origin struct {
	trigger   models.InvocationTrigger
	owner     string     // app of the environment
	callerApp string     // app that the call comes from
	user      endUser    // in the environment's app
	from      callOrigin // of a cross-account call
	source    string     // chain for SOURCE
	depth     int
	ip        string
	requestID string
}

// originOf derives the origin of a run from the credential of its caller. In a
// call of another app the person is known as FROM_*; in a call of the same app
// the chain goes on as it is.
func originOf(cred Credential, info CallInfo) origin {
	c := cred.claims
	o := origin{
		callerApp: c.AppID, source: c.Source, depth: c.Depth, ip: info.IP, requestID: info.RequestID,
		trigger: models.TriggerFunction, user: c.User, from: c.From,
	}
	if c.Kind == kindInvocation {
		o.source = c.Source + ",scf"
		o.depth = c.Depth + 1
		o.ip = c.IP // of whoever started the chain, not of the worker
	}
	switch c.Kind {
	case kindIssued:
		o.trigger = models.TriggerCredential
	case kindSession:
		o.trigger = models.TriggerCrossAccount
		o.from = callOrigin{AppID: c.AppID, User: c.User}
		// A person has one unionid in a principal, and sharing never leaves it;
		// the openid in the owner's app is another one.
		o.user = endUser{UnionID: c.User.UnionID}
	}
	return o
}

// run runs a function and takes note of it.
func (s *Calls) run(ctx context.Context, function models.Function, o origin, event json.RawMessage) (CallResult, error) {
	invocation, err := s.invoke(ctx, function, o, event)
	if err != nil {
		return CallResult{}, err
	}
	return CallResult{Value: invocation.value}, invocation.err()
}

// finished is a run that came to its end, well or not.
type finished struct {
	models.Invocation
	value  json.RawMessage
	status runner.Status
}

// err turns a function's failure into an error for the caller.
func (i finished) err() error {
	code, known := map[runner.Status]models.Code{
		runner.StatusTimedOut: models.CodeFunctionTimedOut, runner.StatusOutOfMemory: models.CodeFunctionOutOfMemory,
		runner.StatusResultTooLarge: models.CodeResultTooLarge, runner.StatusOverloaded: models.CodeLimited,
	}[i.status]
	switch {
	case i.status == runner.StatusOK:
		return nil
	case !known:
		code = models.CodeFunctionFailed
	}
	e := models.E(code, "call."+string(code), "function", i.FunctionName, "environment", i.EnvironmentID)
	e.Detail = i.Error
	return e
}

// invoke runs a function and records how it ended.
func (s *Calls) invoke(ctx context.Context, function models.Function, o origin, event json.RawMessage) (finished, error) {
	run, err := s.start(ctx, function, o, event)
	if err != nil { // it did not run
		s.recorder.count(function.EnvironmentID, o.callerApp, models.FunctionsInvoke, models.OutcomeOf(err))
		return finished{}, err
	}
	s.recorder.invocation(run.Invocation)
	return run, nil
}

// start prepares identity and credential of a run, and waits until it ends.
func (s *Calls) start(ctx context.Context, function models.Function, o origin, event json.RawMessage) (finished, error) {
	s.active.Add(1)
	defer s.active.Add(-1)
	if o.depth == 0 && s.draining.Load() {
		return finished{}, models.E(models.CodeUnavailable, "call.stopping")
	}
	if o.depth > maxDepth {
		return finished{}, models.E(models.CodeLimited, "call.too_deep", "max", maxDepth)
	}
	timeout := time.Duration(function.TimeoutSeconds) * time.Second
	variables, err := s.variables(function, o, timeout)
	if err != nil {
		return finished{}, err
	}
	dir, err := s.code.path(ctx, function.ActiveID)
	if err != nil {
		return finished{}, err
	}
	s.credentials.runs.begin(o.requestID)
	defer s.credentials.runs.end(o.requestID)
	started := s.now()
	// A run goes on and is recorded when its caller goes away: the timeout ends it.
	result, err := s.runner.Invoke(context.WithoutCancel(ctx), runner.Version{
		ID: function.ActiveID, EnvironmentID: function.EnvironmentID, FunctionName: function.Name, Number: function.ActiveVersion,
		Dir: dir, MemoryMB: function.MemoryMB, Variables: function.Variables, Concurrency: function.Concurrency,
	}, runner.Invocation{RequestID: o.requestID, Event: withUserInfo(event, o), Env: variables, Timeout: timeout, Depth: o.depth})
	if err != nil {
		return finished{}, models.E(models.CodeUnavailable, "call.runner_unavailable").Wrap(err)
	}
	return finished{Invocation: invocationOf(function, o, started, result), value: result.Value, status: result.Status}, nil
}
