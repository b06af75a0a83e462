package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"envshare/internal/paths"
	"envshare/models"
)

// forgedField is a form or an address that is welcome but for what is forged in it.
type forgedField struct {
	method, path string
	fields       []string // over those of the route's cell; "-name" leaves one out
	query        string   // instead of the cell's
	status       int
	location     string
}

const (
	ofApp = "/apps/:app"
	ofEnv = ofApp + "/envs/:env"
	ofFn  = ofEnv + "/functions/:name"
	ofDB  = ofEnv + "/database/:name"
)

// forgedForms name in fields what is somebody else's, gone, newer or no such thing.
func forgedForms() []forgedField {
	post := func(path string, status int, fields ...string) forgedField {
		return forgedField{method: http.MethodPost, path: path, status: status, fields: fields}
	}
	lend := func(env string) []string { return []string{"env", env, "perm." + env, "functions.view"} }
	list := []forgedField{
		post(ofApp+"/shares", 422, "to", rival), // S2
		post(ofApp+"/shares", 422, "to", shop),
		post(ofApp+"/shares", 422, "to", "wx00000000000000ff"),
		{method: http.MethodPost, path: ofApp + "/shares", status: 303, fields: []string{"to", diner}, location: "/apps/:app/shares/:share/edit"}, // S6: it is there
		post(ofApp+"/shares", 409, "version", "99"),
		post(ofApp+"/shares", 422, "perm.:env", "security.rules"),
		post(ofApp+"/shares/:share/edit", 409, "version", "99"),
		post(ofApp+"/shares/:share/edit", 400, "version", "0"),
		post(ofApp+"/shares/:share/edit", 400, "version", "x"),
		post(ofApp+"/extensions/sharing/disable", 422, "confirm", "no"), // S13
		post(ofApp+"/members/:user/role", 422, "role", "owner"),
		post(ofApp+"/members/:user/role", 422, "was", "admin"),
		post(ofApp+"/invitations", 422, "role", "operator"),
		post(ofApp+"/invitations", 422, "days", "999"),
		post(ofApp+"/environments", 422, "prefix", "../x"),
		post(ofEnv+"/settings/name", 422, "was", "旧名"),
		post(ofEnv+"/settings/delete", 422, "confirm", shopProd),
		post(ofEnv+"/settings/access", 422, "origins", "javascript:alert(1)"),

		post(ofEnv+"/functions", 422, "name", "../up"),
		post(ofEnv+"/functions", 422, "name", "hello"),
		post(ofEnv+"/functions", 422, "template", "nothing"),
		post(ofFn+"/code", 404, "file", "../../secret.key"),
		post(ofFn+"/code", 404, "file", "nothing.js"),
		post(ofFn+"/code", 409, "seen", emptyDigest),
		post(ofFn+"/files", 422, "path", "../up.js"),
		post(ofFn+"/files", 422, "path", "index.js"),
		post(ofFn+"/files/rename", 404, "file", "nothing.js"),
		post(ofFn+"/files/rename", 422, "path", "/etc/passwd"),
		post(ofFn+"/files/delete", 404, "file", "nothing.js"),
		post(ofFn+"/deploy", 409, "over", "1"),
		post(ofFn+"/draft", 409, "over", "1"),
		post(ofFn+"/draft", 422, "-over", ""),
		post(ofFn+"/rollback", 404, "version", "99"),
		post(ofFn+"/rollback", 404, "version", "-1"),
		post(ofFn+"/rollback", 409, "over", "1"),
		post(ofFn+"/configure", 409, "seen", emptyDigest),
		post(ofFn+"/configure", 422, "memory", "1"),
		post(ofFn+"/events", 404, "kept", absent, "revision", "1"),
		post(ofFn+"/events", 404, "kept", ":other-event", "revision", "1"),
		post(ofFn+"/events", 404, "kept", ":prod-event", "revision", "1"),

		post(ofEnv+"/database", 422, "name", "hello"),
		post(ofEnv+"/database", 422, "name", "../up"),
		post(ofDB+"/delete", 422, "name", "elsewhere"),
		post(ofDB+"/documents", 422, "text", `{"_id":"d1"}`),
		post(ofDB+"/documents/:document", 409, "version", "stale"),
		post(ofDB+"/documents/:document", 422, "text", `{"_id":"d2","n":2}`),
		post(ofDB+"/documents/:document/delete", 409, "version", "stale"),
		post(ofDB+"/indexes/delete", 404, "index", "_id_"),
		post(ofDB+"/indexes/delete", 404, "index", "nothing"),
		post(ofDB+"/transfers/export", 422, "format", "exe"),
		post(ofDB+"/transfers/export", 422, "filter", "{oops"),
		post(ofDB+"/transfers/import", 422, "mode", "drop"),

		post(ofEnv+"/storage", 422, "folder", "../up"),
		post(ofEnv+"/storage/move", 404, "from", "p.txt"), // of another environment
		post(ofEnv+"/storage/move", 404, "from", "../../secret.key"),
		post(ofEnv+"/storage/move", 422, "to", "../up.txt"),
		post(ofEnv+"/storage/delete", 404, "path", "p.txt"),
		post(ofEnv+"/storage/delete", 404, "path", "../"),
	}
	for _, env := range []string{depotMain, rivalMain, shopGone, "nowhere-000000"} { // S3, S4
		list = append(list, post(ofApp+"/shares", 422, lend(env)...), post(ofApp+"/shares/:share/edit", 422, lend(env)...))
	}
	for rule, others := range map[string][]string{
		ofDB + "/rules": {":rule-other", ":rule-bucket", absent}, ofEnv + "/storage/rules": {":rule-hello", absent}, ofEnv + "/settings/access/functions": {":rule-hello", absent},
	} {
		for _, version := range others {
			list = append(list, post(rule+"/restore", 404, "version", version))
		}
		for _, path := range []string{rule, rule + "/check", rule + "/simulate"} {
			list = append(list, post(path, 422, "text", `{"read":`))
		}
	}
	return list
}

