package service

import (
	"context"
	"slices"
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
	all := facts.Incoming
	if !incoming {
		if all, err = s.store.Shares.AllOutgoing(ctx, appID); err != nil {
			return ShareList{}, err
		}
	}
	used, err := s.usage(ctx, all)
	if err != nil {
		return ShareList{}, err
	}
	for _, share := range all {
		u := used.of(share, s.now())
		out.Calls7Days += u.Calls7Days
		out.Denied7Days += u.Denied7Days
	}
	out.Shares, err = s.listed(ctx, place, appID, shares, used)
	return out, err
}

// listed loads names for shares of an app, of one direction, with a fixed number
// of queries.
func (s *Sharing) listed(ctx context.Context, place models.Standing, appID string, shares []models.Share, used usage) ([]ListedShare, error) {
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
			Environments: environments, Status: share.Status(s.now()), Usage: used.of(share, s.now()),
			MayManage: models.MayManageShare(place, share, appID), MayLeave: models.MayLeaveShare(place, share, appID),
		})
	}
	return out, nil
}

// usageDays is how far back the use of a share is counted (S15).
const usageDays = 30

// pair is an app that calls in an environment.
type pair struct{ callerAppID, environmentID string }

// usage is what apps called in environments, by day.
type usage map[pair][]store.UsageDay

// usage loads the use of shares, with one query for all of them.
func (s *Sharing) usage(ctx context.Context, shares []models.Share) (usage, error) {
	if err := s.recorder.flush(ctx); err != nil {
		return nil, err
	}
	var grantees, environmentIDs []string
	for _, share := range shares {
		grantees = append(grantees, share.GranteeAppID)
		for _, g := range share.Grants {
			environmentIDs = append(environmentIDs, g.EnvironmentID)
		}
	}
	slices.Sort(grantees)
	slices.Sort(environmentIDs)
	since := s.now().AddDate(0, 0, -usageDays+1).Format(time.DateOnly)
	days, err := s.store.Usage.Since(ctx, since, slices.Compact(environmentIDs), slices.Compact(grantees))
	if err != nil {
		return nil, err
	}
	used := usage{}
	for _, day := range days {
		key := pair{day.CallerAppID, day.EnvironmentID}
		used[key] = append(used[key], day)
	}
	return used, nil
}

// of adds up what the grantee of a share called in its environments.
func (u usage) of(share models.Share, now time.Time) models.ShareUsage {
	week := now.AddDate(0, 0, -6).Format(time.DateOnly)
	var sum models.ShareUsage
	for _, g := range share.Grants {
		for _, day := range u[pair{share.GranteeAppID, g.EnvironmentID}] {
			sum.Calls30Days += day.Calls
			if day.Day >= week {
				sum.Calls7Days += day.Calls
				sum.Denied7Days += day.Denied
			}
			if day.LastAt != nil && (sum.LastCallAt == nil || day.LastAt.After(*sum.LastCallAt)) {
				sum.LastCallAt = day.LastAt
			}
		}
	}
	return sum
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
	shares := []models.Share{share}
	used, err := s.usage(ctx, shares)
	if err != nil {
		return ListedShare{}, err
	}
	listed, err := s.listed(ctx, place, appID, shares, used)
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
