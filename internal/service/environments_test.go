package service

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// fill puts something of everything into shop-1, which diner borrows alone and
// kitchen with shop-2.
func (w *world) fill(t testing.TB) (alone, both models.Share) {
	t.Helper()
	ctx := t.Context()
	alone, both = w.lend(t, diner, "shop-1"), w.lend(t, kitchen, "shop-1", "shop-2")
	f := w.deploy(t, "shop-1", "hello", "hi")
	must(t, w.Documents.AddCollection(ctx, shopAdmin, shop, "shop-1", "todos"))
	for _, doc := range []string{`{"_id":"a"}`, `{"_id":"b"}`} {
		_, err := w.Documents.AddDocument(ctx, shopAdmin, shop, "shop-1", "todos", doc)
		must(t, err)
	}
	_, err := w.Files.Store(ctx, shopAdmin, shop, "shop-1", "a/b.txt", strings.NewReader("12345"))
	must(t, err)
	must(t, w.Access.SaveRule(ctx, shopAdmin, shop, "shop-1", RuleTarget{Kind: models.RuleCollection, Name: "todos"}, models.PresetDefault, ""))
	_, _, err = w.Credentials.Issue(ctx, shopAdmin, shop, "shop-1", time.Hour)
	must(t, err)
	now := w.now()
	must(t, w.store.Invocations.InsertBatch(ctx, []models.Invocation{{
		ID: "run-1", EnvironmentID: "shop-1", FunctionName: f.Name, Trigger: models.TriggerConsole, CallerAppID: shop, Status: models.InvocationOK, StartedAt: now,
	}}))
	must(t, w.store.Usage.Add(ctx, []store.UsageDay{
		{EnvironmentID: "shop-1", CallerAppID: diner, Day: now.Format(time.DateOnly), Calls: 7, LastAt: &now},
		{EnvironmentID: "shop-2", CallerAppID: kitchen, Day: now.Format(time.DateOnly), Calls: 100, LastAt: &now},
	}))
	must(t, w.store.Clients.SaveVerdict(ctx, models.Verdict{AppID: diner, OpenID: "o", EnvironmentID: "shop-1", ExpiresAt: now.Add(time.Hour)}))
	must(t, w.store.Clients.See(ctx, models.Visitor{EnvironmentID: "shop-1", AppID: diner, OpenID: "o", FirstSeenAt: now, LastSeenAt: now}))
	started, err := w.Transfers.Export(ctx, shopAdmin, shop, "shop-1", "todos", Export{Format: "json"})
	must(t, err)
	must(t, os.MkdirAll(filepath.Dir(w.Transfers.file(started.ID)), 0o700))
	must(t, os.WriteFile(w.Transfers.file(started.ID), []byte("x"), 0o600))
	return alone, both
}

func (w *world) now() time.Time { return w.clock.now() }

func TestRename(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.lend(t, diner, "shop-1")
		const was = "environment shop-1"
		for name, actor := range map[string]models.Actor{"error.role_needed": shopDeveloper, "error.not_found": outsider} {
			if err := w.Environments.Rename(ctx, actor, shop, "shop-1", was, "stolen"); models.MsgOf(err).Key != name {
				t.Errorf("%s: %v", actor.Username, err)
			}
		}
		if err := w.Environments.Rename(ctx, dinerAdmin, diner, "shop-1", was, "stolen"); models.MsgOf(err).Key != "error.owner_only" {
			t.Errorf("a borrower: %v", err)
		}
		wantField(t, w.Environments.Rename(ctx, shopAdmin, shop, "shop-1", was, "  "), "name", "error.required")
		must(t, w.Environments.Rename(ctx, shopAdmin, shop, "shop-1", was, " 新名字 "))
		must(t, w.Environments.Rename(ctx, shopAdmin, shop, "shop-1", was, "新名字")) // sent twice
		err := w.Environments.Rename(ctx, shopAdmin, shop, "shop-1", was, "另一个")
		wantError(t, err, models.CodeConflict, "error.environment_renamed")
		opened, err := w.Apps.Open(ctx, dinerViewer, diner, "shop-1")
		must(t, err)
		same(t, "新名字", opened.View.Environment.Name)
		last := w.audit(t, shop)[len(w.audit(t, shop))-1]
		same(t, []string{"environment.saved", "shop-1", `{"name":"environment shop-1"}`, `{"name":"新名字"}`},
			[]string{string(last.Action), last.Subject, last.Before, last.After})
	})
}

