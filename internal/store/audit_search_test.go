package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// logged stores events an hour apart, numbered from 1, oldest first.
func logged(t testing.TB, s *store.Store, events ...models.AuditEvent) {
	t.Helper()
	for i, e := range events {
		e.ID, e.At = fmt.Sprintf("event-%02d", i+1), after(time.Duration(i)*time.Hour)
		if err := s.Audit.Insert(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

// numbers are the events' numbers in the order in which they came.
func numbers(events []models.AuditEvent) string {
	out := ""
	for _, e := range events {
		out += " " + strings.TrimLeft(strings.TrimPrefix(e.ID, "event-"), "0")
	}
	return strings.TrimSpace(out)
}

func TestAudit_SearchFindsBothSides(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		logged(t, s,
			models.AuditEvent{AppID: shopID, OtherAppID: dinerID, Action: models.AuditShareCreated, Subject: "share-1", ActorName: "Alice", Before: "{}", After: `{"note":"n"}`},
			models.AuditEvent{AppID: shopID, Action: models.AuditFunctionDeployed, EnvironmentID: "shop-1", Subject: "hello_world", ActorName: "bob"},
			models.AuditEvent{AppID: dinerID, OtherAppID: shopID, Action: models.AuditFileStored, EnvironmentID: "diner-1", Subject: "a/100%.txt", ActorName: "bob"},
			models.AuditEvent{Action: models.AuditSignIn, Subject: "alice", ActorName: "alice"},
			models.AuditEvent{AppID: kitchenID, Action: models.AuditAppSaved, Subject: kitchenID, ActorName: "alice"},
			models.AuditEvent{AppID: shopID, Action: "later.invented", Subject: "x", ActorName: "carol"},
		)
		hour := func(n int) *time.Time { return pointer(after(time.Duration(n-1) * time.Hour)) }
		for name, c := range map[string]struct {
			app    string
			filter models.AuditFilter
			want   string
		}{
			"all of an app, of both sides":  {shopID, models.AuditFilter{}, "6 3 2 1"},
			"all of the other side":         {dinerID, models.AuditFilter{}, "3 1"},
			"the installation's alone":      {"", models.AuditFilter{}, "4"},
			"of a group":                    {shopID, models.AuditFilter{Group: models.AuditGroupSharing}, "1"},
			"of the group of what is left":  {shopID, models.AuditFilter{Group: models.AuditGroupOther}, "6"},
			"by part of a name":             {shopID, models.AuditFilter{Actor: "ALI"}, "1"},
			"of an environment":             {shopID, models.AuditFilter{EnvironmentID: "shop-1"}, "2"},
			"from a moment on":              {shopID, models.AuditFilter{From: hour(2)}, "6 3 2"},
			"before a moment":               {shopID, models.AuditFilter{Before: hour(2)}, "1"},
			"by part of a subject":          {shopID, models.AuditFilter{Subject: "HELLO"}, "2"},
			"a sign of LIKE means itself":   {shopID, models.AuditFilter{Subject: "%"}, "3"},
			"so does the other one":         {shopID, models.AuditFilter{Subject: "o_w"}, "2"},
			"and what escapes them":         {shopID, models.AuditFilter{Subject: `\`}, ""},
			"all conditions together":       {shopID, models.AuditFilter{Group: models.AuditGroupStorage, Actor: "bob", EnvironmentID: "diner-1", From: hour(3), Before: hour(4), Subject: "100"}, "3"},
			"one of them does not hold":     {shopID, models.AuditFilter{Group: models.AuditGroupStorage, Actor: "alice"}, ""},
			"an app that nobody registered": {"wx00000000000000ff", models.AuditFilter{}, ""},
		} {
			t.Run(name, func(t *testing.T) {
				q := store.AuditQuery{AppID: c.app, Filter: c.filter, Limit: 10}
				found, err := s.Audit.Search(t.Context(), q)
				must(t, err)
				same(t, c.want, numbers(found))
				n, err := s.Audit.Count(t.Context(), q, 100)
				must(t, err)
				same(t, int64(len(found)), n)
			})
		}
		t.Run("states are loaded when they are asked for", func(t *testing.T) {
			for _, states := range []bool{false, true} {
				found, err := s.Audit.Search(t.Context(), store.AuditQuery{AppID: dinerID, Limit: 10, States: states})
				must(t, err)
				same(t, states, found[1].After == `{"note":"n"}`)
			}
		})
		t.Run("counting ends where it is told", func(t *testing.T) {
			for _, most := range []int64{1, 3, 4} {
				n, err := s.Audit.Count(t.Context(), store.AuditQuery{AppID: shopID}, most)
				must(t, err)
				same(t, most, n)
			}
		})
	})
}

func TestAudit_SearchTurnsPagesBothWays(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		events := make([]models.AuditEvent, 9)
		for i := range events {
			events[i] = models.AuditEvent{AppID: shopID, Action: models.AuditAppSaved}
			if i%3 == 0 {
				events[i].AppID, events[i].OtherAppID = dinerID, shopID
			}
		}
		logged(t, s, events...)
		// Events of one moment keep an order too.
		must(t, s.Audit.Insert(t.Context(), models.AuditEvent{ID: "event-10", AppID: shopID, At: after(8 * time.Hour), Action: models.AuditAppSaved}))
		page := func(from *models.AuditCursor, newer bool) []models.AuditEvent {
			found, err := s.Audit.Search(t.Context(), store.AuditQuery{AppID: shopID, From: from, Newer: newer, Limit: 4})
			must(t, err)
			return found
		}
		ends := func(list []models.AuditEvent) (first, last models.AuditCursor) {
			return list[0].Cursor(), list[len(list)-1].Cursor()
		}
		first := page(nil, false)
		same(t, "10 9 8 7", numbers(first))
		_, last := ends(first)
		second := page(&last, false)
		same(t, "6 5 4 3", numbers(second))
		_, last = ends(second)
		third := page(&last, false)
		same(t, "2 1", numbers(third))
		begin, _ := ends(third)
		same(t, "6 5 4 3", numbers(page(&begin, true)))
		begin, _ = ends(second)
		same(t, "10 9 8 7", numbers(page(&begin, true)))
	})
}

// manyEvents fills a log: half of the events belong to shop, a tenth concern it
// from the other side.
func manyEvents(tb testing.TB, s *store.Store, n int) {
	tb.Helper()
	err := s.Tx(tb.Context(), func(tx *store.Store) error {
		for i := range n {
			e := models.AuditEvent{
				ID: fmt.Sprintf("event-%08d", i), At: after(time.Duration(i) * time.Second), ActorID: "u", ActorName: fmt.Sprint("user-", i%50),
				Action: models.AuditDocumentChanged, AppID: shopID, EnvironmentID: "shop-1", Subject: fmt.Sprint("collection-", i%1000),
				Before: `{"id":"a","version":"b"}`, After: `{"id":"a","version":"c"}`,
			}
			switch {
			case i%10 == 0:
				e.AppID, e.OtherAppID = dinerID, shopID
			case i%5 == 0:
				e.AppID = dinerID
			}
			if err := tx.Audit.Insert(tb.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkAudit100k is what a page of a log with 100,000 events costs: its events
// and their number.
func BenchmarkAudit100k(b *testing.B) {
	s, err := store.Open(b.Context(), store.Options{DataDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	if _, err := s.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	manyEvents(b, s, 100_000)
	middle := &models.AuditCursor{At: after(50_000 * time.Second), ID: "event-00050000"}
	for name, q := range map[string]store.AuditQuery{
		"newest":          {AppID: shopID},
		"middle":          {AppID: shopID, From: middle},
		"a group":         {AppID: shopID, Filter: models.AuditFilter{Group: models.AuditGroupDatabase}},
		"nothing found":   {AppID: shopID, Filter: models.AuditFilter{Subject: "no such subject"}},
		"an actor, rare":  {AppID: shopID, Filter: models.AuditFilter{Actor: "user-7", Subject: "collection-7"}},
		"a day":           {AppID: shopID, Filter: models.AuditFilter{From: pointer(after(0)), Before: pointer(after(24 * time.Hour))}},
		"an environment":  {AppID: shopID, Filter: models.AuditFilter{EnvironmentID: "shop-1"}},
		"other app alone": {AppID: dinerID},
	} {
		b.Run(name, func(b *testing.B) {
			q.Limit = 21
			for b.Loop() {
				found, err := s.Audit.Search(b.Context(), q)
				if err != nil {
					b.Fatal(err)
				}
				if len(found) < q.Limit && q.From == nil {
					continue // all of them, as the service knows
				}
				if _, err := s.Audit.Count(b.Context(), q, 10_000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
