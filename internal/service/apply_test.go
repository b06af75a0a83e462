package service

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/models"
)

func parsed(t testing.TB, text string) Manifest {
	t.Helper()
	m, err := ParseManifest(strings.NewReader(text))
	must(t, err)
	return m
}

// passwords gives every variable but NONE a password.
func passwords(name string) string {
	if name == "NONE" {
		return ""
	}
	return "password-for-tests"
}

func (w *world) apply(t testing.TB, text string, files fs.FS) ([]Step, error) {
	t.Helper()
	return w.Manifests.Apply(t.Context(), system, parsed(t, text), ApplyOptions{Files: files, Getenv: passwords})
}

// ops counts the steps of a plan.
func ops(steps []Step) map[string]int {
	out := map[string]int{}
	for _, s := range steps {
		out[s.Op]++
	}
	return out
}

// minimal is a world of two apps in which the lines that a test is about are
// put.
const minimal = `
principals: [{id: acme, name: acme}]
apps:
  - appid: wx0000000000000001
    name: shop
    principal: acme
    sharing: true
    environments: [{id: shop-1, name: one}]
    shares:
      - to: wx0000000000000002
        environments: [{id: shop-1, permissions: [functions.invoke]}]
  - {appid: wx0000000000000002, name: diner, principal: acme}
`

func demo(t testing.TB) (Manifest, fs.FS) {
	t.Helper()
	files := os.DirFS("../../examples/demo")
	text, err := fs.ReadFile(files, "envshare.yaml")
	must(t, err)
	return parsed(t, string(text)), files
}

func TestApply_TheDemoTwice(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w, ctx := emptyWorld(t, o), t.Context()
		m, files := demo(t)
		options := ApplyOptions{Files: files, Getenv: passwords, DryRun: true}
		empty := w.counts(t)
		planned, err := w.Manifests.Apply(ctx, system, m, options)
		must(t, err)
		same(t, empty, w.counts(t))

		options.DryRun = false
		first, err := w.Manifests.Apply(ctx, system, m, options)
		must(t, err)
		same(t, planned, first)
		// What belongs to something declared above it is a change of that.
		did := ops(first)
		same(t, map[string]int{"+": did["+"], "~": did["~"]}, did)
		full := w.counts(t)
		for table, n := range map[string]int{"principals": 2, "apps": 5, "environments": 4, "functions": 7, "function_versions": 7, "users": 3, "memberships": 7, "shares": 1} {
			if full[table] != n {
				t.Errorf("%d %s, want %d", full[table], table, n)
			}
		}
		second, err := w.another(t).Manifests.Apply(ctx, system, m, options)
		must(t, err)
		same(t, map[string]int{"=": len(second)}, ops(second))
		same(t, full, w.counts(t)) // the audit log has not grown either
	})
}

func TestApply_SharesAreWhatTheFileSays(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w, ctx := emptyWorld(t, o), t.Context()
		text := strings.Replace(minimal, "to: wx0000000000000002", "to: wx0000000000000002\n        until: 2027-12-31T08:00:00+08:00\n        note: for the party", 1)
		_, err := w.apply(t, text, fstest.MapFS{})
		must(t, err)
		share, err := w.store.Shares.Between(ctx, shop, diner)
		must(t, err)
		until := time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC)
		if share.Until == nil || !share.Until.Equal(until) || share.Note != "for the party" {
			t.Fatalf("share %+v", share)
		}
		same(t, []string{"functions.invoke"}, share.Grants[0].Permissions.Keys())
		f, err := w.facts.fresh(ctx)
		must(t, err)
		same(t, 1, len(f.Grants))

		other := strings.Replace(text, "2027-12-31T08:00:00+08:00", "2027-12-31T00:00:00Z", 1)
		steps, err := w.apply(t, other, fstest.MapFS{})
		must(t, err)
		same(t, 0, ops(steps)["~"]+ops(steps)["+"]) // the same moment, written differently

		all := strings.Replace(other, ", permissions: [functions.invoke]", "", 1)
		steps, err = w.apply(t, all, fstest.MapFS{})
		must(t, err)
		same(t, 1, ops(steps)["~"])
		changed, err := w.store.Shares.Between(ctx, shop, diner)
		must(t, err)
		if changed.ID != share.ID || changed.Grants[0].ID != share.Grants[0].ID || changed.Grants[0].Permissions != models.AllPermissions {
			t.Fatalf("omitted permissions made %+v", changed)
		}
		none := strings.Replace(text, "[functions.invoke]", "[]", 1)
		_, err = w.apply(t, none, fstest.MapFS{})
		wantField(t, err, "perm.shop-1", "error.share_no_permission")
	})
}

