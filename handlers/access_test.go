package handlers_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"envshare/internal/paths"
	"envshare/internal/testkit"
	"envshare/models"
)

func TestAccessSettingsPage(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	at := paths.Access(shop, shopTest)
	b.submit(b.get(at).want(200), at, "unauthenticated", "true", "origins", "https://Shop.example\nhttp://127.0.0.1:8090\n").
		wantRedirect(at).follow().want(200).wantFlash(text("flash.access_saved")).
		wantText("textarea", "https://shop.example http://127.0.0.1:8090").wantCount(`input[name="unauthenticated"][checked]`, 1)
	want := models.ClientPolicy{Unauthenticated: true, Origins: []string{"https://shop.example", "http://127.0.0.1:8090"}}
	if got, err := k.kit.Services.Access.Policy(t.Context(), testkit.Actor, shop, shopTest); err != nil || got.Unauthenticated != want.Unauthenticated || strings.Join(got.Origins, " ") != strings.Join(want.Origins, " ") {
		t.Errorf("%v, %v", got, err)
	}
	wrong := b.submit(b.get(at), at, "-unauthenticated", "", "origins", "https://shop.example\nshop.example/path").want(422)
	wrong.wantError(text("error.origin", "origin", "shop.example/path")).wantText("textarea", "shop.example/path").
		wantCount(`input[name="unauthenticated"][checked]`, 0)
	b.submit(b.get(at), at, "-unauthenticated", "", "origins", "").wantRedirect(at).follow().wantCount(`input[name="unauthenticated"][checked]`, 0)
}

func TestAccessIsTheOwnersAlone(t *testing.T) {
	k := newWorld(t)
	k.data()
	k.share(shop, diner, shopTest, models.Permissions()...)
	addresses := func(app string) []string {
		return []string{paths.Access(app, shopTest), paths.FunctionRules(app, shopTest), paths.BucketRules(app, shopTest), paths.CollectionRules(app, shopTest, "hello")}
	}
	borrower := k.admin(diner)
	for _, at := range addresses(diner) {
		borrower.get(at).want(200).wantText(`[data-testid="why-off"]`, text("error.owner_only")).wantCount("main textarea", 0).wantCount("main form", 0)
	}
	viewer := k.signIn("viewer", map[string]models.Role{shop: models.RoleViewer})
	developer := k.signIn("developer", map[string]models.Role{shop: models.RoleDeveloper})
	for _, at := range addresses(shop) {
		viewer.get(at).want(200).wantCount(`[data-testid="why-off"]`, 1).wantCount("main textarea", 0).wantCount("main form", 0)
		developer.get(at).want(200).wantCount(`[data-testid="why-off"]`, 1).wantCount("main textarea", 0)
	}
	for _, at := range append(addresses(diner)[1:], addresses(shop)[1:]...) {
		b := borrower
		if strings.Contains(at, shop) {
			b = developer
		}
		for _, post := range []string{at, paths.CheckRules(at), paths.SimulateRules(at), paths.RestoreRules(at)} {
			b.forge(post, "preset", "custom", "text", `{"read": true}`, "version", "x").want(403)
		}
	}
	borrower.forge(paths.Access(diner, shopTest), "unauthenticated", "true").want(403)
	borrower.forge(paths.Access(diner, shopTest), "origins", "nonsense").want(403)
	b := k.admin(shop)
	b.get(paths.CollectionRules(shop, shopTest, "nothing")).want(404)
	b.get(paths.Storage(shop, shopTest)).wantCount(`a[href="`+paths.BucketRules(shop, shopTest)+`"]`, 1)
	b.get(paths.Functions(shop, shopTest)).wantCount(`a[href="`+paths.FunctionRules(shop, shopTest)+`"]`, 1)
	borrower.get(paths.Storage(diner, shopTest)).wantCount(`a[href="`+paths.BucketRules(diner, shopTest)+`"]`, 0)
}

