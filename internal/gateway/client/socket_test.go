package client_test

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// socket speaks the realtime protocol as the SDK does.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
	next int
}

// frame is a message of the server.
type frame struct {
	WatchID int    `json:"watchId"`
	Type    string `json:"msgType"`
	Data    struct {
		Code    string  `json:"code"`
		QueryID string  `json:"queryID"`
		Current int64   `json:"currEvent"`
		Events  []event `json:"events"`
	} `json:"msgData"`
}

type event struct {
	ID                         int64
	DataType, QueueType, DocID string
	Doc                        string
}

// dial opens a socket with a ticket of its own.
func (c caller) dial(t *testing.T) (*socket, map[string]any) {
	t.Helper()
	r := c.call("tcbapi_db_get_realtime_connection", map[string]any{})
	if r.code() != 0 {
		t.Fatalf("connection: %v", r.inner)
	}
	return c.dialWith(t, r.inner), r.inner
}

func (c caller) dialWith(t *testing.T, ticket map[string]any) *socket {
	t.Helper()
	conn, res, err := websocket.Dial(t.Context(), ticket["ws_url"].(string), nil)
	must(t, err)
	if res.Body != nil {
		must(t, res.Body.Close())
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &socket{t: t, conn: conn}
}

func (s *socket) send(kind string, watchID int, data any) {
	s.t.Helper()
	s.next++
	m := map[string]any{"requestId": strconv.Itoa(s.next), "msgType": kind, "msgData": data}
	if watchID != 0 {
		m["watchId"] = watchID
	}
	text, err := json.Marshal(m)
	must(s.t, err)
	must(s.t, s.conn.Write(s.t.Context(), websocket.MessageText, text))
}

// read waits for a message.
func (s *socket) read() frame {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	_, text, err := s.conn.Read(ctx)
	must(s.t, err)
	var f frame
	must(s.t, json.Unmarshal(text, &f))
	return f
}

// ended waits for the end of the socket and returns its status.
func (s *socket) ended() websocket.StatusCode {
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	_, _, err := s.conn.Read(ctx)
	return websocket.CloseStatus(err)
}

func (s *socket) login(ticket map[string]any, env string) frame {
	s.t.Helper()
	s.send("LOGIN", 0, map[string]any{"envId": env, "signStr": ticket["sign_str"], "secretVersion": 1})
	return s.read()
}

func (s *socket) watch(id int, collection, query string) frame {
	s.t.Helper()
	s.send("INIT_WATCH", id, map[string]any{"envId": "shop-1", "collName": collection, "query": query, "queryType": 0})
	return s.read()
}

func TestWatchShowsWhatTheRulesAllow(t *testing.T) {
	w := newWorld(t, true)
	ming, hong := w.as(w.miniLogin(shop, "ming")), w.as(w.miniLogin(shop, "hong"))
	_, id := ming.add("own", `{"n":1}`)
	if code, _ := hong.add("own", `{"n":2}`); code != 0 {
		t.Fatal(code)
	}
	s, ticket := ming.dial(t)
	if f := s.login(ticket, "shop-1"); f.Type != "LOGIN" {
		t.Fatalf("%+v", f)
	}
	first := s.watch(1, "own", `{}`)
	if first.Type != "INIT_EVENT" || len(first.Data.Events) != 1 || first.Data.Events[0].DocID != id {
		t.Fatalf("it begins with %+v", first)
	}
	for _, denied := range []struct{ collection, query string }{{"secret", `{}`}, {"posts", `{}`}, {"members", `{}`}, {"nowhere", `{}`}, {"own", `{"$where":"1"}`}} {
		if f := s.watch(9, denied.collection, denied.query); f.Type != "ERROR" || f.Data.Code == "" {
			t.Errorf("%v: %+v", denied, f)
		}
	}
	if _, n := ming.update("own", `{"_id":"`+id+`"}`, `{"$set":{"n":5}}`, true); n != 1 {
		t.Fatal("not updated")
	}
	if f := s.read(); f.Type != "NEXT_EVENT" || f.Data.Events[0].QueueType != "update" || f.Data.Events[0].ID != first.Data.Current+1 {
		t.Errorf("%+v", f)
	}
	if code, _ := hong.add("own", `{"n":3}`); code != 0 {
		t.Fatal(code)
	}
	if _, n := ming.remove("own", `{"_id":"`+id+`"}`, true); n != 1 {
		t.Fatal("not removed")
	}
	if f := s.read(); len(f.Data.Events) != 1 || f.Data.Events[0].QueueType != "dequeue" || f.Data.Events[0].DataType != "remove" || f.Data.Events[0].DocID != id {
		t.Errorf("another's document, or not the removed one: %+v", f)
	}
	s.send("PING", 0, nil)
	if f := s.read(); f.Type != "PONG" {
		t.Errorf("%+v", f)
	}
	s.send("CHECK_LAST", 1, map[string]any{"queryID": first.Data.QueryID, "eventID": first.Data.Current})
	if f := s.read(); f.Type != "CHECK_EVENT" || f.Data.Current != first.Data.Current+2 {
		t.Errorf("%+v", f)
	}
}

// A socket that is lost is taken up by its own person, with what happened meanwhile.
func TestWatchIsTakenUpAgain(t *testing.T) {
	w := newWorld(t, true)
	ming, hong := w.as(w.miniLogin(shop, "ming")), w.as(w.miniLogin(shop, "hong"))
	s, ticket := ming.dial(t)
	s.login(ticket, "shop-1")
	first := s.watch(1, "open", `{}`)
	must(t, s.conn.Close(websocket.StatusGoingAway, ""))
	if code, _ := hong.add("open", `{"_id":"meanwhile"}`); code != 0 {
		t.Fatal(code)
	}
	rebuild := map[string]any{"envId": "shop-1", "collName": "open", "queryID": first.Data.QueryID, "eventID": first.Data.Current}
	thief, stolen := hong.dial(t)
	thief.login(stolen, "shop-1")
	thief.send("REBUILD_WATCH", 1, rebuild)
	if f := thief.read(); f.Type != "ERROR" || f.Data.Code != "QUERYID_INVALID_ERROR" {
		t.Errorf("another person took it up: %+v", f)
	}
	again := ming.dialWith(t, ticket) // the SDK presents the same ticket again
	again.login(ticket, "shop-1")
	again.send("REBUILD_WATCH", 1, rebuild)
	var seen []event
	for len(seen) == 0 {
		f := again.read()
		if f.Type == "ERROR" {
			t.Fatalf("%+v", f)
		}
		seen = append(seen, f.Data.Events...)
	}
	if seen[0].DocID != "meanwhile" || seen[0].QueueType != "enqueue" || seen[0].ID != first.Data.Current+1 {
		t.Errorf("%+v", seen)
	}
}

func TestS6_AWatchEndsWithItsShare(t *testing.T) {
	w := newWorld(t, false)
	ming := w.as(w.brandLogin("ming"))
	want(t, "init", ming.init(), 0)
	s, ticket := ming.dial(t)
	s.login(ticket, "shop-1")
	if f := s.watch(1, "open", `{}`); f.Type != "INIT_EVENT" {
		t.Fatalf("%+v", f)
	}
	must(t, w.Services.Sharing.Remove(t.Context(), systemActor, shop, shareOf(t, w).ID))
	if code, _ := w.as(w.miniLogin(shop, "hong")).add("open", `{"late":true}`); code != 0 {
		t.Fatal(code)
	}
	if f := s.read(); f.Type != "ERROR" || f.WatchID != 1 {
		t.Errorf("after the share was removed: %+v", f)
	}
	if f := s.watch(2, "open", `{}`); f.Type != "ERROR" {
		t.Errorf("a new watch: %+v", f)
	}
}

func TestSocketsNeedTheirOwnTicket(t *testing.T) {
	w := newWorld(t, true)
	ming := w.as(w.miniLogin(shop, "ming"))
	s, ticket := ming.dial(t)
	if f := s.login(ticket, "shop-2"); f.Type != "ERROR" || f.Data.Code != "SIGN_INVALID_ERROR" {
		t.Errorf("a ticket of another environment: %+v", f)
	}
	for name, text := range map[string]string{"an access token": ming.token, "made up": "x", "none": ""} {
		if f := s.login(map[string]any{"sign_str": text}, "shop-1"); f.Type != "ERROR" {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if f := s.login(ticket, "shop-1"); f.Type != "LOGIN" {
		t.Errorf("the right one: %+v", f)
	}
	early := ming.dialWith(t, ticket)
	early.send("INIT_WATCH", 1, map[string]any{"collName": "open", "query": "{}"})
	if code := early.ended(); code != 3050 {
		t.Errorf("watching before login ended the socket with %d", code)
	}
	w.advance(11 * time.Minute)
	if f := ming.dialWith(t, ticket).login(ticket, "shop-1"); f.Data.Code != "SIGN_EXPIRED_ERROR" {
		t.Errorf("an old ticket: %+v", f)
	}
}
