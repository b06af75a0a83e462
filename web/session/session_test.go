package session_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"envshare/models"
	"envshare/web/session"
	"envshare/web/session/sessiontest"
)

func TestNobodySignedInLeavesNoTrace(t *testing.T) {
	k := newConsole(t)
	if a := k.do("GET", "/me"); a.body != "" || len(a.sessionCookies()) != 0 {
		t.Errorf("body %q, cookies %v", a.body, a.sessionCookies())
	}
	k.do("POST", "/flash/1")
	k.do("POST", "/out")
	if got := k.flashes(); len(got) != 0 || len(k.records.All()) != 0 {
		t.Errorf("flashes %v, records %v", got, k.records.All())
	}
}

func TestSignIn(t *testing.T) {
	t.Run("the cookie is shut to scripts and other sites, and opens no copy of the table", func(t *testing.T) {
		k := newConsole(t)
		a := k.do("POST", "/in/alice", "User-Agent", strings.Repeat("Browser", 100))
		if lines := a.sessionCookies(); len(lines) == 0 || !strings.Contains(lines[0], "Path=/") ||
			!strings.Contains(lines[0], "HttpOnly") || !strings.Contains(lines[0], "SameSite=Lax") || strings.Contains(lines[0], "Secure") {
			t.Errorf("cookies %q", lines)
		}
		all := k.records.All()
		if len(all) != 1 || len(all[0].ID) != 64 || strings.Contains(fmt.Sprintf("%+v", all[0]), k.cookie()) {
			t.Fatalf("records %+v", all)
		}
		if all[0].UserID != alice.ID || all[0].IP != "127.0.0.1" || len(all[0].UserAgent) != 256 {
			t.Errorf("record %+v", all[0])
		}
	})

	t.Run("with TLS the cookie never travels without it", func(t *testing.T) {
		records := sessiontest.New(alice)
		e := echo.New()
		e.Use(session.Middleware(records, session.Config{Secure: true}))
		e.POST("/in", func(c echo.Context) error { return session.SignIn(c, alice) })
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest("POST", "/in", nil))
		if got := w.Header().Get("Set-Cookie"); !strings.Contains(got, "Secure") {
			t.Errorf("cookie %q", got)
		}
	})

	t.Run("times are kept in UTC, whatever the clock's zone", func(t *testing.T) {
		records := sessiontest.New(alice)
		e := echo.New()
		zone := time.FixedZone("CST", 8*60*60)
		e.Use(session.Middleware(records, session.Config{Now: func() time.Time { return time.Now().In(zone) }}))
		e.POST("/in", func(c echo.Context) error { return session.SignIn(c, alice) })
		e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/in", nil))
		for _, s := range records.All() {
			for _, at := range []time.Time{s.CreatedAt, s.LastSeenAt, s.ExpiresAt} {
				if at.Location() != time.UTC || at.Nanosecond()%1e6 != 0 {
					t.Errorf("time %v", at)
				}
			}
		}
	})

	t.Run("the cookie that the browser had before is worth nothing after", func(t *testing.T) {
		k := newConsole(t)
		k.do("POST", "/in/bob")
		before := k.cookie()
		k.do("POST", "/in/alice")
		if k.cookie() == before || k.me() != "alice" || len(k.records.All()) != 1 {
			t.Errorf("cookie kept %v, me %q, records %v", k.cookie() == before, k.me(), k.records.All())
		}
		if who := k.doAs(k.browser(), "GET", "/me", "Cookie", session.CookieName+"="+before).body; who != "" {
			t.Errorf("the old cookie is %q", who)
		}
	})

	t.Run("a planted cookie is not taken up", func(t *testing.T) {
		k := newConsole(t)
		planted := strings.Repeat("A", 43)
		a := k.do("POST", "/in/alice", "Cookie", session.CookieName+"="+planted)
		if strings.Contains(strings.Join(a.Header.Values("Set-Cookie"), "\n"), planted) {
			t.Error("the planted value was set")
		}
		if who := k.doAs(k.browser(), "GET", "/me", "Cookie", session.CookieName+"="+planted).body; who != "" {
			t.Errorf("the planted cookie is %q", who)
		}
	})

	t.Run("the actor is whole", func(t *testing.T) {
		k := newConsole(t)
		k.do("POST", "/in/alice")
		var got models.Actor
		if err := json.Unmarshal([]byte(k.do("GET", "/actor").body), &got); err != nil {
			t.Fatal(err)
		}
		want := models.Actor{UserID: "u-alice", Username: "alice", Operator: true, Via: "console", IP: "127.0.0.1", RequestID: "r-1"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSessionEnds(t *testing.T) {
	cases := map[string]func(k *console){
		"at sign-out":                       func(k *console) { k.do("POST", "/out") },
		"when it is deleted on the server":  func(k *console) { k.records.DeleteAll() },
		"when the user is deleted":          func(k *console) { k.records.DeleteUser(alice.ID) },
		"when it was idle for twelve hours": func(k *console) { k.clock.Advance(12 * time.Hour) },
		"seven days after signing in, used or not": func(k *console) {
			for range 7 * 24 {
				k.clock.Advance(time.Hour)
				k.do("GET", "/me")
			}
		},
	}
	for name, end := range cases {
		t.Run(name, func(t *testing.T) {
			k := newConsole(t)
			k.do("POST", "/in/alice")
			old := k.cookie()
			end(k)
			a := k.doAs(k.browser(), "GET", "/me", "Cookie", session.CookieName+"="+old)
			if a.body != "" {
				t.Errorf("the old cookie is %q", a.body)
			}
			if lines := a.sessionCookies(); len(lines) != 1 || !strings.Contains(lines[0], "Max-Age=0") {
				t.Errorf("the dead cookie is not taken back: %q", lines)
			}
		})
	}
}

func TestUseKeepsASessionAlive(t *testing.T) {
	k := newConsole(t)
	k.do("POST", "/in/alice")
	for range 6 {
		k.clock.Advance(11 * time.Hour)
		if k.me() != "alice" {
			t.Fatal("ended while in use")
		}
	}
	t.Run("written at most once a minute", func(t *testing.T) {
		k.flashes()
		before := k.records.Saves()
		for range 5 {
			k.clock.Advance(10 * time.Second)
			k.me()
		}
		if got := k.records.Saves() - before; got != 0 {
			t.Errorf("%d writes within a minute", got)
		}
		k.clock.Advance(10 * time.Second)
		k.me()
		if got := k.records.Saves() - before; got != 1 {
			t.Errorf("%d writes after a minute", got)
		}
	})
	t.Run("the end never passes the seventh day", func(t *testing.T) {
		for range 10 {
			k.clock.Advance(10 * time.Hour)
			k.me()
		}
		for _, s := range k.records.All() {
			if s.ExpiresAt.After(s.CreatedAt.Add(7 * 24 * time.Hour)) {
				t.Errorf("ends %v, began %v", s.ExpiresAt, s.CreatedAt)
			}
		}
	})
}

func TestEndingWhileARequestRuns(t *testing.T) {
	k := newConsole(t)
	k.do("POST", "/in/alice")
	old := k.cookie()
	k.during("/slow/flash", func() {
		k.doAs(k.browser(), "POST", "/out", "Cookie", session.CookieName+"="+old)
	})
	if all := k.records.All(); len(all) != 0 {
		t.Errorf("the request brought the session back: %+v", all)
	}
}

func TestFlash(t *testing.T) {
	welcome := session.Message{Kind: "success", Msg: models.M("login.welcome", "name", "alice")}

	t.Run("shown once", func(t *testing.T) {
		k := newConsole(t)
		k.do("POST", "/in/alice")
		if diff := cmp.Diff([]session.Message{welcome}, k.flashes()); diff != "" {
			t.Error(diff)
		}
		if got := k.flashes(); len(got) != 0 {
			t.Errorf("shown again: %v", got)
		}
	})

	t.Run("kept for its own session, over pages that show none", func(t *testing.T) {
		k := newConsole(t)
		k.do("POST", "/in/alice")
		k.me()
		other := k.browser()
		k.doAs(other, "POST", "/in/bob")
		if got := k.flashes(); len(got) != 1 || got[0].Msg.Args["name"] != "alice" {
			t.Errorf("got %v", got)
		}
	})

	t.Run("the last eight are kept, with bounded values", func(t *testing.T) {
		k := newConsole(t)
		k.do("POST", "/in/alice")
		for i := range 10 {
			k.do("POST", fmt.Sprintf("/flash/%d", i))
		}
		k.do("POST", "/flash/"+strings.Repeat("x", 1000))
		got := k.flashes()
		if len(got) != 8 || got[0].Msg.Args["n"] != "3" {
			t.Fatalf("got %v", got)
		}
		if last := fmt.Sprint(got[7].Msg.Args["n"]); len([]rune(last)) != 200 {
			t.Errorf("a value of %d characters", len([]rune(last)))
		}
	})

	t.Run("one added while another request shows others is not lost", func(t *testing.T) {
		for _, slow := range []string{"/slow/flash", "/slow/show"} {
			k := newConsole(t)
			k.do("POST", "/in/alice")
			k.during(slow, func() {
				if slow == "/slow/show" {
					k.do("POST", "/flash/1")
					return
				}
				k.flashes()
			})
			if got := k.flashes(); len(got) != 1 || got[0].Msg.Key == "login.welcome" {
				t.Errorf("%s: got %v", slow, got)
			}
		}
	})
}

func TestRequired(t *testing.T) {
	k := newConsole(t)
	cases := map[string]struct {
		method, path string
		headers      []string
		status       int
		location, hx string
	}{
		"a page leads to sign-in and back": {"GET", "/private/page?a=b", nil, 303, "/login?next=%2Fprivate%2Fpage%3Fa%3Db", ""},
		"a form leads to sign-in only":     {"POST", "/private/page", nil, 303, "/login", ""},
		"htmx is told to go there":         {"GET", "/private/page", []string{"HX-Request", "true", "HX-Current-URL", k.server.URL + "/apps?x=1"}, 401, "", "/login?next=%2Fapps%3Fx%3D1"},
		"htmx is not led elsewhere":        {"POST", "/private/page", []string{"HX-Request", "true", "HX-Current-URL", "http://x.test//evil.test"}, 401, "", "/login"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a := k.do(tc.method, tc.path, tc.headers...)
			if a.StatusCode != tc.status || a.Header.Get("Location") != tc.location || a.Header.Get("HX-Redirect") != tc.hx || a.body != "" {
				t.Errorf("status %d, location %q, HX-Redirect %q, body %q", a.StatusCode, a.Header.Get("Location"), a.Header.Get("HX-Redirect"), a.body)
			}
		})
	}
	t.Run("somebody signed in passes", func(t *testing.T) {
		k.do("POST", "/in/bob")
		if a := k.do("GET", "/private/page"); a.body != "page" {
			t.Errorf("body %q", a.body)
		}
	})
}

func TestRecordsFailing(t *testing.T) {
	k := newConsole(t)
	k.do("POST", "/in/alice")
	k.records.Fail(models.E(models.CodeUnavailable, "error.unavailable"))
	if a := k.do("GET", "/me"); a.StatusCode != http.StatusInternalServerError || len(a.sessionCookies()) != 0 {
		t.Errorf("status %d, cookies %v: nobody may be signed out by a database that is down", a.StatusCode, a.sessionCookies())
	}
	k.records.Fail(nil)
	if k.me() != "alice" {
		t.Error("signed out")
	}
}
