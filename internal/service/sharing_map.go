package service

import (
	"context"
	"maps"
	"slices"

	"envshare/models"
)

// ShareMap is who shares with whom, as far as somebody may see it from an app.
type ShareMap struct {
	// Listed is one page of all of it, by owner and grantee, Page which one.
	Listed []MappedShare
	Page   models.PageRequest
	Total  int64
	// Drawn is what a picture shows one by one. With more than drawAtMost shares it
	// is those between apps of the person, and Lent and Borrowed count what each of
	// these apps shares with others.
	Drawn          []MappedShare
	Grouped        bool
	Lent, Borrowed map[string]int64
	Apps           map[string]models.App
	// Mine are the apps that the person is a member of, and so sees all shares of.
	Mine map[string]bool
}

// MappedShare is a share on the map.
type MappedShare struct {
	Share  models.Share
	Status models.ShareStatus
	// Through is the app in whose console the person can open the share.
	Through string
}

// drawAtMost is how many shares a picture shows one by one.
const drawAtMost = 200

// Map returns the shares that somebody sees from an app: those of the app, and of
// the other apps of its principal that they are a member of (models.MaySeeOnMap).
// Members may call it. The number of queries does not depend on the number of
// shares.
func (s *Sharing) Map(ctx context.Context, actor models.Actor, appID string, page models.PageRequest) (ShareMap, error) {
	place, facts, err := s.facts(ctx, s.store, actor, appID)
	if err != nil {
		return ShareMap{}, err
	}
	if err := models.MayOpenConsole(place, facts, s.now()).Err(); err != nil {
		return ShareMap{}, err
	}
	mine, known, err := s.mapApps(ctx, place, facts.App)
	if err != nil {
		return ShareMap{}, err
	}
	out := ShareMap{Mine: map[string]bool{}, Apps: known}
	for _, id := range mine {
		out.Mine[id] = true
	}
	if out.Lent, out.Borrowed, out.Total, err = s.store.Shares.CountTouching(ctx, mine); err != nil {
		return ShareMap{}, err
	}
	out.Page, out.Grouped = page.Within(out.Total), out.Total > drawAtMost
	listed, err := s.store.Shares.Touching(ctx, mine, out.Page.Offset(), out.Page.Size)
	if err != nil {
		return ShareMap{}, err
	}
	read := s.store.Shares.Touching
	if out.Grouped {
		read = s.store.Shares.Among
	}
	drawn, err := read(ctx, mine, 0, drawAtMost)
	if err != nil {
		return ShareMap{}, err
	}
	out.Listed, out.Drawn = s.mapped(appID, mine, out.Mine, listed), s.mapped(appID, mine, out.Mine, drawn)
	others, err := s.store.Apps.ByIDs(ctx, out.others())
	maps.Copy(out.Apps, others)
	return out, err
}

// others are the apps that stand on the map and are not the person's.
func (m ShareMap) others() []string {
	var ids []string
	for _, list := range [][]MappedShare{m.Listed, m.Drawn} {
		for _, s := range list {
			ids = append(ids, s.Share.OwnerAppID, s.Share.GranteeAppID)
		}
	}
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return m.Apps[id].AppID != "" })
}

func (s *Sharing) mapped(appID string, mine []string, isMine map[string]bool, shares []models.Share) []MappedShare {
	out := make([]MappedShare, 0, len(shares))
	for _, share := range shares {
		if models.MaySeeOnMap(share, mine).Allowed {
			out = append(out, MappedShare{Share: share, Status: share.Status(s.now()), Through: through(share, appID, isMine)})
		}
	}
	return out
}

// mapApps are the apps whose shares somebody sees on the map of an app, and what
// is known of the person's apps.
func (s *Sharing) mapApps(ctx context.Context, place models.Standing, app models.App) ([]string, map[string]models.App, error) {
	roles, err := s.store.Users.Memberships(ctx, place.Actor.UserID)
	if err != nil {
		return nil, nil, err
	}
	ids := make([]string, 0, len(roles))
	for id := range roles {
		ids = append(ids, id)
	}
	known, err := s.store.Apps.ByIDs(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	known[app.AppID] = app // which a command may look at that is a member of nothing
	list := make([]models.App, 0, len(known))
	for _, a := range known {
		list = append(list, a)
	}
	return models.MapApps(place, app, list), known, nil
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