func TestImpactCountsWhatEnds(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill(t)
		i, err := w.Environments.Impact(t.Context(), shopAdmin, shop, "shop-1")
		must(t, err)
		same(t, store.EnvironmentContents{Functions: 1, Files: 1, Bytes: 5, Runs7Days: 1, Runs30Days: 1}, i.EnvironmentContents)
		same(t, []any{1, int64(2), false, int64(7), int64(7)}, []any{i.Collections, i.Documents, i.Last, i.Usage.Calls7Days, i.Usage.Calls30Days})
		same(t, w.now().Add(testGrace), i.Until)
		ends := map[string]bool{}
		for _, s := range i.Shares {
			ends[s.Other.AppID] = s.Ends
		}
		same(t, map[string]bool{diner: true, kitchen: false}, ends)
		_, err = w.Environments.Impact(t.Context(), shopDeveloper, shop, "shop-1")
		wantError(t, err, models.CodeForbidden, "error.role_needed")
	})
}

// Every door to a deleted environment is closed at once, for its owner and for
// those it was lent to, in every process.
func TestDeletedEnvironmentsAreClosed(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		alone, both := w.fill(t)
		session := w.session(t, diner, alone, "shop-1")
		own, _, err := w.Credentials.Issue(ctx, shopAdmin, shop, "shop-1", time.Hour)
		must(t, err)
		must(t, w.Credentials.SetGatewayURL(ctx, "http://gateway.test"))
		shown, err := w.Files.ShowURL(ctx, shopViewer, shop, "shop-1", "a/b.txt", false)
		must(t, err)
		tickets, err := w.Files.Download(ctx, own, CallInfo{}, []FileRequest{{FileID: models.FileID("shop-1", "a/b.txt")}})
		must(t, err)
		addresses := []string{shown, DownloadPath + tickets[0].Ticket}
		for _, address := range addresses {
			_, err := w.openTicket(t, address)
			must(t, err)
		}
		transaction, err := w.Documents.db.Begin(ctx, "shop-1")
		must(t, err)
		watched, stop := w.Documents.db.Watch("shop-1", "todos")
		defer stop()
		same(t, models.Code(""), w.callCode(t, session, models.DatabaseRead))

		wantField(t, w.Environments.Delete(ctx, shopAdmin, shop, "shop-1", "shop-2"), "confirm", "error.environment_typed")
		wantField(t, w.Environments.Delete(ctx, shopAdmin, shop, "shop-1", ""), "confirm", "error.environment_typed")
		wantError(t, w.Environments.Delete(ctx, shopDeveloper, shop, "shop-1", "shop-1"), models.CodeForbidden, "error.role_needed")
		wantError(t, w.Environments.Delete(ctx, dinerAdmin, diner, "shop-1", "shop-1"), models.CodeForbidden, "error.owner_only")
		wantError(t, w.Environments.Delete(ctx, outsider, stranger, "shop-1", "shop-1"), models.CodeNotFound, "error.not_found")
		must(t, w.Environments.Delete(ctx, shopAdmin, shop, "shop-1", "shop-1"))

		t.Run("shares and console", func(t *testing.T) { closedToSharing(t, w, alone, both) })
		t.Run("every use of it by the console", func(t *testing.T) { closedToTheConsole(t, w) })
		t.Run("credentials and sessions", func(t *testing.T) {
			for _, process := range []*world{w, w.another(t)} {
				_, err := process.Credentials.Authenticate(ctx, own.SecretID, own.Token)
				wantError(t, err, models.CodeUnauthenticated, "call.credential_revoked")
				same(t, models.CodeEnvNotShared, process.callCode(t, session, models.DatabaseRead))
				_, _, err = process.Credentials.Issue(ctx, shopAdmin, shop, "shop-1", time.Hour)
				wantError(t, err, models.CodeNotFound, "error.environment_of_app")
			}
		})
		t.Run("a running function's credential", func(t *testing.T) {
			running, err := w.Credentials.issue(claims{Kind: kindInvocation, AppID: shop, EnvironmentID: "shop-1", ExpiresAt: w.now().Add(time.Hour).UnixMilli()})
			must(t, err)
			_, err = w.Credentials.Authenticate(ctx, running.SecretID, running.Token)
			wantError(t, err, models.CodeUnauthenticated, "call.credential_revoked")
		})
		t.Run("tickets of files", func(t *testing.T) {
			for _, address := range addresses {
				if _, err := w.openTicket(t, address); err == nil {
					t.Errorf("%.40s still opens", address)
				}
			}
		})
		t.Run("transactions and watches", func(t *testing.T) {
			wantError(t, w.Documents.db.Commit(ctx, "shop-1", transaction), models.CodeTransactionUnknown, "docdb.transaction_unknown")
			select {
			case <-watched:
			default:
				t.Error("a watch was not woken")
			}
		})
		t.Run("verdicts", func(t *testing.T) {
			_, err := w.store.Clients.Verdict(ctx, diner, "o", "shop-1")
			wantError(t, err, models.CodeNotFound, "error.not_found")
		})
		t.Run("transfers", func(t *testing.T) {
			unfinished, err := w.store.Transfers.Unfinished(ctx)
			must(t, err)
			same(t, 0, len(unfinished))
		})
		t.Run("deleting it again", func(t *testing.T) {
			wantError(t, w.Environments.Delete(ctx, shopAdmin, shop, "shop-1", "shop-1"), models.CodeNotFound, "error.environment_gone")
		})
		t.Run("its id", func(t *testing.T) {
			m, err := ParseManifest(strings.NewReader("apps:\n  - appid: " + shop + "\n    name: app\n    principal: acme\n    environments: [{id: shop-1}]\n"))
			must(t, err)
			for _, dry := range []bool{true, false} {
				_, err = w.Manifests.Apply(ctx, system, m, ApplyOptions{DryRun: dry})
				if !models.IsCode(err, models.CodeConflict) || models.MsgOf(err).Key != "error.environment_deleted" {
					t.Errorf("apply: %v", err)
				}
			}
		})
		same(t, []string{"share.removed", "share.changed", "environment.deleted"}, lastActions(w.audit(t, shop), 3))
	})
}

