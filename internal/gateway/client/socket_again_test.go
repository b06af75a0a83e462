package client_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// documents reads events until there are so many, and checks that their ids go on
// from one without a gap.
func (s *socket) documents(n int, after int64) (ids []string, last int64) {
	s.t.Helper()
	for last = after; len(ids) < n; {
		f := s.read()
		if f.Type == "ERROR" {
			s.t.Fatalf("%+v", f)
		}
		for _, e := range f.Data.Events {
			if e.ID != last && e.ID != last+1 || e.ID == after {
				s.t.Fatalf("event %d after %d", e.ID, last)
			}
			ids, last = append(ids, e.DocID), e.ID
		}
	}
	slices.Sort(ids)
	return ids, last
}

// A connection breaks as mobile networks break them: what was seen is not repeated,
// what happened meanwhile is there once, and the watch goes on.
func TestAWatchGoesOnAfterTheConnectionBroke(t *testing.T) {
	for name, breaks := range map[string]func(t *testing.T, s *socket){
		"at once":                                func(t *testing.T, s *socket) { must(t, s.conn.CloseNow()) },
		"and the server has seen it":             func(t *testing.T, s *socket) { must(t, s.conn.CloseNow()); allEnd(t) },
		"in order":                               func(t *testing.T, s *socket) { must(t, s.conn.Close(websocket.StatusGoingAway, "")) },
		"without a word that reaches the server": func(*testing.T, *socket) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, true)
			ming, hong := w.as(w.miniLogin(shop, "ming")), w.as(w.miniLogin(shop, "hong"))
			add := func(id string) {
				t.Helper()
				if code, _ := hong.add("open", fmt.Sprintf(`{"_id":%q}`, id)); code != 0 {
					t.Fatal(code)
				}
			}
			s, ticket := ming.dial(t)
			s.login(ticket, "shop-1")
			first := s.watch(1, "open", `{}`)
			add("seen")
			_, last := s.documents(1, first.Data.Current)
			breaks(t, s)
			add("meanwhile-1")
			add("meanwhile-2")
			again := ming.dialWith(t, ticket)
			again.login(ticket, "shop-1")
			again.send("REBUILD_WATCH", 1, map[string]any{"envId": "shop-1", "collName": "open", "queryID": first.Data.QueryID, "eventID": last})
			if f := again.read(); f.Type != "REBUILD_EVENT" || f.Data.QueryID != first.Data.QueryID {
				t.Fatalf("%+v", f)
			} else if n := len(f.Data.Events); n > 0 { // some are told with the answer
				last = f.Data.Current
				add("after")
				ids, _ := again.documents(3-n, last)
				if want := []string{"after", "meanwhile-1", "meanwhile-2"}; !slices.Equal(slices.Sorted(slices.Values(append(ids, idsOf(f)...))), want) {
					t.Errorf("%v and %v", idsOf(f), ids)
				}
				return
			}
			add("after")
			if ids, _ := again.documents(3, last); !slices.Equal(ids, []string{"after", "meanwhile-1", "meanwhile-2"}) {
				t.Error(ids)
			}
		})
	}
}

func idsOf(f frame) []string {
	var ids []string
	for _, e := range f.Data.Events {
		ids = append(ids, e.DocID)
	}
	return ids
}

// Two connections at once want one watch: one of them has it, and it goes on.
func TestAWatchIsTakenOverOnce(t *testing.T) {
	w := newWorld(t, true)
	ming, hong := w.as(w.miniLogin(shop, "ming")), w.as(w.miniLogin(shop, "hong"))
	s, ticket := ming.dial(t)
	s.login(ticket, "shop-1")
	first := s.watch(1, "open", `{}`)
	rebuild := map[string]any{"queryID": first.Data.QueryID, "eventID": first.Data.Current}
	for range 20 {
		again := ming.dialWith(t, ticket)
		again.login(ticket, "shop-1")
		again.send("REBUILD_WATCH", 1, rebuild)
		go func(old *socket) { _ = old.conn.CloseNow() }(s)
		if f := again.read(); f.Type != "REBUILD_EVENT" {
			t.Fatalf("%+v", f)
		}
		s = again
	}
	thief, stolen := hong.dial(t)
	thief.login(stolen, "shop-1")
	thief.send("REBUILD_WATCH", 1, rebuild)
	if f := thief.read(); f.Type != "ERROR" || f.Data.Code != "QUERYID_INVALID_ERROR" {
		t.Errorf("another person took it over: %+v", f)
	}
	if code, _ := hong.add("open", `{"_id":"after"}`); code != 0 {
		t.Fatal(code)
	}
	if ids, _ := s.documents(1, first.Data.Current); !slices.Equal(ids, []string{"after"}) {
		t.Error(ids)
	}
}

// A change reaches a watcher within a second, asked of 95 in 100 changes in the best
// of a few batches: the machine may be busy with other things for a while.
func TestAChangeReachesAWatcherWithinASecond(t *testing.T) {
	const changes, batches, bound = 50, 3, time.Second
	w := newWorld(t, true)
	ming, hong := w.as(w.miniLogin(shop, "ming")), w.as(w.miniLogin(shop, "hong"))
	s, ticket := ming.dial(t)
	s.login(ticket, "shop-1")
	last := s.watch(1, "open", `{}`).Data.Current
	best := time.Hour
	for batch := range batches + 1 { // the first one warms up
		took := make([]time.Duration, changes)
		for i := range took {
			id := fmt.Sprintf("%d-%d", batch, i)
			began := time.Now()
			if code, _ := hong.add("open", fmt.Sprintf(`{"_id":%q}`, id)); code != 0 {
				t.Fatal(code)
			}
			var ids []string
			if ids, last = s.documents(1, last); ids[0] != id {
				t.Fatalf("%v instead of %s", ids, id)
			}
			took[i] = time.Since(began)
		}
		slices.Sort(took)
		if p95 := took[changes*95/100]; batch > 0 {
			best = min(best, p95)
		}
		if batch > 0 && best < bound {
			break
		}
	}
	t.Logf("p95 of %d changes: %v", changes, best)
	if best >= bound {
		t.Errorf("p95 of %d changes in the best of %d batches: %v", changes, batches, best)
	}
}

// A result that is asked for again and again comes within a second after the run has
// ended, of runs that take longer than a request is held.
func TestAResultReachesWhoAsksWithinASecond(t *testing.T) {
	const calls, batches, bound, run = 20, 3, time.Second, 400 * time.Millisecond
	w := newWorld(t, false)
	ming := w.as(w.miniLogin(shop, "ming"))
	event := fmt.Sprintf(`{"ms":%d}`, run.Milliseconds())
	want(t, "a first call", ming.invoke("slow", event), 0)
	best := time.Hour
	for batch := 0; batch < batches && best >= bound; batch++ {
		took := make([]time.Duration, calls)
		for i := range took {
			began := time.Now()
			want(t, "slow", ming.invoke("slow", event), 0)
			took[i] = time.Since(began) - run
		}
		slices.Sort(took)
		best = min(best, took[calls*95/100])
	}
	t.Logf("p95 of %d calls, beyond the run itself: %v", calls, best)
	if best >= bound {
		t.Errorf("p95 of %d calls in the best of %d batches: %v beyond the run itself", calls, batches, best)
	}
}
