package service

import (
	"strings"
	"testing"
	"time"

	"envshare/models"
)

// everyOperation calls all of Operator's methods as one actor.
func (w *world) everyOperation(t testing.TB, actor models.Actor) map[string]error {
	t.Helper()
	ctx, o := t.Context(), w.Operator
	out := map[string]error{"Check": o.Check(actor)}
	_, _, out["Principals"] = o.Principals(ctx, actor, "", models.PageRequest{})
	_, out["Principal"] = o.Principal(ctx, actor, "acme")
	out["CreatePrincipal"] = o.CreatePrincipal(ctx, actor, "x", "x")
	out["RenamePrincipal"] = o.RenamePrincipal(ctx, actor, "acme", "", "x")
	out["DeletePrincipal"] = o.DeletePrincipal(ctx, actor, "acme")
	_, _, out["Apps"] = o.Apps(ctx, actor, "", "", models.PageRequest{})
	_, out["App"] = o.App(ctx, actor, shop)
	out["RegisterApp"] = o.RegisterApp(ctx, actor, AppInput{AppID: nobodys, Name: "x", Kind: models.MiniProgram, PrincipalID: "acme"})
	out["ChangeApp"] = o.ChangeApp(ctx, actor, AppInput{AppID: shop, Name: "x", Kind: models.MiniProgram, PrincipalID: "acme"})
	_, _, out["Users"] = o.Users(ctx, actor, "", models.PageRequest{})
	_, out["User"] = o.User(ctx, actor, "outsider")
	_, _, out["InviteUser"] = o.InviteUser(ctx, actor, "new-user", true)
	out["SetOperator"] = o.SetOperator(ctx, actor, "outsider", "", true)
	out["SetRole"] = o.SetRole(ctx, actor, "outsider", "", shop, models.RoleAdmin)
	out["Disable"] = o.Disable(ctx, actor, "outsider", "")
	out["Enable"] = o.Enable(ctx, actor, "outsider", "")
	out["RemoveLink"] = o.RemoveLink(ctx, actor, "outsider", "", "https://id.example")
	_, _, out["ResetPassword"] = o.ResetPassword(ctx, actor, "outsider", "", Reset{})
	_, out["Health"] = o.Health(ctx, actor)
	_, out["Settings"] = o.Settings(ctx, actor)
	_, out["OfInstallation"] = w.Audit.OfInstallation(ctx, actor, AuditPage{})
	_, out["EventOfInstallation"] = w.Audit.EventOfInstallation(ctx, actor, "x")
	_, out["Export"] = w.Audit.Export(ctx, actor, "", models.AuditFilter{}, nil)
	return out
}

func TestOperator_IsForOperatorsAlone(t *testing.T) {
	w := sqliteWorld(t)
	before := w.counts(t)
	for name, c := range map[string]struct {
		actor models.Actor
		code  models.Code
	}{
		"an administrator of an app": {shopAdmin, models.CodeForbidden},
		"nobody":                     {models.Actor{}, models.CodeUnauthenticated},
	} {
		for method, err := range w.everyOperation(t, c.actor) {
			if !models.IsCode(err, c.code) {
				t.Errorf("%s by %s: %v", method, name, err)
			}
		}
	}
	same(t, before, w.counts(t))
}

// user loads a user as an operator sees it.
func (w *world) user(t testing.TB, id string) OperatorUser {
	t.Helper()
	u, err := w.Operator.User(t.Context(), operator, id)
	must(t, err)
	return u
}

// operators makes operators of users who are there.
func (w *world) operators(t testing.TB, ids ...string) {
	t.Helper()
	for _, id := range ids {
		must(t, w.Operator.SetOperator(t.Context(), operator, id, w.user(t, id).Version, true))
	}
}

func TestOperator_TheLastOneStays(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, o := t.Context(), w.Operator
		w.operators(t, "outsider")
		last := w.user(t, "outsider")
		for name, err := range map[string]error{
			"the flag":  o.SetOperator(ctx, operator, last.ID, last.Version, false),
			"disabling": o.Disable(ctx, operator, last.ID, last.Version),
			"the password": func() error {
				_, _, err := o.ResetPassword(ctx, operator, last.ID, last.Version, Reset{})
				return err
			}(),
		} {
			if !models.IsCode(err, models.CodeConflict) || models.MsgOf(err).Key != "error.last_operator" {
				t.Errorf("%s: %v", name, err)
			}
		}
		// One who never chose a password counts for nothing.
		_, _, err := o.InviteUser(ctx, operator, "invited", true)
		must(t, err)
		wantError(t, o.Disable(ctx, operator, last.ID, last.Version), models.CodeConflict, "error.last_operator")
		w.operators(t, "shop-admin")
		must(t, o.Disable(ctx, operator, last.ID, last.Version))
		now := w.user(t, "shop-admin")
		wantError(t, o.SetOperator(ctx, operator, now.ID, now.Version, false), models.CodeConflict, "error.last_operator")
	})
}

