package wechat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"envshare/internal/identity/wechat"
	"envshare/models"
)

// official is WeChat's side of tickets, as far as tests steer it.
type official struct {
	mu              sync.Mutex
	tokens, tickets int    // asked for so far
	valid           string // the access token that is accepted
	expiresIn       int    // seconds
	ticketExpiresIn int    // instead, for tickets; 0 for the same
	refuseTickets   int    // a number with which every ticket is refused
}

func (o *official) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := map[string]any{"errcode": 0, "errmsg": "ok", "expires_in": o.expiresIn}
	switch r.Method + " " + r.URL.Path {
	case "POST /cgi-bin/stable_token":
		o.tokens++
		var asked struct {
			GrantType string `json:"grant_type"`
			AppID     string
			Secret    string
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.GrantType != "client_credential" || r.URL.RawQuery != "" {
			out = map[string]any{"errcode": 40002, "errmsg": "invalid grant_type"}
		} else if asked.Secret != secret {
			out = map[string]any{"errcode": 40001, "errmsg": "AppSecret error"}
		} else {
			o.valid = fmt.Sprint("token-", o.tokens)
			out["access_token"] = o.valid
		}
	case "GET /cgi-bin/ticket/getticket":
		o.tickets++
		switch q := r.URL.Query(); {
		case o.refuseTickets != 0:
			out = map[string]any{"errcode": o.refuseTickets, "errmsg": "no"}
		case q.Get("access_token") != o.valid || q.Get("type") != "jsapi":
			out = map[string]any{"errcode": 42001, "errmsg": "access_token expired"}
		default:
			if o.ticketExpiresIn != 0 {
				out["expires_in"] = o.ticketExpiresIn
			}
			out["ticket"] = fmt.Sprint("ticket-", o.tickets)
		}
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (o *official) asked() (tokens, tickets int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tokens, o.tickets
}

// expect asks for a ticket and compares what came and how often WeChat was asked.
func expect(t *testing.T, c *wechat.Client, o *official, ticket string, tokens, tickets int) {
	t.Helper()
	got, err := c.JSAPITicket(t.Context(), account, secret)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := o.asked(); got != ticket || a != tokens || b != tickets {
		t.Fatalf("%s after %d tokens and %d tickets, want %s after %d and %d", got, a, b, ticket, tokens, tickets)
	}
}

func TestTicketsAreKeptUntilShortlyBeforeTheirEnd(t *testing.T) {
	o := &official{expiresIn: 7200}
	c, _ := newClient(t, o)
	now := time.Now()
	c.SetNow(func() time.Time { return now })
	expect(t, c, o, "ticket-1", 1, 1)
	now = now.Add(2*time.Hour - wechat.Margin - time.Second)
	expect(t, c, o, "ticket-1", 1, 1)
	now = now.Add(2 * time.Second)
	expect(t, c, o, "ticket-2", 2, 2)
}

func TestWhatHasNoEndOrNoTimeIsNotKept(t *testing.T) {
	o := &official{expiresIn: 0}
	c, _ := newClient(t, o)
	now := time.Now()
	c.SetNow(func() time.Time { return now })
	expect(t, c, o, "ticket-1", 1, 1)
	expect(t, c, o, "ticket-2", 2, 2)
	o.expiresIn = -1 << 40
	expect(t, c, o, "ticket-3", 3, 3)
	o.expiresIn = 1 << 40
	expect(t, c, o, "ticket-4", 4, 4)
	now = now.Add(2 * time.Hour)
	expect(t, c, o, "ticket-5", 5, 5)
}

func TestAStaleTokenIsRenewedOnce(t *testing.T) {
	o := &official{expiresIn: 7200, ticketExpiresIn: 600}
	c, _ := newClient(t, o)
	now := time.Now()
	c.SetNow(func() time.Time { return now })
	expect(t, c, o, "ticket-1", 1, 1)
	now = now.Add(10 * time.Minute)
	expect(t, c, o, "ticket-2", 1, 2) // the token is still good
	now = now.Add(10 * time.Minute)
	o.valid = "a token that somebody forced"
	expect(t, c, o, "ticket-4", 2, 4)
	now = now.Add(10 * time.Minute)
	expect(t, c, o, "ticket-5", 2, 5)
	for number, twice := range map[int]int{40001: 1, 40014: 1, 42001: 1, 48001: 0, -1: 0} {
		now = now.Add(10 * time.Minute)
		o.refuseTickets = 0
		if _, err := c.JSAPITicket(t.Context(), account, secret); err != nil { // a token is kept again
			t.Fatal(err)
		}
		now = now.Add(10 * time.Minute)
		tokens, tickets := o.asked()
		o.refuseTickets = number
		_, err := c.JSAPITicket(t.Context(), account, secret)
		if a, b := o.asked(); !models.IsCode(err, models.CodeUnavailable) || a != tokens+twice || b != tickets+1+twice {
			t.Errorf("%d: %v after %d more tokens and %d more tickets, want %d and %d", number, err, a-tokens, b-tickets, twice, 1+twice)
		}
	}
}

func TestFailuresAreKeptForAMoment(t *testing.T) {
	o := &official{expiresIn: 7200, refuseTickets: -1}
	c, _ := newClient(t, o)
	now := time.Now()
	c.SetNow(func() time.Time { return now })
	for range 20 {
		if _, err := c.JSAPITicket(t.Context(), account, secret); models.MsgOf(err).Key != "wechat.busy" {
			t.Fatal(err)
		}
	}
	if _, tickets := o.asked(); tickets != 1 {
		t.Fatalf("WeChat was asked %d times while it was busy", tickets)
	}
	o.refuseTickets = 0
	now = now.Add(wechat.RefusalKept)
	expect(t, c, o, "ticket-2", 2, 2)
}

func TestAWrongSecretGetsNoTicket(t *testing.T) {
	o := &official{expiresIn: 7200}
	c, _ := newClient(t, o)
	expect(t, c, o, "ticket-1", 1, 1)
	if _, err := c.JSAPITicket(t.Context(), account, "wrong"); models.MsgOf(err).Key != "wechat.app_secret" {
		t.Fatal(err)
	}
	if tokens, _ := o.asked(); tokens != 2 {
		t.Fatalf("a refused secret was tried %d times", tokens-1)
	}
	expect(t, c, o, "ticket-1", 2, 1)
}

func TestManyWhoAskAtOnceAskOnce(t *testing.T) {
	o := &official{expiresIn: 7200}
	arrived, release := make(chan struct{}, 100), make(chan struct{})
	c, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		o.ServeHTTP(w, r)
	}))
	leaving, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := c.JSAPITicket(leaving, account, secret)
		left <- err
	}()
	<-arrived
	leave() // the first to ask goes away; the question stays
	if err := <-left; !models.IsCode(err, models.CodeUnavailable) {
		t.Fatal(err)
	}
	const askers = 50
	got := make(chan string, askers)
	for range askers {
		go func() {
			ticket, err := c.JSAPITicket(context.Background(), account, secret)
			got <- fmt.Sprint(ticket, err)
		}()
	}
	close(release)
	for range askers {
		if ticket := <-got; ticket != "ticket-1<nil>" {
			t.Error(ticket)
		}
	}
	if tokens, tickets := o.asked(); tokens != 1 || tickets != 1 {
		t.Fatalf("WeChat was asked for %d tokens and %d tickets", tokens, tickets)
	}
}

