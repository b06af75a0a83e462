package handlers_test

import (
	"net/url"
	"testing"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/internal/testkit"
	"envshare/models"
)

const authMissing = `[data-testid="auth-missing"]`

func TestAuthMissing_IsFlaggedWhereOthersBorrow(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	flags := func(want int, path ...string) {
		t.Helper()
		for _, p := range path {
			b.get(p).want(200).wantCount(authMissing, want)
		}
	}
	test := []string{paths.Functions(shop, shopTest), paths.Environment(shop, shopTest)}
	prod := []string{paths.Functions(shop, shopProd), paths.Environment(shop, shopProd)}
	flags(0, append(test, prod...)...) // sharing is on, and nothing is lent

	share := k.share(shop, diner, shopTest, models.FunctionsView)
	flags(1, test...)
	flags(0, prod...)
	must(t, k.kit.Services.Sharing.Pause(t.Context(), testkit.Actor, shop, share.ID))
	flags(1, test...) // it may be resumed
	must(t, k.kit.Services.Sharing.Remove(t.Context(), testkit.Actor, shop, share.ID))
	flags(0, test...)
}

func TestShareForm_CreatesCloudbaseAuthAndKeepsTheInput(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	typed := []string{
		"env", shopTest, "perm." + shopTest, "functions.invoke", "perm." + shopTest, "database.read", "until", "2031-05-06T07:08", "note", "双十一",
	}
	kept := func(p *page) {
		t.Helper()
		p.wantCount(`input[name="perm.`+shopTest+`"][checked]`, 2).wantCount(`input[name="env"][checked]`, 1).
			wantCount(`input[name="until"][value="2031-05-06T07:08"]`, 1).wantCount(`input[name="note"][value="双十一"]`, 1)
	}
	click := func(p *page, form, env string) *page {
		t.Helper()
		p.wantCount(`button[name="create_auth"][value="`+env+`"]`, 1)
		return b.submit(p, form, append(typed, "create_auth", env)...)
	}
	created := `[data-testid="auth-created"]`

	p := click(b.get(paths.NewShareTo(shop, diner)), paths.Shares(shop), shopTest).want(200)
	p.wantText(created, text("share_form.auth_created", "name", "商城测试")).wantCount(authMissing, 1).wantCount(`#share-to[value="`+diner+`"]`, 1)
	kept(p)
	b.get(paths.FunctionCode(shop, shopTest, models.AuthFunction)).want(200).wantText(`[data-testid="source"]`, "errCode")
	if list, err := k.kit.Store.Shares.AllOutgoing(t.Context(), shop); err != nil || len(list) != 0 {
		t.Fatalf("something was shared: %v %v", list, err)
	}
	b.submit(p, paths.Shares(shop)).wantRedirect(paths.Shares(shop))

	t.Run("when it was created meanwhile", func(t *testing.T) {
		p := b.submit(p, paths.Shares(shop), append(typed, "create_auth", shopTest)...).want(200)
		p.wantCount(authMissing+`:contains("商城测试")`, 0)
		kept(p)
	})
	t.Run("on the form of a stored share", func(t *testing.T) {
		edit := paths.EditShare(shop, k.only(shop).ID)
		p := click(b.get(edit), edit, shopProd).want(200).wantCount(authMissing, 0)
		p.wantText(created, text("share_form.auth_created", "name", "商城生产"))
		kept(p)
	})
	t.Run("what cannot be meant is said beside it", func(t *testing.T) {
		b.submit(b.get(paths.NewShareTo(shop, depot)), paths.Shares(shop), "until", "soon", "create_auth", shopTest).want(200).
			wantError(text("error.date_time")).wantCount(`input[name="until"][value="soon"]`, 1)
	})
	t.Run("never in somebody else's environment", func(t *testing.T) {
		for env, status := range map[string]int{rivalMain: 404, "nowhere": 404, depotMain: 403} {
			b.forge(paths.Shares(shop), "to", diner, "create_auth", env).want(status)
			b.forge(paths.EditShare(shop, k.only(shop).ID), "version", "1", "create_auth", env).want(status)
		}
		viewer := k.signIn("viewer", map[string]models.Role{shop: models.RoleViewer})
		must(t, k.kit.Services.Functions.Delete(t.Context(), testkit.Actor, shop, shopProd, models.AuthFunction))
		viewer.forge(paths.Shares(shop), "to", depot, "create_auth", shopProd).want(403)
		viewer.get(paths.FunctionCode(shop, shopProd, models.AuthFunction)).want(404)
	})
}

