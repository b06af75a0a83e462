package service

import (
	"fmt"
	"testing"

	"envshare/models"
)

// What all watches remember together is bounded, whoever has them, and what a watch
// held is free again when it ends.
func TestAllWatchesTogetherAreBounded(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, db := t.Context(), w.Documents.db
		must(t, w.Access.SetPolicy(ctx, shopAdmin, shop, "shop-1", models.ClientPolicy{Unauthenticated: true}))
		must(t, db.CreateCollection(ctx, "shop-1", "open"))
		must(t, w.Access.SaveRule(ctx, shopAdmin, shop, "shop-1", RuleTarget{Kind: models.RuleCollection, Name: "open"}, models.PresetCustom, `{"read": true, "write": true}`))
		visitor := ClientDocumentCall{ClientCall: ClientCall{ResourceAppID: shop, EnvironmentID: "shop-1", IP: "192.0.2.1"}, Collection: "open"}
		add := func(id int) {
			t.Helper()
			_, err := w.Clients.Add(ctx, visitor, fmt.Sprintf(`{"_id":"%d"}`, id))
			must(t, err)
		}
		watch := func() *Watch {
			t.Helper()
			one, err := w.Clients.Watch(ctx, visitor, WatchQuery{Query: "{}"})
			must(t, err)
			t.Cleanup(one.Close)
			return one
		}
		next := func(one *Watch) (int, error) {
			changes, err := one.Next(ctx)
			return len(changes), err
		}
		add(1)
		add(2)
		w.Clients.watched.Store(maxWatchedByAll - 4) // what others follow

		first, second, third := watch(), watch(), watch()
		for _, one := range []*Watch{first, second} {
			n, err := next(one)
			must(t, err)
			same(t, 2, n)
		}
		same(t, int64(maxWatchedByAll), w.Clients.watched.Load())
		_, err := next(third)
		wantError(t, err, models.CodeLimited, "call.watches_large")
		add(3)
		_, err = next(first)
		wantError(t, err, models.CodeLimited, "call.watches_large") // one more than there is room for
		same(t, int64(maxWatchedByAll), w.Clients.watched.Load())

		second.Close()
		second.Close() // twice gives back once
		same(t, int64(maxWatchedByAll-2), w.Clients.watched.Load())
		n, err := next(first)
		must(t, err)
		same(t, 1, n)
		first.Close()
		third.Close()
		same(t, int64(maxWatchedByAll-4), w.Clients.watched.Load())
	})
}
