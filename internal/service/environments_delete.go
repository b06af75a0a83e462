package service

import (
	"context"
	"slices"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// EnvironmentImpact is what the deletion of an environment ends.
type EnvironmentImpact struct {
	Environment models.Environment
	// Shares are those that name the environment, with what was called in it alone.
	Shares []EndingShare
	// Usage is what other apps called in it.
	Usage models.ShareUsage
	store.EnvironmentContents
	Collections int
	Documents   int64
	// Last says that the app owns no other environment.
	Last bool
	// Until is the end of the time in which it could be restored.
	Until time.Time
}

// EndingShare is a share that loses an environment, or ends with it.
type EndingShare struct {
	ListedShare
	// Ends says that the share lends nothing else.
	Ends bool
}

// Impact returns what the deletion of an environment would end. Administrators of
// its own app may call it.
func (s *Environments) Impact(ctx context.Context, actor models.Actor, appID, env string) (EnvironmentImpact, error) {
	e, err := s.configurable(ctx, s.store, actor, appID, env)
	if err != nil {
		return EnvironmentImpact{}, err
	}
	own, err := s.store.Environments.OwnedBy(ctx, appID)
	if err != nil {
		return EnvironmentImpact{}, err
	}
	out := EnvironmentImpact{Environment: e, Last: len(own) == 1, Until: s.now().Add(s.grace)}
	if out.EnvironmentContents, err = s.store.Environments.Contents(ctx, env, s.now()); err != nil {
		return EnvironmentImpact{}, err
	}
	if err := s.countDocuments(ctx, env, &out); err != nil {
		return EnvironmentImpact{}, err
	}
	return out, s.endingShares(ctx, actor, appID, &out)
}

func (s *Environments) countDocuments(ctx context.Context, env string, out *EnvironmentImpact) error {
	collections, err := s.documents.db.Collections(ctx, env)
	if err != nil {
		return err
	}
	out.Collections = len(collections)
	for _, c := range collections {
		n, err := s.documents.db.Count(ctx, env, c.Name, "", nil)
		if err != nil && !models.IsCode(err, models.CodeCollectionUnknown) {
			return err
		}
		out.Documents += n
	}
	return nil
}

func (s *Environments) endingShares(ctx context.Context, actor models.Actor, appID string, out *EnvironmentImpact) error {
	env := out.Environment.ID
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil {
		return err
	}
	all, err := s.store.Shares.AllOutgoing(ctx, appID)
	if err != nil {
		return err
	}
	shares := slices.DeleteFunc(all, func(share models.Share) bool { _, ok := share.Grant(env); return !ok })
	ends := make([]bool, len(shares))
	for i := range shares {
		ends[i] = len(shares[i].Grants) == 1
		g, _ := shares[i].Grant(env)
		shares[i].Grants = []models.Grant{g} // what was called in the others is not lost
	}
	listed, err := s.sharing.listed(ctx, place, appID, shares)
	if err != nil {
		return err
	}
	for i, l := range listed {
		out.Shares = append(out.Shares, EndingShare{ListedShare: l, Ends: ends[i]})
		out.Usage.Calls7Days += l.Usage.Calls7Days
		out.Usage.Calls30Days += l.Usage.Calls30Days
		if at := l.Usage.LastCallAt; at != nil && (out.Usage.LastCallAt == nil || at.After(*out.Usage.LastCallAt)) {
			out.Usage.LastCallAt = at
		}
	}
	return nil
}

// Delete makes an environment disappear for everybody, at once: its shares end,
// its functions stop, nobody is let in any more. What it holds is kept for a while,
// in which Restore brings it back. typed must be its id. Administrators of its own
// app may call it. Field error: confirm.
func (s *Environments) Delete(ctx context.Context, actor models.Actor, appID, env, typed string) error {
	_, err := s.DeleteFrom(ctx, actor, appID, env, typed)
	return err
}

// DeleteFrom is Delete, and decides whether the actor may open the app's console
// after it: not where it was the app's last environment.
func (s *Environments) DeleteFrom(ctx context.Context, actor models.Actor, appID, env, typed string) (models.Decision, error) {
	var open models.Decision
	err := s.change(ctx, func(tx *store.Store) error {
		e, err := s.configurable(ctx, tx, actor, appID, env)
		if err != nil {
			return err
		}
		if typed != env {
			return models.Fields{"confirm": models.M("error.environment_typed", "environment", env)}.Err()
		}
		if err := s.delete(ctx, tx, actor, e); err != nil {
			return err
		}
		place, facts, err := entryOf(ctx, tx, actor, appID, 1, s.now())
		open = models.MayOpenConsole(place, facts, s.now())
		return err
	})
	if err == nil {
		s.stop(env)
		s.sweeper.hurry() // where nothing is kept
	}
	return open, err
}

func (s *Environments) delete(ctx context.Context, tx *store.Store, actor models.Actor, e models.Environment) error {
	now := s.now()
	if err := tx.Environments.Delete(ctx, e.ID, actor.Username, now); err != nil {
		return err
	}
	if err := s.withdraw(ctx, tx, actor, e); err != nil {
		return err
	}
	if err := tx.Clients.DropVerdictsOf(ctx, e.ID); err != nil {
		return err
	}
	if err := tx.Credentials.RevokeOf(ctx, e.ID, now); err != nil {
		return err
	}
	if err := tx.Transfers.CancelOf(ctx, e.ID, now); err != nil {
		return err
	}
	err := record(ctx, tx, actor, now, change{
		Action: models.AuditEnvironmentDeleted, AppID: e.AppID, EnvironmentID: e.ID, Subject: e.ID, Before: map[string]any{"name": e.Name},
	})
	if err != nil {
		return err
	}
	return s.settleSharing(ctx, tx, actor, e.AppID)
}

// withdraw takes an environment out of all shares; one that lends nothing else
// ends.
func (s *Environments) withdraw(ctx context.Context, tx *store.Store, actor models.Actor, e models.Environment) error {
	shares, err := tx.Shares.AllOutgoing(ctx, e.AppID)
	if err != nil {
		return err
	}
	for _, share := range shares {
		if _, ok := share.Grant(e.ID); !ok {
			continue
		}
		next := share
		next.Grants = slices.DeleteFunc(slices.Clone(share.Grants), func(g models.Grant) bool { return g.EnvironmentID == e.ID })
		if len(next.Grants) == 0 {
			err = s.sharing.end(ctx, tx, actor, share, models.AuditShareRemoved)
		} else {
			_, err = s.sharing.update(ctx, tx, actor, share, next, models.AuditShareChanged)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settleSharing stores what sharing is for an app that lost an environment (S11).
func (s *Environments) settleSharing(ctx context.Context, tx *store.Store, actor models.Actor, appID string) error {
	facts, err := s.appFacts(ctx, tx, appID)
	if err != nil {
		return err
	}
	return s.setSharing(ctx, tx, actor, facts.App, models.SharingAfterDeletion(facts, s.now()))
}

// setSharing stores and records whether sharing is on, where that changes.
func (b base) setSharing(ctx context.Context, tx *store.Store, actor models.Actor, app models.App, on bool) error {
	if on == app.Sharing {
		return nil
	}
	if err := tx.Apps.SetSharing(ctx, app.AppID, on); err != nil {
		return err
	}
	action := models.AuditSharingDisabled
	if on {
		action = models.AuditSharingEnabled
	}
	return record(ctx, tx, actor, b.now(), change{Action: action, AppID: app.AppID, Subject: app.AppID})
}

// stop ends what still runs in an environment on this node. Other nodes refuse the
// next call, and their idle workers end by themselves.
func (s *Environments) stop(env string) {
	if s.runner != nil {
		s.runner.Evict(env)
	}
	s.documents.db.Interrupt(env)
	s.transfers.stopOf(env)
}
