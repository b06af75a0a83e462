package handlers_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"envshare/internal/paths"
	"envshare/internal/store"
	"envshare/internal/testkit"
	"envshare/models"
)

// worldSize is how much of everything there is.
type worldSize struct {
	shares       int // that shop lends, that shop borrows, and that diner borrows
	environments int // that shop owns, beside its first two
	functions    int
	runs         int // of one function, and visitors
	days         int // in which calls were counted
	denials      int
	events       int // of the audit log
	collections  int
	files        int // in one folder
	members      int // of shop
	users        int // of the installation
	principals   int
	memberships  int // of one person
}

func sizeOfAll(n int) worldSize {
	return worldSize{
		shares: n, environments: n, functions: n, runs: n, days: 10, denials: n, events: n, collections: min(n, 100), files: n, members: n,
		users: n, principals: n, memberships: n,
	}
}

// bigWorld is a console with much in it, as three persons see it, which counts its
// statements.
type bigWorld struct {
	*console
	size       worldSize
	statements atomic.Int64
	// boss administers shop, guest diner; member is a viewer of many apps.
	boss, guest, member, operator *browser
}

// lent is the environment that the app of a number owns.
func lent(i int) string { return fmt.Sprintf("lent-%05d", i) }

func newBigWorld(t testing.TB, size worldSize, database string) *bigWorld {
	t.Helper()
	w := &bigWorld{size: size}
	w.console = consoleOf(t, testkit.New(t, testkit.Options{NoRunner: true, Database: database, Statements: func() { w.statements.Add(1) }}))
	w.kit.Apply(t, manifestWithSharing(), nil)
	w.deploy(shopTest, "hello", "exports.main = async () => 1")
	now := time.Now().UTC().Truncate(time.Millisecond)
	for name, fill := range map[string]func(*store.Store, time.Time) error{
		"apps": w.addApps, "environments": w.addEnvironments, "users": w.addUsers, "log": w.addEvents, "files": w.addFiles,
	} {
		if err := w.kit.Store.Tx(t.Context(), func(tx *store.Store) error { return fill(tx, now) }); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	w.addDenials(now)
	w.grow(0, size.runs, size.days)
	must(t, w.kit.Store.Invocations.InsertBatch(t.Context(), failures(size.runs/10, now)))
	for i := range size.collections {
		must(t, w.kit.Documents.CreateCollection(t.Context(), shopTest, fmt.Sprintf("collection-%05d", i)))
	}
	w.boss, w.guest, w.operator = w.admin(shop), w.admin(diner), w.console.operator("operator")
	roles := map[string]models.Role{shop: models.RoleViewer}
	for i := range size.memberships - 1 {
		roles[partner(i)] = models.RoleViewer
	}
	w.member = w.signIn("member", roles)
	return w
}

// partner is the app of a number: shop lends to it, and it lends to shop and diner.
func partner(i int) string { return fmt.Sprintf("wx%016x", 0x10000+i) }

func failures(n int, now time.Time) []models.Invocation {
	out := make([]models.Invocation, n)
	for i := range out {
		out[i] = models.Invocation{ID: fmt.Sprint("failed-", i), EnvironmentID: shopTest, FunctionName: "hello", Version: 1, Trigger: models.TriggerClient,
			CallerAppID: diner, Status: models.InvocationFailed, Error: "it broke", DurationMS: 3, StartedAt: now.Add(-time.Duration(i) * time.Minute)}
	}
	return out
}

func (w *bigWorld) addApps(tx *store.Store, now time.Time) error {
	ctx := w.t.Context()
	for i := range w.size.principals {
		must(w.t, tx.Principals.Save(ctx, models.Principal{ID: fmt.Sprintf("principal-%04d", i), Name: fmt.Sprintf("主体 %04d", i)}))
	}
	share := func(id, from, to, env string, i int) {
		s := models.Share{ID: id, OwnerAppID: from, GranteeAppID: to, Note: fmt.Sprint("备注 ", i%7), CreatedAt: now.Add(time.Duration(i) * time.Millisecond), UpdatedAt: now, Version: 1}
		if i%5 == 4 {
			s.PausedAt = &now
		}
		s.Grants = []models.Grant{{ID: "g-" + id, EnvironmentID: env, Permissions: models.AllPermissions}}
		must(w.t, tx.Shares.Insert(ctx, s))
	}
	for i := range w.size.shares {
		app := partner(i)
		must(w.t, tx.Apps.Insert(ctx, models.App{AppID: app, Name: fmt.Sprintf("应用 %05d", i), Kind: models.MiniProgram, PrincipalID: "acme", Sharing: true, CreatedAt: now}))
		must(w.t, tx.Environments.Insert(ctx, models.Environment{ID: lent(i), AppID: app, Name: fmt.Sprintf("环境 %05d", i), CreatedAt: now}))
		share(fmt.Sprintf("out-%05d", i), shop, app, shopTest, i)
		share(fmt.Sprintf("in-%05d", i), app, shop, lent(i), i)
		share(fmt.Sprintf("diner-%05d", i), app, diner, lent(i), i)
	}
	return nil
}

func (w *bigWorld) addEnvironments(tx *store.Store, now time.Time) error {
	ctx := w.t.Context()
	for i := range w.size.environments {
		must(w.t, tx.Environments.Insert(ctx, models.Environment{ID: fmt.Sprintf("own-%05d", i), AppID: shop, Name: fmt.Sprintf("自有 %05d", i), CreatedAt: now.Add(time.Duration(i) * time.Second)}))
	}
	for i := range w.size.functions {
		must(w.t, tx.Functions.Insert(ctx, models.Function{
			ID: fmt.Sprintf("f-%05d", i), EnvironmentID: shopTest, Name: fmt.Sprintf("function-%05d", i), TimeoutSeconds: 3, MemoryMB: 256, Concurrency: 1,
			ActiveVersion: 1, CreatedAt: now, UpdatedAt: now,
		}))
	}
	return nil
}

func (w *bigWorld) addUsers(tx *store.Store, now time.Time) error {
	ctx := w.t.Context()
	for i := range w.size.users {
		u := models.User{ID: fmt.Sprintf("user-%05d", i), Username: fmt.Sprintf("user-%05d", i), CreatedAt: now, UpdatedAt: now}
		must(w.t, tx.Users.Insert(ctx, u))
		if i < w.size.members {
			must(w.t, tx.Users.SetMembership(ctx, models.Membership{UserID: u.ID, AppID: shop, Role: models.RoleDeveloper}))
		}
	}
	return nil
}

func (w *bigWorld) addEvents(tx *store.Store, now time.Time) error {
	ctx := w.t.Context()
	for i := range w.size.events {
		e := models.AuditEvent{
			ID: fmt.Sprintf("event-%08d", i), At: now.Add(-time.Duration(i) * time.Second), ActorName: fmt.Sprint("user-", i%50), Via: "console",
			Action: models.AuditDocumentChanged, AppID: shop, EnvironmentID: shopTest, Subject: fmt.Sprint("collection-", i%100),
			Before: `{"id":"a","version":"b"}`, After: `{"id":"a","version":"c"}`,
		}
		if i%4 == 0 {
			e.OtherAppID = diner
		}
		must(w.t, tx.Audit.Insert(ctx, e))
	}
	return nil
}

func (w *bigWorld) addFiles(tx *store.Store, now time.Time) error {
	for i := range w.size.files {
		must(w.t, tx.Files.Add(w.t.Context(), models.File{
			EnvironmentID: shopTest, Path: fmt.Sprintf("photos/%06d.jpg", i), BlobKey: fmt.Sprint("blob-", i), Size: 1000, ContentType: "image/jpeg", CreatedAt: now, UpdatedAt: now,
		}))
	}
	return nil
}

// addDenials counts refusals of the last days in an own environment, and of shop in
// borrowed ones.
func (w *bigWorld) addDenials(now time.Time) {
	var list []models.Denial
	for i := range w.size.denials {
		at := now.Add(-time.Duration(i) * time.Minute)
		d := models.Denial{
			EnvironmentID: shopTest, Day: at.Format(time.DateOnly), Key: fmt.Sprint("k-", i), CallerAppID: partner(i % w.size.shares), Plane: models.PlaneServer,
			Operation: string(models.DatabaseRead), Resource: "todos", Code: models.CodeForbidden, MsgKey: "call.permission_missing", MsgArgs: `{}`, Count: 1, FirstAt: at, LastAt: at,
		}
		if i%4 == 0 {
			d.EnvironmentID, d.CallerAppID = lent(i%w.size.shares), shop
		}
		list = append(list, d)
	}
	for len(list) > 0 {
		n := min(len(list), 500)
		must(w.t, w.kit.Store.Denials.Add(w.t.Context(), list[:n]))
		list = list[n:]
	}
}

// listPage is a page that lists what grows, as somebody asks for it.
type listPage struct {
	name, address string
	who           *browser
	rows          int // what it lists of
}

// lists are the pages of the world that list what grows.
func (w *bigWorld) lists() []listPage {
	s, env := w.size, shopTest
	last := func(address string, rows int) string { return paths.Page(address, (rows+19)/20) }
	logs := paths.Invocations(shop, env, "hello")
	return []listPage{
		{"apps", paths.Apps(), w.member, s.memberships}, {"apps, searched", paths.AppsQuery("9"), w.member, s.memberships}, {"the way in", paths.Home(), w.member, s.memberships},
		{"environments", paths.Environments(shop), w.boss, s.environments + s.shares},
		{"environments, the last ones", paths.Page(paths.Environments(shop), 1_000_000), w.boss, s.environments + s.shares},
		{"environments, searched", paths.EnvironmentsQuery(shop, "0009"), w.boss, s.environments + s.shares},
		{"overview", paths.Environment(shop, env), w.boss, s.runs}, {"overview, borrowed", paths.Environment(diner, lent(0)), w.guest, s.shares},
		{"shares by me", paths.Shares(shop), w.boss, s.shares}, {"shares with me", paths.SharesWithMe(diner), w.guest, s.shares},
		{"shares, searched", paths.SharesQuery(shop, paths.ShareQuery{Text: "应用 00"}), w.boss, s.shares},
		{"share map", paths.ShareMap(shop), w.boss, 2 * s.shares}, {"share map of many apps", paths.ShareMap(shop), w.member, 2 * s.shares},
		{"new share", paths.NewShare(shop), w.boss, s.environments},
		{"functions", paths.Functions(shop, env), w.boss, s.functions}, {"logs", logs, w.boss, s.runs}, {"logs, the last ones", last(logs, s.runs), w.boss, s.runs},
		{"logs, searched", logs + "?q=broke", w.boss, s.runs}, {"logs, failed", logs + "?status=failed", w.boss, s.runs},
		{"denials", paths.Denials(shop, paths.DenialQuery{}), w.boss, s.denials}, {"denials, the last ones", last(paths.Denials(shop, paths.DenialQuery{}), s.denials*3/4), w.boss, s.denials},
		{"denials, borrowed", paths.Denials(shop, paths.DenialQuery{Borrowed: true}), w.boss, s.denials}, {"why", paths.Explain(shop, paths.Question{}), w.boss, s.shares},
		{"audit log", paths.Audit(shop), w.boss, s.events}, {"audit log, by person", paths.Audit(shop) + "?actor=user-7", w.boss, s.events},
		{"audit log, by environment and kind", paths.Audit(shop) + "?group=database&environment=" + env, w.boss, s.events},
		{"collections", paths.Collections(shop, env), w.boss, s.collections}, {"files", paths.StorageFolder(shop, env, "photos/", ""), w.boss, s.files},
		{"files, further on", paths.StorageFolder(shop, env, "photos/", fmt.Sprintf("photos/%06d.jpg", s.files-10)), w.boss, s.files},
		{"members", paths.Members(shop), w.boss, s.members}, {"members, searched", paths.MembersQuery(shop, "9"), w.boss, s.members},
		{"visitors", paths.Visitors(shop, env), w.boss, s.runs}, {"visitors, searched", paths.VisitorsQuery(shop, env, "", "9"), w.boss, s.runs},
		{"statistics", paths.Usage(paths.Statistics(shop, env), "30d", ""), w.boss, s.days}, {"monitoring", paths.Usage(paths.FunctionMonitoring(shop, env, "hello"), "30d", ""), w.boss, s.days},
		{"installation's principals", paths.OperatorPrincipals(), w.operator, s.principals}, {"installation's apps", paths.OperatorApps(), w.operator, s.shares},
		{"installation's apps, searched", paths.OperatorApps() + "?q=9", w.operator, s.shares}, {"installation's users", paths.OperatorUsers(), w.operator, s.users},
		{"search", paths.Search(shop, "00"), w.boss, 2*s.shares + s.environments}, {"simplest page", paths.Extensions(shop), w.boss, s.shares},
	}
}
