package models

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestShareFilterKeepsWhatListsKnow(t *testing.T) {
	for name, c := range map[string]struct{ in, want ShareFilter }{
		"nothing":               {ShareFilter{}, ShareFilter{}},
		"known values":          {ShareFilter{Text: "a", State: ListEnding, EnvironmentID: "e", Permission: UsersView, Sort: SortCalls}, ShareFilter{Text: "a", State: ListEnding, EnvironmentID: "e", Permission: UsersView, Sort: SortCalls}},
		"unknown values":        {ShareFilter{State: "gone", Permission: "users.delete", Sort: "random"}, ShareFilter{}},
		"what is no text":       {ShareFilter{Text: " a\x00b\xff\n ", EnvironmentID: "\x00"}, ShareFilter{Text: "ab"}},
		"more than is searched": {ShareFilter{Text: strings.Repeat("甲", 5000)}, ShareFilter{Text: strings.Repeat("甲", 100)}},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, c.in.Clean()); d != "" {
				t.Error(d)
			}
		})
	}
	if (ShareFilter{Sort: SortName}).Narrows() || !(ShareFilter{State: ListPaused}).Narrows() {
		t.Error("an order narrows, or a state does not")
	}
}

func TestShareEndsSoon(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	at := func(d time.Duration) *time.Time { t := now.Add(d); return &t }
	for name, c := range map[string]struct {
		share Share
		want  bool
	}{
		"no end": {Share{}, false}, "in a week": {Share{Until: at(EndingSoon)}, true}, "later": {Share{Until: at(EndingSoon + 1)}, false},
		"now": {Share{Until: at(0)}, false}, "paused": {Share{Until: at(time.Hour), PausedAt: at(0)}, false},
	} {
		if got := c.share.EndsSoon(now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestChangesOfShares(t *testing.T) {
	until := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	again := until.In(time.FixedZone("", 3600))
	read, write := NewPermissionSet(DatabaseRead), NewPermissionSet(DatabaseWrite)
	before := Share{Grants: []Grant{{ID: "1", EnvironmentID: "b", Permissions: read}, {ID: "2", EnvironmentID: "a", Permissions: read}, {ID: "3", EnvironmentID: "c", Permissions: read}}, Until: &until}
	after := Share{Grants: []Grant{{ID: "9", EnvironmentID: "c", Permissions: read}, {ID: "4", EnvironmentID: "d", Permissions: write}, {ID: "1", EnvironmentID: "b", Permissions: write}}, Until: &again, Note: "n", PausedAt: &until}
	want := ShareChanges{
		Grants: []GrantChange{
			{EnvironmentID: "a", Left: true, Removed: read}, {EnvironmentID: "b", Added: write, Removed: read}, {EnvironmentID: "d", Joined: true, Added: write},
		},
		UntilBefore: &until, Until: &again, Note: "n", NoteDiff: true, Paused: true,
	}
	if d := cmp.Diff(want, ChangesOf(before, after)); d != "" {
		t.Error(d)
	}
	if c := ChangesOf(before, before); !c.None() {
		t.Errorf("a share differs from itself: %+v", c)
	}
	if c := ChangesOf(after, before); !c.Resumed || c.Paused || c.None() {
		t.Errorf("resuming: %+v", c)
	}
	if c := ChangesOf(Share{}, before); len(c.Grants) != 3 || !c.Grants[0].Joined || !c.UntilChanged {
		t.Errorf("a new share: %+v", c)
	}
}

// What a member sees on the map: their apps of this principal, and the direct
// partners of those; never what partners share among themselves.
func TestMapShowsOnlyWhatConcernsTheReader(t *testing.T) {
	app := func(id, principal string) App { return App{AppID: id, PrincipalID: principal} }
	here := app("here", "acme")
	known := []App{app("mine", "acme"), here, app("elsewhere", "other")}
	share := func(owner, grantee string) Share { return Share{OwnerAppID: owner, GranteeAppID: grantee} }
	person := Actor{UserID: "u"}
	for name, c := range map[string]struct {
		standing Standing
		want     []string
	}{
		"a viewer":    {Standing{Actor: person, Role: RoleViewer}, []string{"here", "mine"}},
		"a stranger":  {Standing{Actor: person}, nil},
		"nobody":      {Standing{Role: RoleAdmin}, nil},
		"an operator": {Standing{Actor: Actor{UserID: "o", Operator: true}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			mine := MapApps(c.standing, here, known)
			if !slices.Equal(mine, c.want) {
				t.Fatalf("apps %q, want %q", mine, c.want)
			}
			for _, one := range []struct {
				share   Share
				visible bool
			}{
				{share("here", "partner"), true}, {share("partner", "here"), true}, {share("mine", "third"), true}, {share("third", "mine"), true},
				{share("partner", "third"), false}, {share("elsewhere", "abroad"), false},
			} {
				if got := MaySeeOnMap(one.share, mine).Allowed; got != (one.visible && c.want != nil) {
					t.Errorf("%s to %s: %v", one.share.OwnerAppID, one.share.GranteeAppID, got)
				}
			}
		})
	}
}

func TestMissingOfAppID(t *testing.T) {
	for text, want := range map[string]int{"": 18, "w": 17, "wx": 16, "wx0123456789abcde": 1, "wx0123456789abcdef": 0, "wx0123456789abcdef0": 0, "wxg": 0, "W": 0, "商城": 0, "x": 0} {
		if got := MissingOfAppID(text); got != want {
			t.Errorf("%q lacks %d, want %d", text, got, want)
		}
	}
}

func TestPageWithinAList(t *testing.T) {
	for _, c := range []struct {
		page  int
		total int64
		want  int
	}{{0, 0, 1}, {9, 0, 1}, {2, 20, 1}, {2, 21, 2}, {1 << 40, 41, 3}} {
		if got := (PageRequest{Page: c.page, Size: 20}).Within(c.total); got.Page != c.want || got.Size != 20 {
			t.Errorf("page %d of %d: %+v", c.page, c.total, got)
		}
	}
}
