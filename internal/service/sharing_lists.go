package service

import (
	"context"

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
}

// ShareList is one page of shares and how many there are in both directions.
type ShareList struct {
	Shares                       []ListedShare
	TotalOutgoing, TotalIncoming int64
	// Calls7Days and Denied7Days count all shares of the listed direction, not
	// those of the page alone.
	Calls7Days, Denied7Days int64
	MayShare                models.Decision // add, edit, pause, resume, remove
	MayLeave                models.Decision
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
	owned, err := s.store.Environments.OwnedByAny(ctx, others)
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
	return listed[0], nil
}

// AuthFunctionDeployed tells which environments that an app owns or borrows have
// cloudbase_auth. Members may call it.
func (s *Sharing) AuthFunctionDeployed(ctx context.Context, actor models.Actor, appID string) (map[string]bool, error) {
	_, facts, err := s.facts(ctx, s.store, actor, appID)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(facts.OwnEnvironments))
	for _, e := range facts.OwnEnvironments {
		ids = append(ids, e.ID)
	}
	for _, share := range facts.Incoming {
		if share.Status(s.now()) == models.ShareActive {
			for _, g := range share.Grants {
				ids = append(ids, g.EnvironmentID)
			}
		}
	}
	return s.store.Functions.Names(ctx, models.AuthFunction, ids)
}