// forgedQueries name it in addresses.
func forgedQueries() []forgedField {
	get := func(path, query string, status int) forgedField {
		return forgedField{method: http.MethodGet, path: path, status: status, query: query}
	}
	list := []forgedField{
		get(ofFn+"/code", "?file=../../secret.key", 404),
		get(ofFn+"/files/rename", "?file=nothing.js", 404),
		get(ofFn+"/files/delete", "?file=nothing.js", 404),
		get(ofFn+"/rollback", "?version=99", 404),
		get(ofFn+"/versions/compare", "?from=99&to=1", 404),
		get(ofFn+"/versions/compare", "?from=1&to=x", 400),
		get(ofFn, "?event=:prod-event", 200), // as without one
		get(ofFn+"/logs", "?id=:prod-invocation", 200),
		get(ofDB+"/indexes/delete", "?index=_id_", 404),
		get(ofDB+"/indexes/delete", "?index=nothing", 404),
		get(ofDB, "?filter={oops", 422),
		get(ofEnv+"/storage", "?folder=../", 404),
		get(ofEnv+"/statistics", "?caller="+rival, 200),
		get(ofEnv+"/users", "?from="+rival, 200),
		get(ofApp+"/denials", "?caller="+rival+"&env="+rivalMain, 200),
		get(ofApp+"/denials", "?tab=with-me&owner="+rival, 200),
		get(ofApp+"/audit", "?environment="+rivalMain, 200),
		get(ofApp+"/audit", "?older=forged", 200), // from the newest on
		get(ofApp+"/shares", "?env="+rivalMain, 200),
		get(ofApp+"/shares/new", "?to="+rival, 200), // beside the field: of another principal (S2)
	}
	for _, page := range []string{"/file", "/open", "/move", "/delete"} {
		list = append(list, get(ofEnv+"/storage"+page, "?path=p.txt", 404), get(ofEnv+"/storage"+page, "?path=../../secret.key", 404))
	}
	return list
}

// hidden is what nobody of shop may learn: the name of another principal's app.
const hidden = "别家"

