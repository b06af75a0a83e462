package service

import (
	"context"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// Sharing lends environments to other apps (DESIGN.md section 2).
type Sharing struct {
	base
	recorder *recorder
}

// Enable turns environment sharing on for an app (S1). Its administrators may
// call it; turning it on twice is fine.
func (s *Sharing) Enable(ctx context.Context, actor models.Actor, appID string) error {
	return s.change(ctx, func(tx *store.Store) error {
		place, facts, err := s.facts(ctx, tx, actor, appID)
		if err != nil {
			return err
		}
		if err := models.MayEnableSharing(place, facts, s.now()).Err(); err != nil {
			return err
		}
		if facts.App.Sharing {
			return nil
		}
		if err := tx.Apps.SetSharing(ctx, appID, true); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), sharingChange(models.AuditSharingEnabled, appID))
	})
}

// Disable turns environment sharing off and ends all outgoing shares; with any
// of them, confirmed must be set (S13), else it is a conflict. Administrators of
// the app may call it.
func (s *Sharing) Disable(ctx context.Context, actor models.Actor, appID string, confirmed bool) error {
	return s.change(ctx, func(tx *store.Store) error {
		place, facts, err := s.facts(ctx, tx, actor, appID)
		if err != nil {
			return err
		}
		outgoing, err := tx.Shares.AllOutgoing(ctx, appID)
		if err != nil {
			return err
		}
		if err := models.MayDisableSharing(place, facts, len(outgoing), confirmed).Err(); err != nil {
			return err
		}
		for _, share := range outgoing {
			if err := s.end(ctx, tx, actor, share, models.AuditShareRemoved); err != nil {
				return err
			}
		}
		if err := tx.Apps.SetSharing(ctx, appID, false); err != nil {
			return err
		}
		return record(ctx, tx, actor, s.now(), sharingChange(models.AuditSharingDisabled, appID))
	})
}

// facts loads the actor's place in an app and the app's facts; for strangers the
// app is not found.
func (s *Sharing) facts(ctx context.Context, tx *store.Store, actor models.Actor, appID string) (models.Standing, models.AppFacts, error) {
	place, err := standing(ctx, tx, actor, appID)
	if err != nil {
		return models.Standing{}, models.AppFacts{}, err
	}
	if err := models.MaySeeApp(place).Err(); err != nil {
		return models.Standing{}, models.AppFacts{}, err
	}
	facts, err := s.appFacts(ctx, tx, appID)
	return place, facts, err
}

// Lookup is what the form of a share shows of an AppID.
type Lookup struct {
	App       models.App
	Principal models.Principal
	Activated bool
	// Existing is the share that is already there for the pair, nil for none.
	Existing *models.Share
	// Allowed says whether the app may be given a share, and why not. App is
	// filled for apps of the same principal only.
	Allowed models.Decision
}

// Lookup finds the app that a share is to be given to (S2). Administrators of
// the owner app may call it. An AppID of nobody is no error: Allowed says it.
func (s *Sharing) Lookup(ctx context.Context, actor models.Actor, ownerAppID, granteeAppID string) (Lookup, error) {
	place, owner, err := s.facts(ctx, s.store, actor, ownerAppID)
	if err != nil {
		return Lookup{}, err
	}
	if err := models.MayShare(models.ShareFacts{Standing: place, Owner: owner, Grantee: &models.App{
		AppID: granteeAppID, PrincipalID: owner.App.PrincipalID,
	}}, s.now()).Err(); err != nil && models.CodeOf(err) != models.CodeInvalid {
		return Lookup{}, err
	}
	grantee, err := optionalApp(ctx, s.store, granteeAppID)
	if err != nil {
		return Lookup{}, err
	}
	allowed := models.CheckGrantee(owner.App, grantee)
	if !allowed.Allowed {
		return Lookup{Allowed: allowed}, nil
	}
	return s.lookedUp(ctx, owner.App, *grantee)
}

