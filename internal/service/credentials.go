package service

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"sync/atomic"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// Credentials are what server SDKs sign with: one per invocation, one per
// cross-account session, and those issued for code outside of functions. None is
// stored with its secret: the session token holds its facts, sealed, and the
// secret key is derived from it.
type Credentials struct {
	base
	keys   Keys
	runs   *runs
	opened openedTokens
	url    atomic.Pointer[string] // how clients reach the gateway, once it is known
}

// credentialKind tells what a credential was made for.
type credentialKind string

const (
	kindInvocation credentialKind = "i" // one run of a function
	kindIssued     credentialKind = "c" // code outside of functions
	kindSession    credentialKind = "x" // another app's environment, after its cloudbase_auth
	kindUser       credentialKind = "u" // names an invocation's end user; signs nothing
)

// claims are the facts that a session token carries.
type claims struct {
	Kind          credentialKind `json:"k"`
	ID            string         `json:"id"` // part of the secret id
	AppID         string         `json:"app"`
	EnvironmentID string         `json:"env"` // the default, for a session the only one
	ExpiresAt     int64          `json:"exp"` // Unix milliseconds
	GrantID       string         `json:"gid,omitempty"`
	IssuedID      string         `json:"cid,omitempty"` // row of the issued credential that this is, or was opened with
	RequestID     string         `json:"rid,omitempty"` // of the invocation
	Depth         int            `json:"d,omitempty"`
	Source        string         `json:"src,omitempty"`
	IP            string         `json:"ip,omitempty"` // of whoever started the chain of calls
	User          endUser        `json:"u,omitzero"`
	From          callOrigin     `json:"f,omitzero"`
	AuthCustom    string         `json:"auth,omitempty"`
}

// endUser is the person behind a call, in the app that the call comes from.
type endUser struct {
	OpenID  string `json:"o,omitempty"`
	UnionID string `json:"n,omitempty"`
}

// callOrigin is where a cross-account call came from.
type callOrigin struct {
	AppID string  `json:"a,omitempty"`
	User  endUser `json:"u,omitzero"`
}

// Credential is a verified session token; the signature with SecretKey is still
// to be checked by who received it.
type Credential struct {
	SecretID  string
	SecretKey string
	Token     string
	claims    claims
	// facts are those on which the credential was found good. They are as fresh as
	// the request that it came with, which is decided on them and on no others.
	facts *facts
}

// EnvironmentID is the environment that a call without envName means.
func (c Credential) EnvironmentID() string { return c.claims.EnvironmentID }

// AppID is the app that the credential speaks for.
func (c Credential) AppID() string { return c.claims.AppID }

// RequestID is the invocation that the credential was made for, "" for none.
func (c Credential) RequestID() string { return c.claims.RequestID }

// caller is what models decide on.
func (c Credential) caller() models.Caller {
	caller := models.Caller{AppID: c.claims.AppID, ExpiresAt: time.UnixMilli(c.claims.ExpiresAt)}
	if c.claims.Kind == kindSession {
		caller.SessionEnv, caller.GrantID = c.claims.EnvironmentID, c.claims.GrantID
	}
	return caller
}

const secretIDPrefix = "AKID"

// issue makes the credential that carries claims.
func (s *Credentials) issue(c claims) (Credential, error) {
	var id [15]byte
	if _, err := rand.Read(id[:]); err != nil {
		return Credential{}, err
	}
	c.ID = base64.RawURLEncoding.EncodeToString(id[:])
	plain, err := json.Marshal(c)
	if err != nil {
		return Credential{}, err
	}
	token := s.keys.seal(plain)
	secretID := secretIDPrefix + c.ID
	return Credential{SecretID: secretID, SecretKey: s.keys.secretKey(secretID, token), Token: token, claims: c}, nil
}

// open returns what a token holds that was made here.
func (s *Credentials) open(token string) (openedToken, error) {
	if known, ok := s.opened.find(token); ok {
		return known, nil
	}
	invalid := models.E(models.CodeUnauthenticated, "call.credential_unknown")
	plain, err := s.keys.open(token)
	if err != nil {
		return openedToken{}, invalid.Wrap(err)
	}
	var t openedToken
	if err := json.Unmarshal(plain, &t.claims); err != nil {
		return openedToken{}, invalid.Wrap(err)
	}
	t.secretKey = s.keys.secretKey(secretIDPrefix+t.claims.ID, token)
	s.opened.remember(token, t)
	return t, nil
}

// Authenticate returns the credential that a secret id and a session token name.
// Unknown, expired and revoked ones are unauthenticated, an expired
// cross-account session is session_invalid. Whoever sends a request may call
// it: the request's signature must then be checked with the secret key.
func (s *Credentials) Authenticate(ctx context.Context, secretID, token string) (Credential, error) {
	opened, err := s.open(token)
	if err != nil {
		return Credential{}, err
	}
	c := opened.claims
	if c.Kind == kindUser || secretID != secretIDPrefix+c.ID {
		return Credential{}, models.E(models.CodeUnauthenticated, "call.credential_unknown")
	}
	if now := s.clock(); !now.Before(time.UnixMilli(c.ExpiresAt)) {
		if c.Kind == kindSession {
			return Credential{}, models.E(models.CodeSessionInvalid, "call.session_expired")
		}
		return Credential{}, models.E(models.CodeUnauthenticated, "call.credential_expired")
	}
	if s.runs.over(c) {
		return Credential{}, models.E(models.CodeUnauthenticated, "call.credential_expired")
	}
	f, err := s.facts.fresh(ctx)
	if err != nil {
		return Credential{}, err
	}
	if err := s.checkIssued(f, c); err != nil {
		return Credential{}, err
	}
	if _, there := f.Owners[c.EnvironmentID]; !there && c.Kind != kindSession {
		// Its environment was deleted: the app's others are not open to it either.
		return Credential{}, models.E(models.CodeUnauthenticated, "call.credential_revoked")
	}
	return Credential{SecretID: secretID, SecretKey: opened.secretKey, Token: token, claims: c, facts: f}, nil
}