func lastActions(events []models.AuditEvent, n int) []string {
	var out []string
	for _, e := range events[max(0, len(events)-n):] {
		out = append(out, string(e.Action))
	}
	return out
}

// closedToSharing looks for what a deleted environment was lent by, and listed in.
func closedToSharing(t *testing.T, w *world, alone, both models.Share) {
	ctx := t.Context()
	_, err := w.store.Shares.ByID(ctx, shop, alone.ID)
	wantError(t, err, models.CodeNotFound, "error.not_found")
	left, err := w.store.Shares.ByID(ctx, shop, both.ID)
	must(t, err)
	same(t, []string{"shop-2"}, []string{left.Grants[0].EnvironmentID})
	same(t, both.Version+1, left.Version)
	_, err = w.Apps.Open(ctx, shopAdmin, shop, "shop-1")
	wantError(t, err, models.CodeNotFound, "error.environment_gone")
	_, err = w.Apps.Open(ctx, kitchenAdmin, kitchen, "shop-1")
	wantError(t, err, models.CodeNotFound, "error.not_found")
	console, err := w.Apps.Console(ctx, shopAdmin, shop)
	must(t, err)
	same(t, []string{"shop-2"}, []string{console.Own[0].ID})
	same(t, 1, len(console.Own))
	_, err = w.Sharing.Share(ctx, shopAdmin, shop, input(diner, "shop-1"))
	wantField(t, err, "env", "error.environment_not_own")
}

