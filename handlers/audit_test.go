package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"envshare/internal/i18n"
	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/internal/testkit"
	"envshare/internal/testkit/constants"
	"envshare/models"
)

// TestEveryActionHasAName asks for every action that there is whether both
// languages have a sentence for it.
func TestEveryActionHasAName(t *testing.T) {
	keys := []string{}
	for _, action := range constants.Of(t, "AuditAction") {
		keys = append(keys, models.AuditAction(action).MessageKey())
	}
	for _, g := range models.AuditGroups() {
		keys = append(keys, g.MessageKey())
	}
	for _, key := range keys {
		for _, locale := range []string{i18n.Chinese, i18n.English} {
			if i18n.Text(locale, key, nil) == key {
				t.Errorf("%s has no text for %s", locale, key)
			}
		}
	}
}

// everyChange does, as people and commands would, everything that is recorded.
func (k *console) everyChange() {
	k.t.Helper()
	ctx, s, sys := k.t.Context(), k.kit.Services, testkit.Actor
	token, err := s.Accounts.SetupToken(ctx)
	must(k.t, err)
	ops, err := s.Accounts.SetUp(ctx, models.Actor{}, token, "ops", password)
	must(k.t, err)
	op := models.Actor{UserID: ops.ID, Username: ops.Username, Operator: true, Via: "console", IP: "192.0.2.1"}
	_, err = s.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.1"}, "ops", "wrong")
	if err == nil {
		k.t.Fatal("a wrong password signs in")
	}
	_, err = s.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.1"}, "ops", password)
	must(k.t, err)
	k.kit.Apply(k.t, strings.Replace(manifest, "name: 商城\n", "name: 商城\n    sharing: true\n", 1), nil)

	must(k.t, s.Operator.CreatePrincipal(ctx, op, "gone", "gone"))
	must(k.t, s.Operator.DeletePrincipal(ctx, op, "gone"))
	app, err := s.Operator.App(ctx, op, diner)
	must(k.t, err)
	must(k.t, s.Operator.ChangeApp(ctx, op, service.AppInput{AppID: diner, Name: "食堂二", Kind: app.Kind, PrincipalID: "acme", Secret: "s", WebDomains: []string{"diner.example"}, Version: app.Version}))
	dana, link, err := s.Operator.InviteUser(ctx, op, "dana", false)
	must(k.t, err)
	_, err = s.Accounts.ChoosePassword(ctx, models.Actor{}, link, password)
	must(k.t, err)
	version := func() string {
		u, err := s.Operator.User(ctx, op, dana.ID)
		must(k.t, err)
		return u.Version
	}
	must(k.t, s.Operator.SetOperator(ctx, op, dana.ID, version(), true))
	must(k.t, s.Operator.SetRole(ctx, op, dana.ID, version(), shop, models.RoleViewer))
	must(k.t, s.Operator.Disable(ctx, op, dana.ID, version()))
	must(k.t, s.Operator.Enable(ctx, op, dana.ID, version()))
	_, _, err = s.Operator.ResetPassword(ctx, op, dana.ID, version(), service.Reset{})
	must(k.t, err)

	share := k.share(shop, diner, shopTest, models.DatabaseView, models.DatabaseOperate)
	until := time.Now().Add(time.Hour)
	in := shareInput(diner, shopTest, models.DatabaseView, models.FunctionsView)
	in.Until, in.Note, in.Version = &until, "n", share.Version
	_, err = s.Sharing.Share(ctx, sys, shop, in)
	must(k.t, err)
	must(k.t, s.Sharing.Pause(ctx, sys, shop, share.ID))
	must(k.t, s.Sharing.Resume(ctx, sys, shop, share.ID))
	must(k.t, s.Sharing.Leave(ctx, sys, diner, share.ID))
	must(k.t, s.Sharing.Remove(ctx, sys, shop, k.share(shop, diner, shopTest, models.FunctionsView).ID))
	must(k.t, s.Sharing.Disable(ctx, sys, depot, true))
	k.changeResources(sys)
}

