package handlers_test

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"envshare/models"
)

// placeholder is a part of a route that names something.
var placeholder = regexp.MustCompile(`:[a-z]+`)

// absent has the shape of an id, and is nobody's.
const absent = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

// malformed is what no id looks like.
var malformed = []string{strings.Repeat("a", 5000), "a\x00", "a\nb", "../../..", "\xff\xfe"}

// forgeries are ids that somebody who is welcome otherwise puts in the place of a
// placeholder: of nothing, and of what is somebody else's.
func (w world) forgeries(p persona, r route, in string) []string {
	names := w.names
	switch in {
	case ":app":
		return []string{"wx00000000000000ff", rival, depot, map[string]string{shop: diner, diner: shop}[p.app]}
	case ":env":
		switch {
		case !aboutEnvironment(r):
			return []string{"nowhere-000000", rivalMain, shopTest} // the last one is not deleted
		case p.app != shop:
			return []string{"nowhere-000000", rivalMain, shopGone, shopProd, depotMain}
		}
		return []string{"nowhere-000000", rivalMain, shopGone, "depot-spare"}
	case ":share":
		switch last := r.path[strings.LastIndexByte(r.path, '/')+1:]; last {
		case "edit", "pause", "resume", "delete":
			return []string{absent, names[":other-share"], names[":leaves"]}
		case "leave":
			return []string{absent, names[":other-share"], names[":share"]}
		}
		return []string{absent, names[":other-share"]}
	case ":name":
		if len(placeholder.FindAllString(r.path, -1)) > 3 { // what it holds belongs to hello
			return []string{"nothing", "produce", "elsewhere"}
		}
		return []string{"nothing", "produce"}
	case ":event":
		if strings.Contains(r.path, "/audit/") {
			return []string{absent, names[":other-audited"], names[":depot-audited"]}
		}
		return []string{absent, names[":other-event"], names[":prod-event"]}
	case ":transfer":
		ids := []string{absent, names[":other-transfer"]}
		if p.app != shop {
			ids = append(ids, names[":transfer"], names[":running"], names[":failed"])
		}
		return ids
	}
	return map[string][]string{
		":document":   {"nothing", names[":other-document"]},
		":invocation": {absent, names[":other-invocation"], names[":prod-invocation"]},
		":visitor":    {models.Visitor{AppID: shop, OpenID: "o-3"}.Key(), names[":other-visitor"]},
		":user":       {absent, names[":stranger"]},
		":invitation": {absent, names[":other-invitation"]},
	}[in]
}

// repeats are the placeholders whose value a form repeats as text, which has to be
// text that can be stored.
var repeats = map[string]bool{
	"POST /apps/:app/envs/:env/settings/delete :env":        true,
	"POST /apps/:app/envs/:env/database/:name/delete :name": true,
}

// tells is the status that a forged id gets.
func (r route) tells(in, id string) int {
	name := r.method + " " + r.path
	switch {
	case name == "POST /apps/:app/envs/:env/database/:name/documents/:document" && (in == ":document" || id == "elsewhere"):
		return http.StatusConflict // who saves a document that is gone meanwhile keeps what they typed
	case repeats[name+" "+in] && (strings.Contains(id, "\x00") || !utf8.ValidString(id)):
		return http.StatusBadRequest
	}
	return http.StatusNotFound
}

// TestForgedIDs asks every route with ids of nothing, of somebody else's things and
// of no shape at all, as the owner's administrator and as a borrower's who may do
// whatever can be lent. The forms are those that are welcome with the right ids.
func TestForgedIDs(t *testing.T) {
	all := cells(t)
	for _, p := range []persona{
		{place(shop, models.RoleAdmin), shop, models.RoleAdmin, nil},
		{place(diner, models.RoleAdmin), diner, models.RoleAdmin, models.Permissions()},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := newFullWorld(t)
			asks, token := w.as(p.name)
			for _, r := range w.protected() {
				if p.told(r, all[r]).status >= http.StatusBadRequest && all[r].changes || p.app != shop && !aboutEnvironment(r) {
					continue
				}
				t.Run(r.method+" "+r.path, func(t *testing.T) {
					before := w.kit.Rows(t)
					for _, in := range placeholder.FindAllString(r.path, -1) {
						forge(t, w, asks, token, p, r, all[r], in)
					}
					unchanged(t, w, before)
				})
			}
		})
	}
}

// forge asks a route with one placeholder forged.
func forge(t *testing.T, w world, asks *browser, token string, p persona, r route, c cell, in string) {
	t.Helper()
	ask := func(id string) *page {
		names := maps.Clone(w.through(p.app))
		names[c.stands(in)] = id
		return asks.sends(r, c, names, token)
	}
	ids := w.forgeries(p, r, in)
	if len(ids) < 2 || slices.Contains(ids, "") {
		t.Errorf("%s is forged as %q", in, ids)
	}
	if p.app == shop { // who asks does not matter to what no id looks like
		ids = append(ids, malformed...)
	}
	for _, id := range ids {
		if got, want := ask(id), r.tells(in, id); got.status != want {
			t.Errorf("%s=%.40q: status %d, want %d: %s %s", in, id, got.status, want, got.location, got.excerpt())
		}
	}
}
