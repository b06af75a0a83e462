package service

import (
	"context"
	"time"

	"envshare/internal/store"
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
}

// ShareList is one page of shares and how many there are in both directions.
type ShareList struct {
	Shares                       []ListedShare
	TotalOutgoing, TotalIncoming int64
	MayShare                     models.Decision // add, edit, pause, resume, remove
	MayLeave                     models.Decision
}

// Outgoing lists what an app lends, newest first. Members may call it.
func (s *Sharing) Outgoing(ctx context.Context, actor models.Actor, appID string, page models.PageRequest) (ShareList, error) {
	return s.list(ctx, actor, appID, page, false)
}

// Incoming lists what an app borrows, newest first. Members may call it.
func (s *Sharing) Incoming(ctx context.Context, actor models.Actor, appID string, page models.PageRequest) (ShareList, error) {
	return s.list(ctx, actor, appID, page, true)
}

func (s *Sharing) list(ctx context.Context, actor models.Actor, appID string, page models.PageRequest, incoming bool) (ShareList, error) {
	place, facts, err := s.facts(ctx, s.store, actor, appID)
	if err != nil {
		return ShareList{}, err
	}
	if err := models.MayOpenConsole(place, facts, s.now()).Err(); err != nil {
		return ShareList{}, err
	}
	out := ShareList{
		MayShare: models.MayShare(models.ShareFacts{Standing: place, Owner: facts, Grantee: &models.App{
			PrincipalID: facts.App.PrincipalID,
		}}, s.now()),
		MayLeave: models.MayCreateEnvironment(place),
	}
	one := models.PageRequest{Page: 1, Size: 1}
	shares, total, err := s.store.Shares.Outgoing(ctx, appID, page)
	other := s.store.Shares.Incoming
	if incoming {
		shares, total, err = s.store.Shares.Incoming(ctx, appID, page)
		other = s.store.Shares.Outgoing
	}
	if err != nil {
		return ShareList{}, err
	}
	_, rest, err := other(ctx, appID, one)
	if err != nil {
		return ShareList{}, err
	}
	out.TotalOutgoing, out.TotalIncoming = total, rest
	if incoming {
		out.TotalOutgoing, out.TotalIncoming = rest, total
	}
	out.Shares, err = s.listed(ctx, shares, incoming)
	return out, err
}

// listed loads names and usage for shares with a fixed number of queries.
func (s *Sharing) listed(ctx context.Context, shares []models.Share, incoming bool) ([]ListedShare, error) {
	var others, grantees, environmentIDs []string
	for _, share := range shares {
		other := share.GranteeAppID
		if incoming {
			other = share.OwnerAppID
		}
		others = append(others, other)
		grantees = append(grantees, share.GranteeAppID)
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
	usage, err := s.usage(ctx, environmentIDs, grantees)
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
			Environments: environments, Status: share.Status(s.now()), Usage: usageOf(share, usage, s.now()),
		})
	}
	return out, nil
}

// usageDays is how far back the use of a share is counted (S15).
const usageDays = 30

func (s *Sharing) usage(ctx context.Context, environmentIDs, callers []string) ([]store.UsageDay, error) {
	if err := s.recorder.flush(ctx); err != nil {
		return nil, err
	}
	since := s.now().AddDate(0, 0, -usageDays+1).Format(time.DateOnly)
	return s.store.Usage.Since(ctx, since, environmentIDs, callers)
}

// usageOf adds up what the grantee of a share called in its environments.
func usageOf(share models.Share, days []store.UsageDay, now time.Time) models.ShareUsage {
	week := now.AddDate(0, 0, -6).Format(time.DateOnly)
	var u models.ShareUsage
	for _, day := range days {
		if _, ok := share.Grant(day.EnvironmentID); !ok || day.CallerAppID != share.GranteeAppID {
			continue
		}
		u.Calls30Days += day.Calls
		if day.Day >= week {
			u.Calls7Days += day.Calls
			u.Denied7Days += day.Denied
		}
		if day.LastAt != nil && (u.LastCallAt == nil || day.LastAt.After(*u.LastCallAt)) {
			u.LastCallAt = day.LastAt
		}
	}
	return u
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
	listed, err := s.listed(ctx, []models.Share{share}, share.GranteeAppID == appID)
	if err != nil {
		return ListedShare{}, err
	}
	return listed[0], nil
}

// AuthFunctionDeployed tells which of an app's own environments have
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
	return s.store.Functions.Names(ctx, models.AuthFunction, ids)
}
