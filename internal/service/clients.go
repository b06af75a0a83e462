package service

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"envshare/internal/identity"
	"envshare/internal/store"
	"envshare/models"
)

// Clients are what web pages and mini programs do with an environment through the
// client SDK: the logins of their end users, and every call, which passes what
// the owner decided about clients, the share, and the security rules, in this
// order (DESIGN.md section 3).
//
// Tokens are opaque and sealed: they name a login, and the login's row says
// whether it still works.
type Clients struct {
	base
	calls     *Calls
	documents *Documents
	files     *Files
	keys      Keys
	wechat    identity.WeChat
	polls     *polls
	logins    *loginLimiter
	watched   atomic.Int64 // documents that watches remember

	sweeper background
}

// forgetEvery is how often logins and verdicts that are over are dropped.
const forgetEvery = 10 * time.Minute

func (s *Clients) startSweeper() {
	s.sweeper.start(forgetEvery, func(ctx context.Context) {
		if err := s.store.Clients.DropEnded(ctx, s.now()); err != nil && ctx.Err() == nil {
			s.logger.Error("forget logins that are over", "error", err)
		}
	})
}

// Lives of a login. An access token that is over can be renewed for a while by
// itself, since the SDK sends nothing else to renew it with (client protocol,
// section 10.6).
const (
	accessLife   = 2 * time.Hour
	accessGrace  = 24 * time.Hour
	refreshLife  = 30 * 24 * time.Hour
	cloudIDLife  = 2 * time.Hour
	keptSessions = 50 // logins of one person in one app
)

// Tokens are what a client holds of a login.
type Tokens struct{ Access, Refresh string }

// clientToken is what a sealed token says.
type clientToken struct {
	Kind    string `json:"k"`
	Session string `json:"s"`
	// Expires is set for a cloudID alone, in milliseconds since 1970.
	Expires int64 `json:"x,omitempty"`
}

const (
	tokenAccess  = "access"
	tokenRefresh = "refresh"
	tokenCloudID = "cloudid"

	clientPrefix = "clnt"
)

func (s *Clients) seal(t clientToken) (string, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	return s.keys.seal(append([]byte(clientPrefix), text...)), nil
}

// unseal reads a token of a kind that was made here.
func (s *Clients) unseal(text, kind string) (clientToken, bool) {
	var t clientToken
	plain, err := s.keys.open(text)
	if err != nil || len(plain) < len(clientPrefix) || string(plain[:len(clientPrefix)]) != clientPrefix ||
		json.Unmarshal(plain[len(clientPrefix):], &t) != nil || t.Kind != kind || t.Session == "" {
		return clientToken{}, false
	}
	return t, true
}

// tokens makes the tokens of a login. All access tokens of a login end together,
// so that a page which holds an older one goes on.
func (s *Clients) tokens(session string) (Tokens, error) {
	access, err := s.seal(clientToken{Kind: tokenAccess, Session: session})
	if err != nil {
		return Tokens{}, err
	}
	refresh, err := s.seal(clientToken{Kind: tokenRefresh, Session: session})
	return Tokens{access, refresh}, err
}

// Client is who calls over the client protocol: an end user of an app, or, as the
// zero value, somebody who is not logged in.
type Client struct{ session models.ClientSession }

// LoggedIn reports whether the client is a known person.
func (c Client) LoggedIn() bool { return c.session.ID != "" }

// AppID is the app that the person uses, "" without login.
func (c Client) AppID() string { return c.session.AppID }

func (c Client) user() endUser { return endUser{OpenID: c.session.OpenID, UnionID: c.session.UnionID} }

// Authenticate returns the person whom an access token names. An unknown token is
// unauthenticated, one that is over is session_over, which can be renewed.
func (s *Clients) Authenticate(ctx context.Context, token string) (Client, error) {
	session, err := s.session(ctx, token, tokenAccess)
	if err != nil {
		return Client{}, err
	}
	if !s.clock().Before(session.AccessUntil) {
		return Client{}, models.E(models.CodeTokenExpired, "call.token_expired")
	}
	return Client{session}, nil
}

