package service

import (
	"fmt"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

// BenchmarkFresh is what every call of the data plane pays for seeing changes of
// other processes.
func BenchmarkFresh(b *testing.B) {
	w := sqliteWorld(b)
	ctx := b.Context()
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := w.facts.fresh(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("shared", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := w.facts.fresh(ctx); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

const manyGrants = 100_000

// grantKey names grant i: 1000 grantees with 100 environments each.
func grantKey(i int) store.GrantKey {
	return store.GrantKey{GranteeAppID: fmt.Sprintf("wx%016x", 0x1000+i%1000), EnvironmentID: fmt.Sprintf("env-%06x", i)}
}

// BenchmarkDecision100k decides calls on facts with 100,000 grants.
func BenchmarkDecision100k(b *testing.B) {
	f := &facts{AccessFacts: store.AccessFacts{Owners: map[string]string{}, Grants: map[store.GrantKey]models.CallGrant{}}}
	callers := make([]models.Caller, manyGrants)
	for i := range manyGrants {
		key, id := grantKey(i), fmt.Sprint("grant-", i)
		f.Owners[key.EnvironmentID] = shop
		f.Grants[key] = models.CallGrant{ID: id, ShareID: "s", Permissions: models.AllPermissions}
		callers[i] = models.Caller{AppID: key.GranteeAppID, GrantID: id, SessionEnv: key.EnvironmentID, ExpiresAt: start.Add(time.Hour)}
	}
	for _, c := range []struct {
		name    string
		visited int
	}{{"random order", manyGrants}, {"hot set of 64", 64}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				caller := callers[i%c.visited]
				if !models.MayCall(f.callFacts(caller, caller.SessionEnv), models.StorageWrite, start).Allowed {
					b.Fatal("refused")
				}
				i += 7919 // a prime, so that the calls visit the map in no order
			}
		})
	}
}

// BenchmarkReload100k loads facts with 100,000 grants after a change.
func BenchmarkReload100k(b *testing.B) {
	w := sqliteWorld(b)
	w.insertManyGrants(b)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if err := w.store.Access.Bump(ctx); err != nil {
			b.Fatal(err)
		}
		f, err := w.facts.fresh(ctx)
		if err != nil || len(f.Grants) != manyGrants {
			b.Fatalf("%d grants, error %v", len(f.Grants), err)
		}
	}
	b.ReportMetric(float64(manyGrants), "grants")
}

// insertManyGrants writes the rows without the store, in one transaction.
func (w *world) insertManyGrants(b *testing.B) {
	b.Helper()
	ctx := b.Context()
	tx, err := w.raw(b).BeginTx(ctx, nil)
	must(b, err)
	exec := func(query string, args ...any) {
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			b.Fatal(err)
		}
	}
	for i := range manyGrants {
		key := grantKey(i)
		share := "share-" + key.GranteeAppID
		if i < 1000 {
			exec("INSERT INTO apps (app_id, name, kind, principal_id, created_at) VALUES (?, 'n', 'miniprogram', 'acme', ?)", key.GranteeAppID, start)
			exec("INSERT INTO shares (id, owner_app_id, grantee_app_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?)", share, shop, key.GranteeAppID, start, start)
		}
		exec("INSERT INTO environments (id, app_id, name, created_at) VALUES (?, ?, 'n', ?)", key.EnvironmentID, shop, start)
		exec("INSERT INTO grants (id, share_id, environment_id, permissions, position) VALUES (?, ?, ?, 'functions.invoke,database.read', ?)",
			fmt.Sprint("grant-", i), share, key.EnvironmentID, i)
	}
	must(b, tx.Commit())
}
