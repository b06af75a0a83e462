package service

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// OperatorUser is a user as operators see it.
type OperatorUser struct {
	models.User
	// Apps counts the memberships.
	Apps int64
	// Setup is the link by which the user chooses a password; nil for none.
	Setup *models.UserSetup
	// Roles and Members are the memberships by AppID, of a single user only.
	Roles   map[string]models.Role
	Members map[string]models.App
	// Links are the accounts of the OpenID provider that sign in as the user, and
	// SecondFactor says that the user has one, of a single user only.
	Links        []models.ExternalAccount
	SecondFactor bool
	// Version is of the state that a form shows.
	Version string
	// MayTake tells whether the user may lose what makes an operator of it.
	MayTake models.Decision
	// MayRemoveLink tells whether a link may be ended.
	MayRemoveLink models.Decision
}

// Users returns a page of the users whose name holds a text, and how many there
// are.
func (s *Operator) Users(ctx context.Context, actor models.Actor, text string, page models.PageRequest) ([]OperatorUser, int64, error) {
	if err := models.MayAdministerInstallation(actor).Err(); err != nil {
		return nil, 0, err
	}
	list, total, err := s.store.Users.Search(ctx, models.SearchText(text), page)
	if err != nil {
		return nil, 0, err
	}
	ids := make([]string, len(list))
	for i, u := range list {
		ids[i] = u.ID
	}
	memberships, err := s.store.Users.MembershipCounts(ctx, ids)
	if err != nil {
		return nil, 0, err
	}
	setups, err := s.store.Users.Setups(ctx, ids)
	out := make([]OperatorUser, len(list))
	for i, u := range list {
		out[i] = OperatorUser{User: u, Apps: memberships[u.ID], Setup: setupOf(setups, u.ID)}
	}
	return out, total, err
}

func setupOf(setups map[string]models.UserSetup, id string) *models.UserSetup {
	if s, ok := setups[id]; ok {
		return &s
	}
	return nil
}

// User returns a user with its memberships.
func (s *Operator) User(ctx context.Context, actor models.Actor, id string) (OperatorUser, error) {
	return s.user(ctx, s.store, actor, id)
}

func (s *Operator) user(ctx context.Context, tx *store.Store, actor models.Actor, id string) (OperatorUser, error) {
	if err := models.MayAdministerInstallation(actor).Err(); err != nil {
		return OperatorUser{}, err
	}
	u, err := tx.Users.ByID(ctx, id)
	if err != nil {
		return OperatorUser{}, err
	}
	roles, err := tx.Users.Memberships(ctx, id)
	if err != nil {
		return OperatorUser{}, err
	}
	apps, err := tx.Apps.ByIDs(ctx, slices.Collect(maps.Keys(roles)))
	if err != nil {
		return OperatorUser{}, err
	}
	setups, err := tx.Users.Setups(ctx, []string{id})
	if err != nil {
		return OperatorUser{}, err
	}
	facts, err := userFacts(ctx, tx, u, setupOf(setups, id))
	if err != nil {
		return OperatorUser{}, err
	}
	take := models.MayTakeOperator(actor, facts)
	out := OperatorUser{
		User: u, Apps: int64(len(roles)), Setup: setupOf(setups, id), Roles: roles, Members: apps,
		MayTake: take, MayRemoveLink: models.MayRemoveLink(u, take),
	}
	err = signInState(ctx, tx, &out)
	return out, err
}

// signInState adds what a user signs in with, and the version of the whole.
func signInState(ctx context.Context, tx *store.Store, u *OperatorUser) error {
	var err error
	if u.Links, err = tx.External.AllOf(ctx, u.ID); err != nil {
		return err
	}
	factor, err := tx.SecondFactor.ByUser(ctx, u.ID)
	if err != nil && !models.IsCode(err, models.CodeNotFound) {
		return err
	}
	u.SecondFactor = factor.On()
	links := make([]any, len(u.Links))
	for i, l := range u.Links {
		links[i] = []string{l.Issuer, l.Subject}
	}
	u.Version = stateVersion([]any{userState(u.User, u.Roles), u.DisabledAt, links, u.SecondFactor})
	return nil
}

