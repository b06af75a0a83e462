package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/models"
)

func stored(path, blobKey string) models.File {
	return models.File{EnvironmentID: "shop-1", Path: path, BlobKey: blobKey, Size: 3, ContentType: "text/plain", SHA256: "abc",
		OwnerAppID: shopID, OwnerOpenID: "o1", CreatedAt: start, UpdatedAt: start}
}

func TestFiles(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		put := func(f models.File) { must(t, s.Tx(ctx, func(tx *store.Store) error { return tx.Files.Put(ctx, f) })) }
		put(stored("a/1.txt", "b1"))
		newer := stored("a/1.txt", "b2")
		newer.UpdatedAt, newer.Size = after(time.Minute), 9
		put(newer)
		got, err := s.Files.ByPath(ctx, "shop-1", "a/1.txt")
		must(t, err)
		same(t, newer, got)
		_, err = s.Files.ByPath(ctx, "shop-2", "a/1.txt")
		wantNotFound(t, err)
		discarded, err := s.Files.Discarded(ctx, 10)
		must(t, err)
		same(t, []string{"b1"}, discarded)

		must(t, s.Files.Move(ctx, "shop-1", "a/1.txt", "z", after(time.Hour)))
		put(stored("x", "b3"))
		wantCode(t, s.Files.Move(ctx, "shop-1", "z", "x", after(time.Hour)), models.CodeConflict, "error.exists")
		must(t, s.Tx(ctx, func(tx *store.Store) error { return tx.Files.Delete(ctx, "shop-1", "z", after(time.Hour)) }))
		known, err := s.Files.Known(ctx, []string{"b1", "b2", "b3", "orphan"})
		must(t, err)
		same(t, map[string]bool{"b1": true, "b2": true, "b3": true}, known)
		must(t, s.Files.Gone(ctx, []string{"b1", "b2"}))
		list, err := s.Files.ByPaths(ctx, "shop-1", []string{"x", "z"})
		must(t, err)
		same(t, 1, len(list))

		must(t, s.Files.UseTicket(ctx, "t", after(time.Minute)))
		wantCode(t, s.Files.UseTicket(ctx, "t", after(time.Minute)), models.CodeConflict, "error.exists")
		must(t, s.Files.ForgetTickets(ctx, after(time.Hour)))
		must(t, s.Files.UseTicket(ctx, "t", after(time.Minute)))
	})
}

func TestFilesAreListedByFolder(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		must(t, s.Tx(ctx, func(tx *store.Store) error {
			for i, path := range []string{"a.txt", "a/1", "a/b/2", "a/b/3", "a-b/1", "中/文.txt", "z", "a0", "Ä"} {
				if err := tx.Files.Put(ctx, stored(path, fmt.Sprintf("blob-%d", i))); err != nil {
					return err
				}
			}
			return nil
		}))
		same(t, []string{"a-b/", "a.txt", "a/", "a0", "z", "Ä", "中/"}, walk(ctx, t, s, "", 1))
		same(t, walk(ctx, t, s, "", 1), walk(ctx, t, s, "", 100))
		same(t, []string{"1", "b/"}, walk(ctx, t, s, "a/", 2))
		same(t, []string{"2", "3"}, walk(ctx, t, s, "a/b/", 1))
		same(t, []string{"文.txt"}, walk(ctx, t, s, "中/", 5))
		below, err := s.Files.Below(ctx, "shop-1", "a/", 10)
		must(t, err)
		same(t, 3, len(below))

		sum, err := s.Files.Sum(ctx, "shop-1", "a/")
		must(t, err)
		same(t, store.Sum{Files: 3, Bytes: below[0].Size + below[1].Size + below[2].Size}, sum)
		none, err := s.Files.Sum(ctx, "shop-1", "nothing/")
		must(t, err)
		same(t, store.Sum{}, none)
	})
}

func TestPagesOfAFolderLeadBack(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		populate(t, s)
		must(t, s.Tx(ctx, func(tx *store.Store) error {
			for i, path := range []string{"d/a", "d/b/1", "d/b/2", "d/c", "d/e", "d/f/1", "d/g", "x"} {
				if err := tx.Files.Put(ctx, stored(path, fmt.Sprintf("blob-%d", i))); err != nil {
					return err
				}
			}
			return nil
		}))
		for size := 1; size < 8; size++ {
			var starts []string
			for at := ""; ; {
				page, err := s.Files.List(ctx, "shop-1", "d/", at, size)
				must(t, err)
				if len(page.Folders)+len(page.Files) > 0 {
					starts = append(starts, at)
				}
				if page.Next == "" {
					break
				}
				at = page.Next
			}
			for i, at := range starts[1:] {
				back, any, err := s.Files.Before(ctx, "shop-1", "d/", at, size)
				must(t, err)
				same(t, true, any)
				want, err := s.Files.List(ctx, "shop-1", "d/", starts[i], size)
				must(t, err)
				got, err := s.Files.List(ctx, "shop-1", "d/", back, size)
				must(t, err)
				same(t, want, got)
			}
		}
		_, any, err := s.Files.Before(ctx, "shop-1", "d/", "d/a", 3)
		must(t, err)
		same(t, false, any)
	})
}

// walk reads a folder page by page.
func walk(ctx context.Context, t *testing.T, s *store.Store, folder string, size int) []string {
	t.Helper()
	var out []string
	for next := ""; ; {
		page, err := s.Files.List(ctx, "shop-1", folder, next, size)
		must(t, err)
		names := []string{}
		for _, f := range page.Folders {
			names = append(names, f+"/")
		}
		for _, f := range page.Files {
			names = append(names, f.Path[len(folder):])
		}
		if size == 1 || len(names) < 2 {
			out = append(out, names...)
		} else {
			out = append(out, sorted(names)...)
		}
		if page.Next == "" {
			return out
		}
		next = page.Next
	}
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}
