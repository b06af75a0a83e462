package handlers_test

import (
	"net/url"
	"strings"
	"testing"

	"envshare/internal/paths"
	"envshare/models"
)

func TestOperatorAreaIsReachedFromTheMenu(t *testing.T) {
	k := newWorld(t)
	href := `a[href="` + paths.Operator() + `"]`
	p := k.operator("ops").get(paths.Apps()).wantCount(href, 1)
	p.b.get(paths.Operator()).want(200).wantText("h1", text("operator.title")).wantText(`[data-testid="health"]`, "SQLite", "2026112")
	k.admin(shop).get(paths.Apps()).wantCount(href, 0)
}

// A new user comes in by the link, once, and only then.
func TestOperatorInvitesAUser(t *testing.T) {
	k := newWorld(t)
	ops := k.operator("ops")
	p := ops.submit(ops.get(paths.NewUser()), paths.OperatorUsers(), "username", "Dana").want(422).wantError(text("error.username"))
	p = ops.submit(p, paths.OperatorUsers(), "username", "dana", "operator", "yes").want(200)
	link, err := url.Parse(strings.TrimSpace(p.Find(`[data-testid="setup-link"]`).Text()))
	must(t, err)
	if link.Scheme != "http" || !strings.HasPrefix(k.url, "http://"+link.Host) {
		t.Errorf("link %s", link)
	}
	ops.get(paths.OperatorUsers()).wantText(`[data-testid="user-row"]:contains("dana")`, text("operator_users.waiting"), text("layout.operator"))
	for _, e := range k.installationEvents() {
		if strings.Contains(e.Before+e.After+e.Subject, strings.TrimPrefix(link.Path, "/choose-password/")) {
			t.Error("the link is in the log")
		}
	}

	dana := k.browser()
	form := dana.get(link.Path).want(200).wantText("main", "dana")
	dana.submit(form, link.Path, "password", password, "password_again", "another one").want(422).wantError(text("error.password_mismatch"))
	dana.submit(form, link.Path, "password", "short", "password_again", "short").want(422)
	dana.submit(form, link.Path, "password", password, "password_again", password).wantRedirect(paths.Login())
	dana.get(link.Path).want(404).wantText("main", text("error.choose_password_token"))
	dana.submit(dana.get("/login"), "/login", "username", "dana", "password", password).wantRedirect("/")
	dana.get(paths.Operator()).want(200)
	ops.submit(ops.get(paths.NewUser()), paths.OperatorUsers(), "username", "dana").want(422).wantError(text("error.user_exists", "username", "dana"))
}

func TestDisabledUserIsOutAtOnce(t *testing.T) {
	k := newWorld(t)
	ops, bob := k.operator("ops"), k.signIn("bob", map[string]models.Role{shop: models.RoleAdmin})
	user := k.userID("bob")
	stale := ops.get(paths.OperatorUser(user))
	ops.submit(ops.get(paths.DisableUser(user)), paths.DisableUser(user)).follow().wantFlash(text("flash.user_disabled")).
		wantText(`[data-testid="user-facts"]`, text("operator_users.disabled"))
	bob.do("GET", paths.App(shop), "", nil).wantRedirect(paths.LoginNext(paths.App(shop)))
	again := k.browser()
	again.submit(again.get("/login"), "/login", "username", "bob", "password", "wrong password").want(422).
		wantText(`[data-testid="login-refusal"]`, text("error.login_wrong"))
	again.submit(again.get("/login"), "/login", "username", "bob", "password", password).want(403).
		wantText(`[data-testid="login-refusal"]`, text("error.user_disabled"))
	// Whoever still has the page from before is told, and nothing is undone.
	ops.submit(stale, paths.SetOperator(user)).want(409).wantText(`[data-testid="conflict"]`, text("error.changed_meanwhile"), text("operator_users.conflict"))

	ops.submit(ops.get(paths.OperatorUser(user)), paths.EnableUser(user)).follow().wantFlash(text("flash.user_enabled"))
	again.submit(again.get("/login"), "/login", "username", "bob", "password", password).wantRedirect("/")
}

func TestLastOperatorStays(t *testing.T) {
	k := newWorld(t)
	ops := k.operator("ops")
	user, why := k.userID("ops"), text("error.last_operator")
	p := ops.get(paths.OperatorUser(user)).wantText(`[data-testid="why-not"]`, why)
	version := p.Find(`input[name="version"]`).First().AttrOr("value", "")
	for _, action := range []string{paths.SetOperator(user), paths.DisableUser(user), paths.ResetPassword(user)} {
		ops.forge(action, "version", version).want(409).wantText(`[data-testid="conflict"]`, why)
	}
	ops.get(paths.DisableUser(user)).want(200).wantText(`[data-testid="why-not"]`, why)
}