func TestApply_WhatTheParserRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an unknown key", "principals:\n  - id: acme\n    label: x\n", "line 3, column 5: "},
		{"an unknown section", "principals: []\nfoo: 1\n", "line 2, column 1: "},
		{"an unknown key of a grant", "apps:\n  - appid: a\n    shares:\n      - to: b\n        environments:\n          - {id: e, permission: []}\n", "line 6, "},
		{"a text for a list", "apps: many\n", "line 1, "},
		{"a list for a text", "principals:\n  - id: [a]\n", "line 2, "},
		{"a word for yes or no", "apps:\n  - appid: a\n    sharing: maybe\n", "line 3, "},
		{"a date that is none", "apps:\n  - shares:\n      - to: b\n        until: tomorrow\n", "tomorrow"},
		{"a date that does not exist", "apps:\n  - shares:\n      - until: 2027-13-31T00:00:00Z\n", "2027-13-31"},
		{"a time without a zone", "apps:\n  - shares:\n      - until: 2027-12-31T00:00:00\n", "another zone"},
		{"a list for a date", "apps:\n  - shares:\n      - until: [a]\n", "[a]"},
		{"a key twice", "users: []\nusers: []\n", "line 2, column 1: "},
		{"no YAML", "apps: [", "line 1, "},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseManifest(strings.NewReader(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v does not say %s", err, c.want)
			}
		})
	}
	t.Run("a file that is too large", func(t *testing.T) {
		_, err := ParseManifest(strings.NewReader("# " + strings.Repeat("x", maxManifestBytes)))
		if err == nil || !strings.Contains(err.Error(), "larger than 4 MB") {
			t.Fatalf("error %v", err)
		}
	})
	t.Run("nothing is fine", func(t *testing.T) {
		if m := parsed(t, "# only a comment\n"); len(m.Apps) != 0 {
			t.Fatalf("parsed %+v", m)
		}
	})
}

