package service

import (
	"context"

	"envshare/internal/store"
	"envshare/models"
)

// EnvironmentFilter chooses environments of a list.
type EnvironmentFilter struct {
	// Text stands in name or id of the environment or, of a borrowed one, of its
	// owner; "" for any.
	Text string
	// OwnOnly leaves out those that other apps lend, BorrowedOnly the app's own.
	OwnOnly, BorrowedOnly bool
}

// EnvironmentList is one page of what can be opened through an app: its own
// environments, oldest first, and after them those that other apps lend it, in the
// order of the shares.
type EnvironmentList struct {
	Own      []models.Environment
	Borrowed []BorrowedEnvironment
	// Owned and Lent count the environments of either kind that the filter finds.
	Owned, Lent int64
	// Page is the page that the list is: the last one where a later one was asked for.
	Page models.PageRequest
}

// Total counts what the filter finds.
func (l EnvironmentList) Total() int64 { return l.Owned + l.Lent }

// Environments returns a page of the environments of an app. The number of queries
// does not depend on how many there are. Members of the app may call it.
func (s *Apps) Environments(ctx context.Context, actor models.Actor, appID string, filter EnvironmentFilter, page models.PageRequest) (EnvironmentList, error) {
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil {
		return EnvironmentList{}, err
	}
	if err := models.MaySeeApp(place).Err(); err != nil {
		return EnvironmentList{}, err
	}
	search, out := store.EnvironmentSearch{AppID: appID, Text: models.SearchText(filter.Text), Now: s.now()}, EnvironmentList{}
	if !filter.BorrowedOnly {
		if out.Owned, err = s.store.Environments.CountOwned(ctx, search); err != nil {
			return EnvironmentList{}, err
		}
	}
	if !filter.OwnOnly {
		if out.Lent, err = s.store.Environments.CountBorrowed(ctx, search); err != nil {
			return EnvironmentList{}, err
		}
	}
	out.Page = page.Within(out.Total())
	err = s.fillEnvironments(ctx, search, filter, &out)
	return out, err
}

// fillEnvironments loads a page over both kinds.
func (s *Apps) fillEnvironments(ctx context.Context, search store.EnvironmentSearch, filter EnvironmentFilter, out *EnvironmentList) error {
	var err error
	if !filter.BorrowedOnly {
		if out.Own, err = s.store.Environments.Owned(ctx, search, out.Page.Offset(), out.Page.Size); err != nil {
			return err
		}
	}
	if filter.OwnOnly {
		return nil
	}
	offset := max(0, out.Page.Offset()-int(out.Owned))
	lent, err := s.store.Environments.Borrowed(ctx, search, offset, out.Page.Size-len(out.Own))
	if err != nil {
		return err
	}
	out.Borrowed, err = s.lent(ctx, lent)
	return err
}

// lent loads borrowed environments with their shares and owners.
func (s *Apps) lent(ctx context.Context, list []store.Lent) ([]BorrowedEnvironment, error) {
	shareIDs, environmentIDs := make([]string, len(list)), make([]string, len(list))
	for i, one := range list {
		shareIDs[i], environmentIDs[i] = one.ShareID, one.EnvironmentID
	}
	shares, err := s.store.Shares.ByIDs(ctx, shareIDs)
	if err != nil {
		return nil, err
	}
	environments, err := s.store.Environments.ByIDs(ctx, environmentIDs)
	if err != nil {
		return nil, err
	}
	ownerIDs := make([]string, 0, len(shares))
	for _, share := range shares {
		ownerIDs = append(ownerIDs, share.OwnerAppID)
	}
	owners, err := s.store.Apps.ByIDs(ctx, ownerIDs)
	if err != nil {
		return nil, err
	}
	out := make([]BorrowedEnvironment, 0, len(list))
	for _, one := range list {
		share := shares[one.ShareID]
		if grant, ok := share.Grant(one.EnvironmentID); ok { // not ended between the two questions
			out = append(out, BorrowedEnvironment{
				Environment: environments[one.EnvironmentID], Owner: owners[share.OwnerAppID],
				Share: share, Permissions: grant.Permissions, Status: share.Status(s.now()),
			})
		}
	}
	return out, nil
}

// EnvironmentNames returns the names of all environments that can be seen from an
// app, by id. Members of the app may call it.
func (s *Apps) EnvironmentNames(ctx context.Context, actor models.Actor, appID string) (map[string]string, error) {
	place, err := standing(ctx, s.store, actor, appID)
	if err != nil {
		return nil, err
	}
	if err := models.MaySeeApp(place).Err(); err != nil {
		return nil, err
	}
	return s.store.Environments.Names(ctx, appID, s.now())
}
