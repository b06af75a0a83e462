package models

import (
	"testing"
	"time"
)

// incoming is a share of owner with diner, created some time before now.
func incoming(id string, owner App, age time.Duration, change ...func(*Share)) Share {
	s := Share{
		ID: id, OwnerAppID: owner.AppID, GranteeAppID: diner.AppID, CreatedAt: now.Add(-age),
		Grants: []Grant{{ID: "g-" + id, EnvironmentID: "of-" + id + "-1"}, {ID: "h-" + id, EnvironmentID: "of-" + id + "-2"}},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func paused(s *Share)  { s.PausedAt = at(-time.Minute) }
func expired(s *Share) { s.Until = at(0) }
func nearly(s *Share)  { s.Until = at(time.Nanosecond) }
func hollow(s *Share)  { s.Grants = nil }

func TestS11_UnactivatedGrantee(t *testing.T) {
	older, newer := incoming("older", shop, 2*time.Hour), incoming("newer", kitchen, time.Hour)
	own := []Environment{dinerEnv, {ID: "diner-000002"}}
	for _, c := range []struct {
		name     string
		own      []Environment
		incoming []Share
		flag     bool // stored
		entry    bool
		sharing  bool
		opensOn  string
	}{
		{"neither environment nor share", nil, nil, false, false, false, ""},
		{"neither, with a flag left over", nil, nil, true, false, false, ""},
		{"first share", nil, []Share{older}, true, true, true, "of-older-1"},
		{"first share, flag not stored yet", nil, []Share{older}, false, true, true, "of-older-1"},
		{"second share is newer", nil, []Share{older, newer}, true, true, true, "of-older-1"},
		{"second share is listed first", nil, []Share{newer, older}, true, true, true, "of-older-1"},
		{"same moment, smaller id first", nil, []Share{incoming("b", shop, 0), incoming("a", kitchen, 0)}, true, true, true, "of-a-1"},
		{"a moment before the end", nil, []Share{incoming("x", shop, 0, nearly)}, true, true, true, "of-x-1"},
		{"the only share expired", nil, []Share{incoming("x", shop, 0, expired)}, true, false, false, ""},
		{"the oldest expired", nil, []Share{incoming("x", shop, 3*time.Hour, expired), newer}, true, true, true, "of-newer-1"},
		{"the only share is paused", nil, []Share{incoming("x", shop, 0, paused)}, true, true, true, ""},
		{"the oldest is paused", nil, []Share{incoming("x", shop, 3*time.Hour, paused), newer}, true, true, true, "of-newer-1"},
		{"paused and expired", nil, []Share{incoming("x", shop, 0, paused, expired)}, true, false, false, ""},
		{"a share that holds nothing is passed over", nil, []Share{incoming("x", shop, 3*time.Hour, hollow), newer}, true, true, true, "of-newer-1"},
		{"own environment, no share", own, nil, false, true, false, dinerEnv.ID},
		{"own environment, sharing on", own, nil, true, true, true, dinerEnv.ID},
		{"own environment goes before shares", own, []Share{older}, true, true, true, dinerEnv.ID},
		{"own environment, share, sharing turned off", own, []Share{older}, false, true, false, dinerEnv.ID},
		{"own environment, expired share", own, []Share{incoming("x", shop, 0, expired)}, true, true, true, dinerEnv.ID},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := AppFacts{App: diner, OwnEnvironments: c.own, Incoming: c.incoming}
			f.App.Sharing = c.flag
			if f.Activated() != (len(c.own) > 0) {
				t.Errorf("activated is %v", f.Activated())
			}
			if got := f.HasConsoleEntry(now); got != c.entry {
				t.Errorf("console entry is %v", got)
			}
			if got := f.SharingOn(now); got != c.sharing {
				t.Errorf("sharing on is %v", got)
			}
			if got := f.DefaultEnvironment(now); got != c.opensOn {
				t.Errorf("opens on %q, want %q", got, c.opensOn)
			}
			for i, w := range everyone() {
				want := forMembers[i]
				if !c.entry && want == "" {
					want = CodeForbidden
				}
				wantDecision(t, MayOpenConsole(w.standing, f, now), want)
			}
		})
	}
}

