package service

import (
	"context"

	"envshare/internal/store"
	"envshare/models"
)

// Members are who may open an app's console, and how they came to it.
type Members struct {
	base
	accounts *Accounts
}

// ListedMember is a member with what the actor may do about it.
type ListedMember struct {
	store.Member
	// Self says that it is the actor.
	Self bool
	// MayChange decides whether the actor may give the member another role,
	// MayRemove whether the member may be taken out.
	MayChange, MayRemove models.Decision
}

// MemberList is the members of an app, and its latest invitations for who may
// make them.
type MemberList struct {
	Members []ListedMember
	Total   int64
	// Page is the page that Members is: the last one where a later one was asked for.
	Page        models.PageRequest
	Invitations []models.Invitation
	MayInvite   models.Decision
}

// shownInvitations is how many invitations are listed.
const shownInvitations = 50

// List returns a page of the members of an app whose names hold a text, by name.
// Members of the app may call it.
func (s *Members) List(ctx context.Context, actor models.Actor, appID, text string, page models.PageRequest) (MemberList, error) {
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil {
		return MemberList{}, err
	}
	if err := models.MaySeeMembers(place).Err(); err != nil {
		return MemberList{}, err
	}
	text = models.SearchText(text)
	total, err := s.store.Users.CountMembers(ctx, appID, text)
	if err != nil {
		return MemberList{}, err
	}
	admins, err := s.store.Users.CountAdmins(ctx, appID)
	if err != nil {
		return MemberList{}, err
	}
	out := MemberList{Total: total, Page: page.Within(total), MayInvite: models.MayInvite(place)}
	members, err := s.store.Users.Members(ctx, appID, text, out.Page)
	if err != nil {
		return MemberList{}, err
	}
	for _, m := range members {
		out.Members = append(out.Members, listedMember(m, models.MemberFacts{Standing: place, UserID: m.UserID, Role: m.Role, Admins: admins, Disabled: m.Disabled}))
	}
	if out.MayInvite.Allowed {
		out.Invitations, err = s.store.Invitations.List(ctx, appID, shownInvitations)
	}
	return out, err
}

// Get returns one member of an app. Members of the app may call it.
func (s *Members) Get(ctx context.Context, actor models.Actor, appID, userID string) (ListedMember, error) {
	f, err := memberFacts(ctx, s.store, actor, appID, userID)
	if err != nil {
		return ListedMember{}, err
	}
	if f.Role == models.RoleNone {
		return ListedMember{}, models.E(models.CodeNotFound, "error.not_found")
	}
	user, err := s.store.Users.ByID(ctx, userID)
	return listedMember(store.Member{UserID: userID, Username: user.Username, Role: f.Role, Disabled: f.Disabled}, f), err
}

func listedMember(m store.Member, f models.MemberFacts) ListedMember {
	return ListedMember{
		Member: m, Self: m.UserID == f.Standing.Actor.UserID,
		MayChange: models.MayChangeMember(f, models.LowestRole), MayRemove: models.MayChangeMember(f, models.RoleNone),
	}
}

// Change gives a member another role; was is the role that the form was opened
// on, and another one by now is a conflict. Administrators of the app may call it.
// Codes: forbidden for who would raise themselves, conflict for the last
// administrator.
func (s *Members) Change(ctx context.Context, actor models.Actor, appID, userID string, was, to models.Role) error {
	return s.set(ctx, actor, appID, userID, func(f models.MemberFacts) (models.Role, error) {
		if err := models.MayChangeMember(f, max(to, models.LowestRole)).Err(); err != nil {
			return to, err
		}
		if to == models.RoleNone {
			return to, models.Fields{"role": models.M("error.required")}.Err()
		}
		if f.Role != was && f.Role != to {
			return to, models.E(models.CodeConflict, "error.member_changed", "role", f.Role)
		}
		return to, nil
	})
}

// Remove takes a member out of an app: an administrator another one, or anybody
// themselves. Codes: conflict for the last administrator.
func (s *Members) Remove(ctx context.Context, actor models.Actor, appID, userID string) error {
	return s.set(ctx, actor, appID, userID, func(f models.MemberFacts) (models.Role, error) {
		return models.RoleNone, models.MayChangeMember(f, models.RoleNone).Err()
	})
}

// set decides and stores the role of a member. Who is no administrator any more has
// no open invitations either.
func (s *Members) set(ctx context.Context, actor models.Actor, appID, userID string, decide func(models.MemberFacts) (models.Role, error)) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		f, err := memberFacts(ctx, tx, actor, appID, userID)
		if err != nil {
			return err
		}
		to, err := decide(f)
		if err != nil || to == f.Role {
			return err
		}
		user, err := tx.Users.ByID(ctx, userID)
		if err != nil {
			return err
		}
		c := change{Action: models.AuditMemberChanged, AppID: appID, Subject: user.Username, Before: roleState(f.Role), After: roleState(to)}
		if to == models.RoleNone {
			c.Action, c.After = models.AuditMemberRemoved, nil
			err = tx.Users.RemoveMembership(ctx, userID, appID)
		} else {
			err = tx.Users.SetMembership(ctx, models.Membership{UserID: userID, AppID: appID, Role: to})
		}
		if err != nil {
			return err
		}
		if to < models.RoleAdmin {
			if err := tx.Invitations.RevokeOf(ctx, appID, userID, s.now()); err != nil {
				return err
			}
		}
		return record(ctx, tx, actor, s.now(), c)
	})
}

func memberFacts(ctx context.Context, tx *store.Store, actor models.Actor, appID, userID string) (models.MemberFacts, error) {
	place, err := standing(ctx, tx, actor, appID)
	if err != nil {
		return models.MemberFacts{}, err
	}
	if err := models.MaySeeMembers(place).Err(); err != nil {
		return models.MemberFacts{}, err
	}
	f := models.MemberFacts{Standing: place, UserID: userID}
	if f.Role, err = tx.Users.Role(ctx, userID, appID); err != nil {
		return f, err
	}
	if f.Admins, err = tx.Users.CountAdmins(ctx, appID); err != nil || f.Role == models.RoleNone {
		return f, err
	}
	user, err := tx.Users.ByID(ctx, userID)
	f.Disabled = !models.MaySignIn(user).Allowed
	return f, err
}
