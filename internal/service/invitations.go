package service

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"envshare/internal/store"
	"envshare/models"
)

// maxOpenInvitations bounds the invitations to one app that can be accepted.
const maxOpenInvitations = 100

// Invite makes an invitation and returns it with the token of its link, which is
// not kept and cannot be shown again. Administrators of the app may call it. Field
// errors: role, days.
func (s *Members) Invite(ctx context.Context, actor models.Actor, appID string, n models.NewInvitation) (models.Invitation, string, error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return models.Invitation{}, "", err
	}
	token, now := base64.RawURLEncoding.EncodeToString(raw), s.now()
	invitation := models.Invitation{
		ID: newID(), AppID: appID, Role: n.Role, Digest: digest(token), InvitedBy: actor.UserID, InvitedByName: actor.Username,
		CreatedAt: now, ExpiresAt: now.AddDate(0, 0, n.Days),
	}
	err := s.store.Tx(ctx, func(tx *store.Store) error {
		if err := s.mayInvite(ctx, tx, actor, appID); err != nil {
			return err
		}
		if err := n.Validate(); err != nil {
			return err
		}
		open, err := tx.Invitations.CountOpen(ctx, appID, now)
		if err != nil {
			return err
		}
		if open >= maxOpenInvitations {
			return models.E(models.CodeLimited, "error.invitations_many", "max", maxOpenInvitations)
		}
		if err := tx.Invitations.Insert(ctx, invitation); err != nil {
			return err
		}
		return record(ctx, tx, actor, now, change{
			Action: models.AuditInvitationCreated, AppID: appID, Subject: invitation.ID, After: invitationState(invitation),
		})
	})
	if err != nil {
		return models.Invitation{}, "", err
	}
	return invitation, token, nil
}

func (s *Members) mayInvite(ctx context.Context, tx *store.Store, actor models.Actor, appID string) error {
	place, err := standing(ctx, tx, actor, appID)
	if err != nil {
		return err
	}
	return models.MayInvite(place).Err()
}

// invitationState is an invitation as the audit log keeps it: without its digest.
func invitationState(i models.Invitation) map[string]any {
	return map[string]any{"role": i.Role.String(), "expires": i.ExpiresAt.UTC()}
}

// RevokeInvitation ends an open invitation. Administrators of the app may call it.
// Codes: conflict for one that is not open.
func (s *Members) RevokeInvitation(ctx context.Context, actor models.Actor, appID, id string) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		if err := s.mayInvite(ctx, tx, actor, appID); err != nil {
			return err
		}
		i, err := tx.Invitations.ByID(ctx, appID, id)
		if err != nil {
			return err
		}
		if status := i.Status(s.now()); status != models.InvitationOpen {
			return models.E(models.CodeConflict, "error.invitation_not_open")
		}
		if err := tx.Invitations.Revoke(ctx, id, s.now()); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), change{
			Action: models.AuditInvitationRevoked, AppID: appID, Subject: id, Before: invitationState(i),
		})
	})
}

// OfferedInvitation is an invitation as who holds its link sees it.
type OfferedInvitation struct {
	models.Invitation
	App       models.App
	Principal models.Principal
	// May decides whether the actor may accept it; somebody who is not signed in
	// may, with an account that does not exist yet.
	May models.Decision
}

// Offered returns the invitation behind a link. Whoever holds the link may call
// it, signed in or not. Codes: not_found, with the reason, for a link that is
// unknown, used, revoked or expired.
func (s *Members) Offered(ctx context.Context, actor models.Actor, token string) (OfferedInvitation, error) {
	i, may, err := s.offered(ctx, s.store, actor, token)
	if err != nil {
		return OfferedInvitation{}, err
	}
	if may.Code == models.CodeNotFound {
		return OfferedInvitation{}, may.Err()
	}
	out := OfferedInvitation{Invitation: i, May: may}
	if out.App, err = s.store.Apps.ByID(ctx, i.AppID); err != nil {
		return OfferedInvitation{}, err
	}
	out.Principal, err = s.store.Principals.ByID(ctx, out.App.PrincipalID)
	return out, err
}

