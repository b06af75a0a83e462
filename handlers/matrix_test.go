package handlers_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"envshare/models"
)

// persona is somebody who asks through an app.
type persona struct {
	name string // of one of the people
	app  string
	role models.Role
	// granted is what the app was granted on shop-test: nil for its owner.
	granted []models.Permission
}

// aboutEnvironment reports whether a route is about an environment, which may be
// borrowed; all others are about the app through which somebody asks.
func aboutEnvironment(r route) bool { return strings.HasPrefix(r.path, "/apps/:app/envs/") }

// told is what a persona is to be told of a route.
func (p persona) told(r route, c cell) answer {
	switch p.name {
	case nobody:
		return answer{status: http.StatusSeeOther, location: signIn}
	case stranger, platform:
		return answer{status: http.StatusNotFound}
	}
	refused := answer{status: http.StatusForbidden}
	switch {
	case p.app != shop && !aboutEnvironment(r) && c.hidden:
		return c.own
	case p.role < c.role, c.permission != "" && !slices.Contains(roleGives[p.role], c.permission), c.also != "" && !slices.Contains(roleGives[p.role], c.also):
		return refused
	case p.app == shop:
		return c.gets
	case !aboutEnvironment(r):
		return c.own
	case c.owner, c.permission != "" && !slices.Contains(p.granted, c.permission), c.also != "" && !slices.Contains(p.granted, c.also):
		return refused
	}
	return c.gets
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

// company are people who ask in one world.
type company struct {
	name     string
	personas []persona
	// borrow is what diner is granted; "" leaves the share as it is.
	borrow models.Permission
}

// companies are everybody: the owner's people with those who are nothing to the
// app, and the borrower's people (S9) once for each permission alone.
func companies() []company {
	owners := company{name: "owner", personas: []persona{{name: nobody, app: shop}, {name: stranger, app: shop}, {name: platform, app: shop}}}
	for _, role := range roles {
		owners.personas = append(owners.personas, persona{name: place(shop, role), app: shop, role: role})
	}
	list := []company{owners}
	for _, p := range models.Permissions() {
		borrowers := company{name: "borrower with " + string(p), borrow: p}
		for _, role := range roles {
			borrowers.personas = append(borrowers.personas, persona{place(diner, role), diner, role, implied(p)})
		}
		list = append(list, borrowers)
	}
	return list
}

// lend makes what the company borrows.
func (c company) lend(w world) {
	if c.borrow != "" {
		w.share(shop, diner, shopTest, c.borrow)
	}
}

// TestWhoMayDoWhat asks every route as everybody, and compares the answer with the
// one that cells says. Who is refused, or only reads, asks in a world that is shared
// and must not change; what is to change something has a world of its own, which must.
func TestWhoMayDoWhat(t *testing.T) {
	all := cells(t)
	for i, one := range companies() {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			w := newFullWorld(t)
			one.lend(w)
			before := w.kit.Rows(t)
			for _, p := range one.personas {
				asks, token := w.as(p.name)
				for _, r := range w.protected() {
					c, want := all[r], p.told(r, all[r])
					if p.app == diner && i > 1 && !aboutEnvironment(r) {
						continue // asked once: what is borrowed does not matter
					}
					if c.changes && want.status < http.StatusBadRequest && p.name != nobody {
						t.Run(fmt.Sprintf("%s %s %s", p.name, r.method, r.path), func(t *testing.T) { changes(t, one, p, r, c, want) })
						continue
					}
					if want.location == signIn {
						want.location = signInAfter(r.method, c.address(r, w.through(p.app)))
					}
					want.compare(t, p.name, r, asks.sends(r, c, w.through(p.app), token), w.through(p.app))
				}
			}
			unchanged(t, w, before)
		})
	}
}

// changes expects that a form does what it is for.
func changes(t *testing.T, one company, p persona, r route, c cell, want answer) {
	w := newFullWorld(t)
	one.lend(w)
	before := w.kit.Rows(t)
	asks, token := w.as(p.name)
	names := w.through(p.app)
	want.compare(t, p.name, r, asks.sends(r, c, names, token), names)
	if len(difference(before, w.kit.Rows(t))) == 0 {
		t.Errorf("%s %s changed nothing", r.method, r.path)
	}
}

// compare expects an answer.
func (a answer) compare(t *testing.T, who string, r route, p *page, names map[string]string) {
	t.Helper()
	begins, ends, open := strings.Cut(replace(names, a.location), "*")
	same := p.location == begins
	if open {
		same = strings.HasPrefix(p.location, begins) && strings.HasSuffix(p.location, ends)
	}
	if p.status != a.status || !same {
		t.Errorf("%s: %s %s: status %d to %q, want %d to %q: %s", who, r.method, r.path, p.status, p.location, a.status, replace(names, a.location), p.excerpt())
	}
}

// sends asks a route as its cell says, with the form that it takes.
func (b *browser) sends(r route, c cell, names map[string]string, token string) *page {
	b.t.Helper()
	address := c.address(r, names)
	if r.method == http.MethodGet {
		return b.do(http.MethodGet, address, "", nil)
	}
	fields := make([]string, len(c.fields))
	for i, text := range c.fields {
		fields[i] = replace(names, text)
	}
	if c.file != "" {
		return b.upload(address, token, fields, c.file, c.files...)
	}
	return b.post(address, fill(url.Values{"_csrf": {token}}, fields))
}

// address is where the route of the cell is asked, its placeholders filled in.
func (c cell) address(r route, names map[string]string) string {
	parts := strings.Split(r.path, "/")
	for i, part := range parts {
		if value, ok := names[c.stands(part)]; ok {
			parts[i] = url.PathEscape(value)
		}
	}
	return strings.Join(parts, "/") + replace(names, c.query)
}

// stands is the name that a placeholder stands for.
func (c cell) stands(placeholder string) string { return cmp.Or(c.names[placeholder], placeholder) }

// unchanged expects that a world is what it was.
func unchanged(t *testing.T, w world, before map[string]string) {
	t.Helper()
	for _, row := range difference(before, w.kit.Rows(t)) {
		t.Errorf("changed: %s", row)
	}
}

// difference are the rows that are not the same in both.
func difference(before, after map[string]string) []string {
	var out []string
	for name, row := range before {
		if after[name] != row {
			out = append(out, name+": "+row+" → "+after[name])
		}
	}
	for name, row := range after {
		if _, ok := before[name]; !ok {
			out = append(out, name+": new "+row)
		}
	}
	return out
}
