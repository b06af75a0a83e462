package service

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"time"

	"envshare/internal/identity"
	"envshare/internal/store"
	"envshare/models"
)

// externalLifetime is how long somebody may take at the provider.
const externalLifetime = 10 * time.Minute

// errNoExternal is an installation without an OpenID provider.
var errNoExternal = models.E(models.CodeNotFound, "error.not_found")

// journey is what a browser keeps while its person is at the provider, sealed.
type journey struct {
	Attempt identity.Attempt `json:"attempt"`
	// LinkTo is the user who links the account; empty for a sign-in.
	LinkTo string `json:"link_to,omitempty"`
	// Revision is the user's when the link began: what ends all of their sign-ins
	// ends it too.
	Revision int64     `json:"revision,omitempty"`
	Next     string    `json:"next,omitempty"` // where a sign-in leads afterwards
	Expires  time.Time `json:"expires"`
}

// journeyUse keeps what is sealed for a browser from being taken for anything else.
var journeyUse = []byte("external sign-in")

// ExternalName is what people call the OpenID provider, "" without one. Anybody
// may ask.
func (s *Accounts) ExternalName() string {
	if s.external == nil {
		return ""
	}
	return s.external.Name()
}

// BeginExternal begins a sign-in at the provider: where to send the browser, and
// what it keeps meanwhile. Not found without a provider, unavailable while it does
// not answer. Anybody may call it.
func (s *Accounts) BeginExternal(ctx context.Context, next string) (address, kept string, err error) {
	return s.depart(ctx, journey{Next: next})
}

// BeginLink begins to link an account at the provider to the actor, as
// BeginExternal does. Field: password. Who has one linked gets a conflict.
func (s *Accounts) BeginLink(ctx context.Context, actor models.Actor, password string) (address, kept string, err error) {
	user, err := s.own(ctx, actor)
	if err != nil {
		return "", "", err
	}
	linked, err := s.ExternalAccount(ctx, actor)
	if err != nil {
		return "", "", err
	}
	if linked.Subject != "" {
		return "", "", models.E(models.CodeConflict, "error.external_linked")
	}
	if err := s.reauthenticate(ctx, actor, user, "password", password); err != nil {
		return "", "", err
	}
	return s.depart(ctx, journey{LinkTo: user.ID, Revision: user.SignInRevision})
}

func (s *Accounts) depart(ctx context.Context, j journey) (address, kept string, err error) {
	if s.external == nil {
		return "", "", errNoExternal
	}
	if address, j.Attempt, err = s.external.Begin(ctx); err != nil {
		s.logger.WarnContext(ctx, "OpenID provider does not serve", "error", err)
		return "", "", err
	}
	j.Expires = s.now().Add(externalLifetime)
	plain, err := json.Marshal(j)
	if err != nil {
		return "", "", err
	}
	return address, base64.RawURLEncoding.EncodeToString(s.keys.accounts.Seal(nil, nil, plain, journeyUse)), nil
}

// openJourney reads what a browser kept; one that is over, or that this
// installation did not make, is unauthenticated.
func (s *Accounts) openJourney(kept string) (journey, error) {
	over := models.E(models.CodeUnauthenticated, "error.external_over")
	sealed, err := base64.RawURLEncoding.DecodeString(kept)
	if err != nil {
		return journey{}, over.Wrap(err)
	}
	plain, err := s.keys.accounts.Open(nil, nil, sealed, journeyUse)
	if err != nil {
		return journey{}, over.Wrap(err)
	}
	var j journey
	if err := json.Unmarshal(plain, &j); err != nil {
		return journey{}, over.Wrap(err)
	}
	if !s.now().Before(j.Expires) {
		return journey{}, over
	}
	return j, nil
}

// Returned is what somebody who comes back from the provider gets.
type Returned struct {
	SignedIn
	Next string
	// Linked is the name of the account that is now linked to the actor; empty for
	// a sign-in.
	Linked string
}

