package service

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// loginLimiter bounds logins per address, and whatever else a key stands for: a
// few at once, then one every so often.
type loginLimiter struct {
	clock func() time.Time
	every time.Duration
	burst int

	mu      sync.Mutex
	entries map[string]*loginEntry
}

type loginEntry struct {
	limiter *rate.Limiter
	credit  int // tries given back by right passwords
	seen    time.Time
}

// Limits of logins with a password, per address and per user name, which slow
// guessing; and of end users' logins, per address, each of which asks WeChat, which
// serves an app so often and no oftener.
const (
	loginEvery = 10 * time.Second
	loginBurst = 8

	clientLoginEvery = time.Second
	clientLoginBurst = 60

	codeEvery = 10 * time.Minute
	codeBurst = 6

	// maxLoginEntries bounds the memory that strangers can fill.
	maxLoginEntries = 20_000
)

func newLoginLimiter(clock func() time.Time, every time.Duration, burst int) *loginLimiter {
	return &loginLimiter{clock: clock, every: every, burst: burst, entries: map[string]*loginEntry{}}
}

// newCodeLimiter bounds tries at one-time codes. They have six digits only, so whoever
// knows the password gets few: a day of guessing at this pace finds one in 2,000 users' codes.
func newCodeLimiter(clock func() time.Time) *loginLimiter {
	return newLoginLimiter(clock, codeEvery, codeBurst)
}

// allow reports whether a try for every one of the keys may go ahead. The first
// refusal ends it, so that who is limited by address fills no memory with names.
func (l *loginLimiter) allow(keys ...string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	l.forget(now)
	for _, key := range keys {
		e := l.entries[key]
		if e == nil {
			if len(l.entries) >= maxLoginEntries {
				return false
			}
			e = &loginEntry{limiter: rate.NewLimiter(rate.Every(l.every), l.burst)}
			l.entries[key] = e
		}
		e.seen = now
		if e.credit > 0 {
			e.credit--
			continue
		}
		if !e.limiter.AllowN(now, 1) {
			return false
		}
	}
	return true
}

// forget drops entries whose bucket is full again, when there are many.
func (l *loginLimiter) forget(now time.Time) {
	if len(l.entries) < maxLoginEntries/2 {
		return
	}
	for key, e := range l.entries {
		if now.Sub(e.seen) > l.every*time.Duration(l.burst) {
			delete(l.entries, key)
		}
	}
}

// succeeded gives back what a right password used up: all of the name's tries,
// and the one try of the address, which many people may share. Somebody who
// knows one password so gains no tries at the others.
func (l *loginLimiter) succeeded(name, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.entries, name)
	if e := l.entries[address]; e != nil {
		e.credit = min(e.credit+1, l.burst)
	}
}