// session returns the login that a token names, also when its access is over.
func (s *Clients) session(ctx context.Context, token, kind string) (models.ClientSession, error) {
	unknown := models.E(models.CodeUnauthenticated, "call.token_unknown")
	t, ok := s.unseal(token, kind)
	if !ok {
		return models.ClientSession{}, unknown
	}
	session, err := s.store.Clients.Session(ctx, t.Session)
	if models.IsCode(err, models.CodeNotFound) || err == nil && !s.clock().Before(session.RefreshUntil) {
		return models.ClientSession{}, unknown
	}
	return session, err
}

// signIn begins a login of a person whom WeChat named.
func (s *Clients) signIn(ctx context.Context, c models.ClientSession) (Tokens, error) {
	if !models.ValidOpenID(c.OpenID) || c.UnionID != "" && !models.ValidOpenID(c.UnionID) {
		return Tokens{}, models.E(models.CodeUnavailable, "call.wechat_answer")
	}
	now := s.now()
	c.ID, c.CreatedAt = newID(), now
	c.AccessUntil, c.RefreshUntil = now.Add(accessLife), now.Add(refreshLife)
	err := s.store.Tx(ctx, func(tx *store.Store) error { return tx.Clients.InsertSession(ctx, c, keptSessions) })
	if err != nil {
		return Tokens{}, err
	}
	return s.tokens(c.ID)
}

// Renewal is a request for more time: a refresh token, or, from a running page,
// an access token that ended a short while ago.
type Renewal struct{ AppID, Refresh, Access string }

// Renew gives a login more time and returns an access token: the same one when
// the page had nothing else, since the SDK goes on with it whatever it is given.
// Whoever holds the token may call it. Codes: unauthenticated.
func (s *Clients) Renew(ctx context.Context, r Renewal) (string, error) {
	token, kind := r.Refresh, tokenRefresh
	if token == "" {
		token, kind = r.Access, tokenAccess
	}
	session, err := s.session(ctx, token, kind)
	if err != nil {
		return "", err
	}
	now := s.now()
	late := kind == tokenAccess && !now.Before(session.AccessUntil.Add(accessGrace))
	if session.AppID != r.AppID || late {
		return "", models.E(models.CodeUnauthenticated, "call.token_unknown")
	}
	until := now.Add(accessLife)
	if until.After(session.RefreshUntil) {
		until = session.RefreshUntil
	}
	if err := s.store.Clients.Extend(ctx, session.ID, until); err != nil {
		if models.IsCode(err, models.CodeNotFound) { // signed out meanwhile
			err = models.E(models.CodeUnauthenticated, "call.token_unknown")
		}
		return "", err
	}
	if kind == tokenAccess {
		return token, nil
	}
	return s.seal(clientToken{Kind: tokenAccess, Session: session.ID})
}

// SignOut ends every login of the person in the app and forgets what they were
// let into (C1). Whoever holds an access token may call it.
func (s *Clients) SignOut(ctx context.Context, client Client) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		return tx.Clients.SignOut(ctx, client.session.AppID, client.session.OpenID)
	})
}

// CloudID returns the opaque name of what WeChat told of a person, "" when WeChat
// told nothing. A function that receives it sees the person.
func (s *Clients) CloudID(client Client) (string, error) {
	if client.session.Scope != models.ScopeUserInfo {
		return "", nil
	}
	return s.seal(clientToken{Kind: tokenCloudID, Session: client.session.ID, Expires: s.clock().Add(cloudIDLife).UnixMilli()})
}

// Numbers that a function finds where a cloudID cannot be opened (facts, section 2.4).
const (
	cloudIDInvalid = -601005
	cloudIDExpired = -601006
	cloudIDOthers  = -601007
)

// openCloudID returns what WeChat told of the person whom a cloudID names, as JSON,
// or the number of what is wrong. It opens in that person's own calls alone.
func (s *Clients) openCloudID(client Client, cloudID string) (json.RawMessage, int) {
	t, ok := s.unseal(cloudID, tokenCloudID)
	switch {
	case !ok || !json.Valid([]byte(client.session.Profile)):
		return nil, cloudIDInvalid
	case t.Session != client.session.ID:
		return nil, cloudIDOthers
	case !s.clock().Before(time.UnixMilli(t.Expires)):
		return nil, cloudIDExpired
	}
	return json.RawMessage(client.session.Profile), 0
}