func TestOperator_TwoWhoDisableEachOtherLeaveOne(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.operators(t, "outsider", "shop-admin")
		versions := []OperatorUser{w.user(t, "outsider"), w.user(t, "shop-admin")}
		errs := atOnce(2, func(i int) error {
			return w.Operator.Disable(t.Context(), operator, versions[i].ID, versions[i].Version)
		})
		failed := 0
		for _, err := range errs {
			if err != nil {
				failed++
				wantError(t, err, models.CodeConflict, "error.last_operator")
			}
		}
		same(t, 1, failed)
	})
}

func TestOperator_DisablingEndsSessionsAndSignIn(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	created, err := w.Accounts.CreateUser(ctx, system, "dana", "a long password", false, nil)
	must(t, err)
	from := models.Actor{IP: "192.0.2.1", Via: "console"}
	session := models.Session{ID: "s", UserID: created.ID, Data: []byte("{}"), CreatedAt: w.clock.now(), LastSeenAt: w.clock.now(), ExpiresAt: w.clock.now().Add(time.Hour)}
	w.begin(t, session)

	must(t, w.Operator.Disable(ctx, operator, created.ID, w.user(t, created.ID).Version))
	_, _, err = w.Accounts.Session(ctx, "s")
	wantError(t, err, models.CodeNotFound, "error.not_found")

	_, err = w.Accounts.SignIn(ctx, from, "dana", "a wrong password")
	wantError(t, err, models.CodeUnauthenticated, "error.login_wrong")
	_, err = w.Accounts.SignIn(ctx, from, "dana", "a long password")
	wantError(t, err, models.CodeForbidden, "error.user_disabled")

	must(t, w.Operator.Enable(ctx, operator, created.ID, w.user(t, created.ID).Version))
	_, err = w.Accounts.SignIn(ctx, from, "dana", "a long password")
	must(t, err)
}

func TestOperator_LinkForAPasswordWorksOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, accounts := t.Context(), w.Accounts
		user, token, err := w.Operator.InviteUser(ctx, operator, "dana", false)
		must(t, err)
		over := func(token string) {
			t.Helper()
			_, err := accounts.ChoosePassword(ctx, models.Actor{}, token, "a long password")
			wantError(t, err, models.CodeNotFound, "error.choose_password_token")
		}
		over("")
		over(token + "x")
		over(digest(token))
		_, err = accounts.SignIn(ctx, models.Actor{IP: "192.0.2.1"}, "dana", "")
		wantError(t, err, models.CodeUnauthenticated, "error.login_wrong")
		_, err = accounts.ChoosePassword(ctx, models.Actor{}, token, "short")
		wantField(t, err, "password", "error.password_short")

		won := 0
		for _, err := range atOnce(4, func(int) error {
			_, err := accounts.ChoosePassword(ctx, models.Actor{}, token, "a long password")
			return err
		}) {
			if err == nil {
				won++
				continue
			}
			wantError(t, err, models.CodeNotFound, "error.choose_password_token")
		}
		same(t, 1, won)
		_, err = accounts.SignIn(ctx, models.Actor{IP: "192.0.2.1"}, "dana", "a long password")
		must(t, err)

		_, again, err := w.Operator.ResetPassword(ctx, operator, user.ID, w.user(t, user.ID).Version, Reset{})
		must(t, err)
		_, err = accounts.SignIn(ctx, models.Actor{IP: "192.0.2.1"}, "dana", "a long password")
		wantError(t, err, models.CodeUnauthenticated, "error.login_wrong")
		over(token)
		must(t, w.Operator.Disable(ctx, operator, user.ID, w.user(t, user.ID).Version))
		over(again)
		must(t, w.Operator.Enable(ctx, operator, user.ID, w.user(t, user.ID).Version))
		w.clock.advance(setupLifetime)
		over(again)
	})
}

func TestOperator_WhoEditsAnOlderStateIsTold(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, o := t.Context(), w.Operator
		shown, err := o.App(ctx, operator, shop)
		must(t, err)
		in := AppInput{AppID: shop, Name: "first", Kind: models.MiniProgram, PrincipalID: "acme", Version: shown.Version}
		must(t, o.ChangeApp(ctx, operator, in))
		in.Name = "second"
		wantError(t, o.ChangeApp(ctx, operator, in), models.CodeConflict, "error.changed_meanwhile")

		p, err := o.Principal(ctx, operator, "acme")
		must(t, err)
		must(t, o.RenamePrincipal(ctx, operator, "acme", p.Version, "first"))
		wantError(t, o.RenamePrincipal(ctx, operator, "acme", p.Version, "second"), models.CodeConflict, "error.changed_meanwhile")

		u := w.user(t, "outsider")
		must(t, o.SetRole(ctx, operator, u.ID, u.Version, shop, models.RoleViewer))
		wantError(t, o.SetOperator(ctx, operator, u.ID, u.Version, true), models.CodeConflict, "error.changed_meanwhile")
		wantError(t, o.Disable(ctx, operator, u.ID, u.Version), models.CodeConflict, "error.changed_meanwhile")
	})
}

