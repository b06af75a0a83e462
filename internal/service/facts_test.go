package service

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"envshare/internal/store"
	"envshare/models"
)

// S6: a change that another process acknowledged is seen by the next call, also
// under a session that is older than the change.
func TestS6_ChangesOfAnotherProcessAreSeenByTheNextCall(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, other := t.Context(), w.another(t)
		share, err := other.Sharing.Share(ctx, shopAdmin, shop, input(diner, "shop-1"))
		must(t, err)
		cred := w.session(t, diner, share, "shop-1")
		expect := func(what string, want models.Code) {
			t.Helper()
			if got := w.callCode(t, cred, models.DatabaseWrite); got != want {
				t.Fatalf("%s: %q, want %q", what, got, want)
			}
		}
		expect("shared", "")
		must(t, other.Sharing.Pause(ctx, shopAdmin, shop, share.ID))
		expect("paused", models.CodeEnvNotShared)
		must(t, other.Sharing.Resume(ctx, shopAdmin, shop, share.ID))
		expect("resumed", "")

		_, err = other.Sharing.Share(ctx, shopAdmin, shop, with(input(diner), models.NewPermissionSet(models.DatabaseRead), "shop-1"))
		must(t, err)
		expect("permission taken", models.CodePermissionMissing)
		_, err = other.Sharing.Share(ctx, shopAdmin, shop, input(diner, "shop-1", "shop-2"))
		must(t, err)
		expect("permission given, environment added", "")

		_, err = other.Sharing.Share(ctx, shopAdmin, shop, input(diner, "shop-2"))
		must(t, err)
		expect("environment taken out", models.CodeEnvNotShared)
		_, err = other.Sharing.Share(ctx, shopAdmin, shop, input(diner, "shop-1", "shop-2"))
		must(t, err)
		expect("environment back under a new grant", models.CodeSessionInvalid)

		must(t, other.Sharing.Remove(ctx, shopAdmin, shop, share.ID))
		expect("removed", models.CodeEnvNotShared)
	})
}

// S6, S7: an end comes by itself; nobody has to change anything.
func TestS7_AShareEndsAtItsTimeForCallsToo(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		in := input(diner, "shop-1")
		until := w.clock.now().Add(sessionTTL / 2)
		in.Until = &until
		share, err := w.Sharing.Share(t.Context(), shopAdmin, shop, in)
		must(t, err)
		cred := w.session(t, diner, share, "shop-1")
		w.clock.advance(sessionTTL/2 - 1)
		same(t, models.Code(""), w.callCode(t, cred, models.StorageRead))
		w.clock.advance(1)
		same(t, models.CodeEnvNotShared, w.callCode(t, cred, models.StorageRead))
	})
}

// S4: what shop lends to diner opens nothing that kitchen lends to shop.
func TestS4_ASessionOpensOneEnvironmentOfOneOwner(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must(t, w.Sharing.Enable(ctx, kitchenAdmin, kitchen))
		lent, err := w.Sharing.Share(ctx, kitchenAdmin, kitchen, input(shop, "kitchen-1"))
		must(t, err)
		share := w.lend(t, diner, "shop-1", "shop-2")
		f, err := w.facts.fresh(ctx)
		must(t, err)
		dinerSession, shopSession := w.session(t, diner, share, "shop-1"), w.session(t, shop, lent, "kitchen-1")
		for _, c := range []struct {
			name string
			cred Credential
			env  string
			want models.Code
		}{
			{"the environment it was opened for", dinerSession, "shop-1", ""},
			{"another environment of the same share", dinerSession, "shop-2", models.CodeEnvNotShared},
			{"an environment that the lender borrows", dinerSession, "kitchen-1", models.CodeEnvNotShared},
			{"the lender at the environment that it borrows", shopSession, "kitchen-1", ""},
			{"a session used on its own app's environment", shopSession, "shop-1", models.CodeEnvNotShared},
			{"an environment that does not exist", dinerSession, "gone", models.CodeEnvNotShared},
		} {
			_, err := w.Calls.decide(c.cred, CallInfo{}, f.callFacts(c.cred.caller(), c.env), models.FunctionsInvoke)
			if models.CodeOf(err) != c.want {
				t.Errorf("%s: %v, want %q", c.name, err, c.want)
			}
			_, err = w.Calls.OpenSession(ctx, c.cred, CallInfo{}, kitchen, "kitchen-1")
			if !models.IsCode(err, models.CodeEnvNotShared) {
				t.Errorf("a session opened another one: %v", err)
			}
		}
	})
}

