// Package service holds the use cases: load facts, ask models, act, in one
// transaction. It is the only door for console, gateway and commands.
//
// It knows the store, the function runner and the clock. It must not know GORM,
// HTTP or HTML.
package service

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/oklog/ulid/v2"

	"envshare/internal/blob"
	"envshare/internal/docdb"
	"envshare/internal/identity"
	"envshare/internal/runner"
	"envshare/internal/store"
	"envshare/models"
)

// Deps is what the services stand on.
type Deps struct {
	Store *store.Store
	// Runner runs functions. Commands that run none leave it nil.
	Runner *runner.Runner
	// Documents is the document database.
	Documents *docdb.DB
	// Blobs holds the bytes of files.
	Blobs blob.Store
	// WeChat says who end users are. Commands that log nobody in leave it nil.
	WeChat identity.WeChat
	// External is the OpenID provider whose accounts sign in to the console; nil
	// for none.
	External identity.External
	// CreateExternalUsers makes a user of whoever comes from there unknown.
	CreateExternalUsers bool
	// Keys is the installation's secret.
	Keys Keys
	// FunctionsDir is a private folder for the unpacked code of functions.
	FunctionsDir string
	// TransfersDir is a private folder for the files of imports and exports.
	TransfersDir string
	// WorkerGatewayURL is where function workers reach the gateway, without the
	// path of a protocol: http://127.0.0.1:8081.
	WorkerGatewayURL string
	// Installation is what the operator sees of the programme itself.
	Installation Installation
	Logger       *slog.Logger
	// EnvironmentGrace is how long a deleted environment can be restored.
	EnvironmentGrace time.Duration
	// PasswordMemory is what hashing a new password takes, in KiB; 0 for what is
	// recommended. Tests, which sign in hundreds of people, take less.
	PasswordMemory uint32
	// Now is the clock; nil for the real one.
	Now func() time.Time
}

// Services are all use cases.
type Services struct {
	Accounts    *Accounts
	Apps        *Apps
	Sharing     *Sharing
	Search      *Search
	Functions   *Functions
	Calls       *Calls
	Documents   *Documents
	Transfers   *Transfers
	Files       *Files
	Clients     *Clients
	Access      *AccessSettings
	Statistics  *Statistics
	Visitors    *Visitors
	Credentials *Credentials
	Manifests   *Manifests
	Denials     *Denials
	Explainer   *Explainer
	Audit       *AuditLog
	Operator    *Operator

	Environments *Environments
	Members      *Members

	facts    *factsHolder
	recorder *recorder
	denials  *denialRecorder
}

// base is what every service needs.
type base struct {
	store  *store.Store
	facts  *factsHolder
	logger *slog.Logger
	clock  func() time.Time
}

// New assembles the services. Close writes out what they still hold.
func New(d Deps) *Services {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	b := base{store: d.Store, facts: newFactsHolder(d.Store, d.Now), logger: d.Logger, clock: d.Now}
	rec := newRecorder(d.Store, d.Logger, d.Now)
	s := &Services{facts: b.facts, recorder: rec, denials: newDenialRecorder(d.Store, d.Logger, d.Now)}
	s.Accounts = &Accounts{base: b, keys: d.Keys, limiter: newLoginLimiter(d.Now, loginEvery, loginBurst), codes: newCodeLimiter(d.Now), external: d.External, createUsers: d.CreateExternalUsers, passwordMemory: cmp.Or(d.PasswordMemory, argonMemory)}
	s.Apps = &Apps{base: b}
	s.Sharing = &Sharing{base: b, recorder: rec}
	s.Search = &Search{base: b, apps: s.Apps}
	s.Credentials = &Credentials{base: b, keys: d.Keys, runs: &runs{}}
	code := &codeCache{store: d.Store, dir: d.FunctionsDir}
	s.Calls = &Calls{base: b, credentials: s.Credentials, runner: d.Runner, code: code, recorder: rec, gatewayURL: d.WorkerGatewayURL, denials: s.denials}
	s.Documents = &Documents{base: b, calls: s.Calls, db: d.Documents}
	s.Files = &Files{base: b, calls: s.Calls, keys: d.Keys, blobs: d.Blobs, sweeper: newBackground()}
	s.Clients = &Clients{base: b, calls: s.Calls, documents: s.Documents, files: s.Files, keys: d.Keys, wechat: d.WeChat, polls: newPolls(d.Now), logins: newLoginLimiter(d.Now, clientLoginEvery, clientLoginBurst), sweeper: newBackground()}
	s.Files.clients = s.Clients
	s.Access = &AccessSettings{base: b, clients: s.Clients}
	s.Transfers = newTransfers(b, s.Documents, d.TransfersDir)
	s.Documents.transfers = s.Transfers
	s.Functions = &Functions{base: b, calls: s.Calls, runner: d.Runner, recorder: rec}
	s.Environments = &Environments{
		base: b, sharing: s.Sharing, documents: s.Documents, transfers: s.Transfers, files: s.Files, runner: d.Runner, code: code,
		grace: d.EnvironmentGrace, sweeper: newBackground(),
	}
	s.Members = &Members{base: b, accounts: s.Accounts}
	s.Statistics = &Statistics{base: b, recorder: rec, documents: d.Documents}
	s.Visitors = &Visitors{base: b}
	s.Denials = &Denials{base: b, recorder: s.denials}
	s.Explainer = &Explainer{base: b, calls: s.Calls, clients: s.Clients, access: s.Access}
	s.Manifests = &Manifests{base: b, functions: s.Functions, sharing: s.Sharing, accounts: s.Accounts, documents: s.Documents, files: s.Files, keys: d.Keys}
	s.Audit = &AuditLog{base: b}
	s.Operator = &Operator{base: b, accounts: s.Accounts, manifests: s.Manifests, credentials: s.Credentials, runner: d.Runner, installation: d.Installation}
	return s
}

