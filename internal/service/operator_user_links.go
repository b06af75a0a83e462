package service

import (
	"context"

	"envshare/internal/identity"
	"envshare/internal/store"
	"envshare/models"
)

// Reset is what goes with a password that an operator resets.
type Reset struct {
	// Links removes the external accounts that sign in as the user: whoever took an
	// account may have linked one of their own.
	Links bool
	// SecondFactor takes the second factor away, which may be lost, or not the
	// user's.
	SecondFactor bool
}

// reset does it, and records what there was.
func (s *Operator) reset(ctx context.Context, tx *store.Store, actor models.Actor, u OperatorUser, r Reset) error {
	if r.Links {
		for _, link := range u.Links {
			if err := s.removeLink(ctx, tx, actor, u.User, link); err != nil {
				return err
			}
		}
	}
	if !r.SecondFactor {
		return nil
	}
	err := tx.SecondFactor.Delete(ctx, u.ID)
	if models.IsCode(err, models.CodeNotFound) {
		return nil // gone already
	}
	if err != nil {
		return err
	}
	return record(ctx, tx, actor, s.now(), change{Action: models.AuditSecondFactorReset, Subject: u.Username})
}

func (s *Operator) removeLink(ctx context.Context, tx *store.Store, actor models.Actor, u models.User, link models.ExternalAccount) error {
	if err := tx.External.Delete(ctx, u.ID, link.Issuer); err != nil {
		return err
	}
	state := accountState(identity.Account{Issuer: link.Issuer, Subject: link.Subject})
	return record(ctx, tx, actor, s.now(), change{Action: models.AuditExternalRemoved, Subject: u.Username, Before: state})
}

// RemoveLink ends the link of a user's account at an issuer, and the user's sessions,
// which may have begun by it. Not found when there is none, conflict when it is the
// only way in of the last operator, and when the user is not as in the version.
// Operators may call it.
func (s *Operator) RemoveLink(ctx context.Context, actor models.Actor, id, version, issuer string) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		u, err := s.user(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := unchangedSince(version, u.Version); err != nil {
			return err
		}
		if err := models.MayRemoveLink(u.User, u.MayTake).Err(); err != nil {
			return err
		}
		link, err := tx.External.OfUser(ctx, id, issuer)
		if err != nil {
			return err
		}
		if err := endEverySession(ctx, tx, id); err != nil {
			return err
		}
		return s.removeLink(ctx, tx, actor, u.User, link)
	})
}