func TestFacts_NeverOlderThanTheCall(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		const readers, writers, changes = 8, 2, 25
		ctx := t.Context()
		_, err := w.facts.fresh(ctx)
		must(t, err)
		var acknowledged atomic.Int64
		var ended atomic.Int64
		stores := []*store.Store{w.another(t).store, w.another(t).store}
		write := func(s *store.Store) error {
			for range changes {
				var revision int64
				if err := s.Tx(ctx, func(tx *store.Store) error {
					if err := tx.Access.Bump(ctx); err != nil {
						return err
					}
					var err error
					revision, err = tx.Access.Revision(ctx)
					return err
				}); err != nil {
					return err
				}
				for old := acknowledged.Load(); old < revision && !acknowledged.CompareAndSwap(old, revision); {
					old = acknowledged.Load()
				}
			}
			return nil
		}
		read := func() error {
			for ended.Load() < writers {
				known := acknowledged.Load()
				f, err := w.facts.fresh(ctx)
				if err != nil {
					return err
				}
				if f.Revision < known {
					return errors.New("facts are older than an acknowledged change")
				}
			}
			return nil
		}
		for _, err := range atOnce(readers+writers, func(i int) error {
			if i >= writers {
				return read()
			}
			defer ended.Add(1)
			return write(stores[i])
		}) {
			must(t, err)
		}
		f, err := w.facts.fresh(ctx)
		must(t, err)
		if f.Revision < writers*changes {
			t.Fatalf("revision %d after %d changes", f.Revision, writers*changes)
		}
	})
}

func TestFacts_CallersShareTheNextComparisonNotTheRunningOne(t *testing.T) {
	w := sqliteWorld(t)
	h := w.facts
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	waiting := func() *factsBatch {
		t.Helper()
		if _, err := h.fresh(gone); !errors.Is(err, context.Canceled) {
			t.Fatalf("a caller that left got %v", err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.next
	}
	h.mu.Lock()
	h.running = true // a comparison has begun and may have read already
	h.mu.Unlock()
	first := waiting()
	if first == nil || first != waiting() {
		t.Fatal("callers that arrive during a comparison do not wait for one together")
	}
	w.another(t).lend(t, diner, "shop-1")
	h.serveOne()
	<-first.done
	must(t, first.err)
	if len(first.facts.Grants) != 1 {
		t.Fatal("the comparison missed what was changed before it began")
	}
	f, err := h.fresh(t.Context())
	must(t, err)
	if f != first.facts {
		t.Fatal("facts were loaded again without a change")
	}
}

func TestFacts_TheFunctionCacheEndsWithEveryChange(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, other := t.Context(), w.another(t)
		look := func() (models.Function, error) {
			f, err := w.facts.fresh(ctx)
			must(t, err)
			return w.Calls.function(ctx, f, "shop-1", "hello")
		}
		expect := func(what string, version int) {
			t.Helper()
			f, err := look()
			must(t, err)
			if f.ActiveVersion != version {
				t.Fatalf("%s: version %d runs, want %d", what, f.ActiveVersion, version)
			}
		}
		_, err := look()
		wantError(t, err, models.CodeFunctionUnknown, "call.function_unknown")
		other.deploy(t, "shop-1", "hello", "one")
		expect("deployed", 1)
		old, err := w.facts.fresh(ctx)
		must(t, err)
		other.deploy(t, "shop-1", "hello", "two")
		expect("deployed again", 2)
		cached, err := w.Calls.function(ctx, old, "shop-1", "hello")
		must(t, err)
		same(t, 1, cached.ActiveVersion) // a call that has begun goes on with what it decided on
		must(t, other.Functions.RollBack(ctx, shopAdmin, shop, "shop-1", "hello", 1, ""))
		expect("rolled back", 1)
		settings := FunctionSettings{TimeoutSeconds: 9, MemoryMB: 512, Concurrency: 2, Variables: map[string]string{"A": "b"}}
		must(t, other.Functions.Configure(ctx, shopAdmin, shop, "shop-1", "hello", settings))
		f, err := look()
		must(t, err)
		same(t, settings, SettingsOf(f))
		must(t, other.Functions.Delete(ctx, shopAdmin, shop, "shop-1", "hello"))
		_, err = look()
		wantError(t, err, models.CodeFunctionUnknown, "call.function_unknown")
	})
}

func TestFacts_AFailingDatabaseIsAnErrorAndNeverStaleFacts(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		cred, _, err := w.Credentials.Issue(ctx, shopAdmin, shop, "shop-1", sessionTTL)
		must(t, err)
		raw := w.raw(t)
		_, err = raw.ExecContext(ctx, "ALTER TABLE access_revisions RENAME TO away")
		must(t, err)
		if _, err := w.facts.fresh(ctx); models.CodeOf(err) != models.CodeInternal {
			t.Fatalf("without a revision: %v", err)
		}
		if _, err := w.Credentials.Authenticate(ctx, cred.SecretID, cred.Token); models.CodeOf(err) != models.CodeInternal {
			t.Fatalf("a credential that cannot be checked: %v", err)
		}
		if _, err := w.Calls.Invoke(ctx, cred, CallInfo{}, "hello", nil); models.CodeOf(err) != models.CodeInternal {
			t.Fatalf("a call that cannot be decided: %v", err)
		}
		if _, err := w.Sharing.Share(ctx, shopAdmin, shop, input(diner, "shop-1")); err == nil {
			t.Fatal("a change was acknowledged that nobody can notice")
		}
		_, err = raw.ExecContext(ctx, "ALTER TABLE away RENAME TO access_revisions")
		must(t, err)
		if _, err := w.Credentials.Authenticate(ctx, cred.SecretID, cred.Token); err != nil {
			t.Fatalf("the database is back: %v", err)
		}
		must(t, w.store.Close())
		if _, err := w.facts.fresh(ctx); err == nil {
			t.Fatal("a closed database has facts")
		}
		if w.Ready(ctx) == nil {
			t.Fatal("ready without a database")
		}
	})
}