func TestSharePage_FlagsWhatNobodyGetsInto(t *testing.T) {
	k := newWorld(t)
	share := k.share(shop, diner, shopTest, models.FunctionsView)
	owner, borrower := k.admin(shop), k.admin(diner)
	viewer := k.signIn("viewer", map[string]models.Role{shop: models.RoleViewer})
	at, there := paths.Share(shop, share.ID), paths.Share(diner, share.ID)
	flag := `[data-testid="share-grant"] ` + authMissing

	borrower.get(there).want(200).wantText(flag, text("functions.auth_missing_borrowed"), text("error.auth_function_owner_only")).wantCount(flag+" form", 0)
	viewer.get(at).want(200).wantText(flag, text("functions.auth_missing")).wantCount(flag+" form", 0).wantCount(`[data-testid="auth-why-not"]`, 1)
	must(t, k.kit.Services.Sharing.Pause(t.Context(), testkit.Actor, shop, share.ID))
	borrower.get(there).want(200).wantCount(flag, 0) // it cannot open the environment
	p := owner.get(at).want(200).wantCount(flag, 1)

	owner.submit(p, paths.Functions(shop, shopTest)).wantRedirect(paths.Function(shop, shopTest, models.AuthFunction))
	owner.get(at).want(200).wantCount(flag, 0)
}

func TestExplain_OffersToCreateCloudbaseAuth(t *testing.T) {
	k := newWorld(t)
	k.share(shop, diner, shopTest, models.FunctionsInvoke)
	ask := func(app string) string {
		return paths.Explain(app, paths.Question{Plane: "server", Caller: diner, Environment: shopTest, Operation: models.OperationInit, Ask: true})
	}
	failed := `[data-testid="explain-step"][data-status="failed"]`
	owner := k.admin(shop)
	p := owner.get(ask(shop)).want(200).wantText(failed, text("functions.auth_create"))
	k.admin(diner).get(ask(diner)).want(200).wantCount(failed, 1).wantCount(failed+" form", 0).wantText(failed, text("explain.fix"))
	k.signIn("viewer", map[string]models.Role{shop: models.RoleViewer}).get(ask(shop)).want(200).wantCount(failed+" form", 0).
		wantText(failed+` [data-testid="auth-why-not"]`, "functions.operate")
	owner.submit(p, paths.Functions(shop, shopTest)).wantRedirect(paths.Function(shop, shopTest, models.AuthFunction))
	owner.get(ask(shop)).want(200).wantCount(failed, 0)
}

func TestErrorPage_LeadsToTheExplanation(t *testing.T) {
	k := newWorld(t)
	k.share(shop, diner, shopTest, models.FunctionsView)
	why := func(p *page) string { return p.want(403).Find(`[data-testid="error-why"]`).AttrOr("href", "") }

	t.Run("of what the grant lacks", func(t *testing.T) {
		b := k.admin(diner)
		href := why(b.get(paths.Collections(diner, shopTest)))
		b.get(href).want(200).wantText(`[data-testid="explain-step"][data-status="failed"]`, text("explain_step.permission")).
			wantCount(`select[name="role"] option[value="admin"][selected]`, 1)
	})
	t.Run("of what the role lacks", func(t *testing.T) {
		b := k.signIn("viewer", map[string]models.Role{shop: models.RoleViewer})
		href := why(b.get(paths.NewFunction(shop, shopTest)))
		b.get(href).want(200).wantText(`[data-testid="explain-step"][data-status="failed"]`, text("explain_step.role"))
	})
	t.Run("nothing where the message says all, and nothing for strangers", func(t *testing.T) {
		b := k.signIn("guest", map[string]models.Role{diner: models.RoleViewer})
		if href := why(b.get(paths.LeaveShare(diner, k.only(shop).ID))); href != "" {
			t.Errorf("asks %s", href)
		}
		b.get(paths.Collections(rival, rivalMain)).want(404).wantCount(`[data-testid="error-why"]`, 0)
		b.get(paths.Collections(diner, rivalMain)).want(404).wantCount(`[data-testid="error-why"]`, 0)
	})
}

func TestRefusedFigures_LeadToTheRecord(t *testing.T) {
	k := newWorld(t)
	owner := k.admin(shop)
	owner.get(paths.Environment(shop, shopTest)).want(200).wantCount(`[data-testid="last-refused"]`, 0)
	owner.get(paths.Statistics(shop, shopTest)).want(200).wantCount(`dl a`, 0)
	k.share(shop, diner, shopTest, models.StatisticsView)
	borrower := k.admin(diner)
	borrower.get(paths.Collections(diner, shopTest)).want(403)
	k.count(used(diner, "", models.DatabaseRead, models.Tally{Denied: 5}))

	for b, app := range map[*browser]string{owner: shop, borrower: diner} {
		all := paths.DenialQuery{Environment: shopTest, Borrowed: app == diner}
		for _, at := range []string{paths.Environment(app, shopTest), paths.Statistics(app, shopTest)} {
			link := b.get(at).want(200).Find(`main a:contains("`+text("denials.see_why")+`")`).AttrOr("href", "")
			if link != paths.Denials(app, all) {
				t.Errorf("%s leads to %q", at, link)
			}
			b.get(link).want(200).wantCount(`[data-testid="denial-row"]`, 1)
		}
	}
	owner.get(paths.Environment(shop, shopProd)).want(200).wantCount(`[data-testid="last-refused"]`, 0)
}