// checkIssued refuses a credential that was revoked, and the sessions that were
// opened with it.
func (s *Credentials) checkIssued(f *facts, c claims) error {
	if c.IssuedID == "" {
		return nil
	}
	if row, ok := f.Credentials[c.IssuedID]; ok && row.Live(s.clock()) {
		return nil
	}
	if c.Kind == kindSession {
		return models.E(models.CodeSessionInvalid, "call.session_expired")
	}
	return models.E(models.CodeUnauthenticated, "call.credential_revoked")
}

// sourceOutside is the SOURCE of calls from code outside of functions.
const sourceOutside = "wx_http"

// MaxCredentialTTL bounds how long an issued credential works.
const MaxCredentialTTL = 366 * 24 * time.Hour

// Issue makes a credential with full rights on an app's environments for code
// outside of functions; environmentID must be the app's own. Administrators of
// the app and commands may call it.
func (s *Credentials) Issue(ctx context.Context, actor models.Actor, appID, environmentID string, ttl time.Duration) (Credential, models.Credential, error) {
	now := s.now()
	row := models.Credential{
		ID: newID(), AppID: appID, EnvironmentID: environmentID, IssuedBy: actor.Username, CreatedAt: now, ExpiresAt: now.Add(ttl),
	}
	if ttl < time.Second || ttl > MaxCredentialTTL {
		return Credential{}, models.Credential{}, models.E(models.CodeInvalid, "error.credential_ttl", "max", int(MaxCredentialTTL.Hours()/24))
	}
	err := s.change(ctx, func(tx *store.Store) error {
		place, err := standing(ctx, tx, actor, appID)
		if err != nil {
			return err
		}
		if err := models.MayIssueCredential(place).Err(); err != nil {
			return err
		}
		environment, err := tx.Environments.ByID(ctx, environmentID)
		if err != nil && !models.IsCode(err, models.CodeNotFound) {
			return err
		}
		if environment.AppID != appID {
			return models.E(models.CodeNotFound, "error.environment_of_app", "environment", environmentID, "appid", appID)
		}
		if err := tx.Credentials.Insert(ctx, row); err != nil {
			return err
		}
		return record(ctx, tx, actor, now, change{
			Action: models.AuditCredentialIssued, AppID: appID, EnvironmentID: environmentID, Subject: row.ID,
			After: map[string]any{"expires": row.ExpiresAt.Format(time.RFC3339)},
		})
	})
	if err != nil {
		return Credential{}, models.Credential{}, err
	}
	credential, err := s.issue(claims{
		Kind: kindIssued, AppID: appID, EnvironmentID: environmentID, ExpiresAt: row.ExpiresAt.UnixMilli(),
		IssuedID: row.ID, Source: sourceOutside,
	})
	return credential, row, err
}

// Revoke ends an issued credential at once. Administrators of its app and
// commands may call it.
func (s *Credentials) Revoke(ctx context.Context, actor models.Actor, id string) error {
	return s.change(ctx, func(tx *store.Store) error {
		row, err := tx.Credentials.ByID(ctx, id)
		if err != nil {
			return err
		}
		place, err := standing(ctx, tx, actor, row.AppID)
		if err != nil {
			return err
		}
		if err := models.MayIssueCredential(place).Err(); err != nil {
			return err
		}
		if err := tx.Credentials.Revoke(ctx, id, s.now()); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{
			Action: models.AuditCredentialRevoked, AppID: row.AppID, EnvironmentID: row.EnvironmentID, Subject: id,
			Before: map[string]any{"expires": row.ExpiresAt.Format(time.RFC3339)},
		})
	})
}

// gatewaySetting names how clients reach the gateway, as the server last said.
const gatewaySetting = "gateway_url"

// SetGatewayURL remembers how clients reach the gateway. The server calls it
// when it starts.
func (s *Credentials) SetGatewayURL(ctx context.Context, url string) error {
	if err := s.store.Settings.Set(ctx, gatewaySetting, url); err != nil {
		return err
	}
	s.url.Store(&url)
	return nil
}

// GatewayURL returns how clients reach the gateway. Commands on this machine
// call it; a server that never ran leaves the default.
func (s *Credentials) GatewayURL(ctx context.Context) (string, error) {
	if url := s.url.Load(); url != nil {
		return *url, nil
	}
	url, err := s.store.Settings.Get(ctx, gatewaySetting)
	if url == "" {
		url = "http://127.0.0.1:8081"
	}
	return url, err
}
