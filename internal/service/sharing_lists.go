package service

import (
	"context"
	"time"

	"envshare/models"
)

// ListedShare is a share with what a list shows beside it.
type ListedShare struct {
	Share models.Share
	// Other is the app on the other side: the grantee of an outgoing share, the
	// owner of an incoming one.
	Other          models.App
	OtherActivated bool
	Environments   map[string]models.Environment
	Status         models.ShareStatus
	Usage          models.ShareUsage
	// Days is the use on each of the last 30 days, oldest first.
	Days []models.UseDay
	// MayManage decides whether the actor may edit, pause, resume or remove the
	// share for the owner, MayLeave whether they may leave it for the grantee.
	MayManage, MayLeave models.Decision
	// AuthMissing are the environments without cloudbase_auth, which the other side
	// cannot get into, with the decision whether the actor may create it; only of a
	// share that is shown alone.
	AuthMissing map[string]models.Decision
}

// ShareList is one page of shares and how many there are in both directions.
type ShareList struct {
	Shares                       []ListedShare
	TotalOutgoing, TotalIncoming int64
	// Calls7Days and Denied7Days count all shares of the listed direction, not
	// those of the page alone.
	Calls7Days, Denied7Days int64
	// CallsBefore counts the calls of the seven days before.
	CallsBefore int64
	MayShare    models.Decision // add, edit, pause, resume, remove
	MayLeave    models.Decision
	// Counts is how many shares of the listed direction the filter finds, by state,
	// Page the page that Shares is: the last one where a later one was asked for.
	Counts models.ShareCounts
	Page   models.PageRequest
}

// Outgoing lists what an app lends, newest first. Members may call it.
func (s *Sharing) Outgoing(ctx context.Context, actor models.Actor, appID string, page models.PageRequest) (ShareList, error) {
	return s.Search(ctx, actor, appID, false, models.ShareFilter{}, page)
}

// Incoming lists what an app borrows, newest first. Members may call it.
func (s *Sharing) Incoming(ctx context.Context, actor models.Actor, appID string, page models.PageRequest) (ShareList, error) {
	return s.Search(ctx, actor, appID, true, models.ShareFilter{}, page)
}

// listed loads names for shares of an app, of one direction, with a fixed number
// of queries.
func (s *Sharing) listed(ctx context.Context, place models.Standing, appID string, shares []models.Share) ([]ListedShare, error) {
	used, err := s.usage(ctx, shares)
	if err != nil {
		return nil, err
	}
	var others, environmentIDs []string
	for _, share := range shares {
		other := share.GranteeAppID
		if share.GranteeAppID == appID {
			other = share.OwnerAppID
		}
		others = append(others, other)
		for _, g := range share.Grants {
			environmentIDs = append(environmentIDs, g.EnvironmentID)
		}
	}
	apps, err := s.store.Apps.ByIDs(ctx, others)
	if err != nil {
		return nil, err
	}
	owned, err := s.store.Environments.OldestOf(ctx, others)
	if err != nil {
		return nil, err
	}
	environments, err := s.store.Environments.ByIDs(ctx, environmentIDs)
	if err != nil {
		return nil, err
	}
	activated := map[string]bool{}
	for _, e := range owned {
		activated[e.AppID] = true
	}
	out := make([]ListedShare, 0, len(shares))
	for i, share := range shares {
		out = append(out, ListedShare{
			Share: share, Other: apps[others[i]], OtherActivated: activated[others[i]],
			Environments: environments, Status: share.Status(s.now()), Usage: used.of(share.ID, s.now()), Days: used.days(share.ID, s.now()),
			MayManage: models.MayManageShare(place, share, appID), MayLeave: models.MayLeaveShare(place, share, appID),
		})
	}
	return out, nil
}

// Get returns a share of an app, in either direction, with its use. Members of
// either side may call it.
func (s *Sharing) Get(ctx context.Context, actor models.Actor, appID, shareID string) (ListedShare, error) {
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil {
		return ListedShare{}, err
	}
	if err := models.MaySeeShares(place).Err(); err != nil {
		return ListedShare{}, err
	}
	share, err := s.store.Shares.ByID(ctx, appID, shareID)
	if err != nil {
		return ListedShare{}, err
	}
	listed, err := s.listed(ctx, place, appID, []models.Share{share})
	if err != nil {
		return ListedShare{}, err
	}
	listed[0].AuthMissing, err = s.authMissing(ctx, place, appID, listed[0])
	return listed[0], err
}

// authMissing looks for environments of a share without cloudbase_auth. A borrower is
// told while it can open them.
func (s *Sharing) authMissing(ctx context.Context, place models.Standing, appID string, l ListedShare) (map[string]models.Decision, error) {
	if l.Status == models.ShareExpired || l.Share.OwnerAppID != appID && l.Status != models.ShareActive {
		return nil, nil
	}
	ids := make([]string, len(l.Share.Grants))
	for i, g := range l.Share.Grants {
		ids[i] = g.EnvironmentID
	}
	deployed, err := s.store.Functions.Names(ctx, models.AuthFunction, ids)
	if err != nil {
		return nil, err
	}
	missing := map[string]models.Decision{}
	for _, id := range ids {
		if deployed[id] {
			continue
		}
		view := models.EnvironmentView{Environment: l.Environments[id], Through: models.App{AppID: appID}, Share: &l.Share}
		missing[id] = models.MayChangeFunction(place, view, models.AuthFunction, s.now())
	}
	return missing, nil
}

// OfferedEnvironment is an environment that an app can share.
type OfferedEnvironment struct {
	models.Environment
	// AuthDeployed tells whether it has cloudbase_auth.
	AuthDeployed bool
}

// Offered returns the environments that an app can share, its own (S3), oldest
// first. Its administrators may call it while sharing is on.
func (s *Sharing) Offered(ctx context.Context, actor models.Actor, appID string) ([]OfferedEnvironment, error) {
	place, facts, err := s.facts(ctx, s.store, actor, appID)
	if err != nil {
		return nil, err
	}
	if err := mayShareAny(place, facts, s.now()).Err(); err != nil {
		return nil, err
	}
	own, err := s.store.Environments.OwnedBy(ctx, appID)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(own))
	for i, e := range own {
		ids[i] = e.ID
	}
	deployed, err := s.store.Functions.Names(ctx, models.AuthFunction, ids)
	if err != nil {
		return nil, err
	}
	out := make([]OfferedEnvironment, len(own))
	for i, e := range own {
		out[i] = OfferedEnvironment{e, deployed[e.ID]}
	}
	return out, nil
}

// mayShareAny decides whether the actor may share environments of an app with some
// app of its principal.
func mayShareAny(place models.Standing, owner models.AppFacts, now time.Time) models.Decision {
	return models.MayShare(models.ShareFacts{Standing: place, Owner: owner, Grantee: &models.App{PrincipalID: owner.App.PrincipalID}}, now)
}
