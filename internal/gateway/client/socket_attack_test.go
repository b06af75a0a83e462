package client_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"envshare/models"
)

// sockets counts the sockets that the server still serves.
func sockets() int {
	stacks := make([]byte, 4<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "(*Handler).Socket(")
}

// allEnd waits until the server serves no socket.
func allEnd(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(10 * time.Second)
	for sockets() > 0 {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%d sockets are served after their clients left", sockets())
		}
	}
}

// Whatever a client says of its watches, they end with its socket.
func TestSocketsLeaveNothingBehind(t *testing.T) {
	w := newWorld(t, true)
	ming := w.as(w.miniLogin(shop, "ming"))
	for name, misuse := range map[string]func(s *socket, first frame){
		"a watchId twice": func(s *socket, _ frame) {
			if f := s.watch(1, "open", `{"a":1}`); f.Type != "INIT_EVENT" {
				t.Errorf("the repeated request: %+v", f)
			}
		},
		"events that never were": func(s *socket, first frame) {
			s.send("REBUILD_WATCH", 1, map[string]any{"queryID": first.Data.QueryID, "eventID": 99})
			if f := s.read(); f.Data.Code != "QUERYID_INVALID_ERROR" {
				t.Errorf("%+v", f)
			}
		},
		"a watch under another watchId": func(s *socket, first frame) {
			second := s.watch(2, "open", `{}`)
			s.send("REBUILD_WATCH", 2, map[string]any{"queryID": first.Data.QueryID, "eventID": first.Data.Current})
			if f := s.read(); f.Type != "ERROR" || second.Type != "INIT_EVENT" {
				t.Errorf("%+v", f)
			}
		},
		"a watch that was closed": func(s *socket, first frame) {
			s.send("CLOSE_WATCH", 1, nil)
			s.send("REBUILD_WATCH", 1, map[string]any{"queryID": first.Data.QueryID, "eventID": first.Data.Current})
			if f := s.read(); f.Type != "ERROR" {
				t.Errorf("%+v", f)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, ticket := ming.dial(t)
			s.login(ticket, "shop-1")
			misuse(s, s.watch(1, "open", `{}`))
			must(t, s.conn.Close(websocket.StatusGoingAway, ""))
			allEnd(t)
		})
	}
}

func TestSocketsTakeSoManyTriesToLogIn(t *testing.T) {
	w := newWorld(t, true)
	s, _ := w.as(w.miniLogin(shop, "ming")).dial(t)
	for range 5 {
		if f := s.login(map[string]any{"sign_str": "x"}, "shop-1"); f.Type != "ERROR" {
			t.Fatalf("%+v", f)
		}
	}
	s.send("LOGIN", 0, map[string]any{"envId": "shop-1", "signStr": "x"})
	if code := s.ended(); code != 3050 {
		t.Errorf("the sixth try ended the socket with %d", code)
	}
	allEnd(t)
}

// What happened while a watch had no socket is for whoever may still see it.
func TestS6_AWatchIsNotTakenUpAfterItsRightsEnded(t *testing.T) {
	for name, end := range map[string]func(w *world, t *testing.T){
		"the share was removed": func(w *world, t *testing.T) {
			must(t, w.Services.Sharing.Remove(t.Context(), systemActor, shop, shareOf(t, w).ID))
		},
		"the rule was changed": func(w *world, t *testing.T) {
			must(t, w.Services.Access.SaveRule(t.Context(), systemActor, shop, "shop-1", ruleOf("open"), models.PresetAdmin, ""))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, false)
			ming := w.as(w.brandLogin("ming"))
			want(t, "init", ming.init(), 0)
			s, ticket := ming.dial(t)
			s.login(ticket, "shop-1")
			first := s.watch(1, "open", `{}`)
			if code, _ := w.as(w.miniLogin(shop, "hong")).add("open", `{"n":"seen"}`); code != 0 {
				t.Fatal(code)
			}
			if f := s.read(); f.Type != "NEXT_EVENT" {
				t.Fatalf("%+v", f)
			}
			must(t, s.conn.Close(websocket.StatusGoingAway, ""))
			allEnd(t)
			again := ming.dialWith(t, ticket)
			end(w, t)
			again.login(ticket, "shop-1")
			again.send("REBUILD_WATCH", 1, map[string]any{"queryID": first.Data.QueryID, "eventID": first.Data.Current})
			if f := again.read(); f.Type != "ERROR" || f.Data.Code != "COLLECTION_PERMISSION_DENIED" || len(f.Data.Events) > 0 {
				t.Errorf("%+v", f)
			}
		})
	}
}

