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
	maxFollowing  = 5000
	maxOfPerson   = 100
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
	if a.all[f.id] != f {
		return
	}
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

// take gives a watch that lost its socket to another one.
func (a *followings) take(f *following) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all[f.id] != f || !f.left {
		return false
	}
	f.stay()
	return true
}

// hold notes which socket has a watch, before it answers that it has: the client may
// be elsewhere by then.
func (a *followings) hold(f *following, s *socket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f.free()
	f.holder, f.freed, f.ended = s, make(chan struct{}), make(chan struct{})
}

// takeOver is take, also of a watch that another socket still follows: a connection
// that broke without a word looks alive for a while, and its client is back already.
func (a *followings) takeOver(ctx context.Context, f *following, by *socket) bool {
	for !a.take(f) {
		a.mu.Lock()
		holder, freed := f.holder, f.freed
		there, left := a.all[f.id] == f, f.left
		a.mu.Unlock()
		switch {
		case there && left:
			continue // just now
		case !there || holder == nil || holder == by:
			return false
		case holder.give(f):
			a.hold(f, by)
			return a.stands(f) // it may have ended
		}
		// That socket is just ending, and leaves it, or has just taken it.
		select {
		case <-freed:
		case <-ctx.Done():
			return false
		}
	}
	a.hold(f, by)
	return true
}

func (a *followings) stands(f *following) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all[f.id] == f
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
		if a.take(f) {
			a.drop(f)
		}
	})
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