func TestOperatorChangesMemberships(t *testing.T) {
	k := newWorld(t)
	ops := k.operator("ops")
	k.signIn("bob", map[string]models.Role{shop: models.RoleViewer})
	user := paths.OperatorUser(k.userID("bob"))
	role := paths.SetUserRole(k.userID("bob"))
	version := func() string {
		return ops.get(user).want(200).Find(`input[name="version"]`).First().AttrOr("value", "")
	}
	ops.forge(role, "version", version(), "appid", diner, "role", "admin").wantRedirect(user)
	ops.get(user).wantCount(`[data-testid="membership-row"]`, 2).wantText(`[data-testid="membership-row"]`, "食堂", diner, "商城")
	ops.forge(role, "version", version(), "appid", "wx00000000000000ff", "role", "admin").want(422).wantError(text("error.app_unknown", "appid", "wx00000000000000ff"))
	ops.forge(role, "version", version(), "appid", shop, "role", "king").want(422)
	ops.forge(role, "version", version(), "appid", shop, "role", "none").wantRedirect(user)
	ops.get(user).wantCount(`[data-testid="membership-row"]`, 1)
	events := k.audit(shop)
	last := events[len(events)-1]
	if last.Action != models.AuditUserChanged || last.Before != `{"role":"viewer"}` || last.After != "" {
		t.Errorf("the app's log says %+v", last)
	}
}

// Two operators change the same thing: the second is shown both and loses nothing.
func TestOperatorsDoNotUndoEachOther(t *testing.T) {
	k := newWorld(t)
	first, second := k.operator("first"), k.operator("second")
	app := paths.OperatorApp(diner)
	open := second.get(app)
	first.submit(first.get(app), app, "name", "他的食堂", "secret", "s").wantRedirect(paths.OperatorApps())
	p := second.submit(open, app, "name", "我的食堂").want(409).wantText(`[data-testid="conflict"]`, "他的食堂", text("operator_apps.secret_set"))
	if got := p.Find(`input[name="name"]`).AttrOr("value", ""); got != "我的食堂" {
		t.Errorf("what was typed is %q", got)
	}
	second.submit(p, app).wantRedirect(paths.OperatorApps())
	second.get(paths.OperatorApps()+"?q=我的").wantCount(`[data-testid="operator-app-row"]`, 1).wantText(`[data-testid="operator-app-row"]`, diner, "示例科技", text("operator_apps.secret_set"))

	principal := paths.OperatorPrincipal("acme")
	open = second.get(principal)
	first.submit(first.get(principal), principal, "name", "他的主体").wantRedirect(paths.OperatorPrincipals())
	p = second.submit(open, principal, "name", "我的主体").want(409).wantText(`[data-testid="conflict"]`, "他的主体")
	second.submit(p, principal).wantRedirect(paths.OperatorPrincipals())
}

func TestOperatorIsToldWhyNot(t *testing.T) {
	k := newWorld(t)
	ops := k.operator("ops")
	app := paths.OperatorApp(shop)
	ops.submit(ops.get(app), app, "principal", "other").want(422).wantError(text("error.app_has_shares", "count", 1))
	ops.get(paths.DeletePrincipal("acme")).wantText(`[data-testid="why-not"]`, text("error.principal_has_apps", "count", 3))
	ops.forge(paths.DeletePrincipal("acme")).want(409).wantText(`[data-testid="why-not"]`, text("error.principal_has_apps", "count", 3))
	if body := ops.get(app).body; strings.Contains(body, "secret_sealed") || strings.Contains(body, `name="secret" type="password" value`) {
		t.Error("the form shows a secret")
	}
}

func TestOperatorListsThousands(t *testing.T) {
	k := newWorld(t)
	ctx := t.Context()
	for i := range 45 {
		must(t, k.kit.Store.Apps.Insert(ctx, models.App{AppID: "wx0000000000001" + string(rune('a'+i%6)) + string("0123456789"[i/6]) + "0", Name: "many", Kind: models.MiniProgram, PrincipalID: "other"}))
	}
	ops := k.operator("ops")
	p := ops.get(paths.OperatorApps()+"?q=MANY&principal=other").wantCount(`[data-testid="operator-app-row"]`, 20).wantText("nav", text("list.total", "total", 45))
	p = ops.get(p.Find(`a[rel="next"]`).AttrOr("href", ""))
	ops.get(p.Find(`a[rel="next"]`).AttrOr("href", "")).wantCount(`[data-testid="operator-app-row"]`, 5)
	ops.get(paths.OperatorApps()+"?q=%25").wantCount(`[data-testid="operator-app-row"]`, 0)
	ops.get(paths.OperatorPrincipals()+"?q=acm").wantCount(`[data-testid="principal-row"]`, 1).wantText(`[data-testid="principal-row"]`, "示例科技", "acme", "3")
	ops.get(paths.OperatorUsers()+"?q=op").wantCount(`[data-testid="user-row"]`, 1)
	ops.get(paths.OperatorSettings()).want(200)
}
