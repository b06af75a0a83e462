package service

import (
	"context"

	"envshare/models"
)

// ShareMap is who shares with whom, as far as somebody may see it from an app.
type ShareMap struct {
	Shares []MappedShare // by owner, then grantee
	Apps   map[string]models.App
	// Mine are the apps that the person is a member of, and so sees all shares of.
	Mine map[string]bool
	// Total is how many there are; more than mapLimit are not loaded.
	Total int64
}

// MappedShare is a share on the map.
type MappedShare struct {
	Share  models.Share
	Status models.ShareStatus
	// Through is the app in whose console the person can open the share.
	Through string
}

// mapLimit bounds the shares of a map: more cannot be looked at.
const mapLimit = 2000

// Map returns the shares that somebody sees from an app: those of the app, and of
// the other apps of its principal that they are a member of (models.MaySeeOnMap).
// Members may call it. The number of queries does not depend on the number of
// shares.
func (s *Sharing) Map(ctx context.Context, actor models.Actor, appID string) (ShareMap, error) {
	place, facts, err := s.facts(ctx, s.store, actor, appID)
	if err != nil {
		return ShareMap{}, err
	}
	if err := models.MayOpenConsole(place, facts, s.now()).Err(); err != nil {
		return ShareMap{}, err
	}
	mine, err := s.mapApps(ctx, place, facts.App)
	if err != nil {
		return ShareMap{}, err
	}
	shares, total, err := s.store.Shares.Touching(ctx, mine, mapLimit)
	if err != nil {
		return ShareMap{}, err
	}
	out := ShareMap{Mine: map[string]bool{}, Total: total}
	for _, id := range mine {
		out.Mine[id] = true
	}
	ids := append([]string(nil), mine...)
	for _, share := range shares {
		if !models.MaySeeOnMap(share, mine).Allowed {
			continue
		}
		ids = append(ids, share.OwnerAppID, share.GranteeAppID)
		out.Shares = append(out.Shares, MappedShare{Share: share, Status: share.Status(s.now()), Through: through(share, appID, out.Mine)})
	}
	out.Apps, err = s.store.Apps.ByIDs(ctx, ids)
	return out, err
}

// mapApps are the apps whose shares somebody sees on the map of an app.
func (s *Sharing) mapApps(ctx context.Context, place models.Standing, app models.App) ([]string, error) {
	roles, err := s.store.Users.Memberships(ctx, place.Actor.UserID)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(roles))
	for id := range roles {
		ids = append(ids, id)
	}
	known, err := s.store.Apps.ByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	list := make([]models.App, 0, len(known))
	for _, a := range known {
		list = append(list, a)
	}
	return models.MapApps(place, app, list), nil
}

// through chooses the app in whose console a share is opened: the present one
// where it is a side.
func through(share models.Share, appID string, mine map[string]bool) string {
	switch {
	case share.OwnerAppID == appID, share.GranteeAppID == appID:
		return appID
	case mine[share.OwnerAppID]:
		return share.OwnerAppID
	}
	return share.GranteeAppID
}