// What is refused is refused with its place, and leaves nothing behind.
func TestApply_ARefusalLeavesNothingBehind(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w := emptyWorld(t, o)
		w.populate(t)
		w.lend(t, diner, "shop-1")
		before := w.counts(t)
		const created = "principals: [{id: fresh, name: fresh}]\n"
		app := func(id, rest string) string {
			return created + "apps:\n  - {appid: " + id + ", name: n, " + rest + "}\n"
		}
		for _, c := range []struct{ name, text, key, place string }{
			{"S2 a share across principals", app(shop, "principal: acme, shares: [{to: "+stranger+", environments: [{id: shop-1}]}]"),
				"error.grantee_principal", "app " + shop + ": share to " + stranger + ": "},
			{"S2 a share to itself", app(shop, "principal: acme, shares: [{to: "+shop+", environments: [{id: shop-1}]}]"), "error.grantee_self", "share to " + shop},
			{"S3 a share of another app's environment", app(shop, "principal: acme, shares: [{to: "+kitchen+", environments: [{id: kitchen-1}]}]"),
				"error.environment_not_own", "share to " + kitchen},
			{"S1 a share while sharing is off", app(kitchen, "principal: acme, shares: [{to: "+diner+", environments: [{id: kitchen-1}]}]"),
				"error.sharing_off", "app " + kitchen},
			{"S2 moving an app that lends", app(shop, "principal: other"), "error.app_has_shares", "app " + shop},
			{"S2 moving an app that borrows", app(diner, "principal: other"), "error.app_has_shares", "app " + diner},
			{"S13 turning sharing off while something is lent", app(shop, "principal: acme, sharing: false"), "error.sharing_off_unconfirmed", "app " + shop},
			{"a permission that does not exist", app(shop, "principal: acme, shares: [{to: "+kitchen+", environments: [{id: shop-1, permissions: [fly]}]}]"),
				"error.permission_unknown", "share to " + kitchen},
			{"an environment of another app", app(shop, "principal: acme, environments: [{id: kitchen-1}]"), "error.environment_taken", "environment kitchen-1: "},
			{"a principal that does not exist", app(press, "principal: gone"), "error.principal_unknown", "app " + press},
			{"an AppID that is none", app("wx1", "principal: acme"), "error.invalid", "app wx1"},
			{"a user without a variable", created + "users: [{username: dave}]\n", "error.password_env", "user dave: "},
			{"a user whose variable is empty", created + "users: [{username: dave, password_env: NONE}]\n", "error.password_env", "user dave: "},
			{"a role that does not exist", created + "users: [{username: dave, password_env: P, apps: {" + shop + ": boss}}]\n", "error.role", "user dave: "},
			{"a role in an app that does not exist", created + "users: [{username: dave, password_env: P, apps: {" + nobodys + ": admin}}]\n", "error.app_unknown", "user dave: "},
			{"a dry run of something that is refused", app(shop, "principal: other"), "error.app_has_shares", "app " + shop},
		} {
			t.Run(c.name, func(t *testing.T) {
				_, err := w.Manifests.Apply(t.Context(), system, parsed(t, c.text),
					ApplyOptions{Files: fstest.MapFS{}, Getenv: passwords, DryRun: strings.HasPrefix(c.name, "a dry run")})
				if models.MsgOf(err).Key != c.key || !strings.Contains(err.Error(), c.place) {
					t.Fatalf("error %v, want %s at %q", err, c.key, c.place)
				}
				same(t, before, w.counts(t))
			})
		}
		for name, actor := range map[string]models.Actor{"an administrator of an app": shopAdmin, "nobody": {}} {
			if _, err := w.Manifests.Apply(t.Context(), actor, parsed(t, created), ApplyOptions{Files: fstest.MapFS{}}); err == nil {
				t.Errorf("%s applied a manifest", name)
			}
		}
		same(t, before, w.counts(t))
	})
}

const withClients = `
principals: [{id: acme, name: acme}]
apps:
  - appid: wx0000000000000001
    name: shop
    type: official_account
    principal: acme
    secret: shop-secret
    web_domains: [Shop.example, "m.shop.example:8443"]
    environments:
      - id: shop-1
        unauthenticated_access: true
        allowed_origins: [https://shop.example:443]
        function_rules: {"*": {invoke: "auth != null"}, open: {invoke: true}}
        collections: {todos: {preset: creator_read_write}, posts: {rules: {write: 'doc._openid==auth.openid', read: true}}}
        storage: {preset: all_read_creator_write}
      - {id: shop-2, unauthenticated_access: false}
`

func TestApply_Clients(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w := emptyWorld(t, o)
		steps, err := w.apply(t, withClients, fstest.MapFS{})
		must(t, err)
		same(t, map[string]int{"~": 1, "=": 1}, opsOf(steps, "client access"))
		same(t, map[string]int{"~": 1}, opsOf(steps, "web domains"))
		same(t, map[string]int{"+": 4}, opsOf(steps, "rule"))
		steps, err = w.apply(t, withClients, fstest.MapFS{})
		must(t, err)
		for _, s := range steps {
			if s.Op != "=" {
				t.Errorf("a second run changed something: %+v", s)
			}
		}
		facts, err := w.store.Access.Load(t.Context(), start)
		must(t, err)
		same(t, map[string]models.ClientPolicy{"shop-1": {Unauthenticated: true, Origins: []string{"https://shop.example"}}}, facts.Policies)
		same(t, map[string]string{"shop.example": shop, "m.shop.example:8443": shop}, facts.Logins)
		rule, err := w.store.AccessRules.ByName(t.Context(), "shop-1", models.RuleCollection, "posts")
		must(t, err)
		same(t, `{"read": true, "write": "doc._openid == auth.openid"}`, rule.Rules)
		versions, err := w.store.AccessRules.Versions(t.Context(), "shop-1", models.RuleCollection, "posts", 10)
		must(t, err)
		same(t, 1, len(versions))
		sealed, err := w.store.Apps.Secret(t.Context(), shop)
		must(t, err)
		if len(sealed) == 0 || strings.Contains(string(sealed), "shop-secret") {
			t.Fatalf("the secret is stored as %q", sealed)
		}
	})
}