// changeResources changes what is in an environment.
func (k *console) changeResources(by models.Actor) {
	k.t.Helper()
	ctx, s := k.t.Context(), k.kit.Services
	code, err := service.NewSource([]service.SourceFile{{Path: "index.js", Data: []byte("exports.main = async () => 1\n")}})
	must(k.t, err)
	for range 2 {
		_, err = s.Functions.Deploy(ctx, by, shop, shopTest, service.Deployment{Name: "hello", Source: code})
		must(k.t, err)
	}
	must(k.t, s.Functions.Configure(ctx, by, shop, shopTest, "hello", service.FunctionSettings{TimeoutSeconds: 5, MemoryMB: 512, Concurrency: 1, Variables: map[string]string{"TOKEN": "secret-value"}}))
	must(k.t, s.Functions.RollBack(ctx, by, shop, shopTest, "hello", 1, ""))
	must(k.t, s.Functions.Delete(ctx, by, shop, shopTest, "hello"))

	must(k.t, s.Documents.AddCollection(ctx, by, shop, shopTest, "todos"))
	must(k.t, s.Documents.AddIndex(ctx, by, shop, shopTest, "todos", service.Index{Fields: "n:1", Unique: true}))
	must(k.t, s.Documents.DropIndex(ctx, by, shop, shopTest, "todos", "n_1"))
	key, err := s.Documents.AddDocument(ctx, by, shop, shopTest, "todos", `{"_id":"d1","n":1,"private":"content"}`)
	must(k.t, err)
	shown := func() string {
		d, err := s.Documents.Document(ctx, by, shop, shopTest, "todos", key)
		must(k.t, err)
		return d.Version
	}
	must(k.t, s.Documents.EditDocument(ctx, by, shop, shopTest, "todos", key, shown(), `{"_id":"d1","n":2}`))
	must(k.t, s.Documents.DeleteDocument(ctx, by, shop, shopTest, "todos", key, shown()))
	t, err := s.Transfers.Import(ctx, by, shop, shopTest, "todos", service.Import{Format: "json", Mode: models.ImportUpsert, FileName: "a.json", File: strings.NewReader("{}\n")})
	must(k.t, err)
	must(k.t, s.Transfers.Cancel(ctx, by, shop, shopTest, "todos", t.ID))
	must(k.t, s.Transfers.Resume(ctx, by, shop, shopTest, "todos", t.ID))
	_, err = s.Transfers.Export(ctx, by, shop, shopTest, "todos", service.Export{Format: "csv", Filter: `{"n":1}`})
	must(k.t, err)
	must(k.t, s.Documents.DropCollection(ctx, by, shop, shopTest, "todos"))

	_, err = s.Files.Store(ctx, by, shop, shopTest, "a.txt", strings.NewReader("hello"))
	must(k.t, err)
	must(k.t, s.Files.Move(ctx, by, shop, shopTest, "a.txt", "b.txt"))
	must(k.t, s.Files.Remove(ctx, by, shop, shopTest, "b.txt"))
	must(k.t, s.Access.SetPolicy(ctx, by, shop, shopTest, models.ClientPolicy{Unauthenticated: true, Origins: []string{"https://shop.example"}}))
	must(k.t, s.Access.SaveRule(ctx, by, shop, shopTest, service.RuleTarget{Kind: models.RuleCollection, Name: "todos"}, models.PresetAllRead, ""))
	_, issued, err := s.Credentials.Issue(ctx, by, shop, shopTest, time.Hour)
	must(k.t, err)
	must(k.t, s.Credentials.Revoke(ctx, by, issued.ID))
}

// withoutState are the actions that have nothing before and nothing after.
var withoutState = map[models.AuditAction]bool{
	models.AuditUserSetUp: true, models.AuditCollectionCreated: true,
}

