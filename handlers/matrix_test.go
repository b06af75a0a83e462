package handlers_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"envshare/models"
)

// need is what a route asks of who uses it: a role in the app, a permission on the
// environment, or to belong to the environment's owner.
type need struct {
	role             models.Role
	permission, also models.Permission // "" for none
	owner            bool
}

func role(r models.Role) need             { return need{role: r} }
func permission(p models.Permission) need { return need{role: models.RoleViewer, permission: p} }
func ownersAlone(r models.Role) need      { return need{role: r, owner: true} }

// needs says it again, apart from the code, for every route: the longest beginning
// of "METHOD /path" counts.
var needs = map[string]need{
	"GET /apps/:app":  role(models.RoleViewer),
	"POST /apps/:app": role(models.RoleAdmin),

	"GET /apps/:app/environments/new":           role(models.RoleAdmin),
	"GET /apps/:app/environments/:env/restore":  role(models.RoleAdmin),
	"GET /apps/:app/extensions/sharing/disable": role(models.RoleAdmin),
	"GET /apps/:app/members/:user":              role(models.RoleAdmin),
	"GET /apps/:app/invitations":                role(models.RoleAdmin),
	"GET /apps/:app/shares/new":                 role(models.RoleAdmin),
	"GET /apps/:app/shares/:share/edit":         role(models.RoleAdmin),
	"GET /apps/:app/shares/:share/pause":        role(models.RoleAdmin),
	"GET /apps/:app/shares/:share/delete":       role(models.RoleAdmin),
	"GET /apps/:app/shares/:share/leave":        role(models.RoleAdmin),

	"GET /apps/:app/envs/:env/settings":              permission(models.SettingsView),
	"GET /apps/:app/envs/:env/settings/name":         ownersAlone(models.RoleAdmin),
	"GET /apps/:app/envs/:env/settings/danger":       role(models.RoleViewer), // says who may
	"GET /apps/:app/envs/:env/settings/delete":       ownersAlone(models.RoleAdmin),
	"POST /apps/:app/envs/:env/settings":             ownersAlone(models.RoleAdmin),
	"POST /apps/:app/envs/:env/functions/rules":      ownersAlone(models.RoleAdmin),
	"POST /apps/:app/envs/:env/database/:name/rules": ownersAlone(models.RoleAdmin),
	"POST /apps/:app/envs/:env/storage/rules":        ownersAlone(models.RoleAdmin),

	"GET /apps/:app/envs/:env/functions":                  permission(models.FunctionsView),
	"POST /apps/:app/envs/:env/functions":                 permission(models.FunctionsOperate),
	"GET /apps/:app/envs/:env/functions/new":              permission(models.FunctionsOperate),
	"GET /apps/:app/envs/:env/functions/:name/delete":     permission(models.FunctionsOperate),
	"GET /apps/:app/envs/:env/functions/:name/deploy":     permission(models.FunctionsOperate),
	"GET /apps/:app/envs/:env/functions/:name/files":      permission(models.FunctionsOperate),
	"GET /apps/:app/envs/:env/functions/:name/draft":      permission(models.FunctionsOperate),
	"GET /apps/:app/envs/:env/functions/:name/rollback":   permission(models.FunctionsOperate),
	"POST /apps/:app/envs/:env/functions/:name/run":       permission(models.FunctionsInvoke),
	"POST /apps/:app/envs/:env/functions/:name/events":    permission(models.FunctionsOperate),
	"GET /apps/:app/envs/:env/functions/:name/monitoring": {models.RoleViewer, models.StatisticsView, models.FunctionsView, false},

	"GET /apps/:app/envs/:env/database":                                  permission(models.DatabaseView),
	"POST /apps/:app/envs/:env/database":                                 permission(models.DatabaseOperate),
	"GET /apps/:app/envs/:env/database/:name/delete":                     permission(models.DatabaseOperate),
	"GET /apps/:app/envs/:env/database/:name/documents/new":              permission(models.DatabaseOperate),
	"GET /apps/:app/envs/:env/database/:name/documents/:document/delete": permission(models.DatabaseOperate),
	"GET /apps/:app/envs/:env/database/:name/indexes/delete":             permission(models.DatabaseOperate),
	"GET /apps/:app/envs/:env/database/:name/transfers/:transfer":        permission(models.DatabaseOperate),

	"GET /apps/:app/envs/:env/storage":        permission(models.StorageView),
	"POST /apps/:app/envs/:env/storage":       permission(models.StorageOperate),
	"GET /apps/:app/envs/:env/storage/move":   permission(models.StorageOperate),
	"GET /apps/:app/envs/:env/storage/delete": permission(models.StorageOperate),

	"GET /apps/:app/envs/:env/users":                   permission(models.UsersView),
	"GET /apps/:app/envs/:env/users/:visitor/signout":  ownersAlone(models.RoleAdmin),
	"POST /apps/:app/envs/:env/users/:visitor/signout": ownersAlone(models.RoleAdmin),
	"GET /apps/:app/envs/:env/statistics":              permission(models.StatisticsView),
}

// needOf is what a route asks; that of the longest beginning.
func needOf(t *testing.T, r route) need {
	t.Helper()
	name, best := r.method+" "+r.path, ""
	for beginning := range needs {
		if strings.HasPrefix(name, beginning) && len(beginning) > len(best) {
			best = beginning
		}
	}
	if best == "" {
		t.Fatalf("nothing is said of %s", name)
	}
	return needs[best]
}

