package models

import "slices"

// MapApps are the apps that decide what somebody sees on the map of an app: the
// app itself, and the others of its principal that they are a member of. known
// are the apps that the person is a member of.
func MapApps(s Standing, app App, known []App) []string {
	if !s.need(RoleViewer).Allowed {
		return nil
	}
	ids := []string{app.AppID}
	for _, a := range known {
		if a.PrincipalID == app.PrincipalID && a.AppID != app.AppID {
			ids = append(ids, a.AppID)
		}
	}
	slices.Sort(ids)
	return ids
}

// MaySeeOnMap reports whether a share stands on the map of an app: one of its
// sides must be among the apps that the person is a member of, mine. Partners of
// those apps are seen through it; what partners share among themselves is not
// theirs to learn.
func MaySeeOnMap(share Share, mine []string) Decision {
	if slices.Contains(mine, share.OwnerAppID) || slices.Contains(mine, share.GranteeAppID) {
		return Allow()
	}
	return Deny(CodeNotFound, "error.not_found")
}