func TestApply_WhatClientsMayDoIsChecked(t *testing.T) {
	for name, c := range map[string]struct{ from, to, key string }{
		"an origin with a path":         {"https://shop.example:443", "https://shop.example/a", "error.origin"},
		"a domain with a scheme":        {"Shop.example", "https://shop.example", "error.web_domain"},
		"domains of a mini program":     {"official_account", "miniprogram", "error.web_domains_kind"},
		"a rule that is none":           {"doc._openid==auth.openid", "doc._openid = 1", "rules.character"},
		"function rules without a star": {`"*": {invoke: "auth != null"}, `, "", "rules.set_any"},
	} {
		t.Run(name, func(t *testing.T) {
			w := emptyWorld(t, store.Options{DataDir: t.TempDir()})
			text := strings.Replace(withClients, c.from, c.to, 1)
			if text == withClients {
				t.Fatal("nothing was replaced")
			}
			_, err := w.apply(t, text, fstest.MapFS{})
			if got := models.MsgOf(err).Key; got != c.key {
				t.Errorf("%s (%v), want %s", got, err, c.key)
			}
		})
	}
}

func TestApply_FunctionsGetVersions(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w := emptyWorld(t, o)
		text := strings.Replace(minimal, "name: one}", "name: one, functions: ./fns/}", 1)
		files := fstest.MapFS{
			"fns/hello/index.js": {Data: []byte("1")}, "fns/bye/index.js": {Data: []byte("1")},
			"fns/README.md": {}, "fns/node_modules/x/index.js": {},
		}
		functionSteps := func() string {
			t.Helper()
			steps, err := w.apply(t, text, files)
			must(t, err)
			var out []string
			for _, s := range steps {
				if s.Kind == "function" {
					out = append(out, strings.TrimSpace(s.Op+" "+s.Subject+" "+s.Detail))
				}
			}
			return strings.Join(out, ", ")
		}
		same(t, "+ shop-1/bye version 1, + shop-1/hello version 1", functionSteps())
		same(t, "= shop-1/bye, = shop-1/hello", functionSteps())
		files["fns/hello/index.js"] = &fstest.MapFile{Data: []byte("2")}
		same(t, "= shop-1/bye, ~ shop-1/hello version 2", functionSteps())
		same(t, "= shop-1/bye, = shop-1/hello", functionSteps())
		f, err := w.store.Functions.ByName(t.Context(), "shop-1", "hello")
		must(t, err)
		versions, err := w.store.Functions.Versions(t.Context(), f.ID, 10)
		must(t, err)
		same(t, 2, len(versions))
		archive, err := w.Functions.Download(t.Context(), system, shop, "shop-1", "hello")
		must(t, err)
		s, err := SourceFromZip(archive)
		must(t, err)
		same(t, "2", string(s.file("index.js")))
	})
}