func closedToTheConsole(t *testing.T, w *world) {
	ctx := t.Context()
	for name, use := range map[string]func() error{
		"functions": func() error { _, err := w.Functions.List(ctx, shopAdmin, shop, "shop-1"); return err },
		"deploy": func() error {
			_, err := w.Functions.Deploy(ctx, shopAdmin, shop, "shop-1", Deployment{Name: "late", Source: source(t, "x")})
			return err
		},
		"delete":      func() error { return w.Functions.Delete(ctx, shopAdmin, shop, "shop-1", "hello") },
		"run":         func() error { _, err := w.Functions.TestRun(ctx, shopAdmin, shop, "shop-1", "hello", "{}"); return err },
		"collections": func() error { _, err := w.Documents.Collections(ctx, shopAdmin, shop, "shop-1"); return err },
		"document": func() error {
			_, err := w.Documents.AddDocument(ctx, shopAdmin, shop, "shop-1", "todos", "{}")
			return err
		},
		"file": func() error {
			_, err := w.Files.Store(ctx, shopAdmin, shop, "shop-1", "late.txt", strings.NewReader("x"))
			return err
		},
		"address": func() error { _, err := w.Files.ShowURL(ctx, shopAdmin, shop, "shop-1", "a/b.txt", false); return err },
		"export": func() error {
			_, err := w.Transfers.Export(ctx, shopAdmin, shop, "shop-1", "todos", Export{Format: "json"})
			return err
		},
		"transfers": func() error { _, err := w.Transfers.List(ctx, shopAdmin, shop, "shop-1", "todos"); return err },
		"policy": func() error {
			return w.Access.SetPolicy(ctx, shopAdmin, shop, "shop-1", models.ClientPolicy{Unauthenticated: true})
		},
		"rule": func() error {
			return w.Access.SaveRule(ctx, shopAdmin, shop, "shop-1", RuleTarget{Kind: models.RuleBucket}, models.PresetDefault, "")
		},
		"simulate": func() error {
			_, err := w.Access.Simulate(ctx, shopAdmin, shop, "shop-1", RuleTarget{Kind: models.RuleBucket}, Simulation{Preset: models.PresetDefault})
			return err
		},
		"name":   func() error { return w.Environments.Rename(ctx, shopAdmin, shop, "shop-1", "", "late") },
		"impact": func() error { _, err := w.Environments.Impact(ctx, shopAdmin, shop, "shop-1"); return err },
	} {
		if err := use(); !models.IsCode(err, models.CodeNotFound) || models.MsgOf(err).Key != "error.environment_gone" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRestoreBringsAllBackButShares(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		alone, _ := w.fill(t)
		session := w.session(t, diner, alone, "shop-1")
		must(t, w.Environments.Delete(ctx, shopAdmin, shop, "shop-1", "shop-1"))
		list, err := w.Environments.Deleted(ctx, shopAdmin, shop)
		must(t, err)
		same(t, []string{"shop-1", "shop-admin"}, []string{list[0].Environment.ID, list[0].DeletedBy})
		same(t, w.now().Add(testGrace), list[0].Until)
		_, err = w.Environments.Deleted(ctx, shopViewer, shop)
		wantError(t, err, models.CodeForbidden, "error.role_needed")
		wantError(t, w.Environments.Restore(ctx, shopDeveloper, shop, "shop-1"), models.CodeForbidden, "error.role_needed")
		wantError(t, w.Environments.Restore(ctx, kitchenAdmin, kitchen, "shop-1"), models.CodeNotFound, "error.not_found")
		wantError(t, w.Environments.Restore(ctx, shopAdmin, shop, "shop-2"), models.CodeNotFound, "error.not_found")
		w.clock.advance(testGrace - time.Millisecond)
		must(t, w.Environments.purgeDue(ctx)) // not due

		must(t, w.Environments.Restore(ctx, shopAdmin, shop, "shop-1"))
		wantError(t, w.Environments.Restore(ctx, shopAdmin, shop, "shop-1"), models.CodeNotFound, "error.not_found")
		functions, err := w.Functions.List(ctx, shopAdmin, shop, "shop-1")
		must(t, err)
		same(t, "hello", functions[0].Function.Name)
		n, err := w.Documents.db.Count(ctx, "shop-1", "todos", "", nil)
		must(t, err)
		same(t, int64(2), n)
		_, err = w.store.Files.ByPath(ctx, "shop-1", "a/b.txt")
		must(t, err)
		if code := w.callCode(t, session, models.DatabaseRead); code == "" {
			t.Error("a session from before works again")
		}
		renewed, err := w.Sharing.Share(ctx, shopAdmin, shop, input(diner, "shop-1"))
		must(t, err)
		same(t, models.CodeSessionInvalid, w.callCode(t, session, models.DatabaseRead))
		same(t, models.Code(""), w.callCode(t, w.session(t, diner, renewed, "shop-1"), models.DatabaseRead))
		w.clock.advance(2 * testGrace)
		must(t, w.Environments.purgeDue(ctx))
		_, err = w.Apps.Open(ctx, shopAdmin, shop, "shop-1")
		must(t, err)
	})
}

