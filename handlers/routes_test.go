package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"envshare/internal/service"
	"envshare/internal/testkit"
	"envshare/models"
)

// public are the routes that need nobody to be signed in.
var public = map[string]bool{
	"GET /login": true, "POST /login": true, "GET /setup/:token": true, "POST /setup/:token": true,
	"GET /invitations/:token": true, "POST /invitations/:token": true, "POST /invitations/:token/register": true,
	"GET /login/second-factor": true, "POST /login/second-factor": true, "POST /login/oidc": true, "GET /login/oidc/callback": true,
	"GET /choose-password/:token": true, "POST /choose-password/:token": true,
	"GET /healthz": true, "GET /readyz": true, "GET /static/*": true, "POST /language": true, "POST /theme": true,
}

// anyMember are the routes that whoever is signed in may use.
var anyMember = map[string]bool{"GET /": true, "GET /apps": true, "POST /logout": true}

// route is an address of the console with its placeholders.
type route struct{ method, path string }

// protected are the routes of apps, from the console's own table.
func (k *console) protected() []route {
	k.t.Helper()
	var list []route
	for _, r := range k.routes {
		name := r.Method + " " + r.Path
		if r.Method == http.MethodHead || public[name] || anyMember[name] || ownAccount(r.Path) || ofOperators(r.Path) {
			continue
		}
		if !strings.HasPrefix(r.Path, "/apps/:app") {
			k.t.Errorf("%s is neither public nor of an app", name)
		}
		list = append(list, route{r.Method, r.Path})
	}
	if len(list) < 60 {
		k.t.Fatalf("only %d routes", len(list))
	}
	return list
}

// ofOperators reports whether a route is the operator's: operator_routes_test.go
// asks these.
func ofOperators(path string) bool {
	return path == "/operator" || strings.HasPrefix(path, "/operator/")
}

// with fills the placeholders of the route.
func (r route) with(app, env, share, name, invocation string) string {
	return strings.NewReplacer(":app", app, ":env", env, ":share", share, ":name", name, ":invocation", invocation).Replace(r.path)
}

// ask sends a request with a valid token where one is needed.
func (b *browser) ask(r route, path, token string) *page {
	b.t.Helper()
	if r.method == http.MethodGet {
		return b.do(http.MethodGet, path, "", nil)
	}
	return b.post(path, url.Values{"_csrf": {token}})
}

func (b *browser) token(path string) string {
	b.t.Helper()
	token := b.get(path).Find(`input[name="_csrf"]`).First().AttrOr("value", "")
	if token == "" {
		b.t.Fatalf("%s has no token", path)
	}
	return token
}

// world is a console in which everything that a route may name is there.
type world struct {
	*console
	share, incoming, invocation, document, transfer, event, visitor string // ids

	user, invitation string // a member of shop, and an open invitation to it
}

func newFullWorld(t *testing.T) world {
	t.Helper()
	k := newConsole(t)
	k.kit.Apply(t, strings.NewReplacer(
		"name: 商城\n", "name: 商城\n    sharing: true\n",
		"{id: shop-test, name: 商城测试}", "{id: shop-test, name: 商城测试, functions: functions}",
		"{id: shop-prod, name: 商城生产}", "{id: shop-prod, name: 商城生产}\n      - {id: shop-gone, name: 商城旧版}",
	).Replace(manifest), map[string]string{"functions/hello/index.js": "exports.main = async () => 1\n"})
	invocation := models.Invocation{ID: "run-1", EnvironmentID: shopTest, FunctionName: "hello", Version: 1, Trigger: models.TriggerConsole,
		CallerAppID: shop, Status: models.InvocationOK, Result: "1", StartedAt: time.Now().UTC()}
	must(t, k.kit.Store.Invocations.InsertBatch(t.Context(), []models.Invocation{invocation}))
	document, transfer := k.data()
	must(t, k.kit.Services.Environments.Delete(t.Context(), testkit.Actor, shop, shopGone, shopGone))
	user, err := k.kit.Services.Accounts.CreateUser(t.Context(), testkit.Actor, "colleague", password, false, map[string]models.Role{shop: models.RoleDeveloper})
	must(t, err)
	invitation, _, err := k.kit.Services.Members.Invite(t.Context(), testkit.Actor, shop, models.NewInvitation{Role: models.RoleViewer, Days: 1})
	must(t, err)
	event, err := k.kit.Services.Functions.KeepEvent(t.Context(), testkit.Actor, shop, shopTest, "hello", service.KeptEvent{Name: "one", Content: "{}"})
	must(t, err)
	visitor := models.Visitor{EnvironmentID: shopTest, AppID: shop, OpenID: "o-1", FirstSeenAt: time.Now().UTC(), LastSeenAt: time.Now().UTC()}
	must(t, k.kit.Store.Clients.See(t.Context(), visitor))
	return world{
		console: k, share: k.share(shop, diner, shopTest, models.Permissions()...).ID, incoming: k.only(depot).ID,
		invocation: invocation.ID, document: document, transfer: transfer, user: user.ID, invitation: invitation.ID, event: event.ID, visitor: visitor.Key(),
	}
}

