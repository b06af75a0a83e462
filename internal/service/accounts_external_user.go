package service

import (
	"context"
	"crypto/rand"
	"regexp"
	"strings"

	"envshare/internal/identity"
	"envshare/internal/store"
	"envshare/models"
)

// externalUser returns whom an account signs in as: the user to whom it is linked
// or, where the operator wants that, a new one without any role. Names of the
// account decide nothing: whoever may choose one there could be anybody here.
func (s *Accounts) externalUser(ctx context.Context, actor models.Actor, a identity.Account) (models.User, error) {
	var user models.User
	err := s.store.Tx(ctx, func(tx *store.Store) error {
		linked, err := tx.External.ByAccount(ctx, a.Issuer, a.Subject)
		if models.IsCode(err, models.CodeNotFound) {
			user, err = s.createExternalUser(ctx, tx, actor, a)
			return err
		}
		if err != nil {
			return err
		}
		linked.Name = a.Name
		if err := tx.External.Used(ctx, linked, s.now()); err != nil {
			return err
		}
		user, err = tx.Users.ByID(ctx, linked.UserID)
		return err
	})
	if models.IsCode(err, models.CodeUnauthenticated) {
		if failed := s.recordRefusal(ctx, actor, a.Name, methodExternal); failed != nil {
			return models.User{}, failed
		}
	}
	return user, err
}

// createExternalUser makes a user of somebody who comes unknown. An installation
// without users is set up by its own link, not by whoever comes first.
func (s *Accounts) createExternalUser(ctx context.Context, tx *store.Store, actor models.Actor, a identity.Account) (models.User, error) {
	unknown := models.E(models.CodeUnauthenticated, "error.external_unknown")
	if !s.createUsers {
		return models.User{}, unknown
	}
	n, err := tx.Users.Count(ctx)
	if err != nil {
		return models.User{}, err
	}
	if n == 0 {
		return models.User{}, unknown
	}
	name, err := freeName(ctx, tx, a)
	if err != nil {
		return models.User{}, err
	}
	now := s.now()
	user := models.User{ID: newID(), Username: name, CreatedAt: now, UpdatedAt: now}
	actor.UserID, actor.Username = user.ID, user.Username
	if err := s.insertUser(ctx, tx, actor, user, nil); err != nil {
		return models.User{}, err
	}
	row := models.ExternalAccount{Issuer: a.Issuer, Subject: a.Subject, UserID: user.ID, Name: a.Name, CreatedAt: now, LastUsedAt: &now}
	if err := tx.External.Insert(ctx, row); err != nil {
		return models.User{}, err
	}
	return user, record(ctx, tx, actor, now, change{Action: models.AuditExternalLinked, Subject: user.Username, After: accountState(a)})
}

// noName is everything that a user name cannot have.
var noName = regexp.MustCompile(`[^a-z0-9._-]+`)

// freeName makes a user name that nobody has out of what an account shows.
func freeName(ctx context.Context, tx *store.Store, a identity.Account) (string, error) {
	shown, _, _ := strings.Cut(a.Username, "@")
	base := strings.TrimLeft(noName.ReplaceAllString(strings.ToLower(shown), ""), "._-")
	base = base[:min(len(base), 24)]
	if len(base) < 2 {
		base = "user"
	}
	name := base
	for {
		_, err := tx.Users.ByUsername(ctx, name)
		if models.IsCode(err, models.CodeNotFound) {
			return name, nil
		}
		if err != nil {
			return "", err
		}
		name = base + "-" + strings.ToLower(rand.Text())[:6]
	}
}
