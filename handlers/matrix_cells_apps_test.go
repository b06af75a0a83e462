package handlers_test

import "envshare/models"

// conflict is told to a borrower without an environment of its own, whose sharing
// ends with what it borrows.
var conflict = answer{status: 409}

// cellsOfApps are the routes of an app itself.
func cellsOfApps() map[string]cell {
	return map[string]cell{
		"GET /apps/:app":                            leadsTo(viewers, "/apps/:app/envs/:env"),
		"GET /apps/:app/audit":                      shows(viewers),
		"GET /apps/:app/audit/export":               shows(viewers),
		"GET /apps/:app/audit/:event":               shows(viewers).naming(":event", ":audited").another(),
		"GET /apps/:app/denials":                    shows(viewers),
		"GET /apps/:app/explain":                    shows(viewers).asking("?ask=1&plane=server&env=:env&operation=functions.invoke&resource=hello"),
		"GET /apps/:app/environments":               shows(viewers),
		"GET /apps/:app/environments/new":           shows(administrators),
		"POST /apps/:app/environments":              does(administrators, "/apps/:app/envs/fresh-*", "name", "新的", "prefix", "fresh"),
		"GET /apps/:app/environments/:env/restore":  shows(administrators).naming(":env", ":deleted").another(),
		"POST /apps/:app/environments/:env/restore": does(administrators, "/apps/:app/envs/:deleted").naming(":env", ":deleted").another(),

		"GET /apps/:app/extensions":                  shows(viewers),
		"POST /apps/:app/extensions/sharing/enable":  does(administrators, "/apps/:app/shares"),
		"GET /apps/:app/extensions/sharing/disable":  shows(administrators).elsewhere(conflict),
		"POST /apps/:app/extensions/sharing/disable": does(administrators, "/apps/:app/extensions", "confirm", "yes").elsewhere(conflict),

		"GET /apps/:app/search":                shows(viewers).asking("?q=shop"),
		"GET /apps/:app/members":               shows(viewers),
		"GET /apps/:app/members/:user/role":    shows(administrators).another(),
		"POST /apps/:app/members/:user/role":   does(administrators, "/apps/:app/members", "role", "viewer", "was", "developer").elsewhere(notFound),
		"GET /apps/:app/members/:user/remove":  shows(administrators).another(),
		"POST /apps/:app/members/:user/remove": does(administrators, "/apps/:app/members").elsewhere(notFound),
		"GET /apps/:app/invitations/new":       shows(administrators),
		"POST /apps/:app/invitations": does(administrators, "", "role", "viewer", "days", "1").
			showing("the link, which cannot be seen again"),
		"POST /apps/:app/invitations/:invitation/revoke": does(administrators, "/apps/:app/members").elsewhere(notFound),
	}
}

// cellsOfShares are the routes of shares: :share is one that shop gave to diner,
// :incoming one that it was given.
func cellsOfShares() map[string]cell {
	grant := []string{"env", ":env", "perm.:env", string(models.FunctionsView)}
	edited := append([]string{"version", ":share-version", "note", "edited"}, grant...)
	return map[string]cell{
		"GET /apps/:app/shares":     shows(viewers),
		"GET /apps/:app/shares/map": shows(viewers),
		"GET /apps/:app/shares/new": shows(administrators),
		"POST /apps/:app/shares": does(administrators, "/apps/:app/shares", append([]string{"to", depot}, grant...)...).
			elsewhere(answer{status: 422}), // the environment is another app's (S3)
		"GET /apps/:app/shares/:share":         shows(viewers),
		"GET /apps/:app/shares/:share/edit":    shows(administrators).another(),
		"POST /apps/:app/shares/:share/edit":   does(administrators, "/apps/:app/shares", edited...).another(),
		"GET /apps/:app/shares/:share/pause":   shows(administrators).another(),
		"POST /apps/:app/shares/:share/pause":  does(administrators, "/apps/:app/shares").another(),
		"POST /apps/:app/shares/:share/resume": does(administrators, "/apps/:app/shares").another(),
		"GET /apps/:app/shares/:share/delete":  shows(administrators).another(),
		"POST /apps/:app/shares/:share/delete": does(administrators, "/apps/:app/shares").another(),
		// Only the side that borrows leaves (S12): here the owner leaves what it was
		// given by depot, the borrower what the owner gave it.
		"GET /apps/:app/shares/:share/leave":  shows(administrators).naming(":share", ":leaves"),
		"POST /apps/:app/shares/:share/leave": does(administrators, "/apps/:app/shares?tab=with-me").naming(":share", ":leaves"),
	}
}

// cellsOfSettings are the routes of an environment as a whole, and of who uses it.
func cellsOfSettings() map[string]cell {
	const env = "/apps/:app/envs/:env"
	return map[string]cell{
		"GET " + env:                              shows(viewers),
		"GET " + env + "/settings":                shows(viewers).of(models.SettingsView),
		"GET " + env + "/settings/name":           shows(administrators).ownersAlone(),
		"POST " + env + "/settings/name":          does(administrators, env+"/settings", "name", "新名", "was", "商城测试").ownersAlone(),
		"GET " + env + "/settings/danger":         shows(viewers), // says who may
		"GET " + env + "/settings/delete":         shows(administrators).ownersAlone(),
		"POST " + env + "/settings/delete":        does(administrators, "/apps/:app/environments", "confirm", ":env").ownersAlone(),
		"GET " + env + "/settings/access":         shows(viewers).of(models.SettingsView),
		"POST " + env + "/settings/access":        does(administrators, env+"/settings/access", "unauthenticated", "true").ownersAlone(),
		"GET " + env + "/statistics":              shows(viewers).of(models.StatisticsView),
		"GET " + env + "/statistics/table":        shows(viewers).of(models.StatisticsView),
		"GET " + env + "/users":                   shows(viewers).of(models.UsersView),
		"GET " + env + "/users/:visitor":          shows(viewers).of(models.UsersView),
		"GET " + env + "/users/:visitor/signout":  shows(administrators).ownersAlone(),
		"POST " + env + "/users/:visitor/signout": does(administrators, env+"/users/:visitor").ownersAlone(),
	}
}