// doneHere are the actions that everyChange must record.
var doneHere = strings.Fields(`installation.set_up user.sign_in user.sign_in_refused user.created user.changed user.disabled user.enabled
	user.set_up user.password_reset principal.saved principal.deleted app.saved app.secret_set environment.saved sharing.enabled
	sharing.disabled share.created share.changed share.paused share.resumed share.removed share.left function.deployed function.changed
	function.rolled_back function.deleted collection.created collection.deleted index.created index.deleted document.created
	document.changed document.deleted documents.imported documents.exported transfer.cancelled transfer.resumed file.stored file.moved
	file.deleted clients.changed rule.saved credential.issued credential.revoked`)

// TestEveryChangeIsRecordedAndReadable does everything, and reads the page of every
// event in both languages: a sentence, who, and every field by its name.
func TestEveryChangeIsRecordedAndReadable(t *testing.T) {
	k := newConsole(t)
	k.everyChange()
	reader := k.signIn("reader", map[string]models.Role{shop: models.RoleViewer, diner: models.RoleViewer, depot: models.RoleViewer})
	operator := k.operator("second")
	recorded := map[string]bool{}
	for app, b := range map[string]*browser{"": operator, shop: reader, depot: reader, diner: reader} {
		log := paths.OperatorAudit()
		if app != "" {
			log = paths.Audit(app)
		}
		_, err := k.kit.Services.Audit.Export(t.Context(), testkit.Actor, app, models.AuditFilter{}, func(events []models.AuditEvent, _ map[string]models.App) error {
			for _, e := range events {
				recorded[string(e.Action)] = true
				if (e.Before+e.After == "") != withoutState[e.Action] {
					t.Errorf("%s: before %q, after %q", e.Action, e.Before, e.After)
				}
				if strings.Contains(e.Before+e.After, "secret-value") || strings.Contains(e.Before+e.After, "content") {
					t.Errorf("%s tells too much: %s %s", e.Action, e.Before, e.After)
				}
				if app == diner { // lost its entry with its last share
					continue
				}
				readable(t, b.get(paths.AuditEvent(log, e.ID)).want(200), e)
			}
			return nil
		})
		must(t, err)
	}
	for _, action := range doneHere {
		if !recorded[action] {
			t.Errorf("%s was not recorded", action)
		}
	}
}

// readable checks that a page of an event says everything in words.
func readable(t *testing.T, p *page, e models.AuditEvent) {
	t.Helper()
	for _, wrong := range []string{"audit_", "audit.", "permission.", "role.", string(e.Action), text("audit_field.other"), text("audit.unknown_action"), "{"} {
		if got := p.Find("main").Text(); strings.Contains(got, wrong) && e.Action != models.AuditDocumentsExported {
			t.Errorf("%s: the page says %q: %s", e.Action, wrong, p.excerpt())
		}
	}
	if e.Before != e.After && e.Action != models.AuditDocumentsExported {
		if p.Find(`[data-testid="audit-changes"] dt`).Length() == 0 {
			t.Errorf("%s: no changes shown: %s", e.Action, p.excerpt())
		}
	}
}

// TestS14LogOfAnApp reads the log as both sides of a share.
func TestS14LogOfAnApp(t *testing.T) {
	k := newWorld(t)
	owner := k.admin(shop)
	b := k.signIn("guest", map[string]models.Role{diner: models.RoleViewer})
	k.share(shop, diner, shopTest, models.FunctionsView, models.DatabaseRead)
	must(t, k.kit.Services.Access.SetPolicy(t.Context(), testkit.Actor, shop, shopTest, models.ClientPolicy{Unauthenticated: true}))

	sentence := text("audit_action.share.created", "owner", "商城", "grantee", "食堂")
	rows := b.get(paths.Audit(diner)).want(200).wantCount(`[data-testid="audit-row"]`, 3).wantText(`[data-testid="audit-row"]`, sentence, "test", text("audit.via_command"))
	event := rows.Find(`[data-testid="audit-row"] a`).FilterFunction(func(_ int, s *goquery.Selection) bool { return s.Text() == sentence })
	p := b.get(event.AttrOr("href", "")).want(200)
	p.wantText(`[data-testid="audit-changes"]`, "商城测试", text("permission.functions.view"), text("permission.database.read"))
	p.wantText("h2", sentence)

	own := owner.get(paths.Audit(shop) + "?group=settings&environment=" + shopTest)
	own.wantCount(`[data-testid="audit-row"]`, 2) // it was created, and its clients were let in
	href := own.Find(`[data-testid="audit-row"] a`).First().AttrOr("href", "")
	owner.get(href).want(200).wantText(`[data-testid="audit-changes"]`, text("audit_field.unauthenticated_access"), text("audit.no"), text("audit.yes"))
	b.get(strings.Replace(href, shop, diner, 1)).want(404)
	b.get(href).want(404)
}

