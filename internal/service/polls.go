package service

import (
	"context"
	"sync"
	"time"

	"envshare/models"
)

// polls remembers the calls of functions that clients wait for. The SDK repeats a
// call whose answer is slow, and asks for its result again and again: all these
// requests are one run (client protocol, section 5). What one node runs, it alone
// can answer for.
type polls struct {
	clock func() time.Time

	mu    sync.Mutex
	calls map[pollKey]*polled
	of    map[string]int // calls that are remembered, by who shares a bound
	bytes int            // of kept results
	swept time.Time      // when results whose time is over were dropped last
}

// pollKey names a call by who made it and what was called, so that nobody fetches
// the result of somebody else's call, nor that of another function.
type pollKey struct{ person, env, function, call string }

type polled struct {
	shares []pollShare   // under which it is counted
	done   chan struct{} // closed when the run has ended
	result CallResult
	err    error
	until  time.Time // when the result may be forgotten
}

const (
	// keepResult is how long a result waits to be fetched.
	keepResult = 90 * time.Second
	// maxPolled bounds the remembered calls of one person, maxPolledAll those of
	// everybody. Without login the life of a page is all that tells people apart, and
	// anybody can make up more: so they are bound by their address, and together, and
	// take no room from people who are logged in.
	maxPolled         = 200
	maxPolledAddress  = 2_000
	maxPolledVisitors = maxPolledAll / 2
	maxPolledAll      = 20_000
	// sweepPolls is how often all calls are looked at for results to drop.
	sweepPolls = time.Second
	// maxPolledBytes bounds the kept results together.
	maxPolledBytes = 128 << 20
)

func newPolls(clock func() time.Time) *polls {
	return &polls{clock: clock, calls: map[pollKey]*polled{}, of: map[string]int{}}
}

// pollShare is who shares a bound of remembered calls.
type pollShare struct {
	name string
	most int
}

// pollShares are the bounds of who calls. The address of this machine stands for
// everybody behind its proxy.
func (c ClientCall) pollShares() []pollShare {
	if c.Client.LoggedIn() {
		return []pollShare{{c.Person(""), maxPolled}}
	}
	shares := []pollShare{{"?", maxPolledVisitors}}
	if sender := models.Sender(c.IP); sender.IsValid() {
		shares = append(shares, pollShare{"?" + sender.String(), maxPolledAddress})
	}
	return shares
}

// begin returns the call of this name, and whether it is new and has to be run.
func (p *polls) begin(key pollKey, shares []pollShare) (*polled, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.calls[key]; known != nil {
		return known, false, nil
	}
	if now := p.clock(); now.Sub(p.swept) >= sweepPolls {
		p.swept = now
		p.forget(false)
	}
	full := len(p.calls) >= maxPolledAll
	for _, share := range shares {
		full = full || p.of[share.name] >= share.most
	}
	if full {
		return nil, false, models.E(models.CodeLimited, "call.calls_many")
	}
	one := &polled{shares: shares, done: make(chan struct{})}
	p.calls[key] = one
	for _, share := range shares {
		p.of[share.name]++
	}
	return one, true, nil
}

// end keeps what a run gave and wakes who waits.
func (p *polls) end(one *polled, result CallResult, err error) {
	p.mu.Lock()
	one.result, one.err, one.until = result, err, p.clock().Add(keepResult)
	p.bytes += len(result.Value)
	if p.bytes > maxPolledBytes {
		p.forget(true)
	}
	p.mu.Unlock()
	close(one.done)
}

// find returns a call that is remembered, nil for none.
func (p *polls) find(key pollKey) *polled {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[key]
}

// forget drops results whose time is over; under pressure also the ones that end
// next, down to half of the bound. Runs that go on stay.
func (p *polls) forget(pressed bool) {
	now := p.clock()
	for key, one := range p.calls {
		if one.until.IsZero() || !pressed && now.Before(one.until) || pressed && now.Before(one.until) && p.bytes <= maxPolledBytes/2 {
			continue
		}
		delete(p.calls, key)
		p.bytes -= len(one.result.Value)
		for _, share := range one.shares {
			if p.of[share.name]--; p.of[share.name] == 0 {
				delete(p.of, share.name)
			}
		}
	}
}

// wait returns the result, or pending when the run takes longer than a request
// may be held.
func (one *polled) wait(ctx context.Context, hold time.Duration) (result CallResult, pending bool, err error) {
	timer := time.NewTimer(hold)
	defer timer.Stop()
	select {
	case <-one.done:
		return one.result, false, one.err
	case <-timer.C:
		return CallResult{}, true, nil
	case <-ctx.Done():
		return CallResult{}, true, nil
	}
}