// roleGives are the permissions of a role, said again.
var roleGives = map[models.Role][]models.Permission{
	models.RoleViewer: {models.FunctionsView, models.DatabaseView, models.StorageView, models.UsersView, models.StatisticsView, models.SettingsView},
	models.RoleDeveloper: {
		models.FunctionsView, models.DatabaseView, models.StorageView, models.UsersView, models.StatisticsView, models.SettingsView,
		models.FunctionsOperate, models.FunctionsInvoke, models.DatabaseOperate, models.StorageOperate,
	},
	models.RoleAdmin: models.Permissions(),
}

// implied is what a permission brings along (S5).
func implied(p models.Permission) []models.Permission {
	if kind, ok := strings.CutSuffix(string(p), ".operate"); ok {
		return []models.Permission{p, models.Permission(kind + ".view")}
	}
	return []models.Permission{p}
}

// persona is somebody who asks, and what they are to be told of a route.
type persona struct {
	name string
	app  string // through which they ask
	// come signs them in to a world.
	come func(w world) *browser
	want func(r route, n need) int // a status, or welcome
}

// welcome stands for every status that is no refusal.
const welcome = 0

func owner(name string, has models.Role) persona {
	return persona{name, shop, func(w world) *browser { return w.signIn("asks", map[string]models.Role{shop: has}) }, func(_ route, n need) int {
		if has >= n.role && (n.permission == "" || slices.Contains(roleGives[has], n.permission)) {
			return welcome
		}
		return http.StatusForbidden
	}}
}

// borrower is an administrator of an app that borrows shop-test with one permission.
func borrower(p models.Permission) persona {
	return persona{"borrower with " + string(p), diner, func(w world) *browser {
		w.console.share(shop, diner, shopTest, p)
		return w.signIn("asks", map[string]models.Role{diner: models.RoleAdmin})
	}, func(r route, n need) int {
		if n.owner || n.also != "" || n.permission != "" && !slices.Contains(implied(p), n.permission) {
			return http.StatusForbidden
		}
		return welcome
	}}
}

func personas() []persona {
	always := func(status int) func(route, need) int { return func(route, need) int { return status } }
	list := []persona{
		{"nobody", shop, func(w world) *browser { return w.browser() }, always(http.StatusSeeOther)},
		{"member of another app", shop, func(w world) *browser { return w.admin(rival) }, always(http.StatusNotFound)},
		{"operator", shop, func(w world) *browser { return w.operator("asks") }, always(http.StatusNotFound)},
		owner("owner's viewer", models.RoleViewer), owner("owner's developer", models.RoleDeveloper), owner("owner's administrator", models.RoleAdmin),
	}
	for _, p := range models.Permissions() {
		list = append(list, borrower(p))
	}
	return list
}

// TestWhoMayDoWhat asks every route as everybody. Reading is asked in one world; what
// changes something and is welcome has a world of its own.
func TestWhoMayDoWhat(t *testing.T) {
	for _, one := range personas() {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			w := newFullWorld(t)
			b := one.come(w)
			token := b.token(map[bool]string{true: "/login", false: "/apps"}[one.name == "nobody"])
			for _, r := range w.protected() {
				if one.app == diner && !strings.Contains(r.path, "/envs/:env") {
					continue // its own app, in which it is an administrator as any other
				}
				name := r.method + " " + r.path
				want := one.want(r, needOf(t, r))
				if want == welcome && r.method == http.MethodPost {
					t.Run(name, func(t *testing.T) {
						own := newFullWorld(t)
						asks := one.come(own)
						told(t, name, want, asks.ask(r, own.through(one.app, r), asks.token("/apps")))
					})
					continue
				}
				told(t, name, want, b.ask(r, w.through(one.app, r), token))
			}
		})
	}
}

// namesMore are routes whose form or address names something that the test's does
// not, so that whoever is welcome is told that it is not there.
var namesMore = map[string]bool{
	"POST /apps/:app/envs/:env/functions/:name/rollback": true, "POST /apps/:app/envs/:env/functions/:name/code": true,
	"POST /apps/:app/envs/:env/database/:name/rules/restore": true, "POST /apps/:app/envs/:env/storage/rules/restore": true,
	"POST /apps/:app/envs/:env/settings/access/functions/restore": true, "POST /apps/:app/envs/:env/storage/move": true,
	// The owner's transfer is not the borrower's.
	"GET /apps/:app/envs/:env/database/:name/transfers/:transfer/file":    true,
	"POST /apps/:app/envs/:env/database/:name/transfers/:transfer/cancel": true,
	"POST /apps/:app/envs/:env/database/:name/transfers/:transfer/resume": true,
}

// runs is the route that needs functions to run, which the test's console does not.
const runs = "POST /apps/:app/envs/:env/functions/:name/run"

// told compares an answer with what somebody is to be told.
func told(t *testing.T, name string, want int, p *page) {
	t.Helper()
	refused := p.status == http.StatusForbidden || p.status == http.StatusNotFound && !namesMore[name] || p.status == http.StatusSeeOther && strings.HasPrefix(p.location, "/login")
	switch {
	case p.status >= 500 && name != runs, want == welcome && refused, want != welcome && p.status != want:
		t.Errorf("%s: status %d, want %s: %s %s", name, p.status, map[bool]string{true: "no refusal", false: fmt.Sprint(want)}[want == welcome], p.location, p.excerpt())
	}
}

// through is the address of a route as an app asks for it.
func (w world) through(app string, r route) string {
	return strings.Replace(w.of(r), "/apps/"+shop+"/", "/apps/"+app+"/", 1)
}