func (s *Sharing) lookedUp(ctx context.Context, owner, grantee models.App) (Lookup, error) {
	principal, err := s.store.Principals.ByID(ctx, grantee.PrincipalID)
	if err != nil {
		return Lookup{}, err
	}
	environments, err := s.store.Environments.OwnedBy(ctx, grantee.AppID)
	if err != nil {
		return Lookup{}, err
	}
	found := Lookup{App: grantee, Principal: principal, Activated: len(environments) > 0, Allowed: models.Allow()}
	existing, err := s.store.Shares.Between(ctx, owner.AppID, grantee.AppID)
	switch {
	case err == nil:
		found.Existing = &existing
	case !models.IsCode(err, models.CodeNotFound):
		return Lookup{}, err
	}
	return found, nil
}

// optionalApp returns an app, nil when there is none.
func optionalApp(ctx context.Context, tx *store.Store, appID string) (*models.App, error) {
	app, err := tx.Apps.ByID(ctx, appID)
	if models.IsCode(err, models.CodeNotFound) {
		return nil, nil
	}
	return &app, err
}

// ShareInput is the form of a share.
type ShareInput struct {
	GranteeAppID string
	Until        *time.Time
	Note         string
	Grants       []models.Grant // ids are ignored
	// Version is what the form was opened on; 0 to add or to replace whatever
	// is there. An older version than the stored one is a conflict.
	Version int
}

// Share lends environments of an app to another app, or changes the share that
// is there for the pair (S6). Administrators of the owner app may call it.
// Field errors to, env, perm.<environment>, until, note; conflict when sharing
// is off or the share changed meanwhile.
func (s *Sharing) Share(ctx context.Context, actor models.Actor, ownerAppID string, in ShareInput) (models.Share, error) {
	var saved models.Share
	save := func(tx *store.Store) error {
		var err error
		saved, err = s.save(ctx, tx, actor, ownerAppID, in)
		return err
	}
	err := s.change(ctx, save)
	if models.MsgOf(err).Key == "error.exists" {
		// On PostgreSQL somebody shared to the same app at the same moment: now
		// there is a share to edit.
		err = s.change(ctx, save)
	}
	return saved, err
}

func (s *Sharing) save(ctx context.Context, tx *store.Store, actor models.Actor, ownerAppID string, in ShareInput) (models.Share, error) {
	place, owner, err := s.facts(ctx, tx, actor, ownerAppID)
	if err != nil {
		return models.Share{}, err
	}
	grantee, err := optionalApp(ctx, tx, in.GranteeAppID)
	if err != nil {
		return models.Share{}, err
	}
	environments, err := environmentOwners(ctx, tx, in.Grants)
	if err != nil {
		return models.Share{}, err
	}
	decision := models.MayShare(models.ShareFacts{Standing: place, Owner: owner, Grantee: grantee, Environments: environments}, s.now())
	if err := shareFieldError(decision); err != nil {
		return models.Share{}, err
	}
	share := models.Share{OwnerAppID: ownerAppID, GranteeAppID: in.GranteeAppID, Until: in.Until, Note: in.Note, Grants: in.Grants}
	if err := share.Validate(s.now()); err != nil {
		return models.Share{}, err
	}
	existing, err := tx.Shares.Between(ctx, ownerAppID, in.GranteeAppID)
	if models.IsCode(err, models.CodeNotFound) {
		if in.Version != 0 {
			return models.Share{}, models.E(models.CodeConflict, "error.share_ended_meanwhile")
		}
		return s.insert(ctx, tx, actor, share)
	}
	if err != nil {
		return models.Share{}, err
	}
	if in.Version != 0 && in.Version != existing.Version {
		return models.Share{}, models.E(models.CodeConflict, "error.share_changed_meanwhile")
	}
	return s.update(ctx, tx, actor, existing, share, models.AuditShareChanged)
}

