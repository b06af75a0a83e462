package handlers_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"envshare/internal/paths"
	"envshare/models"
)

// open is a route that is not about an app: what nobody and what somebody who is
// signed in get. Tokens in addresses are nobody's; the tests of what they open use
// real ones.
type open struct {
	nobody, somebody answer
	fields           []string
}

// everybody gets the same.
func everybody(status int, location string, fields ...string) open {
	return open{answer{status, location}, answer{status, location}, fields}
}

// own is about whoever asks; nobody is sent to sign in.
func own(status int, location string, fields ...string) open {
	return open{answer{http.StatusSeeOther, signIn}, answer{status, location}, fields}
}

// signIn stands for the sign-in page that leads back to what was asked for.
const signIn = "(sign in)"

// openRoutes are the routes outside of apps and of the operator's area.
var openRoutes = map[string]open{
	"GET /healthz": everybody(200, ""), "GET /readyz": everybody(200, ""), "GET /static/*": everybody(404, ""), // there is no such file
	"POST /language": everybody(303, "/", "lang", "en"), "POST /theme": everybody(303, "/", "theme", "dark"),

	"GET /login":                  {answer{200, ""}, answer{303, "/"}, nil},
	"POST /login":                 everybody(422, "", "username", "colleague", "password", "wrong password"),
	"GET /login/second-factor":    everybody(303, "/login?next=%2F"), // no sign-in waits for it
	"POST /login/second-factor":   everybody(422, "", "code", "000000"),
	"POST /login/oidc":            everybody(404, ""), // there is no provider
	"GET /login/oidc/callback":    everybody(404, ""),
	"POST /logout":                own(303, "/login"),
	"GET /setup/:token":           everybody(404, ""),
	"POST /setup/:token":          everybody(404, "", "username", "root", "password", password, "password_again", password),
	"GET /choose-password/:token": everybody(404, ""), "POST /choose-password/:token": everybody(404, "", "password", password, "password_again", password),
	"GET /invitations/:token":           everybody(404, ""),
	"POST /invitations/:token":          own(404, ""),
	"POST /invitations/:token/register": {answer{404, ""}, answer{303, "/invitations/forged"}, []string{"username", "guest", "password", password}},

	"GET /": {answer{303, "/login"}, answer{303, "/apps*"}, nil}, "GET /apps": own(200, ""),

	"GET /account": own(200, ""), "GET /account/password": own(200, ""), "GET /account/preferences": own(200, ""),
	"GET /account/sessions": own(200, ""), "GET /account/sign-in": own(200, ""), "GET /account/second-factor": own(200, ""),
	"POST /account/password": own(422, "", "current", "wrong password", "password", newPassword, "password_again", newPassword),
	// Nobody here has a second factor, or an account elsewhere.
	"POST /account/second-factor":       own(422, "", "password", "wrong password"),
	"GET /account/second-factor/set-up": own(303, "/account"), "POST /account/second-factor/set-up": own(303, "/account", "code", "000000"),
	"GET /account/second-factor/qr.png":         own(404, ""),
	"GET /account/second-factor/recovery-codes": own(303, "/account"), "POST /account/second-factor/recovery-codes": own(303, "/account"),
	"GET /account/second-factor/off": own(303, "/account"), "POST /account/second-factor/off": own(303, "/account"),
	"GET /account/sign-in/link": own(404, ""), "POST /account/sign-in/link": own(404, ""),
	"GET /account/sign-in/unlink": own(404, ""), "POST /account/sign-in/unlink": own(404, ""),
	"POST /account/sessions/end":        own(404, "", "session", absent),
	"POST /account/sessions/end-others": own(303, "/account/sessions"),
}

// TestOpenRoutes asks every route outside of apps as everybody, whatever their roles
// are. What they send is wrong, which is recorded, and changes nothing else.
func TestOpenRoutes(t *testing.T) {
	left := maps.Clone(openRoutes)
	var list []route
	for _, r := range newConsole(t).routes {
		name := r.Method + " " + r.Path
		if r.Method == http.MethodHead || !public[name] && !anyMember[name] && !ownAccount(r.Path) {
			continue
		}
		if _, said := openRoutes[name]; !said {
			t.Errorf("nothing is said about %s", name)
		}
		list = append(list, route{r.Method, r.Path})
		delete(left, name)
	}
	for name := range left {
		t.Errorf("there is no %s", name)
	}
	for _, who := range slices.Sorted(maps.Keys(newFullWorld(t).people)) {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			w := newFullWorld(t)
			before := w.kit.Rows(t)
			for _, r := range list {
				asks, token := w.as(who)
				if who != nobody && (r.path == "/logout" || r.path == "/language" || r.path == "/account/sessions/end-others") {
					asks, token = newFullWorld(t).as(who) // these end or change something
				}
				o := openRoutes[r.method+" "+r.path]
				want := o.somebody
				if who == nobody {
					want = o.nobody
				}
				if want.location == signIn {
					want.location = signInAfter(r.method, r.path)
				}
				names := map[string]string{":token": "forged"}
				want.compare(t, who, r, asks.sends(r, cell{fields: o.fields}, names, token), names)
			}
			for _, row := range difference(before, w.kit.Rows(t)) {
				if !strings.Contains(row, string(models.AuditSignInRefused)) {
					t.Errorf("changed: %s", row)
				}
			}
		})
	}
}

// signInAfter is where somebody who is not signed in is sent: back to a page, not
// to a form.
func signInAfter(method, address string) string {
	if method == http.MethodGet {
		return paths.LoginNext(address)
	}
	return paths.Login()
}

// TestForgedTokens opens the links that sign people in with tokens of no shape.
func TestForgedTokens(t *testing.T) {
	w := newFullWorld(t)
	before := w.kit.Rows(t)
	asks, token := w.as(nobody)
	for name, o := range openRoutes {
		method, path, _ := strings.Cut(name, " ")
		if !strings.Contains(path, ":token") || o.nobody.location == signIn {
			continue
		}
		for _, forged := range append([]string{absent}, malformed...) {
			p := asks.sends(route{method, path}, cell{fields: o.fields}, map[string]string{":token": forged}, token)
			if p.status != http.StatusNotFound {
				t.Errorf("%s with %.40q: status %d", name, forged, p.status)
			}
		}
	}
	unchanged(t, w, before)
}
