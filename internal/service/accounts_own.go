package service

import (
	"context"

	"envshare/internal/store"
	"envshare/models"
)

// own returns the user of an actor who is somebody with an account.
func (s *Accounts) own(ctx context.Context, actor models.Actor) (models.User, error) {
	if err := models.MayChangeOwnAccount(actor).Err(); err != nil {
		return models.User{}, err
	}
	return s.store.Users.ByID(ctx, actor.UserID)
}

// reauthenticate asks somebody who is signed in for their password again, so that
// an open browser or a stolen cookie cannot take the account over. A wrong one is
// an error of the field, too many tries are limited. Who has no password, because
// they sign in elsewhere, is not asked.
func (s *Accounts) reauthenticate(ctx context.Context, actor models.Actor, user models.User, field, password string) error {
	if user.PasswordHash == "" {
		return nil
	}
	nameKey, addressKey := "own "+user.ID, "ip "+actor.IP
	if !s.limiter.allow(addressKey, nameKey) {
		return models.E(models.CodeLimited, "error.login_limited")
	}
	ok := false
	if len(password) <= maxPasswordBytes {
		var err error
		if ok, err = checkPassword(ctx, user.PasswordHash, password); err != nil {
			return err
		}
	}
	if ok {
		s.limiter.succeeded(nameKey, addressKey)
		return nil
	}
	if err := s.recordRefusal(ctx, actor, user.Username, "own_account"); err != nil {
		return err
	}
	f := models.Fields{}
	f.Add(field, "error.password_wrong")
	return f.Err()
}

// OwnAccount returns the actor's user. Whoever is signed in may call it.
func (s *Accounts) OwnAccount(ctx context.Context, actor models.Actor) (models.User, error) {
	return s.own(ctx, actor)
}

// ChangePassword gives the actor another password and ends all of their sessions
// and half-done sign-ins: the caller begins a new one for the browser that asked.
// Fields: current, password. Too many tries are limited; a password that changed
// meanwhile is a conflict. Whoever is signed in may call it.
func (s *Accounts) ChangePassword(ctx context.Context, actor models.Actor, current, password string) (models.User, error) {
	user, err := s.own(ctx, actor)
	if err != nil {
		return models.User{}, err
	}
	if err := models.ValidatePassword(password); err != nil {
		return models.User{}, err
	}
	if err := s.reauthenticate(ctx, actor, user, "current", current); err != nil {
		return models.User{}, err
	}
	if user.PasswordHash != "" && current == password {
		f := models.Fields{}
		f.Add("password", "error.password_same")
		return models.User{}, f.Err()
	}
	hash, err := hashPassword(ctx, password, s.passwordMemory)
	if err != nil {
		return models.User{}, err
	}
	old := user.PasswordHash
	err = s.store.Tx(ctx, func(tx *store.Store) error {
		if user, err = tx.Users.ByID(ctx, actor.UserID); err != nil {
			return err
		}
		if user.PasswordHash != old {
			return models.E(models.CodeConflict, "error.password_changed_meanwhile")
		}
		user.PasswordHash, user.UpdatedAt = hash, s.now()
		if err := tx.Users.Update(ctx, user); err != nil {
			return err
		}
		if err := endEverySession(ctx, tx, user.ID); err != nil {
			return err
		}
		// As it is from now on: a session of the new password may begin.
		if user, err = tx.Users.ByID(ctx, user.ID); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{Action: models.AuditPasswordChanged, Subject: user.Username})
	})
	return user, err
}

// endEverySession signs a user out everywhere, sign-ins that are under way included.
func endEverySession(ctx context.Context, tx *store.Store, userID string) error {
	if err := tx.Sessions.DeleteOfUser(ctx, userID); err != nil {
		return err
	}
	return endSignIns(ctx, tx, userID)
}

// endSignIns ends a user's sign-ins that are under way: those that wait for their
// second factor, and those that have no session yet.
func endSignIns(ctx context.Context, tx *store.Store, userID string) error {
	if err := tx.Users.EndSignIns(ctx, userID); err != nil {
		return err
	}
	return tx.SecondFactor.DeletePendingOfUser(ctx, userID)
}

// Sessions returns where the actor is signed in, the latest seen first.
func (s *Accounts) Sessions(ctx context.Context, actor models.Actor) ([]models.Session, error) {
	if err := models.MayChangeOwnAccount(actor).Err(); err != nil {
		return nil, err
	}
	return s.store.Sessions.OfUser(ctx, actor.UserID, s.now())
}

// EndSession ends one session of the actor's; one that is somebody else's or over
// is not found.
func (s *Accounts) EndSession(ctx context.Context, actor models.Actor, id string) error {
	if err := models.MayChangeOwnAccount(actor).Err(); err != nil {
		return err
	}
	return s.store.Tx(ctx, func(tx *store.Store) error {
		if err := tx.Sessions.DeleteOne(ctx, actor.UserID, id); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{Action: models.AuditSessionsEnded, Subject: actor.Username, After: map[string]any{"ended": 1}})
	})
}

// EndOtherSessions ends all sessions of the actor's but one, and half-done
// sign-ins, and returns how many sessions ended.
func (s *Accounts) EndOtherSessions(ctx context.Context, actor models.Actor, keep string) (int64, error) {
	if err := models.MayChangeOwnAccount(actor).Err(); err != nil {
		return 0, err
	}
	var ended int64
	err := s.store.Tx(ctx, func(tx *store.Store) error {
		var err error
		if ended, err = tx.Sessions.DeleteOthers(ctx, actor.UserID, keep); err != nil {
			return err
		}
		if err := endSignIns(ctx, tx, actor.UserID); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{Action: models.AuditSessionsEnded, Subject: actor.Username, After: map[string]any{"ended": ended}})
	})
	return ended, err
}