// FinishExternal ends what BeginExternal or BeginLink began, with what the browser
// kept and the query of the address that it came back to. Unauthenticated when the
// provider said no, the answer is not to be believed, or the account signs in
// nobody; conflict when it is linked to somebody else. Whoever holds what was kept
// may call it.
func (s *Accounts) FinishExternal(ctx context.Context, actor models.Actor, kept string, answer url.Values) (Returned, error) {
	if s.external == nil {
		return Returned{}, errNoExternal
	}
	j, err := s.openJourney(kept)
	if err != nil {
		return Returned{}, err
	}
	if j.LinkTo != "" && j.LinkTo != actor.UserID {
		return Returned{}, models.E(models.CodeUnauthenticated, "error.external_over")
	}
	if !s.limiter.allow("ip " + actor.IP) {
		return Returned{}, models.E(models.CodeLimited, "error.login_limited")
	}
	account, err := s.external.Finish(ctx, j.Attempt, answer)
	if err != nil {
		s.logger.WarnContext(ctx, "sign-in at the OpenID provider failed", "error", err)
		return Returned{}, err
	}
	s.limiter.succeeded("", "ip "+actor.IP)
	if j.LinkTo != "" {
		return Returned{Linked: account.Name}, s.link(ctx, actor, account, j.Revision)
	}
	user, err := s.externalUser(ctx, actor, account)
	if err != nil {
		return Returned{}, err
	}
	in, err := s.admit(ctx, actor, user, methodExternal)
	return Returned{SignedIn: in, Next: j.Next}, err
}

// link lets an account sign in as the actor, as who they were when the link began.
func (s *Accounts) link(ctx context.Context, actor models.Actor, a identity.Account, revision int64) error {
	err := s.store.Tx(ctx, func(tx *store.Store) error {
		if _, err := stillSignsIn(ctx, tx, models.User{ID: actor.UserID, SignInRevision: revision}); err != nil {
			return err
		}
		row := models.ExternalAccount{Issuer: a.Issuer, Subject: a.Subject, UserID: actor.UserID, Name: a.Name, CreatedAt: s.now()}
		if err := tx.External.Insert(ctx, row); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{Action: models.AuditExternalLinked, Subject: actor.Username, After: accountState(a)})
	})
	if models.IsCode(err, models.CodeConflict) {
		return models.E(models.CodeConflict, "error.external_taken")
	}
	return err
}

func accountState(a identity.Account) map[string]any {
	return map[string]any{"issuer": a.Issuer, "subject": a.Subject}
}

// ExternalAccount returns the account that is linked to the actor; one without a
// subject stands for none.
func (s *Accounts) ExternalAccount(ctx context.Context, actor models.Actor) (models.ExternalAccount, error) {
	if err := models.MayChangeOwnAccount(actor).Err(); err != nil {
		return models.ExternalAccount{}, err
	}
	if s.external == nil {
		return models.ExternalAccount{}, errNoExternal
	}
	a, err := s.store.External.OfUser(ctx, actor.UserID, s.external.Issuer())
	if models.IsCode(err, models.CodeNotFound) {
		return models.ExternalAccount{}, nil
	}
	return a, err
}

// Unlink ends the link of the actor's account at the provider. Field: password.
// Forbidden while it is the only way in.
func (s *Accounts) Unlink(ctx context.Context, actor models.Actor, password string) error {
	user, err := s.own(ctx, actor)
	if err != nil {
		return err
	}
	if s.external == nil {
		return errNoExternal
	}
	if err := models.MayUnlink(user).Err(); err != nil {
		return err
	}
	if err := s.reauthenticate(ctx, actor, user, "password", password); err != nil {
		return err
	}
	return s.store.Tx(ctx, func(tx *store.Store) error {
		linked, err := tx.External.OfUser(ctx, user.ID, s.external.Issuer())
		if err != nil {
			return err
		}
		if err := tx.External.Delete(ctx, user.ID, linked.Issuer); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{Action: models.AuditExternalUnlinked, Subject: user.Username, Before: accountState(identity.Account{Issuer: linked.Issuer, Subject: linked.Subject})})
	})
}