func userFacts(ctx context.Context, tx *store.Store, u models.User, setup *models.UserSetup) (models.UserFacts, error) {
	others, err := tx.Users.OtherOperators(ctx, u.ID)
	return models.UserFacts{Active: u.Operator && u.DisabledAt == nil && setup == nil, OtherOperators: others}, err
}

// edit loads a user that is as in the version, lets f change it, and records the
// action with what was before and after. f returns the roles as they are then.
func (s *Operator) edit(ctx context.Context, actor models.Actor, id, version string, c change,
	f func(tx *store.Store, u OperatorUser) (models.User, map[string]models.Role, error),
) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		u, err := s.user(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := unchangedSince(version, u.Version); err != nil {
			return err
		}
		next, roles, err := f(tx, u)
		if err != nil {
			return err
		}
		c := c // f may run again
		before, after := operatorState(u.User, u.Roles), operatorState(next, roles)
		c.Subject, c.Before, c.After = u.Username, before, after
		if c.Action == models.AuditUserChanged && stateVersion(before) == stateVersion(after) {
			return nil
		}
		return record(ctx, tx, actor, s.now(), c)
	})
}

// operatorState is a user as the audit log keeps it.
func operatorState(u models.User, roles map[string]models.Role) map[string]any {
	state := userState(u, roles)
	state["disabled"] = u.DisabledAt != nil
	return state
}

// SetOperator makes an operator of a user, or takes that away; conflict for the
// last operator who can sign in, and when the user is not as in the version.
func (s *Operator) SetOperator(ctx context.Context, actor models.Actor, id, version string, on bool) error {
	return s.edit(ctx, actor, id, version, change{Action: models.AuditUserChanged}, func(tx *store.Store, u OperatorUser) (models.User, map[string]models.Role, error) {
		if err := u.MayTake.Err(); !on && err != nil {
			return u.User, nil, err
		}
		next := u.User
		next.Operator, next.UpdatedAt = on, s.now()
		return next, u.Roles, tx.Users.Update(ctx, next)
	})
}

// SetRole gives a user a role in an app, RoleNone for none. Field errors for
// appid; conflict when the user is not as in the version.
func (s *Operator) SetRole(ctx context.Context, actor models.Actor, id, version, appID string, role models.Role) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		u, err := s.user(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := unchangedSince(version, u.Version); err != nil {
			return err
		}
		was := u.Roles[appID]
		if was == role {
			return nil
		}
		err = tx.Users.RemoveMembership(ctx, id, appID)
		if role != models.RoleNone {
			err = beside(setRoles(ctx, tx, id, map[string]models.Role{appID: role}), "appid")
		}
		if err != nil {
			return err
		}
		if err := keepsAdmin(ctx, tx, u.User, was, appID); err != nil {
			return err
		}
		if was == models.RoleAdmin {
			if err := tx.Invitations.RevokeOf(ctx, appID, id, s.now()); err != nil {
				return err
			}
		}
		// The event belongs to the app: its members read who came and who went.
		return record(ctx, tx, actor, s.now(), change{
			Action: models.AuditUserChanged, AppID: appID, Subject: u.Username, Before: roleState(was), After: roleState(role),
		})
	})
}

// keepsAdmin refuses to leave an app without administrator that had one.
func keepsAdmin(ctx context.Context, tx *store.Store, user models.User, was models.Role, appID string) error {
	if was != models.RoleAdmin || !models.MaySignIn(user).Allowed {
		return nil
	}
	n, err := tx.Users.CountAdmins(ctx, appID)
	if err != nil {
		return err
	}
	return models.KeepsAdmin(n).Err()
}

func roleState(r models.Role) any {
	if r == models.RoleNone {
		return nil
	}
	return map[string]any{"role": r.String()}
}

