package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func TestOpen_Refusals(t *testing.T) {
	for name, o := range map[string]store.Options{
		"no such directory":     {DataDir: filepath.Join(t.TempDir(), "gone")},
		"another kind of URL":   {URL: "mysql://127.0.0.1/x"},
		"PostgreSQL not there":  {URL: "postgres://127.0.0.1:1/x?connect_timeout=2"},
		"PostgreSQL misspelled": {URL: "postgres://127.0.0.1:notaport/x"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(t.Context(), o)
			if err == nil {
				_ = s.Close()
				t.Fatal("opened")
			}
			if !strings.HasPrefix(err.Error(), "open database: ") {
				t.Fatalf("error %v does not say what was tried", err)
			}
		})
	}
}

func TestOpen_ADirectoryWithOddCharacters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%41é")
	must(t, os.Mkdir(dir, 0o700))
	d := database{"sqlite", store.Options{DataDir: dir}}
	must(t, d.migrated(t).Ping(t.Context()))
	if _, err := os.Stat(filepath.Join(dir, "envshare.db")); err != nil {
		t.Fatal(err)
	}
}

func TestClose_EndsTheConnections(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		s := d.migrated(t)
		must(t, s.Ping(t.Context()))
		must(t, s.Close())
		if s.Ping(t.Context()) == nil {
			t.Fatal("a closed store answers")
		}
	})
}

func TestRecordsSurviveReopening(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		first := d.migrated(t)
		populate(t, first)
		must(t, first.Close())
		apps, err := d.migrated(t).Apps.List(t.Context())
		must(t, err)
		same(t, 3, len(apps))
	})
}

func TestTimesComeBackInUTC(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		sh := share("s1", shopID, dinerID, "shop-1")
		sh.Until = pointer(after(time.Hour).In(time.FixedZone("Beijing", 8*60*60)))
		must(t, s.Shares.Insert(ctx, sh))
		got, err := s.Shares.ByID(ctx, shopID, "s1")
		must(t, err)
		same(t, pointer(after(time.Hour)), got.Until)
		facts, err := s.Access.Load(ctx, start)
		must(t, err)
		same(t, after(time.Hour), facts.Grants[store.GrantKey{GranteeAppID: dinerID, EnvironmentID: "shop-1"}].Until)
	})
}

