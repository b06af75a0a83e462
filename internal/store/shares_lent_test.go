package store_test

import (
	"testing"
	"time"
)

func TestShares_LentIsWhatAShareNamesThatHasNotEnded(t *testing.T) {
	eachDialect(t, func(t *testing.T, d database) {
		s := d.migrated(t)
		populate(t, s)
		sh := share("s1", shopID, dinerID, "shop-1")
		sh.Until = pointer(after(time.Hour))
		must(t, s.Shares.Insert(t.Context(), sh))
		for _, c := range []struct {
			environment string
			at          time.Time
			want        bool
		}{
			{"shop-1", after(0), true},
			{"shop-1", after(time.Hour), false}, // its end is no more part of it
			{"shop-2", after(0), false},
		} {
			got, err := s.Shares.Lent(t.Context(), c.environment, c.at)
			must(t, err)
			if got != c.want {
				t.Errorf("%s at %v: %v", c.environment, c.at, got)
			}
		}
		must(t, s.Shares.Insert(t.Context(), share("s2", shopID, kitchenID, "shop-1")))
		if got, err := s.Shares.Lent(t.Context(), "shop-1", after(time.Hour)); err != nil || !got {
			t.Errorf("without an end: %v %v", got, err)
		}
	})
}
