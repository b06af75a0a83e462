package service

import (
	"context"
	"database/sql"
	"strconv"
	"testing"

	"envshare/internal/store"
	"envshare/models"
)

// Several people create a function at once, through processes of their own: one
// does, and the others are told that it is there, on every database.
func TestDeploy_OfManyWhoCreateOneFunction(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		worlds := []*world{w, w.another(t)}
		for round := range 25 {
			name := "new-" + strconv.Itoa(round)
			created := 0
			for _, err := range atOnce(4, func(i int) error {
				_, err := worlds[i%2].Functions.Deploy(t.Context(), shopAdmin, shop, "shop-1", Deployment{Name: name, Source: source(t, "one"), MustBeNew: true})
				return err
			}) {
				if err == nil {
					created++
					continue
				}
				wantField(t, err, "name", "error.function_exists")
			}
			same(t, 1, created)
		}
	})
}

// The one who waits for somebody to finish creating the function is told too, where
// the database's own refusal is all that there is to go by.
func TestDeploy_OfOneThatIsBeingCreated(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for name, d := range map[string]Deployment{"refused": {MustBeNew: true}, "another": {}} {
			t.Run(name, func(t *testing.T) {
				d.Name, d.Source = name, source(t, "two")
				deployed := make(chan error, 1)
				must(t, w.store.Batch(ctx, func(tx *store.Store) error {
					f := models.Function{
						ID: newID(), EnvironmentID: "shop-1", Name: name, TimeoutSeconds: models.DefaultTimeoutSeconds,
						MemoryMB: models.DefaultMemoryMB, Concurrency: 1, Variables: map[string]string{}, CreatedAt: start, UpdatedAt: start,
					}
					if err := tx.Functions.Insert(ctx, f); err != nil {
						return err
					}
					go func() {
						_, err := w.Functions.Deploy(ctx, shopAdmin, shop, "shop-1", d)
						deployed <- err
					}()
					return w.somebodyWaits(ctx)
				}))
				err := <-deployed
				if d.MustBeNew {
					wantField(t, err, "name", "error.function_exists")
					return
				}
				must(t, err)
			})
		}
	})
}

// somebodyWaits returns when a transaction waits for another one to end. On SQLite
// it does before it has read anything, so that there is nothing to wait for.
func (w *world) somebodyWaits(ctx context.Context) error {
	if w.options.URL == "" {
		return nil
	}
	db, err := sql.Open("pgx", w.options.URL)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for waiting := 0; waiting == 0; {
		row := db.QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
		if err := row.Scan(&waiting); err != nil {
			return err
		}
	}
	return nil
}