// Drain refuses new runs of functions from outside and waits for the running
// ones, which may still call other functions, until they end or ctx does.
func (s *Services) Drain(ctx context.Context) {
	s.Calls.draining.Store(true)
	for s.Calls.active.Load() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// StartBackground begins the work that a server does besides answering: imports
// and exports, sweeping files, and forgetting logins that are over. Close ends it.
func (s *Services) StartBackground() {
	s.Transfers.start()
	s.Files.startSweeper()
	s.Clients.startSweeper()
	s.Environments.startSweeper()
}

// Close ends background work and writes out recorded invocations and usage.
func (s *Services) Close(ctx context.Context) error {
	s.Transfers.close()
	s.Files.sweeper.stop()
	s.Clients.sweeper.stop()
	s.Environments.sweeper.stop()
	return errors.Join(s.recorder.close(ctx), s.denials.close(ctx))
}

// Ready reports whether the services can answer: the database does.
func (s *Services) Ready(ctx context.Context) error { return s.Accounts.store.Ping(ctx) }

// now returns the time as the store keeps it: UTC, milliseconds.
func (b base) now() time.Time { return b.clock().UTC().Truncate(time.Millisecond) }

// newID returns a ULID: unique, opaque, and in order of creation.
func newID() string { return ulid.Make().String() }

// standing loads an actor's place in an app.
func standing(ctx context.Context, s *store.Store, actor models.Actor, appID string) (models.Standing, error) {
	if !actor.Known() || actor.System {
		return models.Standing{Actor: actor}, nil
	}
	role, err := s.Users.Role(ctx, actor.UserID, appID)
	return models.Standing{Actor: actor, Role: role}, err
}

// appFacts loads what decides an app's place in the console, and no more.
func (b base) appFacts(ctx context.Context, s *store.Store, appID string) (models.AppFacts, error) {
	return firstFacts(ctx, s, appID, 1, b.now())
}

// firstFacts loads what decides an app's place in the console, with its first n
// environments and the first n shares to it that work, however many there are.
func firstFacts(ctx context.Context, s *store.Store, appID string, n int, now time.Time) (models.AppFacts, error) {
	app, err := s.Apps.ByID(ctx, appID)
	if err != nil {
		return models.AppFacts{}, err
	}
	own, err := s.Environments.Oldest(ctx, appID, n)
	if err != nil {
		return models.AppFacts{}, err
	}
	incoming, err := s.Shares.Entering(ctx, appID, n, now)
	if err != nil {
		return models.AppFacts{}, err
	}
	return models.AppFacts{App: app, OwnEnvironments: own, Incoming: incoming}, nil
}

// change runs a transaction that changes facts of the data plane, and replaces
// the snapshot before it returns: what was acknowledged is in force.
func (b base) change(ctx context.Context, f func(tx *store.Store) error) error {
	err := b.store.Tx(ctx, func(tx *store.Store) error {
		if err := f(tx); err != nil {
			return err
		}
		return tx.Access.Bump(ctx)
	})
	if err != nil {
		return err
	}
	if _, err := b.facts.fresh(context.WithoutCancel(ctx)); err != nil {
		// The change stands; every call compares revisions and will load it.
		b.logger.Warn("access facts not replaced yet", "error", err)
	}
	return nil
}