func TestTx(t *testing.T) {
	refused := errors.New("refused")
	principal := func(id string) models.Principal { return models.Principal{ID: id, Name: "n", CreatedAt: start} }
	exists := func(t *testing.T, s *store.Store, id string) bool {
		t.Helper()
		_, err := s.Principals.ByID(t.Context(), id)
		if err != nil {
			wantNotFound(t, err)
		}
		return err == nil
	}
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		t.Run("what it wrote is seen inside at once and outside when it is done", func(t *testing.T) {
			must(t, s.Tx(ctx, func(tx *store.Store) error {
				must(t, tx.Principals.Save(ctx, principal("a")))
				if !exists(t, tx, "a") || exists(t, s, "a") {
					t.Error("wrongly seen")
				}
				return nil
			}))
			if !exists(t, s, "a") {
				t.Fatal("lost")
			}
		})
		t.Run("an error takes all back and comes out as it is", func(t *testing.T) {
			err := s.Tx(ctx, func(tx *store.Store) error {
				must(t, tx.Principals.Save(ctx, principal("b")))
				must(t, tx.Settings.Set(ctx, "k", "v"))
				return refused
			})
			if err != refused || exists(t, s, "b") { //nolint:errorlint // identity is the point
				t.Fatalf("error %v, stored %v", err, exists(t, s, "b"))
			}
			value, err := s.Settings.Get(ctx, "k")
			must(t, err)
			same(t, "", value)
		})
		t.Run("inner ones join: an outer error takes them back", func(t *testing.T) {
			err := s.Tx(ctx, func(tx *store.Store) error {
				must(t, tx.Tx(ctx, func(inner *store.Store) error { return inner.Principals.Save(ctx, principal("c")) }))
				if !exists(t, tx, "c") {
					t.Error("not seen after the inner one")
				}
				return refused
			})
			if !errors.Is(err, refused) || exists(t, s, "c") {
				t.Fatalf("error %v, stored %v", err, exists(t, s, "c"))
			}
		})
		t.Run("a refusal by the database takes all back", func(t *testing.T) {
			err := s.Tx(ctx, func(tx *store.Store) error {
				must(t, tx.Principals.Save(ctx, principal("d")))
				return tx.Apps.Insert(ctx, models.App{AppID: shopID, PrincipalID: "nobody", CreatedAt: start})
			})
			wantCode(t, err, models.CodeConflict, "error.in_use")
			if exists(t, s, "d") {
				t.Fatal("half of it stayed")
			}
		})
		t.Run("a panic takes all back and frees the connection", func(t *testing.T) {
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic was swallowed")
					}
				}()
				_ = s.Tx(ctx, func(tx *store.Store) error {
					must(t, tx.Principals.Save(ctx, principal("e")))
					panic("broken")
				})
			}()
			if exists(t, s, "e") {
				t.Fatal("it stayed")
			}
			must(t, s.Principals.Save(ctx, principal("f")))
		})
		t.Run("a cancelled request changes nothing", func(t *testing.T) {
			cancelled, cancel := context.WithCancel(ctx)
			err := s.Tx(cancelled, func(tx *store.Store) error {
				must(t, tx.Principals.Save(cancelled, principal("g")))
				cancel()
				return nil
			})
			if err == nil || exists(t, s, "g") {
				t.Fatalf("error %v, stored %v", err, exists(t, s, "g"))
			}
			_, err = s.Principals.List(cancelled)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("reading is %v", err)
			}
		})
	})
}

// PostgreSQL refuses bytes that SQLite takes; neither is our failure.
func TestNamesThatAreNoTextAreNotOurFailure(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		for _, name := range []string{"a\x00b", "a\xffb"} {
			_, err := s.Apps.ByID(t.Context(), name)
			if !models.IsCode(err, models.CodeNotFound) && !models.IsCode(err, models.CodeInvalid) {
				t.Errorf("%q is %v", name, err)
			}
		}
	})
}

// Eight goroutines on two stores write and read at once; SQLite must never
// answer that it is busy.
func TestManyWriteAndReadAtOnce(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		const goroutines, rounds = 8, 12
		ctx := t.Context()
		populate(t, d.migrated(t))
		for _, err := range race(t, d, goroutines, func(s *store.Store, i int) error {
			for n := range rounds {
				id := fmt.Sprintf("env-%d-%d", i, n)
				if err := s.Tx(ctx, func(tx *store.Store) error {
					before, err := tx.Environments.OwnedBy(ctx, shopID) // a read that becomes a write
					if err != nil {
						return err
					}
					e := models.Environment{ID: id, AppID: shopID, Name: fmt.Sprint(len(before)), CreatedAt: start}
					return tx.Environments.Insert(ctx, e)
				}); err != nil {
					return err
				}
				if err := s.Access.Bump(ctx); err != nil {
					return err
				}
				if _, err := s.Environments.ByID(ctx, id); err != nil {
					return fmt.Errorf("read what was written: %w", err)
				}
				if _, err := s.Access.Load(ctx, start); err != nil {
					return err
				}
			}
			return nil
		}) {
			must(t, err)
		}
		s := d.open(t)
		list, err := s.Environments.OwnedBy(ctx, shopID)
		must(t, err)
		same(t, goroutines*rounds+2, len(list))
		revision, err := s.Access.Revision(ctx)
		must(t, err)
		same(t, int64(goroutines*rounds+1), revision)
		if d.dialect == "sqlite" {
			serial := map[string]bool{}
			for _, e := range list {
				serial[e.Name] = true
			}
			same(t, len(list), len(serial)) // no two transactions read the same state
		}
	})
}
