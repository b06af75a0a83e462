package service

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"envshare/internal/store"
	"envshare/models"
)

// newSetupToken returns the token of a link by which a user chooses a password:
// 192 random bits.
func newSetupToken() string {
	raw := make([]byte, 24)
	_, _ = rand.Read(raw) // documented never to fail
	return base64.RawURLEncoding.EncodeToString(raw)
}

// SetupUser returns the user whose link this token opens; not found when it was
// used, replaced or expired, or the user may not sign in. Anybody who holds the
// token may call it.
func (s *Accounts) SetupUser(ctx context.Context, token string) (models.User, error) {
	return s.setupUser(ctx, s.store, token)
}

func (s *Accounts) setupUser(ctx context.Context, tx *store.Store, token string) (models.User, error) {
	over := models.E(models.CodeNotFound, "error.choose_password_token")
	setup, err := tx.Users.SetupByDigest(ctx, digest(token), s.now())
	if models.IsCode(err, models.CodeNotFound) {
		return models.User{}, over
	}
	if err != nil {
		return models.User{}, err
	}
	user, err := tx.Users.ByID(ctx, setup.UserID)
	if err == nil && !models.MaySignIn(user).Allowed {
		return models.User{}, over
	}
	return user, err
}

// ChoosePassword stores the password that a user chose by a link, which ends with
// it; of two who use it at once one gets not found. It signs nobody in: that is
// asked for as always. Field errors for password. Anybody who holds the token may
// call it.
func (s *Accounts) ChoosePassword(ctx context.Context, actor models.Actor, token, password string) (models.User, error) {
	if _, err := s.SetupUser(ctx, token); err != nil {
		return models.User{}, err
	}
	if err := models.ValidatePassword(password); err != nil {
		return models.User{}, err
	}
	hash, err := hashPassword(ctx, password, s.passwordMemory)
	if err != nil {
		return models.User{}, err
	}
	var user models.User
	err = s.store.Tx(ctx, func(tx *store.Store) error {
		if user, err = s.setupUser(ctx, tx, token); err != nil {
			return err
		}
		user.PasswordHash, user.UpdatedAt = hash, s.now()
		if err := tx.Users.Update(ctx, user); err != nil {
			return err
		}
		if err := tx.Users.DeleteSetup(ctx, user.ID); err != nil {
			return err
		}
		if err := endEverySession(ctx, tx, user.ID); err != nil {
			return err
		}
		by := actor
		by.UserID, by.Username = user.ID, user.Username
		return record(ctx, tx, by, s.now(), change{Action: models.AuditUserSetUp, Subject: user.Username})
	})
	return user, err
}

// refuseDisabled refuses somebody whose first factor was right and who may not sign
// in, and records it.
func (s *Accounts) refuseDisabled(ctx context.Context, actor models.Actor, user models.User, method string) error {
	refusal := models.MaySignIn(user).Err()
	if refusal == nil {
		return nil
	}
	return s.refused(ctx, actor, user, method, refusal)
}

// refused records a refusal and returns it.
func (s *Accounts) refused(ctx context.Context, actor models.Actor, user models.User, method string, refusal error) error {
	if err := s.recordRefusal(ctx, actor, user.Username, method); err != nil {
		return err
	}
	return refusal
}