func TestApply_FoldersThatAreRefused(t *testing.T) {
	w := emptyWorld(t, store.Options{DataDir: t.TempDir()})
	before := w.counts(t)
	for name, folder := range map[string]string{"up": "../other", "absolute": "/etc", "not there": "./gone", "a file": "./file"} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(minimal, "name: one}", "name: one, functions: "+folder+"}", 1)
			_, err := w.apply(t, text, fstest.MapFS{"file": {}})
			if err == nil || !strings.Contains(err.Error(), "environment shop-1: ") {
				t.Fatalf("error %v", err)
			}
		})
	}
	t.Run("a function without index.js", func(t *testing.T) {
		text := strings.Replace(minimal, "name: one}", "name: one, functions: fns}", 1)
		_, err := w.apply(t, text, fstest.MapFS{"fns/hello/main.js": {}})
		if models.MsgOf(err).Key != "error.code_no_index" || !strings.Contains(err.Error(), "environment shop-1: function hello: ") {
			t.Fatalf("error %v", err)
		}
	})
	same(t, before, w.counts(t))
}

func TestApply_DependenciesAreNotInstalledInADryRun(t *testing.T) {
	w := emptyWorld(t, store.Options{DataDir: t.TempDir()})
	before := w.counts(t)
	text := strings.Replace(minimal, "name: one}", "name: one, functions: fns}", 1)
	files := fstest.MapFS{
		"fns/hello/index.js":     {},
		"fns/hello/package.json": {Data: []byte(`{"dependencies": {"x": "file:/etc"}}`)}, // refused without asking anybody
	}
	steps, err := w.Manifests.Apply(t.Context(), system, parsed(t, text), ApplyOptions{Files: files, Getenv: passwords, DryRun: true})
	must(t, err)
	if ops(steps)["+"] < 5 {
		t.Fatalf("planned %+v", steps)
	}
	_, err = w.apply(t, text, files)
	wantField(t, err, "code", "error.code_dependencies")
	same(t, before, w.counts(t))
}

func TestApply_ChangesAreRecordedBeforeAndAfter(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w := emptyWorld(t, o)
		_, err := w.apply(t, minimal, fstest.MapFS{})
		must(t, err)
		known := len(w.audit(t, shop))
		w.clock.advance(time.Second)
		steps, err := w.apply(t, strings.NewReplacer("name: shop", "name: store", "name: one", "name: uno").Replace(minimal), fstest.MapFS{})
		must(t, err)
		same(t, 2, ops(steps)["~"])
		events := w.audit(t, shop)[known:]
		same(t, "app.saved environment.saved", actions(events))
		same(t, []any{"shop", "store", "one", "uno"}, []any{
			decoded(t, events[0].Before)["name"], decoded(t, events[0].After)["name"], decoded(t, events[1].Before)["name"], decoded(t, events[1].After)["name"],
		})
	})
}

func TestApply_UsersKeepWhatIsNotDeclared(t *testing.T) {
	w := emptyWorld(t, store.Options{DataDir: t.TempDir()})
	ctx := t.Context()
	_, err := w.apply(t, minimal+"users: [{username: dave, password_env: P, operator: true, apps: {"+shop+": admin}}]\n", fstest.MapFS{})
	must(t, err)
	before, err := w.store.Users.ByUsername(ctx, "dave")
	must(t, err)
	steps, err := w.apply(t, "users: [{username: dave, apps: {"+diner+": viewer}}]\n", fstest.MapFS{})
	must(t, err)
	same(t, map[string]int{"~": 1}, ops(steps))
	after, err := w.store.Users.ByUsername(ctx, "dave")
	must(t, err)
	if !after.Operator || after.PasswordHash != before.PasswordHash {
		t.Fatalf("changed to %+v", after)
	}
	memberships, err := w.store.Users.Memberships(ctx, after.ID)
	must(t, err)
	same(t, map[string]models.Role{shop: models.RoleAdmin, diner: models.RoleViewer}, memberships)
	_, err = w.apply(t, "users: [{username: dave, operator: false}]\n", fstest.MapFS{})
	wantError(t, err, models.CodeConflict, "error.last_operator")
	_, err = w.apply(t, "users: [{username: dave, operator: false}, {username: erin, password_env: P, operator: true}]\n", fstest.MapFS{})
	must(t, err)
	after, err = w.store.Users.ByUsername(ctx, "dave")
	must(t, err)
	same(t, false, after.Operator)
}
