package client_test

import (
	"testing"

	"envshare/internal/testkit"
)

// A deleted environment is closed to clients at once: to its own users, to those of
// a borrower, and to visitors; what they were in the middle of ends.
func TestADeletedEnvironmentIsClosedToClients(t *testing.T) {
	w := newWorld(t, true)
	own, visitor := w.as(w.miniLogin(shop, "ming")), w.visitor()
	code, id := own.add("open", `{"n":1}`)
	want(t, "add", code, 0)
	want(t, "upload", func() int { code, _ := own.upload("before.txt", "x"); return code }(), 0)
	code, ticket := own.ticket("late.txt")
	want(t, "ticket", code, 0)
	code, _ = visitor.get("open", id)
	want(t, "a visitor's get", code, 0)
	s, _ := own.dial(t)
	_, connection := own.dial(t)
	s.login(connection, "shop-1")
	if f := s.watch(1, "open", `{}`); f.Type != "INIT_EVENT" {
		t.Fatalf("watch: %+v", f)
	}

	must(t, w.Services.Environments.Delete(t.Context(), testkit.Actor, shop, "shop-1", "shop-1"))

	for name, c := range map[string]caller{"own": own, "a visitor": visitor, "a page": visitor.from("https://open.example")} {
		code, _ := c.find("open", `{}`)
		if code >= 0 {
			t.Errorf("%s finds: %d", name, code)
		}
		if code, _ := c.add("open", `{}`); code >= 0 {
			t.Errorf("%s adds: %d", name, code)
		}
		if code := c.invoke("open", "{}"); code >= 0 {
			t.Errorf("%s calls: %d", name, code)
		}
		if code, _ := c.ticket("more.txt"); code >= 0 {
			t.Errorf("%s uploads: %d", name, code)
		}
	}
	if status := w.send(ticket, "late.txt", "late"); status < 400 {
		t.Errorf("an upload that was let in before: %d", status)
	}
	if f := s.read(); f.Type == "NEXT_EVENT" {
		t.Errorf("the watch goes on: %+v", f)
	}
	if r := own.call("tcbapi_db_get_realtime_connection", map[string]any{}); r.code() >= 0 {
		t.Errorf("another socket: %v", r.inner)
	}
}