// Disable keeps a user from signing in, ends its sessions at once and the invitations
// that it made; conflict for
// the last operator who can sign in, and when the user is not as in the version.
func (s *Operator) Disable(ctx context.Context, actor models.Actor, id, version string) error {
	return s.setDisabled(ctx, actor, id, version, models.AuditUserDisabled)
}

// Enable lets a user sign in again; conflict when it is not as in the version.
func (s *Operator) Enable(ctx context.Context, actor models.Actor, id, version string) error {
	return s.setDisabled(ctx, actor, id, version, models.AuditUserEnabled)
}

func (s *Operator) setDisabled(ctx context.Context, actor models.Actor, id, version string, action models.AuditAction) error {
	return s.edit(ctx, actor, id, version, change{Action: action}, func(tx *store.Store, u OperatorUser) (models.User, map[string]models.Role, error) {
		next, now := u.User, s.now()
		next.DisabledAt = nil
		if action == models.AuditUserDisabled {
			if err := u.MayTake.Err(); err != nil {
				return next, nil, err
			}
			next.DisabledAt = &now
			if err := errors.Join(endEverySession(ctx, tx, id), tx.Invitations.RevokeAllOf(ctx, id, now)); err != nil {
				return next, nil, err
			}
		}
		return next, u.Roles, tx.Users.SetDisabled(ctx, id, next.DisabledAt, now)
	})
}

// setupLifetime is how long a link for choosing a password works.
const setupLifetime = 7 * 24 * time.Hour

// InviteUser adds a user without a password and returns the token of the link by
// which the user chooses one: it is shown once and kept as a digest. Field errors
// for username, also when it is taken.
func (s *Operator) InviteUser(ctx context.Context, actor models.Actor, username string, operator bool) (models.User, string, error) {
	now := s.now()
	user := models.User{
		ID: newID(), Username: strings.TrimSpace(username), Operator: operator, PasswordHash: unknownUserHash, CreatedAt: now, UpdatedAt: now,
	}
	token := newSetupToken()
	err := s.store.Tx(ctx, func(tx *store.Store) error {
		if err := models.MayAdministerInstallation(actor).Err(); err != nil {
			return err
		}
		if err := user.Validate(); err != nil {
			return err
		}
		_, err := tx.Users.ByUsername(ctx, user.Username)
		if err == nil {
			return models.Fields{"username": models.M("error.user_exists", "username", user.Username)}.Err()
		}
		if !models.IsCode(err, models.CodeNotFound) {
			return err
		}
		if err := s.accounts.insertUser(ctx, tx, actor, user, nil); err != nil {
			return err
		}
		return tx.Users.SaveSetup(ctx, models.UserSetup{UserID: user.ID, Digest: digest(token), ExpiresAt: now.Add(setupLifetime)})
	})
	return user, token, err
}

// ResetPassword makes a user's password worthless, ends its sessions at once and
// returns the token of a link by which the user chooses another; r says what else
// goes. Conflict for the last operator who can sign in, and when the user is not as
// in the version.
func (s *Operator) ResetPassword(ctx context.Context, actor models.Actor, id, version string, r Reset) (models.User, string, error) {
	token := newSetupToken()
	var user models.User
	err := s.edit(ctx, actor, id, version, change{Action: models.AuditPasswordReset}, func(tx *store.Store, u OperatorUser) (models.User, map[string]models.Role, error) {
		if err := u.MayTake.Err(); err != nil {
			return u.User, nil, err
		}
		next := u.User
		user = next
		next.PasswordHash, next.UpdatedAt = unknownUserHash, s.now()
		if err := tx.Users.Update(ctx, next); err != nil {
			return next, nil, err
		}
		if err := endEverySession(ctx, tx, id); err != nil {
			return next, nil, err
		}
		if err := s.reset(ctx, tx, actor, u, r); err != nil {
			return next, nil, err
		}
		return next, u.Roles, tx.Users.SaveSetup(ctx, models.UserSetup{UserID: id, Digest: digest(token), ExpiresAt: s.now().Add(setupLifetime)})
	})
	return user, token, err
}