func TestRuleEditor(t *testing.T) {
	k := newWorld(t)
	k.data()
	b := k.admin(shop)
	at := paths.CollectionRules(shop, shopTest, "hello")
	first := b.get(at).want(200).wantText(`[data-testid="in-force"]`, text("preset.creator_read_write"), "doc._openid == auth.openid").
		wantCount(`[data-testid="rule-version"]`, 0).wantCount(`input[name="preset"]`, 5)

	b.submit(first, at, "preset", "all_read_admin_write").wantRedirect(at).follow().wantFlash(text("flash.rule_saved")).
		wantText(`[data-testid="in-force"]`, text("preset.all_read_admin_write"), `{"read": true, "write": false}`)
	b.submit(b.get(at), at, "preset", "custom", "text", `{"read":"doc.open==true","write":false}`).wantRedirect(at).follow().
		wantText(`[data-testid="in-force"]`, text("preset.custom"), `{"read": "doc.open == true", "write": false}`).
		wantCount(`[data-testid="rule-version"]`, 2).wantText(`[data-testid="rule-version"]`, "admin-a1", text("access_rule.current"))

	t.Run("what is wrong is said with its place, and stays in the editor", func(t *testing.T) {
		typed := "{\n  \"read\": true,\n  \"write\": \"doc.a == nope\"\n}"
		wrong := b.submit(b.get(at), at, "preset", "custom", "text", typed).want(422)
		wrong.wantError(text("access_rule.problem_key", "line", 3, "column", 22, "key", "write", "message", "")).
			wantText(`textarea[name="text"]`, typed).wantText(`[data-testid="in-force"]`, "doc.open == true")
		b.submit(wrong, at, "preset", "custom", "text", "").want(422).wantError(text("error.required"))
		b.submit(wrong, at, "preset", "custom", "text", "{").want(422)
		b.submit(wrong, at, "preset", "nonsense").want(422)
	})
	t.Run("checking stores nothing", func(t *testing.T) {
		check := paths.CheckRules(at)
		form := b.get(at).fields(at)
		form.Set("preset", "custom")
		form.Set("text", `{"read":true}`)
		b.post(check, form).want(200).wantText(`[data-testid="rule-check"]`, `{"read": true}`).wantText(`[data-testid="in-force"]`, "doc.open == true").wantCount("h1", 1)
		form.Set("preset", "admin_read_write") // what is typed is checked all the same
		form.Set("text", `{"reed":true}`)
		fragment := b.do("POST", check, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), "HX-Request", "true").want(422)
		fragment.wantText("#rule-check", "reed").wantCount("h1", 0)
		form.Set("text", `{"read":true}`)
		b.do("POST", check, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), "HX-Request", "true").want(200).wantText("#rule-check", `{"read": true}`)
		b.get(at).wantCount(`[data-testid="rule-version"]`, 2)
	})
	t.Run("an earlier version comes back", func(t *testing.T) {
		restored := b.submit(b.get(at), paths.RestoreRules(at)).wantRedirect(at).follow().wantFlash(text("flash.rule_restored"))
		restored.wantText(`[data-testid="in-force"]`, text("preset.all_read_admin_write")).wantCount(`[data-testid="rule-version"]`, 3)
		b.forge(paths.RestoreRules(at), "version", "nothing").want(404)
		b.forge(paths.RestoreRules(paths.BucketRules(shop, shopTest)), "version", restored.Find(`input[name="version"]`).First().AttrOr("value", "")).want(404)
	})
}

func TestRulesOfBucketAndFunctions(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	bucket, functions := paths.BucketRules(shop, shopTest), paths.FunctionRules(shop, shopTest)
	b.submit(b.get(bucket).want(200), bucket, "preset", "custom", "text", `{"read": true, "write": "resource.openid == auth.openid"}`).wantRedirect(bucket).follow().
		wantText(`[data-testid="in-force"]`, text("preset.custom"))
	b.submit(b.get(bucket), bucket, "preset", "custom", "text", `{"read": "doc.a == 1"}`).want(422).wantText(`[data-testid="field-error"]`, "read")
	b.submit(b.get(functions).want(200).wantText(`[data-testid="in-force"]`, text("access_rule.functions_default"), "auth != null"), functions,
		"text", `{"*": {"invoke": false}, "getProducts": {"invoke": true}}`).wantRedirect(functions).follow().
		wantText(`[data-testid="in-force"]`, text("preset.custom"), "getProducts").wantCount(`input[name="preset"]`, 0)
	b.submit(b.get(functions), functions, "text", `{"pay": {"invoke": true}}`).want(422).wantError(text("rules.set_any"))
}