// shareFieldError puts a refusal of MayShare beside the field that causes it.
func shareFieldError(d models.Decision) error {
	if d.Allowed || d.Code != models.CodeInvalid {
		return d.Err()
	}
	field := "to"
	if d.Msg.Key == "error.environment_not_own" {
		field = "env"
	}
	return &models.Error{Code: d.Code, Msg: d.Msg, Fields: models.Fields{field: d.Msg}}
}

// environmentOwners maps every environment of the grants to its owner, "" for
// one that does not exist.
func environmentOwners(ctx context.Context, tx *store.Store, grants []models.Grant) (map[string]string, error) {
	ids := make([]string, 0, len(grants))
	for _, g := range grants {
		ids = append(ids, g.EnvironmentID)
	}
	owners, err := tx.Environments.Owners(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if _, ok := owners[id]; !ok {
			owners[id] = ""
		}
	}
	return owners, nil
}

func (s *Sharing) insert(ctx context.Context, tx *store.Store, actor models.Actor, share models.Share) (models.Share, error) {
	now := s.now()
	share.ID, share.Version, share.CreatedAt, share.UpdatedAt = newID(), 1, now, now
	for i := range share.Grants {
		share.Grants[i].ID = newID()
	}
	grantee, err := s.appFacts(ctx, tx, share.GranteeAppID)
	if err != nil {
		return models.Share{}, err
	}
	if err := tx.Shares.Insert(ctx, share); err != nil {
		return models.Share{}, err
	}
	if sharing := models.SharingAfterIncoming(grantee); sharing != grantee.App.Sharing {
		if err := tx.Apps.SetSharing(ctx, share.GranteeAppID, sharing); err != nil {
			return models.Share{}, err
		}
		on := sharingChange(models.AuditSharingEnabled, share.GranteeAppID)
		if err := record(ctx, tx, actor, now, on); err != nil {
			return models.Share{}, err
		}
	}
	return share, recordShare(ctx, tx, actor, now, models.AuditShareCreated, nil, &share)
}

// update stores next as the new state of existing. An environment that stays
// keeps its grant's id, so that sessions opened under it go on; one that was
// taken out and comes back later gets a new one.
func (s *Sharing) update(ctx context.Context, tx *store.Store, actor models.Actor, existing, next models.Share, action models.AuditAction) (models.Share, error) {
	next.ID, next.CreatedAt, next.UpdatedAt = existing.ID, existing.CreatedAt, s.now()
	next.Version = existing.Version + 1
	if action == models.AuditShareChanged {
		next.PausedAt = existing.PausedAt
	}
	for i, g := range next.Grants {
		next.Grants[i].ID = newID()
		if old, ok := existing.Grant(g.EnvironmentID); ok {
			next.Grants[i].ID = old.ID
		}
	}
	if err := tx.Shares.Update(ctx, next); err != nil {
		return models.Share{}, err
	}
	return next, recordShare(ctx, tx, actor, s.now(), action, &existing, &next)
}

func recordShare(ctx context.Context, tx *store.Store, actor models.Actor, now time.Time, action models.AuditAction, before, after *models.Share) error {
	c := change{Action: action}
	for _, share := range []*models.Share{before, after} {
		if share != nil {
			c.AppID, c.OtherAppID, c.Subject = share.OwnerAppID, share.GranteeAppID, share.ID
		}
	}
	if before != nil {
		c.Before = shareState(*before)
	}
	if after != nil {
		c.After = shareState(*after)
	}
	return record(ctx, tx, actor, now, c)
}

// managed loads an outgoing share that the actor may manage.
func (s *Sharing) managed(ctx context.Context, tx *store.Store, actor models.Actor, appID, shareID string) (models.Share, error) {
	place, err := standing(ctx, tx, actor, appID)
	if err != nil {
		return models.Share{}, err
	}
	if err := models.MaySeeShares(place).Err(); err != nil {
		return models.Share{}, err
	}
	share, err := tx.Shares.ByID(ctx, appID, shareID)
	if err != nil {
		return models.Share{}, err
	}
	return share, models.MayManageShare(place, share, appID).Err()
}
