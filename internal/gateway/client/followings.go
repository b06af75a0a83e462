package client

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// followings are all watches, with and without a socket.
type followings struct {
	keep  time.Duration // how long a watch waits for its client to come back
	bytes atomic.Int64  // that all histories keep

	mu  sync.Mutex
	all map[string]*following
	of  map[string]int // of a person
}

const (
	// keepFollowing is how long a watch waits for its client to come back. The SDK
	// gives up after 162 s.
	keepFollowing = 3 * time.Minute
	// takeOverWithin is how long a socket waits for another one to let go of a watch;
	// it answers nothing else meanwhile.
	takeOverWithin = 5 * time.Second
	maxFollowing   = 5000
	maxOfPerson    = 100
)

// add reports whether a person may follow one more, and counts it.
func (a *followings) add(f *following) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.all) >= maxFollowing || a.of[f.person] >= maxOfPerson {
		return false
	}
	if a.all == nil {
		a.all, a.of = map[string]*following{}, map[string]int{}
	}
	a.all[f.id] = f
	a.of[f.person]++
	return true
}

// drop ends a watch, once.
func (a *followings) drop(f *following) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all[f.id] == f {
		a.remove(f)
	}
}

// remove is drop of a watch that is there; followings are locked.
func (a *followings) remove(f *following) {
	f.stay()
	f.free()
	delete(a.all, f.id)
	if a.of[f.person]--; a.of[f.person] == 0 {
		delete(a.of, f.person)
	}
	f.forget()
	f.closing()
}

// find returns a person's watch.
func (a *followings) find(id, person string) *following {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.all[id]; f != nil && f.person == person {
		return f
	}
	return nil
}

// take gives a watch that lost its socket to another one. Otherwise it tells who has
// the watch, nil for nobody, and what is closed when that changes.
func (a *followings) take(f *following, by *socket) (taken bool, holder *socket, freed <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.all[f.id] != f:
		return false, nil, nil
	case f.left:
		f.stay()
		f.heldBy(by)
		return true, by, nil
	}
	return false, f.holder, f.freed
}

// hold notes which socket has a watch, before it answers that it has: the client may
// be elsewhere by then. It reports whether the watch has not ended.
func (a *followings) hold(f *following, s *socket) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all[f.id] != f {
		return false
	}
	f.heldBy(s)
	return true
}

// settle notes that the socket that holds a watch follows it from now on, and may be
// asked to give it: whoever waits for the watch wakes up to that. The run closes
// ended.
func (a *followings) settle(f *following, s *socket, watchID string, cancel context.CancelFunc) (ended chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ended = make(chan struct{})
	f.cancel, f.ended = cancel, ended
	s.mu.Lock()
	s.follows[watchID] = f
	s.mu.Unlock()
	f.heldBy(s)
	return ended
}

// takeOver is take, also of a watch that another socket still follows: a connection
// that broke without a word looks alive for a while, and its client is back already.
func (a *followings) takeOver(ctx context.Context, f *following, by *socket) bool {
	ctx, cancel := context.WithTimeout(ctx, takeOverWithin)
	defer cancel()
	for {
		taken, holder, freed := a.take(f, by)
		switch {
		case taken:
			return true
		case holder == nil || holder == by:
			return false
		case holder.give(f):
			return a.hold(f, by)
		}
		// That socket is just ending, and leaves it, or has just taken it.
		select {
		case <-freed:
		case <-ctx.Done():
			return false
		}
	}
}

// leave notes that a watch has no socket. It ends when nobody comes back in time.
func (a *followings) leave(f *following) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all[f.id] != f {
		return
	}
	f.left, f.holder = true, nil
	f.free()
	f.expiry = time.AfterFunc(a.keep, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.all[f.id] == f && f.left {
			a.remove(f)
		}
	})
}

// heldBy gives a watch to a socket, and tells who waits for it; followings are locked.
func (f *following) heldBy(s *socket) {
	f.free()
	f.holder, f.freed = s, make(chan struct{})
}

// free tells who waits for a watch that its socket has let go of it; followings are
// locked.
func (f *following) free() {
	if f.freed != nil {
		close(f.freed)
		f.freed = nil
	}
}

// stay ends the waiting of a watch; followings are locked.
func (f *following) stay() {
	f.left = false
	if f.expiry != nil {
		f.expiry.Stop()
	}
}

// forget drops the history of a watch that has ended.
func (f *following) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.history.drop()
}
