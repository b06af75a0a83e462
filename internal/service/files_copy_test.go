package service

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"envshare/models"
)

func TestOfManyFilesForOnePlaceOneGetsIt(t *testing.T) {
	const many = 8
	eachWorld(t, func(t *testing.T, w *world) {
		for _, move := range []bool{true, false} {
			folder := fmt.Sprintf("move-%t", move)
			for n := range many {
				_, err := w.Files.Store(t.Context(), shopAdmin, shop, "shop-1", fmt.Sprintf("%s/%d.txt", folder, n), strings.NewReader(fmt.Sprint(n)))
				must(t, err)
			}
			errs := make([]error, many)
			var all sync.WaitGroup
			for n := range many {
				all.Go(func() {
					c := CopyRequest{From: fmt.Sprintf("%s/%d.txt", folder, n), To: folder + "/place.txt", Move: move}
					errs[n] = w.Files.copyOne(t.Context(), ticket{Env: "shop-1", AppID: shop}, c)
				})
			}
			all.Wait()
			done := 0
			for _, err := range errs {
				if err == nil {
					done++
					continue
				}
				wantError(t, err, models.CodeConflict, "error.file_exists")
			}
			left := many + 1
			if move {
				left = many // the moved one has its new name
			}
			sum, err := w.store.Files.Sum(t.Context(), "shop-1", folder+"/")
			must(t, err)
			if done != 1 || sum.Files != int64(left) {
				t.Errorf("move %t: %d got the place, %d files are left, want 1 and %d", move, done, sum.Files, left)
			}
		}
	})
}
