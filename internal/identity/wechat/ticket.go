package wechat

import (
	"context"
	"crypto/sha1" // the algorithm that WeChat's own script expects
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"envshare/models"
)

const (
	// margin is how long before its end something kept is fetched anew. WeChat
	// hands out a new access token five minutes before the old one ends.
	margin = 4 * time.Minute
	// keptAtMost bounds how long anything is kept, whatever an answer says.
	keptAtMost = 2 * time.Hour
	// refusalKept is how long a failure is answered again without asking: WeChat
	// counts calls by the day, and any user of an app can cause one.
	refusalKept = 10 * time.Second
	// maxKept bounds for how many apps tickets are kept.
	maxKept = 1024
	// maxTicket bounds a ticket and an access token, in bytes.
	maxTicket = 1024
)

// kept is what is known for an app: an access token, a ticket, or why there is
// none. The times are when each stops being good.
type kept struct {
	token, ticket           string
	err                     error
	tokenUntil, ticketUntil time.Time
}

// tickets keeps access tokens and tickets, one entry per app and secret: a new
// secret begins anew, and a wrong one gets nothing that the right one brought.
type tickets struct {
	client *Client
	now    func() time.Time
	flight singleflight.Group

	mu    sync.Mutex
	byApp map[string]kept
}

func newTickets(c *Client) *tickets {
	return &tickets{client: c, now: time.Now, byApp: map[string]kept{}}
}

// JSAPITicket implements identity.WeChat with /cgi-bin/stable_token, which unlike
// /cgi-bin/token does not end the token that another server uses, and
// /cgi-bin/ticket/getticket.
func (c *Client) JSAPITicket(ctx context.Context, appID, secret string) (string, error) {
	t := c.tickets
	sum := sha256.Sum256([]byte(appID + "\x00" + secret))
	key := string(sum[:])
	if k := t.get(key); t.now().Before(k.ticketUntil) {
		return k.ticket, k.err
	}
	// The one who asks for all may leave before the answer comes.
	done := t.flight.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
		defer cancel()
		return t.fetch(ctx, key, appID, secret)
	})
	select {
	case result := <-done:
		if result.Err != nil {
			return "", result.Err
		}
		return result.Val.(string), nil
	case <-ctx.Done():
		return "", models.E(models.CodeUnavailable, "wechat.unreachable").Wrap(fmt.Errorf("wait for the ticket of %s: %w", appID, context.Cause(ctx)))
	}
}

// fetch asks for a ticket, with the token that is kept or a new one, and once
// more with a new one when WeChat refuses the first.
func (t *tickets) fetch(ctx context.Context, key, appID, secret string) (string, error) {
	k := t.get(key)
	if now := t.now(); now.Before(k.ticketUntil) { // fetched since the caller looked
		return k.ticket, k.err
	} else if !now.Before(k.tokenUntil) {
		k.token = ""
	}
	k.ticket, k.err = t.ticket(ctx, &k, appID, secret)
	if isStale(k.err) && k.token != "" {
		k.token = ""
		k.ticket, k.err = t.ticket(ctx, &k, appID, secret)
	}
	if k.err != nil {
		k.token, k.tokenUntil, k.ticketUntil = "", time.Time{}, t.now().Add(refusalKept)
	}
	t.put(key, k)
	return k.ticket, k.err
}

// ticket asks for a ticket with the token in k, and for the token first when
// there is none.
func (t *tickets) ticket(ctx context.Context, k *kept, appID, secret string) (string, error) {
	if k.token == "" {
		r := request{path: "/cgi-bin/stable_token", appID: appID, secret: secret, body: map[string]any{
			"grant_type": "client_credential", "appid": appID, "secret": secret,
		}}
		a, err := t.client.ask(ctx, r)
		if err != nil {
			return "", err
		}
		if !printable(a.AccessToken, 1, maxTicket) {
			return "", unreadable(r, "access_token has not the shape of one")
		}
		k.token, k.tokenUntil = a.AccessToken, t.until(a)
	}
	r := request{path: "/cgi-bin/ticket/getticket", appID: appID, secret: secret, query: url.Values{
		"access_token": {k.token}, "type": {"jsapi"},
	}}
	a, err := t.client.ask(ctx, r)
	if err != nil {
		return "", err
	}
	if !printable(a.Ticket, 1, maxTicket) {
		return "", unreadable(r, "ticket has not the shape of one")
	}
	k.ticketUntil = t.until(a)
	return a.Ticket, nil
}

// until is when what came with an answer stops being good.
func (t *tickets) until(a answer) time.Time {
	seconds := min(max(a.ExpiresIn, 0), int64(keptAtMost/time.Second))
	return t.now().Add(time.Duration(seconds)*time.Second - margin)
}

func (t *tickets) get(key string) kept {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byApp[key]
}

// put keeps an entry. When there are too many, the one whose ticket ends first
// makes room.
func (t *tickets) put(key string, k kept) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.byApp[key]; !ok && len(t.byApp) >= maxKept {
		first := ""
		for other, entry := range t.byApp {
			if first == "" || entry.ticketUntil.Before(t.byApp[first].ticketUntil) {
				first = other
			}
		}
		delete(t.byApp, first)
	}
	t.byApp[key] = k
}

// Signature signs a page's address for WeChat's script, in lower-case
// hexadecimal. What follows # in the address does not count.
func Signature(ticket, nonce string, timestamp int64, pageURL string) string {
	pageURL, _, _ = strings.Cut(pageURL, "#")
	sum := sha1.Sum(fmt.Appendf(nil, "jsapi_ticket=%s&noncestr=%s&timestamp=%d&url=%s", ticket, nonce, timestamp, pageURL))
	return hex.EncodeToString(sum[:])
}