// A watch ends when what let it begin does: at the next change, or soon without one.
func TestWatchesEndWithWhatTheyStoodOn(t *testing.T) {
	w := newWorld(t, true)
	begin := func(c caller, collection string) *socket {
		s, ticket := c.dial(t)
		s.login(ticket, "shop-1")
		if f := s.watch(1, collection, `{}`); f.Type != "INIT_EVENT" {
			t.Fatalf("%+v", f)
		}
		return s
	}
	login := w.miniLogin(shop, "ming")
	person, visitor, other := begin(w.as(login), "own"), begin(w.visitor(), "open"), begin(w.as(w.miniLogin(shop, "hong")), "open")
	want(t, "sign-out", w.post("/__wx__/logout", map[string]any{"access_token": login.access}, "").ret(), 0)
	if f := person.read(); f.Type != "ERROR" || f.WatchID != 1 {
		t.Errorf("after sign-out: %+v", f)
	}
	must(t, w.Services.Access.SetPolicy(t.Context(), systemActor, shop, "shop-1", models.ClientPolicy{}))
	if f := visitor.read(); f.Type != "ERROR" || f.WatchID != 1 {
		t.Errorf("after access without login was switched off: %+v", f)
	}
	must(t, w.Services.Access.SaveRule(t.Context(), systemActor, shop, "shop-1", ruleOf("open"), models.PresetAdmin, ""))
	if f := other.read(); f.Type != "ERROR" || f.WatchID != 1 {
		t.Errorf("after the rule was changed: %+v", f)
	}
}

// A watch on doc(id) is judged by the document that it shows, and outlives it.
func TestWatchOfOneDocument(t *testing.T) {
	w := newWorld(t, true)
	ming, hong := w.as(w.miniLogin(shop, "ming")), w.as(w.miniLogin(shop, "hong"))
	_, id := ming.add("posts", `{"text":"a"}`)
	watchOne := func(s *socket, query string) frame {
		s.send("INIT_WATCH", 1, map[string]any{"envId": "shop-1", "collName": "posts", "query": query, "queryType": 1})
		return s.read()
	}
	thief, ticket := hong.dial(t)
	thief.login(ticket, "shop-1")
	for _, query := range []string{`{"_id":"` + id + `"}`, `{"_id":"none"}`, `{"text":"a"}`, `{"_id":{"$gt":""}}`} {
		if f := watchOne(thief, query); f.Type != "ERROR" {
			t.Errorf("%s: %+v", query, f)
		}
	}
	s, ticket := ming.dial(t)
	s.login(ticket, "shop-1")
	if f := watchOne(s, `{"_id":"`+id+`"}`); f.Type != "INIT_EVENT" || len(f.Data.Events) != 1 {
		t.Fatalf("%+v", f)
	}
	want(t, "change", ming.set("posts", id, `{"text":"b"}`), 0)
	if f := s.read(); f.Type != "NEXT_EVENT" || !strings.Contains(f.Data.Events[0].Doc, `"b"`) {
		t.Errorf("%+v", f)
	}
	if _, n := ming.remove("posts", `{"_id":"`+id+`"}`, true); n != 1 {
		t.Fatal("not removed")
	}
	if f := s.read(); f.Type != "NEXT_EVENT" || f.Data.Events[0].QueueType != "dequeue" || f.Data.Events[0].DataType != "remove" {
		t.Errorf("%+v", f)
	}
}
