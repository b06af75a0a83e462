package service

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"envshare/models"
)

// entry is what S11 says of an app that owns nothing.
type entry struct {
	Open, Sharing bool
	Default       string
}

func (w *world) entry(t testing.TB, actor models.Actor, app string) entry {
	t.Helper()
	c, err := w.Apps.Console(t.Context(), actor, app)
	must(t, err)
	return entry{c.MayOpen.Allowed, c.SharingOn, c.Default}
}

func TestS11_TheFirstShareOpensTheConsoleAndTheLastClosesIt(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		closed := entry{}
		same(t, closed, w.entry(t, dinerAdmin, diner))
		wantError(t, w.Sharing.Enable(ctx, dinerAdmin, diner), models.CodeForbidden, "error.no_console_entry")
		_, err := w.Sharing.Incoming(ctx, dinerAdmin, diner, models.PageRequest{})
		wantError(t, err, models.CodeForbidden, "error.no_console_entry")

		first := w.lend(t, diner, "shop-2", "shop-1")
		same(t, entry{true, true, "shop-2"}, w.entry(t, dinerAdmin, diner))
		w.clock.advance(time.Second)
		must(t, w.Sharing.Enable(ctx, kitchenAdmin, kitchen))
		second, err := w.Sharing.Share(ctx, kitchenAdmin, kitchen, input(diner, "kitchen-1"))
		must(t, err)
		same(t, entry{true, true, "shop-2"}, w.entry(t, dinerViewer, diner))

		must(t, w.Sharing.Remove(ctx, shopAdmin, shop, first.ID))
		same(t, entry{true, true, "kitchen-1"}, w.entry(t, dinerViewer, diner))
		must(t, w.Sharing.Leave(ctx, dinerAdmin, diner, second.ID))
		same(t, closed, w.entry(t, dinerAdmin, diner))
		_, err = w.Apps.Open(ctx, dinerAdmin, diner, "kitchen-1")
		wantError(t, err, models.CodeForbidden, "error.no_console_entry")
		app, err := w.store.Apps.ByID(ctx, diner)
		must(t, err)
		same(t, false, app.Sharing)
		same(t, "sharing.enabled share.created share.created share.removed sharing.disabled share.left", actions(w.audit(t, diner)))
	})
}

func TestS11_AnEndThatComesByItselfClosesTheConsoleToo(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		in := input(diner, "shop-1")
		until := start.Add(time.Hour)
		in.Until = &until
		_, err := w.Sharing.Share(t.Context(), shopAdmin, shop, in)
		must(t, err)
		same(t, entry{true, true, "shop-1"}, w.entry(t, dinerAdmin, diner))
		w.clock.advance(time.Hour)
		same(t, entry{}, w.entry(t, dinerAdmin, diner))
		_, err = w.Apps.CreateEnvironment(t.Context(), dinerAdmin, diner, models.NewEnvironment{Name: "own", Prefix: "own"})
		must(t, err)
		app, err := w.store.Apps.ByID(t.Context(), diner)
		must(t, err)
		same(t, false, app.Sharing) // what the share had turned on ended with it
	})
}

func TestS11_OwningAnEnvironmentKeepsConsoleAndSharing(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		share := w.lend(t, diner, "shop-1")
		_, err := w.Apps.CreateEnvironment(ctx, dinerViewer, diner, models.NewEnvironment{Name: "own", Prefix: "own"})
		wantError(t, err, models.CodeForbidden, "error.role_needed")
		own, err := w.Apps.CreateEnvironment(ctx, dinerAdmin, diner, models.NewEnvironment{Name: "own", Prefix: "own"})
		must(t, err)
		same(t, entry{true, true, own.ID}, w.entry(t, dinerAdmin, diner))
		must(t, w.Sharing.Leave(ctx, dinerAdmin, diner, share.ID))
		same(t, entry{true, true, own.ID}, w.entry(t, dinerAdmin, diner))
		must(t, w.Sharing.Disable(ctx, dinerAdmin, diner, false))
		same(t, entry{true, false, own.ID}, w.entry(t, dinerAdmin, diner))
		w.lend(t, diner, "shop-1")
		same(t, entry{true, false, own.ID}, w.entry(t, dinerAdmin, diner)) // an activated app keeps what it chose
	})
}