func TestRefusedRun_LeadsToTheExplanation(t *testing.T) {
	k := newWorld(t, true)
	k.deploy(shopTest, "refused", `exports.main = async event => { throw new Error(event.text) }`)
	k.share(shop, diner, shopTest, models.FunctionsInvoke)
	owner := k.admin(shop)
	page, run := paths.Function(shop, shopTest, "refused"), paths.RunFunction(shop, shopTest, "refused")
	fail := func(message string) (why, invocation string) {
		t.Helper()
		p := owner.submit(owner.get(page), run, "event", `{"text": "`+message+`"}`).want(200)
		list := owner.get(paths.Invocations(shop, shopTest, "refused"))
		return p.Find(`[data-testid="run-why"]`).AttrOr("href", ""), list.Find(`[data-testid="invocation-row"] a`).First().AttrOr("href", "")
	}

	for _, locale := range []string{i18n.Chinese, i18n.English} {
		said := i18n.Text(locale, "call.env_not_shared", map[string]any{"environment": rivalMain})
		why, _ := fail("errCode: -601012 " + said)
		want := paths.Explain(shop, paths.Question{Plane: "server", Caller: shop, Environment: rivalMain, Operation: models.OperationInit, Ask: true})
		if why != want {
			t.Errorf("%s: asks %q, want %q", locale, why, want)
		}
		owner.get(why).want(200).wantText(`[data-testid="explain-code"]`, "-601012")
	}
	if why, _ := fail("broken"); why != "" {
		t.Errorf("a failure without a number asks %q", why)
	}
	why, invocation := fail("-601022 cloudbase_auth in " + depotMain)
	if want := paths.Denials(shop, paths.DenialQuery{Borrowed: true, Code: string(models.CodeAuthFunctionMissing)}); why != want {
		t.Errorf("without a record it leads to %q, want %q", why, want)
	}

	t.Run("as it was recorded", func(t *testing.T) {
		cred, _ := k.kit.Credential(t, shop, shopTest)
		if _, err := k.kit.Services.Calls.OpenSession(t.Context(), cred, service.CallInfo{RequestID: "r"}, depot, depotMain); !models.IsCode(err, models.CodeAuthFunctionMissing) {
			t.Fatal(err)
		}
		asked, err := url.Parse(owner.get(invocation).want(200).Find(`[data-testid="run-why"]`).AttrOr("href", ""))
		must(t, err)
		for name, want := range map[string]string{"caller": shop, "env": depotMain, "operation": models.OperationInit, "plane": "server", "ask": "1"} {
			if got := asked.Query().Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		owner.get(asked.String()).want(200).wantText(`[data-testid="explain-step"][data-status="failed"]`, text("explain_step.auth_function"))
	})
	t.Run("not as another environment refused", func(t *testing.T) {
		_, invocation := fail("-601022 cloudbase_auth in " + depotMain + "2")
		cred, _ := k.kit.Credential(t, shop, shopTest)
		if _, err := k.kit.Services.Calls.OpenSession(t.Context(), cred, service.CallInfo{RequestID: "r"}, depot, depotMain); !models.IsCode(err, models.CodeAuthFunctionMissing) {
			t.Fatal(err)
		}
		want := paths.Denials(shop, paths.DenialQuery{Borrowed: true, Code: string(models.CodeAuthFunctionMissing)})
		if why := owner.get(invocation).want(200).Find(`[data-testid="run-why"]`).AttrOr("href", ""); why != want {
			t.Errorf("it leads to %q, want %q", why, want)
		}
	})
	t.Run("a borrower is told whose question it is", func(t *testing.T) {
		borrower := k.admin(diner)
		fields := url.Values{"event": {`{"text": "-601018"}`}, "_csrf": {borrower.token("/apps")}}
		borrower.post(paths.RunFunction(diner, shopTest, "refused"), fields).want(200).wantCount(`[data-testid="run-why"]`, 0).wantText(`[data-testid="run-meaning"]`, text("function_run.why_owner", "owner", "商城"))
	})
}