func TestTicketsAreKeptForSoManyAppsOnly(t *testing.T) {
	o := &official{expiresIn: 7200}
	c, _ := newClient(t, o)
	now := time.Now()
	c.SetNow(func() time.Time { now = now.Add(time.Millisecond); return now })
	for n := range wechat.MaxKept + 3 {
		if _, err := c.JSAPITicket(t.Context(), fmt.Sprintf("wx%016x", n), secret); err != nil {
			t.Fatal(err)
		}
	}
	if c.Kept() != wechat.MaxKept {
		t.Fatalf("tickets of %d apps are kept", c.Kept())
	}
	for _, row := range []struct{ app, asked int }{{wechat.MaxKept + 2, 0}, {3, 0}, {0, 1}} { // the oldest three made room
		_, before := o.asked()
		if _, err := c.JSAPITicket(t.Context(), fmt.Sprintf("wx%016x", row.app), secret); err != nil {
			t.Fatal(err)
		}
		if _, after := o.asked(); after-before != row.asked {
			t.Errorf("app %d: asked %d times, want %d", row.app, after-before, row.asked)
		}
	}
}

func TestTicketOfTheSimulator(t *testing.T) {
	c, base := newClient(t, simulator())
	ticket, err := c.JSAPITicket(t.Context(), account, secret)
	if err != nil || !strings.HasPrefix(ticket, "simticket-") {
		t.Fatalf("%q, %v", ticket, err)
	}
	again, err := wechat.New(base)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := again.JSAPITicket(t.Context(), account, secret); err != nil || same != ticket {
		t.Fatalf("another server gets %q, %v", same, err)
	}
	if other, err := c.JSAPITicket(t.Context(), mini, secret); err != nil || other == ticket {
		t.Fatalf("another app gets %q, %v", other, err)
	}
	if _, err := c.JSAPITicket(t.Context(), account, "wrong"); models.MsgOf(err).Key != "wechat.app_secret" {
		t.Fatal(err)
	}
}

func TestSignature(t *testing.T) {
	// The example of WeChat's documentation.
	const ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
	const want = "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
	for _, page := range []string{"http://mp.weixin.qq.com?params=value", "http://mp.weixin.qq.com?params=value#", "http://mp.weixin.qq.com?params=value#wechat_redirect"} {
		if got := wechat.Signature(ticket, "Wm3WZYTPz0wzccnW", 1414587457, page); got != want {
			t.Errorf("%s: %s", page, got)
		}
	}
	if wechat.Signature(ticket, "Wm3WZYTPz0wzccnW", 1414587457, "http://mp.weixin.qq.com?params=other") == want {
		t.Error("the address does not count")
	}
}