// data makes a collection "hello" with a document, an export of it, and a file
// a.txt, and returns the ids of document and export.
func (k *console) data() (document, transfer string) {
	k.t.Helper()
	ctx, s := k.t.Context(), k.kit.Services
	must(k.t, s.Documents.AddCollection(ctx, testkit.Actor, shop, shopTest, "hello"))
	document, err := s.Documents.AddDocument(ctx, testkit.Actor, shop, shopTest, "hello", `{"_id":"d1","n":1}`)
	must(k.t, err)
	must(k.t, s.Documents.AddIndex(ctx, testkit.Actor, shop, shopTest, "hello", service.Index{Name: "n_1", Fields: "n"}))
	_, err = s.Files.Store(ctx, testkit.Actor, shop, shopTest, "a.txt", strings.NewReader("hello"))
	must(k.t, err)
	s.StartBackground()
	export, err := s.Transfers.Export(ctx, testkit.Actor, shop, shopTest, "hello", service.Export{Format: "json"})
	must(k.t, err)
	k.ended(export.ID)
	return document, export.ID
}

// ended waits until a transfer of the collection "hello" has ended.
func (k *console) ended(id string) models.Transfer {
	k.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		got, err := k.kit.Services.Transfers.Get(k.t.Context(), testkit.Actor, shop, shopTest, id)
		must(k.t, err)
		if got.Ended() {
			return got
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("transfer is still %s", got.Status)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// of is the address of a route in shop. What it leaves is a share that shop was
// given, all else is about the one that it gave.
func (w world) of(r route) string {
	share := w.share
	if strings.HasSuffix(r.path, "/leave") {
		share = w.incoming
	}
	env := shopTest
	if strings.HasSuffix(r.path, "/environments/:env/restore") {
		env = shopGone
	}
	event := w.event
	if strings.Contains(r.path, "/audit/") {
		event = w.audit(shop)[0].ID
	}
	path := strings.NewReplacer(":document", w.document, ":transfer", w.transfer, ":user", w.user, ":invitation", w.invitation, ":event", event, ":visitor", w.visitor).
		Replace(r.with(shop, env, share, "hello", w.invocation))
	switch {
	case strings.Contains(path, "/functions/hello/files/"):
		path += "?file=index.js"
	case strings.Contains(path, "/storage/"):
		path += "?path=a.txt"
	case strings.HasSuffix(path, "/indexes/delete"):
		path += "?index=n_1"
	}
	return path
}

// state is what a request must not change: the audit log and the functions.
func (w world) state() int { return len(w.audit(shop)) + len(w.audit(diner)) + len(w.audit(depot)) }

// revision is how often the facts that decide calls changed.
func (w world) revision() int64 {
	w.t.Helper()
	n, err := w.kit.Store.Access.Revision(w.t.Context())
	must(w.t, err)
	return n
}

func TestEveryRouteIsGuarded(t *testing.T) {
	w := newFullWorld(t)
	nobody := w.browser()
	nobodysToken := nobody.token("/login")
	stranger := w.admin(rival)
	strangersToken := stranger.token("/apps")
	viewer := w.signIn("viewer", map[string]models.Role{shop: models.RoleViewer})
	viewersToken := viewer.token("/apps")
	admin := w.admin(shop)
	adminsToken := admin.token("/apps")
	before := w.state()

	for _, r := range w.protected() {
		t.Run(r.method+" "+r.path, func(t *testing.T) {
			path := w.of(r)
			t.Run("nobody is sent to sign in", func(t *testing.T) {
				p := nobody.ask(r, path, nobodysToken)
				if p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/login") {
					t.Errorf("status %d to %q", p.status, p.location)
				}
			})
			t.Run("a member of another app does not learn that it exists", func(t *testing.T) {
				wantStatus(t, stranger.ask(r, path, strangersToken), http.StatusNotFound)
			})
			if r.method == http.MethodPost {
				t.Run("a viewer is refused", func(t *testing.T) {
					wantStatus(t, viewer.ask(r, path, viewersToken), http.StatusForbidden)
				})
				t.Run("a token is needed", func(t *testing.T) {
					wantStatus(t, admin.ask(r, path, ""), http.StatusForbidden)
				})
			}
			for placeholder, forged := range map[string]string{":env": rivalMain, ":share": "01ARZ3NDEKTSV4RRFFQ69G5FAV", ":invocation": "nowhere", ":user": "nobody", ":visitor": models.Visitor{AppID: shop, OpenID: "o-2"}.Key(), ":invitation": "nothing", ":transfer": "01ARZ3NDEKTSV4RRFFQ69G5FAV", ":event": w.audit(rival)[0].ID, ":app": "wx00000000000000ff"} {
				if !strings.Contains(r.path, placeholder) {
					continue
				}
				t.Run("a forged "+placeholder+" is not found", func(t *testing.T) {
					path := route{r.method, strings.Replace(r.path, placeholder, forged, 1)}
					wantStatus(t, admin.ask(r, w.of(path), adminsToken), http.StatusNotFound)
				})
			}
		})
	}
	if after := w.state(); after != before {
		t.Errorf("%d changes were recorded", after-before)
	}
}

func wantStatus(t *testing.T, p *page, status int) {
	t.Helper()
	if p.status != status {
		t.Errorf("status %d, want %d: %s %s", p.status, status, p.location, p.excerpt())
	}
}

func TestReadingChangesNothing(t *testing.T) {
	w := newFullWorld(t)
	admin := w.admin(shop)
	before, revision := w.state(), w.revision()
	for _, r := range w.protected() {
		if r.method != http.MethodGet {
			continue
		}
		if p := admin.do(http.MethodGet, w.of(r), "", nil); p.status != http.StatusOK && p.status != http.StatusSeeOther {
			t.Errorf("%s: status %d: %s", p.path, p.status, p.excerpt())
		}
	}
	if after := w.state(); after != before {
		t.Errorf("%d changes were recorded", after-before)
	}
	if now := w.revision(); now != revision {
		t.Errorf("the facts changed %d times", now-revision)
	}
}