func TestOperator_RegistersAppsAsAFileWould(t *testing.T) {
	w := sqliteWorld(t)
	ctx, o := t.Context(), w.Operator
	in := AppInput{AppID: nobodys, Name: " 公众号 ", Kind: models.OfficialAccount, PrincipalID: "acme", Secret: "s3cret-value", WebDomains: []string{"Shop.Example", "shop.example"}}
	for name, c := range map[string]struct {
		change func(*AppInput)
		field  string
		key    string
	}{
		"an AppID that is none":          {func(in *AppInput) { in.AppID = "wx1" }, "appid", "error.appid"},
		"one that is registered":         {func(in *AppInput) { in.AppID = shop }, "appid", "error.app_exists"},
		"no name":                        {func(in *AppInput) { in.Name = " " }, "name", "error.required"},
		"a kind that is none":            {func(in *AppInput) { in.Kind = "x" }, "type", "error.app_kind"},
		"an unknown principal":           {func(in *AppInput) { in.PrincipalID = "nowhere" }, "principal", "error.principal_unknown"},
		"a huge secret":                  {func(in *AppInput) { in.Secret = strings.Repeat("x", maxAppSecret+1) }, "secret", "error.too_long"},
		"domains of a mini program":      {func(in *AppInput) { in.Kind = models.MiniProgram }, "web_domains", "error.web_domains_kind"},
		"a domain that is no domain":     {func(in *AppInput) { in.WebDomains = []string{"https://x/y"} }, "web_domains", "error.web_domain"},
		"a name that hides other things": {func(in *AppInput) { in.Name = "a\u0000b" }, "name", "error.control_characters"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := in
			c.change(&bad)
			wantField(t, o.RegisterApp(ctx, operator, bad), c.field, c.key)
		})
	}
	must(t, o.RegisterApp(ctx, operator, in))
	app, err := o.App(ctx, operator, nobodys)
	must(t, err)
	same(t, []any{"公众号", true, []string{"shop.example"}}, []any{app.Name, app.HasSecret, app.WebDomains})
	sealed, err := w.store.Apps.Secret(ctx, nobodys)
	must(t, err)
	secret, err := w.keys.openSecret(nobodys, sealed)
	must(t, err)
	same(t, "s3cret-value", secret)
	for _, e := range w.audit(t, nobodys) {
		if strings.Contains(e.Before+e.After+e.Subject+string(sealed), "s3cret") {
			t.Errorf("the secret is in the log: %+v", e)
		}
	}

	in.Secret, in.Version = "", app.Version
	must(t, o.ChangeApp(ctx, operator, in)) // an empty field keeps the secret
	app, err = o.App(ctx, operator, nobodys)
	must(t, err)
	same(t, true, app.HasSecret)
	in.DropSecret, in.Version = true, app.Version
	must(t, o.ChangeApp(ctx, operator, in))
	sealed, err = w.store.Apps.Secret(ctx, nobodys)
	must(t, err)
	same(t, 0, len(sealed))
}

func TestOperator_AppsWithSharesStayWithTheirPrincipal(t *testing.T) {
	w := sqliteWorld(t)
	ctx, o := t.Context(), w.Operator
	w.lend(t, diner, "shop-1")
	for _, id := range []string{shop, diner} {
		app, err := o.App(ctx, operator, id)
		must(t, err)
		in := AppInput{AppID: id, Name: app.Name, Kind: app.Kind, PrincipalID: "other", Version: app.Version}
		wantField(t, o.ChangeApp(ctx, operator, in), "principal", "error.app_has_shares")
	}
	wantError(t, o.DeletePrincipal(ctx, operator, "other"), models.CodeConflict, "error.principal_has_apps")
	must(t, o.CreatePrincipal(ctx, operator, "third", "third"))
	wantField(t, o.CreatePrincipal(ctx, operator, "third", "third"), "id", "error.principal_exists")
	must(t, o.DeletePrincipal(ctx, operator, "third"))
}

func TestErrorCount_ForgetsAfterAnHour(t *testing.T) {
	c := &ErrorCount{}
	c.add(start)
	c.add(start.Add(30 * time.Minute))
	same(t, 2, c.LastHour(start.Add(59*time.Minute)))
	same(t, 1, c.LastHour(start.Add(61*time.Minute)))
	same(t, 0, c.LastHour(start.Add(24*time.Hour)))
	c.add(start.Add(24 * time.Hour))
	same(t, 1, c.LastHour(start.Add(24*time.Hour)))
}