func (s *Members) offered(ctx context.Context, tx *store.Store, actor models.Actor, token string) (models.Invitation, models.Decision, error) {
	i, err := tx.Invitations.ByDigest(ctx, digest(token))
	if models.IsCode(err, models.CodeNotFound) {
		err = models.E(models.CodeNotFound, "error.invitation_unknown")
	}
	if err != nil {
		return i, models.Decision{}, err
	}
	f := models.InvitationFacts{Invitation: i}
	if f.Inviter, err = inviter(ctx, tx, i); err != nil {
		return i, models.Decision{}, err
	}
	if actor.Known() {
		if f.Own, err = tx.Users.Role(ctx, actor.UserID, i.AppID); err != nil {
			return i, models.Decision{}, err
		}
	}
	return i, models.MayAcceptInvitation(f, s.now()), nil
}

// inviter is the place that who invited has in the app now: none for somebody who is
// kept from signing in.
func inviter(ctx context.Context, tx *store.Store, i models.Invitation) (models.Standing, error) {
	if i.InvitedBy != systemUser {
		user, err := tx.Users.ByID(ctx, i.InvitedBy)
		if models.IsCode(err, models.CodeNotFound) || err == nil && !models.MaySignIn(user).Allowed {
			return models.Standing{}, nil
		}
		if err != nil {
			return models.Standing{}, err
		}
	}
	return standing(ctx, tx, models.Actor{UserID: i.InvitedBy, System: i.InvitedBy == systemUser}, i.AppID)
}

// systemUser is the id of actors that are commands.
var systemUser = models.SystemActor("").UserID

// Accept makes the actor a member by the link that they hold, once. Whoever is
// signed in may call it. Codes: those of Offered, conflict for who has the role
// already.
func (s *Members) Accept(ctx context.Context, actor models.Actor, token string) (models.Invitation, error) {
	if !actor.Known() {
		return models.Invitation{}, models.E(models.CodeUnauthenticated, "error.unauthenticated")
	}
	var accepted models.Invitation
	err := s.store.Tx(ctx, func(tx *store.Store) error {
		var err error
		accepted, err = s.accept(ctx, tx, actor, token)
		return err
	})
	return accepted, err
}

func (s *Members) accept(ctx context.Context, tx *store.Store, actor models.Actor, token string) (models.Invitation, error) {
	i, may, err := s.offered(ctx, tx, actor, token)
	if err == nil {
		err = may.Err()
	}
	if err != nil {
		return i, err
	}
	before, err := tx.Users.Role(ctx, actor.UserID, i.AppID)
	if err != nil {
		return i, err
	}
	if err := tx.Invitations.Accept(ctx, i.ID, actor.Username, s.now()); err != nil {
		return i, err
	}
	if err := tx.Users.SetMembership(ctx, models.Membership{UserID: actor.UserID, AppID: i.AppID, Role: i.Role}); err != nil {
		return i, err
	}
	c := change{
		Action: models.AuditInvitationAccepted, AppID: i.AppID, Subject: i.ID,
		After: map[string]any{"role": i.Role.String(), "user": actor.Username, "invited_by": i.InvitedByName},
	}
	if before != models.RoleNone {
		c.Before = roleState(before)
	}
	return i, record(ctx, tx, actor, s.now(), c)
}

// AcceptAsNew makes an account for whoever holds a link, and a member of it. Nobody
// who is signed in calls it. Field errors: username, password; codes: those of
// Accept.
func (s *Members) AcceptAsNew(ctx context.Context, actor models.Actor, token, username, password string) (models.User, models.Invitation, error) {
	if _, err := s.Offered(ctx, models.Actor{}, token); err != nil {
		return models.User{}, models.Invitation{}, err // before a password is hashed for it
	}
	user, err := s.accounts.newUser(ctx, username, password, false)
	if err != nil {
		return models.User{}, models.Invitation{}, err
	}
	actor.UserID, actor.Username, actor.Operator = user.ID, user.Username, false
	var accepted models.Invitation
	err = s.store.Tx(ctx, func(tx *store.Store) error {
		if _, err := tx.Users.ByUsername(ctx, username); err == nil {
			return models.Fields{"username": models.M("error.username_taken")}.Err()
		}
		if err := s.accounts.insertUser(ctx, tx, actor, user, nil); err != nil {
			return err
		}
		accepted, err = s.accept(ctx, tx, actor, token)
		return err
	})
	return user, accepted, err
}