func TestS11_ADirectLinkWithoutEntryExplains(t *testing.T) {
	d := MayOpenConsole(standingOf(RoleViewer), AppFacts{App: diner}, now)
	wantRefusal(t, d, CodeForbidden, "error.no_console_entry")
	wantDecision(t, MayCreateEnvironment(standingOf(RoleAdmin)), "") // and how to leave that state
}

func TestS11_TheStoredFlagThroughAnAppsLife(t *testing.T) {
	older, newer := incoming("older", shop, 2*time.Hour), incoming("newer", kitchen, time.Hour)
	f := AppFacts{App: diner}
	step := func(name string, flag, want bool) {
		t.Helper()
		if flag != want {
			t.Fatalf("%s: flag %v, want %v", name, flag, want)
		}
		f.App.Sharing = flag
		if f.SharingOn(now) != want {
			t.Fatalf("%s: sharing on is %v, want %v", name, f.SharingOn(now), want)
		}
	}
	f.Incoming = []Share{older}
	step("first share", SharingAfterIncoming(f), true)
	f.Incoming = []Share{older, newer}
	step("second share", SharingAfterIncoming(f), true)
	f.Incoming = []Share{newer}
	step("one share ends", SharingAfterLeaving(f, now), true)
	f.Incoming = nil
	step("the last share ends", SharingAfterLeaving(f, now), false)
	f.Incoming = []Share{older}
	step("shared with again", SharingAfterIncoming(f), true)
	before := f
	f.OwnEnvironments = []Environment{dinerEnv}
	step("creates an environment", SharingAfterActivation(before, now), true)
	f.Incoming = nil
	step("the last share of an activated app ends", SharingAfterLeaving(f, now), true)
}

func TestS11_AnActivatedAppKeepsWhatItChose(t *testing.T) {
	for _, chosen := range []bool{false, true} {
		f := AppFacts{App: diner, OwnEnvironments: []Environment{dinerEnv}, Incoming: []Share{incoming("x", shop, 0)}}
		f.App.Sharing = chosen
		for name, got := range map[string]bool{
			"is shared with":              SharingAfterIncoming(f),
			"loses a share":               SharingAfterLeaving(f, now),
			"creates another environment": SharingAfterActivation(f, now),
		} {
			if got != chosen {
				t.Errorf("an app that chose %v and %s has %v", chosen, name, got)
			}
		}
	}
}

func TestS11_ActivationAfterTheLastShareExpiredLeavesSharingOff(t *testing.T) {
	for _, c := range []struct {
		name string
		app  AppFacts
		want bool
	}{
		{"nothing was ever shared", AppFacts{App: diner}, false},
		{"the share still works", AppFacts{App: diner, Incoming: []Share{incoming("x", shop, 0)}}, true},
		{"the share is paused", AppFacts{App: diner, Incoming: []Share{incoming("x", shop, 0, paused)}}, true},
		{"the share expired", AppFacts{App: diner, Incoming: []Share{incoming("x", shop, 0, expired)}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.app.App.Sharing = len(c.app.Incoming) > 0 // stored when the share was granted
			if got := SharingAfterActivation(c.app, now); got != c.want || got != c.app.SharingOn(now) {
				t.Fatalf("sharing after activation is %v, before it was %v, want %v", got, c.app.SharingOn(now), c.want)
			}
		})
	}
	t.Run("the expired share is removed", func(t *testing.T) {
		f := AppFacts{App: diner, Incoming: []Share{incoming("x", shop, 0, expired)}}
		f.App.Sharing = true
		if SharingAfterLeaving(f, now) {
			t.Fatal("sharing stays on with nothing that works")
		}
	})
}
