package handlers_test

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"envshare/internal/service"
	"envshare/internal/testkit"
	"envshare/models"
)

// world is a console in which everything is there that a route may name.
type world struct {
	*console
	// names are what placeholders of routes and forms stand for, see fillWorld.
	names  map[string]string
	people map[string]person
}

// The people of the world, by app and role; nobody is signed in nowhere.
const (
	nobody   = "nobody"
	stranger = "member of another app"
	platform = "operator"
)

// worldManifest is the manifest with what the world has beside it.
var worldManifest = strings.NewReplacer(
	"name: 商城\n", "name: 商城\n    sharing: true\n",
	"{id: shop-test, name: 商城测试}", "{id: shop-test, name: 商城测试, functions: functions}",
	"{id: shop-prod, name: 商城生产}", "{id: shop-prod, name: 商城生产}\n      - {id: shop-gone, name: 商城旧版}",
	"environments: [{id: depot-main, name: 仓库主环境}]", "environments: [{id: depot-main, name: 仓库主环境}, {id: depot-spare, name: 仓库备用}]",
).Replace(manifest)

// helloCode is the code of the function hello.
const helloCode = "exports.main = async () => 1\n"

func newFullWorld(t testing.TB) world {
	t.Helper()
	data := fullInstallation.of(t, func(k *console) {
		w := world{console: k, names: map[string]string{}, people: map[string]person{}}
		w.fillWorld()
		w.fillOthers()
		w.fillPeople()
		fullInstallation.names, fullInstallation.people = w.names, w.people
	})
	k := consoleOf(t, testkit.New(t, testkit.Options{NoRunner: true, Data: data}))
	return world{console: k, names: maps.Clone(fullInstallation.names), people: fullInstallation.people}
}

// fillWorld makes what the routes of shop's environment shop-test name: a function, a
// collection and a file "hello", all with a past.
func (w world) fillWorld() {
	w.t.Helper()
	k, ctx, s := w.console, w.t.Context(), w.kit.Services
	k.kit.Apply(k.t, worldManifest, map[string]string{"functions/hello/index.js": "exports.main = async () => 0\n"})
	k.deploy(shopTest, "hello", helloCode)
	seen := sha256.Sum256([]byte(helloCode))
	document, transfer := k.data()
	shown, err := s.Documents.Document(ctx, testkit.Actor, shop, shopTest, "hello", document)
	must(k.t, err)
	must(k.t, s.Environments.Delete(ctx, testkit.Actor, shop, shopGone, shopGone))
	user, err := s.Accounts.CreateUser(ctx, testkit.Actor, "colleague", password, false, map[string]models.Role{shop: models.RoleDeveloper})
	must(k.t, err)
	share := k.share(shop, diner, shopTest, models.Permissions()...)
	borrowed, err := s.Transfers.Export(ctx, testkit.Actor, diner, shopTest, "hello", service.Export{Format: "json"})
	must(k.t, err)
	k.ended(borrowed.ID)
	maps.Copy(w.names, map[string]string{
		":app": shop, ":env": shopTest, ":deleted": shopGone, ":name": "hello", ":user": user.ID, ":document": document, ":transfer": transfer,
		":share": share.ID, ":leaves": k.only(depot).ID, ":share-version": strconv.Itoa(share.Version), ":borrowed-transfer": borrowed.ID,
		":invocation": k.ran(shopTest, "hello"), ":visitor": k.seen(shopTest, "o-1"), ":event": k.kept(shopTest, "hello"), ":audited": k.audit(shop)[0].ID,
		":invitation": k.invited(shop), ":seen": hex.EncodeToString(seen[:]), ":revision": shown.Version,
		":running": k.transfer(shop, shopTest, models.TransferRunning), ":failed": k.transfer(shop, shopTest, models.TransferFailed),
		":borrowed-running": k.transfer(diner, shopTest, models.TransferRunning), ":borrowed-failed": k.transfer(diner, shopTest, models.TransferFailed),
		":rule-hello":  k.ruled(shopTest, service.RuleTarget{Kind: models.RuleCollection, Name: "hello"}),
		":rule-bucket": k.ruled(shopTest, service.RuleTarget{Kind: models.RuleBucket}), ":rule-calls": k.ruled(shopTest, service.RuleTarget{Kind: models.RuleFunctions}),
	})
}

// fillOthers makes things of the same kinds that belong elsewhere: to another
// environment of shop, to another function or collection, to another app.
func (w world) fillOthers() {
	w.t.Helper()
	k, ctx, s := w.console, w.t.Context(), w.kit.Services
	for _, env := range []string{shopTest, shopProd} {
		k.deploy(env, "elsewhere", helloCode)
		must(k.t, s.Documents.AddCollection(ctx, testkit.Actor, shop, env, "elsewhere"))
	}
	document, err := s.Documents.AddDocument(ctx, testkit.Actor, shop, shopTest, "elsewhere", `{"_id":"d2"}`)
	must(k.t, err)
	must(k.t, s.Documents.AddCollection(ctx, testkit.Actor, shop, shopProd, "produce"))
	k.deploy(shopProd, "produce", helloCode)
	_, err = s.Files.Store(ctx, testkit.Actor, shop, shopProd, "p.txt", strings.NewReader("produce"))
	must(k.t, err)
	maps.Copy(w.names, map[string]string{
		":other-document": document, ":other-transfer": k.transfer(shop, shopProd, models.TransferRunning), ":other-visitor": k.seen(shopProd, "o-2"),
		":other-share": k.share(depot, diner, "depot-spare", models.FunctionsView).ID, ":other-invitation": k.invited(rival), ":other-audited": k.audit(rival)[0].ID, ":depot-audited": k.audit(depot)[0].ID,
		":other-invocation": k.ran(shopTest, "elsewhere"), ":prod-invocation": k.ran(shopProd, "elsewhere"),
		":running-version": k.active(shopTest, "hello"),
		":other-event":     k.kept(shopTest, "elsewhere"), ":prod-event": k.kept(shopProd, "elsewhere"),
		":rule-other": k.ruled(shopProd, service.RuleTarget{Kind: models.RuleCollection, Name: "elsewhere"}),
	})
}

