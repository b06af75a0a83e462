package service

import (
	"context"
	"crypto/rand"
	"strings"

	"envshare/internal/store"
	"envshare/models"
)

// SignedIn is how far a sign-in came.
type SignedIn struct {
	// User is who is signed in; nobody while the second factor is missing.
	User models.User
	// Pending is the token of a sign-in that waits for the second factor, to be
	// kept in that browser alone; empty when User is somebody.
	Pending string
}

// The ways of proving who one is first.
const (
	methodPassword = "password"
	methodExternal = "oidc"
)

// methodSecondFactor is how the audit log calls a refusal of the second proof.
const methodSecondFactor = "second_factor"

// admit lets a user in whose first factor was right, or, where the user has a
// second one, lets the sign-in wait for it. Every way of signing in ends here or in
// FinishSignIn.
func (s *Accounts) admit(ctx context.Context, actor models.Actor, user models.User, method string) (SignedIn, error) {
	if err := s.refuseDisabled(ctx, actor, user, method); err != nil {
		return SignedIn{}, err
	}
	in := SignedIn{User: user}
	token, now := rand.Text(), s.now()
	err := s.store.Tx(ctx, func(tx *store.Store) error {
		if _, err := stillSignsIn(ctx, tx, user); err != nil {
			return err
		}
		factor, err := tx.SecondFactor.ByUser(ctx, user.ID)
		if err != nil && !models.IsCode(err, models.CodeNotFound) {
			return err
		}
		if !factor.On() {
			return s.recordSignIn(ctx, tx, actor, user, method, "")
		}
		in = SignedIn{Pending: token}
		return tx.SecondFactor.InsertPending(ctx, models.PendingSignIn{
			ID: digest(token), UserID: user.ID, Method: method, CreatedAt: now, ExpiresAt: now.Add(models.PendingLifetime),
		})
	})
	if models.IsCode(err, models.CodeUnauthenticated) {
		err = s.refused(ctx, actor, user, method, err)
	}
	if err != nil {
		return SignedIn{}, err
	}
	return in, nil
}

// stillSignsIn returns the user of a sign-in as they are now, and refuses the sign-in
// when they were disabled or all of their sign-ins ended since it found them: a
// password may have waited for its turn, and a browser for its session.
func stillSignsIn(ctx context.Context, tx *store.Store, user models.User) (models.User, error) {
	now, err := tx.Users.ByID(ctx, user.ID)
	if err == nil && (now.SignInRevision != user.SignInRevision || !models.MaySignIn(now).Allowed) {
		err = models.E(models.CodeUnauthenticated, "error.sign_in_ended")
	}
	return now, err
}

// errPendingOver is a half-done sign-in that expired, ended or never was.
var errPendingOver = models.E(models.CodeUnauthenticated, "error.pending_over")

// CheckPending returns nil while a half-done sign-in waits for its second factor,
// unauthenticated otherwise. Whoever holds its token may ask.
func (s *Accounts) CheckPending(ctx context.Context, token string) error {
	_, err := s.pending(ctx, token)
	return err
}

func (s *Accounts) pending(ctx context.Context, token string) (models.PendingSignIn, error) {
	p, err := s.store.SecondFactor.Pending(ctx, digest(token), s.now())
	if models.IsCode(err, models.CodeNotFound) || err == nil && p.Tries >= models.MaxPendingTries {
		return models.PendingSignIn{}, errPendingOver
	}
	return p, err
}

// FinishSignIn ends a half-done sign-in with a one-time or recovery code, and
// returns who is signed in. A wrong or used code is a field error, a sign-in that
// is over unauthenticated, a user who was disabled meanwhile forbidden, too many tries
// by user or address limited. Whoever holds the token may call it.
func (s *Accounts) FinishSignIn(ctx context.Context, actor models.Actor, token, code string) (models.User, error) {
	p, err := s.pending(ctx, token)
	if err != nil {
		return models.User{}, err
	}
	if err := s.allowCode(actor, p.UserID); err != nil {
		return models.User{}, err
	}
	// Counted before it is judged: of many tries at once none is free.
	err = s.store.SecondFactor.CountTry(ctx, p.ID, models.MaxPendingTries)
	if models.IsCode(err, models.CodeNotFound) {
		return models.User{}, errPendingOver
	}
	if err != nil {
		return models.User{}, err
	}
	var user models.User
	err = s.store.Tx(ctx, func(tx *store.Store) error {
		var err error
		if user, err = tx.Users.ByID(ctx, p.UserID); err != nil {
			return err
		}
		if err := models.MaySignIn(user).Err(); err != nil {
			return err
		}
		kind, err := s.useCode(ctx, tx, user.ID, code)
		if err != nil {
			return err
		}
		if err := tx.SecondFactor.DeletePending(ctx, p.ID); err != nil {
			return errPendingOver.Wrap(err)
		}
		return s.recordSignIn(ctx, tx, actor, user, p.Method, kind)
	})
	if models.FieldErrors(err) != nil || models.IsCode(err, models.CodeForbidden) {
		err = s.refused(ctx, actor, user, methodSecondFactor, err)
	}
	if err != nil {
		return models.User{}, err
	}
	s.codeWorked(actor, p.UserID)
	return user, nil
}

// allowCode refuses too many tries at codes, by address and by user.
func (s *Accounts) allowCode(actor models.Actor, userID string) error {
	if !s.limiter.allow("ip "+actor.IP) || !s.codes.allow("code "+userID) {
		return models.E(models.CodeLimited, "error.login_limited")
	}
	return nil
}

// codeWorked gives back what a right code used up.
func (s *Accounts) codeWorked(actor models.Actor, userID string) {
	s.limiter.succeeded("", "ip "+actor.IP)
	s.codes.succeeded("code "+userID, "")
}

// maxAuditName bounds what a stranger's name may put into the audit log.
const maxAuditName = 64

func auditName(name string) string {
	if len(name) > maxAuditName {
		name = strings.ToValidUTF8(name[:maxAuditName], "")
	}
	return name
}

// recordSignIn records that somebody is signed in, and how.
func (s *Accounts) recordSignIn(ctx context.Context, tx *store.Store, actor models.Actor, user models.User, method, second string) error {
	actor.UserID, actor.Username = user.ID, user.Username
	state := map[string]any{"method": method}
	if second != "" {
		state["second_factor"] = second
	}
	return record(ctx, tx, actor, s.now(), change{Action: models.AuditSignIn, Subject: user.Username, After: state})
}

// recordRefusal records that a proof was wrong: of a sign-in, or of somebody who
// is signed in and changes their account.
func (s *Accounts) recordRefusal(ctx context.Context, actor models.Actor, name, method string) error {
	return record(ctx, s.store, actor, s.now(), change{Action: models.AuditSignInRefused, Subject: auditName(name), After: map[string]any{"method": method}})
}
