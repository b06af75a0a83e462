package client

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// idle is a socket without a connection.
func idle() *socket { return &socket{follows: map[string]*following{}} }

// followIdly does what follow does, of a watch in which nothing happens.
func followIdly(t *testing.T, all *followings, f *following, s *socket) {
	running, cancel := context.WithCancel(t.Context())
	ended := all.settle(f, s, "1", cancel)
	go func() {
		<-running.Done()
		close(ended)
	}()
}

// added is a watch that nobody holds.
func added(t *testing.T, all *followings) *following {
	t.Helper()
	f := all.follow(nil, "p")
	f.closing = func() {}
	if !all.add(f) {
		t.Fatal("no room")
	}
	return f
}

// Who waits for a watch wakes up when its socket can give it, and no earlier.
func TestAWatchIsGivenOnAsSoonAsItIsFollowed(t *testing.T) {
	all := &followings{keep: time.Hour}
	f := added(t, all)
	all.hold(f, idle())
	for range 1000 {
		by := idle()
		all.hold(f, by)
		taken, holder, freed := all.take(f, idle())
		if taken || holder != by || by.give(f) {
			t.Fatal("it was given before it is followed")
		}
		by.mu.Lock() // it cannot follow yet
		go followIdly(t, all, f, by)
		for all.mu.TryLock() { // until who wakes up has to wait for that
			all.mu.Unlock()
			select {
			case <-freed:
				t.Fatal("who waited wakes up too early")
			default:
				runtime.Gosched()
			}
		}
		by.mu.Unlock()
		<-freed
		if taken, holder, _ := all.take(f, idle()); taken || holder != by {
			t.Fatal("it has another holder")
		}
		if !by.give(f) {
			t.Fatal("who waited was refused")
		}
	}
}

// A watch without a socket is wanted by several at once: all get it, one after another.
func TestEveryTakeOverOfOneWatchSucceeds(t *testing.T) {
	all := &followings{keep: time.Hour}
	f := added(t, all)
	all.leave(f)
	first := idle()
	if taken, _, _ := all.take(f, first); !taken {
		t.Fatal("it was not to be had")
	}
	if taken, holder, freed := all.take(f, idle()); taken || holder != first || freed == nil {
		t.Fatalf("it is taken, and nobody has it: %v %v", taken, holder)
	}
	followIdly(t, all, f, first)
	for range 200 {
		var wanting sync.WaitGroup
		for range 8 {
			wanting.Go(func() {
				s := idle()
				if !all.takeOver(t.Context(), f, s) {
					t.Error("it is followed elsewhere")
					return
				}
				followIdly(t, all, f, s)
			})
		}
		wanting.Wait()
		if !f.holder.give(f) {
			t.Fatal("its holder does not follow it")
		}
		all.leave(f)
	}
}

// A socket that neither follows a watch nor leaves it holds up another one only so long.
func TestATakeOverWaitsOnlySoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := &followings{keep: time.Hour}
		f := added(t, all)
		all.hold(f, idle())
		began := time.Now()
		if all.takeOver(t.Context(), f, idle()) {
			t.Error("it was taken from who has just taken it")
		}
		if took := time.Since(began); took != takeOverWithin {
			t.Errorf("it took %v", took)
		}
	})
}

// A take-over that waits is told that the watch has ended.
func TestATakeOverEndsWithItsWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := &followings{keep: time.Hour}
		f := added(t, all)
		all.hold(f, idle())
		began := time.Now()
		time.AfterFunc(time.Second, func() { all.drop(f) })
		if all.takeOver(t.Context(), f, idle()) || time.Since(began) != time.Second {
			t.Errorf("after %v", time.Since(began))
		}
	})
}
