package service

import (
	"context"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// Search lists what an app lends, or with incoming what it borrows, as far as a
// filter finds it. The number of queries does not depend on the number of shares.
// Members may call it.
func (s *Sharing) Search(ctx context.Context, actor models.Actor, appID string, incoming bool, filter models.ShareFilter, page models.PageRequest) (ShareList, error) {
	place, facts, err := s.facts(ctx, s.store, actor, appID)
	if err != nil {
		return ShareList{}, err
	}
	if err := models.MayOpenConsole(place, facts, s.now()).Err(); err != nil {
		return ShareList{}, err
	}
	out := ShareList{
		MayShare: mayShareAny(place, facts, s.now()),
		MayLeave: models.MayLeaveShares(place),
	}
	if err := s.recorder.flush(ctx); err != nil {
		return ShareList{}, err
	}
	if err := s.totals(ctx, appID, incoming, &out); err != nil {
		return ShareList{}, err
	}
	search := store.ShareSearch{AppID: appID, Incoming: incoming, Filter: filter.Clean(), Now: s.now(), Week: s.daysAgo(weekDays)}
	if out.Counts, err = s.store.Shares.Count(ctx, search); err != nil {
		return ShareList{}, err
	}
	out.Page = page.Within(out.Counts.In(search.Filter.State))
	shares, err := s.store.Shares.Find(ctx, search, out.Page)
	if err != nil {
		return ShareList{}, err
	}
	out.Shares, err = s.listed(ctx, place, appID, shares)
	return out, err
}

// totals counts the shares of both directions, and the use of the listed one.
func (s *Sharing) totals(ctx context.Context, appID string, incoming bool, out *ShareList) error {
	var err error
	if out.TotalOutgoing, out.TotalIncoming, err = s.store.Shares.Totals(ctx, appID); err != nil {
		return err
	}
	week, err := s.store.Usage.SharedCalls(ctx, appID, incoming, s.daysAgo(2*weekDays), s.daysAgo(weekDays))
	out.Calls7Days, out.Denied7Days, out.CallsBefore = week.Calls, week.Denied, week.Before
	return err
}

// usageDays is how far back the use of a share is counted, weekDays the shorter
// span beside it (S15).
const (
	usageDays = 30
	weekDays  = 7
)

// daysAgo is the first of the last n days, today the last one.
func (s *Sharing) daysAgo(n int) string { return s.now().AddDate(0, 0, 1-n).Format(time.DateOnly) }

// usage is what was called through shares, by share, oldest first.
type usage map[string][]store.ShareDay

// usage loads the use of shares in the environments of their grants, with one query
// for all of them.
func (s *Sharing) usage(ctx context.Context, shares []models.Share) (usage, error) {
	if err := s.recorder.flush(ctx); err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(shares))
	byID := make(map[string]models.Share, len(shares))
	for _, share := range shares {
		ids = append(ids, share.ID)
		byID[share.ID] = share
	}
	days, err := s.store.Usage.OfShares(ctx, s.daysAgo(usageDays), ids)
	if err != nil {
		return nil, err
	}
	used := usage{}
	for _, day := range days {
		if _, granted := byID[day.ShareID].Grant(day.EnvironmentID); granted {
			used[day.ShareID] = append(used[day.ShareID], day)
		}
	}
	return used, nil
}

// of adds up what the grantee of a share called in its environments.
func (u usage) of(shareID string, now time.Time) models.ShareUsage {
	week := now.AddDate(0, 0, 1-weekDays).Format(time.DateOnly)
	var sum models.ShareUsage
	for _, day := range u[shareID] {
		sum.Calls30Days += day.Calls
		if day.Day >= week {
			sum.Calls7Days += day.Calls
			sum.Denied7Days += day.Denied
		}
		if day.LastAt != nil && (sum.LastCallAt == nil || day.LastAt.After(*sum.LastCallAt)) {
			sum.LastCallAt = day.LastAt
		}
	}
	return sum
}

// days is the use of a share on each of the last days, also those without any.
func (u usage) days(shareID string, now time.Time) []models.UseDay {
	at := map[string]models.UseDay{}
	for _, day := range u[shareID] {
		sum := at[day.Day]
		at[day.Day] = models.UseDay{Calls: sum.Calls + day.Calls, Denied: sum.Denied + day.Denied}
	}
	out := make([]models.UseDay, usageDays)
	for i := range out {
		day := now.AddDate(0, 0, i+1-usageDays).Format(time.DateOnly)
		out[i] = models.UseDay{Day: day, Calls: at[day].Calls, Denied: at[day].Denied}
	}
	return out
}