func TestAuditFilters(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	today := time.Now().In(zone).Format("2006-01-02")
	for query, want := range map[string]int{
		"group=sharing": 2, "group=sharing&actor=nobody": 0, "actor=TEST": 5, "environment=" + shopProd: 1, "from=" + today: 5,
		"until=2020-01-01": 0, "subject=shop-t": 1, "subject=%25": 0, "older=x&newer=y": 5, "older=99999999999999.zzz": 5, "older=1.a": 0,
	} {
		b.get(paths.Audit(shop)+"?"+query).want(200).wantCount(`[data-testid="audit-row"]`, want)
	}
	for query, field := range map[string]string{
		"group=x": "error.audit_group", "from=yesterday": "error.date", "from=2026-02-02&until=2026-01-01": "error.audit_dates",
	} {
		p := b.get(paths.Audit(shop) + "?" + query).want(http.StatusUnprocessableEntity).wantError(text(field))
		if query == "from=yesterday" && p.Find(`input[name="from"]`).AttrOr("value", "") != "yesterday" {
			t.Error("what was typed is gone")
		}
		b.get(paths.ExportAudit(paths.Audit(shop)) + "?" + query).want(422)
	}
	b.get(paths.Audit(shop) + "?subject=" + strings.Repeat("x", 129)).want(422)
	b.get(paths.Audit(shop)+"?subject=none").wantText(`[data-testid="empty"]`, text("audit.none_title"))
}

func TestAuditTurnsPages(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	for range 30 {
		must(t, k.kit.Services.Access.SetPolicy(t.Context(), testkit.Actor, shop, shopTest, models.ClientPolicy{Unauthenticated: true}))
		must(t, k.kit.Services.Access.SetPolicy(t.Context(), testkit.Actor, shop, shopTest, models.ClientPolicy{}))
	}
	seen := map[string]bool{}
	address, pages := paths.Audit(shop)+"?group=settings", 0
	for address != "" && pages < 10 {
		p := b.get(address).want(200)
		pages++
		p.Find(`[data-testid="audit-row"] a`).Each(func(_ int, s *goquery.Selection) { seen[s.AttrOr("href", "")] = true })
		address = p.Find(`a[rel="next"]`).AttrOr("href", "")
		if u, err := url.Parse(address); address != "" && (err != nil || u.Query().Get("group") != "settings") {
			t.Errorf("the filter is lost: %s", address)
		}
	}
	if len(seen) != 63 || pages != 4 {
		t.Errorf("%d events on %d pages", len(seen), pages)
	}
}

// TestAuditIsReadInEnglish reads a page as somebody who chose English.
func TestAuditIsReadInEnglish(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	u, err := k.kit.Store.Users.ByUsername(t.Context(), "admin-a1")
	must(t, err)
	must(t, k.kit.Services.Accounts.SetLanguage(t.Context(), models.Actor{UserID: u.ID}, i18n.English))
	en := i18n.WithLocale(context.Background(), i18n.English)
	b.get(paths.Audit(shop)).want(200).wantText("main", i18n.T(en, "audit.text"), i18n.T(en, "audit_action.environment.saved", "subject", "商城测试"))
}
