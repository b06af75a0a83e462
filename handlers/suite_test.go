package handlers_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/labstack/echo/v4"

	"envshare/handlers"
	"envshare/internal/i18n"
	"envshare/internal/testkit"
	"envshare/models"
	"envshare/web"
)

// The apps of the tests: shop lends, depot lends to shop, diner owns nothing,
// rival belongs to somebody else.
const (
	shop  = "wx00000000000000a1"
	diner = "wx00000000000000b2"
	depot = "wx00000000000000c3"
	rival = "wx00000000000000d4"

	shopTest  = "shop-test"
	shopProd  = "shop-prod"
	shopGone  = "shop-gone" // deleted, where a test makes it
	depotMain = "depot-main"
	rivalMain = "rival-main"
)

const manifest = `
principals:
  - {id: acme, name: 示例科技}
  - {id: other, name: 别家公司}
apps:
  - appid: wx00000000000000a1
    name: 商城
    type: miniprogram
    principal: acme
    environments:
      - {id: shop-test, name: 商城测试}
      - {id: shop-prod, name: 商城生产}
  - {appid: wx00000000000000b2, name: 食堂, type: official_account, principal: acme}
  - appid: wx00000000000000c3
    name: 仓库
    type: miniprogram
    principal: acme
    sharing: true
    environments: [{id: depot-main, name: 仓库主环境}]
    shares:
      - {to: wx00000000000000a1, environments: [{id: depot-main, permissions: [functions.view]}]}
  - appid: wx00000000000000d4
    name: 别家
    type: miniprogram
    principal: other
    sharing: true
    environments: [{id: rival-main, name: 别家环境}]
`

// zone is where the console of the tests stands.
var zone = time.FixedZone("Test/East", 8*60*60)

const password = "correct horse battery"

// console is a console that listens, over real services.
type console struct {
	t   testing.TB
	kit *testkit.Kit
	url string
	// routes is the console's route table.
	routes []*echo.Route
}

// newConsole returns a console without users; withRunner lets it run functions.
func newConsole(t testing.TB, withRunner ...bool) *console {
	t.Helper()
	data := emptyInstallation.of(t, func(*console) {})
	return consoleOf(t, testkit.New(t, testkit.Options{NoRunner: len(withRunner) == 0, Data: data}))
}

// consoleOf is a console over an installation.
func consoleOf(t testing.TB, kit *testkit.Kit) *console {
	t.Helper()
	k := &console{t: t, kit: kit}
	s := k.kit.Services
	e, err := web.New(web.Config{Streams: handlers.Streams(), LargeForms: handlers.LargeForms()}, web.Deps{
		Sessions: s.Accounts, Static: fstest.MapFS{}, Ready: s.Ready, SetLanguage: s.Accounts.SetLanguage, Logger: k.kit.Logger,
	})
	must(t, err)
	handlers.Register(e, s, handlers.Options{
		NeedsSetUp: s.Accounts.NeedsSetUp, Zone: zone,
	})
	k.routes = e.Routes()
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	k.url = server.URL
	return k
}

// newWorld is newConsole with the apps of the manifest; sharing of shop is on.
func newWorld(t testing.TB, withRunner ...bool) *console {
	t.Helper()
	data := appsInstallation.of(t, func(k *console) {
		k.kit.Apply(t, manifestWithSharing(), nil)
	})
	return consoleOf(t, testkit.New(t, testkit.Options{NoRunner: len(withRunner) == 0, Data: data}))
}

// manifestWithSharing is the manifest with sharing of shop on.
func manifestWithSharing() string {
	return strings.Replace(manifest, "name: 商城\n", "name: 商城\n    sharing: true\n", 1)
}

// signIn makes a user with roles in apps, given as "admin" or "viewer", and
// signs it in through the form.
func (k *console) signIn(name string, roles map[string]models.Role) *browser {
	k.t.Helper()
	_, err := k.kit.Services.Accounts.CreateUser(k.t.Context(), testkit.Actor, name, password, false, roles)
	must(k.t, err)
	b := k.browser()
	p := b.submit(b.get("/login"), "/login", "username", name, "password", password)
	p.wantRedirect("/")
	return b
}

// admin signs in an administrator of one app.
func (k *console) admin(app string) *browser {
	k.t.Helper()
	return k.signIn("admin-"+app[len(app)-2:], map[string]models.Role{app: models.RoleAdmin})
}

// share lends an environment as a command would, with the permissions named.
func (k *console) share(from, to, env string, permissions ...models.Permission) models.Share {
	k.t.Helper()
	share, err := k.kit.Services.Sharing.Share(k.t.Context(), testkit.Actor, from, shareInput(to, env, permissions...))
	must(k.t, err)
	return share
}

// active is the id of a function's version that runs.
func (k *console) active(env, name string) string {
	k.t.Helper()
	w, err := k.kit.Services.Functions.Code(k.t.Context(), testkit.Actor, shop, env, name)
	must(k.t, err)
	return w.Function.ActiveID
}

// audit returns the events that concern an app, oldest first.
func (k *console) audit(app string) []models.AuditEvent {
	k.t.Helper()
	events, _, err := k.kit.Store.Audit.List(k.t.Context(), app, models.PageRequest{Page: 1, Size: models.MaxPageSize})
	must(k.t, err)
	slices.Reverse(events)
	return events
}

// text is a text of the Chinese catalogue.
func text(key string, namesAndValues ...any) string {
	return i18n.T(i18n.WithLocale(context.Background(), i18n.Chinese), key, namesAndValues...)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