// fillPeople signs in everybody. Who may change functions has a working copy of
// hello, with a file more.
func (w world) fillPeople() {
	w.t.Helper()
	ctx, s := w.t.Context(), w.kit.Services
	in := func(name string, b *browser) { w.people[name] = b.leave(b.token("/apps")) }
	out := w.browser()
	w.people[nobody] = out.leave(out.token("/login"))
	in(stranger, w.signIn("stranger", map[string]models.Role{rival: models.RoleAdmin}))
	w.names[":stranger"] = w.userID("stranger")
	in(platform, w.operator("platform"))
	for _, app := range []string{shop, diner} {
		for _, role := range roles {
			name := place(app, role)
			in(name, w.signIn(name, map[string]models.Role{app: role}))
			if role == models.RoleViewer {
				continue
			}
			_, err := s.Functions.AddFile(ctx, models.Actor{UserID: w.userID(name), Username: name}, app, shopTest, "hello", "more.js")
			must(w.t, err)
		}
	}
}

var roles = []models.Role{models.RoleViewer, models.RoleDeveloper, models.RoleAdmin}

// place is the name of the person who has a role in an app.
func place(app string, role models.Role) string { return role.String() + "-of-" + app }

// as is the browser of one of the people.
func (w world) as(name string) (b *browser, token string) {
	w.t.Helper()
	p, ok := w.people[name]
	if !ok {
		w.t.Fatalf("nobody is called %s", name)
	}
	return w.come(p), p.token
}

// through are the names as an app asks: of its own are what it brought out of a
// borrowed environment.
func (w world) through(app string) map[string]string {
	names := maps.Clone(w.names)
	names[":app"] = app
	if app != shop {
		names[":leaves"] = names[":share"]
		names[":transfer"], names[":running"], names[":failed"] = names[":borrowed-transfer"], names[":borrowed-running"], names[":borrowed-failed"]
	}
	return names
}

// ran records a run of a function.
func (k *console) ran(env, name string) string {
	k.t.Helper()
	one := models.Invocation{ID: "run-" + env + "-" + name, EnvironmentID: env, FunctionName: name, Version: 1, Trigger: models.TriggerConsole,
		CallerAppID: shop, Status: models.InvocationOK, Result: "1", StartedAt: time.Now().UTC()}
	must(k.t, k.kit.Store.Invocations.InsertBatch(k.t.Context(), []models.Invocation{one}))
	return one.ID
}

// seen makes somebody a visitor of an environment.
func (k *console) seen(env, openID string) string {
	k.t.Helper()
	visitor := models.Visitor{EnvironmentID: env, AppID: shop, OpenID: openID, FirstSeenAt: time.Now().UTC(), LastSeenAt: time.Now().UTC()}
	must(k.t, k.kit.Store.Clients.See(k.t.Context(), visitor))
	return visitor.Key()
}

// kept keeps an event of a function.
func (k *console) kept(env, name string) string {
	k.t.Helper()
	event, err := k.kit.Services.Functions.KeepEvent(k.t.Context(), testkit.Actor, shop, env, name, service.KeptEvent{Name: "one", Content: "{}"})
	must(k.t, err)
	return event.ID
}

func (k *console) invited(app string) string {
	k.t.Helper()
	invitation, _, err := k.kit.Services.Members.Invite(k.t.Context(), testkit.Actor, app, models.NewInvitation{Role: models.RoleViewer, Days: 1})
	must(k.t, err)
	return invitation.ID
}

// ruled saves two security rules, and returns the version of the first one.
func (k *console) ruled(env string, target service.RuleTarget) string {
	k.t.Helper()
	ctx, s := k.t.Context(), k.kit.Services.Access
	texts := []string{`{"read":true,"write":false}`, `{"read":true,"write":true}`}
	if target.Kind == models.RuleFunctions {
		texts = []string{`{"*":{"invoke":true}}`, `{"*":{"invoke":true},"hello":{"invoke":true}}`}
	}
	for _, text := range texts {
		must(k.t, s.SaveRule(ctx, testkit.Actor, shop, env, target, models.PresetCustom, text))
	}
	rule, err := s.Rule(ctx, testkit.Actor, shop, env, target)
	must(k.t, err)
	return rule.Versions[1].ID
}

// transfer records an import of the collection hello in a state.
func (k *console) transfer(app, env string, status models.TransferStatus) string {
	k.t.Helper()
	one := models.Transfer{
		ID: strings.Join([]string{"transfer", app, env, string(status)}, "-"), EnvironmentID: env, AppID: app, Collection: "hello", Kind: models.TransferImport, Format: "json",
		Mode: models.ImportInsert, FileName: "half.json", Fields: []string{}, Errors: []models.TransferError{}, Bytes: 200, BytesDone: 84, Status: status,
		ActorName: "a", CreatedAt: time.Now().UTC(), UpdatedAt: time.Now().UTC(),
	}
	must(k.t, k.kit.Store.Transfers.Insert(k.t.Context(), one))
	return one.ID
}
