package models

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestS7_AShareEndsExactlyAtItsEnd(t *testing.T) {
	for _, c := range []struct {
		name   string
		until  *time.Time
		paused *time.Time
		want   ShareStatus
	}{
		{"no end", nil, nil, ShareActive},
		{"ends in a year", at(365 * 24 * time.Hour), nil, ShareActive},
		{"ends in a nanosecond", at(time.Nanosecond), nil, ShareActive},
		{"ends now", at(0), nil, ShareExpired},
		{"ended a nanosecond ago", at(-time.Nanosecond), nil, ShareExpired},
		{"paused", nil, at(0), SharePaused},
		{"paused before its end", at(time.Nanosecond), at(-time.Hour), SharePaused},
		{"paused and ended", at(0), at(-time.Hour), ShareExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := *lent(AllPermissions)
			s.Until, s.PausedAt = c.until, c.paused
			if got := s.Status(now); got != c.want {
				t.Fatalf("status %q, want %q", got, c.want)
			}
			if got := s.Expired(now); got != (c.want == ShareExpired) {
				t.Fatalf("expired is %v", got)
			}
			g := CallGrant{ID: "g", Paused: c.paused != nil}
			if c.until != nil {
				g.Until = *c.until
			}
			if got := g.Active(now); got != (c.want == ShareActive) {
				t.Fatalf("the call plane sees it active: %v, the console %q", got, c.want)
			}
			if got := borrowed(&s).Granted(now); (got == AllPermissions) != (c.want == ShareActive) || (got == 0) == (c.want == ShareActive) {
				t.Fatalf("the console grants %v while %q", got.Keys(), c.want)
			}
		})
	}
	t.Run("the end counts as an instant, in whatever zone", func(t *testing.T) {
		s := *lent(AllPermissions)
		end := now.In(time.FixedZone("Beijing", 8*60*60))
		s.Until = &end
		if !s.Expired(now) || s.Expired(now.Add(-time.Nanosecond)) {
			t.Fatal("a zone moved the end")
		}
	})
}

func TestS8_TheGranteeSeesWhatItWasLent(t *testing.T) {
	s := lent(NewPermissionSet(FunctionsInvoke, DatabaseRead))
	g, ok := s.Grant(shopEnv.ID)
	if !ok || !cmp.Equal(g.Permissions.Keys(), []string{"functions.invoke", "database.read"}) {
		t.Fatalf("grant %v %v", g, ok)
	}
	if g, ok := s.Grant(dinerEnv.ID); ok || g != (Grant{}) {
		t.Fatalf("an environment that was not lent has the grant %v", g)
	}
	if !borrowed(s).Borrowed() || (EnvironmentView{Environment: shopEnv, Through: shop}).Borrowed() {
		t.Fatal("own and borrowed are confused")
	}
	for i, w := range everyone() {
		t.Run(w.name, func(t *testing.T) { wantDecision(t, MaySeeShares(w.standing), forMembers[i]) })
	}
}

func TestShareValidate(t *testing.T) {
	grants := func(n int) []Grant {
		var list []Grant
		for i := range n {
			list = append(list, Grant{EnvironmentID: "env-" + strings.Repeat("x", i), Permissions: AllPermissions})
		}
		return list
	}
	for _, c := range []struct {
		name   string
		change func(*Share)
		fields []string
	}{
		{"good", func(*Share) {}, nil},
		{"bad AppID", func(s *Share) { s.GranteeAppID = "wx1" }, []string{"to"}},
		{"no environment", func(s *Share) { s.Grants = nil }, []string{"env"}},
		{"100 environments", func(s *Share) { s.Grants = grants(100) }, nil},
		{"101 environments", func(s *Share) { s.Grants = grants(101) }, []string{"env"}},
		{"an environment twice", func(s *Share) { s.Grants = append(s.Grants, s.Grants[0]) }, []string{"env"}},
		{"S5 no permission", func(s *Share) { s.Grants[0].Permissions = 0 }, []string{"perm." + shopEnv.ID}},
		{"S5 one permission", func(s *Share) { s.Grants[0].Permissions = NewPermissionSet(StorageRead) }, nil},
		{"S7 ends later", func(s *Share) { s.Until = at(time.Nanosecond) }, nil},
		{"S7 ends now", func(s *Share) { s.Until = at(0) }, []string{"until"}},
		{"note of 200 characters", func(s *Share) { s.Note = strings.Repeat("文", 200) }, nil},
		{"note of 201 characters", func(s *Share) { s.Note = strings.Repeat("文", 201) }, []string{"note"}},
		{"note of two lines", func(s *Share) { s.Note = "一\r\n\t二" }, nil},
		{"note with a NUL", func(s *Share) { s.Note = "a\x00b" }, []string{"note"}},
		{"note that is no text", func(s *Share) { s.Note = "a\xffb" }, []string{"note"}},
		{"everything wrong", func(s *Share) { *s = Share{Until: at(-1), Note: "\x1b"} }, []string{"to", "env", "until", "note"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := lent(AllPermissions)
			c.change(s)
			wantFields(t, s.Validate(now), c.fields...)
		})
	}
}
