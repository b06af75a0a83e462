package service

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// SecondFactorState is what somebody sees of their own second factor.
type SecondFactorState struct {
	On        bool
	Since     time.Time // zero while off
	CodesLeft int64     // recovery codes
}

// SecondFactor returns the state of the actor's second factor.
func (s *Accounts) SecondFactor(ctx context.Context, actor models.Actor) (SecondFactorState, error) {
	if err := models.MayChangeOwnAccount(actor).Err(); err != nil {
		return SecondFactorState{}, err
	}
	factor, err := s.store.SecondFactor.ByUser(ctx, actor.UserID)
	if models.IsCode(err, models.CodeNotFound) || err == nil && !factor.On() {
		return SecondFactorState{}, nil
	}
	if err != nil {
		return SecondFactorState{}, err
	}
	left, err := s.store.SecondFactor.CountCodes(ctx, actor.UserID)
	return SecondFactorState{On: true, Since: *factor.ConfirmedAt, CodesLeft: left}, err
}

// BeginSecondFactor makes a secret for the actor's authenticator app; an earlier
// one that was not confirmed ends. One that is on is a conflict. Field: password.
func (s *Accounts) BeginSecondFactor(ctx context.Context, actor models.Actor, password string) error {
	user, err := s.own(ctx, actor)
	if err != nil {
		return err
	}
	if err := s.reauthenticate(ctx, actor, user, "password", password); err != nil {
		return err
	}
	secret := make([]byte, secretSize)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	factor := models.SecondFactor{UserID: user.ID, Secret: s.keys.sealFactor(user.ID, secret), CreatedAt: s.now()}
	err = s.store.Tx(ctx, func(tx *store.Store) error { return tx.SecondFactor.Begin(ctx, factor) })
	if models.IsCode(err, models.CodeConflict) {
		return models.E(models.CodeConflict, "error.second_factor_on")
	}
	return err
}

// Enrolment returns what the actor's authenticator app needs to know, until the
// second factor is confirmed; not found afterwards.
func (s *Accounts) Enrolment(ctx context.Context, actor models.Actor) (Enrolment, error) {
	user, err := s.own(ctx, actor)
	if err != nil {
		return Enrolment{}, err
	}
	_, secret, err := s.begun(ctx, s.store, user.ID)
	if err != nil {
		return Enrolment{}, err
	}
	return enrolment(user.Username, secret)
}

// begun returns a second factor that is not confirmed yet, with its secret.
func (s *Accounts) begun(ctx context.Context, tx *store.Store, userID string) (models.SecondFactor, []byte, error) {
	factor, err := tx.SecondFactor.ByUser(ctx, userID)
	if err != nil {
		return factor, nil, err
	}
	if factor.On() {
		return factor, nil, models.E(models.CodeNotFound, "error.not_found")
	}
	secret, err := s.keys.openFactor(userID, factor.Secret)
	if err != nil {
		return factor, nil, fmt.Errorf("open second factor: %w", err)
	}
	return factor, secret, nil
}

// ConfirmSecondFactor turns the actor's second factor on with a code that the app
// shows, which is thereby used, and returns the recovery codes: they are shown this
// once. Field: code. Without a secret that was begun it is not found.
func (s *Accounts) ConfirmSecondFactor(ctx context.Context, actor models.Actor, code string) ([]string, error) {
	user, err := s.own(ctx, actor)
	if err != nil {
		return nil, err
	}
	if err := s.allowCode(actor, user.ID); err != nil {
		return nil, err
	}
	shown, digests := s.newRecoveryCodes(user.ID)
	err = s.store.Tx(ctx, func(tx *store.Store) error {
		_, secret, err := s.begun(ctx, tx, user.ID)
		if err != nil {
			return err
		}
		step, ok, err := matchingStep(secret, models.PlainCode(code), s.now())
		if err != nil {
			return err
		}
		if !ok {
			return errCodeWrong()
		}
		if err := tx.SecondFactor.Confirm(ctx, user.ID, s.now(), step); err != nil {
			return err
		}
		if err := tx.SecondFactor.ReplaceCodes(ctx, user.ID, digests); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{Action: models.AuditSecondFactorOn, Subject: user.Username})
	})
	if err != nil {
		return nil, err
	}
	s.codeWorked(actor, user.ID)
	return shown, nil
}

// RenewRecoveryCodes ends the actor's recovery codes and returns new ones: they are
// shown this once. Fields: password, code.
func (s *Accounts) RenewRecoveryCodes(ctx context.Context, actor models.Actor, password, code string) ([]string, error) {
	shown, digests := s.newRecoveryCodes(actor.UserID)
	err := s.withCode(ctx, actor, password, code, func(tx *store.Store, user models.User) error {
		if err := tx.SecondFactor.ReplaceCodes(ctx, user.ID, digests); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{Action: models.AuditRecoveryCodes, Subject: user.Username})
	})
	if err != nil {
		return nil, err
	}
	return shown, nil
}

// EndSecondFactor turns the actor's second factor off. Fields: password, code.
func (s *Accounts) EndSecondFactor(ctx context.Context, actor models.Actor, password, code string) error {
	return s.withCode(ctx, actor, password, code, func(tx *store.Store, user models.User) error {
		if err := tx.SecondFactor.Delete(ctx, user.ID); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{Action: models.AuditSecondFactorOff, Subject: user.Username})
	})
}

// withCode does something for somebody who brings both factors again.
func (s *Accounts) withCode(ctx context.Context, actor models.Actor, password, code string, do func(*store.Store, models.User) error) error {
	user, err := s.own(ctx, actor)
	if err != nil {
		return err
	}
	if err := s.reauthenticate(ctx, actor, user, "password", password); err != nil {
		return err
	}
	if err := s.allowCode(actor, user.ID); err != nil {
		return err
	}
	err = s.store.Tx(ctx, func(tx *store.Store) error {
		if _, err := s.useCode(ctx, tx, user.ID, code); err != nil {
			return err
		}
		return do(tx, user)
	})
	switch {
	case models.FieldErrors(err) != nil:
		if failed := s.recordRefusal(ctx, actor, user.Username, "own_account"); failed != nil {
			return failed
		}
		return err
	case err != nil:
		return err
	}
	s.codeWorked(actor, user.ID)
	return nil
}

// ResetSecondFactor takes away the second factor of somebody who lost it, and ends
// their sessions. Operators and commands may call it; a user without one is not
// found.
func (s *Accounts) ResetSecondFactor(ctx context.Context, actor models.Actor, username string) error {
	if err := models.MayAdministerInstallation(actor).Err(); err != nil {
		return err
	}
	return s.store.Tx(ctx, func(tx *store.Store) error {
		user, err := tx.Users.ByUsername(ctx, username)
		if models.IsCode(err, models.CodeNotFound) {
			return models.E(models.CodeNotFound, "error.user_unknown", "name", username)
		}
		if err != nil {
			return err
		}
		err = tx.SecondFactor.Delete(ctx, user.ID)
		if models.IsCode(err, models.CodeNotFound) {
			return models.E(models.CodeNotFound, "error.second_factor_none", "name", username)
		}
		if err != nil {
			return err
		}
		if err := endEverySession(ctx, tx, user.ID); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{Action: models.AuditSecondFactorReset, Subject: user.Username})
	})
}
