package handlers_test

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"envshare/internal/testkit"
	"envshare/models"
)

// operatorRoutes are the routes of the operator's area, from the console's own
// table.
func (k *console) operatorRoutes() []route {
	k.t.Helper()
	var list []route
	for _, r := range k.routes {
		if r.Method != http.MethodHead && ofOperators(r.Path) {
			list = append(list, route{r.Method, r.Path})
		}
	}
	if len(list) < 25 {
		k.t.Fatalf("only %d routes", len(list))
	}
	return list
}

// operator signs in an operator, who is a member of no app.
func (k *console) operator(name string) *browser {
	k.t.Helper()
	_, err := k.kit.Services.Accounts.CreateUser(k.t.Context(), testkit.Actor, name, password, true, nil)
	must(k.t, err)
	b := k.browser()
	b.submit(b.get("/login"), "/login", "username", name, "password", password).wantRedirect("/")
	return b
}

// userID is the id of a user.
func (k *console) userID(name string) string {
	k.t.Helper()
	u, err := k.kit.Store.Users.ByUsername(k.t.Context(), name)
	must(k.t, err)
	return u.ID
}

// installationEvents are the events that concern no app, oldest first.
func (k *console) installationEvents() []models.AuditEvent {
	k.t.Helper()
	var events []models.AuditEvent
	_, err := k.kit.Services.Audit.Export(k.t.Context(), testkit.Actor, "", models.AuditFilter{}, func(some []models.AuditEvent, _ map[string]models.App) error {
		events = append(some, events...)
		return nil
	})
	must(k.t, err)
	return events
}

// fresh is an app that a test registers.
const fresh = "wx00000000000000e5"

// everything is how often anything was recorded.
func (k *console) everything() int {
	k.t.Helper()
	n := len(k.installationEvents())
	for _, app := range []string{shop, diner, depot, rival, fresh} {
		n += len(k.audit(app))
	}
	return n
}

// TestEveryOperatorRouteIsGuarded asks every route of the operator's area as
// everybody: the operator alone gets an answer. What the operator's forms do is
// TestEveryOperatorActionAnswersTheOperatorAlone's.
func TestEveryOperatorRouteIsGuarded(t *testing.T) {
	w := newFullWorld(t)
	names := map[string]string{":principal": "acme", ":app": shop, ":user": w.names[":user"], ":event": w.installationEvents()[0].ID}
	forged := map[string][]string{
		":principal": append([]string{"nowhere"}, malformed...), ":app": append([]string{"wx00000000000000ff"}, malformed...),
		":user": append([]string{absent}, malformed...), ":event": append([]string{absent, w.audit(shop)[0].ID}, malformed...),
	}
	before := w.kit.Rows(t)
	for _, r := range w.operatorRoutes() {
		t.Run(r.method+" "+r.path, func(t *testing.T) {
			for who := range w.people {
				asks, token := w.as(who)
				want := answer{status: http.StatusForbidden}
				switch {
				case who == nobody:
					want = answer{http.StatusSeeOther, signInAfter(r.method, cell{}.address(r, names))}
				case who == platform && r.method == http.MethodGet:
					want = ok
				case who == platform:
					token = "" // without one the operator is refused, too
				}
				want.compare(t, who, r, asks.sends(r, cell{}, names, token), names)
			}
			for _, in := range placeholder.FindAllString(r.path, -1) {
				for _, id := range forged[in] {
					with := maps.Clone(names)
					with[in] = id
					asks, token := w.as(platform)
					if p := asks.sends(r, cell{}, with, token); p.status != http.StatusNotFound {
						t.Errorf("%s=%.40q: status %d: %s", in, id, p.status, p.excerpt())
					}
					asks, token = w.as(place(shop, models.RoleAdmin))
					wantStatus(t, asks.sends(r, cell{}, with, token), http.StatusForbidden)
				}
			}
		})
	}
	unchanged(t, w, before)
}

// TestEveryOperatorActionAnswersTheOperatorAlone is what an operator gets for the forms as they stand here, in an
// order in which they can follow each other: every POST of the area is among them.
func TestEveryOperatorActionAnswersTheOperatorAlone(t *testing.T) {
	w := newFullWorld(t)
	w.signIn("target", nil)
	operator, admin := w.operator("ops"), w.admin(shop)
	adminsToken := admin.token("/apps")
	user := "/operator/users/" + w.userID("target")
	must(t, w.kit.Store.External.Insert(t.Context(), models.ExternalAccount{Issuer: "https://id.example", Subject: "s-1", UserID: w.userID("target"), Name: "target@id", CreatedAt: time.Now()}))
	done := map[string]bool{}
	for _, step := range []struct {
		page, action, pattern string
		fields                []string
		status                int
	}{
		{"/operator/new-principal", "/operator/principals", "/operator/principals", []string{"id", "fresh", "name", "新主体"}, 303},
		{"/operator/principals/fresh", "/operator/principals/fresh", "/operator/principals/:principal", []string{"name", "改名"}, 303},
		{"/operator/principals/fresh/delete", "/operator/principals/fresh/delete", "/operator/principals/:principal/delete", nil, 303},
		{"/operator/apps/new", "/operator/apps", "/operator/apps", []string{"appid", fresh, "name", "新应用", "type", "miniprogram", "principal", "acme"}, 303},
		{"/operator/apps/" + diner, "/operator/apps/" + diner, "/operator/apps/:app", []string{"name", "新食堂"}, 303},
		{"/operator/users/new", "/operator/users", "/operator/users", []string{"username", "fresh"}, 200},
		{user, user + "/operator", "/operator/users/:user/operator", nil, 303},
		{user, user + "/role", "/operator/users/:user/role", []string{"appid", shop, "role", "viewer"}, 303},
		{user + "/disable", user + "/disable", "/operator/users/:user/disable", nil, 303},
		{user, user + "/enable", "/operator/users/:user/enable", nil, 303},
		{user, user + "/links/delete", "/operator/users/:user/links/delete", nil, 303},
		{user + "/reset", user + "/reset", "/operator/users/:user/reset", nil, 200},
	} {
		values := fill(operator.get(step.page).want(200).fields(step.action), step.fields)
		own := values.Get("_csrf")
		values.Set("_csrf", adminsToken)
		before := w.everything()
		wantStatus(t, admin.post(step.action, values), http.StatusForbidden)
		if w.everything() != before {
			t.Errorf("%s by an administrator of an app was recorded", step.action)
		}
		values.Set("_csrf", own)
		wantStatus(t, operator.post(step.action, values), step.status)
		if w.everything() == before {
			t.Errorf("%s was not recorded", step.action)
		}
		done[step.pattern] = true
	}
	for _, r := range w.operatorRoutes() {
		if r.method == http.MethodPost && !done[r.path] {
			t.Errorf("nobody tried POST %s", r.path)
		}
	}
}