func TestS12_OnlyTheGranteesAdministratorsLeave(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		share := w.lend(t, diner, "shop-1")
		for _, c := range []struct {
			name, app, key string
			actor          models.Actor
			code           models.Code
		}{
			{"a viewer of the grantee", diner, "error.role_needed", dinerViewer, models.CodeForbidden},
			{"the owner", shop, "error.not_found", shopAdmin, models.CodeNotFound},
			{"another app", kitchen, "error.not_found", kitchenAdmin, models.CodeNotFound},
			{"a stranger", diner, "error.not_found", outsider, models.CodeNotFound},
		} {
			if err := w.Sharing.Leave(ctx, c.actor, c.app, share.ID); !models.IsCode(err, c.code) || models.MsgOf(err).Key != c.key {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		for _, change := range []func(actor models.Actor, app string) error{
			func(a models.Actor, app string) error { return w.Sharing.Remove(ctx, a, app, share.ID) },
			func(a models.Actor, app string) error { return w.Sharing.Pause(ctx, a, app, share.ID) },
			func(a models.Actor, app string) error { return w.Sharing.Resume(ctx, a, app, share.ID) },
		} {
			wantError(t, change(dinerAdmin, diner), models.CodeNotFound, "error.not_found")
			wantError(t, change(kitchenAdmin, kitchen), models.CodeNotFound, "error.not_found")
			wantError(t, change(shopDeveloper, shop), models.CodeForbidden, "error.role_needed")
		}
		must(t, w.Sharing.Leave(ctx, dinerAdmin, diner, share.ID))
		wantError(t, w.Sharing.Leave(ctx, dinerAdmin, diner, share.ID), models.CodeNotFound, "error.not_found")
	})
}

// S14: who, when, from where, before, after, and both sides read it.
func TestS14_EveryChangeOfAShareIsReadByBothSides(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		until := time.Date(2027, 1, 1, 8, 0, 0, 0, time.FixedZone("Beijing", 8*60*60))
		in := with(input(kitchen), models.NewPermissionSet(models.StorageRead), "shop-1")
		in.Note, in.Until = "for the party", &until
		_, err := w.Sharing.Share(ctx, shopAdmin, shop, in)
		must(t, err)
		w.clock.advance(time.Second)
		share, err := w.Sharing.Share(ctx, shopAdmin, shop, with(ShareInput{GranteeAppID: kitchen}, models.NewPermissionSet(models.DatabaseRead), "shop-2"))
		must(t, err)
		w.clock.advance(time.Second)
		must(t, w.Sharing.Pause(ctx, shopAdmin, shop, share.ID))
		must(t, w.Sharing.Pause(ctx, shopAdmin, shop, share.ID)) // changes nothing, so it records nothing
		w.clock.advance(time.Second)
		must(t, w.Sharing.Resume(ctx, shopAdmin, shop, share.ID))
		w.clock.advance(time.Second)
		must(t, w.Sharing.Leave(ctx, kitchenAdmin, kitchen, share.ID))

		state := func(environment, permission, note, until string, paused bool) map[string]any {
			s := map[string]any{"owner": shop, "grantee": kitchen, "grants": map[string]any{environment: []any{permission}}, "note": note, "paused": paused}
			if until != "" {
				s["until"] = until
			}
			return s
		}
		created := state("shop-1", "storage.read", "for the party", "2027-01-01T00:00:00Z", false)
		edited, paused := state("shop-2", "database.read", "", "", false), state("shop-2", "database.read", "", "", true)
		want := []struct {
			action        models.AuditAction
			before, after map[string]any
		}{
			{models.AuditShareCreated, nil, created},
			{models.AuditShareChanged, created, edited},
			{models.AuditSharePaused, edited, paused},
			{models.AuditShareResumed, paused, edited},
			{models.AuditShareLeft, edited, nil},
		}
		events := w.audit(t, shop)
		same(t, events, w.audit(t, kitchen))
		same(t, 0, len(w.audit(t, diner)))
		if len(events) != len(want) {
			t.Fatalf("recorded %s", actions(events))
		}
		for i, e := range events {
			actor := shopAdmin
			if e.Action == models.AuditShareLeft {
				actor = kitchenAdmin
			}
			if e.Action != want[i].action || e.Subject != share.ID || e.AppID != shop || e.OtherAppID != kitchen || !e.At.Equal(start.Add(time.Duration(i)*time.Second)) ||
				e.ActorID != actor.UserID || e.ActorName != actor.Username || e.Via != actor.Via || e.IP != actor.IP || e.RequestID != actor.RequestID {
				t.Errorf("event %d is %+v", i, e)
			}
			if diff := cmp.Diff(want[i].before, decoded(t, e.Before)); diff != "" {
				t.Errorf("%s before: -want +got\n%s", e.Action, diff)
			}
			if diff := cmp.Diff(want[i].after, decoded(t, e.After)); diff != "" {
				t.Errorf("%s after: -want +got\n%s", e.Action, diff)
			}
		}
	})
}

func decoded(t testing.TB, text string) map[string]any {
	t.Helper()
	if text == "" {
		return nil
	}
	var state map[string]any
	must(t, json.Unmarshal([]byte(text), &state))
	return state
}
