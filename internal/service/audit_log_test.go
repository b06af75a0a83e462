package service

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"envshare/internal/testkit/constants"
	"envshare/models"
)

// TestEveryActionIsRecordedSomewhere finds every action in the code of this
// package: one that nobody records would be an empty promise.
func TestEveryActionIsRecordedSomewhere(t *testing.T) {
	files, err := filepath.Glob("*.go")
	must(t, err)
	used := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		must(t, err)
		file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				used[s.Sel.Name] = true
			}
			return true
		})
	}
	for name := range constants.Of(t, "AuditAction") {
		if !used[name] {
			t.Errorf("nobody records %s", name)
		}
	}
}

// S14: both sides read what concerns them, others nothing.
func TestAuditLog_S14(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		share := w.lend(t, diner, "shop-1")
		must(t, w.Access.SetPolicy(ctx, shopAdmin, shop, "shop-1", models.ClientPolicy{Unauthenticated: true}))
		_, err := w.Functions.Deploy(ctx, dinerAdmin, diner, "shop-1", Deployment{Name: "theirs", Source: source(t, "x")})
		must(t, err)

		read := func(actor models.Actor, app string) string {
			t.Helper()
			found, err := w.Audit.Of(ctx, actor, app, AuditPage{})
			must(t, err)
			same(t, found.Total, int64(len(found.Events)))
			return actions(found.Events)
		}
		same(t, "function.deployed clients.changed share.created", read(shopViewer, shop))
		same(t, "function.deployed share.created sharing.enabled", read(dinerViewer, diner))

		clients := w.audit(t, shop)[1]
		for name, c := range map[string]struct {
			actor models.Actor
			app   string
			id    string
			code  models.Code
		}{
			"the owner":                       {shopViewer, shop, clients.ID, ""},
			"the borrower, the owner's own":   {dinerViewer, diner, clients.ID, models.CodeNotFound},
			"the borrower, through the owner": {dinerViewer, shop, clients.ID, models.CodeNotFound},
			"the owner, through the borrower": {shopViewer, diner, clients.ID, models.CodeNotFound},
			"a stranger":                      {outsider, shop, clients.ID, models.CodeNotFound},
			"an operator":                     {operator, shop, clients.ID, models.CodeNotFound},
			"nobody":                          {models.Actor{}, shop, clients.ID, models.CodeUnauthenticated},
			"an event that is none":           {shopViewer, shop, "nowhere", models.CodeNotFound},
		} {
			_, _, err := w.Audit.EventOf(ctx, c.actor, c.app, c.id)
			if models.CodeOf(err) != c.code {
				t.Errorf("%s: %v", name, err)
			}
			if _, err = w.Audit.Of(ctx, c.actor, c.app, AuditPage{}); models.IsCode(err, models.CodeInternal) || name == "a stranger" && !models.IsCode(err, models.CodeNotFound) {
				t.Errorf("%s lists: %v", name, err)
			}
		}
		// What the borrower did belongs to the owner and concerns the borrower.
		deployed, apps, err := w.Audit.EventOf(ctx, dinerViewer, diner, w.audit(t, diner)[2].ID)
		must(t, err)
		same(t, []string{shop, diner, "theirs"}, []string{deployed.AppID, deployed.OtherAppID, deployed.Subject})
		same(t, 2, len(apps))

		must(t, w.Sharing.Remove(ctx, shopAdmin, shop, share.ID))
		must(t, w.Access.SetPolicy(ctx, shopAdmin, shop, "shop-1", models.ClientPolicy{}))
		same(t, "share.removed sharing.disabled function.deployed share.created sharing.enabled", read(dinerViewer, diner))
	})
}

func TestAuditLog_TurnsPages(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	for i := range 7 {
		w.clock.advance(time.Second)
		must(t, record(ctx, w.store, shopAdmin, w.clock.now(), change{Action: models.AuditAppSaved, AppID: shop, Subject: fmt.Sprint(i)}))
	}
	page := func(from *models.AuditCursor, newer bool) FoundEvents {
		t.Helper()
		found, err := w.Audit.Of(ctx, shopViewer, shop, AuditPage{From: from, Newer: newer, Size: 3})
		must(t, err)
		same(t, int64(7), found.Total)
		return found
	}
	subjects := func(f FoundEvents) string {
		out := ""
		for _, e := range f.Events {
			out += e.Subject
		}
		return fmt.Sprintf("%s %t %t", out, f.Newer != nil, f.Older != nil)
	}
	first := page(nil, false)
	same(t, "654 false true", subjects(first))
	second := page(first.Older, false)
	same(t, "321 true true", subjects(second))
	third := page(second.Older, false)
	same(t, "0 true false", subjects(third))
	back := page(third.Newer, true)
	same(t, "321 true true", subjects(back))
	same(t, "654 false true", subjects(page(back.Newer, true)))
}

func TestAuditLog_ExportIsInBatches(t *testing.T) {
	w := sqliteWorld(t)
	ctx := t.Context()
	for i := range auditBatch + 1 {
		must(t, record(ctx, w.store, shopAdmin, w.clock.now(), change{Action: models.AuditAppSaved, AppID: shop, Subject: fmt.Sprint(i)}))
	}
	seen, batches := map[string]bool{}, 0
	more, err := w.Audit.Export(ctx, shopViewer, shop, models.AuditFilter{}, func(events []models.AuditEvent, apps map[string]models.App) error {
		batches++
		for _, e := range events {
			seen[e.Subject] = true
			same(t, "app "+shop, apps[e.AppID].Name)
		}
		return nil
	})
	must(t, err)
	same(t, []any{false, 2, auditBatch + 1}, []any{more, batches, len(seen)})

	broken := errors.New("the reader is gone")
	_, err = w.Audit.Export(ctx, shopViewer, shop, models.AuditFilter{}, func([]models.AuditEvent, map[string]models.App) error { return broken })
	same(t, true, errors.Is(err, broken))
	_, err = w.Audit.Export(ctx, outsider, shop, models.AuditFilter{}, nil)
	wantError(t, err, models.CodeNotFound, "error.not_found")
	_, err = w.Audit.Export(ctx, shopViewer, shop, models.AuditFilter{Group: "x"}, nil)
	wantField(t, err, "group", "error.audit_group")
}
