package models

import "testing"

func TestNamesEnvironment(t *testing.T) {
	for _, c := range []struct {
		text, id string
		want     bool
	}{
		{"shop-1", "shop-1", true},
		{"环境 shop-1 没有共享", "shop-1", true},
		{"环境shop-1没有共享", "shop-1", true},
		{"the storage of “shop-1”.", "shop-1", true},
		{"cloud://shop-1.files/a", "shop-1", true},
		{"shop-12, then shop-1", "shop-1", true},
		{"shop-12", "shop-1", false},
		{"shop-1-a", "shop-1", false},
		{"my-shop-1", "shop-1", false},
		{"2shop-1", "shop-1", false},
		{"aaa", "aa", false},
		{"shop-", "shop-1", false},
		{"", "shop-1", false},
		{"shop-1", "", false},
	} {
		if NamesEnvironment(c.text, c.id) != c.want {
			t.Errorf("%q in %q: %v", c.id, c.text, !c.want)
		}
	}
}
