package wechatsim

import (
	"crypto/rand"
	"sync"
	"time"
)

const (
	// codeLife is how long a code can be exchanged.
	codeLife = 5 * time.Minute
	// maxCodes bounds the codes that are remembered, used ones included; the
	// oldest make room.
	maxCodes = 10_000
)

// login is what a code stands for. scope is empty in mini programs, whose codes
// are good for another call than those of the page.
type login struct {
	appID, person, scope string
}

type issued struct {
	login
	until time.Time
	used  bool
}

// codes are the codes of the last minutes.
type codes struct {
	now func() time.Time

	mu     sync.Mutex
	byCode map[string]*issued
	order  []string // oldest first, which is also the order in which they end
}

func newCodes(now func() time.Time) *codes {
	return &codes{now: now, byCode: map[string]*issued{}}
}

// issue makes a code for a login.
func (c *codes) issue(l login) string {
	code := "sim" + rand.Text()
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	for len(c.order) > 0 && (len(c.order) >= maxCodes || !now.Before(c.byCode[c.order[0]].until)) {
		delete(c.byCode, c.order[0])
		c.order = c.order[1:]
	}
	c.byCode[code] = &issued{login: l, until: now.Add(codeLife)}
	c.order = append(c.order, code)
	return code
}

// take exchanges a code, once, for the person and scope it stands for; else it
// returns WeChat's number for why not. A code that another app tries stays good
// for its own.
func (c *codes) take(code, appID string, web bool) (login, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.byCode[code]
	switch {
	case !ok || i.appID != appID || (i.scope != "") != web || !c.now().Before(i.until):
		return login{}, invalidCode
	case i.used:
		return login{}, usedCode
	}
	i.used = true
	return i.login, 0
}
