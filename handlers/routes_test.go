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
	deadline := time.Now().Add(time.Minute)
	for {
		got, err := k.kit.Services.Transfers.Get(k.t.Context(), testkit.Actor, shop, shopTest, "hello", id)
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

// TestEveryFormNeedsItsToken sends every form of who is welcome without a token, and
// with somebody else's.
func TestEveryFormNeedsItsToken(t *testing.T) {
	w := newFullWorld(t)
	before := w.kit.Rows(t)
	admin, _ := w.as(place(shop, models.RoleAdmin))
	_, theirs := w.as(stranger)
	for r, c := range cells(t) {
		if r.method == http.MethodGet {
			continue
		}
		for name, token := range map[string]string{"none": "", "somebody else's": theirs} {
			t.Run(r.path+" with "+name, func(t *testing.T) {
				wantStatus(t, admin.sends(r, c, w.through(shop), token), http.StatusForbidden)
			})
		}
	}
	unchanged(t, w, before)
}

func wantStatus(t *testing.T, p *page, status int) {
	t.Helper()
	if p.status != status {
		t.Errorf("status %d, want %d: %s %s", p.status, status, p.location, p.excerpt())
	}
}