// Of two who act on one environment at once, one wins and nothing is half done.
func TestDeleteRestoreAndPurgeAtOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		deleted := 0
		for _, err := range atOnce(6, func(int) error { return w.Environments.Delete(ctx, shopAdmin, shop, "shop-1", "shop-1") }) {
			if err == nil {
				deleted++
			} else if !models.IsCode(err, models.CodeNotFound) {
				t.Error(err)
			}
		}
		same(t, 1, deleted)
		w.clock.advance(testGrace)
		errs := atOnce(6, func(i int) error {
			if i%2 == 0 {
				return w.Environments.purgeDue(ctx)
			}
			return w.Environments.Restore(ctx, shopAdmin, shop, "shop-1")
		})
		back := 0
		for i, err := range errs {
			if i%2 == 0 {
				must(t, err)
			} else if err == nil {
				back++
			}
		}
		_, err := w.Apps.Open(ctx, shopAdmin, shop, "shop-1")
		if (back == 1) != (err == nil) || back > 1 {
			t.Errorf("restored %d times, then %v", back, err)
		}
	})
}

// S11: without its last environment an app is not activated, and is again with it.
func TestS11_DeletingTheLastEnvironment(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must(t, w.Sharing.Enable(ctx, kitchenAdmin, kitchen))
		_, err := w.Sharing.Share(ctx, kitchenAdmin, kitchen, input(diner, "kitchen-1"))
		must(t, err)
		must(t, w.Environments.Delete(ctx, kitchenAdmin, kitchen, "kitchen-1", "kitchen-1"))
		for app, actor := range map[string]models.Actor{kitchen: kitchenAdmin, diner: dinerAdmin} {
			console, err := w.Apps.Console(ctx, actor, app)
			must(t, err)
			same(t, []any{false, false, "error.no_console_entry"}, []any{console.Activated, console.SharingOn, console.MayOpen.Msg.Key})
			stored, err := w.store.Apps.ByID(ctx, app)
			must(t, err)
			same(t, false, stored.Sharing)
		}
		w.lend(t, kitchen, "shop-1") // its first incoming share turns sharing on
		console, err := w.Apps.Console(ctx, kitchenAdmin, kitchen)
		must(t, err)
		same(t, []any{false, true, "shop-1"}, []any{console.Activated, console.SharingOn, console.Default})
		must(t, w.Environments.Restore(ctx, kitchenAdmin, kitchen, "kitchen-1"))
		console, err = w.Apps.Console(ctx, kitchenAdmin, kitchen)
		must(t, err)
		same(t, []any{true, true, "kitchen-1"}, []any{console.Activated, console.SharingOn, console.Default})
	})
}

func TestDeletionIsRecorded(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	must(t, w.Environments.Delete(ctx, shopAdmin, shop, "shop-1", "shop-1"))
	must(t, w.Environments.Restore(ctx, shopAdmin, shop, "shop-1"))
	events := w.audit(t, shop)
	for i, action := range []models.AuditAction{models.AuditEnvironmentDeleted, models.AuditEnvironmentRestored} {
		e := events[len(events)-2+i]
		same(t, []string{string(action), "shop-1", "shop-1", "shop-admin", "192.0.2.7"}, []string{string(e.Action), e.EnvironmentID, e.Subject, e.ActorName, e.IP})
		var state struct{ Name string }
		must(t, json.Unmarshal([]byte(e.Before+e.After), &state))
		same(t, "environment shop-1", state.Name)
	}
}
