package models

import (
	"slices"
	"testing"
	"time"
)

// holding is how an app stands to an environment.
type holding struct {
	name string
	view func(p Permission) EnvironmentView
	code Code // "" when the holding gives the permission
	key  string
}

func borrowed(share *Share) EnvironmentView {
	return EnvironmentView{Environment: shopEnv, Through: diner, Share: share}
}

func changed(change func(*Share)) func(Permission) EnvironmentView {
	return func(Permission) EnvironmentView {
		s := lent(AllPermissions)
		change(s)
		return borrowed(s)
	}
}

// holdings are all ways in which an app can stand to an environment.
func holdings() []holding {
	return []holding{
		{"own", func(Permission) EnvironmentView { return EnvironmentView{Environment: shopEnv, Through: shop} }, "", ""},
		{"borrowed with everything", changed(func(*Share) {}), "", ""},
		{"borrowed with this permission alone", func(p Permission) EnvironmentView { return borrowed(lent(bitOf(p))) }, "", ""},
		{"borrowed until a moment from now", changed(func(s *Share) { s.Until = at(time.Nanosecond) }), "", ""},
		{"borrowed without this permission", func(p Permission) EnvironmentView { return borrowed(lent(AllPermissions &^ bitOf(p))) },
			CodeForbidden, "error.permission_not_granted"},
		{"paused", changed(func(s *Share) { s.PausedAt = at(-time.Hour) }), CodeForbidden, "error.share_paused"},
		{"expired", changed(func(s *Share) { s.Until = at(0) }), CodeForbidden, "error.share_expired"},
		{"paused and expired", changed(func(s *Share) { s.PausedAt, s.Until = at(-time.Hour), at(0) }), CodeForbidden, "error.share_expired"},
		{"share without this environment", changed(func(s *Share) { s.Grants[0].EnvironmentID = "shop-000002" }), CodeNotFound, "error.not_found"},
		{"no share", func(Permission) EnvironmentView { return borrowed(nil) }, CodeNotFound, "error.not_found"},
		{"share with another app", changed(func(s *Share) { s.GranteeAppID = rival.AppID }), CodeNotFound, "error.not_found"},
		{"share by another owner", changed(func(s *Share) { s.OwnerAppID = kitchen.AppID }), CodeNotFound, "error.not_found"},
	}
}

// roleMay is what each role may do in the console, written out once more.
var roleMay = map[string][]Permission{
	"viewer": {"functions.view", "database.view", "storage.view", "users.view", "statistics.view", "settings.view"},
	"developer": {"functions.view", "functions.operate", "functions.invoke", "database.view", "database.operate",
		"storage.view", "storage.operate", "users.view", "statistics.view", "settings.view"},
	"admin":  Permissions(),
	"system": Permissions(),
}

func wantUse(w who, h holding, p Permission) (Code, string) {
	switch may := roleMay[w.name]; {
	case w.name == "nobody":
		return CodeUnauthenticated, "error.unauthenticated"
	case may == nil:
		return CodeNotFound, "error.not_found"
	case h.code != "":
		return h.code, h.key
	case !slices.Contains(may, p):
		return CodeForbidden, "error.role_lacks_permission"
	}
	return "", ""
}

func TestS9_RoleAndGrantIntersectForEveryPermission(t *testing.T) {
	for _, w := range everyone() {
		for _, h := range holdings() {
			for _, p := range Permissions() {
				t.Run(w.name+"/"+h.name+"/"+string(p), func(t *testing.T) {
					code, key := wantUse(w, h, p)
					view := h.view(p)
					wantRefusal(t, MayUse(w.standing, view, p, now), code, key)
					if got := Permitted(w.standing, view, now).Has(p); got != (code == "") {
						t.Fatalf("Permitted has it: %v, MayUse answers %q", got, code)
					}
				})
			}
		}
	}
}

func TestS9_AnUnknownPermissionIsNeverUsed(t *testing.T) {
	own := EnvironmentView{Environment: shopEnv, Through: shop}
	wantDecision(t, MayUse(standingOf(RoleAdmin), own, "everything", now), CodeForbidden)
	wantDecision(t, MayUse(standingOf(RoleAdmin), own, "", now), CodeForbidden)
}

func TestS9_SeeingAnEnvironment(t *testing.T) {
	for _, w := range everyone() {
		for _, h := range holdings() {
			t.Run(w.name+"/"+h.name, func(t *testing.T) {
				code, key := wantUse(w, h, SettingsView)
				if key == "error.permission_not_granted" {
					code, key = "", "" // any permission lets a member in
				}
				wantRefusal(t, MaySeeEnvironment(w.standing, h.view(SettingsView), now), code, key)
			})
		}
	}
}

func TestS10_ABorrowerNeverChangesCloudbaseAuth(t *testing.T) {
	for _, w := range everyone() {
		for _, h := range holdings() {
			view := h.view(FunctionsOperate)
			code, key := wantUse(w, h, FunctionsOperate)
			t.Run(w.name+"/"+h.name+"/another function", func(t *testing.T) {
				wantRefusal(t, MayChangeFunction(w.standing, view, "hello", now), code, key)
			})
			if key == "" || key == "error.permission_not_granted" || key == "error.role_lacks_permission" {
				// Whoever sees the environment hears the reason that nobody can lift.
				if view.Borrowed() {
					code, key = CodeForbidden, "error.auth_function_owner_only"
				}
			}
			t.Run(w.name+"/"+h.name+"/cloudbase_auth", func(t *testing.T) {
				wantRefusal(t, MayChangeFunction(w.standing, view, AuthFunction, now), code, key)
			})
		}
	}
}

func TestS10_ABorrowerNeverConfiguresAnEnvironment(t *testing.T) {
	for i, w := range everyone() {
		for _, h := range holdings() {
			view := h.view(SettingsView)
			want := forAdmins[i]
			if forMembers[i] == "" && view.Borrowed() {
				want = CodeForbidden
				if h.code == CodeNotFound {
					want = CodeNotFound // who has no way to it does not learn that it exists
				}
			}
			t.Run(w.name+"/"+h.name, func(t *testing.T) {
				wantDecision(t, MayConfigureEnvironment(w.standing, view), want)
			})
		}
	}
}