func TestExamplesAreRules(t *testing.T) {
	k := newWorld(t)
	k.data()
	b := k.admin(shop)
	seen := 0
	for _, at := range []string{paths.CollectionRules(shop, shopTest, "hello"), paths.BucketRules(shop, shopTest), paths.FunctionRules(shop, shopTest)} {
		page := b.get(at).want(200)
		page.Find(`[data-testid="rule-example"] pre`).Each(func(_ int, s *goquery.Selection) {
			form := page.fields(at)
			form.Set("preset", "custom")
			form.Set("text", s.Text())
			b.post(paths.CheckRules(at), form).want(200).wantText(`#rule-check pre`, s.Text())
			seen++
		})
	}
	if seen < 10 {
		t.Errorf("only %d examples", seen)
	}
}

func TestRuleSimulatorPage(t *testing.T) {
	k := newWorld(t)
	k.data()
	b := k.admin(shop)
	at := paths.CollectionRules(shop, shopTest, "hello")
	try := func(namesAndValues ...string) *page {
		t.Helper()
		return b.post(paths.SimulateRules(at), fill(b.get(at).fields(at), namesAndValues))
	}
	rule := `{"read": "auth.custom.role == 'staff' && doc.n > 0", "write": false}`
	refused := try("preset", "custom", "text", rule, "operation", "read", "query", `{"n": 3}`, "custom", `{"role": "guest"}`).want(200)
	refused.wantText(`[data-testid="simulation-result"]`, text("simulate.refused")).wantText(`[data-testid="simulation-part"]`, `auth.custom.role == 'staff'`).
		wantText(`textarea[name="query"]`, `{"n": 3}`).wantText(`[data-testid="in-force"]`, text("preset.creator_read_write"))
	if refused.Find(`[data-testid="simulation-step"]`).Length() == 0 {
		t.Error("no trace")
	}
	try("preset", "custom", "text", rule, "operation", "read", "query", `{"n": 3}`, "custom", `{"role": "staff"}`).want(200).
		wantText(`[data-testid="simulation-result"]`, text("simulate.allowed"))
	try("preset", "custom", "text", rule, "operation", "read", "id", "d1", "custom", `{"role": "staff"}`).want(200).
		wantText(`[data-testid="simulation-result"]`, text("simulate.allowed"))
	try("caller", "visitor", "preset", "all_read_creator_write", "operation", "read").want(200).
		wantText(`[data-testid="simulation-result"]`, text("simulate.refused"), text("rules.preset_unauthenticated"), text("simulate.closed"))
	try("preset", "custom", "text", "{").want(422)
	staff := []string{"preset", "custom", "text", rule, "operation", "aggregate", "custom", `{"role": "staff"}`, "stages"}
	try(append(staff, `[{"$match": {"n": {"$gt": 3}}}]`)...).want(200).wantText(`[data-testid="simulation-result"]`, text("simulate.allowed")).
		wantText(`textarea[name="stages"]`, `"$gt": 3`)
	try(append(staff, `[{"$match": {"n": 3}}, {"$lookup": {"from": "hello", "pipeline": [], "as": "j"}}]`)...).want(200).
		wantText(`[data-testid="simulation-result"]`, text("simulate.refused"), text("rules.joined", "collection", "hello"))
	try(append(staff, `{}`)...).want(422).wantError(text("simulate.stages_malformed"))
	try("openid", "", "custom", "[").want(422).wantError(text("error.open_id"))
	try("operation", "update", "data", "{").want(422).wantText(`#f-data-error`, "")
	try("operation", "update").want(422).wantError(text("call.query_empty"))

	bucket := paths.BucketRules(shop, shopTest)
	b.post(paths.SimulateRules(bucket), fill(b.get(bucket).fields(bucket), []string{"operation", "write", "owner", "somebody"})).want(200).
		wantText(`[data-testid="simulation-result"]`, text("simulate.refused"))
	functions := paths.FunctionRules(shop, shopTest)
	b.post(paths.SimulateRules(functions), fill(b.get(functions).fields(functions), []string{"function", "pay"})).want(200).
		wantText(`[data-testid="simulation-result"]`, text("simulate.allowed")).wantText(`[data-testid="simulation-part"]`, "auth != null")
	b.get(at).wantCount(`[data-testid="rule-version"]`, 0)
}