// TestForgedFields sends what is forged in fields and queries as the owner's
// administrator: it is refused, or shows what a page without it shows, tells nothing
// of somebody else's, and changes nothing.
func TestForgedFields(t *testing.T) {
	all := cells(t)
	w := newFullWorld(t)
	asks, token := w.as(place(shop, models.RoleAdmin))
	before := w.kit.Rows(t)
	for _, f := range append(forgedForms(), forgedQueries()...) {
		r := route{f.method, f.path}
		c, said := all[r]
		if !said {
			t.Fatalf("there is no %s %s", f.method, f.path)
		}
		c.fields = over(c.fields, f.fields)
		if f.query != "" {
			c.query = f.query
		}
		t.Run(strings.Join(append([]string{f.method, f.path, f.query}, f.fields...), " "), func(t *testing.T) {
			p := asks.sends(r, c, w.through(shop), token)
			answer{f.status, f.location}.compare(t, "forged", r, p, w.names)
			if strings.Contains(p.body, hidden) {
				t.Errorf("it tells of another principal: %s", p.excerpt())
			}
		})
	}
	unchanged(t, w, before)
}

// TestForgedQuestionsLearnNothing asks why a call is refused, about what is another
// principal's and about what is nowhere: nobody can tell one from the other (C7).
func TestForgedQuestionsLearnNothing(t *testing.T) {
	w := newFullWorld(t)
	asks, _ := w.as(place(shop, models.RoleAdmin))
	const question = "/apps/" + shop + "/explain?ask=1&operation=functions.invoke&resource=hello"
	for _, plane := range []string{"server", "client"} {
		for asked, ids := range map[string][2]string{
			"&caller=" + shop + "&env=": {rivalMain, "nowhere-00"}, "&env=" + shopTest + "&caller=": {rival, "wx00000000000000ff"},
		} {
			told := func(id string) string {
				p := asks.get(question + "&plane=" + plane + asked + id).want(200)
				return strings.ReplaceAll(p.Find("main").Text(), id, "…")
			}
			if theirs, nobodys := told(ids[0]), told(ids[1]); theirs != nobodys || strings.Contains(theirs, hidden) {
				t.Errorf("%s%s: told apart:\n%s\n%s", plane, asked, theirs, nobodys)
			}
		}
	}
}

// TestRestoringNothingIsNothing: what was not changed can be restored, as often as
// somebody likes.
func TestRestoringNothingIsNothing(t *testing.T) {
	w := newFullWorld(t)
	asks, _ := w.as(place(shop, models.RoleDeveloper))
	code := paths.FunctionCode(shop, shopTest, "hello")
	asks.forge(paths.RestoreFunctionFile(shop, shopTest, "hello"), "file", "nothing.js").wantRedirect(code).
		follow().want(200).wantCount(`a[href="`+paths.FunctionFile(shop, shopTest, "hello", "more.js")+`"]`, 1)
}

// over are fields with others in their place.
func over(fields, others []string) []string {
	var out []string
	for i := 0; i+1 < len(fields); i += 2 {
		replaced := false
		for j := 0; j+1 < len(others); j += 2 {
			replaced = replaced || strings.TrimPrefix(others[j], "-") == fields[i]
		}
		if !replaced {
			out = append(out, fields[i], fields[i+1])
		}
	}
	for j := 0; j+1 < len(others); j += 2 {
		if !strings.HasPrefix(others[j], "-") {
			out = append(out, others[j], others[j+1])
		}
	}
	return out
}

// TestFieldsThatAreNoText puts what is not UTF-8, or NUL, into each field of each form.
func TestFieldsThatAreNoText(t *testing.T) {
	w := newFullWorld(t)
	asks, token := w.as(place(shop, models.RoleAdmin))
	before := w.kit.Rows(t)
	for r, c := range cells(t) {
		for i := 0; i+1 < len(c.fields); i += 2 {
			name := c.fields[i]
			t.Run(r.path+" "+name, func(t *testing.T) {
				want := http.StatusBadRequest
				if strings.HasPrefix(name, "perm.") || name == "folder" {
					want = http.StatusUnprocessableEntity // as any word that is no permission or path
				}
				for _, value := range []string{"a\x00", "\xff\xfe"} {
					broken := c
					broken.fields = over(c.fields, []string{name, value})
					wantStatus(t, asks.sends(r, broken, w.through(shop), token), want)
				}
			})
		}
	}
	unchanged(t, w, before)
}
