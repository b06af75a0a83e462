package wechat

import "time"

// SetTimeout changes how long the client waits.
func (c *Client) SetTimeout(d time.Duration) { c.timeout = d }

// SetNow changes the clock that tickets are kept by.
func (c *Client) SetNow(now func() time.Time) { c.tickets.now = now }

// Kept counts the apps for which tickets are kept.
func (c *Client) Kept() int {
	c.tickets.mu.Lock()
	defer c.tickets.mu.Unlock()
	return len(c.tickets.byApp)
}

// Bounds that tests reach.
const (
	MaxKept     = maxKept
	MaxAnswer   = maxAnswer
	RefusalKept = refusalKept
	Margin      = margin
)
